package player

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"smoothplay/drm"
	"smoothplay/drm/exchange"
	"smoothplay/drm/playready"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/manifest"
	"smoothplay/player/schedule"
)

// keyPatience is how long one request for a key may take.
const keyPatience = 30 * time.Second

// errNoKID says that nobody names the key of a fragment.
var errNoKID = errors.New("it is encrypted, and neither it nor the manifest names the key")

// keys are what the control loop knows of the keys of a presentation.
type keys struct {
	ring *keyring
	said *drm.Protection        // what its headers, and those of fragments, say
	told map[[16]byte]drm.State // as events have told it
	// barred are the levels whose key cannot be used, or could not lately.
	barred map[levelName]*bar
}

// keyAnswer is what a KeyProvider said.
type keyAnswer struct {
	kid     [16]byte
	result  platform.KeyResult
	err     error
	elapsed time.Duration
}

// forget begins with the keys of another presentation; those at hand are kept.
func (k *keys) forget() {
	k.ring.renew()
	k.said = &drm.Protection{}
	k.barred = map[levelName]*bar{}
	for kid, state := range k.told {
		if final(state) {
			delete(k.told, kid)
		}
	}
}

// protections reads the headers of a manifest.
func protections(pres *manifest.Presentation) *drm.Protection {
	headers := make([]drm.Header, len(pres.Protections))
	for i, p := range pres.Protections {
		headers[i] = drm.Header{SystemID: p.SystemID, Text: p.Data}
	}
	return drm.Read(headers)
}

// protect takes what the headers of the presentation say, and asks for the keys that
// they name, before there is a sample that needs one.
func (l *loop) protect(said *drm.Protection) {
	l.keys.said = said
	if said.Protected() {
		l.keys.ring.seed(l.cfg.Random.Uint64())
		l.want(said.KIDs(), time.Time{})
	}
}

// needsKeys says what is needed to play the presentation at base.
func needsKeys(said *drm.Protection, base string) *Error {
	what := said.String()
	if !said.Protected() {
		what = "encrypted fragments without a protection header"
	}
	return fail(event.NoKeyProvider, base, "%s is protected (%s): keys, or a provider that gets them, are needed to play it", event.RedactURL(base), what)
}

// reprotect takes the headers of a new manifest of the same presentation.
func (l *loop) reprotect() {
	said := protections(l.snap.Presentation())
	if !said.Protected() || l.dev.Keys == nil {
		return
	}
	before := l.keys.said.KIDs()
	l.keys.said = said
	l.want(said.KIDs(), time.Now().Add(time.Minute))
	if slices.ContainsFunc(said.KIDs(), func(kid [16]byte) bool { return !slices.Contains(before, kid) }) {
		l.rotated(-time.Hour) // wherever what was refused stands
	}
}

// want asks the ring for keys; by is when the first sample needs them, zero: now.
func (l *loop) want(kids [][16]byte, by time.Time) {
	now := time.Now()
	l.keys.ring.use(func(r *drm.Ring) {
		for _, kid := range kids {
			r.Want(now, drm.Want{Request: l.keys.said.Request(kid, l.base), By: by})
		}
	})
}

// keyTurn sends the requests that are due and notes what has become of keys.
func (l *loop) keyTurn() {
	if l.dev.Keys == nil || l.done {
		return
	}
	var due []platform.KeyRequest
	var all []drm.Key
	l.keys.ring.use(func(r *drm.Ring) {
		due = r.Due(time.Now())
		all = r.Keys(time.Now())
	})
	for _, req := range due {
		l.askKey(req)
	}
	for _, key := range all {
		if before := l.keys.told[key.KID]; before == key.State {
			continue
		}
		l.keys.told[key.KID] = key.State
		l.keyChanged(key)
	}
	if l.done {
		return
	}
	l.heedDoors()
	for _, t := range slices.Clone(l.tracks) {
		if t.door != nil && !t.lost && l.keys.ring.leftOut(t.door, l.epoch) {
			l.again = true
			l.refetch(t)
			return // the next turn looks at the others
		}
	}
}

// untilKeys is how long nothing becomes of the keys by itself.
func (l *loop) untilKeys() time.Duration {
	if l.dev.Keys == nil || l.done {
		return schedule.Forever
	}
	l.keys.ring.mu.Lock()
	defer l.keys.ring.mu.Unlock()
	next := l.keys.ring.ring.Next(time.Now())
	if next.IsZero() {
		return schedule.Forever
	}
	return max(time.Until(next), 0)
}

// askKey asks the provider.
func (l *loop) askKey(req platform.KeyRequest) {
	l.tellKey(req.KID, event.Key{Result: "requested"})
	after := l.turnOf()
	l.spawn(func(ctx context.Context) {
		sleep(ctx, after)
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, keyPatience)
		defer cancel()
		a := &keyAnswer{kid: req.KID}
		a.result, a.err = l.dev.Keys.Key(within, l.dev.HTTP, req)
		a.elapsed = time.Since(began)
		select {
		case l.p.inbox <- message{key: a}:
		case <-l.over:
			clear(a.result.Key)
			closeDecrypter(a.result.Decrypter)
		}
	})
}

// keyArrived takes what a provider said.
func (l *loop) keyArrived(a *keyAnswer) {
	if a.err != nil && errors.Is(a.err, context.Canceled) {
		return
	}
	l.keys.ring.answer(a.kid, a.result, a.err)
	key := l.keys.ring.key(a.kid)
	switch {
	case key.Err != nil && key.State != drm.Unwanted:
		e := keyError(key)
		l.trouble = e.Error()
		l.tellKey(a.kid, event.Key{Result: "failed", Elapsed: a.elapsed, Code: e.Code})
	case key.State == drm.Ready:
		l.tellKey(a.kid, event.Key{Result: "obtained", Elapsed: a.elapsed})
		l.barAll(a.kid, forbidden(key), func(q *level) bool { return !key.Allows(q.format.Width, q.format.Height) })
	}
}

// tellKey makes the event of a key.
func (l *loop) tellKey(kid [16]byte, k event.Key) {
	k.KID = playready.GUIDText(kid)
	if s, ok := l.keys.said.Pick(); ok {
		k.System = strings.ToLower(strings.ReplaceAll(s.Name, " ", ""))
	}
	l.emit(k)
}

// keyChanged takes a key that came to another state.
func (l *loop) keyChanged(key drm.Key) {
	if !final(key.State) {
		return
	}
	e := keyError(key)
	if key.State == drm.Expired {
		l.tellKey(key.KID, event.Key{Result: "expired", Code: e.Code})
	}
	l.barAll(key.KID, e, everyLevel)
}

// forbidden says which pictures a key is not for.
func forbidden(key drm.Key) *Error {
	return fail(event.OutputForbidden, "", "the licence allows pictures up to %dx%d", key.MaxWidth, key.MaxHeight)
}

// keyError says why a key cannot be used.
func keyError(key drm.Key) *Error {
	var (
		fault  *playready.Fault
		status *exchange.StatusError
	)
	code := event.KeyUnreachable
	switch err := key.Err; {
	case errors.Is(err, drm.ErrWrongKey):
		code = event.DecryptFailed
	case errors.Is(err, drm.ErrExpired):
		code = event.KeyExpired
	case errors.As(err, &fault) && errors.Is(err, platform.ErrKeyRefused), errors.As(err, &status) && status.Status < 500:
		code = event.KeyDenied
	case errors.Is(err, playready.ErrNoHeader):
		code = event.HeaderMalformed
	case errors.Is(err, platform.ErrKeyRefused):
		code = event.KeyNotFound
	}
	err := key.Err
	if err == nil {
		err = platform.ErrKeyRefused
	}
	return fail(code, "", "no key %s: %w", playready.GUIDText(key.KID), err)
}

// encrypted takes what a fragment says of its key, and reports whether it can be
// used; else its level is left out.
func (l *loop) encrypted(t *track, q int, c *cipher) bool {
	if c == nil {
		return true
	}
	t.levels[q].kid = c.kid
	if !c.named || len(l.keys.said.KIDs()) == 1 { // the one key of all
		for i := range t.levels {
			t.levels[i].kid = c.kid
		}
	}
	if l.dev.Keys == nil {
		l.barKey(t, c.kid, needsKeys(l.keys.said, l.base), everyLevel)
		return false
	}
	l.keys.said = l.keys.said.With(c.systems)
	by := time.Now().Add(max(c.start-l.position(), 0))
	l.want([][16]byte{c.kid}, by)
	key := l.keys.ring.key(c.kid)
	f := t.levels[q].format
	switch {
	case final(key.State):
		l.barKey(t, c.kid, keyError(key), everyLevel)
		return false
	case key.State == drm.Ready && !key.Allows(f.Width, f.Height):
		l.barKey(t, c.kid, forbidden(key), func(v *level) bool { return !key.Allows(v.format.Width, v.format.Height) })
		return false
	case key.State == drm.Ready:
		delete(l.keys.barred, t.nameOf(q)) // it was worth the try
	}
	return true
}

// refetch fetches again from the playhead on what t cannot decrypt.
func (l *loop) refetch(t *track) {
	t.spoiled = true
	to, c := l.position(), (*command)(nil)
	if l.seek != nil {
		to, c, l.seek.command = l.seek.to, l.seek.command, nil
		l.seek = nil
	}
	l.moveTo(to, Exact, "key", c)
}

// locked is how far from pos t stands before a door that is shut; false: none is.
func (l *loop) locked(t *track, pos time.Duration) (time.Duration, bool) {
	if t.door == nil {
		return 0, false
	}
	at, ok := l.keys.ring.shut(t.door)
	return max(at-pos, 0), ok
}

// awaitsKey reports whether some track waits for its key.
func (l *loop) awaitsKey() bool {
	for _, t := range l.tracks {
		if _, shut := l.locked(t, 0); shut && t != l.switching {
			return true
		}
	}
	return false
}

// closeKeys ends the use of all keys; no decode loop is left.
func (l *loop) closeKeys() {
	l.keys.ring.close()
	if c, ok := l.dev.Keys.(interface{ Close() error }); ok {
		if err := c.Close(); err != nil {
			l.cfg.Logger.Warn("closing the key provider", "area", "drm", "error", fmt.Sprint(err))
		}
	}
}
