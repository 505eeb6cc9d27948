package slow

import (
	"sync"
	"time"

	"smoothplay/platform"
)

// leastSleep is the shortest time that is slept: what is less is slept later.
const leastSleep = time.Millisecond

// Decoders opens the decoders of a device, of which those of video take longer.
// Safe for concurrent use where the decoders below are.
type Decoders struct {
	platform.Decoders
	// Factor is how many times as long decoding takes, by the time since the first
	// decoder of video was opened; 1 and less, and a nil Factor: as long as it
	// does. It may be called from any goroutine.
	Factor func(since time.Duration) float64

	once  sync.Once
	began time.Time // set by once
}

// OpenVideo implements [platform.Decoders]. The decoder is a [platform.Effort]
// where that of the device is one.
func (d *Decoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	inner, err := d.Decoders.OpenVideo(f)
	if err != nil {
		return nil, err
	}
	d.once.Do(func() { d.began = time.Now() })
	v := &decoder{VideoDecoder: inner, by: d}
	if e, ok := inner.(platform.Effort); ok {
		return willing{v, e}, nil
	}
	return v, nil
}

func (d *Decoders) factor() float64 {
	if d.Factor == nil {
		return 1
	}
	return max(d.Factor(time.Since(d.began)), 1)
}

// decoder hands out each picture when a slow device would have it.
type decoder struct {
	platform.VideoDecoder
	by   *Decoders
	from time.Time     // since then it works
	owed time.Duration // to be slept
}

// willing is a decoder that can be told to work less.
type willing struct {
	*decoder
	platform.Effort
}

func (d *decoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	d.from = time.Now()
	err := d.VideoDecoder.Decode(s, d.late(out))
	d.spend()
	return err
}

func (d *decoder) Drain(out func(*platform.Picture) error) error {
	d.from = time.Now()
	err := d.VideoDecoder.Drain(d.late(out))
	d.spend()
	return err
}

// Threads implements [platform.Threads].
func (d *decoder) Threads() (now, most int) {
	if t, ok := d.VideoDecoder.(platform.Threads); ok {
		return t.Threads()
	}
	return 1, 1
}

// late is out, called later. The time that out takes is not the decoder's.
func (d *decoder) late(out func(*platform.Picture) error) func(*platform.Picture) error {
	return func(p *platform.Picture) error {
		d.spend()
		err := out(p)
		d.from = time.Now()
		return err
	}
}

// spend passes the time that the work since from takes longer.
func (d *decoder) spend() {
	now := time.Now()
	d.owed += time.Duration(float64(now.Sub(d.from)) * (d.by.factor() - 1))
	if d.owed >= leastSleep {
		time.Sleep(d.owed)
		woken := time.Now()
		d.owed -= woken.Sub(now) // what was overslept is had already
		now = woken
	}
	d.from = now
}
