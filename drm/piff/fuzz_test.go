package piff

import (
	"bytes"
	"errors"
	"testing"

	"smoothplay/platform"
)

// protectionOf makes what a hostile box may say of arbitrary bytes.
func protectionOf(b []byte) platform.SampleProtection {
	take := func() uint32 {
		if len(b) == 0 {
			return 0
		}
		v := b[0]
		b = b[1:]
		return uint32(v)
	}
	p := platform.SampleProtection{Scheme: platform.ProtectionScheme(take() % 5), Crypt: uint8(take() % 4), Skip: uint8(take() % 4)}
	n := min(int(take()%18), len(b))
	p.IV, b = b[:n], b[n:]
	for len(b) > 0 {
		s := platform.Subsample{Clear: take(), Encrypted: take()}
		if s.Clear > 250 {
			s.Clear, s.Encrypted = s.Clear<<24, s.Encrypted<<24
		}
		p.Subsamples = append(p.Subsamples, s)
	}
	return p
}

func FuzzDecrypt(f *testing.F) {
	f.Add([]byte("a sample of some bytes, more than two blocks"), []byte("\x01\x00\x00\x0812345678\x05\x10\x02\x09"))
	f.Add([]byte("a sample of some bytes, more than two blocks"), []byte("\x02\x00\x00\x101234567812345678\x05\x10\x02\x10"))
	f.Add(make([]byte, 200), []byte("\x03\x01\x03\x101234567812345678\x05\x90\x02\x10"))
	f.Add(make([]byte, 70), []byte("\x01\x00\x00\x1012345678\xff\xff\xff\xff\xff\xff\xff\xff"))
	key := []byte("sixteen secrets!")
	d, err := New(key)
	if err != nil {
		f.Fatal(err)
	}
	e, err := NewEncrypter(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data, box []byte) {
		p := protectionOf(box)
		before := data
		data = bytes.Clone(data) // the engine's own must not be written to
		if err := d.DecryptBytes(data, &p); err != nil {
			var typed *Error
			if !errors.As(err, &typed) || !bytes.Equal(before, data) {
				t.Fatalf("%v; changed: %v", err, !bytes.Equal(before, data))
			}
			return
		}
		if err := e.Encrypt(data, &p); err != nil || !bytes.Equal(before, data) {
			t.Fatalf("%v: %x became %x", err, before, data)
		}
	})
}

func FuzzLook(f *testing.F) {
	f.Add(nals([]byte("\x65\x88\x80\x40")), byte(4), true)
	f.Add(nals([]byte("\x26\x01\xaf\x00")), byte(4), false)
	f.Fuzz(func(t *testing.T, data []byte, length byte, isAVC bool) {
		before := bytes.Clone(data)
		format := &platform.Format{Codec: platform.HEVC, NALLength: int(int8(length))}
		if isAVC {
			format.Codec = platform.H264
		}
		if v := Look(data, format); v > Unsound || !bytes.Equal(before, data) {
			t.Fatalf("%v", v)
		}
	})
}
