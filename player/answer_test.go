package player_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// answer is the body of a response whose network stack has something to say.
type answer struct {
	io.ReadCloser
	fromStore            bool
	stackBPS, deliverBPS int64
}

func (a *answer) FromStore() bool     { return a.fromStore }
func (a *answer) BandwidthBPS() int64 { return a.stackBPS }
func (a *answer) DeliveredBPS() int64 { return a.deliverBPS }

// stack is a Doer that says things of the answers of another. Where most is set
// an edge server delivers that level for any above it.
type stack struct {
	platform.Doer
	says      answer
	most      string
	delivered int64
}

func (s *stack) Do(r *http.Request) (*http.Response, error) {
	says := s.says
	if before, after, ok := strings.Cut(r.URL.Path, "QualityLevels(3000000)"); ok && s.most != "" {
		r = r.Clone(r.Context())
		r.URL.Path = before + "QualityLevels(" + s.most + ")" + after
		says.deliverBPS = s.delivered
	}
	resp, err := s.Doer.Do(r)
	if err != nil {
		return nil, err
	}
	says.ReadCloser = resp.Body
	resp.Body = &says
	return resp, nil
}

// hears runs a session on a network stack.
func hears(t *testing.T, link string, s *stack) (r *playertest.Result) {
	t.Helper()
	inHouse(t, playertest.Default(), link, 20*ms, func(h *house) {
		g := h.start(func(d *player.Device, c *player.Config) {
			s.Doer = d.HTTP
			d.HTTP = s
			c.BufferAhead = 12 * time.Second
		})
		r = g.over()
		if r.Err != nil {
			t.Error(r.Err)
		}
	})
	return r
}

func TestAnotherLevelIsDelivered(t *testing.T) {
	r := hears(t, "20M", &stack{most: "800000", delivered: 800_000})
	whole(t, r, 0, 30*time.Second)
	asked := 0
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Level == 3 && f.DeliveredBPS != 800_000 {
			t.Errorf("the transfer is told as %+v", f)
		}
		if f.Level == 3 && f.Track == "video" {
			asked++
		}
	}
	if asked < 10 {
		t.Fatalf("level 3 was asked for %d times", asked)
	}
	for _, l := range event.Bodies[event.LevelShown](r.Events) {
		if l.Level > 1 {
			t.Errorf("level %d is told to be shown", l.Level)
		}
	}
	for i, l := range r.Summary.Levels {
		if n := l.Fragments; i == 1 && n < 10 || i > 1 && (n > 0 || l.Shown > 0) {
			t.Errorf("the Summary has %d fragments of level %d, shown for %v", n, i, l.Shown)
		}
	}
	if bps := r.Summary.MeanBitrateBPS; bps > 800_000 {
		t.Errorf("the mean bitrate is %d", bps)
	}
	decisions := decidedAfter(r, 0)
	in := decisions[len(decisions)-1].Input
	if in.Current != 1 {
		t.Errorf("the level before is told to be %d", in.Current)
	}
	if in.Sizes[3] < 700_000 || in.Sizes[1] > 250_000 {
		t.Errorf("the sizes learned are %v", in.Sizes)
	}
	for _, x := range in.Transfers[3:] {
		if x.Level != 1 {
			t.Errorf("a transfer is told to be of level %d", x.Level)
		}
	}
}

// TestAnUnknownLevelIsDelivered: what no level has is taken for the one asked for.
func TestAnUnknownLevelIsDelivered(t *testing.T) {
	r := hears(t, "20M", &stack{most: "800000", delivered: 801_234})
	whole(t, r, 0, 30*time.Second)
	if n := r.Summary.Levels[3].Fragments; n < 10 {
		t.Errorf("the Summary has %d fragments of level 3", n)
	}
}

func TestStoredAnswersSayNothingOfTheLink(t *testing.T) {
	r := hears(t, "20M", &stack{says: answer{fromStore: true}})
	whole(t, r, 0, 30*time.Second)
	for _, d := range event.Bodies[event.LevelDecided](r.Events) {
		if d.Input.BandwidthBPS != 0 {
			t.Fatalf("at %v the link is thought to carry %d", d.Input.Now, d.Input.BandwidthBPS)
		}
	}
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if !f.FromStore {
			t.Errorf("the transfer of chunk %d is not told to be from a store", f.Chunk)
		}
	}
}

func TestTheStackKnowsTheLink(t *testing.T) {
	r := hears(t, "30M", &stack{says: answer{stackBPS: 1_200_000}})
	whole(t, r, 0, 30*time.Second)
	decisions := decidedAfter(r, 0)
	for _, d := range decisions[3:] {
		if bps := d.Input.BandwidthBPS; bps < 1_199_000 || bps > 1_201_000 {
			t.Fatalf("the link is thought to carry %d", bps)
		}
		if d.Decision.Level > 1 {
			t.Errorf("level %d on a link of 1.2 Mbit/s", d.Decision.Level)
		}
	}
}
