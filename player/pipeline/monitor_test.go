package pipeline

import (
	"errors"
	"testing"
	"time"

	"smoothplay/platform"
)

func TestMonitorIsBounded(t *testing.T) {
	m := NewMonitor()
	for i := range 10 * maxNews {
		m.fail(Failure{Kind: platform.Video, PTS: time.Duration(i), Err: errors.New("lost")})
		m.tell(func(r *Report) {
			r.Firsts = appendBounded(r.Firsts, Shown{Epoch: uint64(i)})
			r.Decodes = appendBounded(r.Decodes, Decode{Took: ms})
			r.Offsets = appendBounded(r.Offsets, ms)
			r.Decoded++
		})
	}
	if n := len(m.Notify); n != 1 {
		t.Errorf("%d tokens say that there is news, want 1", n)
	}
	r := m.Take()
	for what, n := range map[string]int{
		"failures": len(r.Failures), "first pictures": len(r.Firsts), "times": len(r.Decodes), "offsets": len(r.Offsets),
	} {
		if n != maxNews {
			t.Errorf("%d %s were kept, want %d", n, what, maxNews)
		}
	}
	if r.Failures[0].PTS != 0 || r.Decoded != 10*maxNews {
		t.Errorf("the first failure is that at %v, %d pictures are counted", r.Failures[0].PTS, r.Decoded)
	}
}

func TestTakeEmptiesTheListsAndKeepsTheRest(t *testing.T) {
	m := NewMonitor()
	m.fail(Failure{Kind: platform.Audio, PTS: time.Second, Err: errors.New("lost")})
	m.count(func(r *Report) {
		r.Shown, r.Began, r.AudioReady, r.Spliced = 7, 3, 2, 5
		r.Offsets = append(r.Offsets, ms)
	})
	first := m.Take()
	m.fail(Failure{Kind: platform.Video, PTS: 2 * time.Second, Err: errors.New("another")})
	if f := first.Failures; len(f) != 1 || f[0].Kind != platform.Audio || f[0].PTS != time.Second {
		t.Errorf("what was taken changed afterwards: %+v", f)
	}
	second := m.Take()
	if len(second.Failures) != 1 || second.Failures[0].Kind != platform.Video || len(second.Offsets) != 0 {
		t.Errorf("taken twice: %+v", second)
	}
	if second.Shown != 7 || second.Began != 3 || second.AudioReady != 2 || second.Spliced != 5 {
		t.Errorf("what is no list was lost: %+v", second)
	}
}

func TestCountingIsNoNews(t *testing.T) {
	m := NewMonitor()
	m.count(func(r *Report) { r.Decoded++ })
	if len(m.Notify) != 0 {
		t.Error("a count woke the loop")
	}
}
