package player_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// stadium is 40 s from five camera angles, of which one has fewer levels and, where
// they are streams of their own, one begins later.
func stadium(oneStream bool) *playertest.Presentation {
	p := &playertest.Presentation{
		Length: 40 * time.Second, Levels: []int64{350_000, 800_000, 1_500_000, 3_000_000}, Languages: []string{"eng"},
		Angles:    []playertest.Angle{{Name: "main"}, {Name: "left"}, {Name: "right", Levels: []int64{350_000, 800_000}}, {Name: "goal"}, {Name: "crane"}},
		OneStream: oneStream,
	}
	if !oneStream {
		p.Angles[3].Begins = 8 * time.Second
	}
	return p
}

// angleOf is the angle of a picture, by what Presentation says of widths.
func angleOf(s null.Shown) int { return s.Source.Width % 320 / 2 }

// take is a stretch of pictures that follow one another without a gap, and the
// angles they are of, in order.
type take struct {
	from, to time.Duration
	angles   []int
}

func (k take) String() string { return fmt.Sprintf("%v-%v %v", k.from, k.to, k.angles) }

// takes are the stretches that were shown. While nothing moves, a change of the
// angle shows the same instant again.
func takes(shown []null.Shown) (list []take) {
	const period = 40 * time.Millisecond
	for _, s := range shown {
		a := angleOf(s)
		if s.Repeated {
			continue
		}
		k := &take{}
		if len(list) > 0 {
			k = &list[len(list)-1]
		}
		turned := len(k.angles) > 0 && k.angles[len(k.angles)-1] != a
		switch {
		case len(list) > 0 && (s.PTS-k.to).Abs() < time.Millisecond:
			k.to = s.PTS + period
		case turned && (s.PTS+period-k.to).Abs() < time.Millisecond:
		default:
			list = append(list, take{s.PTS, s.PTS + period, []int{a}})
			continue
		}
		if turned {
			k.angles = append(k.angles, a)
		}
	}
	return list
}

func changes(r *playertest.Result) (list []event.Angle) {
	for _, e := range r.Events {
		if b, ok := e.Body.(event.Angle); ok {
			list = append(list, b)
		}
	}
	return list
}

// limit bounds the bitrate at once.
func limit(at time.Duration, bps int64) playertest.Step {
	return playertest.Step{At: at, Do: func(s *playertest.Session) {
		s.Must(s.Player.SetLimits(s.Ctx, player.Limits{MaxBPS: bps, At: player.Now}))
	}}
}

func TestAngles(t *testing.T) {
	step := playertest.SelectAngle
	for _, c := range []struct {
		name   string
		link   string
		config func(*player.Config)
		script []playertest.Step
		want   string // takes
		ahead  []bool // of each change
		most   time.Duration
	}{
		{
			name:   "playing",
			script: []playertest.Step{step(11*time.Second, "LEFT"), step(17*time.Second, "right"), step(23*time.Second, "crane")},
			want:   "[0s-40s [0 1 2 4]]", ahead: []bool{true, true, false}, most: 600 * time.Millisecond,
		},
		{
			name:   "there and back at once",
			script: []playertest.Step{step(11*time.Second, "left"), step(11*time.Second+5*time.Millisecond, "main"), step(12*time.Second, "left"), step(12200*time.Millisecond, "main")},
			want:   "[0s-40s [0 1 0 1 0]]", most: 60 * time.Millisecond,
		},
		{
			name: "paused",
			script: []playertest.Step{
				playertest.Pause(9 * time.Second), step(10*time.Second, "left"), step(12*time.Second, "goal"), step(16*time.Second, "crane"),
				playertest.Play(17 * time.Second),
			},
			want: "[0s-40s [0 1 3 4]]", ahead: []bool{true, false, true}, most: 700 * time.Millisecond,
		},
		{
			name: "after a seek",
			script: []playertest.Step{
				playertest.Seek(8*time.Second, 25*time.Second), step(8300*time.Millisecond, "left"),
				playertest.Seek(12*time.Second, 10*time.Second), step(13*time.Second, "main"),
			},
			want: "[0s-7.88s [0] 25s-29s [0 1] 10s-40s [1 0]]", most: 600 * time.Millisecond,
		},
		{
			name:   "at a level switch",
			script: []playertest.Step{step(2080*time.Millisecond, "left"), limit(12*time.Second, 800_000), step(13950*time.Millisecond, "main")},
			want:   "[0s-40s [0 1 0]]", most: 600 * time.Millisecond,
		},
		{
			name: "nothing fetched ahead", link: "5M",
			config: func(c *player.Config) { c.Angles = player.AngleNone },
			script: []playertest.Step{step(11300*time.Millisecond, "left"), step(19*time.Second, "crane"), step(27100*time.Millisecond, "right")},
			want:   "[0s-40s [0 1 4 2]]", ahead: []bool{false, false, false}, most: 1200 * time.Millisecond,
		},
		{
			name: "all fetched ahead", link: "12M",
			config: func(c *player.Config) { c.Angles = player.AngleAll },
			script: []playertest.Step{step(16*time.Second, "right"), step(20*time.Second, "crane"), step(24*time.Second, "left"), step(28*time.Second, "goal")},
			want:   "[0s-40s [0 2 4 1 3]]", ahead: []bool{true, true, true, true}, most: 41 * time.Millisecond,
		},
	} {
		for _, form := range []string{"streams", "attributes"} {
			t.Run(c.name+"/"+form, func(t *testing.T) {
				r := playertest.RunThrice(t, func() playertest.Scenario {
					return playertest.Scenario{Handler: stadium(form == "attributes"), Link: c.link, Config: c.config, Script: c.script}
				})
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				if got := fmt.Sprint(takes(r.Shown)); got != c.want {
					t.Errorf("shown was %s, want %s", got, c.want)
				}
				for i, change := range changes(r) {
					t.Logf("%+v", change)
					if change.Elapsed > c.most {
						t.Errorf("the change to %s took %v, want %v at most", change.To, change.Elapsed, c.most)
					}
					if c.ahead != nil && change.Ahead != c.ahead[i] {
						t.Errorf("the change to %s: it was there before: %v", change.To, change.Ahead)
					}
				}
				// Whatever is shown, the sound is what it would be.
				if n := r.Sound.Underruns + r.Summary.AudioGaps; n != 0 && len(r.Heard) > 1+r.Summary.Seeks {
					t.Errorf("%d gaps in the sound: %d pieces", n, len(r.Heard))
				}
				if r.Summary.Stalls > 0 {
					t.Errorf("%d stalls", r.Summary.Stalls)
				}
				playertest.Golden(t, "angles/"+strings.ReplaceAll(c.name, " ", "_")+"_"+form, r.Events)
			})
		}
	}
}
