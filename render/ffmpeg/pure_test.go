package ffmpeg

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func TestClockAddsNoRounding(t *testing.T) {
	var c pcmClock
	c.start(time.Hour, 44100, 48000)
	for range 44100 * 30 { // 8.5 hours of frames of 1024 samples
		c.took(1024, 44100)
		if c.jumped(c.in.at(), 0) {
			t.Fatal("the clock jumps from itself")
		}
		c.gave(1024)
	}
	if want := time.Hour + 30*1024*time.Second; c.in.at() != want {
		t.Errorf("input ends at %v, want %v", c.in.at(), want)
	}
	if want := time.Hour + time.Duration(44100)*30*1024*time.Second/48000; c.out.at() != want {
		t.Errorf("output ends at %v, want %v", c.out.at(), want)
	}
	c.took(960, 24000) // HE-AAC found late: another rate from here on
	if want := time.Hour + 30*1024*time.Second + 40*time.Millisecond; c.in.at() != want {
		t.Errorf("input ends at %v, want %v", c.in.at(), want)
	}
}

func TestHistoryFindsEachSampleOnce(t *testing.T) {
	var h history
	first := h.add(sent{pts: 1})
	for i := range len(h.ring) - 1 {
		h.add(sent{pts: time.Duration(i)})
	}
	if s, ok := h.take(first); !ok || s.pts != 1 {
		t.Errorf("the oldest sample is %v, %v", s, ok)
	}
	for _, number := range []int64{first, 0, -1, -1 << 63, h.last + 1} {
		if s, ok := h.take(number); ok {
			t.Errorf("sample %d found: %v", number, s)
		}
	}
}

// I P B B P B B in decoding order come out in the order of presentation with
// ascending times, whether the samples bear those of presentation or of decoding.
func TestTimesOfBPictures(t *testing.T) {
	shown := []struct {
		number int64
		b      bool
	}{{1, false}, {3, true}, {4, true}, {2, false}, {6, true}, {7, true}, {5, false}}
	for name, times := range map[string][]time.Duration{
		"presentation": {0, 3, 1, 2, 6, 4, 5},
		"decoding":     {0, 1, 2, 3, 4, 5, 6},
	} {
		var h history
		for _, at := range times {
			h.add(sent{pts: at})
		}
		for want, s := range shown {
			if s.b {
				h.inOrder(s.number)
			}
			if got, ok := h.take(s.number); !ok || got.pts != time.Duration(want) {
				t.Errorf("times of %s: picture %d has time %d: %v", name, want, got.pts, ok)
			}
		}
	}
	var h history // of what was lost long ago nothing is taken
	h.add(sent{pts: 5})
	for range len(h.ring) + 20 {
		h.take(h.add(sent{pts: 9}))
	}
	n := h.add(sent{pts: 7})
	h.inOrder(n)
	if s, _ := h.take(n); s.pts != 7 {
		t.Errorf("a picture without another before it has time %d", s.pts)
	}
}

func TestAppendAnnexB(t *testing.T) {
	tests := []struct {
		name   string
		size   int
		sample []byte
		want   []byte
		err    error
	}{
		{"two units", 4, []byte{0, 0, 0, 1, 9, 0, 0, 0, 2, 7, 8}, []byte{0, 0, 0, 1, 9, 0, 0, 0, 1, 7, 8}, nil},
		{"short lengths", 1, []byte{1, 9, 2, 7, 8}, []byte{0, 0, 0, 1, 9, 0, 0, 0, 1, 7, 8}, nil},
		{"empty unit", 2, []byte{0, 0}, []byte{0, 0, 0, 1}, nil},
		{"nothing", 4, nil, nil, nil},
		{"length cut", 4, []byte{0, 0}, nil, errNALLength},
		{"unit cut", 2, []byte{0, 3, 1, 2}, nil, errNALLength},
		{"longest length", 4, []byte{255, 255, 255, 255, 1}, nil, errNALLength},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := appendAnnexB(nil, test.sample, test.size)
			if !errors.Is(err, test.err) || err == nil && !bytes.Equal(got, test.want) {
				t.Errorf("got %v, %v; want %v, %v", got, err, test.want, test.err)
			}
		})
	}
}

func FuzzAppendAnnexB(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 9}, 4)
	f.Add([]byte{1, 9, 2, 7, 8}, 1)
	f.Fuzz(func(t *testing.T, sample []byte, size int) {
		size = 1 + int(uint(size)%4)
		got, err := appendAnnexB(nil, sample, size)
		if len(got) > 4*len(sample)+4 {
			t.Errorf("%d bytes became %d", len(sample), len(got))
		}
		if err == nil && len(sample) > 0 && !bytes.HasPrefix(got, startCode) {
			t.Errorf("no start code: %v", got)
		}
	})
}
