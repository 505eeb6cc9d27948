//go:build cgo

package ffmpeg

import (
	"errors"
	"fmt"
	"time"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

// maxDrift is how far the times of samples may be from the frames counted
// before the count begins anew: below it are encoders that round their times.
const maxDrift = 20 * time.Millisecond

// audioDecoder is a platform.AudioDecoder.
type audioDecoder struct {
	codec   *codec           // nil: the last format could not be opened, or closed
	source  *platform.Format // of the samples from now on
	want    platform.PCMFormat
	history history
	latest  time.Duration // PTS of the last sample sent
	current *astiav.Frame
	closed  bool

	resampler resampler
	input     inputFormat // that the resampler was opened for
	clock     pcmClock
	buffer    []byte

	out func(*platform.PCM) error // of the call that runs
	pcm platform.PCM
}

// inputFormat is what the decoder delivers: for HE-AAC it is not what the
// manifest said.
type inputFormat struct {
	format         astiav.SampleFormat
	rate, channels int
	mask           uint64
}

func newAudioDecoder(c *codec, want platform.PCMFormat) *audioDecoder {
	return &audioDecoder{codec: c, source: &c.format, want: want, current: astiav.AllocFrame()}
}

func (d *audioDecoder) Decode(s *platform.Sample, out func(*platform.PCM) error) error {
	d.out = out
	defer func() { d.out = nil }()
	if d.closed {
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
	if d.codec == nil {
		return errors.Join(lost, errors.New("no decoder is open for the format of the sample"))
	}
	if d.codec.drained {
		d.restart()
	}
	d.latest = s.PTS
	number := d.history.add(sent{pts: s.PTS, duration: s.Duration})
	failed, stop := d.codec.decode(s.Data, number, s.Key, d)
	if stop != nil {
		return stop
	}
	if lost = errors.Join(lost, failed); lost != nil {
		return fmt.Errorf("decode %s sample of %d bytes at %v: %w", d.source.Codec, len(s.Data), s.PTS, lost)
	}
	return nil
}

// change makes f the format of the samples that follow, even where stop says
// that what came before them was not wanted. The resampler stays, so that a
// change of level is not heard.
func (d *audioDecoder) change(f *platform.Format) (lost, stop error) {
	if d.codec != nil && decodesAlike(&d.codec.format, f) {
		d.source = f
		return nil, nil
	}
	if d.codec != nil {
		lost, stop = d.codec.drain(d)
		d.codec.close()
		d.codec = nil
	}
	d.source = f
	c, err := openCodec(*f, 1, nil)
	if err != nil {
		return errors.Join(lost, err), stop
	}
	d.codec = c
	return lost, stop
}

func (d *audioDecoder) Drain(out func(*platform.PCM) error) error {
	d.out = out
	defer func() { d.out = nil }()
	if d.codec == nil {
		return nil
	}
	lost, stop := d.codec.drain(d)
	if stop == nil {
		var failed error
		failed, stop = d.finish()
		lost = errors.Join(lost, failed)
	}
	if stop != nil {
		return stop
	}
	if lost != nil {
		return fmt.Errorf("drain %s decoder: %w", d.source.Codec, lost)
	}
	return nil
}

func (d *audioDecoder) Flush() error {
	if d.codec != nil {
		d.codec.flush()
	}
	d.restart()
	return nil
}

// restart forgets what the resampler holds, and the time.
func (d *audioDecoder) restart() {
	d.resampler.restart()
	d.clock.stop()
}

func (d *audioDecoder) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	if d.codec != nil {
		d.codec.close()
		d.codec = nil
	}
	d.resampler.close()
	if d.current != nil {
		d.current.Free()
	}
	return nil
}

// Path is "software".
func (d *audioDecoder) Path() string { return "software" }

func (d *audioDecoder) frame() *astiav.Frame { return d.current }

// take converts the current frame and hands it out.
func (d *audioDecoder) take() (lost, stop error) {
	f := d.current
	defer f.Unref()
	in := inputFormat{f.SampleFormat(), f.SampleRate(), channels(f), channelMask(f)}
	if in.rate <= 0 || in.channels <= 0 || f.NbSamples() <= 0 {
		return nil, nil
	}
	s, known := d.history.take(f.Pts())
	if !known && !d.clock.running {
		s.pts, known = d.latest, true
	}
	moved := known && (!d.clock.running || d.clock.jumped(s.pts, d.tolerance(f.NbSamples(), in.rate)))
	changed := d.resampler.c == nil || in != d.input
	if moved || changed {
		if lost, stop = d.finish(); stop != nil {
			return nil, stop
		}
	}
	if moved {
		d.clock.start(s.pts, in.rate, d.want.Rate)
	}
	if changed {
		d.resampler.close()
		r, ok := openResampler(f, d.want)
		if !ok {
			return fmt.Errorf("convert sound of %d Hz and %d channels: %w", in.rate, in.channels, platform.ErrUnsupported), nil
		}
		d.resampler, d.input = r, in
	}
	d.clock.took(f.NbSamples(), in.rate)
	failed, stop := d.deliver(f)
	return errors.Join(lost, failed), stop
}

// tolerance is how far a frame of n samples may be from where the last one
// ended. It is wider for WMA, where a packet begins with the rest of a frame
// that the packet before it began.
func (d *audioDecoder) tolerance(n, rate int) time.Duration {
	if isWMA(d.source.Codec) {
		return maxDrift + 2*time.Duration(n)*time.Second/time.Duration(rate)
	}
	return maxDrift
}

// finish hands out what the resampler holds back, and restarts it.
func (d *audioDecoder) finish() (lost, stop error) {
	if d.resampler.c == nil || d.input.rate == d.want.Rate || !d.clock.running {
		return nil, nil
	}
	lost, stop = d.deliver(nil)
	d.resampler.restart()
	return lost, stop
}

// deliver converts f, or with nil what is left, and calls out.
func (d *audioDecoder) deliver(f *astiav.Frame) (lost, stop error) {
	n := 0
	if f != nil {
		n = f.NbSamples()
	}
	room := d.resampler.pending(n) + 32
	if need := room * d.want.FrameBytes(); cap(d.buffer) < need {
		d.buffer = make([]byte, need)
	}
	got := d.resampler.convert(d.buffer[:cap(d.buffer)], room, f)
	if got < 0 {
		return fmt.Errorf("resample sound: %s", astiav.Error(got)), nil
	}
	if got == 0 {
		return nil, nil
	}
	d.pcm = platform.PCM{PTS: d.clock.gave(got), Data: d.buffer[:got*d.want.FrameBytes()]}
	return nil, d.out(&d.pcm)
}
