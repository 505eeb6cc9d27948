package event

import (
	"encoding/json"
	"time"
)

// State is a state of a session.
type State string

// The states.
const (
	Opening      State = "opening"       // the manifest is on its way
	AcquiringKey State = "acquiring_key" // everything is there but the key
	Buffering    State = "buffering"     // wants to play, has not enough
	Playing      State = "playing"
	Paused       State = "paused"
	Seeking      State = "seeking"
	Stopped      State = "stopped"
	Ended        State = "ended"
	Failed       State = "failed"
)

// SessionStarted is the first event of a session.
type SessionStarted struct {
	URL string `json:"url"` // redacted, see RedactURL
	// Versions of what takes part, by name ("smoothplay", "go", "ffmpeg"); nil
	// in golden logs.
	Versions map[string]string `json:"versions,omitempty"`
	// Config is the effective configuration as a JSON object without secrets.
	Config json.RawMessage `json:"config,omitempty"`
}

// StateChanged is a change of state. Cause is the command or the fact that
// brought it about, as a stable word ("command", "buffered", "buffer_empty",
// "end_of_presentation", ...).
type StateChanged struct {
	From  State  `json:"from"`
	To    State  `json:"to"`
	Cause string `json:"cause"`
}

// Manifest says that a manifest was received and parsed.
type Manifest struct {
	URL      string        `json:"url"` // that answered, redacted
	Live     bool          `json:"live"`
	Duration time.Duration `json:"duration_ns"` // 0: not known
	Streams  int           `json:"streams"`
	Levels   int           `json:"levels"` // over all streams
	Chunks   int           `json:"chunks"` // over all streams
	Bytes    int64         `json:"bytes"`
	Elapsed  time.Duration `json:"elapsed_ns"` // of the last attempt, redirects included
	Attempt  int           `json:"attempt"`    // from 1
	Refresh  bool          `json:"refresh,omitempty"`
	// Protected tells that the presentation has protection headers.
	Protected bool `json:"protected,omitempty"`
	// Warnings are the repairs that the parser made.
	Warnings []string `json:"warnings,omitempty"`
}

// Tracks says what the presentation offers, what is selected and what was left
// out. It is made again whenever that changes.
type Tracks struct {
	Streams []TrackStream `json:"streams"`
	// Angles are the camera angles; nil where there is but one.
	Angles []TrackAngle `json:"angles,omitempty"`
}

// TrackAngle is one camera angle in Tracks: the levels in Streams that name it.
type TrackAngle struct {
	Name     string        `json:"name"`
	Stream   string        `json:"stream"` // name of the stream that its levels are of
	Begins   time.Duration `json:"begins_ns"`
	Levels   int           `json:"levels"` // that are offered
	Selected bool          `json:"selected"`
	LeftOut  string        `json:"left_out,omitempty"` // why it is not offered; "": it is
}

// TrackStream is one stream in Tracks.
type TrackStream struct {
	Kind     string `json:"kind"` // "video", "audio" or "text"
	Name     string `json:"name"`
	Language string `json:"language,omitempty"`
	Role     string `json:"role,omitempty"` // "angle", "caption", "subtitle", ...
	Selected bool   `json:"selected"`
	LeftOut  string `json:"left_out,omitempty"` // why it is not offered; "": it is
	// Path is how it is decoded: "software", the name of the hardware,
	// "passthrough"; "": it is not, or not yet, or the decoder does not say.
	Path   string       `json:"path,omitempty"`
	Levels []TrackLevel `json:"levels,omitempty"`
}

// TrackLevel is one level of a TrackStream.
type TrackLevel struct {
	Level      int    `json:"level"` // as in all events: ascending by bitrate; -1: left out
	BitrateBPS int64  `json:"bitrate_bps"`
	Width      int    `json:"width,omitempty"`
	Height     int    `json:"height,omitempty"`
	SampleRate int    `json:"sample_rate,omitempty"`
	Channels   int    `json:"channels,omitempty"`
	Codec      string `json:"codec"`
	FourCC     string `json:"fourcc,omitempty"`
	Angle      string `json:"angle,omitempty"`    // its camera angle, where there are several
	LeftOut    string `json:"left_out,omitempty"` // why it is not offered; "": it is
}

// Key says how the search for a content key went.
type Key struct {
	KID     string        `json:"kid"`              // UUID text; never the key itself
	System  string        `json:"system,omitempty"` // "playready", "clearkey", ...
	Result  string        `json:"result"`           // "requested", "obtained", "failed", "expired"
	Elapsed time.Duration `json:"elapsed_ns,omitempty"`
	Code    Code          `json:"code,omitempty"`
}

// Error is something that went wrong. Fatal ones end the session; the others
// were survived: a chunk that was skipped has the code FragmentSkipped.
type Error struct {
	Stage   Stage  `json:"stage"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
	URL     string `json:"url,omitempty"` // redacted
	Fatal   bool   `json:"fatal"`
	Track   string `json:"track,omitempty"` // kind; "": of no track
	// Start and Duration are of the media that is missing because of it; 0, 0:
	// none.
	Start    time.Duration `json:"start_ns,omitempty"`
	Duration time.Duration `json:"duration_ns,omitempty"`
}

// SessionEnded is the last event of a session.
type SessionEnded struct {
	Summary
}

func (SessionStarted) Type() string { return "session_started" }
func (StateChanged) Type() string   { return "state" }
func (Manifest) Type() string       { return "manifest" }
func (Tracks) Type() string         { return "tracks" }
func (Key) Type() string            { return "key" }
func (Error) Type() string          { return "error" }
func (SessionEnded) Type() string   { return "session_ended" }

func (SessionStarted) sealed() {}
func (StateChanged) sealed()   {}
func (Manifest) sealed()       {}
func (Tracks) sealed()         {}
func (Key) sealed()            {}
func (Error) sealed()          {}
func (SessionEnded) sealed()   {}
