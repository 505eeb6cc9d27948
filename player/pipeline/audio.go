package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"smoothplay/platform"
	"smoothplay/player/buffer"
)

const (
	// soundQueue is how many pieces of PCM wait for the feeder: with AAC about
	// 170 ms.
	soundQueue = 8
	// soundPreroll is how much before a place sought sound is decoded, so that a
	// codec that overlaps its frames has settled there.
	soundPreroll = 50 * time.Millisecond
)

// sound is a piece of PCM, or the end of the epoch where data is nil.
type sound struct {
	epoch uint64
	pts   time.Duration
	data  []byte
}

// Audio decodes one audio track.
type Audio struct {
	id       int
	queue    *buffer.Queue
	decoders platform.Decoders
	monitor  *Monitor
	format   platform.PCMFormat
	pieces   chan sound
	pool     *sync.Pool // of []byte, returned by the feeder
	unlock   Unlocker
	coded    bool // the sound is a bitstream

	kept *sound // taken for a splice, to be played after all; belongs to the feeder

	// The following belong to the goroutine of Run.
	decoder platform.AudioDecoder
	codec   platform.Codec // that decoder was told last
	epoch   uint64
	start   time.Duration
	until   time.Duration // what is heard there or later is left out
	cut     buffer.Cut    // as of Video
	failed  int           // samples lost since the last sound
	path    string        // of decoder, as told to the monitor
}

// NewAudio returns the decode loop of the track that queue holds. format is
// what the sound device takes; id names the track in reports.
func NewAudio(id int, queue *buffer.Queue, decoders platform.Decoders, format platform.PCMFormat, monitor *Monitor) *Audio {
	return &Audio{
		id: id, queue: queue, decoders: decoders, monitor: monitor, format: format,
		pieces: make(chan sound, soundQueue),
		pool:   &sync.Pool{New: func() any { return new([]byte) }},
	}
}

// Lock is Video.Lock.
func (a *Audio) Lock(u Unlocker) { a.unlock = u }

// Bitstream is Feeder.Bitstream: the decoders pack samples, and each piece stays
// whole. To be called before Run.
func (a *Audio) Bitstream() { a.coded = true }

// Run decodes until ctx is done. What cannot be decoded is reported to the
// Monitor and left out; the feeder fills the place with silence.
func (a *Audio) Run(ctx context.Context) error {
	defer func() {
		a.queue.Stop()
		if a.decoder != nil {
			a.decoder.Close()
		}
	}()
	for {
		e, err := a.queue.Next(ctx)
		if err != nil {
			return err
		}
		if e.Epoch != a.epoch {
			a.begin(e)
		}
		a.until = e.Until
		if e.End {
			err = a.end(ctx)
		} else {
			err = a.decode(ctx, &e)
		}
		switch {
		case err == nil || errors.Is(err, errStale):
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			a.failed++
			a.monitor.fail(Failure{Kind: platform.Audio, ID: a.id, Row: a.failed, PTS: e.Sample.PTS, Err: err})
		}
	}
}

func (a *Audio) begin(e buffer.Entry) {
	a.epoch, a.start = e.Epoch, e.Start
	if e.Fragment != nil {
		a.cut = e.Fragment.Cut
	}
	switch {
	case a.decoder == nil:
	case e.Fragment != nil && e.Fragment.Format.Codec != a.codec:
		a.reopen() // another presentation
	default:
		if err := a.decoder.Flush(); err != nil {
			a.monitor.fail(Failure{Kind: platform.Audio, ID: a.id, PTS: e.Start, Err: fmt.Errorf("flushing the audio decoder: %w", err)})
			a.reopen()
		}
	}
}

// reopen is Video.reopen.
func (a *Audio) reopen() {
	a.decoder.Close()
	a.decoder = nil
}

func (a *Audio) decode(ctx context.Context, e *buffer.Entry) error {
	s := &e.Sample
	if e.Fragment.Cut != a.cut {
		if err := a.newCut(ctx, e.Fragment.Cut); err != nil {
			return err
		}
	}
	if s.PTS+s.Duration <= max(a.start, a.cut.From)-soundPreroll && s.Format == nil {
		return nil
	}
	if open, err := unlock(ctx, a.unlock, e); !open {
		return err
	}
	format := e.Fragment.Format
	opened := a.decoder == nil
	if opened {
		d, err := a.decoders.OpenAudio(*format, a.format)
		if err != nil {
			return fmt.Errorf("opening a decoder for %s: %w", format.Codec, err)
		}
		a.decoder = d
		s.Format = format
	}
	a.codec = format.Codec
	err := a.decoder.Decode(s, func(p *platform.PCM) error { return a.deliver(ctx, p) })
	if !opened && s.Format != nil && errors.Is(err, platform.ErrUnsupported) {
		if err := a.drain(ctx); err != nil { // as Video does
			return err
		}
		a.reopen()
		return a.decode(ctx, e)
	}
	if path := pathOf(a.decoder); path != a.path {
		a.path = path
		a.monitor.path(Path{Kind: platform.Audio, ID: a.id, Name: path})
	}
	if errors.Is(err, errStale) || ctx.Err() != nil {
		return err
	}
	decoded(a.unlock, err)
	if err != nil {
		return fmt.Errorf("decoding %s at %v: %w", format.Codec, s.PTS, err)
	}
	return nil
}

// newCut goes on with what does not refer to what was decoded before.
func (a *Audio) newCut(ctx context.Context, cut buffer.Cut) error {
	if err := a.drain(ctx); err != nil {
		return err
	}
	a.cut = cut
	if a.decoder == nil {
		return nil
	}
	return a.decoder.Flush()
}

func (a *Audio) end(ctx context.Context) error {
	if err := a.drain(ctx); err != nil {
		return err
	}
	return a.send(ctx, sound{epoch: a.epoch})
}

// drain delivers what the decoder holds.
func (a *Audio) drain(ctx context.Context) error {
	if a.decoder == nil {
		return nil
	}
	return a.decoder.Drain(func(p *platform.PCM) error { return a.deliver(ctx, p) })
}

// deliver passes on what of p lies after the place sought.
func (a *Audio) deliver(ctx context.Context, p *platform.PCM) error {
	a.failed = 0
	data, pts := p.Data, p.PTS
	from, cut := max(a.start, a.cut.From), a.cut != (buffer.Cut{})
	switch {
	case !a.coded:
		data, pts = trimFront(a.format, data, pts, from)
		if cut {
			data = data[:min(len(data), max(frames(a.format, a.cut.To-pts), 0)*a.format.FrameBytes())]
		}
	case pts < from-tolerance, cut && pts >= a.cut.To-tolerance:
		return nil // it would begin before the place sought, or behind the end
	}
	if end := pts + a.format.Duration(len(data)); !a.coded && end > a.until {
		data = data[:max(len(data)-frames(a.format, end-a.until)*a.format.FrameBytes(), 0)]
	} else if a.coded && pts >= a.until {
		return nil
	}
	if len(data) == 0 {
		return nil
	}
	buf := a.pool.Get().(*[]byte)
	return a.send(ctx, sound{a.epoch, pts, append((*buf)[:0], data...)})
}

// recycle takes back the memory of a piece.
func (a *Audio) recycle(data []byte) { a.pool.Put(&data) }

func (a *Audio) send(ctx context.Context, s sound) error {
	if a.queue.Epoch() != a.epoch {
		return errStale
	}
	select {
	case a.pieces <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// trimFront cuts off what lies before from, in whole frames.
func trimFront(f platform.PCMFormat, data []byte, pts, from time.Duration) ([]byte, time.Duration) {
	if pts >= from {
		return data, pts
	}
	n := frames(f, from-pts) * f.FrameBytes()
	if n >= len(data) {
		return nil, pts + f.Duration(len(data))
	}
	return data[n:], pts + f.Duration(n)
}

// frames is d in frames, to the nearest.
func frames(f platform.PCMFormat, d time.Duration) int {
	return int((int64(d)*int64(f.Rate) + int64(time.Second)/2) / int64(time.Second))
}
