package null

import (
	"encoding/binary"
	"fmt"
	"time"

	"smoothplay/platform"
)

const (
	// tolerance is how far the time of a sample may be from the end of the one
	// before it to count as its continuation: manifests round.
	tolerance = 2 * time.Millisecond
	// longest is the longest sample that is believed.
	longest = time.Minute
	// pieceFrames bounds the sound handed out in one call.
	pieceFrames = 8192
)

// audioDecoder turns every sample into sound that lasts as long as it. The
// frames are counted on the timeline, so that rounding never adds up.
type audioDecoder struct {
	by      *Decoders
	out     platform.PCMFormat
	next    int64 // frame on the timeline that follows what was called out
	restart bool  // next is not known
	buf     []byte
	closed  bool
}

func (d *audioDecoder) Decode(s *platform.Sample, out func(*platform.PCM) error) error {
	if d.closed {
		return errClosed
	}
	if err := d.by.spend(s); err != nil {
		return fmt.Errorf("null: audio sample at %v: %w", s.PTS, err)
	}
	if s.Duration < 0 || s.Duration > longest {
		return fmt.Errorf("null: audio sample at %v lasts %v: at most %v is possible", s.PTS, s.Duration, longest)
	}
	from, to := frameAt(s.PTS, d.out.Rate), frameAt(s.PTS+s.Duration, d.out.Rate)
	if slack := frameAt(tolerance, d.out.Rate); !d.restart && from-slack <= d.next && d.next <= from+slack {
		from = d.next
	}
	d.next, d.restart = max(from, to), false
	for from < to {
		n := min(to-from, pieceFrames)
		if err := out(d.piece(from, int(n))); err != nil {
			return err
		}
		from += n
	}
	return nil
}

func (d *audioDecoder) Drain(func(*platform.PCM) error) error {
	if d.closed {
		return errClosed
	}
	d.restart = true
	return nil
}

func (d *audioDecoder) Flush() error {
	if d.closed {
		return errClosed
	}
	d.restart = true
	return nil
}

func (d *audioDecoder) Close() error {
	d.closed = true
	return nil
}

func (d *audioDecoder) piece(from int64, frames int) *platform.PCM {
	size := frames * d.out.FrameBytes()
	if cap(d.buf) < size {
		d.buf = make([]byte, size)
	}
	b := d.buf[:size]
	if d.by.Signal == nil {
		clear(b) // the receiver may have scaled it
	} else {
		for i := range frames {
			for c := range d.out.Channels {
				v := d.by.Signal(from+int64(i), c)
				binary.NativeEndian.PutUint16(b[2*(i*d.out.Channels+c):], uint16(v))
			}
		}
	}
	return &platform.PCM{PTS: timeOf(from, d.out.Rate), Data: b}
}

// frameAt is the frame nearest to t.
func frameAt(t time.Duration, rate int) int64 {
	seconds, rest := t/time.Second, t%time.Second
	if rest < 0 {
		seconds, rest = seconds-1, rest+time.Second
	}
	return int64(seconds)*int64(rate) + (int64(rest)*int64(rate)+int64(time.Second)/2)/int64(time.Second)
}

// timeOf is the time at which a frame begins, rounded down.
func timeOf(frame int64, rate int) time.Duration {
	seconds, rest := frame/int64(rate), frame%int64(rate)
	return time.Duration(seconds)*time.Second + time.Duration(rest*int64(time.Second)/int64(rate))
}
