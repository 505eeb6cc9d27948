package piff

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/player/fragment"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keyOf is a key of the corpus by its name.
func keyOf(t *testing.T, name string) []byte {
	t.Helper()
	var sets []struct{ Name, Key string }
	if err := json.Unmarshal(read(t, platformtest.Shared(t, "corpus/vectors/crypto.json")), &sets); err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		if s.Name == name {
			return unhex(t, s.Key)
		}
	}
	t.Fatalf("no key of %s", name)
	return nil
}

// TestComputedVectors checks the table of computed vectors of the reference:
// lines | id | case with its vector and ranges | `bytes` |.
func TestComputedVectors(t *testing.T) {
	text := string(read(t, platformtest.Shared(t, "reference/smooth-streaming.md")))
	key := unhex(t, "000102030405060708090a0b0c0d0e0f")
	var plain []byte
	for i := range 74 {
		plain = append(plain, byte(7*(i%64)+3))
	}
	row := func(id string) (says string, cipher []byte) {
		m := regexp.MustCompile(`(?m)^\| ` + id + ` \| (.*?) \| .*?` + "`([0-9a-f]+)`").FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("the reference has no vector %s", id)
		}
		return m[1], unhex(t, m[2])
	}
	var before []byte // of B1, for B2
	for _, c := range []struct {
		id       string
		scheme   platform.ProtectionScheme
		from, to int
		differs  bool // this is how it is not done
	}{
		{"C1", platform.AESCTR, 0, 64, false},
		{"C2", platform.AESCTR, 0, 64, false},
		{"C3", platform.AESCTR, 0, 48, false},
		{"C3x", platform.AESCTR, 0, 48, true},
		{"B1", platform.AESCBC, 0, 37, false},
		{"B2", platform.AESCBC, 37, 74, false},
		{"B3", platform.AESCBC, 0, 64, false},
		{"B3x", platform.AESCBC, 0, 64, true},
		{"B3x", platform.AESCBCS, 0, 64, false},
	} {
		says, cipher := row(c.id)
		if c.id == "B3x" || c.id == "C3x" {
			says, _ = row(c.id[:2])
		}
		p := platform.SampleProtection{Scheme: c.scheme}
		switch m := regexp.MustCompile(`IV(?:8|16)? ([0-9a-f]{16,32})`).FindStringSubmatch(says); {
		case m != nil:
			p.IV = unhex(t, m[1])
		case c.id == "C2":
			p.IV = unhex(t, "0102030405060708")
		case c.id == "B2":
			p.IV = before[16:32]
		default:
			p.IV = unhex(t, "0f0e0d0c0b0a09080706050403020100")
		}
		for _, m := range regexp.MustCompile(`\((\d+),(\d+)\)`).FindAllStringSubmatch(says, -1) {
			lead, _ := strconv.Atoi(m[1])
			n, _ := strconv.Atoi(m[2])
			p.Subsamples = append(p.Subsamples, platform.Subsample{Clear: uint32(lead), Encrypted: uint32(n)})
		}
		if c.id == "B1" {
			before = bytes.Clone(cipher)
		}
		got := bytes.Clone(cipher)
		if err := newDecrypter(t, key).DecryptBytes(got, &p); err != nil {
			t.Errorf("%s: %v", c.id, err)
		} else if bytes.Equal(got, plain[c.from:c.to]) == c.differs {
			t.Errorf("%s, %q: got %x, want %x, differing: %v", c.id, says, got, plain[c.from:c.to], c.differs)
		}
	}
}

// TestRealSamples checks the bytes of real samples that the reference quotes:
// * what (… IV …): cipher `…` → clear `…`.
func TestRealSamples(t *testing.T) {
	text := string(read(t, platformtest.Shared(t, "reference/smooth-streaming.md")))
	keys := map[string][]byte{
		"f4b31077753": unhex(t, "b42ca3172ee4e69bf51848a59db9cd13"),
		"fd085e39758": unhex(t, "0b17cd8bfc86557341c77bbc6e4fe9a3"),
	}
	found := 0
	for line := range strings.Lines(text) {
		m := regexp.MustCompile("IV ([0-9a-f]{16})\\b.*?`([0-9a-f]+)` → (?:clear )?`([0-9a-f]+)`").FindStringSubmatch(line)
		if m == nil || keys[m[1][:11]] == nil {
			continue
		}
		found++
		p := platform.SampleProtection{Scheme: platform.AESCTR, IV: unhex(t, m[1])}
		got := unhex(t, m[2])
		if strings.Contains(line, "clear 5 /") {
			p.Subsamples = []platform.Subsample{{Clear: 5, Encrypted: uint32(len(got) - 5)}}
		}
		if err := newDecrypter(t, keys[m[1][:11]]).DecryptBytes(got, &p); err != nil || !bytes.Equal(got, unhex(t, m[3])) {
			t.Errorf("%.80s: got %x, %v", line, got, err)
		}
	}
	if found != 5 {
		t.Errorf("the reference quotes %d samples, want 5", found)
	}
}

// TestPIFFSets decrypts real PIFF fragments and compares them with their clear
// twins, and lets a judge see them with the right and with a wrong key.
func TestPIFFSets(t *testing.T) {
	for _, c := range []struct {
		set, file, clear string
		kind             platform.Kind
	}{
		{"mp4ff_piff_av", "audio/segment-1.0001.m4s", "audio/segment-1.0001_dec.m4s", platform.Audio},
		{"mp4ff_piff_av", "video/complseg-1.0001.mp4", "video/complseg-1.0001_dec.mp4", platform.Video},
		{"mp4ff_piff_wma", "wma_piff_scheme/audio.mp4", "wma_piff_scheme/audio_dec.mp4", platform.Audio},
	} {
		t.Run(c.file, func(t *testing.T) {
			dir := platformtest.Shared(t, "corpus/mp4ff/PIFF")
			parse := func(name string) *fragment.Fragment {
				var f fragment.Fragment
				if err := f.Parse(read(t, filepath.Join(dir, name)), fragment.Options{Kind: c.kind, FragmentDuration: 1}); err != nil {
					t.Fatal(err)
				}
				return &f
			}
			f, want, noise := parse(c.file), parse(c.clear), parse(c.file)
			if f.Encryption == nil || len(f.Samples) != len(want.Samples) {
				t.Fatalf("%d samples, of the twin %d; encryption %v", len(f.Samples), len(want.Samples), f.Encryption)
			}
			key := keyOf(t, c.set)
			right, wrong := newDecrypter(t, key), newDecrypter(t, bytes.Repeat([]byte{1}, 16))
			format := &platform.Format{Kind: platform.Video, Codec: platform.H264, NALLength: 4}
			var good, bad Judge
			for i := range f.Samples {
				p := f.Encryption.Protection(i, [16]byte{})
				if err := right.DecryptBytes(f.Samples[i].Data, &p); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(f.Samples[i].Data, want.Samples[i].Data) {
					t.Fatalf("sample %d is not clear", i)
				}
				if err := wrong.DecryptBytes(noise.Samples[i].Data, &p); err != nil {
					t.Fatal(err)
				}
				good.Sample(f.Samples[i].Data, format, &p)
				bad.Sample(noise.Samples[i].Data, format, &p)
			}
			if c.kind == platform.Video && (good.Verdict() != Sound || bad.Verdict() != Unsound) {
				t.Errorf("of %d samples: with the right key %v, with a wrong one %v", len(f.Samples), good.Verdict(), bad.Verdict())
			}
		})
	}
}
