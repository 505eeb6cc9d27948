package event

import (
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/cmcd"
)

// LevelDecided is a decision of the switching policy from which a fetch, a wait
// or an abandonment followed, with everything that the policy knew.
type LevelDecided struct {
	Policy string        `json:"policy"`
	Track  string        `json:"track"`
	Stream string        `json:"stream,omitempty"` // its name
	T      uint64        `json:"t,string"`         // of the chunk it is about
	Start  time.Duration `json:"start_ns"`
	// Input and Decision share no memory with the control loop
	// (heuristics.Input.Clone).
	Input    heuristics.Input    `json:"input"`
	Decision heuristics.Decision `json:"decision"`
	// CMCD is what CTA-5004 calls the same things, of the level chosen; it is
	// here whether requests carry it or not. A zero one is left out.
	CMCD cmcd.Media `json:"cmcd,omitzero"`
}

// LevelShown says that the first picture of a level came on the screen: the
// first level of a session, and every change after it.
type LevelShown struct {
	Level        int           `json:"level"`
	BitrateBPS   int64         `json:"bitrate_bps"`
	Width        int           `json:"width"`
	Height       int           `json:"height"`
	Shown        time.Duration `json:"shown_ns"`         // when, on the clock of at_ns
	SinceDecided time.Duration `json:"since_decided_ns"` // from the decision that chose it
}

// RenderLoad says how hard the device works to show pictures: about once a
// second while pictures are decoded and something is worth saying, and whenever
// Cap changes.
type RenderLoad struct {
	Level      int           `json:"level"` // that is decoded
	Cap        int           `json:"cap"`   // highest level allowed by it
	Top        int           `json:"top"`   // highest level there is
	DecodeMean time.Duration `json:"decode_mean_ns"`
	DecodeP95  time.Duration `json:"decode_p95_ns"`
	Period     time.Duration `json:"period_ns"` // of a picture
	Device     float64       `json:"device"`    // load of the whole device, share; 0 also where not known
	Process    float64       `json:"process"`   // load of this process, share
	Throttled  bool          `json:"throttled,omitempty"`
	Reason     string        `json:"reason,omitempty"` // why Cap or Effort changed; "": they did not
	// Expected is the load expected of the level above Cap, as a share of the time
	// there is; 0: not known, or Cap is the highest.
	Expected float64 `json:"expected,omitempty"`
	// Effort is what the decoder leaves out: "" nothing, "no_loop_filter", all but
	// "references", all but "keys".
	Effort string `json:"effort,omitempty"`
}

// FramesDropped counts the pictures that were decoded and not shown since the
// event before it; at most one a second.
type FramesDropped struct {
	Count int `json:"count"`
	Late  int `json:"late"` // of them because their time had passed
	// Skipped pictures were not even decoded, and are not in Count.
	Skipped int           `json:"skipped,omitempty"`
	WorstBy time.Duration `json:"worst_by_ns,omitempty"` // how late the latest was
	Level   int           `json:"level"`
}

func (LevelDecided) Type() string  { return "level_decided" }
func (LevelShown) Type() string    { return "level_shown" }
func (RenderLoad) Type() string    { return "render_load" }
func (FramesDropped) Type() string { return "frames_dropped" }

func (LevelDecided) sealed()  {}
func (LevelShown) sealed()    {}
func (RenderLoad) sealed()    {}
func (FramesDropped) sealed() {}
