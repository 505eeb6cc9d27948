package event

import (
	"encoding/json"
	"time"
)

// FirstPicture says that the first picture of the session is on the screen; for
// a presentation without video, that its first sound is heard.
type FirstPicture struct {
	SinceRun time.Duration `json:"since_run_ns"`
}

// StallBegin says that there is nothing to show: after the first picture,
// playing and not seeking, for more than 100 ms.
type StallBegin struct {
	Began time.Duration `json:"began_ns"`        // when, on the clock of at_ns
	Track string        `json:"track,omitempty"` // that ran dry
}

// StallEnd says that playing went on.
type StallEnd struct {
	Stalled time.Duration `json:"stalled_ns"` // since StallBegin.Began
}

// Seek says that a seek was accepted.
type Seek struct {
	To       time.Duration `json:"to_ns"`
	Mode     string        `json:"mode"` // "exact" or "key"
	InBuffer bool          `json:"in_buffer"`
	// Cause is "command", or what else moved the playhead: "live", "replay",
	// "loop", "window" (it had left the window), "gap" (a hole of the timeline),
	// "stream" (one that stayed away is back), "rate" (sound is back where fast or
	// backward playing ended), "step" (to a picture before or after).
	Cause string `json:"cause,omitempty"`
}

// SeekDone says that the first picture (or sound) after a seek is there. Of
// several seeks in a row only the last has one.
type SeekDone struct {
	To      time.Duration `json:"to_ns"`      // as asked
	Shown   time.Duration `json:"shown_ns"`   // media time of what is shown
	Elapsed time.Duration `json:"elapsed_ns"` // since that seek was asked for
}

// Angle says that another camera angle is shown.
type Angle struct {
	From    string        `json:"from"` // name of the angle
	To      string        `json:"to"`
	Elapsed time.Duration `json:"elapsed_ns"` // from the command to the picture; 0: it comes with a seek
	// Ahead: what was needed of it had been fetched before.
	Ahead bool `json:"ahead"`
	// Cause is "command", or "not_there" where the angle chosen has no pictures at
	// the place sought.
	Cause string `json:"cause,omitempty"`
}

// Insets says that the other camera angles are shown as small pictures, or no
// longer.
type Insets struct {
	On    bool   `json:"on"`
	Cause string `json:"cause"` // "command", or "render_load": the device is too slow for them
}

// AudioSelected says that another audio stream is heard, or none.
type AudioSelected struct {
	Name     string        `json:"name"` // "": none
	Language string        `json:"language,omitempty"`
	Elapsed  time.Duration `json:"elapsed_ns"` // from the command to the sound
}

// TextSelected says that another text stream is shown, or none.
type TextSelected struct {
	Name     string `json:"name"` // "": none
	Language string `json:"language,omitempty"`
}

// Rate says that the rate of playing changed; 1 is normal, negative backwards.
type Rate struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	// Cause is "command"; "edge", "end", "start" or "window" where winding came
	// there; "failed" where its pictures could not be had; what moved the playhead,
	// as in Seek; "" for a small correction of the distance to the live edge.
	Cause string `json:"cause,omitempty"`
}

// Text is a cue that begins to be shown.
type Text struct {
	Begin    time.Duration `json:"begin_ns"`
	End      time.Duration `json:"end_ns"`
	Language string        `json:"language,omitempty"`
	Text     string        `json:"text"` // lines separated by \n
}

// Marker is a marker, script command or timed datum that the playhead passed.
type Marker struct {
	Time   time.Duration `json:"time_ns"`
	Stream string        `json:"stream,omitempty"`
	Kind   string        `json:"kind"`           // "chapter", "marker", "script" or "sample"
	Name   string        `json:"name,omitempty"` // the Type of the marker, as written
	Value  string        `json:"value"`
}

// Clip is a step in the life of a scheduled clip (an advertisement).
type Clip struct {
	ID string `json:"id"`
	// Step is "scheduled", "cued" (a datum says when), "ready" (it can begin),
	// "begin", "first_quartile", "midpoint", "third_quartile", "end", "skipped",
	// "canceled" or "failed".
	Step    string          `json:"step"`
	At      time.Duration   `json:"clip_at_ns"`          // session position where it begins; -1: not known yet
	Offset  time.Duration   `json:"offset_ns,omitempty"` // of the playhead in it
	Length  time.Duration   `json:"length_ns,omitempty"`
	URL     string          `json:"url,omitempty"` // redacted
	Click   string          `json:"click,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"` // the application's own
	Code    Code            `json:"code,omitempty"` // why it failed
	Message string          `json:"message,omitempty"`
}

func (FirstPicture) Type() string  { return "first_picture" }
func (StallBegin) Type() string    { return "stall_begin" }
func (StallEnd) Type() string      { return "stall_end" }
func (Seek) Type() string          { return "seek" }
func (SeekDone) Type() string      { return "seek_done" }
func (Angle) Type() string         { return "angle" }
func (Insets) Type() string        { return "insets" }
func (AudioSelected) Type() string { return "audio_selected" }
func (TextSelected) Type() string  { return "text_selected" }
func (Rate) Type() string          { return "rate" }
func (Text) Type() string          { return "text" }
func (Marker) Type() string        { return "marker" }
func (Clip) Type() string          { return "clip" }

func (FirstPicture) sealed()  {}
func (StallBegin) sealed()    {}
func (StallEnd) sealed()      {}
func (Seek) sealed()          {}
func (SeekDone) sealed()      {}
func (Angle) sealed()         {}
func (Insets) sealed()        {}
func (AudioSelected) sealed() {}
func (TextSelected) sealed()  {}
func (Rate) sealed()          {}
func (Text) sealed()          {}
func (Marker) sealed()        {}
func (Clip) sealed()          {}
