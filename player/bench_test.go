//go:build unix

package player_test

import (
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/playertest"
)

// BenchmarkWholePlayer plays ten minutes on null decoders and sinks, over HTTP
// through a shaped link, in a bubble: what it takes is the cost of everything but
// decoding and showing, the test's own server included.
func BenchmarkWholePlayer(b *testing.B) {
	p := playertest.Default()
	p.Length, p.Levels = 10*time.Minute, []int64{350_000}
	began := processorTime(b)
	for b.Loop() {
		var shown int64
		synctest.Test(&testing.T{}, func(t *testing.T) { // a bubble is to be had with a T alone
			h := newHouse(t, p, "20M", 20137*time.Microsecond)
			video := &null.VideoSink{}
			g := h.start(func(d *player.Device, c *player.Config) {
				d.Video, d.Audio, c.Events = video, &null.AudioSink{}, nil
			})
			<-g.ended
			shown = video.Counts().Frames
			h.close()
		})
		if want := int64(p.Length / period); shown != want {
			b.Fatalf("%d pictures were shown, want %d", shown, want)
		}
	}
	hours := float64(b.N) * p.Length.Hours()
	b.ReportMetric((processorTime(b)-began).Seconds()*1000/hours, "cpu-ms/hour")
}

// processorTime is what the process has used so far.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
