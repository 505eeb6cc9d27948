package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"smoothplay/drm/playready"
	"smoothplay/player/origin"
)

// lockKey and lockKID are those of the tests of the command line.
const (
	lockKID = "09e36702-8f33-436c-a5dd-60ffe6671e70"
	lockKey = "9a1f0c3b77e25d48b6c0a5e1f4d2938e"
)

// seed30 is a key seed, and derived what it makes of lockKID.
var (
	seed30  = bytes.Repeat([]byte{0x5e, 0xed, 0x11}, 10)
	derived = func() [16]byte {
		kid, err := playready.ParseGUID(lockKID)
		if err != nil {
			panic(err)
		}
		key, err := playready.DeriveKey(seed30, kid)
		if err != nil {
			panic(err)
		}
		return key
	}()
)

// startLocked serves the demo encrypted as the flags of origin say. fragments
// counts the requests for fragments.
func startLocked(t *testing.T, flags protectFlags, faults string) (host string, fragments *atomic.Int32) {
	t.Helper()
	var handler http.Handler
	fragments = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/Fragments(") {
			fragments.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host = strings.TrimPrefix(server.URL, "http://")
	protect, err := flags.protect(host)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := origin.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	if handler, err = origin.New(origin.Config{Protect: protect, Faults: parsed}); err != nil {
		t.Fatal(err)
	}
	return host, fragments
}

// secretsOf are the forms in which a key could show.
func secretsOf(key string) []string {
	b, err := hex.DecodeString(key)
	if err != nil {
		panic(err)
	}
	return []string{
		key, strings.ToUpper(key), base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b), string(b),
		base64.StdEncoding.EncodeToString(seed30), hex.EncodeToString(seed30), hex.EncodeToString(derived[:]), "tester:hush",
	}
}

// noSecrets asserts that no key shows in an output.
func noSecrets(t *testing.T, what, output string) {
	t.Helper()
	for _, secret := range secretsOf(lockKey) {
		if strings.Contains(output, secret) {
			t.Errorf("%s holds the secret %q", what, secret)
		}
	}
}

func TestOriginProtectFlags(t *testing.T) {
	kid, _ := playready.ParseGUID(lockKID)
	for _, c := range []struct {
		flags protectFlags
		want  origin.Scheme // "": none
		says  string        // of the error; "": there is none
	}{
		{protectFlags{}, "", ""},
		{protectFlags{scheme: "piff-ctr", kids: []string{lockKID}, keys: []string{lockKey}}, "piff-ctr", ""},
		{protectFlags{scheme: "piff-cbc", keys: []string{lockKID + ":" + lockKey}}, "piff-cbc", ""},
		{protectFlags{scheme: "ctr", keys: []string{lockKID + ":" + lockKey}}, "ctr", ""},
		{protectFlags{scheme: "cenc", kids: []string{strings.ReplaceAll(lockKID, "-", "")}, keys: []string{lockKey}}, "cenc", ""},
		{protectFlags{scheme: "cbcs"}, "", "--kid KID --key KEY"},
		{protectFlags{scheme: "cenc", kids: []string{lockKID}}, "", "each --kid"},
		{protectFlags{scheme: "cenc", kids: []string{lockKID}, keys: []string{lockKey, lockKey}}, "", "each --kid"},
		{protectFlags{scheme: "cenc", keys: []string{lockKey}}, "", "KID:KEY"},
		{protectFlags{scheme: "cenc", kids: []string{"x"}, keys: []string{lockKey}}, "", "KID"},
		{protectFlags{keys: []string{lockKID + ":" + lockKey}}, "", "--protect"},
		{protectFlags{kids: []string{lockKID}}, "", "--protect"},
	} {
		p, err := c.flags.protect("host")
		switch {
		case c.says != "":
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v: %v", c.flags, err)
			} else {
				noSecrets(t, "the error", err.Error())
			}
		case err != nil || (p == nil) != (c.want == ""):
			t.Errorf("%+v: %v, %v", c.flags, p, err)
		case p != nil && (p.Scheme != c.want || p.Keys[0].KID != kid || hex.EncodeToString(p.Keys[0].Key[:]) != lockKey):
			t.Errorf("%+v: %v", c.flags, p)
		}
	}
	if status, _, stderr := runWith(t, "origin", "--listen", "127.0.0.1:0", "--protect", "rot13", "--kid", lockKID, "--key", lockKey); status == 0 || !strings.Contains(stderr, "piff-ctr, piff-cbc, cenc or cbcs") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// probe tells the system, the keys, where licences are, how it is encrypted, and
// whether a key that is given fits.
func TestProbeProtected(t *testing.T) {
	ctr, _ := startLocked(t, protectFlags{scheme: "piff-ctr", kids: []string{lockKID}, keys: []string{lockKey}}, "")
	cbc, _ := startLocked(t, protectFlags{scheme: "piff-cbc", kids: []string{lockKID}, keys: []string{lockKey}}, "")
	wrong := "00112233445566778899aabbccddeeff"
	for _, c := range []struct {
		host string
		args []string
		says []string
	}{
		{ctr, nil, []string{"PlayReady", lockKID, "AESCTR", "http://" + ctr + "/licence/playready"}},
		{ctr, []string{"--key", lockKID + ":" + lockKey}, []string{"the key given fits"}},
		{ctr, []string{"--key", lockKID + ":" + wrong}, []string{"the key given does not fit"}},
		{cbc, nil, []string{"PlayReady", lockKID, "AESCBC"}},
		{cbc, []string{"--key", lockKID + ":" + wrong}, []string{"the key given cannot be checked"}},
	} {
		status, stdout, stderr := runWith(t, append([]string{"probe", "http://" + c.host + "/demo.ism/Manifest"}, c.args...)...)
		if status != 0 || stderr != "" {
			t.Errorf("%q: status %d: %s", c.args, status, stderr)
		}
		for _, want := range c.says {
			if !strings.Contains(stdout, want) {
				t.Errorf("%q does not say %q:\n%s", c.args, want, stdout)
			}
		}
		noSecrets(t, "probe", stdout)
	}
	_, stdout, _ := runWith(t, "probe", "--json", "--key", lockKID+":"+lockKey, "http://"+ctr+"/demo.ism/Manifest")
	var r struct{ Protection []protectionReport }
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || len(r.Protection) != 1 {
		t.Fatalf("%v: %s", err, stdout)
	}
	if p := r.Protection[0]; p.System != "PlayReady" || p.LicenseURL == "" || len(p.KIDs) != 1 || p.KIDs[0] != (kidReport{lockKID, "AESCTR", "fits"}) {
		t.Errorf("%+v", p)
	}
	noSecrets(t, "probe --json", stdout)
}

// Without a key, play and measure end at once, with one line that says what is
// needed, and have not asked for a single fragment.
func TestPlayProtectedWithoutKey(t *testing.T) {
	host, fragments := startLocked(t, protectFlags{scheme: "cenc", kids: []string{lockKID}, keys: []string{lockKey}}, "")
	for _, args := range [][]string{
		{"measure"}, {"play", "--headless"},
	} {
		status, _, stderr := runWith(t, append(args, "http://"+host+"/demo.ism/Manifest")...)
		lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
		if !hasDecoders && strings.Contains(lines[0], noDecoders) {
			lines = lines[1:]
		}
		if status != 1 || len(lines) != 1 {
			t.Errorf("%q: status %d:\n%s", args, status, stderr)
		}
		for _, want := range []string{"protected", "PlayReady", lockKID, "--key", "http://" + host + "/licence/playready"} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q does not say %q: %s", args, want, stderr)
			}
		}
	}
	if n := fragments.Load(); n > 0 {
		t.Errorf("%d fragments were asked for", n)
	}
}

// What is wrong with the flags of keys is said, and never the key.
func TestKeyFlagsRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "keys")
	if err := os.WriteFile(file, []byte("# mine\n"+lockKID+":"+lockKey+"00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"--key", lockKey}, []string{"--key", "KID:KEY"}},
		{[]string{"--key", "x:" + lockKey}, []string{"--key", "KID"}},
		{[]string{"--key", lockKID + ":" + lockKey + "00"}, []string{"--key", "32 hexadecimal digits"}},
		{[]string{"--key-file", file}, []string{"--key-file", file, "line 2"}},
		{[]string{"--key-file", filepath.Join(dir, "none")}, []string{"--key-file", "no such file"}},
		{[]string{"--key-seed", base64.StdEncoding.EncodeToString(seed30[:20])}, []string{"--key-seed", "30 bytes"}},
		{[]string{"--license-url", "tester:hush@host"}, []string{"--license-url", "http or https"}},
	} {
		for _, command := range [][]string{{"play", "--headless"}, {"measure"}, {"save", "-o", filepath.Join(dir, "x.mp4")}} {
			status, _, stderr := runWith(t, append(append(command, c.args...), "http://host/x.ism")...)
			if status != 2 || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%q %q: status %d: %s", command, c.args, status, stderr)
			}
			for _, want := range c.says {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q %q does not say %q: %s", command, c.args, want, stderr)
				}
			}
			noSecrets(t, "the message", stderr)
		}
	}
	if status, _, stderr := runWith(t, "save", "--mirror", dir, "--key", lockKID+":"+lockKey, "http://host/x.ism"); status != 2 || !strings.Contains(stderr, "without keys") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// The end of a protected presentation plays with keys from each of the flags, and
// in nothing that is told of it does a key show: events, report, log, explanation,
// summary.
func TestMeasureProtected(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: plays in real time for some seconds")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "keys")
	if err := os.WriteFile(file, []byte(lockKID+":"+lockKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mine := protectFlags{scheme: "piff-ctr", kids: []string{lockKID}, keys: []string{lockKey}}
	seeded := protectFlags{scheme: "cenc", kids: []string{lockKID}, keys: []string{hex.EncodeToString(derived[:])}}
	for name, c := range map[string]struct {
		flags  protectFlags
		faults string
		args   func(host string) []string
		status int
	}{
		"key":      {mine, "", func(string) []string { return []string{"--key", lockKID + ":" + lockKey} }, 0},
		"key-file": {mine, "", func(string) []string { return []string{"--key-file", file} }, 0},
		"key-seed": {seeded, "", func(string) []string { return []string{"--key-seed", base64.StdEncoding.EncodeToString(seed30)} }, 0},
		"license-url": {mine, "licence-500@every:2", func(host string) []string {
			return []string{"--license-url", "http://" + host + origin.ClearKeyPath + "?token=tester:hush"}
		}, 0},
		"wrong key": {mine, "wrong-key", func(host string) []string {
			return []string{"--license-url", "http://tester:hush@" + host + origin.ClearKeyPath}
		}, 1},
		"server down": {mine, "licence-500", func(host string) []string {
			return []string{"--key", lockKID[:35] + "1:" + lockKey, "--license-url", "http://" + host + origin.ClearKeyPath + "?token=tester:hush"}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			host, _ := startLocked(t, c.flags, c.faults)
			events, page := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "report.html")
			args := append([]string{"measure", "--start", "22s", "--events", events, "--report", page, "--log", "all=debug", "http://" + host + "/demo.ism/Manifest"}, c.args(host)...)
			status, stdout, stderr := runWith(t, args...)
			if status != c.status {
				t.Errorf("status %d:\n%s%s", status, stdout, stderr)
			}
			if c.status != 0 && !strings.Contains(stderr, lockKID) {
				t.Errorf("the error does not name the key: %s", stderr)
			}
			noSecrets(t, "standard output", stdout)
			noSecrets(t, "standard error", stderr)
			for _, path := range []string{events, page} {
				data, err := os.ReadFile(path)
				if err != nil || len(data) == 0 {
					t.Errorf("%d bytes, %v", len(data), err)
				}
				noSecrets(t, filepath.Base(path), string(data))
			}
		})
	}
}

// Saved with keys, a protected presentation is the clear one, byte for byte.
func TestSaveDecrypted(t *testing.T) {
	dir := t.TempDir()
	clear := filepath.Join(dir, "clear.mp4")
	if status, _, stderr := runWith(t, "save", "--to", "6", startDemo(t, ""), "-o", clear); status != 0 {
		t.Fatal(stderr)
	}
	want, err := os.ReadFile(clear)
	if err != nil {
		t.Fatal(err)
	}
	key := []string{"--key", lockKID + ":" + lockKey}
	for _, scheme := range origin.Schemes {
		host, _ := startLocked(t, protectFlags{scheme: string(scheme), kids: []string{lockKID}, keys: []string{lockKey}, rotate: timeValue(3e9)}, "licence-500@every:2")
		url, path := "http://"+host+"/demo.ism/Manifest", filepath.Join(dir, string(scheme)+".mp4")
		if status, _, stderr := runWith(t, "save", "--to", "6", url, "-o", path, "--license-url", "http://"+host+origin.ClearKeyPath); status != 0 {
			t.Errorf("%s: %s", scheme, stderr)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, not those of the clear file, %d (%v)", scheme, len(got), len(want), err)
		}
		// One key is not enough where they rotate.
		other := filepath.Join(dir, string(scheme)+"2.mp4")
		status, _, stderr := runWith(t, append([]string{"save", "--to", "6", url, "-o", other}, key...)...)
		if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "no key") {
			t.Errorf("%s: status %d: %s", scheme, status, stderr)
		}
		noSecrets(t, "save", stderr)
	}
	for _, scheme := range origin.Schemes { // a wrong key leaves nothing behind
		host, _ := startLocked(t, protectFlags{scheme: string(scheme), kids: []string{lockKID}, keys: []string{lockKey}}, "")
		path := filepath.Join(dir, string(scheme)+"3.mp4")
		status, _, stderr := runWith(t, "save", "--to", "6", "http://"+host+"/demo.ism/Manifest", "-o", path, "--key", lockKID+":00112233445566778899aabbccddeeff")
		if status != 1 || !strings.Contains(stderr, "the key is wrong") {
			t.Errorf("%s: status %d: %s", scheme, status, stderr)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: there is a file", scheme)
		}
	}
}
