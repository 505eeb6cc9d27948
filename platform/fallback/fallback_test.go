package fallback

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
)

const frame = 40 * time.Millisecond

var (
	low  = &platform.Format{Codec: platform.H264, FourCC: "H264", Width: 640, Height: 360}
	high = &platform.Format{Codec: platform.H264, FourCC: "H264", Width: 1280, Height: 720}
	odd  = &platform.Format{Codec: platform.VC1, FourCC: "WVC1", Width: 1280, Height: 720}

	errHardware = errors.New("the device is gone")
)

// group is one group of pictures in decoding order, counted from first on.
func group(f *platform.Format, first int, order ...int) (list []platform.Sample) {
	for i, n := range order {
		s := platform.Sample{PTS: time.Duration(first+n) * frame, Duration: frame, Key: i == 0, Data: []byte{byte(first + n)}}
		if i == 0 {
			s.Format = f
		}
		list = append(list, s)
	}
	return list
}

// streams have all that decoders meet.
var streams = map[string][]platform.Sample{
	"B-pictures":    slices.Concat(group(low, 0, 0, 2, 1, 4, 3), group(nil, 5, 0, 2, 1, 3), group(nil, 9, 0, 1, 2)),
	"open groups":   slices.Concat(group(low, 0, 0, 2, 1), group(nil, 0, 5, 3, 4, 7, 6), group(nil, 0, 10, 8, 9, 11)),
	"other levels":  slices.Concat(group(low, 0, 0, 2, 1, 3), group(high, 4, 0, 2, 1, 3), group(low, 8, 0, 2, 1, 3)),
	"another codec": slices.Concat(group(low, 0, 0, 2, 1, 3), group(odd, 4, 0, 2, 1, 3), group(low, 8, 0, 2, 1, 3)),
	"another item":  slices.Concat(group(low, 100, 0, 2, 1, 3), group(low, 0, 0, 2, 1, 3), group(nil, 4, 0, 1)),
	"single groups": slices.Concat(group(low, 0, 0), group(nil, 1, 0), group(nil, 2, 0), group(nil, 3, 0)),
}

// hardware decodes all but VC-1, until it fails.
type hardware struct {
	null.Decoders
	opened   int
	openFail bool
	drain    bool // fails
	flush    bool // fails
}

func (h *hardware) Path() string { return "fake" }

func (h *hardware) Supports(f platform.Format) error {
	if f.Codec == platform.VC1 {
		return platform.ErrUnsupported
	}
	return h.Decoders.Supports(f)
}

func (h *hardware) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	if h.opened++; h.openFail {
		return nil, errHardware
	}
	d, err := h.Decoders.OpenVideo(f)
	return &hardDecoder{d, d.(platform.Effort), h}, err
}

type hardDecoder struct {
	platform.VideoDecoder
	platform.Effort
	by *hardware
}

func (d *hardDecoder) Path() string { return "fake" }

func (d *hardDecoder) Drain(out func(*platform.Picture) error) error {
	if d.by.drain {
		return errHardware
	}
	return d.VideoDecoder.Drain(out)
}

func (d *hardDecoder) Flush() error {
	if d.by.flush {
		return errHardware
	}
	return d.VideoDecoder.Flush()
}

// play decodes samples to the end and returns the numbers of the pictures.
func play(t *testing.T, d platform.VideoDecoder, samples []platform.Sample) (got []int, lost int) {
	t.Helper()
	out := func(p *platform.Picture) error {
		got = append(got, int(p.PTS/frame))
		if p.Source == nil {
			t.Error("a picture without its source")
		}
		p.Release()
		return nil
	}
	for _, s := range samples {
		data := slices.Clone(s.Data)
		s.Data = data
		if d.Decode(&s, out) != nil {
			lost++
		}
		clear(data) // it is valid during the call only
	}
	if err := d.Drain(out); err != nil {
		t.Error(err)
	}
	return got, lost
}

// Whenever the hardware fails, every picture comes out once and in order.
func TestNoPictureIsLost(t *testing.T) {
	for name, samples := range streams {
		t.Run(name, func(t *testing.T) {
			plain, _ := (&null.Decoders{}).OpenVideo(*low)
			want, _ := play(t, plain, samples)
			for _, reorder := range []int{0, 4} {
				for at := -1; at <= len(samples); at++ {
					h := &hardware{openFail: at == -1, drain: at == len(samples)}
					h.Reorder = reorder
					n := -1
					h.Fail = func(*platform.Sample) error {
						if n++; n >= at && at >= 0 && at < len(samples) {
							return errHardware
						}
						return nil
					}
					soft := &null.Decoders{}
					d, err := (Decoders{h, soft}).OpenVideo(*samples[0].Format)
					if err != nil {
						t.Fatal(err)
					}
					got, lost := play(t, d, samples)
					if !slices.Equal(got, want) || lost != 0 {
						t.Errorf("reorder %d, failure at %d: %d samples lost, pictures %v, want %v", reorder, at, lost, got, want)
					}
					if at < n || at == len(samples) {
						if path := d.(platform.PathNamer).Path(); !strings.HasPrefix(path, "software (fake failed: ") {
							t.Errorf("failure at %d: path %q", at, path)
						}
					}
					d.Close()
					if n := h.Held() + soft.Held(); n != 0 {
						t.Errorf("failure at %d: %d pictures are held", at, n)
					}
				}
			}
		})
	}
}

// A sample that nobody can decode is no fault of the hardware, which goes on with
// the next key sample.
func TestBadSample(t *testing.T) {
	bad := func(s *platform.Sample) error {
		if s.Data[0] == 2 {
			return errHardware
		}
		return nil
	}
	h := &hardware{}
	h.Fail = bad
	soft := &null.Decoders{Fail: bad}
	d, err := (Decoders{h, soft}).OpenVideo(*low)
	if err != nil {
		t.Fatal(err)
	}
	got, lost := play(t, d, slices.Concat(group(low, 0, 0, 1, 2, 3), group(nil, 4, 0, 1, 2), group(nil, 7, 0, 1)))
	if want := []int{0, 1, 4, 5, 6, 7, 8}; !slices.Equal(got, want) || lost != 2 {
		t.Errorf("pictures %v, want %v; %d samples lost", got, want, lost)
	}
	if path := d.(platform.PathNamer).Path(); path != "fake" || h.opened != 2 {
		t.Errorf("path %q after %d decoders of the hardware", path, h.opened)
	}
}

// What was kept ends with a flush, and a hardware that cannot flush is replaced.
func TestFlush(t *testing.T) {
	for _, fails := range []bool{false, true} {
		h := &hardware{flush: fails}
		d, _ := (Decoders{h, &null.Decoders{}}).OpenVideo(*low)
		drop := func(p *platform.Picture) error { p.Release(); return nil }
		for _, s := range group(low, 50, 0, 2, 1, 3) {
			if err := d.Decode(&s, drop); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Flush(); err != nil {
			t.Fatal(err)
		}
		h.Fail = func(s *platform.Sample) error {
			if s.Data[0] == 7 {
				return errHardware
			}
			return nil
		}
		got, lost := play(t, d, group(nil, 4, 0, 2, 1, 3))
		if want := []int{4, 5, 6, 7}; !slices.Equal(got, want) || lost != 0 {
			t.Errorf("flush fails %v: pictures %v, want %v", fails, got, want)
		}
	}
}

// An error of out is not one of the hardware.
func TestOutStops(t *testing.T) {
	h := &hardware{}
	d, _ := (Decoders{h, &null.Decoders{}}).OpenVideo(*low)
	stop := errors.New("no more")
	var err error
	for _, s := range group(low, 0, 0, 1, 2, 3) {
		err = errors.Join(err, d.Decode(&s, func(p *platform.Picture) error { p.Release(); return stop }))
	}
	if !errors.Is(err, stop) || d.(platform.PathNamer).Path() != "fake" {
		t.Errorf("%v, path %q", err, d.(platform.PathNamer).Path())
	}
}

// What is kept is bounded, whatever the stream.
func TestKeptIsBounded(t *testing.T) {
	d := &decoder{by: Decoders{&hardware{}, &null.Decoders{}}, format: low}
	if err := d.open(); err != nil {
		t.Fatal(err)
	}
	drop := func(p *platform.Picture) error { p.Release(); return nil }
	data := make([]byte, 1<<20)
	for i := range 3 * maxKept {
		s := platform.Sample{PTS: time.Duration(i) * frame, Duration: frame, Key: i == 0, Data: data[:1+i%2*(len(data)-1)]}
		if err := d.Decode(&s, drop); err != nil {
			t.Fatal(err)
		}
		if len(d.kept) > maxKept || d.keptBytes > maxKeptBytes {
			t.Fatalf("%d samples, %d bytes are kept", len(d.kept), d.keptBytes)
		}
	}
}

func TestSupports(t *testing.T) {
	d := Decoders{&hardware{}, &null.Decoders{Refuse: func(f platform.Format) error {
		if f.Codec == platform.HEVC {
			return fmt.Errorf("too slow: %w", platform.ErrUnsupported)
		}
		return nil
	}}}
	for f, want := range map[platform.Codec]bool{platform.H264: true, platform.VC1: true, platform.HEVC: true, "jpeg": false} {
		if got := d.Supports(platform.Format{Codec: f}) == nil; got != want {
			t.Errorf("%s: %v", f, got)
		}
	}
}

// The pair is a decoder as any other, also while its hardware fails.
func TestExam(t *testing.T) {
	for _, at := range []int{-1, 0, 5, 1 << 30} {
		t.Run(fmt.Sprintf("failure at %d", at), func(t *testing.T) {
			platformtest.TestVideoDecoder(t, func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
				h := &hardware{openFail: at < 0}
				n := -1
				h.Fail = func(*platform.Sample) error {
					if n++; n == at {
						return errHardware
					}
					return nil
				}
				d, err := (Decoders{h, &null.Decoders{}}).OpenVideo(*low)
				if err != nil {
					t.Fatal(err)
				}
				return d, slices.Concat(group(low, 0, 0, 2, 1, 3), group(high, 4, 0, 2, 1, 3))
			}, platformtest.InBubble())
		})
	}
}
