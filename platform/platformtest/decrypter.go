package platformtest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"smoothplay/platform"
)

// Decrypter is what an exam needs beside a [platform.SampleDecrypter].
type Decrypter struct {
	platform.SampleDecrypter
	// Seal encrypts a sample as p says, with the key of the decrypter.
	Seal func(clear []byte, p platform.SampleProtection) []byte
	// Open shows what a Secure handle stands for; nil: that cannot be shown.
	Open func(*platform.Sample) []byte
	// Protection is how samples may be encrypted: scheme, KID and an IV.
	Protection platform.SampleProtection
}

// OpenDecrypter makes a decrypter to be examined.
type OpenDecrypter func(t *testing.T) Decrypter

// TestSampleDecrypter examines an implementation of [platform.SampleDecrypter].
func TestSampleDecrypter(t *testing.T, open OpenDecrypter, opts ...Option) {
	t.Helper()
	examine(t, decrypterRules, open, opts)
}

var decrypterRules = []rule[OpenDecrypter]{
	{"clear-or-secure",
		"Decrypt replaces s.Data (encrypted) by clear Data or by a Secure handle.",
		func(t *testing.T, open OpenDecrypter) error {
			d := open(t)
			return errors.Join(d.roundTrip(100, nil), d.Close())
		}},
	{"subsamples",
		"Subsample is a clear range followed by an encrypted one, in bytes.",
		func(t *testing.T, open OpenDecrypter) error {
			d := open(t)
			return errors.Join(d.roundTrip(100, []platform.Subsample{{Clear: 7, Encrypted: 48}, {Clear: 3, Encrypted: 32}}), d.Close())
		}},
	{"one-sample-like-another",
		"Decrypt replaces s.Data (encrypted) by clear Data or by a Secure handle.",
		func(t *testing.T, open OpenDecrypter) error {
			d := open(t)
			for size := range 70 {
				if err := d.roundTrip(size+1, nil); err != nil {
					return fmt.Errorf("a sample of %d bytes: %w", size+1, err)
				}
			}
			return d.Close()
		}},
	{"tracks-share-a-key",
		"The tracks that share a key call it at the same time, each from its own goroutine.",
		func(t *testing.T, open OpenDecrypter) error {
			d := open(t)
			err := together(4, func(i int) error {
				for n := range 50 {
					if err := d.roundTrip(100*i+n+16, nil); err != nil {
						return err
					}
				}
				return nil
			})
			return errors.Join(err, d.Close())
		}},
	{"close",
		"Close follows the last Decrypt.",
		func(t *testing.T, open OpenDecrypter) error {
			d := open(t)
			if err := d.roundTrip(100, nil); err != nil {
				return err
			}
			return within(patience, "Close", d.Close)
		}},
}

// roundTrip encrypts a sample and has it decrypted.
func (d *Decrypter) roundTrip(size int, maps []platform.Subsample) error {
	p := d.Protection
	p.Subsamples = maps
	want := make([]byte, size)
	for i := range want {
		want[i] = byte(i * 7)
	}
	s := platform.Sample{Data: d.Seal(bytes.Clone(want), p)}
	if err := d.Decrypt(&s, p); err != nil {
		return err
	}
	got := s.Data
	switch {
	case s.Secure != nil && s.Data != nil:
		return errors.New("there are both Data and a Secure handle")
	case s.Secure != nil && d.Open == nil:
		return unexamined("what a handle stands for cannot be shown")
	case s.Secure != nil:
		got = d.Open(&s)
	}
	if !bytes.Equal(got, want) {
		return errors.New("what was decrypted is not what was encrypted")
	}
	return nil
}
