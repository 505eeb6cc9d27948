package piff

import (
	"crypto/aes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"smoothplay/platform"
)

// naive encrypts a sample byte by byte, straight from the text of PIFF and
// ISO/IEC 23001-7: it is the second opinion on package piff, slow and without
// anything of crypto/cipher.
func naive(t testing.TB, key, sample []byte, p platform.SampleProtection) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	var iv [16]byte
	copy(iv[:], p.IV)
	subsamples := p.Subsamples
	if len(subsamples) == 0 {
		subsamples = []platform.Subsample{{Encrypted: uint32(len(sample))}}
	}
	out := slices.Clone(sample)
	stream, pos := uint64(0), 0
	chain := iv
	for _, s := range subsamples {
		pos += int(s.Clear)
		end := pos + int(s.Encrypted)
		if p.Scheme == platform.AESCBCS {
			chain = iv
		}
		for n := 0; pos < end; n++ { // a byte, or a block
			if p.Scheme == platform.AESCTR {
				counter := iv
				binary.BigEndian.PutUint64(counter[8:], binary.BigEndian.Uint64(iv[8:])+stream/16)
				var keys [16]byte
				block.Encrypt(keys[:], counter[:])
				out[pos] ^= keys[stream%16]
				stream++
				pos++
				continue
			}
			if end-pos < 16 {
				break
			}
			cycle := int(p.Crypt) + int(p.Skip)
			if cycle == 0 || n%cycle < int(p.Crypt) {
				for i := range chain {
					chain[i] ^= out[pos+i]
				}
				block.Encrypt(chain[:], chain[:])
				copy(out[pos:], chain[:])
			}
			pos += 16
		}
		pos = end
	}
	return out
}

// mode is a way to encrypt.
type mode struct {
	name   string
	scheme platform.ProtectionScheme
	iv     int
	crypt  uint8
	skip   uint8
}

var modes = []mode{
	{"ctr with 8 bytes", platform.AESCTR, 8, 0, 0},
	{"ctr with 16 bytes", platform.AESCTR, 16, 0, 0},
	{"cbc", platform.AESCBC, 16, 0, 0},
	{"cbcs of sound", platform.AESCBCS, 16, 0, 0},
	{"cbcs 1:9", platform.AESCBCS, 16, 1, 9},
	{"cbcs 5:5", platform.AESCBCS, 16, 5, 5},
	{"cbcs 10:0", platform.AESCBCS, 16, 10, 0},
	{"cbcs with 8 bytes", platform.AESCBCS, 8, 1, 9},
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// randomMap makes a subsample map for up to size bytes; nil: the whole sample.
func randomMap(r *rand.Rand, size int) []platform.Subsample {
	var m []platform.Subsample
	for range r.IntN(12) {
		if size == 0 {
			break
		}
		s := platform.Subsample{Clear: uint32(r.IntN(size + 1))}
		if r.IntN(2) == 0 {
			s.Clear = min(s.Clear, 5)
		}
		s.Encrypted = uint32(r.IntN(size - int(s.Clear) + 1))
		size -= int(s.Clear + s.Encrypted)
		m = append(m, s)
	}
	return m
}

// TestEqualsNaive encrypts random samples both ways, for every mode and random
// maps, and decrypts them again. One in three vectors is about to wrap.
func TestEqualsNaive(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 4))
			for i := range 600 {
				key := randomBytes(r, 16)
				clear := randomBytes(r, r.IntN(1<<r.IntN(13)+1))
				p := platform.SampleProtection{
					Scheme: m.scheme, IV: randomBytes(r, m.iv), Subsamples: randomMap(r, len(clear)), Crypt: m.crypt, Skip: m.skip,
				}
				if m.iv == 16 && i%3 == 0 {
					binary.BigEndian.PutUint64(p.IV[8:], -uint64(r.IntN(60)))
				}
				want := naive(t, key, clear, p)
				e, err := NewEncrypter(key)
				if err != nil {
					t.Fatal(err)
				}
				got := slices.Clone(clear)
				if err := e.Encrypt(got, &p); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%d bytes, %v: encrypted otherwise", len(clear), p.Subsamples)
				}
				d, err := New(key)
				if err != nil {
					t.Fatal(err)
				}
				s := platform.Sample{Data: got}
				if err := d.Decrypt(&s, p); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(s.Data, clear) {
					t.Fatalf("%d bytes, %v: not clear again", len(clear), p.Subsamples)
				}
			}
		})
	}
}
