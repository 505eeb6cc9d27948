package player_test

import (
	"strings"
	"testing"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// What fragments announce wrongly, and more or less often, costs nothing: each time
// is learned from the manifest before its picture is due.
func TestLiveWrongTimes(t *testing.T) {
	for _, mode := range []origin.Mode{origin.Complete, origin.Promise} {
		for _, fault := range []string{"bad-tfrf@times@50%", "bad-tfrf@times@30%", "bad-tfrf@times@every:3", "bad-tfrf@times@every:2", "bad-tfrf@50%"} {
			t.Run(string(mode)+"/"+fault, func(t *testing.T) {
				s := scene{fault: fault, span: 90 * sec, live: func(e *origin.Live) { e.Mode = mode }}
				r := playertest.Run(t, s.scenario(t))
				flowed(t, r)
				showed(t, r, stretch{from: 594 * sec})
				if n := codes(r); len(n) > 0 {
					t.Errorf("told %v", n)
				}
			})
		}
	}
}

// At the edge, every fault that servers have costs what it destroys and no more:
// the other pictures are shown once and in order, and the session goes on. Chunks
// are counted from the start of the event; 1808 ends 22 s into the session.
func TestLiveFaults(t *testing.T) {
	whole := []stretch{{from: 594 * sec}}
	for _, c := range []struct {
		fault string
		want  []stretch
		// stalled is how long nothing is to be seen at most, skipped how many
		// fragments are left out.
		stalled time.Duration
		skipped int
	}{
		// By chunk.
		{"404@video:1808", []stretch{{594 * sec, 620 * sec}, {from: 622 * sec}}, 0, 1},
		{"410@video:1808", []stretch{{594 * sec, 620 * sec}, {from: 622 * sec}}, 0, 1},
		{"404@video:1808-1810", []stretch{{594 * sec, 620 * sec}, {from: 626 * sec}}, 3 * sec, 3},
		{"404@audio:1808", whole, 0, 1},
		{"garbage@video:1808", []stretch{{594 * sec, 620 * sec}, {from: 622 * sec}}, 0, 1},
		{"truncated@video:1808", []stretch{{594 * sec, 620 * sec}, {from: 622 * sec}}, 0, 1},
		{"other-time@video:1808", []stretch{{594 * sec, 620 * sec}, {from: 622 * sec}}, 0, 1},
		{"500@video:1808@level:1700k", whole, 0, 0},
		// By request.
		{"404@every:7", whole, 0, 0},
		{"503@30%", whole, 0, 0},
		{"cut@50%@every:3", whole, 0, 0},
		{"truncated@every:3", whole, 0, 0},
		{"garbage@every:3", whole, 0, 0},
		{"other-time@every:5", whole, 0, 0},
		{"die@10%", whole, 0, 0},
		{"late@1s@every:2", whole, 0, 0},
		{"412@edge", whole, 0, 0},
		{"412@edge:2", []stretch{{594 * sec, 594040 * time.Millisecond}, {from: 590 * sec}}, 0, 0}, // found out at the join
		{"500@manifest@5s", whole, 0, 0},
		{"404@manifest@5s", whole, 0, 0},
		// By time.
		{"404@20s-23s", whole, 0, 0},
		{"412@20s-23s", whole, 0, 0},
		{"500@20s-23s", whole, 0, 0},
		{"die@20s-22s", whole, 0, 0},
		{"die@20s-24s", whole, sec, 0}, // what is buffered lasts until then
		{"die@20s-40s", []stretch{{594 * sec, 617920 * time.Millisecond}, {}}, 20 * sec, 0},
		{"slow@2M@20s-40s", whole, 0, 0},
		{"slow@50k@audio@20s-24s", whole, 2 * sec, 0},
		{"late@3s@20s-23s", whole, 0, 0},
		{"stale-manifest@20s-60s", whole, 0, 0},
		{"no-tfrf@20s-50s", whole, 0, 0},
		{"bad-tfrf@20s-50s", whole, 0, 0},
		{"level-gone@20s-50s", whole, 0, 0},
		{"encoder-gap@20s-25s", []stretch{{594 * sec, 624 * sec}, {from: 630 * sec}}, 6 * sec, 0},
		{"encoder-gap@video@20s-25s", []stretch{{594 * sec, 624 * sec}, {from: 630 * sec}}, 6 * sec, 0},
		{"encoder-gap@audio@20s-25s", whole, 5 * sec, 0},
		{"clock-jump@+10s@20s-50s", nil, 10 * sec, 0},
	} {
		t.Run(c.fault, func(t *testing.T) {
			var g glimpses
			name := strings.NewReplacer("@", " ", ":", " ", "%", " percent").Replace("fault " + c.fault)
			s := scene{name: name, fault: c.fault, span: 70 * sec, script: g.at(69*sec + 137*time.Microsecond)}
			r := s.play(t)
			if len(c.want) > 1 && c.want[1] == (stretch{}) {
				c.want[1].from = stretches(r)[1].from // where the edge was then
			}
			if c.want != nil {
				showed(t, r, c.want...)
			}
			if r.Summary.Stalled > c.stalled || r.Summary.PicturesDropped > 0 {
				t.Errorf("stalled for %v in %d stalls, %d pictures dropped", r.Summary.Stalled, r.Summary.Stalls, r.Summary.PicturesDropped)
			}
			n := codes(r)
			if n[event.FragmentSkipped] != c.skipped {
				t.Errorf("%d fragments were skipped, want %d", n[event.FragmentSkipped], c.skipped)
			}
			for code, n := range n {
				if n > 3 {
					t.Errorf("%s was told %d times", code, n)
				}
			}
			inSync(t, r, 60*time.Millisecond)
			now := g.list[0]
			if now.State != event.Playing || !now.AtEdge || now.latency() > 16*sec {
				t.Errorf("at the end %s, at the edge %v, latency %v", now.State, now.AtEdge, now.latency())
			}
		})
	}
}
