package player_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform/httpclient"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// rates are the changes of the speed of a session.
func rates(r *playertest.Result) (list []event.Rate) { return event.Bodies[event.Rate](r.Events) }

// The distance from the edge is three fragments and six seconds at least, or
// what is configured, under the names that Microsoft's clients have too.
func TestLiveDistance(t *testing.T) {
	for _, c := range []struct {
		name   string
		config player.Live
		from   time.Duration
	}{
		{"distance as usual", player.Live{}, 594 * sec},
		{"distance of ten seconds", player.Live{Distance: 10 * sec}, 590 * sec},
		{"distance of one fragment", player.Live{Distance: 2 * sec}, 598 * sec},
		{"offset and back-off of Silverlight", player.Live{PlaybackOffset: 7 * sec, BackOff: 6 * sec}, 586 * sec},
		{"offset of Silverlight", player.Live{PlaybackOffset: 7 * sec}, 592 * sec},
		{"back-off of Silverlight", player.Live{BackOff: 6 * sec}, 594 * sec},
		{"distance larger than the window", player.Live{Distance: time.Hour}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g glimpses
			s := scene{name: c.name, span: 60 * sec, config: func(p *player.Config) { p.Live = c.config }, script: g.every(10*sec, 15*sec, 59*sec)}
			r := s.play(t)
			flowed(t, r)
			showed(t, r, stretch{from: c.from})
			for _, now := range g.list {
				// The picture of a fragment that has just begun: a fragment more at most.
				if want := windowOf + aheadOf - c.from; now.latency() > want+fragmentOf || now.latency() < want-fragmentOf/2 {
					t.Errorf("at %v the latency is %v, want %v", now.at, now.latency(), want)
				}
			}
		})
	}
}

// drifting is an encoder that runs fast or slow by a thousandth.
func drifting(by, span time.Duration) string {
	var faults []string
	for at := 10 * sec; at < span; at += 10 * sec {
		faults = append(faults, fmt.Sprintf("clock-jump@%+dms@%v", by.Milliseconds(), at))
	}
	return strings.Join(faults, ",")
}

// Drift between the clocks of encoder and device is corrected by playing a
// little faster or slower: no picture and no sound is lost, the latency stays,
// and requests are not made too early or too late.
func TestLiveDrift(t *testing.T) {
	for _, c := range []struct {
		name string
		by   time.Duration // in 10 s
	}{
		{"encoder that is a thousandth fast", 10 * time.Millisecond},
		{"encoder that is a thousandth slow", -10 * time.Millisecond},
		{"encoder that is a two-hundredth fast", 50 * time.Millisecond},
		{"encoder that is a two-hundredth slow", -50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			const span = 20 * time.Minute
			var g glimpses
			s := scene{name: c.name, span: span, fault: drifting(c.by, span), script: g.every(30*sec, 65*sec, span)}
			r := playertest.Run(t, s.scenario(t))
			flowed(t, r)
			showed(t, r, stretch{from: 594 * sec})
			if len(rates(r)) == 0 || len(causes(r)) != 0 {
				t.Errorf("the speed changed %d times, the playhead was moved by %v", len(rates(r)), causes(r))
			}
			for _, to := range rates(r) {
				if to.To < 0.95-1e-9 || to.To > 1.05+1e-9 {
					t.Errorf("played at %v", to.To)
				}
			}
			drifted := time.Duration(0)
			for _, now := range g.list {
				drifted = c.by * time.Duration(now.at/(10*sec))
				if late := now.latency() + drifted; late > 12*sec || late < 8*sec {
					t.Errorf("at %v the latency is %v", now.at, late)
				}
			}
			if c.by.Abs() <= 10*time.Millisecond {
				checkWaste(t, r)
			}
		})
	}
}

// Playing at one speed, whatever becomes of the latency, can be had.
func TestLiveSteady(t *testing.T) {
	s := scene{name: "steady speed", span: 5 * time.Minute, fault: drifting(50*time.Millisecond, 5*time.Minute),
		config: func(c *player.Config) { c.Live.Steady = true }}
	r := playertest.Run(t, s.scenario(t))
	flowed(t, r)
	if len(rates(r)) != 0 || len(causes(r)) != 0 {
		t.Errorf("the speed changed %d times, the playhead was moved by %v", len(rates(r)), causes(r))
	}
}

// After a stall at the edge more distance is kept, so that the next one does not
// follow; a long outage is no reason, and ends with a jump.
func TestLiveDistanceGrows(t *testing.T) {
	for _, c := range []struct {
		scene
		jump bool
	}{
		{scene: scene{name: "stall at the edge", link: "3.6M:30s,0:9s,3.6M"}},
		{scene: scene{name: "long stall at the edge", link: "3.6M:30s,0:40s,3.6M"}, jump: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g glimpses
			c.span, c.script = 150*sec, g.at(25*sec, 140*sec)
			r := c.play(t)
			if r.Summary.Stalls != 1 || r.Summary.PicturesDropped != 0 {
				t.Errorf("%d stalls, %d pictures dropped", r.Summary.Stalls, r.Summary.PicturesDropped)
			}
			before, after := g.list[0].latency(), g.list[1].latency()
			switch {
			case c.jump && (len(causes(r)) != 1 || causes(r)[0] != "live" || after > before+fragmentOf):
				t.Errorf("the playhead was moved by %v, the latency was %v and is %v", causes(r), before, after)
			case !c.jump && (len(causes(r)) != 0 || after <= before || after > before+3*fragmentOf):
				t.Errorf("the playhead was moved by %v, the latency was %v and is %v", causes(r), before, after)
			}
		})
	}
}

// After an outage of some seconds the session is near the edge again within a
// minute: by playing faster where that is enough, else by one jump within what is
// buffered, which is told. Nothing stands still for it.
func TestLiveCatchesUp(t *testing.T) {
	for _, c := range []struct {
		name, fault string
		jump        bool
	}{
		{"outage that playing faster makes up for", "die@20s-27s", false},
		{"outage that takes a jump", "die@20s-33s", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g glimpses
			s := scene{name: c.name, fault: c.fault, span: 240 * sec, script: g.at(15*sec+137*time.Microsecond, 95*sec+137*time.Microsecond, 239*sec+137*time.Microsecond)}
			r := s.play(t)
			if r.Summary.Stalls != 1 || r.Summary.PicturesDropped != 0 {
				t.Errorf("%d stalls, %d pictures dropped", r.Summary.Stalls, r.Summary.PicturesDropped)
			}
			jumps := []string(nil)
			if c.jump {
				jumps = []string{"live"}
			}
			if got := causes(r); !slices.Equal(got, jumps) {
				t.Errorf("the playhead was moved by %v, want %v", got, jumps)
			}
			if got := stretches(r); len(got) != len(jumps)+1 || got[0].from != 594*sec {
				t.Errorf("the pictures shown are those of %v", got)
			}
			for _, now := range g.list[1:] {
				// A stall that is no outage leaves a fragment more distance.
				if before := g.list[0].latency(); now.latency() > before+fragmentOf+sec/2 {
					t.Errorf("at %v the latency is %v, before the outage it was %v", now.at, now.latency(), before)
				}
			}
		})
	}
}

// One level of the demo and its sound take this much of the link.
const usualBPS = 1_764_000

// Within a fragment of what is configured stays the latency; and nobody comes
// closer on such a server without stalling.
func TestLiveLatency(t *testing.T) {
	short := func(e *origin.Live) { e.Delay = 0 }
	for _, c := range []struct {
		scene
		most time.Duration
	}{
		{scene{name: "latency as usual", live: short}, 12 * sec},
		{scene{name: "latency of one fragment", live: short, config: func(c *player.Config) { c.Live.Distance = fragmentOf }}, 9 * sec},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g glimpses
			c.span, c.link = 10*time.Minute, fmt.Sprint(2*usualBPS)
			c.script = g.every(997*time.Millisecond, 10*sec, c.span)
			r := playertest.Run(t, c.scenario(t))
			flowed(t, r)
			if got := stretches(r); len(got) != 1 {
				t.Errorf("the pictures shown are those of %v", got)
			}
			var worst, sum time.Duration
			for _, now := range g.list {
				worst, sum = max(worst, now.latency()), sum+now.latency()
			}
			t.Logf("latency %v on average, %v at most", sum/time.Duration(len(g.list)), worst)
			if worst > c.most {
				t.Errorf("the latency is up to %v, want %v", worst, c.most)
			}
			checkWaste(t, r)
		})
	}
}

// checkWaste asserts that at most one request for ten fragments was too early.
func checkWaste(t *testing.T, r *playertest.Result) {
	t.Helper()
	early, all := len(refused(r)), len(asked(r, ""))
	t.Logf("%d of %d requests were too early", early, all)
	if early*10 > all-early {
		t.Errorf("%d requests for %d fragments were too early", early, all-early)
	}
}

// With fragments of half a second the latency is below three seconds.
func TestLiveLatencyOfShortFragments(t *testing.T) {
	var g glimpses
	const span = 5 * time.Minute
	r := playertest.Run(t, playertest.Scenario{
		Handler: shortBroadcast(t), Path: "/show.isml/Manifest", Link: "3M", For: span,
		Config: func(c *player.Config) { c.Live.Distance = 480 * time.Millisecond },
		Script: g.every(997*time.Millisecond, 10*sec, span),
	})
	flowed(t, r)
	worst := time.Duration(0)
	for _, now := range g.list {
		worst = max(worst, now.latency())
	}
	t.Logf("latency %v at most", worst)
	if got := stretches(r); len(got) != 1 || worst > 3*sec {
		t.Errorf("the latency is up to %v, the pictures shown are those of %v", worst, got)
	}
	checkWaste(t, r)
}

// A join shows its first picture within three round trips, the time that its
// fragments take on the link, and a tenth of a second.
func TestLiveJoinIsQuick(t *testing.T) {
	for _, c := range []struct {
		link    string
		latency time.Duration
	}{{"8M", 100 * time.Millisecond}, {"2M", 50 * time.Millisecond}, {"50M", 5 * time.Millisecond}, {"1M", 200 * time.Millisecond}} {
		s := scene{name: c.link, link: c.link, span: 10 * sec}
		sc := s.scenario(t)
		sc.Latency = c.latency
		r := playertest.Run(t, sc)
		shape, _ := httpclient.ParseShape(c.link)
		var bytes int64
		first := event.Bodies[event.FirstPicture](r.Events)[0].SinceRun
		for _, e := range r.Events {
			switch b := e.Body.(type) {
			case event.Manifest:
				bytes += b.Bytes
			case event.Fragment:
				if e.At <= first {
					bytes += b.Bytes
				}
			}
		}
		bytes += asked(r, "audio")[0].Bytes
		most := 3*c.latency + time.Duration(bytes*8*int64(sec)/shape[0].BPS) + 100*time.Millisecond
		t.Logf("on %s with %v: %v, at most %v are allowed", c.link, c.latency, first, most)
		if first > most {
			t.Errorf("on %s with %v the first picture came after %v, want %v", c.link, c.latency, first, most)
		}
	}
}

// Going live in a session that plays takes half a second at most.
func TestLiveGoLiveIsQuick(t *testing.T) {
	s := scene{name: "go live quickly", span: 60 * sec, link: "8M", script: []playertest.Step{playertest.Seek(10*sec, 200*sec), goLive(40 * sec)}}
	r := playertest.Run(t, s.scenario(t))
	done := event.Bodies[event.SeekDone](r.Events)
	if len(done) != 2 {
		t.Fatalf("%d seeks", len(done))
	}
	t.Logf("went live in %v", done[1].Elapsed)
	if done[1].Elapsed > 500*time.Millisecond {
		t.Errorf("went live in %v", done[1].Elapsed)
	}
}

// shortBroadcast is an event of fragments of about half a second: twelve pictures.
func shortBroadcast(t testing.TB) *origin.Origin {
	t.Helper()
	p := &playertest.Presentation{Length: 2 * time.Minute, Fragment: 480 * time.Millisecond, Levels: []int64{350_000, 1_200_000}, Languages: []string{"eng"}}
	o, err := origin.New(origin.Config{
		Handlers: map[string]http.Handler{"show.ism": p},
		Live:     &origin.Live{Epoch: epochOf, Start: into(-time.Hour), Window: windowOf},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}
