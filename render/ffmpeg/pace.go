package ffmpeg

import (
	"math"
	"time"
)

const (
	// roomy is the share of the time of a picture that one thread may take to
	// decode it before another joins.
	roomy = 0.5
	// surePictures is how many pictures must have been timed to judge by.
	surePictures = 8
)

// pace chooses how many threads decode. One costs the least processor time,
// memory and delay; more are taken where it would not be in time. What one thread
// takes is learned while it is alone, by pixel, so that a change to larger
// pictures is prepared for.
type pace struct {
	max    int     // threads
	fixed  bool    // always max
	cost   float64 // of decoding, in ns a pixel
	period float64 // of a picture, in ns
	timed  int     // pictures
}

// observe learns from one sample that took a time to decode by one thread.
func (p *pace) observe(took, duration time.Duration, pixels int) {
	if pixels <= 0 || duration <= 0 {
		return
	}
	p.timed++
	weight := 1 / float64(min(p.timed, 2*surePictures))
	p.cost += weight * (float64(took)/float64(pixels) - p.cost)
	p.period += weight * (float64(duration) - p.period)
}

// threads is how many are to decode pictures of that size.
func (p *pace) threads(pixels int) int {
	switch {
	case p.fixed:
		return p.max
	case p.timed < surePictures:
		return 1
	}
	return max(1, min(p.max, int(math.Ceil(p.cost*float64(pixels)/p.period/roomy))))
}
