package renderload

import "time"

// Observation is one second of rendering, or about that.
type Observation struct {
	Now   time.Duration // since the session began
	Level int           // of the pictures that were due
	// Lowest is the lowest level that there is to go down to: limits of a user may
	// leave none below Level.
	Lowest int
	// PicturePeriod is the time there is for a picture: its duration divided by
	// the rate of playing.
	PicturePeriod time.Duration
	// DecodeMean and DecodeP95 are the time that a picture kept the decode loop
	// busy, waiting for the screen left out, and Showing the screen on average.
	DecodeMean, DecodeP95, Showing time.Duration
	Decoded                        int // pictures
	Shown                          int
	// Dropped pictures were too late to be shown or even decoded. What the effort
	// left out is not among them.
	Dropped int
	// Spared pictures were never given to the decoder, for the effort.
	Spared int
	// Late pictures were due already when they left the decoder, shown or not:
	// the queue before the screen had run dry.
	Late int
	// Starved: there was nothing to decode for a part of the time; what came
	// late is not the device's fault.
	Starved bool
	// Ignore: the second says nothing (start, seek, resume, another surface, the
	// window is hidden, a rate above 1).
	Ignore bool
	// Threads decode at once, and MostThreads may; 0: one.
	Threads, MostThreads int
	// Device and Process are loads of the whole device and of this process as
	// shares of it; 0, 0: not known.
	Device, Process float64
	Throttled       bool // the clock is held down
}

// waiting is the share of a period from which a decoder of several threads makes
// the decode loop wait.
const waiting = 0.05

// load is the share of what all Threads can do that decoding and showing took.
// Several threads work while the decode loop waits for the screen: only what is
// beyond that shows, as time that the loop waited for the decoder. Where nothing
// shows, exact is false and the load is at most what is returned.
func (o *Observation) load(took time.Duration) (load float64, exact bool) {
	period, n := float64(o.PicturePeriod), float64(max(o.Threads, 1))
	given := max(o.Decoded, 1)
	load = float64(took) / period * float64(given) / float64(given+max(o.Spared, 0))
	showing := float64(o.Showing) / period / n
	switch {
	case n == 1 || load >= 1:
		return load + showing, true
	case load > waiting:
		return (load+n-1)/n + showing, true
	}
	return (n-1)/n + showing, false
}

// Reason says why the cap or the effort changed: a stable word of the
// measurement format.
type Reason string

// The reasons.
const (
	Unchanged   Reason = ""
	ManyDropped Reason = "many_dropped" // a fifth of the pictures and more: two levels down, or more
	SomeDropped Reason = "dropped"      // some, and the load explains them
	DecodeSlow  Reason = "decode_slow"  // none yet, but the time does not suffice for long
	Predicted   Reason = "predicted"    // a level above would be too much by now
	Offered     Reason = "offered"      // more levels are known or predicted to fit
	Probe       Reason = "probe"        // one level up, on trial
	LessEffort  Reason = "less_effort"  // no lower level is left: the decoder leaves work out
	MoreEffort  Reason = "more_effort"  // the load allows some of it again
)

// Effort is how much of the work of decoding is done, as platform.EffortLevel:
// the last resort where no lower level is left.
type Effort uint8

// The levels of effort.
const (
	FullEffort   Effort = iota
	NoLoopFilter        // every picture, less smooth
	References          // only pictures that others refer to
	Keys                // only key pictures
)

// String is the word of the measurement format: "full", "no_loop_filter",
// "references" or "keys".
func (e Effort) String() string {
	return [...]string{"full", "no_loop_filter", "references", "keys"}[min(e, Keys)]
}

// remains is the share of the work that is left at an effort, as FFmpeg's H.264
// decoder has it for streams with B pictures.
// What is given to the decoder says more where samples are left out before it.
var remains = [...]float64{FullEffort: 1, NoLoopFilter: 0.88, References: 0.6, Keys: 0.1}

// sparedCost is what a picture that nothing refers to takes, as a share of what
// the others do.
const sparedCost = 0.75
