package piff

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform"
)

// TestMP4FFAgrees decrypts with mp4ff what was encrypted here and the other way
// round, in the modes that it knows: counter mode, where it is the same in both
// directions, and 'cbcs'.
func TestMP4FFAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 6))
	for i := range 400 {
		key, iv := randomBytes(r, 16), randomBytes(r, 16)
		iv[8] = 0 // mp4ff carries beyond 64 bits
		clear := randomBytes(r, 1+r.IntN(3000))
		p := platform.SampleProtection{Scheme: platform.AESCTR, IV: iv, Subsamples: randomMap(r, len(clear))}
		tenc := &mp4.TencBox{}
		if i%2 == 1 {
			p.Scheme = platform.AESCBCS
			if i%4 == 1 {
				p.Crypt, p.Skip = 1, 9
			}
			tenc.DefaultCryptByteBlock, tenc.DefaultSkipByteBlock = p.Crypt, p.Skip
		}
		var theirs []mp4.SubSamplePattern
		for _, s := range p.Subsamples {
			theirs = append(theirs, mp4.SubSamplePattern{BytesOfClearData: uint16(s.Clear), BytesOfProtectedData: s.Encrypted})
		}
		e, err := NewEncrypter(key)
		if err != nil {
			t.Fatal(err)
		}
		ours := slices.Clone(clear)
		if err := e.Encrypt(ours, &p); err != nil {
			t.Fatal(err)
		}
		other := slices.Clone(clear)
		if p.Scheme == platform.AESCTR {
			err = mp4.CryptSampleCenc(other, key, iv, theirs)
		} else {
			err = mp4.EncryptSampleCbcs(other, key, iv, theirs, tenc)
		}
		if err != nil || !bytes.Equal(ours, other) {
			t.Fatalf("round %d: mp4ff encrypts %v otherwise (%v)", i, p, err)
		}
		if err := newDecrypter(t, key).DecryptBytes(other, &p); err != nil || !bytes.Equal(other, clear) {
			t.Fatalf("round %d: what mp4ff encrypted does not become clear (%v)", i, err)
		}
	}
}
