package player_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// The lowest levels of video and sound of the demo, with their headers, take
// this much of the link.
const lowestBPS = 318_000

// tally counts events, and keeps none.
type tally struct {
	stalls, early, fragments, moves, errors int
	trouble                                 string // the last
}

// Handle implements [event.Sink].
func (c *tally) Handle(e event.Event) {
	switch b := e.Body.(type) {
	case event.StallBegin:
		c.stalls++
		c.trouble = fmt.Sprintf("a stall at %v", e.At)
	case event.Fragment:
		if c.fragments++; b.Code == event.NotYetThere {
			c.early++
		}
	case event.Seek:
		c.moves++
		c.trouble = fmt.Sprintf("a seek at %v because of %s", e.At, b.Cause)
	case event.Error:
		c.errors++
		c.trouble = fmt.Sprintf("at %v: %s", e.At, b.Message)
	}
}

// A live session goes on for long: LIVE_SOAK says for how long (make test: a day,
// make soak: a week), an hour otherwise. Its window is two hours, and it keeps to the edge on
// a link that has a fifth more than the lowest levels need, without a stall,
// and memory and goroutines stay as they are.
func TestLiveGoesOnForLong(t *testing.T) {
	span := time.Hour
	if s := os.Getenv("LIVE_SOAK"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		span = d
	}
	var count tally
	var heap []uint64
	var goroutines []int
	var worst time.Duration
	video := &null.VideoSink{}
	look := span / 12
	s := scene{name: "long", span: span + time.Minute, link: fmt.Sprint(lowestBPS * 12 / 10), live: func(e *origin.Live) {
		e.Start, e.Window = into(-3*time.Hour), 2*time.Hour
		e.Epoch = into(-4 * time.Hour)
	}, config: func(c *player.Config) { c.Events = &count }}
	for at := look; at <= span; at += look {
		s.script = append(s.script, playertest.Step{At: at, Do: func(s *playertest.Session) {
			var m runtime.MemStats
			runtime.GC()
			runtime.GC() // what pools held is gone only now
			runtime.ReadMemStats(&m)
			heap, goroutines = append(heap, m.HeapAlloc), append(goroutines, runtime.NumGoroutine())
			now := glimpse{s.Player.Status(), time.Since(bubbleBegan)}
			worst = max(worst, into(now.at).Sub(into(-4*time.Hour))-now.MediaTime)
		}})
	}
	sc := s.scenario(t)
	sc.Video, sc.Audio = video, &null.AudioSink{Latency: 11 * time.Millisecond}
	r := playertest.Run(t, sc)
	shown := video.Counts().Frames
	t.Logf("%v: %d pictures, %d stalls, %d fragments, %d requests too early, latency %v at most, heap %v, goroutines %v",
		span, shown, count.stalls, count.fragments, count.early, worst, heap, goroutines)
	if r.Err != nil || count.stalls+count.moves+count.errors > 0 || r.Summary.AudioGaps > 0 || r.Summary.PicturesDropped > 0 {
		t.Errorf("%v, %d stalls, playhead moved %d times, %d errors (%s), %d gaps of the sound, %d pictures dropped",
			r.Err, count.stalls, count.moves, count.errors, count.trouble, r.Summary.AudioGaps, r.Summary.PicturesDropped)
	}
	if want := int64((span+time.Minute-10*sec)/period) * 99 / 100; shown < want {
		t.Errorf("%d pictures were shown, want %d", shown, want)
	}
	if count.early*10 > count.fragments {
		t.Errorf("%d of %d requests were too early", count.early, count.fragments)
	}
	if worst > 15*sec {
		t.Errorf("the latency was up to %v", worst)
	}
	// The first look is at a session that has filled its buffers and its window.
	settled := len(heap) / 3
	first, last := heap[settled], heap[len(heap)-1]
	if last > first+first/20 {
		t.Errorf("the heap has grown from %d to %d bytes", first, last)
	}
	if a, b := goroutines[settled], goroutines[len(goroutines)-1]; b > a+4 {
		t.Errorf("there were %d goroutines and are %d", a, b)
	}
}
