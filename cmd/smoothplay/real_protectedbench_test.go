//go:build cgo

package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
	"smoothplay/render/ffmpeg"
	"smoothplay/testdata/demo"
)

// kept answers with what h answered first, so that a server costs the same whether
// it encrypts or not.
type kept struct {
	h    http.Handler
	mu   sync.Mutex
	made map[string][]byte
}

func (k *kept) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		k.h.ServeHTTP(w, r)
		return
	}
	k.mu.Lock()
	body, ok := k.made[r.URL.Path]
	if !ok {
		rec := httptest.NewRecorder()
		k.h.ServeHTTP(rec, r)
		body = rec.Body.Bytes()
		k.made[r.URL.Path] = body
	}
	k.mu.Unlock()
	w.Write(body)
}

// BenchmarkRealProtected plays the highest level of the demo with real decoding, in
// the clear and encrypted by turns, and compares the processor time.
func BenchmarkRealProtected(b *testing.B) {
	for _, scheme := range origin.Schemes {
		b.Run(string(scheme), func(b *testing.B) {
			play := func(h http.Handler) time.Duration {
				video := &null.VideoSink{}
				before := cpuOf(syscall.RUSAGE_SELF)
				playertest.Run(&testing.T{}, playertest.Scenario{ // a bubble is to be had with a T alone
					Handler: h, Path: "/demo.ism/Manifest", Link: "50M", Decoders: ffmpeg.Decoders{}, Video: video, Audio: &null.AudioSink{},
					Keys: &clearkey.Server{URL: "http://test" + origin.ClearKeyPath},
					Config: func(c *player.Config) {
						little(c)
						c.NewPolicy = following([]int{demo.Levels - 1})
					},
				})
				if n := video.Counts().Frames; n != demo.Frames {
					b.Fatalf("%d pictures were shown, want %d", n, demo.Frames)
				}
				return cpuOf(syscall.RUSAGE_SELF) - before
			}
			serve := func(p *origin.Protect) http.Handler {
				o, err := origin.New(origin.Config{Protect: p})
				if err != nil {
					b.Fatal(err)
				}
				return &kept{h: o, made: map[string][]byte{}}
			}
			open, sealed := serve(nil), serve(&origin.Protect{Scheme: scheme, Keys: demoKeys[:1]})
			play(open) // makes the answers
			play(sealed)
			var clear, locked []time.Duration
			for b.Loop() {
				clear, locked = append(clear, play(open)), append(locked, play(sealed))
				locked, clear = append(locked, play(sealed)), append(clear, play(open))
			}
			slices.Sort(clear)
			slices.Sort(locked)
			more := func(i int) float64 { return 100 * float64(locked[i]-clear[i]) / float64(clear[i]) }
			b.ReportMetric(millis(clear[len(clear)/2]), "clear-cpu-ms")
			b.ReportMetric(more(len(clear)/2), "more-%") // medians: what else runs disturbs less
			b.ReportMetric(more(0), "more-at-best-%")
		})
	}
}
