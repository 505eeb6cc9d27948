package main

import (
	"context"
	"sync"
	"time"

	"smoothplay/player"
)

// dragPatience is how long a seek of a drag may take before the next one
// overtakes it.
const dragPatience = 300 * time.Millisecond

// seeker carries out the seeks of a person, who presses keys and drags faster
// than pictures come: of those that wait only the latest counts. An exact seek
// overtakes what is under way at once; seeks to key pictures, made while
// dragging, let each other arrive, so that pictures are seen all along.
type seeker struct {
	seek func(ctx context.Context, to time.Duration, mode player.SeekMode) error

	mu     sync.Mutex
	next   *seekOrder    // latest, not begun
	target time.Duration // of the latest
	busy   bool          // one is under way or waits
	wake   chan struct{} // one place
}

// seekOrder is a seek, or another command of which only the latest counts.
type seekOrder struct {
	to    time.Duration // where it leads
	exact bool          // it overtakes what is under way
	do    func(context.Context) error
}

func newSeeker(seek func(context.Context, time.Duration, player.SeekMode) error) *seeker {
	return &seeker{seek: seek, wake: make(chan struct{}, 1)}
}

// to asks for a seek and returns at once.
func (s *seeker) to(pos time.Duration, mode player.SeekMode) {
	s.put(seekOrder{pos, mode == player.Exact, func(ctx context.Context) error { return s.seek(ctx, pos, mode) }})
}

// order asks for another command that moves the playhead, to pos or about there.
func (s *seeker) order(pos time.Duration, do func(context.Context) error) {
	s.put(seekOrder{pos, true, do})
}

func (s *seeker) put(o seekOrder) {
	s.mu.Lock()
	s.next = &o
	s.target, s.busy = o.to, true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// destination is where the latest seek goes, while one is under way.
func (s *seeker) destination() (to time.Duration, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target, s.busy
}

// take returns the order that waits; nil: none.
func (s *seeker) take() *seekOrder {
	s.mu.Lock()
	defer s.mu.Unlock()
	order := s.next
	s.next = nil
	if order == nil {
		s.busy = false
	}
	return order
}

// overtaken tells whether the seek under way gives way to one that waits.
func (s *seeker) overtaken(impatient bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next != nil && (impatient || s.next.exact)
}

// run carries seeks out until ctx is done.
func (s *seeker) run(ctx context.Context) {
	for {
		order := s.take()
		if order == nil {
			select {
			case <-s.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		s.carryOut(ctx, *order)
		if ctx.Err() != nil {
			return
		}
	}
}

// carryOut waits until the seek is done or overtaken. What went wrong is no
// affair of the person at the keys: the events tell it.
func (s *seeker) carryOut(ctx context.Context, order seekOrder) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		order.do(ctx)
	}()
	patience := time.NewTimer(dragPatience)
	defer patience.Stop()
	for impatient := false; !s.overtaken(impatient); {
		select {
		case <-done:
			cancel()
			return
		case <-patience.C:
			impatient = true
		case <-s.wake:
		}
	}
	cancel()
	<-done
}
