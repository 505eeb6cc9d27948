package player_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// screenLog notes every frame, the empty ones too, by which a picture would
// leave the screen.
type screenLog struct {
	null.VideoSink
	mu    sync.Mutex
	empty []time.Time
}

// Show implements [platform.VideoSink].
func (s *screenLog) Show(f *platform.Frame) (time.Time, error) {
	if f.Picture == nil {
		s.mu.Lock()
		s.empty = append(s.empty, time.Now())
		s.mu.Unlock()
	}
	return s.VideoSink.Show(f)
}

// A change of channel keeps the old picture until the new one is there, which is
// within half a second, and keeps sound device, connections and what is known of
// the link.
func TestLiveChannelChange(t *testing.T) {
	var last *screenLog
	var conns map[string]bool
	var changedAt []time.Duration
	mk := func() playertest.Scenario {
		last, conns, changedAt = &screenLog{VideoSink: null.VideoSink{Record: true}}, map[string]bool{}, nil
		one, two := broadcast(t, nil, ""), broadcast(t, func(e *origin.Live) { e.Epoch = into(-3 * time.Hour) }, "")
		var mu sync.Mutex
		to := func(at time.Duration, url string) playertest.Step {
			return playertest.Step{At: at, Do: func(s *playertest.Session) {
				changedAt = append(changedAt, time.Since(bubbleBegan))
				s.Must(s.Player.Open(s.Ctx, url))
			}}
		}
		return playertest.Scenario{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(7 * time.Microsecond) // see hosts
				mu.Lock()
				conns[r.RemoteAddr] = true
				mu.Unlock()
				if r.URL.Query().Has("two") {
					two.ServeHTTP(w, r)
					return
				}
				one.ServeHTTP(w, r)
			}),
			Path: livePath, Link: "20M", Video: last, For: 60 * sec,
			Config: func(c *player.Config) { c.AppendQuery = true },
			Script: []playertest.Step{to(20*sec, "http://test"+livePath+"?two"), to(40*sec, "http://test"+livePath)},
		}
	}
	r := playLive(t, "channel change", false, mk)
	if r.Err != nil || r.Summary.Stalls != 0 || r.Summary.AudioGaps != 0 {
		t.Errorf("%v, %d stalls, %d gaps", r.Err, r.Summary.Stalls, r.Summary.AudioGaps)
	}
	shown := last.Shown()
	pictures := slices.DeleteFunc(shown, func(s null.Shown) bool { return s.Source == nil })
	if len(last.empty) != 1 {
		t.Errorf("the screen was cleared %d times, want once, at the end", len(last.empty))
	}
	var after []time.Duration
	for _, at := range changedAt {
		i := slices.IndexFunc(pictures, func(s null.Shown) bool { return s.At.After(into(at)) })
		// The first of another stretch.
		for ; i < len(pictures) && pictures[i].PTS == pictures[i-1].PTS+period; i++ {
		}
		took := pictures[i].At.Sub(into(at))
		after = append(after, took)
		if took > 500*time.Millisecond {
			t.Errorf("the channel changed %v after it was asked for", took)
		}
	}
	t.Logf("channels changed after %v", after)
	// What is known of the link is known to the first decision of each channel.
	opened := 0
	fresh := false
	for _, e := range r.Events {
		switch b := e.Body.(type) {
		case event.Manifest:
			if !b.Refresh {
				opened, fresh = opened+1, true
			}
		case event.LevelDecided:
			if fresh && opened > 1 && b.Input.BandwidthBPS < 10_000_000 {
				t.Errorf("channel %d was begun with %d bit/s for what the link carries", opened, b.Input.BandwidthBPS)
			}
			fresh = false
		}
	}
	if opened != 3 {
		t.Errorf("%d channels were opened", opened)
	}
	if len(conns) > 4 {
		t.Errorf("%d connections were used", len(conns))
	}
}

// A change to what is not there leaves the session with the error of it.
func TestLiveChannelThatIsNotThere(t *testing.T) {
	s := scene{name: "channel that is not there", span: 30 * sec, script: []playertest.Step{
		{At: 10 * sec, Do: func(s *playertest.Session) { _ = s.Player.Open(s.Ctx, "http://test/none.isml/Manifest") }}}}
	r := playertest.Run(t, s.scenario(t))
	if r.Err == nil || r.Summary.End != event.HasFailed {
		t.Errorf("ended as %s: %v", r.Summary.End, r.Err)
	}
}
