package platformtest

import (
	"bytes"
	"errors"
	"testing"

	"smoothplay/drm/piff"
	"smoothplay/platform"
)

// openVault makes a Vault, changed by wrap, to be examined.
func openVault(wrap func(platform.SampleDecrypter) platform.SampleDecrypter) OpenDecrypter {
	return func(t *testing.T) Decrypter {
		key := []byte("sixteen secrets!")
		inner, err := piff.New(key)
		if err != nil {
			t.Fatal(err)
		}
		e, err := piff.NewEncrypter(key)
		if err != nil {
			t.Fatal(err)
		}
		v := &Vault{Inner: inner}
		return Decrypter{
			SampleDecrypter: wrap(v), Open: v.Open,
			Protection: platform.SampleProtection{Scheme: platform.AESCTR, KID: testKID, IV: []byte("12345678")},
			Seal: func(clear []byte, p platform.SampleProtection) []byte {
				if err := e.Encrypt(clear, &p); err != nil {
					t.Error(err)
				}
				return clear
			},
		}
	}
}

func TestVaultTakesTheExam(t *testing.T) {
	TestSampleDecrypter(t, openVault(func(d platform.SampleDecrypter) platform.SampleDecrypter { return d }), InBubble())
	TestSampleDecrypter(t, openVault(func(d platform.SampleDecrypter) platform.SampleDecrypter { return d.(*Vault).Inner }), InBubble())
}

// decryptFunc is a SampleDecrypter with another Decrypt.
type decryptFunc struct {
	platform.SampleDecrypter
	decrypt func(s *platform.Sample, p platform.SampleProtection) error
}

func (d decryptFunc) Decrypt(s *platform.Sample, p platform.SampleProtection) error {
	return d.decrypt(s, p)
}

func TestWrongDecrypters(t *testing.T) {
	with := func(decrypt func(d platform.SampleDecrypter, s *platform.Sample, p platform.SampleProtection) error) OpenDecrypter {
		return openVault(func(d platform.SampleDecrypter) platform.SampleDecrypter {
			return decryptFunc{d, func(s *platform.Sample, p platform.SampleProtection) error { return decrypt(d, s, p) }}
		})
	}
	all := []string{"clear-or-secure", "subsamples", "one-sample-like-another", "tracks-share-a-key", "close"}
	for _, w := range []struct {
		name   string
		open   OpenDecrypter
		caught []string
	}{
		{"does nothing", with(func(platform.SampleDecrypter, *platform.Sample, platform.SampleProtection) error { return nil }), all},
		{"leaves the data beside the handle", with(func(d platform.SampleDecrypter, s *platform.Sample, p platform.SampleProtection) error {
			data := bytes.Clone(s.Data)
			err := d.Decrypt(s, p)
			s.Data = data
			return err
		}), all},
		{"forgets the map", with(func(d platform.SampleDecrypter, s *platform.Sample, p platform.SampleProtection) error {
			p.Subsamples = nil
			return d.Decrypt(s, p)
		}), []string{"subsamples"}},
		{"fails with short samples", with(func(d platform.SampleDecrypter, s *platform.Sample, p platform.SampleProtection) error {
			if len(s.Data) < 16 {
				return errors.New("too short")
			}
			return d.Decrypt(s, p)
		}), []string{"one-sample-like-another"}},
	} {
		t.Run(w.name, func(t *testing.T) {
			for _, name := range w.caught {
				for _, r := range decrypterRules {
					if r.name == name && r.grade(t, w.open, true) == nil {
						t.Errorf("%s does not catch it", name)
					}
				}
			}
		})
	}
}
