package main

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/player"
)

// sought is a seek that was asked for or done.
type sought struct {
	to   time.Duration
	mode player.SeekMode
}

// seekLog is a player whose seeks take a while.
type seekLog struct {
	takes time.Duration
	began []sought
	done  []sought
}

func (l *seekLog) seek(ctx context.Context, to time.Duration, mode player.SeekMode) error {
	l.began = append(l.began, sought{to, mode})
	select {
	case <-time.After(l.takes):
		l.done = append(l.done, sought{to, mode})
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestSeeker(t *testing.T) {
	const s = time.Second
	key := func(to time.Duration) sought { return sought{to, player.Key} }
	exact := func(to time.Duration) sought { return sought{to, player.Exact} }
	tests := []struct {
		name   string
		takes  time.Duration
		orders []sought // 50 ms apart
		done   []sought
	}{
		{"each one alone", 10 * time.Millisecond, []sought{exact(1 * s), exact(2 * s)}, []sought{exact(1 * s), exact(2 * s)}},
		{"the last exact one wins", 80 * time.Millisecond, []sought{exact(1 * s), exact(2 * s), exact(3 * s)}, []sought{exact(3 * s)}},
		{"a drag shows pictures along the way", 120 * time.Millisecond,
			[]sought{key(1 * s), key(2 * s), key(3 * s), key(4 * s), key(5 * s)}, []sought{key(1 * s), key(3 * s), key(5 * s)}},
		{"letting go overtakes the drag", 120 * time.Millisecond,
			[]sought{key(1 * s), key(2 * s), exact(3 * s)}, []sought{exact(3 * s)}},
		{"a drag into a slow network goes on", 320 * time.Millisecond,
			[]sought{key(1 * s), key(2 * s), key(3 * s), key(4 * s), key(5 * s), key(6 * s), key(7 * s), key(8 * s)}, []sought{key(8 * s)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &seekLog{takes: test.takes}
				seeks := newSeeker(log.seek)
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan struct{})
				go func() { defer close(ended); seeks.run(ctx) }()
				for _, order := range test.orders {
					seeks.to(order.to, order.mode)
					if to, busy := seeks.destination(); !busy || to != order.to {
						t.Errorf("on the way to %v (%v), want %v", to, busy, order.to)
					}
					time.Sleep(50 * time.Millisecond)
				}
				time.Sleep(time.Second)
				if _, busy := seeks.destination(); busy {
					t.Error("still busy")
				}
				if !slices.Equal(log.done, test.done) {
					t.Errorf("done %v, want %v (began %v)", log.done, test.done, log.began)
				}
				cancel()
				<-ended
			})
		})
	}
}
