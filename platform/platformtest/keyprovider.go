package platformtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenKeyProvider makes a provider, what it needs to reach its licence server,
// and a request for a key that it has.
type OpenKeyProvider func(t *testing.T) (p platform.KeyProvider, http platform.Doer, known platform.KeyRequest)

// TestKeyProvider examines an implementation of [platform.KeyProvider].
func TestKeyProvider(t *testing.T, open OpenKeyProvider, opts ...Option) {
	t.Helper()
	examine(t, keyProviderRules, open, opts)
}

var keyProviderRules = []rule[OpenKeyProvider]{
	{"key-or-decrypter",
		"KeyResult is either a clear key or a Decrypter that never shows it.",
		func(t *testing.T, open OpenKeyProvider) error {
			p, http, req := open(t)
			r, err := p.Key(context.Background(), http, req)
			if err != nil {
				return err
			}
			return checkResult(r)
		}},
	{"unknown-is-an-error",
		"A key that cannot be had is an error, never an empty result",
		func(t *testing.T, open OpenKeyProvider) error {
			p, http, req := open(t)
			for i := range req.KID {
				req.KID[i] ^= 0xA5
			}
			r, err := p.Key(context.Background(), http, req)
			if err == nil {
				return fmt.Errorf("asked for a key that nobody has, it returned no error and a key of %d bytes", len(r.Key))
			}
			return nil
		}},
	{"errors-hold-no-key",
		"no error holds a key",
		func(t *testing.T, open OpenKeyProvider) error {
			p, http, req := open(t)
			r, err := p.Key(context.Background(), http, req)
			if err != nil {
				return err
			}
			if r.Decrypter != nil {
				return errors.Join(unexamined("the key is not shown"), r.Decrypter.Close())
			}
			req.KID[0]++
			_, unknown := p.Key(context.Background(), http, req)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_, cancelled := p.Key(ctx, http, req)
			for _, err := range []error{unknown, cancelled} {
				if err == nil {
					continue
				}
				for _, form := range []string{hex.EncodeToString(r.Key), base64.StdEncoding.EncodeToString(r.Key), string(r.Key)} {
					if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(form)) {
						return errors.New("an error message holds a key of the provider")
					}
				}
			}
			return nil
		}},
	{"honours-context",
		"honours ctx, and may be called from any goroutine",
		func(t *testing.T, open OpenKeyProvider) error {
			p, http, req := open(t)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return within(patience, "Key, whose context was cancelled,", func() error {
				r, err := p.Key(ctx, http, req)
				if err == nil { // it had the key already
					return checkResult(r)
				}
				if !errors.Is(err, context.Canceled) {
					return fmt.Errorf("Key returned %v, which does not wrap context.Canceled", err)
				}
				return nil
			})
		}},
	{"any-goroutine",
		"honours ctx, and may be called from any goroutine",
		func(t *testing.T, open OpenKeyProvider) error {
			p, http, req := open(t)
			return together(8, func(i int) error {
				mine := req
				if i%2 == 1 {
					mine.KID[15] ^= byte(0x80 + i)
				}
				r, err := p.Key(context.Background(), http, mine)
				if i%2 == 1 {
					return nil // may be an error or another key
				}
				if err != nil {
					return err
				}
				return checkResult(r)
			})
		}},
	{"same-key-again",
		"A KeyProvider returns content keys.",
		func(t *testing.T, open OpenKeyProvider) error {
			p, http, req := open(t)
			var keys [2][]byte
			for i := range keys {
				r, err := p.Key(context.Background(), http, req)
				if err != nil {
					return err
				}
				if r.Decrypter != nil {
					return errors.Join(unexamined("the key is not shown"), r.Decrypter.Close())
				}
				keys[i] = bytes.Clone(r.Key)
				clear(r.Key) // whoever holds it wipes it
			}
			if !bytes.Equal(keys[0], keys[1]) {
				return errors.New("asked twice for a key it returned two; the first was wiped in between")
			}
			return nil
		}},
	{"key-after-close",
		"Key works again for the next session.",
		func(t *testing.T, open OpenKeyProvider) error {
			p, http, req := open(t)
			closer, ok := p.(interface{ Close() error })
			if !ok {
				return nil
			}
			for range 2 {
				r, err := p.Key(context.Background(), http, req)
				if err == nil {
					err = checkResult(r)
				}
				if err == nil {
					err = within(patience, "Close", closer.Close)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}},
}

func checkResult(r platform.KeyResult) error {
	switch {
	case r.Decrypter != nil && r.Key != nil:
		return errors.New("there are both a key and a Decrypter")
	case r.Decrypter != nil:
		return r.Decrypter.Close()
	case len(r.Key) != 16:
		return fmt.Errorf("the key has %d bytes, want 16", len(r.Key))
	case r.MaxWidth < 0 || r.MaxHeight < 0:
		return fmt.Errorf("pictures are bound to %d x %d", r.MaxWidth, r.MaxHeight)
	case !r.Expires.IsZero() && r.Expires.Before(time.Now()):
		return fmt.Errorf("the key expired at %v", r.Expires)
	}
	return nil
}
