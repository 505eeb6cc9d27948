package clearkey

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"smoothplay/drm/playready"
	"smoothplay/platform"
)

// Keys are keys at hand. The zero Keys has none. Add, Read and SetSeed come before
// the first Key, which any goroutine may call.
type Keys struct {
	keys map[[16]byte][16]byte
	seed []byte // nil: none
}

// Bounds on a file of keys.
const (
	maxKeys = 10000
	maxLine = 4096
)

// The errors of what a tester types. None repeats it.
var (
	ErrPair    = errors.New("not of the form KID:KEY")
	ErrKID     = errors.New("the KID is neither a GUID, nor 32 hexadecimal digits, nor the base64 of a PlayReady header")
	ErrKey     = errors.New("the key is neither 32 hexadecimal digits nor base64 of 16 bytes")
	ErrSeed    = errors.New("the key seed is not base64 of at least 30 bytes")
	ErrTooMany = fmt.Errorf("more than %d keys", maxKeys)
)

// Add adds a pair KID:KEY. The KID is a GUID, with or without hyphens and braces,
// in the order of its text, or as a PlayReady header has it; the key 32 hexadecimal
// digits, or base64. A later pair replaces an earlier one of the same KID. Errors
// wrap ErrPair, ErrKID, ErrKey or ErrTooMany.
func (k *Keys) Add(pair string) error {
	id, value, found := strings.Cut(pair, ":")
	if !found {
		return ErrPair
	}
	kid, err := playready.ParseKID(strings.TrimSpace(id))
	if err != nil {
		return ErrKID
	}
	key, err := parseKey(value)
	if err != nil {
		return err
	}
	if k.keys == nil {
		k.keys = map[[16]byte][16]byte{}
	}
	k.keys[kid] = key
	if len(k.keys) > maxKeys {
		delete(k.keys, kid)
		return ErrTooMany
	}
	return nil
}

func parseKey(s string) ([16]byte, error) {
	if key, err := playready.ParseGUID(s); err == nil {
		return key, nil
	}
	b, err := playready.DecodeBase64(s)
	if err != nil || len(b) != 16 {
		return [16]byte{}, ErrKey
	}
	return [16]byte(b), nil
}

// Read adds the pairs of a file, one a line; empty lines and what follows a # are
// left out. Errors name the line.
func (k *Keys) Read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := k.Add(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

// SetSeed makes keys that were not added from a key seed, base64 of at least 30
// bytes, as PlayReady test content has them. The error is ErrSeed.
func (k *Keys) SetSeed(text string) error {
	seed, err := playready.DecodeBase64(text)
	if err != nil || len(seed) < 30 {
		return ErrSeed
	}
	k.seed = seed
	return nil
}

// Empty reports whether there is neither a key nor a seed.
func (k *Keys) Empty() bool { return len(k.keys) == 0 && k.seed == nil }

// KIDs are those of the keys that were added, in order.
func (k *Keys) KIDs() [][16]byte {
	all := make([][16]byte, 0, len(k.keys))
	for kid := range k.keys {
		all = append(all, kid)
	}
	slices.SortFunc(all, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	return all
}

// Key implements [platform.KeyProvider]: the key that was added, else that of the
// seed.
func (k *Keys) Key(_ context.Context, _ platform.Doer, req platform.KeyRequest) (platform.KeyResult, error) {
	key, ok := k.keys[req.KID]
	if !ok && k.seed != nil {
		var err error
		if key, err = playready.DeriveKey(k.seed, req.KID); err != nil {
			return platform.KeyResult{}, fmt.Errorf("key %s: %w", playready.GUIDText(req.KID), err)
		}
		ok = true
	}
	if !ok {
		return platform.KeyResult{}, fmt.Errorf("key %s is not among the %d given: %w", playready.GUIDText(req.KID), len(k.keys), platform.ErrKeyRefused)
	}
	return platform.KeyResult{Key: key[:]}, nil
}

// Format writes how many keys there are, and none of them, whatever the verb.
func (k *Keys) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%d clear keys}", len(k.keys)) }
