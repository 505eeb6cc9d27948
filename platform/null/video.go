package null

import (
	"bytes"
	"fmt"
	"image"
	"slices"
	"time"

	"smoothplay/platform"
)

const (
	defaultReorder = 2  // what encoders with a pyramid of B pictures need
	maxReorder     = 16 // the most that H.264 and HEVC allow
)

// videoDecoder turns every sample into one picture. Pictures wait in held,
// sorted by time, until their order is certain, then in ready until they are
// called out.
type videoDecoder struct {
	by     *Decoders
	source *platform.Format
	depth  int    // pictures held back
	free   func() // Picture.Free of every picture
	planes [3][]byte

	held, ready []*platform.Picture
	last        time.Duration // of the last picture that became ready; counts while going
	going       bool          // a key sample was decoded, and nothing lost since
	effort      platform.EffortLevel
	thinned     bool // a picture that others refer to was left out since the last key sample
	closed      bool
}

func (d *videoDecoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	if d.closed {
		return errClosed
	}
	if s.Format != nil && s.Format != d.source {
		d.settle()
		d.source = s.Format
		d.going = false
	}
	if s.Key {
		d.thinned = false
	}
	if d.going && d.leaveOut(s) {
		return nil
	}
	if err := d.by.spend(s); err != nil {
		d.going = false
		return fmt.Errorf("null: video sample at %v: %w", s.PTS, err)
	}
	switch {
	case s.Key: // as with an IDR picture, all before it comes first
		d.settle()
	case !d.going:
		return fmt.Errorf("null: video sample at %v: %w", s.PTS, ErrNeedKey)
	case s.PTS < d.last:
		d.depth = min(d.depth+1, maxReorder)
	}
	d.hold(d.picture(s))
	for len(d.held) > d.depth {
		d.last = d.held[0].PTS
		d.ready = append(d.ready, d.held[0])
		d.held = slices.Delete(d.held, 0, 1)
	}
	if s.Key && len(d.held) > 0 {
		d.last = min(d.last, d.held[0].PTS) // a new item may begin at 0
	}
	d.going = true
	return d.callOut(out)
}

func (d *videoDecoder) Drain(out func(*platform.Picture) error) error {
	if d.closed {
		return errClosed
	}
	d.settle()
	d.going = false
	return d.callOut(out)
}

func (d *videoDecoder) Flush() error {
	if d.closed {
		return errClosed
	}
	d.forget()
	return nil
}

func (d *videoDecoder) Close() error {
	d.forget()
	d.closed = true
	return nil
}

// SetEffort implements [platform.Effort]: what is left out costs nothing.
func (d *videoDecoder) SetEffort(level platform.EffortLevel) { d.effort = level }

func (d *videoDecoder) leaveOut(s *platform.Sample) bool {
	switch {
	case s.Key:
		return false
	case d.thinned || d.effort >= platform.EffortKeys:
		d.thinned = d.thinned || !s.Disposable
		return true
	}
	return s.Disposable && d.effort >= platform.EffortReferences
}

// settle declares the order of all that is held certain.
func (d *videoDecoder) settle() {
	d.ready = append(d.ready, d.held...)
	d.held = d.held[:0]
}

func (d *videoDecoder) forget() {
	d.settle()
	for _, p := range d.ready {
		p.Release()
	}
	d.ready = d.ready[:0]
	d.going = false
}

func (d *videoDecoder) hold(p *platform.Picture) {
	at, _ := slices.BinarySearchFunc(d.held, p, func(a, b *platform.Picture) int {
		if a.PTS <= b.PTS {
			return -1
		}
		return 1
	})
	d.held = slices.Insert(d.held, at, p)
}

func (d *videoDecoder) callOut(out func(*platform.Picture) error) error {
	for len(d.ready) > 0 {
		p := d.ready[0]
		d.ready = slices.Delete(d.ready, 0, 1)
		if err := out(p); err != nil {
			return err
		}
	}
	return nil
}

func (d *videoDecoder) picture(s *platform.Sample) *platform.Picture {
	d.by.held.Add(1)
	f := d.source
	p := &platform.Picture{
		PTS: s.PTS, Duration: s.Duration,
		Width: f.Width, Height: f.Height,
		AspectWidth: f.AspectWidth, AspectHeight: f.AspectHeight,
		Format: platform.Surface,
		Key:    s.Key,
		Source: f,
		Free:   d.free,
	}
	if size := d.by.Pixels; size.X > 0 && size.Y > 0 {
		if p.AspectWidth == 0 || p.AspectHeight == 0 {
			p.AspectWidth, p.AspectHeight = f.Width, f.Height
		}
		p.Width, p.Height = size.X, size.Y
		p.Format = platform.I420
		p.Planes = d.planes
		p.Strides = [3]int{size.X, (size.X + 1) / 2, (size.X + 1) / 2}
	}
	return p
}

// grey is an I420 picture that all pictures of a decoder share: nobody may
// write to planes.
func grey(size image.Point) (planes [3][]byte) {
	if size.X <= 0 || size.Y <= 0 {
		return planes
	}
	chroma := (size.X + 1) / 2 * ((size.Y + 1) / 2)
	planes[0] = bytes.Repeat([]byte{128}, size.X*size.Y)
	planes[1] = bytes.Repeat([]byte{128}, chroma)
	planes[2] = planes[1]
	return planes
}
