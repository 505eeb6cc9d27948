package drm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"smoothplay/drm/piff"
	"smoothplay/platform"
)

// Options say how a Ring behaves. The zero Options are those of a player at home.
type Options struct {
	// Seed makes the random choices: those of one device should differ from
	// another's, so that they do not all ask at once.
	Seed uint64
	// Spread is over how much time a request is put off at random, if it is needed
	// that much later (rotation of keys in live presentations); 0: 30 s.
	Spread time.Duration
	// Lead is how long before it is needed a key is to be asked for at the latest;
	// 0: 10 s.
	Lead time.Duration
	// Parallel is how many requests may be on their way; 0: 4.
	Parallel int
	// Attempts is how often a key that nobody has yet is asked for; 0: 6. The first
	// pause between two is about Pause, each further one twice as long, up to a
	// minute; 0: 500 ms.
	Attempts int
	Pause    time.Duration
}

// maxPause bounds the pause between two attempts, but for what servers ask for.
const maxPause = time.Minute

// ErrExpired says that a key came too late, or is over.
var ErrExpired = errors.New("the key has expired")

// Want says that a key is needed.
type Want struct {
	Request platform.KeyRequest
	// By is when the first sample that needs it is due to be decoded; zero: at once.
	By time.Time
}

// Ring holds the keys of a session. Its methods are pure but for what they change
// in it: all take the time. It is not safe for concurrent use; the decrypters it
// hands out are. It never prints a key.
type Ring struct {
	o    Options
	rand *rand.Rand
	keys map[[16]byte]*entry
}

// entry is one key.
type entry struct {
	want     Want
	state    State // Expired is seen from the time
	due      time.Time
	asking   bool // a request is on its way; due means nothing
	last     bool // no further request
	attempts int  // that failed, since the last that did not
	key      Key  // Decrypter, limits, Err
}

// NewRing makes an empty Ring.
func NewRing(o Options) *Ring {
	o.Spread = cmp.Or(o.Spread, 30*time.Second)
	o.Lead = cmp.Or(o.Lead, 10*time.Second)
	o.Parallel = cmp.Or(o.Parallel, 4)
	o.Attempts = cmp.Or(o.Attempts, 6)
	o.Pause = cmp.Or(o.Pause, 500*time.Millisecond)
	return &Ring{o: o, rand: rand.New(rand.NewPCG(o.Seed, 0x6b657972696e67)), keys: map[[16]byte]*entry{}}
}

// Want says that a key is needed; saying it again costs nothing, and makes it
// sooner where it is needed sooner. A key that was refused, has failed or expired
// stays so.
func (r *Ring) Want(now time.Time, w Want) {
	due := now
	if room := min(r.o.Spread, w.By.Sub(now)-r.o.Lead); room > 0 && !w.By.IsZero() {
		due = now.Add(time.Duration(r.rand.Int64N(int64(room))))
	}
	e := r.keys[w.Request.KID]
	if e == nil {
		r.keys[w.Request.KID] = &entry{want: w, state: Pending, due: due, key: Key{KID: w.Request.KID}}
		return
	}
	if w.By.IsZero() || !e.want.By.IsZero() && w.By.Before(e.want.By) {
		e.want.By = w.By
		if e.state == Pending && !e.asking && e.attempts == 0 && due.Before(e.due) {
			e.due = due
		}
	}
}

// Due returns the requests to send now, the most urgent first; each is to be
// brought to Answer. A Ready key is among them when it is to be renewed.
func (r *Ring) Due(now time.Time) []platform.KeyRequest {
	room := r.o.Parallel
	var due []*entry
	for _, e := range r.keys {
		switch {
		case e.asking:
			room--
		case e.waits() && !e.due.After(now) && !e.expired(now):
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b *entry) int {
		return cmp.Or(a.want.By.Compare(b.want.By), a.due.Compare(b.due), bytes.Compare(a.key.KID[:], b.key.KID[:]))
	})
	var requests []platform.KeyRequest
	for _, e := range due[:min(len(due), max(room, 0))] {
		e.asking = true
		requests = append(requests, e.want.Request)
	}
	return requests
}

// Next is when something changes by itself: a request falls due, or a key expires.
// Zero: nothing does before the next call of Want or Answer.
func (r *Ring) Next(now time.Time) time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	asking := 0
	for _, e := range r.keys {
		if e.asking {
			asking++
		}
	}
	for _, e := range r.keys {
		if e.waits() && !e.asking && asking < r.o.Parallel && !e.expired(now) {
			sooner(e.due)
		}
		if e.state == Ready && e.key.Expires.After(now) {
			sooner(e.key.Expires)
		}
	}
	return next
}

// waits reports whether there is something to ask for, some time.
func (e *entry) waits() bool { return !e.last && (e.state == Pending || e.state == Ready) }

func (e *entry) expired(now time.Time) bool {
	return e.state == Ready && !e.key.Expires.IsZero() && !now.Before(e.key.Expires)
}

// Answer brings what a provider said to a request of Due. The Ring takes the
// result: it wipes a clear key once its decrypter is made, and checks it against
// the checksums in the headers. old is the decrypter that a renewed key had, or
// that of an answer nobody waits for: the caller closes it when no sample uses it
// any more; nil: none.
func (r *Ring) Answer(now time.Time, kid [16]byte, result platform.KeyResult, err error) (old platform.SampleDecrypter) {
	e := r.keys[kid]
	if e == nil { // forgotten meanwhile
		clear(result.Key)
		return result.Decrypter
	}
	e.asking = false
	if e.state != Pending && e.state != Ready { // refused meanwhile
		clear(result.Key)
		return result.Decrypter
	}
	var d platform.SampleDecrypter
	if err == nil {
		d, err = open(now, e.want.Request, result)
		clear(result.Key)
	}
	if err != nil {
		r.failed(now, e, err)
		return result.Decrypter
	}
	old = e.key.Decrypter
	e.key = Key{KID: kid, Decrypter: d, MaxWidth: result.MaxWidth, MaxHeight: result.MaxHeight, Expires: result.Expires}
	e.state, e.attempts = Ready, 0
	e.last = result.Expires.IsZero()
	if !e.last { // renewed after some three quarters of its life
		life := result.Expires.Sub(now)
		e.due = now.Add(life/10*7 + time.Duration(r.rand.Int64N(int64(life/10)+1)))
	}
	return old
}

// open makes the decrypter of a result.
func open(now time.Time, req platform.KeyRequest, result platform.KeyResult) (platform.SampleDecrypter, error) {
	if !result.Expires.IsZero() && !now.Before(result.Expires) {
		return nil, fmt.Errorf("key %x, at %s (check the clock of this device): %w", req.KID, result.Expires.UTC().Format(time.RFC3339), ErrExpired)
	}
	if result.Decrypter != nil {
		return result.Decrypter, nil
	}
	d, err := piff.New(result.Key)
	if err != nil {
		return nil, fmt.Errorf("key %x: %w: %w", req.KID, err, platform.ErrKeyRefused)
	}
	if err := readSystems(req.Systems).Verify(req.KID, result.Key); err != nil {
		return nil, fmt.Errorf("%w: %w", err, platform.ErrKeyRefused)
	}
	return d, nil
}

// readSystems is the Protection of a request.
func readSystems(systems []platform.ProtectionSystem) *Protection {
	return (&Protection{}).With(systems)
}

// failed notes that a request failed, and when to try again.
func (r *Ring) failed(now time.Time, e *entry, err error) {
	if errors.Is(err, context.Canceled) { // nobody's fault
		e.due = now
		return
	}
	e.key.Err = err
	e.attempts++
	switch {
	case errors.Is(err, platform.ErrKeyRefused):
		e.last = true
		if e.state == Pending {
			e.state = Refused
		}
	case e.state == Pending && e.attempts >= r.o.Attempts:
		e.state = Failed
	default:
		pause := r.o.Pause
		for i := 1; i < e.attempts && pause < maxPause; i++ {
			pause *= 2
		}
		pause = min(pause, maxPause)
		pause = pause/2 + time.Duration(r.rand.Int64N(int64(pause/2)+1))
		if w, ok := errors.AsType[retryAfter](err); ok {
			pause = max(pause, w.RetryAfter())
		}
		e.due = now.Add(pause)
	}
}

// retryAfter is what errors have that know when to ask again.
type retryAfter interface {
	error
	RetryAfter() time.Duration
}

// Key is what is known of a key.
func (r *Ring) Key(now time.Time, kid [16]byte) Key {
	e := r.keys[kid]
	if e == nil {
		return Key{KID: kid}
	}
	k := e.key
	k.State = e.state
	if e.expired(now) {
		k.State = Expired
		err := fmt.Errorf("key %x, at %s: %w", kid, k.Expires.UTC().Format(time.RFC3339), ErrExpired)
		if k.Err != nil {
			err = fmt.Errorf("%w, and was not renewed: %w", err, k.Err)
		}
		k.Err = err
	}
	if k.State != Ready {
		k.Decrypter = nil
	}
	return k
}

// Keys are all keys that were wanted, by identifier.
func (r *Ring) Keys(now time.Time) []Key {
	var all []Key
	for kid := range r.keys {
		all = append(all, r.Key(now, kid))
	}
	slices.SortFunc(all, func(a, b Key) int { return bytes.Compare(a.KID[:], b.KID[:]) })
	return all
}

// Refuse takes a key back: its decrypter said that it may not be used any longer,
// or what it decrypts is noise. old is as for Answer.
func (r *Ring) Refuse(kid [16]byte, err error) (old platform.SampleDecrypter) {
	e := r.keys[kid]
	if e == nil || e.state != Pending && e.state != Ready {
		return nil
	}
	old, e.key.Decrypter = e.key.Decrypter, nil
	e.state, e.key.Err = Refused, err
	return old
}

// Forget makes a key as if it had never been wanted, so that it is asked for again:
// the user has paid, say. old is as for Answer.
func (r *Ring) Forget(kid [16]byte) (old platform.SampleDecrypter) {
	if e := r.keys[kid]; e != nil {
		old = e.key.Decrypter
		delete(r.keys, kid)
	}
	return old
}

// Close closes all decrypters and forgets all keys. No sample uses them any more.
func (r *Ring) Close() error {
	var all []error
	for _, e := range r.keys {
		if e.key.Decrypter != nil {
			all = append(all, e.key.Decrypter.Close())
		}
	}
	clear(r.keys)
	return errors.Join(all...)
}

// Format writes how many keys there are, and none of them, whatever the verb.
func (r *Ring) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%d keys}", len(r.keys)) }
