package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
)

// What happens to a live session is told in a few words, once, and the status
// line forgets it after a while.
func TestNews(t *testing.T) {
	const sec = time.Second
	video := func(level, status int, code event.Code, outcome event.Outcome) event.Fragment {
		return event.Fragment{Track: "video", Level: level, BitrateBPS: int64(level+1) * 1_000_000, T: 7, Duration: 2 * sec, Status: status, Code: code, Outcome: outcome}
	}
	for _, test := range []struct {
		name   string
		bodies []event.Body // a second apart
		want   string
	}{
		{"nothing", []event.Body{event.LiveEdge{}, video(0, 200, "", event.Received)}, ""},
		{"an origin that is gone", []event.Body{event.Failover{From: "a:1", To: "b:2", Cause: event.Refused}}, "moved from a:1 to b:2: connection refused"},
		{"one that is back", []event.Body{event.Failover{From: "b:2", To: "a:1"}}, "back at a:1"},
		{"the end", []event.Body{event.LiveEnded{}}, "the event is over"},
		{"a hole", []event.Body{event.Seek{To: 13 * sec, Cause: "gap"}}, "a gap of 3.0 s is passed over"},
		{"a jump", []event.Body{event.Seek{To: 40 * sec, Cause: "live"}}, "to the live edge, 0:30 ahead"},
		{"a seek of a person", []event.Body{event.Seek{To: 40 * sec, Cause: "command"}}, ""},
		{"a window that moved on", []event.Body{event.Window{Begin: 0, End: 120 * sec, Cause: "outside"}}, "outside of the window, which is the last 2:00"},
		{"not yet", []event.Body{video(0, 412, event.NotYetThere, event.Faulty), video(0, 200, "", event.Received)}, ""},
		{"a level that is gone", []event.Body{video(3, 404, event.NotFound, event.Faulty), video(2, 200, "", event.Received)},
			"no video of 4.00 Mbit/s (404): 3.00 Mbit/s instead"},
		{"a server with troubles", []event.Body{video(3, 503, event.ServerError, event.Faulty)}, "video: 503 Service Unavailable"},
		{"one that hangs up", []event.Body{video(3, 0, event.ConnectionLost, event.Faulty)}, "video: connection lost"},
		{"a fault that was survived", []event.Body{event.Error{Message: "the sound device\x1b[31m is gone"}}, "the sound device[31m is gone"},
		{"a manifest that does not come", []event.Body{event.Error{Code: event.ConnectionLost, Track: "manifest", Message: "http://h/x: broke"}}, "manifest: connection lost"},
		{"a fragment that is missing", []event.Body{event.Error{Code: event.FragmentSkipped, Track: "video", Duration: 2 * sec, Message: "http://h/x"}},
			"2 s of video cannot be had and is left out"},
		{"a fatal one, told elsewhere", []event.Body{event.Error{Message: "no", Fatal: true}}, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNews()
			n.Handle(event.Event{Body: event.Manifest{Live: true}})
			for _, body := range test.bodies {
				time.Sleep(sec)
				n.Handle(event.Event{Pos: 10 * sec, Body: body})
			}
			if got := n.line(time.Now()); got != test.want {
				t.Errorf("%s: %q, want %q", test.name, got, test.want)
			}
			n.Handle(event.Event{Body: event.LiveEdge{}})
			time.Sleep(newsStays)
			n.Handle(event.Event{Body: event.LiveEdge{}})
			if got := n.line(time.Now()); got != "" {
				t.Errorf("%s: still %q", test.name, got)
			}
		})
	}
	var none *news
	if none.line(time.Time{}) != "" {
		t.Error("nobody has something to tell")
	}
}

// An encoder that is away is told while it is, and when it is back; a server that
// fails is told apart from it.
func TestNewsOfWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNews()
		for _, body := range []event.Body{event.Manifest{Live: true}, event.Fragment{Track: "video", Duration: 2 * time.Second, Outcome: event.Received}, event.LiveEdge{}} {
			n.Handle(event.Event{Body: body})
		}
		says := func(want string) {
			t.Helper()
			if got := n.line(time.Now()); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		time.Sleep(5 * time.Second)
		says("")
		time.Sleep(time.Second)
		says("nothing new for 6 s, waiting for the encoder")
		time.Sleep(4 * time.Second)
		n.Handle(event.Event{Body: event.Fragment{Track: "video", Duration: 2 * time.Second, Status: 503, Outcome: event.Faulty}})
		says("nothing new for 10 s, waiting for the server (503 Service Unavailable)")
		n.Handle(event.Event{Body: event.LiveEdge{}})
		says("it goes on, after 10 s")

		// What a terminal gets: each once, with the time of day.
		var out bytes.Buffer
		to := newConsole(&out)
		to.width = func() int { return 80 }
		n.Handle(event.Event{Body: event.LiveEdge{}})
		n.flush(to)
		n.flush(to)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || !strings.HasSuffix(lines[0], "nothing new for 6 s, waiting for the encoder") || !strings.HasSuffix(lines[2], "it goes on, after 10 s") {
			t.Errorf("the terminal got %q", lines)
		}
		for range 3 * newsHistory {
			n.Handle(event.Event{Body: event.Failover{From: "a", To: "b", Cause: event.Refused}})
			time.Sleep(newsAgain)
		}
		if len(n.lines) > newsHistory {
			t.Errorf("%d lines wait", len(n.lines))
		}
		n.Handle(event.Event{Body: event.LiveEnded{}})
		time.Sleep(time.Hour)
		says("")
	})
}

func TestLiveStatusLine(t *testing.T) {
	s := player.Status{
		State: event.Playing, Live: true, AtEdge: true, WindowStart: 10 * time.Second, Edge: 130 * time.Second, Position: 122 * time.Second,
		BufferedTo: 128 * time.Second, Latency: 11200 * time.Millisecond, Speed: 1.02, MediaTime: time.Hour,
	}
	if got, want := statusLine(s, "moved"), "playing   LIVE  latency 11.2 s  speed 1.02  window 2:00  [moved]  buffer 6.0 s  dropped 0"; got != want {
		t.Errorf("at the edge\ngot  %q\nwant %q", got, want)
	}
	if got := goOnText(s); got != "" {
		t.Errorf("at the edge: %q", got)
	}
	s.State, s.AtEdge, s.Speed, s.Position = event.Paused, false, 1, 47*time.Second
	if got, want := statusLine(s, ""), "paused    -1:23  latency 11.2 s  window 2:00  buffer 81.0 s  dropped 0  media time 1:00:00"; got != want {
		t.Errorf("behind\ngot  %q\nwant %q", got, want)
	}
	if got, want := goOnText(s), "left 1:23 behind the edge; to go on there: --live-start 1:00:00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	rows := statistics(s)
	for _, want := range [][2]string{{"state", "paused -1:23"}, {"live", "latency 11.2 s, speed 1"}, {"window", "2:00, 1:23 behind its end"}, {"media time", "1:00:00"}} {
		found := false
		for _, row := range rows {
			found = found || row == want
		}
		if !found {
			t.Errorf("no %q in %q", want, rows)
		}
	}
}
