package piff

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"smoothplay/platform"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newDecrypter(t testing.TB, key []byte) *Decrypter {
	t.Helper()
	d, err := New(key)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The vectors of NIST SP 800-38A, F.2.1 and F.5.1: the same key and four blocks.
const (
	nistKey   = "2b7e151628aed2a6abf7158809cf4f3c"
	nistClear = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51" +
		"30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710"
	nistCBC = "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2" +
		"73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7"
	nistCTR = "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff" +
		"5ae4df3edbd5d35e5b4f09020db03eab 1e031dda2fbe03d1792170a0f3009cee"
	nistIV      = "000102030405060708090a0b0c0d0e0f"
	nistCounter = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
)

// TestPublishedVectors cuts the published vectors into the ranges that samples
// have: what is between the ranges is clear and must stay as it is.
func TestPublishedVectors(t *testing.T) {
	for _, c := range []struct {
		name   string
		p      platform.SampleProtection
		cipher string
		// ranges are the sizes of clear and encrypted parts, in turn.
		ranges []int
	}{
		{"ctr, whole", platform.SampleProtection{Scheme: platform.AESCTR, IV: unhex(t, nistCounter)}, nistCTR, nil},
		{"ctr, cut within blocks", platform.SampleProtection{Scheme: platform.AESCTR, IV: unhex(t, nistCounter)}, nistCTR, []int{5, 3, 1, 30, 0, 0, 9, 31}},
		{"cbc, whole", platform.SampleProtection{Scheme: platform.AESCBC, IV: unhex(t, nistIV)}, nistCBC, nil},
		{"cbc, chained over ranges", platform.SampleProtection{Scheme: platform.AESCBC, IV: unhex(t, nistIV)}, nistCBC, []int{5, 16, 1, 32, 20, 16}},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain, secret := unhex(t, nistClear), unhex(t, c.cipher)
			var want, sample []byte
			if c.ranges == nil {
				want, sample = slices.Clone(plain), slices.Clone(secret)
			}
			for i := 0; i < len(c.ranges); i += 2 {
				lead := bytes.Repeat([]byte{0xEE}, c.ranges[i])
				n := c.ranges[i+1]
				want = append(append(want, lead...), plain[:n]...)
				sample = append(append(sample, lead...), secret[:n]...)
				plain, secret = plain[n:], secret[n:]
				c.p.Subsamples = append(c.p.Subsamples, platform.Subsample{Clear: uint32(c.ranges[i]), Encrypted: uint32(n)})
			}
			if c.ranges != nil && len(plain) > 0 {
				t.Fatalf("the ranges leave %d bytes over", len(plain))
			}
			want, sample = append(want, "rest"...), append(sample, "rest"...)
			if c.ranges == nil {
				c.p.Subsamples = []platform.Subsample{{Encrypted: 64}}
			}
			s := platform.Sample{Data: sample}
			if err := newDecrypter(t, unhex(t, nistKey)).Decrypt(&s, c.p); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(s.Data, want) {
				t.Errorf("got  %x\nwant %x", s.Data, want)
			}
		})
	}
}

// TestCBCLeavesTheTail: of a whole sample what is not a block stays clear.
func TestCBCLeavesTheTail(t *testing.T) {
	sample := append(unhex(t, nistCBC), "left clear"...)
	p := platform.SampleProtection{Scheme: platform.AESCBC, IV: unhex(t, nistIV)}
	if err := newDecrypter(t, unhex(t, nistKey)).DecryptBytes(sample, &p); err != nil {
		t.Fatal(err)
	}
	if want := append(unhex(t, nistClear), "left clear"...); !bytes.Equal(sample, want) {
		t.Errorf("got %x, want %x", sample, want)
	}
}

// TestCounterWraps: the counter of PIFF has 64 bits, so that a vector one block
// before their end goes on with the first half unchanged.
func TestCounterWraps(t *testing.T) {
	key := unhex(t, nistKey)
	for _, size := range []int{16, 17, 40, 5000} {
		iv := unhex(t, "00112233445566778899aabbccddeeff")
		copy(iv[8:], bytes.Repeat([]byte{0xff}, 8))
		sample := make([]byte, size)
		p := platform.SampleProtection{Scheme: platform.AESCTR, IV: iv}
		if err := newDecrypter(t, key).DecryptBytes(sample, &p); err != nil {
			t.Fatal(err)
		}
		rest := make([]byte, size-16)
		p.IV = iv[:8] // that is, with a counter of 0
		if err := newDecrypter(t, key).DecryptBytes(rest, &p); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(sample[16:], rest) {
			t.Errorf("of %d bytes, after the counter wrapped %x..., want %x...", size, sample[16:24], rest[:8])
		}
	}
}

func TestErrors(t *testing.T) {
	iv := make([]byte, 16)
	for _, c := range []struct {
		name  string
		p     platform.SampleProtection
		field string
	}{
		{"no vector", platform.SampleProtection{Scheme: platform.AESCTR}, "InitializationVector"},
		{"odd vector", platform.SampleProtection{Scheme: platform.AESCTR, IV: iv[:7]}, "IV_size"},
		{"long vector", platform.SampleProtection{Scheme: platform.AESCTR, IV: append(iv, 0)}, "IV_size"},
		{"cbc with 8", platform.SampleProtection{Scheme: platform.AESCBC, IV: iv[:8]}, "IV_size"},
		{"no such scheme", platform.SampleProtection{Scheme: 9, IV: iv}, "AlgorithmID"},
		{"pattern in ctr", platform.SampleProtection{Scheme: platform.AESCTR, IV: iv, Crypt: 1, Skip: 9}, "crypt_byte_block"},
		{"nothing but skips", platform.SampleProtection{Scheme: platform.AESCBCS, IV: iv, Skip: 9}, "crypt_byte_block"},
		{"beyond the sample", platform.SampleProtection{Scheme: platform.AESCTR, IV: iv,
			Subsamples: []platform.Subsample{{Clear: 5, Encrypted: 20}, {Clear: 76}}}, "BytesOfClearData"},
		{"beyond 32 bits", platform.SampleProtection{Scheme: platform.AESCBC, IV: iv,
			Subsamples: []platform.Subsample{{Clear: 5, Encrypted: 1<<32 - 5}, {Clear: 50, Encrypted: 16}}}, "BytesOfClearData"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := bytes.Repeat([]byte{1}, 100)
			err := newDecrypter(t, make([]byte, 16)).DecryptBytes(data, &c.p)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Field, c.field) || !strings.HasPrefix(err.Error(), "sample encryption box: ") {
				t.Errorf("%v, want an error of %s", err, c.field)
			}
			if !bytes.Equal(data, bytes.Repeat([]byte{1}, 100)) {
				t.Error("the sample was changed all the same")
			}
		})
	}
}

func TestClearSamplesStay(t *testing.T) {
	for _, p := range []platform.SampleProtection{
		{},
		{Scheme: platform.Cleartext, IV: []byte{1}},
		{Scheme: platform.AESCTR, IV: make([]byte, 8), Subsamples: []platform.Subsample{{Clear: 4}, {Clear: 2}}},
	} {
		data := []byte("as it is")
		if err := newDecrypter(t, make([]byte, 16)).DecryptBytes(data, &p); err != nil || string(data) != "as it is" {
			t.Errorf("%v: %q, %v", p, data, err)
		}
	}
	d := newDecrypter(t, make([]byte, 16))
	if err := d.Decrypt(&platform.Sample{}, platform.SampleProtection{Scheme: platform.AESCBCS, IV: make([]byte, 16)}); err != nil {
		t.Errorf("an empty sample: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestKeySize(t *testing.T) {
	for _, n := range []int{0, 15, 24, 32} {
		key := bytes.Repeat([]byte("k"), n)
		_, err := New(key)
		_, err2 := NewEncrypter(key)
		var size ErrKeySize
		if !errors.As(err, &size) || int(size) != n || err2 == nil || n > 0 && strings.Contains(err.Error(), "kkk") {
			t.Errorf("%d bytes: %v, %v", n, err, err2)
		}
	}
}

// TestShowsNoKey prints what holds a key with every verb.
func TestShowsNoKey(t *testing.T) {
	key := []byte("sixteen secrets!")
	e, err := NewEncrypter(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{newDecrypter(t, key), e} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			if s := fmt.Sprintf(verb, v); s != "{AES-128 decrypter}" && s != "{AES-128 encrypter}" {
				t.Errorf("%s of %T is %s", verb, v, s)
			}
		}
	}
}

// TestTogether lets tracks share a Decrypter.
func TestTogether(t *testing.T) {
	d := newDecrypter(t, unhex(t, nistKey))
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			for n := range 200 {
				size := 10 + 97*((i+n)%20)
				p := platform.SampleProtection{Scheme: platform.ProtectionScheme(1 + (i+n)%3), IV: bytes.Repeat([]byte{byte(i)}, 16)}
				want := bytes.Repeat([]byte{byte(n)}, size)
				sample := naive(t, unhex(t, nistKey), want, p)
				if err := d.DecryptBytes(sample, &p); err != nil || !bytes.Equal(sample, want) {
					t.Errorf("track %d, sample %d: %v", i, n, err)
					return
				}
			}
		})
	}
	g.Wait()
}

// TestAllocations: one for each sample in counter mode, none otherwise.
func TestAllocations(t *testing.T) {
	d := newDecrypter(t, make([]byte, 16))
	for _, c := range []struct {
		name   string
		scheme platform.ProtectionScheme
		size   int
		most   float64
	}{
		{"sound, counter", platform.AESCTR, 350, 1},
		{"video, counter", platform.AESCTR, 30000, 1},
		{"sound, chain", platform.AESCBC, 350, 0},
		{"video, chain", platform.AESCBC, 30000, 0},
		{"video, cbcs", platform.AESCBCS, 30000, 0},
	} {
		s := platform.Sample{Data: make([]byte, c.size)}
		p := platform.SampleProtection{Scheme: c.scheme, IV: make([]byte, 16), Subsamples: []platform.Subsample{{Clear: 5, Encrypted: uint32(c.size - 21)}, {Clear: 0, Encrypted: 16}}}
		if n := testing.AllocsPerRun(200, func() { d.Decrypt(&s, p) }); n > c.most && !raceDetector {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}
