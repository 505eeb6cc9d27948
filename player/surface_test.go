package player_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// A surface is a picture in the memory of a device.
type surface struct {
	number int
	onLoan atomic.Bool
}

// surfacePort is the decoder and the screen of a device whose pictures Go never
// sees: it passes handles.
type surfacePort struct {
	null.Decoders
	t *testing.T

	mu     sync.Mutex
	loaned int // surfaces
	most   int
	made   int
	shown  []*surface
}

func (p *surfacePort) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	d, err := p.Decoders.OpenVideo(f)
	return &surfaceDecoder{d, p}, err
}

type surfaceDecoder struct {
	platform.VideoDecoder
	port *surfacePort
}

func (d *surfaceDecoder) Path() string { return "surfaces" }

func (d *surfaceDecoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	return d.VideoDecoder.Decode(s, d.lend(out))
}

func (d *surfaceDecoder) Drain(out func(*platform.Picture) error) error {
	return d.VideoDecoder.Drain(d.lend(out))
}

// lend puts a surface of the device in the place of the pixels.
func (d *surfaceDecoder) lend(out func(*platform.Picture) error) func(*platform.Picture) error {
	return func(p *platform.Picture) error {
		port := d.port
		port.mu.Lock()
		s := &surface{number: port.made}
		port.made++
		port.loaned++
		port.most = max(port.most, port.loaned)
		port.mu.Unlock()
		s.onLoan.Store(true)
		free := p.Free
		p.Format, p.Surface, p.Planes, p.Strides = platform.Surface, s, [3][]byte{}, [3]int{}
		p.Free = func() {
			if !s.onLoan.Swap(false) {
				port.t.Errorf("surface %d is returned twice", s.number)
			}
			port.mu.Lock()
			port.loaned--
			port.mu.Unlock()
			if free != nil {
				free()
			}
		}
		return out(p)
	}
}

// look is the screen, which takes the handle; the surface must still be that of the picture, also the
// one before, which is being scanned out.
func (p *surfacePort) look(f *platform.Frame, _ time.Time) {
	if f.Picture == nil {
		return
	}
	s, ok := f.Picture.Surface.(*surface)
	if !ok || f.Picture.Format != platform.Surface || f.Picture.Planes[0] != nil {
		p.t.Errorf("the sink was given %v with %d bytes of pixels", f.Picture.Format, len(f.Picture.Planes[0]))
		return
	}
	if !s.onLoan.Load() {
		p.t.Errorf("surface %d was returned before it was shown", s.number)
	}
	if n := len(p.shown); n > 0 && p.shown[n-1] != s && !p.shown[n-1].onLoan.Load() {
		p.t.Errorf("surface %d was returned while it was on the screen", p.shown[n-1].number)
	}
	if n := len(p.shown); n == 0 || p.shown[n-1] != s {
		p.shown = append(p.shown, s)
	}
}

// A hardware surface goes from the decoder to the sink as it is: Go copies
// nothing, holds few, and gives each back once.
func TestSurfacesAreNotCopied(t *testing.T) {
	port := &surfacePort{t: t}
	screen := &null.VideoSink{OnShow: port.look}
	r := playertest.Run(t, playertest.Scenario{
		Decoders: port, Video: screen,
		Script: []playertest.Step{
			playertest.Pause(3*time.Second + 137*time.Microsecond), playertest.Play(4*time.Second + 137*time.Microsecond),
			playertest.Seek(6*time.Second+137*time.Microsecond, 20*time.Second),
		},
	})
	if r.Err != nil || r.Summary.End != event.Completed {
		t.Fatalf("%v, %v", r.Summary.End, r.Err)
	}
	if len(port.shown) < 300 || int64(len(port.shown)) != r.Summary.PicturesShown {
		t.Errorf("%d surfaces were shown, %d pictures", len(port.shown), r.Summary.PicturesShown)
	}
	for i := 1; i < len(port.shown); i++ {
		if port.shown[i].number <= port.shown[i-1].number {
			t.Errorf("surface %d follows %d", port.shown[i].number, port.shown[i-1].number)
		}
	}
	if port.loaned != 0 || port.most > 8 {
		t.Errorf("%d surfaces were not returned; %d were out at a time", port.loaned, port.most)
	}
	told := event.Bodies[event.Tracks](r.Events)
	if path := told[len(told)-1].Streams[0].Path; path != "surfaces" {
		t.Errorf("the tracks say that video is decoded by %q", path)
	}
}
