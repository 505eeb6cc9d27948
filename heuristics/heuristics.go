package heuristics

import "time"

// Level is one of the qualities that can be chosen.
type Level struct {
	BitrateBPS int64 `json:"bitrate_bps"`      // nominal, as the manifest says
	Width      int   `json:"width,omitempty"`  // pixels; 0: not known
	Height     int   `json:"height,omitempty"` // pixels; 0: not known
}

// Transfer is one finished or running transfer of a fragment, raw.
type Transfer struct {
	Level      int           `json:"level"`                 // index into Input.Levels, -1 for other tracks
	Bytes      int64         `json:"bytes"`                 // of the body so far
	Size       int64         `json:"size_bytes,omitempty"`  // of the whole body; 0: not known
	Start      time.Duration `json:"start_ns"`              // when it was asked for, since the session began
	FirstByte  time.Duration `json:"first_byte_ns"`         // from Start to the first byte of the answer; 0: none yet
	Body       time.Duration `json:"body_ns"`               // from the first byte until now or the end
	Media      time.Duration `json:"media_ns"`              // of media in the fragment
	FromStore  bool          `json:"from_store,omitempty"`  // a cache answered: says nothing of the link
	StackBPS   int64         `json:"stack_bps,omitempty"`   // what the network stack says it saw; 0: nothing
	OtherBytes int64         `json:"other_bytes,omitempty"` // received by other transfers of the session while this one ran
	// AtEdge: the fragment was the newest of a live presentation, so that the
	// server may have waited for it before it sent the first byte.
	AtEdge bool `json:"at_edge,omitempty"`
	// Marks are how far the body was from time to time, for transfers that take
	// longer than MarkEvery: a link that changes does so inside fragments too.
	Marks []Mark `json:"marks,omitempty"`
}

// A Mark is how far a transfer was at an instant.
type Mark struct {
	Body  time.Duration `json:"body_ns"` // since the first byte
	Bytes int64         `json:"bytes"`   // of the body until then
}

const (
	// MarkEvery is the least time between two Marks of a transfer.
	MarkEvery = time.Second
	// maxMarks bounds the Marks of a transfer that never ends.
	maxMarks = 120
)

// Note marks how far t is, if MarkEvery has gone by since the last Mark.
func (t *Transfer) Note() {
	var last time.Duration
	if n := len(t.Marks); n > 0 {
		last = t.Marks[n-1].Body
	}
	if t.Body-last >= MarkEvery && len(t.Marks) < maxMarks {
		t.Marks = append(t.Marks, Mark{t.Body, t.Bytes})
	}
}

// Held is a fragment in the buffer that could still be replaced by one of
// another level before it is needed.
type Held struct {
	ChunkIndex int           `json:"chunk_index"`
	Level      int           `json:"level"` // index into Input.Levels
	Duration   time.Duration `json:"duration_ns"`
	Due        time.Duration `json:"due_ns"` // from now until its first picture is to be shown
}

// Input is all that a Policy may know. It belongs to the caller; a policy
// keeps no reference to its slices. Its JSON form is part of the measurement
// format (event level_decided); floats are finite.
type Input struct {
	Now    time.Duration `json:"now_ns"` // since the session began
	Levels []Level       `json:"levels"` // ascending in BitrateBPS, at least one
	// Allowed is the set of levels that limits of the user and protection leave,
	// by index; nil: all. At least one is true.
	Allowed []bool `json:"allowed,omitempty"`
	// Current is the level of the fragment before the one to be chosen; -1:
	// none (start).
	Current int `json:"current"`
	// ChunkIndex is the ordinal of the chunk to be fetched in its stream, and
	// ChunkDuration its length in media.
	ChunkIndex    int           `json:"chunk_index"`
	ChunkDuration time.Duration `json:"chunk_duration_ns"`
	// ChunksLeft is the number of chunks from this one to the end; -1: not
	// known (live).
	ChunksLeft int `json:"chunks_left"`
	// Sizes are the known or learned sizes in bytes of this chunk by level; 0 or
	// nil: not known.
	Sizes []int64 `json:"sizes_bytes,omitempty"`
	// Buffered is the media ahead of the playhead, and Goal how much the
	// schedule will gather at most.
	Buffered time.Duration `json:"buffered_ns"`
	Goal     time.Duration `json:"goal_ns"`
	// Playing is false while the buffer fills and nothing is played (start,
	// stall, pause).
	Playing bool `json:"playing"`
	// SinceDiscontinuity counts fragments fetched since the start, or the last
	// seek, jump or change of presentation.
	SinceDiscontinuity int `json:"since_discontinuity"`
	// Transfers are the latest finished transfers of this track, oldest first
	// (at most 20).
	Transfers []Transfer `json:"transfers,omitempty"`
	// BandwidthBPS is the session's estimate, 0: none yet; BandwidthError its
	// relative uncertainty (0.2: plus or minus a fifth).
	BandwidthBPS   int64   `json:"bandwidth_bps"`
	BandwidthError float64 `json:"bandwidth_error"`
	// OthersBPS is what the other tracks of the session need of the link at
	// least: the nominal bitrates of their lowest levels that may be chosen.
	OthersBPS int64 `json:"others_bps,omitempty"`
	// RenderCap is the highest level that the device renders in time.
	RenderCap int `json:"render_cap"`
	// StartLevel, when not negative, is the level a user wants first.
	StartLevel int           `json:"start_level"`
	Live       bool          `json:"live,omitempty"`
	LiveDelay  time.Duration `json:"live_delay_ns,omitempty"` // behind the live edge
	// Running is the transfer in flight of this track, nil where none is: then
	// the question is what to fetch next, else whether to go on with it.
	Running *Transfer `json:"running,omitempty"`
	// Held are the fragments of this track that may be replaced, the next to be
	// shown first; filled in for a Replacer's Replace only.
	Held []Held `json:"held,omitempty"`
}

// Reason says why a level was chosen: a stable word of the measurement format.
type Reason string

// The reasons.
const (
	ReasonStart     Reason = "start"      // first fragment: nothing is known
	ReasonSeek      Reason = "seek"       // first fragment after a discontinuity: the one that shows soonest
	ReasonHold      Reason = "hold"       // nothing to change
	ReasonBandwidth Reason = "bandwidth"  // the rate allows more, or asks for less
	ReasonBufferLow Reason = "buffer_low" // the buffer runs out
	ReasonRenderCap Reason = "render_cap" // the device would not render more
	ReasonUserLimit Reason = "user_limit" // a limit of the user
	ReasonAbandon   Reason = "abandon"    // the running transfer would come too late
	ReasonOnly      Reason = "only"       // there is one level
	ReasonPlan      Reason = "plan"       // the best of what is to be expected of the next fragments
	ReasonReplace   Reason = "replace"    // a buffered fragment is worth fetching again
)

// Candidate is a level that was considered, with its score (higher is better;
// the scale is the policy's own).
type Candidate struct {
	Level int     `json:"level"`
	Score float64 `json:"score"`
}

// Decision is what a Policy answers.
type Decision struct {
	Level int `json:"level"`
	// Abandon: stop the running transfer and ask for the chunk again at Level.
	Abandon bool `json:"abandon,omitempty"`
	// Delay is how long to wait before fetching.
	Delay  time.Duration `json:"delay_ns,omitempty"`
	Reason Reason        `json:"reason"`
	// Candidates may be nil; valid until the next Decide.
	Candidates []Candidate `json:"candidates,omitempty"`
}

// A Policy chooses levels. Equal sequences of Inputs give equal Decisions. It
// is used from one goroutine, and one Policy serves one track of one session.
//
// A question about a Running transfer whose answer is not Abandon leaves no
// trace: later answers are as if it had not been asked. A log that holds only
// the questions with consequences so replays to the same decisions.
type Policy interface {
	Name() string
	Decide(in *Input) Decision
}

// A Replacer is a Policy that also improves what is buffered already, where the
// link has become better than it was.
type Replacer interface {
	Policy
	// Replace is asked while no transfer of the track is under way, before Decide
	// or instead of it where the buffer is full, with in.Held filled in. ok: the
	// fragment of the Held chunk is to be fetched again at d.Level. Asking leaves
	// no trace. The player gives such a transfer up by itself where it would come
	// too late: the policy is not asked about it while it runs.
	Replace(in *Input) (chunk int, d Decision, ok bool)
}
