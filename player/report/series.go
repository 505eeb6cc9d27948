package report

import (
	"time"

	"smoothplay/player/event"
)

// Bounds of a Series.
const (
	maxPoints = 100_000          // in each list
	maxText   = 400              // runes of each string
	maxTime   = 1000 * time.Hour // of any time
	maxLevels = 64               // candidates of a decision, levels of a Summary
)

// Series is one session as it is drawn. All times but media times are on the
// clock of event.Event.At, since Run began; within each list they never
// decrease, except in Transfers, which are in the order in which they ended.
// Collector and Read fill it in within the bounds of this package; whoever fills
// it in by hand keeps to them. Every field may be empty: what is not there is
// not drawn.
type Series struct {
	Name     string            `json:"name"` // of the run, for the reader
	URL      string            `json:"url"`  // redacted
	Policy   string            `json:"policy"`
	Versions map[string]string `json:"versions,omitempty"`
	Length   time.Duration     `json:"length_ns"` // of the session
	// Unfinished: the log ends before the session did.
	Unfinished bool `json:"unfinished,omitempty"`
	// Cut: the session has more to it than the lists hold.
	Cut     bool          `json:"cut,omitempty"`
	Summary event.Summary `json:"summary"`

	Ladder    []int64    `json:"ladder_bps"` // bitrates of the video levels, ascending
	Transfers []Transfer `json:"transfers"`
	Decisions []Decision `json:"decisions"`
	Shown     []Shown    `json:"shown"`
	Estimates []Estimate `json:"estimates"`
	Buffers   []Buffer   `json:"buffers"`
	Frames    []Frames   `json:"frames"`
	Caps      []Cap      `json:"caps"` // where it changed
	Spans     []Span     `json:"spans"`
	Marks     []Mark     `json:"marks"`
}

// Transfer is one request for a fragment.
type Transfer struct {
	Track      string        `json:"track"` // "video", "audio" or "text"
	Asked      time.Duration `json:"asked_ns"`
	FirstByte  time.Duration `json:"first_byte_ns"` // Asked where none came
	End        time.Duration `json:"end_ns"`
	Level      int           `json:"level"`
	BitrateBPS int64         `json:"bitrate_bps"`
	Bytes      int64         `json:"bytes"`
	// RateBPS is the raw throughput: the bytes over the time of the body, or over
	// the whole time where the body came at once; 0: nothing came.
	RateBPS  int64         `json:"rate_bps"`
	Start    time.Duration `json:"start_ns"` // in media
	Duration time.Duration `json:"duration_ns"`
	Outcome  event.Outcome `json:"outcome"`
}

// Decision is what the policy chose, and what it saw.
type Decision struct {
	At         time.Duration `json:"at_ns"`
	Pos        time.Duration `json:"pos_ns"` // the playhead
	Track      string        `json:"track"`
	Chunk      int           `json:"chunk"`
	Start      time.Duration `json:"start_ns"` // of the chunk, in media
	From       int           `json:"from"`     // level before; -1: none
	Level      int           `json:"level"`
	FromBPS    int64         `json:"from_bps"`
	BitrateBPS int64         `json:"bitrate_bps"`
	Reason     string        `json:"reason"`
	Abandon    bool          `json:"abandon,omitempty"`
	Buffered   time.Duration `json:"buffered_ns"`
	Goal       time.Duration `json:"goal_ns"`
	Bandwidth  int64         `json:"bandwidth_bps"`
	Error      float64       `json:"bandwidth_error"`
	CapBPS     int64         `json:"cap_bps"` // of the render load; 0: none
	// Candidates are the levels considered, with their scores.
	Candidates []Candidate `json:"candidates,omitempty"`
}

// Candidate is a level that was considered; a higher score is better.
type Candidate struct {
	Level      int     `json:"level"`
	BitrateBPS int64   `json:"bitrate_bps"`
	Score      float64 `json:"score"`
}

// Shown is a level that came on the screen.
type Shown struct {
	At         time.Duration `json:"at_ns"`
	Level      int           `json:"level"`
	BitrateBPS int64         `json:"bitrate_bps"`
	Width      int           `json:"width"`
	Height     int           `json:"height"`
}

// Estimate is the bandwidth as it was believed from At on; Error is its relative
// uncertainty.
type Estimate struct {
	At    time.Duration `json:"at_ns"`
	BPS   int64         `json:"bps"`
	Error float64       `json:"error"`
}

// Buffer is what was buffered of a track ahead of the playhead.
type Buffer struct {
	At    time.Duration `json:"at_ns"`
	Track string        `json:"track"`
	Ahead time.Duration `json:"ahead_ns"`
	Goal  time.Duration `json:"goal_ns,omitempty"` // at most to be gathered; 0: not told
}

// Frames is what became of the pictures between the Frames before and At, by
// the second.
type Frames struct {
	At      time.Duration `json:"at_ns"`
	Encoded float64       `json:"encoded"` // pictures a second of what is played; 0: not known
	Shown   float64       `json:"shown"`
	Lost    float64       `json:"lost"` // dropped or not even decoded
}

// Cap is the highest level that the render load leaves, from At on.
type Cap struct {
	At         time.Duration `json:"at_ns"`
	Level      int           `json:"level"`
	BitrateBPS int64         `json:"bitrate_bps"`
	Full       bool          `json:"full"` // it leaves all levels
}

// SpanKind is what a Span is about.
type SpanKind string

// The kinds of spans.
const (
	Startup SpanKind = "startup" // until the first picture
	Stall   SpanKind = "stall"
	Paused  SpanKind = "pause"
	Seeking SpanKind = "seek"
)

// Span is a time in which playing stood still.
type Span struct {
	Kind  SpanKind      `json:"kind"`
	Begin time.Duration `json:"begin_ns"`
	End   time.Duration `json:"end_ns"`
}

// MarkKind is what a Mark is about.
type MarkKind string

// The kinds of marks.
const (
	Up       MarkKind = "up"   // the screen switched to a higher level
	Down     MarkKind = "down" // to a lower one
	Sought   MarkKind = "seek"
	Pause    MarkKind = "pause"
	Play     MarkKind = "play" // after a pause
	Stalled  MarkKind = "stall"
	Selected MarkKind = "select" // another angle, language or rate
	Capped   MarkKind = "cap"    // the render cap changed
	Abandon  MarkKind = "abandon"
	Retry    MarkKind = "retry" // a request that failed
	Failover MarkKind = "failover"
	Failure  MarkKind = "error"
	Other    MarkKind = "other"
)

// Mark is something that happened at an instant.
type Mark struct {
	At   time.Duration `json:"at_ns"`
	Kind MarkKind      `json:"kind"`
	Text string        `json:"text"` // for the reader
}
