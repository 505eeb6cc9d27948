//go:build cgo

package ffmpeg

import (
	"errors"
	"fmt"
	"time"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

var (
	errClosed = fmt.Errorf("decoder: %w", platform.ErrClosed)
	errSecure = fmt.Errorf("sample in protected memory: %w", platform.ErrUnsupported)
)

// videoDecoder is a platform.VideoDecoder, a platform.Effort, a platform.Threads
// and a platform.PathNamer.
type videoDecoder struct {
	pace   pace
	on     *way // the hardware that decodes; nil: software
	effort platform.EffortLevel

	codec   *codec           // nil: the last format could not be opened, or closed
	source  *platform.Format // of the samples from now on
	history history
	pool    *framePool
	convert converter
	fields  deinterlacer

	spare *pooledFrame                  // to decode into next
	out   func(*platform.Picture) error // of the call that runs
	next  time.Duration                 // end of the last picture, for one that lost its time
	away  time.Duration                 // spent in out by the call that runs
}

var (
	_ platform.Effort    = (*videoDecoder)(nil)
	_ platform.Threads   = (*videoDecoder)(nil)
	_ platform.PathNamer = (*videoDecoder)(nil)
)

func (d *videoDecoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	d.out = out
	defer func() { d.out = nil }()
	if d.pool.isClosed() {
		return errClosed
	}
	if s.Secure != nil {
		return errSecure
	}
	var lost error
	if s.Format != nil {
		var stop error
		if lost, stop = d.change(s.Format); stop != nil {
			return stop
		}
	}
	if s.Key && s.Format == nil {
		var stop error
		if lost, stop = d.adapt(); stop != nil {
			return stop
		}
	}
	if d.codec == nil {
		return errors.Join(lost, errors.New("no decoder is open for the format of the sample"))
	}
	began := time.Now()
	d.away = 0
	number := d.history.add(sent{pts: s.PTS, duration: s.Duration, key: s.Key, source: d.source})
	failed, stop := d.codec.decode(s.Data, number, s.Key, d)
	if d.codec.threads == 1 {
		d.pace.observe(time.Since(began)-d.away, s.Duration, d.source.Width*d.source.Height)
	}
	if stop != nil {
		return stop
	}
	if lost = errors.Join(lost, failed); lost != nil {
		return fmt.Errorf("decode %s sample of %d bytes at %v: %w", d.source.Codec, len(s.Data), s.PTS, lost)
	}
	return nil
}

// change makes f the format of the samples that follow: at once where the
// decoder can go on, else behind the pictures that it still holds. It takes
// effect even where stop says that those were not wanted.
func (d *videoDecoder) change(f *platform.Format) (lost, stop error) {
	if d.codec != nil && decodesAlike(&d.codec.format, f) {
		d.source = f
		return nil, nil
	}
	return d.reopen(f)
}

// adapt changes the number of threads where another one serves better. Where the
// samples configure the decoder, it would forget the configuration.
func (d *videoDecoder) adapt() (lost, stop error) {
	if d.codec == nil || len(d.source.Config) == 0 || d.pace.threads(d.source.Width*d.source.Height) == d.codec.threads {
		return nil, nil
	}
	return d.reopen(d.source)
}

// reopen lets go of the pictures still held and begins anew with f.
func (d *videoDecoder) reopen(f *platform.Format) (lost, stop error) {
	if d.codec != nil {
		lost, stop = d.codec.drain(d)
		d.codec.close()
		d.codec = nil
	}
	d.source = f
	c, err := openCodec(*f, d.pace.threads(f.Width*f.Height), d.on)
	if err != nil {
		return errors.Join(lost, err), stop
	}
	d.codec = c
	setEffort(c.ctx, d.effort)
	return lost, stop
}

func (d *videoDecoder) Drain(out func(*platform.Picture) error) error {
	d.out = out
	defer func() { d.out = nil }()
	if d.codec == nil {
		return nil
	}
	lost, stop := d.codec.drain(d)
	if stop != nil {
		return stop
	}
	if lost != nil {
		return fmt.Errorf("drain %s decoder: %w", d.source.Codec, lost)
	}
	return nil
}

func (d *videoDecoder) Flush() error {
	if d.codec != nil {
		d.codec.flush()
	}
	d.history = history{last: d.history.last}
	d.fields.forget()
	return nil
}

func (d *videoDecoder) SetEffort(level platform.EffortLevel) {
	d.effort = level
	if d.codec != nil {
		setEffort(d.codec.ctx, level)
	}
}

func (d *videoDecoder) Threads() (now, most int) {
	if d.codec == nil {
		return 1, d.pace.max
	}
	if len(d.source.Config) == 0 { // they do not change, see adapt
		return d.codec.threads, d.codec.threads
	}
	return d.codec.threads, d.pace.max
}

func (d *videoDecoder) Close() error {
	if d.codec != nil {
		d.codec.close()
		d.codec = nil
	}
	if d.spare != nil {
		d.spare.release()
		d.spare = nil
	}
	d.fields.forget()
	d.convert.close()
	d.pool.close()
	return nil
}

func (d *videoDecoder) frame() *astiav.Frame {
	if d.spare == nil {
		d.spare = d.pool.get()
	}
	if d.spare == nil {
		return nil
	}
	return d.spare.Frame
}

func (d *videoDecoder) take() (lost, stop error) {
	held := d.spare
	d.spare = nil
	if c := d.codec.format.Codec; bidirectional(held.Frame) && (c == platform.VC1 || c == platform.WMV3) {
		d.history.inOrder(held.Pts())
	}
	s, known := d.history.take(held.Pts())
	if !known {
		s = sent{pts: d.next, source: d.source}
	}
	held, err := d.fetched(held)
	if err != nil {
		return err, nil
	}
	p, err := d.picture(held, s)
	if err != nil {
		return err, nil
	}
	d.next = s.pts + s.duration
	began := time.Now()
	stop = d.out(p)
	d.away += time.Since(began)
	return nil, stop
}
