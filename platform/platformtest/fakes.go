package platformtest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"smoothplay/platform"
)

// Keys is a [platform.KeyProvider] that has the keys it was given.
type Keys struct {
	// Results are what Key returns, by key identifier; any other is an error.
	Results map[[16]byte]platform.KeyResult
	// Wait is how long an answer takes.
	Wait time.Duration
	// Fail is returned instead of an answer; nil: not.
	Fail error

	mu    sync.Mutex
	asked []platform.KeyRequest
}

// Key implements [platform.KeyProvider].
func (k *Keys) Key(ctx context.Context, _ platform.Doer, req platform.KeyRequest) (platform.KeyResult, error) {
	k.mu.Lock()
	k.asked = append(k.asked, req)
	k.mu.Unlock()
	timer := time.NewTimer(k.Wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return platform.KeyResult{}, fmt.Errorf("platformtest: key %x: %w", req.KID, ctx.Err())
	}
	if k.Fail != nil {
		return platform.KeyResult{}, fmt.Errorf("platformtest: key %x: %w", req.KID, k.Fail)
	}
	r, ok := k.Results[req.KID]
	if !ok {
		return platform.KeyResult{}, fmt.Errorf("platformtest: there is no key %x", req.KID)
	}
	r.Key = bytes.Clone(r.Key)
	return r, nil
}

// Asked are the requests so far, in order. Any goroutine may ask.
func (k *Keys) Asked() []platform.KeyRequest {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.asked)
}

// MemoryStore is a [platform.Store] that lasts as long as the value does. The
// zero value is empty.
type MemoryStore struct {
	mu     sync.Mutex
	values map[string][]byte
}

// Get implements [platform.Store].
func (m *MemoryStore) Get(key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[key]
	if !ok {
		return nil, &fs.PathError{Op: "get", Path: key, Err: fs.ErrNotExist}
	}
	return bytes.Clone(v), nil
}

// Put implements [platform.Store].
func (m *MemoryStore) Put(key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	m.values[key] = bytes.Clone(value)
	return nil
}

// LoadScript is a [platform.LoadMeter] that returns one Load after the other,
// and then the last one for ever.
type LoadScript struct {
	Loads []platform.Load
	calls int
}

// Load implements [platform.LoadMeter].
func (s *LoadScript) Load() (platform.Load, error) {
	if len(s.Loads) == 0 {
		return platform.Load{}, nil
	}
	l := s.Loads[min(s.calls, len(s.Loads)-1)]
	s.calls++
	return l, nil
}
