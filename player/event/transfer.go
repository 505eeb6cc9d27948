package event

import "time"

// Outcome is how a transfer ended.
type Outcome string

// The outcomes.
const (
	Received  Outcome = "received"  // whole and usable
	Faulty    Outcome = "faulty"    // no answer, a bad status, or a body that is cut or broken: see Code
	Abandoned Outcome = "abandoned" // given up in favour of another level
	Canceled  Outcome = "canceled"  // no longer wanted: a seek, a switch of stream, the end
)

// Fragment is one request for a fragment, done or given up. Each attempt is an
// event.
type Fragment struct {
	Track      string `json:"track"`  // "video", "audio" or "text"
	Stream     string `json:"stream"` // its name
	Language   string `json:"language,omitempty"`
	Angle      string `json:"angle,omitempty"` // where there are several
	Level      int    `json:"level"`
	BitrateBPS int64  `json:"bitrate_bps"`
	// T is the start time exactly as in the URL. A JSON string: it may exceed
	// what readers of JSON numbers keep.
	T        uint64        `json:"t,string"`
	Chunk    int           `json:"chunk"` // ordinal in its stream
	Start    time.Duration `json:"start_ns"`
	Duration time.Duration `json:"duration_ns"`
	Noun     string        `json:"noun"` // "Fragments", "FragmentInfo", "KeyFrames", ...
	Outcome  Outcome       `json:"outcome"`
	Bytes    int64         `json:"bytes"`      // of the body, as received
	Asked    time.Duration `json:"asked_ns"`   // when the request was sent, on the clock of at_ns
	TTFB     time.Duration `json:"ttfb_ns"`    // request to first byte; 0: none came
	Elapsed  time.Duration `json:"elapsed_ns"` // request to the end
	Attempt  int           `json:"attempt"`    // from 1
	// Replaces: it is to take the place of a fragment that is buffered.
	Replaces bool   `json:"replaces,omitempty"`
	Status   int    `json:"status"` // of HTTP; 0: no answer
	Host     string `json:"host,omitempty"`
	Code     Code   `json:"code,omitempty"` // what was wrong, where Outcome is Faulty
	// Cache are the headers that caches on the way add, by lower-case name
	// ("age", "x-cache", "via", "cache-control").
	Cache     map[string]string `json:"cache,omitempty"`
	FromStore bool              `json:"from_store,omitempty"`
	// DeliveredBPS is the nominal bitrate of the level really delivered where a
	// server substitutes; 0: the one asked for.
	DeliveredBPS int64 `json:"delivered_bps,omitempty"`
}

// Failover says that requests go to another host from now on.
type Failover struct {
	From  string `json:"from"` // host
	To    string `json:"to"`   // host
	Cause Code   `json:"cause"`
}

// LiveEdge says where the end of a live presentation is, now that it moved.
type LiveEdge struct {
	Edge    time.Duration `json:"edge_ns"`    // end of the last chunk known
	Latency time.Duration `json:"latency_ns"` // of the playhead behind it
}

// Window says which range can be played of a live presentation, now that it
// changed otherwise than by moving on.
type Window struct {
	Begin time.Duration `json:"begin_ns"`
	End   time.Duration `json:"end_ns"`
	Cause string        `json:"cause,omitempty"` // "outside": the playhead fell out of it
}

// LiveEnded says that a live presentation is complete.
type LiveEnded struct {
	Duration time.Duration `json:"duration_ns"`
}

func (Fragment) Type() string  { return "fragment" }
func (Failover) Type() string  { return "failover" }
func (LiveEdge) Type() string  { return "live_edge" }
func (Window) Type() string    { return "window" }
func (LiveEnded) Type() string { return "live_ended" }

func (Fragment) sealed()  {}
func (Failover) sealed()  {}
func (LiveEdge) sealed()  {}
func (Window) sealed()    {}
func (LiveEnded) sealed() {}
