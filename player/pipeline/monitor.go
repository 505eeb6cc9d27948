package pipeline

import (
	"slices"
	"sync"
	"time"

	"smoothplay/platform"
)

// maxNews bounds each list of a Report, so that a loop that is slow to take it
// cannot make it grow.
const maxNews = 256

// Shown tells of the first picture of a format on the screen.
type Shown struct {
	Epoch  uint64
	Format *platform.Format // Source of the picture
	PTS    time.Duration
	At     time.Time // when it became visible
	First  bool      // the first picture of the epoch
}

// OnScreen is a picture that is shown: from PTS to End.
type OnScreen struct {
	Epoch    uint64
	PTS, End time.Duration
}

// Decode tells how long a video sample took to decode.
type Decode struct {
	Took   time.Duration
	Source *platform.Format // of the sample
}

// Failure is something that could not be decoded or played.
type Failure struct {
	Kind platform.Kind
	ID   int // of the branch of sound, by NewAudio, or the video, by Video.Name; 0: not of one
	Row  int // how many samples in a row were lost without any that was not; 0: none was
	PTS  time.Duration
	Err  error
}

// Path tells how a branch is decoded, see [platform.PathNamer].
type Path struct {
	Kind platform.Kind
	ID   int // of the branch of sound, by NewAudio; 0: not of one
	Name string
}

// pathOf is how d decodes; "": it does not say.
func pathOf(d any) string {
	if n, ok := d.(platform.PathNamer); ok {
		return n.Path()
	}
	return ""
}

// Counters count since the pipeline began.
type Counters struct {
	Decoded  int // pictures that came out of the decoder
	Skipped  int // samples not decoded: neither shown nor referred to
	Preroll  int // pictures decoded only to reach the place sought
	Omitted  int // samples not decoded: too late anyway
	Spared   int // samples not decoded: the effort leaves them out
	Late     int // pictures due already when they left the decoder
	Shown    int
	Dropped  int // decoded, and too late
	Repeated int // stayed for more than a second period, for want of the next
	Gaps     int // places in the sound filled with silence
	// ShowTime is the time the sink took for the Shown pictures.
	ShowTime time.Duration
}

// Report is what happened since the last Take.
type Report struct {
	Counters
	Firsts   []Shown // first pictures of an epoch or of a format
	Failures []Failure
	Paths    []Path          // that are new
	Decodes  []Decode        // of each video sample
	Offsets  []time.Duration // media time heard less that of the picture, as pictures appeared
	Cues     []Cue           // that begin to be shown
	// Threads decode, and MostThreads may; 0: the decoder does not tell.
	Threads, MostThreads int
	// Period is how long the latest picture lasts.
	Period time.Duration
	// OnScreen is the latest picture shown.
	OnScreen OnScreen
	// Began is the latest epoch of which a picture was shown.
	Began uint64
	// VideoEnded, AudioEnded: the epoch in which the last picture was shown for
	// its whole time, and the last sound was heard; AudioReady: in which enough
	// sound is queued to begin. They are 0 until then: epochs count from 1.
	VideoEnded, AudioEnded, AudioReady uint64
	// VideoLost and AudioLost: the device is gone.
	VideoLost, AudioLost error
	// Spliced names the branch of sound that plays, by Branch.ID.
	Spliced int
	// Turned names the video that took over the screen last, by Video.Name, and
	// TurnedAt when its first picture was visible; 0: none did.
	Turned   int
	TurnedAt time.Time
}

// Monitor collects what happens in a pipeline for the control loop. Notify
// holds one token while there is news.
type Monitor struct {
	Notify chan struct{}

	mu sync.Mutex
	r  Report // guarded by mu
}

// NewMonitor returns an empty Monitor.
func NewMonitor() *Monitor { return &Monitor{Notify: make(chan struct{}, 1)} }

// Take returns the report and empties its lists. What is not a list stays.
func (m *Monitor) Take() Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.r
	r.Firsts = slices.Clone(r.Firsts)
	r.Failures = slices.Clone(r.Failures)
	r.Paths = slices.Clone(r.Paths)
	r.Offsets = slices.Clone(r.Offsets)
	r.Decodes = slices.Clone(r.Decodes)
	r.Cues = slices.Clone(r.Cues)
	m.r.Firsts = m.r.Firsts[:0]
	m.r.Failures = m.r.Failures[:0]
	m.r.Paths = m.r.Paths[:0]
	m.r.Offsets = m.r.Offsets[:0]
	m.r.Decodes = m.r.Decodes[:0]
	m.r.Cues = m.r.Cues[:0]
	return r
}

// OnScreen is the latest picture shown.
func (m *Monitor) OnScreen() OnScreen {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.r.OnScreen
}

// count changes the report without telling anyone.
func (m *Monitor) count(change func(*Report)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.r)
}

// tell changes the report and says that there is news.
func (m *Monitor) tell(change func(*Report)) {
	m.count(change)
	select {
	case m.Notify <- struct{}{}:
	default:
	}
}

// fail reports a failure.
func (m *Monitor) fail(f Failure) {
	m.tell(func(r *Report) { r.Failures = appendBounded(r.Failures, f) })
}

// path reports how a branch is decoded from now on.
func (m *Monitor) path(p Path) {
	m.tell(func(r *Report) { r.Paths = appendBounded(r.Paths, p) })
}

// appendBounded appends x unless the list is full.
func appendBounded[T any](list []T, x T) []T {
	if len(list) >= maxNews {
		return list
	}
	return append(list, x)
}
