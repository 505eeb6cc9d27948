package player_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// The scenarios of live presentations play the demo as an event that began an
// hour before the bubble, whose clock stands at bubbleBegan then.
var bubbleBegan = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// into is an instant of a scenario.
func into(d time.Duration) time.Time { return bubbleBegan.Add(d) }

const (
	sec = time.Second
	// fragmentOf is how long a fragment of the demo lasts.
	fragmentOf = 2 * sec
	// windowOf is the DVR window, where a scenario has no other. Position 0 is where
	// it begins when the session does, so that this is where it ends.
	windowOf = 10 * time.Minute
	// aheadOf is how far the encoder is ahead of the newest fragment that can be
	// asked for: each has two followers.
	aheadOf = 4 * sec
)

// scene is a scenario of a live presentation.
type scene struct {
	name   string
	live   func(*origin.Live)   // changes the event
	fault  string               // of the origin, as in origin.ParseFaults
	backup string               // the faults of a second origin, "none" for none; "": there is no second one
	config func(*player.Config) // changes the session
	script []playertest.Step
	span   time.Duration
	link   string
	// loose: times are compared to the second only. Some moments of such a scenario
	// coincide, and what is first then is not settled.
	loose bool
	// wrap stands between the origin and the network; nil: nothing.
	wrap func(http.Handler) http.Handler
}

// epochOf is where the time of the encoder begins.
var epochOf = into(-2 * time.Hour)

// broadcast serves the demo as an event.
func broadcast(t testing.TB, change func(*origin.Live), faults string) *origin.Origin {
	t.Helper()
	e := origin.Live{Epoch: epochOf, Start: into(-time.Hour), Window: windowOf}
	if change != nil {
		change(&e)
	}
	o, err := origin.New(origin.Config{Live: &e})
	if err != nil {
		t.Fatal(err)
	}
	f, err := origin.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	o.SetFaults(f)
	return o
}

// hosts answers for the hosts of a network.
type hosts map[string]http.Handler

func (h hosts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// What waited for a connection is not answered at the very instant at which the
	// one before it ended.
	time.Sleep(7 * time.Microsecond)
	if o := h[r.Host]; o != nil {
		o.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

const livePath = "/demo.isml/Manifest"

// scenario makes the scenario of s anew.
func (s *scene) scenario(t testing.TB) playertest.Scenario {
	first := http.Handler(broadcast(t, s.live, s.fault))
	if s.wrap != nil {
		first = s.wrap(first)
	}
	all := hosts{"test": first}
	if s.backup != "" {
		faults := s.backup
		if faults == "none" {
			faults = ""
		}
		all["backup"] = broadcast(t, s.live, faults)
	}
	return playertest.Scenario{
		Handler: all, Path: livePath, Link: s.link, Script: s.script, For: s.span,
		Config: func(c *player.Config) {
			if s.backup != "" {
				c.Fallbacks = []string{"http://backup" + livePath}
			}
			if s.config != nil {
				s.config(c)
			}
		},
	}
}

// play plays s three times, compares the courses with each other and with the
// golden one, and returns the last session.
func (s *scene) play(t *testing.T) *playertest.Result {
	t.Helper()
	return playLive(t, s.name, s.loose, func() playertest.Scenario { return s.scenario(t) })
}

func playLive(t *testing.T, name string, loose bool, mk func() playertest.Scenario) (r *playertest.Result) {
	t.Helper()
	var first []string
	for range 3 {
		r = playertest.Run(t, mk())
		if got := course(r, loose); first == nil {
			first = got
		} else if diff := playertest.FirstDifference(first, got); diff != "" {
			t.Fatalf("the same scenario took another course: %s", diff)
		}
	}
	playertest.GoldenLines(t, "live/"+strings.ReplaceAll(name, " ", "_")+".txt", first)
	if r.Err != nil {
		t.Error(r.Err)
	}
	return r
}

// course is a session as lines to read: the time, the playhead, and what
// happened. What the scenarios of presentations on demand hold fast is left out.
func course(r *playertest.Result, loose bool) []string {
	var lines []string
	for _, e := range r.Events {
		text := ""
		switch b := e.Body.(type) {
		case event.LevelDecided, event.RenderLoad, event.Gauges, event.Tracks, event.SessionStarted:
			continue
		case event.Fragment:
			text = fmt.Sprintf("%s %d at %v on level %d: %s", b.Track, b.Chunk, b.Start, b.Level, b.Outcome)
			if b.Outcome == event.Faulty {
				text += fmt.Sprintf(" %s %d, attempt %d", b.Code, b.Status, b.Attempt)
			}
			if b.Host != "" && b.Host != "test" {
				text += " from " + b.Host
			}
		case event.Manifest:
			text = fmt.Sprintf("refresh %v live %v chunks %d until %v", b.Refresh, b.Live, b.Chunks, b.Duration)
		case event.SessionEnded:
			s := b.Summary
			text = fmt.Sprintf("%s, %d stalls of %v, %d pictures, %d dropped, %d repeated, %d gaps of sound",
				s.End, s.Stalls, s.Stalled, s.PicturesShown, s.PicturesDropped, s.PicturesRepeated, s.AudioGaps)
		default:
			body, err := json.Marshal(b)
			if err != nil {
				body = []byte(err.Error())
			}
			text = string(body)
		}
		if loose {
			if _, edge := e.Body.(event.LiveEdge); !edge && e.Body.Type() != "session_ended" {
				lines = append(lines, fmt.Sprintf("%-4.0f %s %s", e.At.Seconds(), e.Body.Type(), text))
			}
			continue
		}
		lines = append(lines, fmt.Sprintf("%-8.3f %-8.3f %s %s", e.At.Seconds(), e.Pos.Seconds(), e.Body.Type(), text))
	}
	return lines
}

// stretch is what was shown without a picture missing or shown twice.
type stretch struct{ from, to time.Duration }

func (s stretch) String() string { return fmt.Sprintf("%v to %v", s.from, s.to) }

// stretches are the pictures as they were shown.
func stretches(r *playertest.Result) (list []stretch) {
	for _, s := range r.Shown {
		if n := len(list); n > 0 && list[n-1].to == s.PTS {
			list[n-1].to += period
			continue
		}
		list = append(list, stretch{s.PTS, s.PTS + period})
	}
	return list
}

// showed asserts that exactly these stretches of pictures were shown: each
// picture of them once, in order. A to of 0 stands for wherever the session
// ended or was told to go elsewhere.
func showed(t *testing.T, r *playertest.Result, want ...stretch) {
	t.Helper()
	got := stretches(r)
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = got[i].from == want[i].from && (want[i].to == 0 || got[i].to == want[i].to)
	}
	if !ok {
		t.Errorf("the pictures shown are those of %v, want %v", got, want)
	}
}

// flowed asserts that the session went on without a stall, and the sound without
// a gap but for those at seeks.
func flowed(t *testing.T, r *playertest.Result) {
	t.Helper()
	if r.Summary.Stalls != 0 || r.Summary.AudioGaps != 0 || r.Sound.Underruns != 0 || r.Summary.PicturesDropped != 0 {
		t.Errorf("%d stalls, %d gaps and %d underruns of the sound, %d pictures dropped",
			r.Summary.Stalls, r.Summary.AudioGaps, r.Sound.Underruns, r.Summary.PicturesDropped)
	}
}

// asked are the requests for fragments of a track, "": all.
func asked(r *playertest.Result, track string) (list []event.Fragment) {
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if track == "" || f.Track == track {
			list = append(list, f)
		}
	}
	return list
}

// refused are those of them that were answered with an error.
func refused(r *playertest.Result) (list []event.Fragment) {
	for _, f := range asked(r, "") {
		if f.Outcome == event.Faulty {
			list = append(list, f)
		}
	}
	return list
}

// causes are the causes of the seeks of a session, in order.
func causes(r *playertest.Result) (list []string) {
	for _, s := range event.Bodies[event.Seek](r.Events) {
		list = append(list, s.Cause)
	}
	return list
}

// codes counts the errors of a session by code.
func codes(r *playertest.Result) map[event.Code]int {
	n := map[event.Code]int{}
	for _, e := range event.Bodies[event.Error](r.Events) {
		n[e.Code]++
	}
	return n
}

// glimpse is what the Status says at an instant of the scenario.
type glimpse struct {
	player.Status
	at time.Duration
}

// latency is how far the picture shown is behind the encoder, by the clocks of
// both.
func (g glimpse) latency() time.Duration { return into(g.at).Sub(epochOf) - g.MediaTime }

// glimpses gather the Status at set times; those of the last session of three
// stay.
type glimpses struct {
	mu   sync.Mutex
	list []glimpse
}

// at are the steps that do so.
func (g *glimpses) at(times ...time.Duration) (steps []playertest.Step) {
	for i, at := range times {
		steps = append(steps, playertest.Step{At: at, Do: func(s *playertest.Session) {
			g.mu.Lock()
			defer g.mu.Unlock()
			if i == 0 {
				g.list = nil
			}
			g.list = append(g.list, glimpse{s.Player.Status(), time.Since(bubbleBegan)})
		}})
	}
	return steps
}

// every are steps at equal intervals.
func (g *glimpses) every(step, from, to time.Duration) (steps []playertest.Step) {
	var times []time.Duration
	for at := from; at < to; at += step {
		times = append(times, at)
	}
	return g.at(times...)
}

// steps of live presentations.
func goLive(at time.Duration) playertest.Step {
	return playertest.Step{At: at, Do: func(s *playertest.Session) { s.Must(s.Player.GoLive(s.Ctx)) }}
}

func replay(at time.Duration) playertest.Step {
	return playertest.Step{At: at, Do: func(s *playertest.Session) { s.Must(s.Player.Replay(s.Ctx)) }}
}
