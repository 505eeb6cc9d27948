package piff

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"smoothplay/platform"
)

var (
	avc  = &platform.Format{Kind: platform.Video, Codec: platform.H264, NALLength: 4}
	hevc = &platform.Format{Kind: platform.Video, Codec: platform.HEVC, NALLength: 4}
)

// nals writes NAL units with a length of 4 bytes before each.
func nals(units ...[]byte) []byte {
	var b []byte
	for _, u := range units {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(u))), u...)
	}
	return b
}

func TestLook(t *testing.T) {
	const (
		idr   = "\x65\x88\x80\x40" // first_mb 0, slice type 7, pps 0
		inter = "\x41\x9a\x00\x40" // first_mb 0, slice type 5, pps 0
		sps   = "\x67\x42"
		aud   = "\x09\xf0"
	)
	for _, c := range []struct {
		name string
		f    *platform.Format
		data []byte
		want Verdict
	}{
		{"key picture", avc, nals([]byte(sps), []byte(idr)), Sound},
		{"picture", avc, nals([]byte(aud), []byte(inter)), Sound},
		{"further slices are not looked at", avc, nals([]byte(inter), []byte("\x41\x00\x00")), Sound},
		{"parameter sets alone", avc, nals([]byte(sps)), Undecided},
		{"nothing", avc, nil, Undecided},
		{"empty unit", avc, nals(nil, []byte(inter)), Sound},
		{"inter slice in a key picture", avc, nals([]byte("\x65\x9a\x00\x40")), Unsound},
		{"does not begin a picture", avc, nals([]byte("\x41\x4a\x00\x40")), Unsound},
		{"slice type 14", avc, nals([]byte("\x41\x8f\xff")), Unsound},
		{"header cut", avc, nals([]byte("\x41")), Unsound},
		{"no end of zeros", avc, nals([]byte("\x41\x80\x00\x00\x00\x00")), Unsound},
		{"forbidden bit", avc, nals([]byte("\xe5\x88\x80\x40")), Unsound},
		{"length beyond the sample", avc, []byte{0, 0, 0, 9, 0x41, 0x9a}, Unsound},
		{"length cut", avc, append(nals([]byte(inter)), 0, 0), Unsound},
		{"two bytes of length", &platform.Format{Codec: platform.H264, NALLength: 2}, []byte("\x00\x04" + inter), Sound},
		{"start codes", &platform.Format{Codec: platform.H264}, []byte("\x00\x00\x00\x01" + inter), Undecided},
		{"no format", nil, nals([]byte(inter)), Undecided},
		{"sound", &platform.Format{Codec: platform.AAC, NALLength: 4}, []byte{0x21}, Undecided},
		{"hevc key picture", hevc, nals([]byte("\x26\x01\xaf\x00")), Sound},
		{"hevc picture", hevc, nals([]byte("\x02\x01\xd0\x00")), Sound},
		{"hevc parameter sets alone", hevc, nals([]byte("\x40\x01\x0c")), Undecided},
		{"hevc does not begin a picture", hevc, nals([]byte("\x02\x01\x50\x00")), Unsound},
		{"hevc pps 64", hevc, nals([]byte("\x02\x01\x81\x04\x00")), Unsound},
		{"hevc without layer", hevc, nals([]byte("\x02\x00\xd0")), Unsound},
		{"hevc cut", hevc, nals([]byte("\x02\x01")), Unsound},
	} {
		if got := Look(c.data, c.f); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestJudgeNotices decrypts made pictures with a wrong key, of which only the
// slices are encrypted, and with the right one.
func TestJudgeNotices(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for round := range 200 {
		e, err := NewEncrypter(randomBytes(r, 16))
		if err != nil {
			t.Fatal(err)
		}
		wrong := newDecrypter(t, randomBytes(r, 16))
		var good, bad Judge
		n := 0
		for ; bad.Verdict() == Undecided && n < 100; n++ {
			unit := append([]byte("\x41\x9a\x00\x40"), randomBytes(r, 200)...)
			if n%25 == 0 {
				copy(unit, "\x65\x88\x80\x40")
			}
			data := nals(unit)
			p := platform.SampleProtection{Scheme: platform.AESCTR, IV: binary.BigEndian.AppendUint64(nil, uint64(n)),
				Subsamples: []platform.Subsample{{Clear: 5, Encrypted: uint32(len(data) - 5)}}}
			good.Sample(data, avc, &p)
			data = slices.Clone(data)
			if err := e.Encrypt(data, &p); err != nil {
				t.Fatal(err)
			}
			if err := wrong.DecryptBytes(data, &p); err != nil {
				t.Fatal(err)
			}
			bad.Sample(data, avc, &p)
		}
		if bad.Verdict() != Unsound || good.Verdict() == Unsound {
			t.Fatalf("round %d, after %d pictures: the wrong key is %v, the right one %v", round, n, bad.Verdict(), good.Verdict())
		}
	}
}

func TestJudgeHearsOfTheDecoder(t *testing.T) {
	var j Judge
	for range enoughUnsound {
		if j.Verdict() != Undecided {
			t.Fatal("decided too early")
		}
		j.Decoded(errors.New("cannot decode"))
	}
	if j.Verdict() != Unsound {
		t.Error("errors from the first sample on do not tell")
	}
	j = Judge{}
	for range enoughSound {
		j.Decoded(nil)
	}
	for range 10 {
		j.Decoded(errors.New("damaged later"))
	}
	if j.Verdict() != Sound {
		t.Error("damage after many good samples is laid at the key's door")
	}
	if s := Undecided.String() + Sound.String() + Unsound.String(); s != "undecidedsoundunsound" {
		t.Error(s)
	}
}

// TestJudgeNoticesInSound: what a wrong key makes of AAC is not taken for sound, and
// the frames of an encoder are.
func TestJudgeNoticesInSound(t *testing.T) {
	aac := &platform.Format{Kind: platform.Audio, Codec: platform.AAC}
	r := rand.New(rand.NewPCG(5, 1))
	whole := &platform.SampleProtection{Scheme: platform.AESCTR, IV: make([]byte, 8)}
	for round := range 500 {
		var good, bad Judge
		for range 100 {
			bad.Sample(randomBytes(r, 350), aac, whole)
			frame := randomBytes(r, 350)
			// A pair whose windows are common, a pair whose are not, one channel, a
			// filling element: what follows is anything.
			begin := []uint32{0b001_0000_1_0 << 23, 0b001_0001_0 << 24, 0, 0b110_0001 << 25}[r.IntN(4)]
			binary.BigEndian.PutUint32(frame, begin|r.Uint32()&0x7f_ff)
			good.Sample(frame, aac, whole)
		}
		if bad.Verdict() != Unsound || good.Verdict() != Sound {
			t.Fatalf("round %d: the wrong key is %v, the right one %v", round, bad.Verdict(), good.Verdict())
		}
	}
}

// TestJudgeMindsWhatWasClear: slice headers that were not encrypted do not speak for
// a key.
func TestJudgeMindsWhatWasClear(t *testing.T) {
	var j Judge
	data := nals([]byte("\x09\xf0"), append([]byte("\x41\x9a\x00\x40"), make([]byte, 300)...))
	p := &platform.SampleProtection{Scheme: platform.AESCBC, IV: make([]byte, 16), Subsamples: []platform.Subsample{{Clear: 106, Encrypted: uint32(len(data) - 106)}}}
	for range 50 {
		j.Sample(data, avc, p)
	}
	if j.Verdict() != Undecided {
		t.Error(j.Verdict())
	}
	p.Subsamples = []platform.Subsample{{Clear: 11, Encrypted: uint32(len(data) - 11)}}
	for range 50 {
		j.Sample(data, avc, p)
	}
	if j.Verdict() != Sound {
		t.Error(j.Verdict())
	}
}
