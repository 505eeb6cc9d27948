package save

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

const (
	// mostInARow is how many fragments in a row may be missing until it is taken for
	// a fault of the server that may pass: the save ends, and can be gone on with.
	mostInARow = 20
	// refreshLeast and refreshMost bound how often a live manifest is asked for.
	refreshLeast = time.Second
	refreshMost  = 5 * time.Second
)

// transfer fetches what is left of the plan, a few fragments at a time, and
// writes it in its order.
func (s *saver) transfer(ctx context.Context) error {
	work, cancel := context.WithCancel(ctx)
	var pending []*piece
	defer func() {
		cancel()
		for _, p := range pending {
			<-p.done
			p.release()
		}
	}()
	s.cfg.Progress(s.progress(false))
	for {
		for len(pending) < s.cfg.Parallel {
			it, more := s.next()
			if !more {
				break
			}
			p := &piece{item: it, done: make(chan struct{})}
			there, err := s.there(p)
			if err != nil {
				return err
			}
			pending = append(pending, p)
			if there {
				close(p.done)
				continue
			}
			go s.get(work, p)
		}
		if len(pending) == 0 {
			if s.complete() {
				return nil
			}
			if err := s.await(ctx); err != nil {
				return err
			}
			continue
		}
		p := pending[0]
		select {
		case <-p.done:
			pending = pending[1:]
			err := s.write(p)
			p.release()
			if err != nil {
				return err
			}
			s.cfg.Progress(s.progress(false))
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.refreshDue(ctx); err != nil {
			return err
		}
	}
}

// there reports whether a piece is in a mirror already.
func (s *saver) there(p *piece) (bool, error) {
	if s.mirror == nil {
		return false, nil
	}
	var err error
	if p.name, err = pathOf(s.base, p.item.url); err != nil {
		return false, err
	}
	return s.mirror.has(p.name), nil
}

// write puts a piece into the file, or notes that it is missing.
func (s *saver) write(p *piece) error {
	t := p.item.track
	if p.fatal != nil {
		return p.fatal
	}
	if p.item.lost != nil {
		s.unsaved = append(s.unsaved, *p.item.lost)
	}
	if p.reason != "" {
		s.unsaved = append(s.unsaved, missing{track: t, t: p.item.chunk.T, d: p.item.chunk.D, reason: p.reason, damaged: len(p.samples) > 0})
		s.cfg.Logger.Warn("missing", "track", t.name(), "at", p.item.chunk.Start, "reason", p.reason)
		if len(s.unsaved) >= mostInARow {
			return fmt.Errorf("%d fragments in a row could not be had, the last one because of: %s; the same save goes on from there later",
				len(s.unsaved), p.reason)
		}
		if len(p.samples) == 0 {
			return nil
		}
	}
	if err := s.keepMissing(); err != nil {
		return err
	}
	if s.mirror != nil {
		return s.mirrored(p)
	}
	if err := s.out.write(s.number(t), t, p); err != nil {
		return err
	}
	s.pieces++
	s.fetched += int64(len(p.media))
	t.reached = p.item.chunk.T + p.item.chunk.D
	t.samples += len(p.samples)
	return nil
}

// keepMissing writes what is missing to the journal. Until something comes after
// it, it may just be an outage.
func (s *saver) keepMissing() error {
	for _, m := range s.unsaved {
		if s.mirror == nil {
			if err := s.out.skip(s.number(m.track), &m); err != nil {
				return err
			}
		}
		m.track.reached = m.t + m.d
		s.missing.add(m)
	}
	s.unsaved = s.unsaved[:0]
	return nil
}

func (s *saver) number(t *track) int {
	for i := range s.tracks {
		if s.tracks[i] == t {
			return i
		}
	}
	return -1
}

// askManifest gets the manifest, trying again where that helps.
func (s *saver) askManifest(ctx context.Context) (*fetch.Manifest, error) {
	for attempt := 1; ; attempt++ {
		got, err := s.client.Manifest(ctx, s.url)
		if err == nil {
			return got, nil
		}
		next := fetch.NextManifest(err, attempt, rand.Float64())
		if next.Kind != fetch.Retry {
			return nil, err
		}
		s.cfg.Logger.Info("trying again", "attempt", attempt, "error", err)
		if err := sleep(ctx, next.After); err != nil {
			return nil, err
		}
	}
}

// refreshDue asks for the manifest of a live presentation when it is time to.
func (s *saver) refreshDue(ctx context.Context) error {
	if !s.snap.Live() || s.complete() || time.Since(s.refreshed) < s.refreshEvery() {
		return nil
	}
	return s.refresh(ctx)
}

// refreshEvery is about the duration of a chunk.
func (s *saver) refreshEvery() time.Duration {
	d := refreshMost
	for _, t := range s.tracks {
		stream := s.snap.Stream(t.stream)
		if n := stream.Len(); n > 0 {
			d = min(d, stream.Chunk(stream.First()+n-1).Duration)
		}
	}
	return max(d, refreshLeast)
}

// await waits for a live presentation to go on.
func (s *saver) await(ctx context.Context) error {
	if quiet := time.Since(s.grown); quiet > s.cfg.Patience {
		return fmt.Errorf("%w, for %v: the presentation is said to be live, and stands still", ErrStalled, quiet.Round(time.Second))
	}
	s.cfg.Progress(s.progress(true))
	if err := sleep(ctx, time.Until(s.refreshed.Add(s.refreshEvery()))); err != nil {
		return err
	}
	return s.refresh(ctx)
}

// refresh takes over a new manifest. One that cannot be had is no error while
// there is patience.
func (s *saver) refresh(ctx context.Context) error {
	got, err := s.client.Manifest(ctx, s.url)
	s.refreshed = time.Now()
	var p *manifest.Presentation
	if err == nil {
		p, err = manifest.Parse(got.Body, manifest.Limits{})
	}
	var snap *timeline.Snapshot
	var change timeline.Change
	if err == nil {
		snap, change, err = s.snap.Refresh(p)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		s.cfg.Logger.Info("no new manifest", "error", err)
		var e *fetch.Error
		if time.Since(s.grown) > s.cfg.Patience || errors.As(err, &e) && (e.Status == 401 || e.Status == 403) {
			return fmt.Errorf("%w: %w", ErrStalled, err)
		}
		return nil
	case change.Restarted:
		return fmt.Errorf("%s: %w: save what follows to another file", event.RedactURL(s.base), errRestarted)
	}
	if change.Added > 0 || snap.Live() != s.snap.Live() {
		s.grown = time.Now()
	}
	s.snap, s.base = snap, got.URL
	return nil
}

// sleep waits for d, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
