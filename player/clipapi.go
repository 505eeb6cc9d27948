package player

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"smoothplay/player/event"
)

// ErrClip is returned by commands that would leave a clip which may not be
// skipped.
var ErrClip = errors.New("a clip is playing that cannot be skipped")

// Clip is another presentation that is played within the one of the session, as
// an advertisement is.
type Clip struct {
	ID  string `json:"id"`  // names it; required, and of one clip only
	URL string `json:"url"` // of its manifest; on demand, and not protected
	// Place says when it begins, At and On where in the middle.
	Place ClipPlace     `json:"place,omitempty"`
	At    time.Duration `json:"at_ns,omitempty"` // session position
	// On begins it with a datum instead: the ID of its event, or "*" for any break
	// that a cue announces.
	On string `json:"on,omitempty"`
	// Main is what becomes of the presentation meanwhile.
	Main ClipMain `json:"main,omitempty"`
	// Length bounds how much of it is played; 0: all.
	Length time.Duration `json:"length_ns,omitempty"`
	// Skippable lets viewers leave it, by Player.SkipClip or by a seek.
	Skippable bool `json:"skippable,omitempty"`
	// Click and Data are for the application: what follows a click, and what it
	// likes. They come back in events.
	Click string          `json:"click,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// ClipPlace is when a clip begins.
type ClipPlace string

// The places.
const (
	MidRoll  ClipPlace = ""     // at Clip.At, or with Clip.On
	PreRoll  ClipPlace = "pre"  // before the first picture
	PostRoll ClipPlace = "post" // after the last one
)

// ClipMain is what becomes of the presentation while a clip plays.
type ClipMain string

// What becomes of it.
const (
	MainWaits    ClipMain = ""         // it goes on where it was left
	MainReplaced ClipMain = "replaced" // it goes on behind what the clip would take the place of
	MainRuns     ClipMain = "runs"     // it goes on where it would be without the clip, as at a live edge
)

func (c *Clip) check() error {
	switch {
	case c.ID == "":
		return fail(event.BadArgument, "", "a clip needs an id")
	case c.URL == "":
		return fail(event.BadArgument, "", "clip %q needs a URL", c.ID)
	case c.At < 0 || c.Length < 0:
		return fail(event.BadArgument, "", "clip %q has a negative time", c.ID)
	case c.Place != MidRoll && c.Place != PreRoll && c.Place != PostRoll:
		return fail(event.BadArgument, "", "clip %q: place is %q, not pre, post or nothing", c.ID, c.Place)
	case c.Main != MainWaits && c.Main != MainReplaced && c.Main != MainRuns:
		return fail(event.BadArgument, "", "clip %q: main is %q, not replaced, runs or nothing", c.ID, c.Main)
	}
	if _, err := address(c.URL); err != nil {
		return err
	}
	return nil
}

// ScheduleClip has a clip played at its place. A place that has passed, or that
// is nearer than the pipeline can be stopped (2 s), is the next one possible.
func (p *Player) ScheduleClip(ctx context.Context, c Clip) error {
	if err := c.check(); err != nil {
		return err
	}
	return p.do(ctx, command{kind: cmdScheduleClip, clip: &c})
}

// CancelClip takes a clip back that has not begun.
func (p *Player) CancelClip(ctx context.Context, id string) error {
	return p.do(ctx, command{kind: cmdCancelClip, url: id})
}

// SkipClip leaves the clip that is playing, where it may be skipped.
func (p *Player) SkipClip(ctx context.Context) error {
	return p.do(ctx, command{kind: cmdSkipClip})
}
