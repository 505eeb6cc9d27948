package exchange

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"smoothplay/platform"
)

// Keys are what one exchange brought, by key identifier.
type Keys map[[16]byte]platform.KeyResult

// Batch lets those who ask at the same time share exchanges. The zero Batch is
// ready for use; any goroutine may call its methods. It starts no goroutine: an
// exchange runs in that of the first who asked. It never prints a key.
type Batch struct {
	mu     sync.Mutex
	groups map[string]*group // guarded by mu
	order  []string          // of groups, the oldest first; guarded by mu
}

// group is what the same exchange serves: the keys of one header, say.
type group struct {
	round *round // that is on its way; nil: none
	kept  Keys   // brought, and not asked for yet
}

// round is one exchange. err and brought are written before done is closed.
type round struct {
	done    chan struct{}
	err     error
	brought map[[16]byte]bool
}

// maxGroups is how many groups' keys are kept; the oldest go first.
const maxGroups = 64

// Key returns the key kid of the group of that name. It is one that an earlier
// exchange brought and nobody took, each once; else one that an exchange on its way
// brings; else run makes one. An exchange that does not bring kid is an error that
// wraps [platform.ErrKeyRefused]. Where run fails, so do all who waited for it,
// unless it was the end of the context of him who ran it.
func (b *Batch) Key(ctx context.Context, name string, kid [16]byte, run func(context.Context) (Keys, error)) (platform.KeyResult, error) {
	for {
		b.mu.Lock()
		g := b.group(name)
		if r, ok := g.kept[kid]; ok {
			delete(g.kept, kid)
			b.mu.Unlock()
			return r, nil
		}
		if r := g.round; r != nil { // somebody is asking
			b.mu.Unlock()
			select {
			case <-r.done:
			case <-ctx.Done():
				return platform.KeyResult{}, fmt.Errorf("waiting for the licence server: %w", ctx.Err())
			}
			switch result, ok := b.take(name, kid); {
			case ok:
				return result, nil
			case r.err == nil && !r.brought[kid]:
				return platform.KeyResult{}, missing(kid)
			case r.err != nil && !errors.Is(r.err, context.Canceled) && !errors.Is(r.err, context.DeadlineExceeded):
				return platform.KeyResult{}, r.err
			}
			continue // others took it, or whoever asked gave up
		}
		r := &round{done: make(chan struct{}), brought: map[[16]byte]bool{}}
		g.round = r
		b.mu.Unlock()

		result, found, err := b.run(ctx, g, r, kid, run)
		switch {
		case err != nil:
			return platform.KeyResult{}, err
		case !found:
			return platform.KeyResult{}, missing(kid)
		}
		return result, nil
	}
}

// run makes the exchange r of g, and tells those who wait, even if f panics.
func (b *Batch) run(ctx context.Context, g *group, r *round, kid [16]byte, f func(context.Context) (Keys, error)) (result platform.KeyResult, found bool, err error) {
	var keys Keys
	r.err = errors.New("the exchange with the licence server broke off")
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for id, k := range keys {
			r.brought[id] = true
			if id == kid {
				result, found = k, true
				continue
			}
			discard(g.kept[id])
			if g.kept == nil {
				g.kept = Keys{}
			}
			g.kept[id] = k
		}
		g.round = nil
		close(r.done)
	}()
	keys, err = f(ctx)
	r.err = err
	return result, found, err
}

// group finds or makes a group, and forgets the oldest where there are too many.
// The caller holds mu.
func (b *Batch) group(name string) *group {
	if g := b.groups[name]; g != nil {
		return g
	}
	for i := 0; len(b.order) >= maxGroups && i < len(b.order); i++ {
		oldest := b.groups[b.order[i]]
		if oldest.round != nil {
			continue
		}
		for _, k := range oldest.kept {
			discard(k)
		}
		delete(b.groups, b.order[i])
		b.order = append(b.order[:i], b.order[i+1:]...)
		break
	}
	if b.groups == nil {
		b.groups = map[string]*group{}
	}
	g := &group{}
	b.groups[name], b.order = g, append(b.order, name)
	return g
}

// take takes a key that was brought.
func (b *Batch) take(name string, kid [16]byte) (platform.KeyResult, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g := b.groups[name]
	if g == nil {
		return platform.KeyResult{}, false
	}
	r, ok := g.kept[kid]
	delete(g.kept, kid)
	return r, ok
}

// Close wipes the keys that nobody took. No exchange is on its way.
func (b *Batch) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.groups {
		for _, k := range g.kept {
			discard(k)
		}
	}
	b.groups, b.order = nil, nil
	return nil
}

// Format writes no key, whatever the verb.
func (b *Batch) Format(f fmt.State, _ rune) { fmt.Fprint(f, "{exchanges}") }

// discard wipes a key that nobody will use.
func discard(r platform.KeyResult) {
	clear(r.Key)
	if r.Decrypter != nil {
		r.Decrypter.Close() // there is nobody left to tell
	}
}

func missing(kid [16]byte) error {
	return fmt.Errorf("the licence server gave no licence for key %x: %w", kid, platform.ErrKeyRefused)
}
