package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
	"smoothplay/player"
	"smoothplay/player/playertest"
	"smoothplay/player/sim"
)

// recording runs do in a bubble, with a recorder on a shaped link before a
// handler, and returns the trace as text.
func recording(t *testing.T, shape string, latency time.Duration, h http.Handler, do func(*testing.T, *linkRecorder)) (trace string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := playertest.NewNetwork()
		stop := network.Serve(h)
		defer stop()
		steps, err := httpclient.ParseShape(shape)
		if err != nil {
			t.Fatal(err)
		}
		link, err := httpclient.NewLink(steps, latency)
		if err != nil {
			t.Fatal(err)
		}
		client, err := httpclient.New(httpclient.Config{Dial: network.Dial, Link: link})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		r := &linkRecorder{doer: client}
		do(t, r)
		rows, err := r.rows()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := writeTrace(&out, rows); err != nil {
			t.Fatal(err)
		}
		trace = out.String()
	})
	return trace
}

// download gets n bytes and throws them away.
func download(t *testing.T, over platform.Doer, n string) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://host/"+n, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := over.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
}

func answerBodies(w http.ResponseWriter, r *http.Request) {
	size := 400_000
	if strings.HasSuffix(r.URL.Path, "small") {
		size = 32_000
	}
	w.Write(make([]byte, size))
}

// hold compares what a trace says at some instants with a shape, and both readers
// with each other.
func hold(t *testing.T, trace, shape string, latency time.Duration, from, to, edge time.Duration, share float64) {
	t.Helper()
	want, err := httpclient.ParseShape(shape)
	if err != nil {
		t.Fatal(err)
	}
	got, err := httpclient.ParseTrace(strings.NewReader(trace))
	if err != nil {
		t.Fatalf("%v:\n%s", err, trace)
	}
	link, err := sim.ReadLink("recorded", "", strings.NewReader(trace), 0)
	if err != nil || len(link.Periods) != len(got) {
		t.Fatalf("the simulator reads %d periods of %d: %v", len(link.Periods), len(got), err)
	}
	var bits, wanted float64
	for at := from; at < to; at += 50 * time.Millisecond {
		w, _, left := stepAt(want, at)
		if left < edge || at-from < edge {
			continue // near a change, a slot has something of both
		}
		if _, _, before := stepAt(want, at-edge); before <= edge {
			continue
		}
		g, delay, _ := stepAt(got, at)
		bits, wanted = bits+g, wanted+w
		if math.Abs(g-w) > 3*share*w {
			t.Errorf("at %v: %.0f bit/s, want %.0f", at, g, w)
		}
		if (delay - latency).Abs() > 2*time.Millisecond {
			t.Errorf("at %v: a round trip takes %v, want %v", at, delay, latency)
		}
	}
	if math.Abs(bits-wanted) > share*wanted {
		t.Errorf("together %.0f, want %.0f", bits, wanted)
	}
	if t.Failed() {
		t.Log(trace)
	}
}

// stepAt is the rate and the latency at an instant, and how long they hold.
func stepAt(s httpclient.Shape, at time.Duration) (bps float64, latency, left time.Duration) {
	for _, step := range s {
		if step.Duration == 0 || at < step.Duration {
			return float64(step.BPS), step.Latency, step.Duration - at
		}
		at -= step.Duration
	}
	return 0, 0, 0
}

// TestRecordTrace: what is recorded is the shape of the link.
func TestRecordTrace(t *testing.T) {
	const shape = "8M:10s,1M:10s,4M:10s,600k:10s,2M:10s"
	const latency = 20 * time.Millisecond
	for name, do := range map[string]func(*testing.T, *linkRecorder){
		"one after the other": func(t *testing.T, r *linkRecorder) {
			for began := time.Now(); time.Since(began) < 50*time.Second; {
				download(t, r, "large")
			}
		},
		"two at a time": func(t *testing.T, r *linkRecorder) {
			var wait sync.WaitGroup
			for i, size := range []string{"large", "small"} {
				wait.Go(func() {
					time.Sleep(time.Duration(i) * 100 * time.Microsecond)
					for began := time.Now(); time.Since(began) < 50*time.Second; {
						download(t, r, size)
					}
				})
			}
			wait.Wait()
		},
		"with pauses": func(t *testing.T, r *linkRecorder) {
			for began := time.Now(); time.Since(began) < 50*time.Second; time.Sleep(270 * time.Millisecond) {
				download(t, r, "large")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			trace := recording(t, shape, latency, http.HandlerFunc(answerBodies), do)
			edge := time.Second
			if name == "with pauses" {
				edge = 1500 * time.Millisecond
			}
			hold(t, trace, shape, latency, 0, 50*time.Second, edge, .03)
		})
	}
}

// TestRecordTraceOfASession: a player that mostly waits, since its buffer is
// full, sees the same link.
func TestRecordTraceOfASession(t *testing.T) {
	const shape = "6M:20s,2M:20s,4M"
	p := playertest.Default()
	p.Length = 60 * time.Second
	trace := recording(t, shape, 30*time.Millisecond, p, func(t *testing.T, r *linkRecorder) {
		session, err := player.New(platform.Device{HTTP: r}, player.Config{
			URL: "http://host/show.ism/Manifest", BufferAhead: 8 * time.Second, Policy: "fixed", Limits: player.Limits{MinBPS: 800_000},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	hold(t, trace, shape, 30*time.Millisecond, 0, 50*time.Second, 3*time.Second, .05)
}

// TestRecordTraceStandsStill: a transfer that gets nothing is seen as a dead
// link, and a pause is not.
func TestRecordTraceStandsStill(t *testing.T) {
	trace := recording(t, "4M:2s,0:3s,4M", 0, http.HandlerFunc(answerBodies), func(t *testing.T, r *linkRecorder) {
		for began := time.Now(); time.Since(began) < 8*time.Second; {
			download(t, r, "large")
		}
		time.Sleep(5 * time.Second)
		download(t, r, "large")
	})
	got, err := httpclient.ParseTrace(strings.NewReader(trace))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration][2]float64{
		time.Second: {3.8e6, 4.2e6}, 3500 * time.Millisecond: {0, 1e5}, 6 * time.Second: {3.8e6, 4.2e6},
		10 * time.Second: {3.8e6, 4.2e6}, 12 * time.Second: {3.8e6, 4.2e6},
	} {
		if bps, _, _ := stepAt(got, at); bps < want[0] || bps > want[1] {
			t.Errorf("at %v: %.0f bit/s\n%s", at, bps, trace)
		}
	}
}

// informed is a body of which the network stack knows more.
type informed struct{ io.ReadCloser }

func (informed) FromStore() bool     { return true }
func (informed) BandwidthBPS() int64 { return 5 }
func (informed) DeliveredBPS() int64 { return 7 }

// doerFunc is a platform.Doer.
type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

// TestRecorderHidesNothing: what a Doer offers beyond Do is still there.
func TestRecorderHidesNothing(t *testing.T) {
	r := &linkRecorder{doer: doerFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{Body: informed{io.NopCloser(strings.NewReader("x"))}}, nil
	})}
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://h/", nil)
	resp, err := r.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if info, ok := resp.Body.(platform.AnswerInfo); !ok || !info.FromStore() || info.DeliveredBPS() != 7 {
		t.Errorf("the body is a %T", resp.Body)
	}
	if text, err := io.ReadAll(resp.Body); err != nil || string(text) != "x" {
		t.Errorf("read %q, %v", text, err)
	}
	resp.Body.Close()
	if fresh, err := r.Renew(req, 401); fresh != nil || err != nil {
		t.Errorf("renewed %v, %v", fresh, err)
	}
	if _, err := r.rows(); err == nil {
		t.Error("one byte makes a trace")
	}
}
