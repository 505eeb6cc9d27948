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

// take finds the sample of a number, once.
func (h *history) take(number int64) (s sent, ok bool) {
	if number <= 0 {
		return sent{}, false
	}
	p := &h.ring[number%int64(len(h.ring))]
	if p.number != number {
		return sent{}, false
	}
	s, *p = *p, sent{}
	return s, true
}
