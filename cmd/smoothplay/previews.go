package main

import (
	"context"
	"image"
	"sync"
	"time"

	"smoothplay/player"
)

// previews gets pictures of places under the mouse: of those that wait only the
// latest is asked for.
type previews struct {
	get func(context.Context, time.Duration) (*player.Thumbnail, error)

	mu     sync.Mutex
	wanted time.Duration // guarded by mu, as below
	asked  bool          // wanted waits
	last   *player.Thumbnail
	wake   chan struct{} // one place
}

func newPreviews(get func(context.Context, time.Duration) (*player.Thumbnail, error)) *previews {
	return &previews{get: get, wake: make(chan struct{}, 1)}
}

// at is the picture of a place; nil: it is not there yet, and asked for.
func (p *previews) at(pos time.Duration) image.Image {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil && pos >= p.last.Start && pos < p.last.End {
		return p.last.Image
	}
	if p.wanted != pos || p.last == nil {
		p.wanted, p.asked = pos, true
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// run gets pictures until ctx is done. One that cannot be had is not shown.
func (p *previews) run(ctx context.Context) {
	for {
		p.mu.Lock()
		pos, asked := p.wanted, p.asked
		p.asked = false
		p.mu.Unlock()
		if asked {
			if t, err := p.get(ctx, pos); err == nil {
				p.mu.Lock()
				p.last = t
				p.mu.Unlock()
			}
			continue
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return
		}
	}
}
