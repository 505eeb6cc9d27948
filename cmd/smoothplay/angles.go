package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"smoothplay/player"
	"smoothplay/player/timeline"
)

// anglesValue is a flag that says which camera angles are fetched ahead.
type anglesValue struct{ to *player.AnglesAhead }

func (v anglesValue) String() string {
	if v.to == nil {
		return ""
	}
	return v.to.String()
}

func (v anglesValue) Set(text string) error { return v.to.Set(text) }

// Type implements pflag.Value.
func (v anglesValue) Type() string { return "neighbours" }

// nextAngle changes to the camera angle by steps further on that can be played.
func (u *ui) nextAngle(by int, now time.Time) {
	status := u.player.Status()
	n, i := len(status.Angles), status.SelectedAngle
	for range max(n-1, 0) {
		i = (i + by + n) % n
		a := status.Angles[i]
		if a.LeftOut != "" || status.Position < a.Begins {
			continue
		}
		u.do(func(ctx context.Context) error { return u.player.SelectVideo(ctx, a.Name) })
		u.say(now, "angle: %s", printable(a.Name))
		return
	}
	u.say(now, "no other angle")
}

// toggleInsets shows the other camera angles as small pictures, or no longer.
func (u *ui) toggleInsets(now time.Time) {
	status := u.player.Status()
	if len(status.Angles) < 2 {
		u.say(now, "no other angle")
		return
	}
	on := !status.Insets
	u.do(func(ctx context.Context) error { return u.player.ShowInsets(ctx, on) })
	if on {
		u.say(now, "all angles")
	} else {
		u.say(now, "one angle")
	}
}

// readyText names the camera angles that are there at once; "": none is.
func readyText(angles []player.AngleChoice, selected int) string {
	var ready []string
	for i, a := range angles {
		if i != selected && a.Ahead {
			ready = append(ready, printable(a.Name))
		}
	}
	if len(ready) == 0 {
		return ""
	}
	return ", at once: " + strings.Join(ready, ", ")
}

// angleReport is a camera angle as probe tells of it.
type angleReport struct {
	Name   string        `json:"name"`
	Stream string        `json:"stream"`
	Levels int           `json:"levels"`
	Begins time.Duration `json:"begins_ns"`
}

// reportAngles are the camera angles; nil: there is but one.
func reportAngles(snap *timeline.Snapshot) []angleReport {
	p := snap.Presentation()
	var list []angleReport
	for _, a := range p.Angles() {
		s := &p.Streams[a.Stream]
		name := s.Name
		if name == "" {
			name = s.Type
		}
		list = append(list, angleReport{a.Name, name, len(a.Levels), snap.Stream(a.Stream).Start()})
	}
	if len(list) < 2 {
		return nil
	}
	return list
}

// writeAngles lists camera angles, a line each.
func writeAngles(b *strings.Builder, angles []angleReport) {
	if len(angles) == 0 {
		return
	}
	b.WriteString("\ncamera angles:\n")
	for _, a := range angles {
		fmt.Fprintf(b, "  %s: %d levels of %s", printable(a.Name), a.Levels, printable(a.Stream))
		if a.Begins > 0 {
			fmt.Fprintf(b, ", from %s on", clock(a.Begins))
		}
		b.WriteString("\n")
	}
}
