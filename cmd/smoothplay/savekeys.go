package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"smoothplay/drm"
	"smoothplay/drm/piff"
	"smoothplay/drm/playready"
	"smoothplay/platform"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// decrypting makes the fragments that are saved clear. Several goroutines use it.
type decrypting struct {
	keys platform.KeyProvider
	doer platform.Doer
	url  string // of the manifest

	mu    sync.Mutex
	open  map[[16]byte]*piff.Decrypter // guarded by mu, as below
	judge map[[16]byte]*piff.Judge
}

// Attempts to have a key, and the pause after the first, which doubles.
const (
	keyAttempts = 6
	keyPause    = 500 * time.Millisecond
)

func newDecrypting(keys platform.KeyProvider, from *source) *decrypting {
	return &decrypting{
		keys: keys, doer: from.doer, url: from.url,
		open: map[[16]byte]*piff.Decrypter{}, judge: map[[16]byte]*piff.Judge{},
	}
}

// fragment decrypts the samples of f, of a stream of p, in place.
func (d *decrypting) fragment(ctx context.Context, p *manifest.Presentation, stream int, f *fragment.Fragment) error {
	said := readProtection(p)
	kid, ok := f.Encryption.KID, f.Encryption.HasKID
	if !ok {
		kid, ok = (&drm.Protection{}).With(f.Systems).DefaultKID() // what came with it knows best
	}
	if !ok {
		kid, ok = said.DefaultKID()
	}
	if !ok {
		return errors.New("it is encrypted, and neither it nor the manifest names the key")
	}
	key, err := d.key(ctx, said.With(f.Systems), kid)
	if err != nil {
		return err
	}
	for i := range f.Samples {
		how := f.Encryption.Protection(i, kid)
		if err := key.DecryptBytes(f.Samples[i].Data, &how); err != nil {
			return fmt.Errorf("sample %d: %w", i, err)
		}
	}
	source := &p.Streams[stream]
	format, _, err := fragment.FormatOf(source, &source.Levels[0])
	if err != nil {
		return nil // nobody can say whether the key was right
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	judge := d.judge[kid]
	if judge == nil {
		judge = &piff.Judge{}
		d.judge[kid] = judge
	}
	for i := range f.Samples {
		how := f.Encryption.Protection(i, kid)
		judge.Sample(f.Samples[i].Data, format, &how)
	}
	if judge.Verdict() == piff.Unsound {
		return fmt.Errorf("what key %s decrypts is noise: %w", playready.GUIDText(kid), drm.ErrWrongKey)
	}
	return nil
}

// key has a key, asking for it the first time.
func (d *decrypting) key(ctx context.Context, said *drm.Protection, kid [16]byte) (*piff.Decrypter, error) {
	d.mu.Lock()
	defer d.mu.Unlock() // who else needs a key waits: one exchange may bring both
	if open := d.open[kid]; open != nil {
		return open, nil
	}
	result, err := d.ask(ctx, said.Request(kid, d.url))
	if err != nil {
		return nil, fmt.Errorf("no key %s: %w", playready.GUIDText(kid), err)
	}
	defer clear(result.Key)
	if err := said.Verify(kid, result.Key); err != nil {
		return nil, err
	}
	open, err := piff.New(result.Key)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", playready.GUIDText(kid), err)
	}
	d.open[kid] = open
	return open, nil
}

// ask asks the provider, again where that may help.
func (d *decrypting) ask(ctx context.Context, request platform.KeyRequest) (platform.KeyResult, error) {
	for pause, n := keyPause, 1; ; pause, n = 2*pause, n+1 {
		result, err := d.keys.Key(ctx, d.doer, request)
		if err == nil || n == keyAttempts || errors.Is(err, platform.ErrKeyRefused) {
			return result, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return platform.KeyResult{}, ctx.Err()
		}
	}
}

// readProtection reads the protection headers of a manifest.
func readProtection(p *manifest.Presentation) *drm.Protection {
	headers := make([]drm.Header, len(p.Protections))
	for i, h := range p.Protections {
		headers[i] = drm.Header{SystemID: h.SystemID, Text: h.Data}
	}
	return drm.Read(headers)
}
