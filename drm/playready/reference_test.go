package playready

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"smoothplay/platform/platformtest"
)

// shared reads a file of the folder beside the project, or skips.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(platformtest.Shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReferenceKeys checks the table of keys of the reference: | KID | little-endian
// | big-endian | content key | checksum |.
func TestReferenceKeys(t *testing.T) {
	seed, err := base64.StdEncoding.DecodeString(testSeed)
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\S{22}==) \| (\S+) \| (\S+) \| ([0-9a-f]{32}) \| (\S+) \|`).FindAllStringSubmatch(string(shared(t, "reference/smooth-streaming.md")), -1)
	if len(rows) != 10 {
		t.Fatalf("the reference has %d keys, want 10", len(rows))
	}
	for _, r := range rows {
		kid, err := ParseKID(r[1])
		if err != nil {
			t.Fatal(err)
		}
		if text := hex.EncodeToString(kid[:]); len(r[3]) == 32 && text != r[3] {
			t.Errorf("%s is %s, want %s", r[1], text, r[3])
		}
		key, err := DeriveKey(seed, kid)
		if err != nil || hex.EncodeToString(key[:]) != r[4] {
			t.Errorf("the key of %s is %x, %v, want %s", r[1], key, err, r[4])
		}
		sum, err := Checksum(key[:], kid)
		if err != nil || base64.StdEncoding.EncodeToString(sum) != r[5] {
			t.Errorf("the checksum of %s is %x, %v, want %s", r[1], sum, err, r[5])
		}
	}
}

// TestReferenceObject reads the Object of version 4.2 in the reference.
func TestReferenceObject(t *testing.T) {
	m := regexp.MustCompile("`(7gEAAAEAAQ[^`]+)`").FindSubmatch(shared(t, "reference/smooth-streaming.md"))
	if m == nil {
		t.Fatal("the reference has no Object")
	}
	b, err := DecodeBase64(string(m[1]))
	if err != nil || len(b) != 494 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	h, err := Read(b)
	if err != nil || h.Version != "4.2.0.0" || len(h.KIDs) != 1 || GUIDText(h.KIDs[0].ID) != kidText || h.Warnings != nil {
		t.Errorf("%+v, %v", h, err)
	}
}

// TestCorpusKeys derives the keys of the corpus whose seed is known.
func TestCorpusKeys(t *testing.T) {
	var sets []struct {
		Name, Key string
		KID       string `json:"kid_guid"`
		Seed      string `json:"keyseed_b64"`
		Checksum  string `json:"checksum_b64"`
	}
	if err := json.Unmarshal(shared(t, "corpus/vectors/crypto.json"), &sets); err != nil {
		t.Fatal(err)
	}
	derived := 0
	for _, s := range sets {
		if s.Seed == "" {
			continue
		}
		seed, err := DecodeBase64(s.Seed)
		if err != nil {
			t.Fatal(err)
		}
		key, err := DeriveKey(seed, guid(t, s.KID))
		if err != nil || hex.EncodeToString(key[:]) != s.Key {
			t.Errorf("%s: %v, or another key", s.Name, err)
		}
		if sum, err := DecodeBase64(s.Checksum); err == nil && len(sum) > 0 {
			if ok, known := (KID{guid(t, s.KID), "AESCTR", sum}).Verify(key[:]); !ok || !known {
				t.Errorf("%s: the checksum does not fit", s.Name)
			}
		}
		derived++
	}
	if derived < 2 {
		t.Errorf("%d keys derived", derived)
	}
}

// TestCorpusHeaders reads every protection header of PlayReady in the manifests of
// the corpus.
func TestCorpusHeaders(t *testing.T) {
	dir := platformtest.Shared(t, "corpus")
	header := regexp.MustCompile(`(?is)<ProtectionHeader[^>]*SystemID="\{?([0-9a-f-]+)\}?"[^>]*>([^<]*)<`)
	read := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Size() > 1<<20 || strings.HasSuffix(path, ".mp4") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range header.FindAllSubmatch(b, -1) {
			id, err := ParseGUID(string(m[1]))
			if err != nil || id != SystemID {
				continue
			}
			data, err := DecodeBase64(string(m[2]))
			if err != nil {
				t.Logf("%s: %v", path, err)
				continue
			}
			h, err := Read(data)
			t.Logf("%s: %+v, %v", filepath.Base(path), h, err)
			if err == nil {
				read++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read == 0 {
		t.Error("no header was read")
	}
}
