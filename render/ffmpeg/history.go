package ffmpeg

import (
	"time"

	"smoothplay/platform"
)

// A sent says what a decoded frame cannot carry through the decoder.
type sent struct {
	number        int64 // of the sample, from 1; 0: empty
	pts, duration time.Duration
	key           bool
	source        *platform.Format
}

// history remembers the samples that were sent to a decoder. The packet carries
// the number of its sample in place of a time stamp, so that times come out as
// they went in, whatever the decoder thinks of them, and two samples with the
// same time stay two. It holds more samples than any decoder delays.
type history struct {
	last int64
	ring [256]sent
}

// add remembers a sample and returns its number.
func (h *history) add(s sent) int64 {
	h.last++
	s.number = h.last
	h.ring[h.last%int64(len(h.ring))] = s
	return h.last
}

// inOrder makes the times of a B-picture, which is about to be taken, those of
// presentation. Samples that come out of ASF files, as those of VC-1 do, may
// bear the time at which they are decoded: a picture that is shown before one
// that was sent before it cannot have the later time, and both exchange theirs.
func (h *history) inOrder(number int64) {
	p := h.at(number)
	if p == nil {
		return
	}
	const most = 8 // B-pictures in a row
	for i := number - 1; i >= number-most; i-- {
		if before := h.at(i); before != nil { // the picture that p refers to forwards
			if before.pts < p.pts {
				before.pts, p.pts = p.pts, before.pts
				before.duration, p.duration = p.duration, before.duration
			}
			return
		}
	}
}

// at is the sample of a number that was not taken yet; nil: there is none.
func (h *history) at(number int64) *sent {
	if number <= 0 {
		return nil
	}
	if p := &h.ring[number%int64(len(h.ring))]; p.number == number {
		return p
	}
	return nil
}

// take finds the sample of a number, once.
func (h *history) take(number int64) (s sent, ok bool) {
	p := h.at(number)
	if p == nil {
		return sent{}, false
	}
	s, *p = *p, sent{}
	return s, true
}
