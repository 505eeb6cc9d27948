package text

import (
	"time"

	"smoothplay/platform"
)

// base knows whether the documents of a stream count their times from the start
// of the fragment, as every player of Smooth Streaming takes them, or from that
// of the presentation, as encoders of DASH and broken ones do.
type base struct{ absolute bool }

// slack is how much a time may be beside its fragment.
const slack = time.Second

// place moves cues from the times of their document, which came with the sample at
// start, to the timeline of the item. Where both readings make sense, that of the
// fragments before holds: on a short chunk at the beginning of a stream a time can
// be either.
func (b *base) place(cues []platform.Cue, start, duration time.Duration) {
	if len(cues) == 0 {
		return
	}
	first, last := Forever, time.Duration(0)
	within := false // in the presentation's time one would be shown during the sample
	for _, c := range cues {
		first, last = min(first, c.Begin), max(last, c.Begin)
		within = within || c.End > start-slack && (duration == 0 || c.Begin < start+duration+slack)
	}
	if start > 0 {
		relative := first < duration && last < duration+slack
		absolute := within
		if duration == 0 {
			absolute = first >= start-slack
			relative = !absolute
		}
		if relative != absolute {
			b.absolute = absolute
		}
	}
	if !b.absolute || start <= 0 {
		shift(cues, start)
	}
}

// shift moves cues by d.
func shift(cues []platform.Cue, d time.Duration) {
	for i := range cues {
		c := &cues[i]
		c.Begin = add(c.Begin, d)
		c.End = add(c.End, d)
	}
}

// add is a sum that ends at Forever; times of documents are not negative.
func add(a, b time.Duration) time.Duration {
	if b > 0 && a > Forever-b {
		return Forever
	}
	if a == Forever {
		return Forever
	}
	return a + b
}
