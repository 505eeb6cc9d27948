package player_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/drm/piff"
	"smoothplay/drm/playready"
	"smoothplay/drm/playready/toy"
	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// lockKeys are those of audio and lower levels, and of the highest level.
var lockKeys = []origin.ContentKey{
	{KID: [16]byte{0xa1, 15: 1}, Key: [16]byte([]byte("no secret at all"))},
	{KID: [16]byte{0xa1, 15: 9}, Key: [16]byte([]byte("none here either"))},
}

// locked serves a made-up presentation encrypted.
func locked(t testing.TB, p *origin.Protect) http.Handler {
	t.Helper()
	return lockedShow(t, playertest.Default(), p)
}

func lockedShow(t testing.TB, show http.Handler, p *origin.Protect) http.Handler {
	t.Helper()
	if p.Keys == nil {
		p.Keys = lockKeys[:1]
	}
	p.LicenseURL = "http://test" + origin.PlayReadyPath + "?user=somebody"
	o, err := origin.New(origin.Config{Handlers: map[string]http.Handler{"show.ism": show}, NoDemo: true, Protect: p})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// clearOnly are decoders that lose what is not clear.
func clearOnly() *null.Decoders {
	return &null.Decoders{
		Cost: func(*platform.Sample) time.Duration { return 11 * time.Microsecond },
		Fail: func(s *platform.Sample) error {
			zeros := 0
			for _, b := range s.Data {
				if b == 0 {
					zeros++
				}
			}
			if zeros < len(s.Data)-8 || len(s.Data) == 0 {
				return errors.New("noise")
			}
			return nil
		},
	}
}

// toyKeys are the keys that the origin's PlayReady-shaped server gives out.
func toyKeys() platform.KeyProvider { return &playready.Provider{CDM: &toy.CDM{}} }

// slowKeys take a while.
type slowKeys struct {
	platform.KeyProvider
	wait time.Duration
}

func (s slowKeys) Key(ctx context.Context, d platform.Doer, r platform.KeyRequest) (platform.KeyResult, error) {
	select {
	case <-time.After(s.wait):
	case <-ctx.Done():
		return platform.KeyResult{}, ctx.Err()
	}
	return s.KeyProvider.Key(ctx, d, r)
}

// secrets asserts that no key shows in what a session told.
func secrets(t *testing.T, r *playertest.Result) {
	t.Helper()
	data, err := json.Marshal(r.Events)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(string(data))
	if r.Err != nil {
		text += strings.ToLower(r.Err.Error())
	}
	for _, k := range lockKeys {
		for _, secret := range []string{
			hex.EncodeToString(k.Key[:]), base64.StdEncoding.EncodeToString(k.Key[:]), base64.RawURLEncoding.EncodeToString(k.Key[:]),
			string(k.Key[:]), "somebody",
		} {
			if strings.Contains(text, strings.ToLower(secret)) {
				t.Errorf("the events tell %q", secret)
			}
		}
	}
}

// noTrouble asserts that nothing went wrong.
func noTrouble(t *testing.T, r *playertest.Result) {
	t.Helper()
	for _, e := range event.Bodies[event.Error](r.Events) {
		t.Errorf("%s: %s", e.Code, e.Message)
	}
	secrets(t, r)
}

// Every scheme plays to the end, every picture shown and every sound heard.
func TestProtectedPlays(t *testing.T) {
	for _, scheme := range origin.Schemes {
		t.Run(string(scheme), func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{Handler: locked(t, &origin.Protect{Scheme: scheme}), Keys: toyKeys(), Decoders: clearOnly()}
			})
			whole(t, r, 0, 30*time.Second)
			unbroken(t, r, 30*time.Second)
			noTrouble(t, r)
			playertest.Golden(t, "protected_"+string(scheme), r.Events)
		})
	}
}

// One exchange brings the keys of all levels, before the first protected sample.
func TestProtectedOneExchange(t *testing.T) {
	var asked atomic.Int32
	r := playertest.Run(t, playertest.Scenario{
		Handler: countLicences(locked(t, &origin.Protect{Keys: lockKeys}), &asked), Keys: toyKeys(), Decoders: clearOnly(),
	})
	whole(t, r, 0, 30*time.Second)
	noTrouble(t, r)
	if n := asked.Load(); n != 1 {
		t.Errorf("%d licence exchanges, want 1", n)
	}
}

func countLicences(h http.Handler, n *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == origin.PlayReadyPath {
			n.Add(1)
		}
		h.ServeHTTP(w, r)
	})
}

// Keys that rotate are there when they are needed, over a seek back and forth and
// a change of the language.
func TestProtectedRotationSeekLanguage(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: locked(t, &origin.Protect{Rotate: 5 * time.Second}), Keys: toyKeys(), Decoders: clearOnly(),
			Script: []playertest.Step{
				playertest.Seek(4*time.Second, time.Second), playertest.SelectAudio(8*time.Second, 1),
				playertest.Seek(12*time.Second, 24*time.Second),
			},
		}
	})
	noTrouble(t, r)
	if r.Err != nil || r.Summary.End != event.Completed {
		t.Errorf("ended as %s: %v", r.Summary.End, r.Err)
	}
	obtained := 0
	for _, k := range event.Bodies[event.Key](r.Events) {
		if k.Result == "obtained" {
			obtained++
		}
	}
	if obtained < 5 {
		t.Errorf("%d keys were obtained", obtained)
	}
	playertest.Golden(t, "protected_rotation", r.Events)
}

// leftOut returns why the levels of video are left out, by bitrate.
func leftOut(r *playertest.Result) map[int64]string {
	out := map[int64]string{}
	for _, tracks := range event.Bodies[event.Tracks](r.Events) {
		for _, level := range tracks.Streams[0].Levels {
			out[level.BitrateBPS] = level.LeftOut
		}
	}
	return out
}

// A refused key of the highest level, and one that is not for its size, leave the
// others playing.
func TestProtectedHighestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		license func(kid [16]byte, l toy.License) (toy.License, bool)
		code    event.Code
	}{
		"refused": {func(kid [16]byte, l toy.License) (toy.License, bool) { return l, kid != lockKeys[1].KID }, event.KeyNotFound},
		"limited": {func(_ [16]byte, l toy.License) (toy.License, bool) { l.MaxHeight = 600; return l, true }, event.OutputForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: locked(t, &origin.Protect{Keys: lockKeys, License: c.license}), Keys: toyKeys(), Decoders: clearOnly(),
				}
			})
			whole(t, r, 0, 30*time.Second)
			unbroken(t, r, 30*time.Second)
			secrets(t, r)
			out := leftOut(r)
			if out[3_000_000] == "" || out[1_500_000] != "" || out[350_000] != "" {
				t.Errorf("left out: %v", out)
			}
			codes := []event.Code{}
			for _, e := range event.Bodies[event.Error](r.Events) {
				codes = append(codes, e.Code)
			}
			if !slices.Equal(codes, []event.Code{c.code}) {
				t.Errorf("errors %v, want %v", codes, c.code)
			}
			playertest.Golden(t, "protected_highest_"+name, r.Events)
		})
	}
}

// A slow licence server holds up the pictures, not the fetching, and the session
// says what it waits for.
func TestProtectedSlowServer(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: locked(t, &origin.Protect{}), Keys: slowKeys{toyKeys(), 6 * time.Second}, Decoders: clearOnly(),
		}
	})
	whole(t, r, 0, 30*time.Second)
	noTrouble(t, r)
	waited, received := false, 0
	for _, e := range r.Events {
		switch b := e.Body.(type) {
		case event.StateChanged:
			waited = waited || b.To == event.AcquiringKey
		case event.Fragment:
			if e.At < 6*time.Second {
				received++
			}
		}
	}
	if !waited || received < 10 {
		t.Errorf("waited for the key: %v; %d fragments were received meanwhile", waited, received)
	}
	playertest.Golden(t, "protected_slow_server", r.Events)
}

// fatal is the error that ended a session, which must be one.
func fatal(t *testing.T, r *playertest.Result, code event.Code, says ...string) {
	t.Helper()
	var e *player.Error
	if !errors.As(r.Err, &e) || e.Code != code {
		t.Errorf("ended with %v, want %s", r.Err, code)
		return
	}
	for _, s := range says {
		if !strings.Contains(e.Error(), s) {
			t.Errorf("the error %q does not say %q", e, s)
		}
	}
	secrets(t, r)
}

// What ends a session says why.
func TestProtectedFails(t *testing.T) {
	wrong := &clearkey.Keys{}
	if err := wrong.Add(hex.EncodeToString(lockKeys[0].KID[:]) + ":00112233445566778899aabbccddeeff"); err != nil {
		t.Fatal(err)
	}
	down := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == origin.PlayReadyPath {
				http.Error(w, "down", http.StatusServiceUnavailable)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
	for _, c := range []struct {
		name    string
		protect origin.Protect
		keys    platform.KeyProvider
		wrap    func(http.Handler) http.Handler
		code    event.Code
		says    []string
	}{
		{"no_provider", origin.Protect{}, nil, nil, event.NoKeyProvider, []string{"PlayReady", "a1000000-0000-0000-0000-000000000001", "http://test/licence/playready"}},
		{"unknown_key", origin.Protect{}, &clearkey.Keys{}, nil, event.KeyNotFound, []string{"a1000000-0000-0000-0000-000000000001"}},
		{"wrong_key_checksum", origin.Protect{}, wrong, nil, event.DecryptFailed, []string{"the key is wrong"}},
		{"wrong_key_noise", origin.Protect{Scheme: origin.SchemeCBC}, wrong, nil, event.DecryptFailed, []string{"the key is wrong"}},
		{"server_down", origin.Protect{}, toyKeys(), down, event.KeyUnreachable, []string{"http://test/licence/playready", "503"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				protect := c.protect
				h := locked(t, &protect)
				if c.wrap != nil {
					h = c.wrap(h)
				}
				return playertest.Scenario{Handler: h, Keys: c.keys, Decoders: clearOnly()}
			})
			fatal(t, r, c.code, c.says...)
			playertest.Golden(t, "protected_"+c.name, r.Events)
		})
	}
}

// A key is renewed before it expires; where that fails, what is decrypted is played
// and one error ends the session.
func TestProtectedRenewal(t *testing.T) {
	for _, renews := range []bool{true, false} {
		r := playertest.RunThrice(t, func() playertest.Scenario {
			given := false
			license := func(_ [16]byte, l toy.License) (toy.License, bool) {
				l.Expires = time.Now().Add(12 * time.Second)
				ok := renews || !given
				given = true
				return l, ok
			}
			return playertest.Scenario{Handler: locked(t, &origin.Protect{License: license}), Keys: toyKeys(), Decoders: clearOnly()}
		})
		if renews {
			whole(t, r, 0, 30*time.Second)
			unbroken(t, r, 30*time.Second)
			noTrouble(t, r)
			continue
		}
		fatal(t, r, event.KeyExpired, "expired")
		if n := len(r.Shown); n < 11*25 || n > 13*25 {
			t.Errorf("%d pictures were shown of a key for 12 s", n)
		}
		playertest.Golden(t, "protected_expires", r.Events)
	}
}

// A live presentation whose keys rotate plays, and asks ahead of their time.
func TestProtectedLive(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		o, err := origin.New(origin.Config{
			Live:    &origin.Live{Epoch: epochOf, Start: into(-time.Hour), Window: windowOf},
			Protect: &origin.Protect{Scheme: origin.SchemeCENC, Keys: lockKeys[:1], Rotate: 10 * time.Second, LicenseURL: "http://test" + origin.PlayReadyPath},
		})
		if err != nil {
			t.Fatal(err)
		}
		return playertest.Scenario{Handler: o, Path: "/demo.isml/Manifest", Keys: toyKeys(), For: 40 * time.Second}
	})
	noTrouble(t, r)
	if n := len(r.Shown); n < 35*25 || r.Summary.Stalls != 0 {
		t.Errorf("%d pictures were shown in 40 s, %d stalls", n, r.Summary.Stalls)
	}
	playertest.Golden(t, "protected_live", r.Events)
}

// What hardware decrypts reaches the decoder as a handle, the clear bytes never
// pass by; it is closed once.
func TestProtectedInHardware(t *testing.T) {
	inner, err := piff.New(lockKeys[0].Key[:])
	if err != nil {
		t.Fatal(err)
	}
	vault := &platformtest.Vault{Inner: inner}
	r := playertest.Run(t, playertest.Scenario{
		Handler:  locked(t, &origin.Protect{}),
		Keys:     &platformtest.Keys{Results: map[[16]byte]platform.KeyResult{lockKeys[0].KID: {Decrypter: vault}}},
		Decoders: &platformtest.VaultDecoders{Decoders: clearOnly(), Vault: vault},
		Script:   []playertest.Step{playertest.Seek(5*time.Second, time.Second)},
	})
	noTrouble(t, r)
	if r.Err != nil {
		t.Error(r.Err)
	}
	decrypted, opened, closed := vault.Counts()
	samples := 30*25 + 30*48_000/1024
	if decrypted < samples || opened < decrypted || closed != 1 {
		t.Errorf("%d samples of %d were decrypted, %d opened; closed %d times", decrypted, samples, opened, closed)
	}
	if most := samples + samples/4; decrypted > most {
		t.Errorf("%d samples of %d were decrypted: those read again are clear already", decrypted, samples)
	}
}
