package pipeline

import (
	"time"

	"smoothplay/platform"
)

// How stretch cuts. Sound is laid down in hops; each begins with a cross-fade
// out of what would have followed, at the place nearest to the wanted one where
// the wave is most alike.
const (
	stretchHop     = 20 * time.Millisecond
	stretchOverlap = 10 * time.Millisecond
	stretchSearch  = 9 * time.Millisecond // to each side
	stretchCoarse  = 8                    // frames between the places first looked at
)

// stretch changes how long sound lasts and keeps its pitch, by overlapping
// pieces of it where they are most alike (WSOLA: W. Verhelst and M. Roelands,
// ICASSP 1993). At rate 1 its output is its input to the bit. It serves rates
// from 0.25 to 2, and belongs to one goroutine.
type stretch struct {
	format platform.PCMFormat
	rate   float64
	hop    int // in frames, as all below
	cross  int
	search int

	in    []byte        // not yet given up
	mono  []int32       // the same, one value a frame
	base  int64         // frame of the input that in begins with
	next  int64         // frame that would follow what was put out last
	ideal float64       // where the next hop should begin, for the rate
	pts   time.Duration // media time of frame 0
}

func newStretch(f platform.PCMFormat) *stretch {
	s := &stretch{
		format: f, rate: 1,
		hop: frames(f, stretchHop), cross: frames(f, stretchOverlap), search: frames(f, stretchSearch),
	}
	return s
}

// restart forgets all sound; what is pushed next begins at pts.
func (s *stretch) restart(pts time.Duration) {
	s.in, s.mono = s.in[:0], s.mono[:0]
	s.base, s.next, s.ideal, s.pts = 0, 0, 0, pts
}

// setRate changes the rate from the next hop on.
func (s *stretch) setRate(rate float64) {
	if rate != s.rate {
		s.rate = rate
		s.ideal = float64(s.next)
	}
}

// idle reports whether s holds no sound.
func (s *stretch) idle() bool { return s.next == s.base+int64(len(s.mono)) }

// push appends sound that follows what was pushed before.
func (s *stretch) push(data []byte) {
	s.in = append(s.in, data...)
	n := s.format.FrameBytes()
	for i := 0; i+n <= len(data); i += n {
		var sum int32
		for c := i; c < i+n; c += 2 {
			sum += int32(sample(data[c:]))
		}
		s.mono = append(s.mono, sum/int32(s.format.Channels))
	}
}

// end is the media time at which what was put out ends.
func (s *stretch) end() time.Duration {
	return s.pts + time.Duration(s.next*int64(time.Second)/int64(s.format.Rate))
}

// pull appends to out what can be put out; all of it where no more will come.
func (s *stretch) pull(out []byte, last bool) []byte {
	for s.rate != 1 {
		// A hop needs what follows naturally and the farthest place looked at.
		need := max(s.next+int64(s.cross), int64(s.ideal)+int64(s.search+s.hop+s.cross))
		if need > s.base+int64(len(s.mono)) {
			if !last {
				return out
			}
			break
		}
		out = s.lay(out)
		s.forget()
	}
	// What follows, as it is.
	rest := s.in[int(s.next-s.base)*s.format.FrameBytes():]
	out = append(out, rest...)
	s.next += int64(len(rest) / s.format.FrameBytes())
	s.ideal = float64(s.next)
	s.forget()
	return out
}

// lay puts out one hop.
func (s *stretch) lay(out []byte) []byte {
	natural := int(s.next - s.base)
	at := s.best(natural, int(s.ideal)-int(s.base))
	n := s.format.FrameBytes()
	s.ideal += float64(s.hop) * s.rate
	s.next = s.base + int64(at+s.hop)
	if at == natural {
		return append(out, s.in[at*n:(at+s.hop)*n]...)
	}
	for i := range s.cross {
		up := float64(i+1) / float64(s.cross+1)
		for c := 0; c < n; c += 2 {
			old, new := float64(sample(s.in[(natural+i)*n+c:])), float64(sample(s.in[(at+i)*n+c:]))
			out = append(out, 0, 0)
			setSample(out[len(out)-2:], old+(new-old)*up)
		}
	}
	return append(out, s.in[(at+s.cross)*n:(at+s.hop)*n]...)
}

// best is the place near want from which the wave goes on most like from
// natural.
func (s *stretch) best(natural, want int) int {
	low, high := max(want-s.search, 0), want+s.search
	if natural >= low && natural <= high {
		return natural // nothing is more alike
	}
	at, most := low, -2.0
	look := func(from, to, step, stride int) {
		for i := from; i <= to; i += step {
			if likeness := s.likeness(natural, i, stride); likeness > most {
				at, most = i, likeness
			}
		}
	}
	look(low, high, stretchCoarse, stretchCoarse/2)
	most = -2
	look(max(at-stretchCoarse, low), min(at+stretchCoarse, high), 1, 2)
	return at
}

// likeness is the normalised correlation of two stretches of sound, from -1 to
// 1, looked at each stride frames.
func (s *stretch) likeness(a, b, stride int) float64 {
	x, y := s.mono[a:a+s.cross], s.mono[b:b+s.cross]
	var xy, yy float64
	for i := 0; i < len(x); i += stride {
		v := float64(y[i])
		xy += float64(x[i]) * v
		yy += v * v
	}
	if xy <= 0 {
		return -1 + 1/(1-xy)
	}
	return xy * xy / (yy + 1)
}

// forget gives up sound that no later hop needs.
func (s *stretch) forget() {
	keep := min(s.next, int64(s.ideal)-int64(s.search))
	if s.rate == 1 {
		keep = s.next
	}
	n := int(keep - s.base)
	if n < 4*s.hop && n < len(s.mono) || n <= 0 {
		return
	}
	bytes := n * s.format.FrameBytes()
	s.in = append(s.in[:0], s.in[bytes:]...)
	s.mono = append(s.mono[:0], s.mono[n:]...)
	s.base = keep
}
