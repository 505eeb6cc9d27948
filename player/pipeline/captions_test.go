package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/text"
)

// At a speed that does not divide evenly a caption is told at its time, and waiting
// for it comes to an end: a bubble in which something goes round never does.
func TestCaptionsAtAnySpeed(t *testing.T) {
	for _, rate := range []float64{0.95, 1, 1.013, 1.05, 3.3, -1.7} {
		synctest.Test(t, func(t *testing.T) {
			clock, monitor := &Clock{}, NewMonitor()
			c := NewCaptions(1, nil, clock, NewScreen(&null.VideoSink{}, monitor), monitor)
			cues := []text.Sample{
				{Start: time.Second + 3, Duration: time.Second, Data: []byte("one")},
				{Start: 3*time.Second + 7, Duration: time.Second, Data: []byte("two")},
			}
			if err := c.Add(text.Fragment{Samples: cues}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- c.Run(ctx) }()
			begin := time.Duration(0)
			if rate < 0 {
				begin = 5 * time.Second
			}
			clock.Set(begin)
			clock.SetRate(rate, time.Now())
			clock.Start(begin, time.Now())
			var told []platform.Cue
			for range 600 {
				time.Sleep(10 * time.Millisecond)
				synctest.Wait()
				for _, q := range monitor.Take().Cues {
					told = append(told, q.Cue)
					off := clock.Position(time.Now()) - q.Begin
					if rate > 0 && (off < 0 || off > time.Duration(12*rate*float64(time.Millisecond))) {
						t.Errorf("rate %v: %q is told %v after it begins", rate, q.Text, off)
					}
				}
			}
			cancel()
			<-done
			if len(told) != 2 || rate > 0 && told[0].Text != "one" || rate < 0 && told[0].Text != "two" {
				t.Errorf("rate %v: %+v are told", rate, told)
			}
		})
	}
}
