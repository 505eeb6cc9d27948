package player

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"smoothplay/drm"
	"smoothplay/drm/piff"
	"smoothplay/platform"
	"smoothplay/player/buffer"
	"smoothplay/player/pipeline"
)

// errDecrypt says that a sample could not be decrypted.
var errDecrypt = errors.New("it cannot be decrypted")

// keyring lends the keys of a session to its decode loops, each of which has a
// door. The control loop decides which keys are asked for; decode loops wait for
// them here, and a decrypter is closed when nobody uses it any more. Its methods
// may be called from any goroutine.
type keyring struct {
	// notify holds one token while a door was shut, opened or found locked.
	notify chan struct{}

	mu    sync.Mutex
	ring  *drm.Ring           // guarded by mu, as all below
	wake  chan struct{}       // closed and replaced when a key may have changed
	loans map[[16]byte]*loan  // decrypters in the ring
	doors map[*door]doorState // that are not open
}

// loan is a decrypter and how many use it.
type loan struct {
	d     platform.SampleDecrypter
	users int
	old   bool // the ring has it no more
}

// doorState is why a door is not open.
type doorState struct {
	kid    [16]byte
	epoch  uint64
	at     time.Duration // of the sample that stands before it
	locked bool          // it will not open for that sample: it was left out
}

func newKeyring() *keyring {
	return &keyring{
		notify: make(chan struct{}, 1), wake: make(chan struct{}), ring: drm.NewRing(drm.Options{}),
		loans: map[[16]byte]*loan{}, doors: map[*door]doorState{},
	}
}

// seed makes the choices of a ring that holds no key yet those of this session.
func (k *keyring) seed(n uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.ring.Keys(time.Now())) == 0 {
		k.ring = drm.NewRing(drm.Options{Seed: n})
	}
}

// use calls f with the ring, and lets those who wait look at it again.
func (k *keyring) use(f func(*drm.Ring)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(k.ring)
	for d, s := range k.doors { // what opens is open at once, whenever its decode loop wakes
		if !s.locked && k.ring.Key(time.Now(), s.kid).State != drm.Pending {
			delete(k.doors, d)
		}
	}
	close(k.wake)
	k.wake = make(chan struct{})
}

// key is what is known of a key now.
func (k *keyring) key(kid [16]byte) drm.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ring.Key(time.Now(), kid)
}

// tell says that there is news.
func (k *keyring) tell() {
	select {
	case k.notify <- struct{}{}:
	default:
	}
}

// answer brings what a provider said.
func (k *keyring) answer(kid [16]byte, result platform.KeyResult, err error) {
	k.use(func(r *drm.Ring) {
		now := time.Now()
		old := r.Answer(now, kid, result, err)
		key := r.Key(now, kid)
		if err != nil || key.State != drm.Ready || key.Err != nil {
			closeDecrypter(old) // what was brought is of no use
			return
		}
		k.retire(kid)
		k.loans[kid] = &loan{d: key.Decrypter}
	})
}

// refuse takes a key back for good.
func (k *keyring) refuse(kid [16]byte, err error) {
	k.use(func(r *drm.Ring) {
		r.Refuse(kid, err)
		k.retire(kid)
	})
	k.tell()
}

// renew forgets the keys that could not be had, so that they are asked for again.
func (k *keyring) renew() {
	k.use(func(r *drm.Ring) {
		for _, key := range r.Keys(time.Now()) {
			if final(key.State) {
				r.Forget(key.KID)
				k.retire(key.KID)
			}
		}
	})
}

// final reports whether a key of that state will not be had.
func final(s drm.State) bool { return s == drm.Refused || s == drm.Failed || s == drm.Expired }

// retire ends the use of the decrypter of a key. guarded by mu.
func (k *keyring) retire(kid [16]byte) {
	l := k.loans[kid]
	if l == nil {
		return
	}
	delete(k.loans, kid)
	if l.old = true; l.users == 0 {
		closeDecrypter(l.d)
	}
}

// closeDecrypter closes d, if there is one: what it says then helps nobody.
func closeDecrypter(d platform.SampleDecrypter) {
	if d != nil {
		_ = d.Close()
	}
}

// close ends the keyring: no decode loop is left.
func (k *keyring) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = k.ring.Close()
	clear(k.loans)
}

// shut tells where a door keeps its decode loop waiting; false: it does not.
func (k *keyring) shut(d *door) (time.Duration, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.doors[d]
	return s.at, ok && !s.locked
}

// leftOut reports whether samples of an epoch were left out at a door.
func (k *keyring) leftOut(d *door, epoch uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.doors[d]
	return s.locked && s.epoch == epoch
}

// leave forgets a door whose track is over.
func (k *keyring) leave(d *door) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.doors, d)
}

// door is where the samples of one track are decrypted.
type door struct {
	keys  *keyring
	queue *buffer.Queue

	// The following belong to the decode loop.
	judges map[[16]byte]*piff.Judge
	judge  *piff.Judge // of the sample that was unlocked last; nil: it was clear
}

// maxJudges is of how many keys in a row it is remembered that they are right.
const maxJudges = 64

func (k *keyring) door(q *buffer.Queue) *door {
	return &door{keys: k, queue: q, judges: map[[16]byte]*piff.Judge{}}
}

var _ pipeline.Unlocker = (*door)(nil)

// Unlock implements [pipeline.Unlocker].
func (d *door) Unlock(ctx context.Context, e *buffer.Entry) (bool, error) {
	p, format := e.Protection, e.Fragment.Format
	d.judge = nil
	if p == nil {
		return true, nil
	}
	kid := p.KID
	l, err := d.borrow(ctx, e)
	if l == nil {
		return false, err
	}
	err = l.d.Decrypt(&e.Sample, *p)
	d.keys.giveBack(l)
	switch {
	case errors.Is(err, platform.ErrKeyRefused):
		d.keys.refuse(kid, err)
		d.setState(&doorState{kid, e.Epoch, e.Sample.PTS, true})
		return false, nil
	case err != nil:
		return false, fmt.Errorf("the %v sample at %v: %w: %w", format.Kind, e.Sample.PTS, errDecrypt, err)
	}
	d.queue.Cleared(e)
	if d.judge = d.judges[kid]; d.judge == nil {
		if len(d.judges) >= maxJudges {
			clear(d.judges)
		}
		d.judge = &piff.Judge{}
		d.judges[kid] = d.judge
	}
	d.judge.Sample(e.Sample.Data, format, p)
	if d.verdict(kid) {
		return true, nil
	}
	d.setState(&doorState{kid, e.Epoch, e.Sample.PTS, true})
	return false, nil
}

// verdict refuses a key that is wrong; it reports whether it may be right.
func (d *door) verdict(kid [16]byte) bool {
	if d.judge.Verdict() != piff.Unsound {
		return true
	}
	d.keys.refuse(kid, fmt.Errorf("what key %x decrypts is noise: %w", kid, drm.ErrWrongKey))
	return false
}

// Decoded implements [pipeline.Unlocker].
func (d *door) Decoded(err error) {
	if d.judge == nil || d.judge.Verdict() != piff.Undecided {
		return
	}
	d.judge.Decoded(err)
	for kid, j := range d.judges {
		if j == d.judge {
			d.verdict(kid)
		}
	}
}

// borrow waits for the key of e; nil: it will not come, or is not waited for any
// more.
func (d *door) borrow(ctx context.Context, e *buffer.Entry) (*loan, error) {
	for {
		changed := d.queue.Changed()
		if d.queue.Epoch() != e.Epoch {
			d.setState(nil)
			return nil, nil
		}
		l, wake := d.keys.take(d, e)
		if wake == nil {
			return l, nil
		}
		select {
		case <-wake:
		case <-changed:
		case <-ctx.Done():
			d.setState(nil)
			return nil, ctx.Err()
		}
	}
}

// take lends the decrypter of e to d. Where that is not there yet it returns what
// is closed when there is reason to ask again.
func (k *keyring) take(d *door, e *buffer.Entry) (l *loan, wake <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := e.Fragment.Format
	key := k.ring.Key(time.Now(), e.Protection.KID)
	switch {
	case key.State == drm.Pending:
		k.setState(d, &doorState{kid: e.Protection.KID, epoch: e.Epoch, at: e.Sample.PTS})
		return nil, k.wake
	case key.State != drm.Ready || !key.Allows(f.Width, f.Height):
		k.setState(d, &doorState{e.Protection.KID, e.Epoch, e.Sample.PTS, true})
		return nil, nil
	}
	l = k.loans[e.Protection.KID]
	l.users++
	k.setState(d, nil)
	return l, nil
}

func (k *keyring) giveBack(l *loan) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.users--; l.users == 0 && l.old {
		closeDecrypter(l.d)
	}
}

func (d *door) setState(s *doorState) {
	d.keys.mu.Lock()
	defer d.keys.mu.Unlock()
	d.keys.setState(d, s)
}

// setState notes why a door is not open; nil: it is. guarded by mu.
func (k *keyring) setState(d *door, s *doorState) {
	before, was := k.doors[d]
	switch {
	case s == nil && !was, s != nil && was && *s == before, s != nil && was && s.locked && before.locked && s.epoch == before.epoch:
		return
	case s == nil:
		delete(k.doors, d)
	default:
		k.doors[d] = *s
	}
	k.tell()
}
