package drm

import (
	"context"
	"errors"
	"fmt"

	"smoothplay/platform"
)

// FirstOf asks one provider after the other until one has the key: keys at hand
// before a licence server, say. Nil ones are left out.
type FirstOf []platform.KeyProvider

// Key implements [platform.KeyProvider]. Where no provider has the key, the error
// wraps [platform.ErrKeyRefused] only if every one of theirs does.
func (f FirstOf) Key(ctx context.Context, http platform.Doer, req platform.KeyRequest) (platform.KeyResult, error) {
	var refused, failed error
	for _, p := range f {
		if p == nil {
			continue
		}
		r, err := p.Key(ctx, http, req)
		switch {
		case err == nil:
			return r, nil
		case errors.Is(err, platform.ErrKeyRefused):
			refused = join(refused, err)
		default:
			failed = join(failed, err)
		}
	}
	switch {
	case refused == nil && failed == nil:
		return platform.KeyResult{}, fmt.Errorf("nobody has key %x: %w", req.KID, platform.ErrKeyRefused)
	case failed == nil:
		return platform.KeyResult{}, refused
	case refused == nil:
		return platform.KeyResult{}, failed
	}
	return platform.KeyResult{}, fmt.Errorf("%w; and %v", failed, refused)
}

// join puts errors into one line.
func join(a, b error) error {
	if a == nil {
		return b
	}
	return fmt.Errorf("%w; and %w", a, b)
}

// Close closes those that can be closed.
func (f FirstOf) Close() error {
	var all []error
	for _, p := range f {
		if c, ok := p.(interface{ Close() error }); ok {
			all = append(all, c.Close())
		}
	}
	return errors.Join(all...)
}
