package httpclient

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func mustLink(t *testing.T, shape string, latency time.Duration) *Link {
	t.Helper()
	var s Shape
	if shape != "" {
		var err error
		if s, err = ParseShape(shape); err != nil {
			t.Fatal(err)
		}
	}
	l, err := NewLink(s, latency)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// near checks that got is want, give or take a share of it.
func near(t *testing.T, what string, got, want time.Duration, share float64) {
	t.Helper()
	if d := (got - want).Abs(); d > time.Duration(share*float64(want)) {
		t.Errorf("%s took %v, want %v", what, got, want)
	}
}

func TestRate(t *testing.T) {
	tests := []struct {
		shape string
		bytes int
		want  time.Duration
	}{
		{"8M", 1e6, time.Second},
		{"8M", 1000, time.Millisecond},
		{"100k", 125e3, 10 * time.Second},
		{"1G", 25e6, 200 * time.Millisecond},
		{"max", 1e6, 0},
		// 1 s at 8M, 1 s at 800k, and so on: 1.1 MB in 2 s.
		{"8M:1s,800k:1s", 1.1e6 * 3, 6 * time.Second},
		{"8M:1s,800k:1s", 1.1e6*3 + 5e5, 6500 * time.Millisecond},
		{"8M:1s,0:4s", 1.5e6, 5500 * time.Millisecond},
		{"0:4s,8M:1s", 1e5, 4100 * time.Millisecond},
		{"8M:1s,800k", 1.1e6, 2 * time.Second},
		{"8M:1s,max", 50e6, time.Second},
		{"8M:1ms,0:1ms", 1e6, 2 * time.Second},
	}
	for _, tt := range tests {
		inBubble(t, Config{Link: mustLink(t, tt.shape, 0)}, serveBytes(tt.bytes), func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			fetch(t, c, "http://host/")
			near(t, tt.shape, time.Since(start), tt.want, 0.002)
		})
	}
}

func TestLatency(t *testing.T) {
	t.Run("added", func(t *testing.T) {
		inBubble(t, Config{Link: mustLink(t, "", 50*time.Millisecond)}, serveBytes(100), func(t *testing.T, c *Client, n *network) {
			for i, want := range []time.Duration{100 * time.Millisecond, 50 * time.Millisecond, 50 * time.Millisecond} {
				start := time.Now()
				fetch(t, c, "http://host/")
				if got := time.Since(start); got != want {
					t.Errorf("request %d took %v, want %v", i, got, want)
				}
			}
		})
	})
	t.Run("each redirect is a round trip", func(t *testing.T) {
		h := func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/end" {
				http.Redirect(w, r, "/end", http.StatusFound)
			}
		}
		inBubble(t, Config{Link: mustLink(t, "", 50*time.Millisecond)}, h, func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			fetch(t, c, "http://host/")
			if got, want := time.Since(start), 150*time.Millisecond; got != want {
				t.Errorf("took %v, want %v", got, want)
			}
		})
	})
	t.Run("of a step", func(t *testing.T) {
		inBubble(t, Config{Link: mustLink(t, "max:1s:20ms,max:1s:200ms", 0)}, serveBytes(100), func(t *testing.T, c *Client, n *network) {
			for _, want := range []time.Duration{40 * time.Millisecond, 200 * time.Millisecond} {
				start := time.Now()
				fetch(t, c, "http://host/")
				if got := time.Since(start); got != want {
					t.Errorf("took %v, want %v", got, want)
				}
				time.Sleep(1100*time.Millisecond - want)
			}
		})
	})
}

func TestTransfersShareTheLink(t *testing.T) {
	inBubble(t, Config{Link: mustLink(t, "8M", 0)}, serveBytes(1e6), func(t *testing.T, c *Client, n *network) {
		start := time.Now()
		var took [4]time.Duration
		var all sync.WaitGroup
		for i := range took {
			all.Go(func() {
				fetch(t, c, "http://host/")
				took[i] = time.Since(start)
			})
		}
		all.Wait()
		for _, d := range took {
			near(t, "one of four equal transfers", d, 4*time.Second, 0.02)
		}
		near(t, "the last of four equal transfers", max(took[0], took[1], took[2], took[3]), 4*time.Second, 0.002)
	})
}

func TestAnIdleLinkSavesNothingUp(t *testing.T) {
	inBubble(t, Config{Link: mustLink(t, "8M", 0)}, serveBytes(1e5), func(t *testing.T, c *Client, n *network) {
		for range 5 {
			start := time.Now()
			fetch(t, c, "http://host/")
			near(t, "100 kB", time.Since(start), 100*time.Millisecond, 0.002)
			time.Sleep(10 * time.Second)
		}
	})
}

// TestLateTimersCostNoRate: timers that fire late, as they do outside of a
// bubble, are made up for.
func TestLateTimersCostNoRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := mustLink(t, "8M", 0)
		l.begin()
		start := time.Now()
		for range 1000 {
			if err := l.carry(t.Context(), 10e3, false); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Millisecond) // late
		}
		near(t, "10 MB", time.Since(start), 10*time.Second, 0.01)
	})
}

func TestCarryEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := mustLink(t, "1k", 0)
		l.begin()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := l.carry(ctx, 1e6, false); err != context.DeadlineExceeded {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("returned after %v, want 1s", got)
		}
	})
}

// TestFinishAgainstSmallSteps compares the reckoning with one that goes from
// millisecond to millisecond.
func TestFinishAgainstSmallSteps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		shape := Shape{{Duration: time.Duration(1+random.IntN(50)) * time.Millisecond, BPS: 1e6}}
		for range random.IntN(5) {
			shape = append(shape, Step{
				Duration: time.Duration(1+random.IntN(50)) * time.Millisecond,
				BPS:      int64(random.IntN(4)) * 1e6,
			})
		}
		var period time.Duration
		for _, s := range shape {
			period += s.Duration
		}
		rate := func(at time.Duration) float64 { // bits in the millisecond at at
			at %= period
			for _, s := range shape {
				if at < s.Duration {
					return float64(s.BPS) / 1e3
				}
				at -= s.Duration
			}
			panic("unreachable")
		}
		l, err := NewLink(shape, 0)
		if err != nil {
			t.Fatal(err)
		}
		var at time.Duration // of the slow reckoning, in whole milliseconds
		for range 20 {
			at += time.Duration(random.IntN(100)) * time.Millisecond
			bits := float64(random.IntN(300)) * 1e3
			got := l.finish(at, bits)
			slow := at
			for none := bits == 0; bits > 0 || none && rate(slow) == 0; slow += time.Millisecond {
				bits -= rate(slow)
			}
			const rounding = 2 * time.Nanosecond
			if got > slow+rounding || got < slow-time.Millisecond-rounding {
				t.Fatalf("%v: from %v: finished at %v, want within the millisecond before %v", shape, at, got, slow)
			}
			at = slow
		}
	}
}

func TestFinishOfNextToNothing(t *testing.T) {
	// A link of one bit in ten million days: no endless reckoning, no overflow.
	shape := Shape{{Duration: time.Millisecond, BPS: 1}}
	for range 9 {
		shape = append(shape, Step{Duration: 24 * time.Hour})
	}
	l, err := NewLink(shape, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.finish(0, 1e6); got != never {
		t.Errorf("got %v, want never", got)
	}
}

func TestNewLinkRefuses(t *testing.T) {
	for name, shape := range map[string]Shape{
		"no time in the middle": {{BPS: 1}, {BPS: 1}},
		"dead for ever":         {{Duration: time.Second, BPS: 1}, {}},
		"always dead":           {{Duration: time.Second}},
		"negative rate":         {{Duration: time.Second, BPS: -2}},
		"negative latency":      {{Duration: time.Second, BPS: 1, Latency: -1}},
		"steps too short":       {{Duration: 1, BPS: 1}, {Duration: 1, BPS: 2}},
	} {
		if _, err := NewLink(shape, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := NewLink(nil, -1); err == nil {
		t.Error("negative latency: no error")
	}
}

// TestSetShape: what is on its way goes on at the new rate.
func TestSetShape(t *testing.T) {
	const half = 500 * time.Millisecond
	tests := []struct {
		name, from, to string
		bytes          int
		at, want       time.Duration
	}{
		{"slower", "8M", "800k", 1e6, half, half + 5*time.Second},
		{"faster", "800k", "8M", 1e6, half, half + 950*time.Millisecond},
		{"dead, then alive", "0:1h,1M", "8M", 1e6, half, half + time.Second},
		{"dead for a while", "8M", "0:2s,8M", 1e6, half, 3 * time.Second},
		{"without limit", "800k", "max", 1e6, half, half},
		{"its own steps", "8M", "1.6M:1s,3.2M:1s", 1e6, half, half + 2*time.Second - 250*time.Millisecond},
		{"before the first request", "8M", "800k", 1e5, -1, time.Second},
		{"after the end", "8M", "800k", 1e5, time.Second, 100 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			link := mustLink(t, tt.from, 0)
			inBubble(t, Config{Link: link}, serveBytes(tt.bytes), func(t *testing.T, c *Client, n *network) {
				to, err := ParseShape(tt.to)
				if err != nil {
					t.Fatal(err)
				}
				set := func() {
					if err := link.SetShape(to); err != nil {
						t.Error(err)
					}
				}
				start := time.Now()
				if tt.at < 0 {
					set()
				} else {
					time.AfterFunc(tt.at, set)
				}
				fetch(t, c, "http://host/")
				near(t, tt.name, time.Since(start), tt.want, 0.005)
				time.Sleep(time.Second)
			})
		})
	}
	link := mustLink(t, "8M", 0)
	if err := link.SetShape(Shape{{BPS: 0}}); err == nil {
		t.Error("a dead shape was taken")
	}
	if link.steps[0].BPS != 8e6 {
		t.Error("a shape that was refused holds")
	}
}

// TestSetShapeKeepsTheOrder: answers that share the link share it afterwards,
// and nothing hangs on the order of goroutines.
func TestSetShapeKeepsTheOrder(t *testing.T) {
	var first []time.Duration
	for round := range 5 {
		link := mustLink(t, "4M", 0)
		var took [3]time.Duration
		inBubble(t, Config{Link: link}, serveBytes(300_000), func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			time.AfterFunc(301*time.Millisecond, func() { link.SetShape(Shape{{BPS: 500_000}}) })
			var wait sync.WaitGroup
			for i := range took {
				wait.Go(func() {
					time.Sleep(time.Duration(i) * 100 * time.Microsecond)
					fetch(t, c, "http://host/")
					took[i] = time.Since(start)
				})
			}
			wait.Wait()
		})
		if round == 0 {
			first = append(first, took[:]...)
			near(t, "all", took[2], 301*time.Millisecond+12*time.Second, 0.01)
			continue
		}
		for i := range took {
			if took[i] != first[i] {
				t.Errorf("answer %d took %v, then %v", i, first[i], took[i])
			}
		}
	}
}

// TestDeadLinkComesBack: answers that waited for it begin in the order in which
// they were asked for.
func TestDeadLinkComesBack(t *testing.T) {
	var first []time.Duration
	for round := range 5 {
		took := make([]time.Duration, 3)
		inBubble(t, Config{Link: mustLink(t, "0:2s,1M", 0)}, serveBytes(50_000), func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			var wait sync.WaitGroup
			for i := range took {
				wait.Go(func() {
					time.Sleep(time.Duration(i) * 100 * time.Microsecond)
					fetch(t, c, "http://host/")
					took[i] = time.Since(start)
				})
			}
			wait.Wait()
		})
		if round == 0 {
			first = took
			if took[0] > took[1] || took[1] > took[2] {
				t.Errorf("they took %v", took)
			}
		}
		for i := range took {
			if took[i] != first[i] {
				t.Errorf("answer %d took %v, then %v", i, first[i], took[i])
			}
		}
	}
}
