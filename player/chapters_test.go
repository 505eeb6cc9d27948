package player_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// chaptered is a presentation of ten minutes with a chapter each 20 s.
func chaptered() *playertest.Presentation {
	p := long()
	for i := range 30 {
		p.Chapters = append(p.Chapters, time.Duration(i)*20*time.Second)
	}
	return p
}

// markersOf are the markers told, by name, as long as the rate held, and what they are
// late by at most.
func markersOf(r *playertest.Result) (list []string, late time.Duration) {
	for _, e := range r.Events {
		if m, ok := e.Body.(event.Marker); ok {
			list = append(list, strings.TrimPrefix(m.Value, "Chapter "))
			late = max(late, (e.Pos - m.Time).Abs())
		}
	}
	return list, late
}

// TestMarkersArePassedOnce: at every rate, each once, in the direction of travel.
func TestMarkersArePassedOnce(t *testing.T) {
	for _, c := range []struct {
		rate  float64
		start time.Duration
		want  string
	}{
		{1, 0, "1 2"},
		{2, 15 * time.Second, "2 3 4"},
		{8, time.Minute, "4 5 6 7 8 9 10 11 12 13"},
		{64, 0, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30"},
		{-1, 2*time.Minute + 10*time.Second, "7"},
		{-8, 5 * time.Minute, "16 16 15 14 13 12 11 10 9 8 7"},
	} {
		name := strings.NewReplacer("-", "back_").Replace(fmt.Sprint(c.rate))
		t.Run(name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: chaptered(), Link: "6M", For: 28 * time.Second,
					Config: func(cfg *player.Config) { cfg.Start = c.start },
					Script: []playertest.Step{setRate(2*time.Second, c.rate), playertest.Pause(25 * time.Second)},
				}
			})
			list, late := markersOf(r)
			if got := strings.Join(list, " "); got != c.want {
				t.Errorf("told of %s, want %s", got, c.want)
			}
			if most := time.Duration(max(c.rate, -c.rate) * float64(2*time.Millisecond)); late > most {
				t.Errorf("a marker was told %v late", late)
			}
			playertest.Golden(t, "rate/markers_"+name, r.Events)
		})
	}
}

// TestChapters goes from chapter to chapter.
func TestChapters(t *testing.T) {
	var list []player.Chapter
	r := playertest.RunThrice(t, func() playertest.Scenario {
		by := func(at time.Duration, n int) playertest.Step {
			return playertest.Step{At: at, Do: func(s *playertest.Session) {
				s.Must(s.Player.Chapter(s.Ctx, n))
				list = s.Player.Status().Chapters
			}}
		}
		return playertest.Scenario{
			Handler: chaptered(), For: 30 * time.Second,
			Script: []playertest.Step{
				by(2*time.Second, 1), by(4*time.Second, 3), by(8*time.Second, -1), by(9*time.Second, -1), by(10*time.Second, -9), by(12*time.Second, 50),
			},
		}
	})
	var got []time.Duration
	for _, s := range event.Bodies[event.Seek](r.Events) {
		got = append(got, s.To)
	}
	if want := "[20s 1m20s 1m20s 1m0s 0s]"; fmt.Sprint(got) != want {
		t.Errorf("went to %v, want %s", got, want)
	}
	if len(list) != 30 || list[1] != (player.Chapter{Start: 20 * time.Second, Title: "Chapter 2"}) {
		t.Errorf("the chapters are %v", list)
	}
}

// TestNoChapters: a presentation without chapters says so.
func TestNoChapters(t *testing.T) {
	playertest.Run(t, playertest.Scenario{For: 3 * time.Second, Script: []playertest.Step{{At: time.Second, Do: func(s *playertest.Session) {
		if err := s.Player.Chapter(s.Ctx, 1); err == nil {
			t.Error("there is a chapter")
		}
	}}}})
}
