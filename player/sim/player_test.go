package sim

import (
	"reflect"
	"testing"
	"time"

	"smoothplay/heuristics/policy"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// TestReplaysThePlayer asks every policy again what the real player asked it in
// a session with drops of the link, a seek, a pause and other languages, after a
// way through a file.
func TestReplaysThePlayer(t *testing.T) {
	for _, name := range policy.Names() {
		t.Run(name, func(t *testing.T) {
			p := playertest.Default()
			p.Length, p.AudioLength = 90*time.Second, 90*time.Second
			r := playertest.Run(t, playertest.Scenario{
				Handler: p, Link: "8M:9s,500k:8s,6M:11s,900k:6s,0:3s",
				Config: func(c *player.Config) { c.Policy, c.BufferAhead = name, 14*time.Second },
				Script: []playertest.Step{
					playertest.SelectAudio(12*time.Second, 1), playertest.Seek(25*time.Second, 50*time.Second),
					playertest.SelectAudio(33*time.Second, 0), playertest.Pause(40 * time.Second), playertest.Play(45 * time.Second),
				},
			})
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			asked := map[Question]int{}
			for d, err := range Replay(written(t, r.Events), "", policy.Config{}) {
				if err != nil {
					t.Fatal(err)
				}
				asked[d.Question]++
				if !d.Same || !reflect.DeepEqual(d.Logged, d.Again) {
					t.Errorf("event %d, %s of %s at %v: %+v, and now %+v", d.Seq, d.Question, d.Track, d.Start, d.Logged, d.Again)
				}
			}
			if logged := len(event.Bodies[event.LevelDecided](r.Events)); asked[AskFetch]+asked[AskAbandon]+asked[AskReplace] != logged || asked[AskFetch] < 60 {
				t.Errorf("%v asked of %d decisions", asked, logged)
			}
			t.Logf("%v", asked)
		})
	}
}

// TestImitatesThePlayer simulates what the real player played over the same
// link.
func TestImitatesThePlayer(t *testing.T) {
	const shape = "6M:23s,1.1M:19s,2.5M:17s,700k:13s,1.7M:31s"
	link := &Link{Name: shape}
	for _, p := range []Period{{23 * time.Second, 6e6, 0}, {19 * time.Second, 1.1e6, 0}, {17 * time.Second, 2.5e6, 0}, {13 * time.Second, 700e3, 0}, {31 * time.Second, 1.7e6, 0}} {
		p.Latency = 20137 * time.Microsecond
		link.Periods = append(link.Periods, p)
	}
	for _, name := range policy.Names() {
		p := playertest.Default()
		p.Length, p.AudioLength = 5*time.Minute, 5*time.Minute
		r := playertest.Run(t, playertest.Scenario{
			Handler: p, Link: shape,
			Config: func(c *player.Config) { c.Policy, c.BufferAhead = name, 20*time.Second },
		})
		recorded, err := ReadRecorded(written(t, r.Events))
		if err != nil {
			t.Fatal(err)
		}
		if recorded.Policy != name || recorded.Buffer != 20*time.Second || recorded.Resume != 4*time.Second || recorded.Movie.Chunk != 2*time.Second {
			t.Errorf("%+v", recorded)
		}
		pol, err := policy.New(name, policy.Config{})
		if err != nil {
			t.Fatal(err)
		}
		same := simulate(t, recorded.Config(link, pol))
		played, switches := float64(r.Summary.MeanBitrateBPS), r.Summary.SwitchesUp+r.Summary.SwitchesDown
		t.Logf("%s: played %.0f with %d switches and %d stalls, simulated %.0f with %d and %d", name, played, switches, r.Summary.Stalls, same.MeanBPS, same.Switches, same.Stalls)
		if off := same.MeanBPS/played - 1; off < -.05 || off > .05 {
			t.Errorf("%s: the mean is %.0f, the player had %.0f", name, same.MeanBPS, played)
		}
		// One decision near a tie makes several others with rules that give many transfers up, or look at the buffer alone.
		if name != policy.Default && name != policy.RobustMPC {
			continue
		}
		if off := float64(same.Switches - switches); off < -max(1, .2*float64(switches)) || off > max(1, .2*float64(switches)) {
			t.Errorf("%s: %d switches, the player had %d", name, same.Switches, switches)
		}
	}
}
