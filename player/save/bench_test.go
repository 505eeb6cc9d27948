package save

import (
	"net/http"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/player/playertest"
)

// direct answers requests by calling a handler.
type direct struct{ http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	w := &answer{header: http.Header{}, status: http.StatusOK}
	d.ServeHTTP(w, r)
	return w.response(r), nil
}

// What is held in memory does not grow with the length of the media.
func TestMemory(t *testing.T) {
	use := func(length time.Duration) (most uint64) {
		p := playertest.Default()
		p.Length, p.Levels = length, []int64{64_000}
		n := 0
		_, err := Run(t.Context(), Config{URL: "http://test/show.ism/Manifest", Output: target(t), Doer: platform.Doer(direct{p}),
			Progress: func(Progress) {
				if n++; n%100 != 0 {
					return
				}
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}})
		must(t, err)
		return most
	}
	use(3 * time.Minute) // what is made once
	short, long := use(5*time.Minute), use(30*time.Minute)
	if long > short+1<<20 {
		t.Errorf("5 minutes took %d kB at most, half an hour %d kB", short>>10, long>>10)
	}
}

// An hour of video and two languages, from a server in the same process.
func BenchmarkSave(b *testing.B) {
	p := playertest.Default()
	p.Length = time.Hour
	b.ReportAllocs()
	for b.Loop() {
		s, err := Run(b.Context(), Config{URL: "http://test/show.ism/Manifest", Output: filepath.Join(b.TempDir(), "x.mp4"),
			Levels: level(1), Doer: platform.Doer(direct{p})})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(s.Bytes)
		b.ReportMetric(s.Duration.Seconds()/s.Elapsed.Seconds(), "times_real_time")
	}
}
