package player_test

import (
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// TestInsets shows the other angles as small pictures, at the lowest level, in time
// with the main one, also while paused, and changes to one of them.
func TestInsets(t *testing.T) {
	for _, form := range []string{"streams", "attributes"} {
		t.Run(form, func(t *testing.T) {
			var late int
			var most time.Duration
			var sink *null.VideoSink
			mk := func() playertest.Scenario {
				late, most = 0, 0
				sink = &null.VideoSink{Record: true, OnShow: func(f *platform.Frame, _ time.Time) {
					for _, in := range f.Insets {
						if d := f.Picture.PTS - in.Picture.PTS; d > 2*time.Millisecond || d < -2*time.Millisecond {
							late++
							most = max(most, d.Abs())
						}
					}
				}}
				return playertest.Scenario{
					Handler: stadium(form == "attributes"), Video: sink,
					Script: []playertest.Step{
						{At: 10 * sec, Do: func(s *playertest.Session) { s.Must(s.Player.ShowInsets(s.Ctx, true)) }},
						playertest.SelectAngle(16*sec, "left"),
						playertest.Pause(20 * sec), playertest.SelectAngle(22*sec, "crane"), playertest.Play(23 * sec),
						playertest.Seek(25*sec, 5*sec),
						{At: 35 * sec, Do: func(s *playertest.Session) { s.Must(s.Player.ShowInsets(s.Ctx, false)) }},
					},
				}
			}
			r := playertest.RunThrice(t, mk)
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			insets := map[time.Duration]int{}
			for _, f := range sink.Shown() {
				insets[f.At.Sub(bubbleBegan).Truncate(sec)] = f.Insets
			}
			after := 3 // where one angle has not begun
			if form == "attributes" {
				after = 4
			}
			for at, want := range map[time.Duration]int{9 * sec: 0, 15 * sec: 4, 19 * sec: 4, 24 * sec: 4, 27 * sec: after, 38 * sec: 0} {
				if insets[at] != want {
					t.Errorf("at %v there are %d insets, want %d", at, insets[at], want)
				}
			}
			// Of some 2700: after a seek what is played is fetched first, and an inset of
			// which the next fragment is on its way stands still.
			if late > 30 || most > 500*time.Millisecond {
				t.Errorf("%d insets were of another instant than the picture around them, by up to %v", late, most)
			}
			for _, f := range event.Bodies[event.Fragment](r.Events) {
				if f.Angle == "right" && f.Asked > 12*sec && f.Asked < 34*sec && f.Level != 0 {
					t.Errorf("an inset comes at level %d", f.Level)
				}
			}
			for _, c := range changes(r) {
				t.Logf("%+v", c)
			}
			playertest.Golden(t, "angles/insets_"+form, r.Events)
		})
	}
}
