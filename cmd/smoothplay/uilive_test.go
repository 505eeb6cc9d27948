package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/player/event"
	"smoothplay/render/sdl"
)

// live makes the session of a ui test one of a window of two minutes, behind by
// some time; 0: at the edge, 8 s behind what is newest.
func (f *fakeSession) live(behind time.Duration) {
	f.status.Live, f.status.Duration = true, 15*time.Minute
	f.status.WindowStart, f.status.Edge = 13*time.Minute, 15*time.Minute
	f.status.Position, f.status.AtEdge = f.status.Edge-behind, false
	if behind == 0 {
		f.status.Position, f.status.AtEdge = f.status.Edge-8*time.Second, true
	}
	f.status.MediaTime = f.status.Position + time.Hour
	f.status.Latency = f.status.Edge - f.status.Position + 4*time.Second
	f.status.Speed = 1
}

func TestLiveKeys(t *testing.T) {
	for _, test := range []struct {
		name   string
		behind time.Duration
		press  []string
		want   string
	}{
		{"to the edge", time.Minute, []string{"l"}, "go-live"},
		{"to the edge, too", time.Minute, []string{"END"}, "go-live"},
		{"to the start of the window", time.Minute, []string{"HOME"}, "seek 13m0s exact"},
		{"instant replay", 0, []string{"r", "BS"}, "replay replay"},
		{"back and forward", time.Minute, []string{"LEFT", "RIGHT"}, "seek 13m55s exact seek 14m0s exact"},
		{"no farther than the window", 90 * time.Second, []string{"DOWN"}, "seek 13m0s exact"},
		{"no farther than the edge", 30 * time.Second, []string{"UP"}, "seek 15m0s exact"},
		{"nothing is ahead of the edge", 0, []string{"RIGHT", "UP"}, ""},
		{"back from the edge", 0, []string{"DOWN"}, "seek 13m52s exact"},
	} {
		withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
			s.live(test.behind)
			for _, k := range test.press {
				act(press(k))
			}
			if got := strings.Join(s.log, " "); got != test.want {
				t.Errorf("%s: %q, want %q", test.name, got, test.want)
			}
		})
	}
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		act(press("l"))
		if d := u.display(time.Now()); len(s.log) > 0 || d.message != "this is not live" {
			t.Errorf("on demand: %q, says %q", s.log, d.message)
		}
	})
}

// The bar of a live session is its window; its right end and its badge are the
// edge.
func TestLiveBar(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		s.live(30 * time.Second)
		var left, right, badge float64
		for x := 0.0; x < 1; x += .0005 {
			share, on := u.painter.Share(x, .97, 1280, 720)
			switch {
			case on && share < .001:
				left = x
			case on:
				right = x
			case u.painter.OnBadge(x, .97, 1280, 720):
				badge = x
			}
		}
		at := func(x float64) sdl.MouseMove { return sdl.MouseMove{AreaX: x, AreaY: .97} }
		click := func(x float64) (did []string) {
			s.log = nil
			s.live(30 * time.Second)
			act(sdl.MouseButton{MouseMove: at(x), Button: 1, Down: true, Clicks: 1})
			act(sdl.MouseButton{MouseMove: at(x), Button: 1})
			return s.log
		}
		act(at(left + (right-left)/2))
		if b := u.display(time.Now()).bar; b == nil || b.From != 13*time.Minute || b.To != 15*time.Minute || b.Position != 14*time.Minute+30*time.Second || !b.Live || b.AtEdge {
			t.Errorf("behind, the bar is %+v", b)
		}
		s.live(0)
		if b := u.display(time.Now()).bar; b == nil || !b.AtEdge {
			t.Errorf("at the edge, the bar is %+v", b)
		}
		if got := click(right); !slices.Equal(got, []string{"go-live"}) {
			t.Errorf("a click at the right end: %q", got)
		}
		if got := click(badge); badge <= right || !slices.Equal(got, []string{"go-live"}) {
			t.Errorf("a click on the badge at %.3f: %q", badge, got)
		}
		if got := click(left + (right-left)/2); len(got) != 2 || !strings.HasPrefix(got[1], "seek 14m0") && !strings.HasPrefix(got[1], "seek 13m59") {
			t.Errorf("a click in the middle: %q", got)
		}
	})
}

func TestChannels(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		act(press("PGDWN"))
		if len(s.log) > 0 {
			t.Errorf("with one presentation: %q", s.log)
		}
		u.channels = channelsOf([]string{"http://h/a.isml/Manifest", "http://h/b.isml", "http://h/c.isml"})
		for _, key := range []string{"PGDWN", "PGDWN", "PGDWN", "PGUP"} {
			act(press(key))
		}
		want := []string{
			"open http://h/b.isml", "title smoothplay: b.isml", "open http://h/c.isml", "title smoothplay: c.isml",
			"open http://h/a.isml/Manifest", "title smoothplay: a.isml", "open http://h/c.isml", "title smoothplay: c.isml",
		}
		if !slices.Equal(s.log, want) {
			t.Errorf("got %q, want %q", s.log, want)
		}
		if d := u.display(time.Now()); d.message != "3/3  c.isml" {
			t.Errorf("says %q", d.message)
		}
		// Where one cannot be opened, that before is played on, and counted from.
		s.log, s.err = nil, errors.New("gone")
		act(press("PGDWN"))
		s.err = nil
		act(press("PGUP"))
		if want = []string{"open http://h/a.isml/Manifest", "open http://h/b.isml", "title smoothplay: b.isml"}; !slices.Equal(s.log, want) {
			t.Errorf("got %q, want %q", s.log, want)
		}
	})
}

// News are told on the screen, but not over what the person at the keys did
// after them.
func TestDisplayTellsNews(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		u.news = newNews()
		s.live(0)
		says := func(want string) {
			t.Helper()
			if d := u.display(time.Now()); d.message != want {
				t.Errorf("says %q, want %q", d.message, want)
			}
		}
		u.news.Handle(event.Event{Body: event.Manifest{Live: true}})
		u.news.Handle(event.Event{Body: event.Failover{From: "a", To: "b", Cause: event.Refused}})
		says("moved from a to b: connection refused")
		time.Sleep(time.Second)
		act(press("9"))
		says("volume 95 %")
		time.Sleep(messageStays)
		says("moved from a to b: connection refused")
		time.Sleep(newsShown)
		says("")
		u.news.Handle(event.Event{Body: event.Fragment{Track: "video", Duration: 2 * time.Second, Outcome: event.Received}})
		s.status.State = event.Buffering
		u.display(time.Now())
		time.Sleep(patience)
		says("nothing new for 6 s, waiting for the encoder")
	})
}
