package event

import "time"

// Gauges says how things stand at one instant, for whoever draws a session over
// time. It is made at the interval that was asked for (Config.GaugesEvery of the
// player) while a presentation is open, and never otherwise.
type Gauges struct {
	Buffers []TrackBuffer `json:"buffers"` // of the tracks that play
	Level   int           `json:"level"`   // on the screen; -1: none yet
	Cap     int           `json:"cap"`     // highest level allowed by the render load
	// Period is how long a picture of what is played lasts; 0: not known.
	Period time.Duration `json:"period_ns"`
	// Decoded, Shown, Dropped and Omitted count pictures since the session
	// began: those dropped were decoded and too late, those omitted would have
	// been too late and were not decoded.
	Decoded int64 `json:"decoded"`
	Shown   int64 `json:"shown"`
	Dropped int64 `json:"dropped"`
	Omitted int64 `json:"omitted"`
	// BandwidthBPS is the session's estimate, 0: none yet; BandwidthError its
	// relative uncertainty.
	BandwidthBPS   int64   `json:"bandwidth_bps"`
	BandwidthError float64 `json:"bandwidth_error"`
}

// TrackBuffer is what is buffered of one track.
type TrackBuffer struct {
	Track string        `json:"track"`    // "video", "audio" or "text"
	Ahead time.Duration `json:"ahead_ns"` // of the playhead
	Bytes int64         `json:"bytes"`    // also of what is kept behind it
}

func (Gauges) Type() string { return "gauges" }
func (Gauges) sealed()      {}
