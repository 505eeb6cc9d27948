package buffer

import (
	"context"
	"sync"
	"time"

	"smoothplay/platform"
)

// Fragment is one received fragment. It belongs to the Queue from Push on.
type Fragment struct {
	Item       int // the item of the session that it belongs to
	Chunk      int // index of its chunk in the timeline of the stream
	Start, End time.Duration
	Level      int // index into the levels of the track, as the track offers them
	Format     *platform.Format
	// Samples are in decoding order; their Format is nil: Next sets it where the
	// format changes.
	Samples []platform.Sample
	// Protection says how each of Samples is encrypted, by index; nil: all are
	// clear. Cleared marks those that were decrypted.
	Protection []platform.SampleProtection
	Bytes      int64
	// Cut bounds what is shown of it.
	Cut Cut
	// Gap: something before this fragment is missing (a hole was skipped).
	Gap bool
	// Free, when not nil, is called once when nothing uses the samples any more.
	Free func()

	users int // lists of a Queue that it is in; guarded by its mu
}

// A Cut bounds what is shown of fragments: what lies from From on and before To.
// The zero Cut is none. What is decoded under one is done before the next begins.
type Cut struct {
	Clip     int // tells apart what does not refer to each other
	From, To time.Duration
}

// Shows reports whether anything from pts on for d is shown.
func (c Cut) Shows(pts, d time.Duration) bool {
	return c == (Cut{}) || pts < c.To && (pts+d > c.From || pts >= c.From)
}

// Entry is one sample on its way to the decoder.
type Entry struct {
	Epoch uint64
	// Start is where the epoch began: what lies before is decoded, not shown.
	Start time.Duration
	// Sample is a copy; its Data are valid until the following call of Next.
	Sample platform.Sample
	// Protection says how Sample is encrypted, until it is Cleared; nil: it is
	// clear. Valid as Data.
	Protection *platform.SampleProtection
	// Until is where the track is bounded: what begins there or later is not shown.
	Until time.Duration
	// Fragment is valid until the following call of Next.
	Fragment *Fragment
	index    int // of Sample in Fragment
	// Show, where it is not nil, are the pictures that are shown of the shot that
	// the sample belongs to; Final: it is the last of the shot. See Wind.
	Show  []time.Duration
	Final bool
	// End: there is nothing after this in the epoch; Sample and Fragment are
	// zero. It is delivered once an epoch.
	End bool
}

// Range is what a Queue holds.
type Range struct {
	Start, End time.Duration // of the fragments held; equal when there are none
	Bytes      int64
	Fragments  int
	Ended      bool // no fragment follows
}

// Queue is the sample queue of one track. One goroutine calls Next; all other
// methods may be called from any goroutine.
type Queue struct {
	keep time.Duration

	mu     sync.Mutex
	wake   chan struct{} // closed and replaced when Next may find something; guarded by mu
	epoch  uint64        // guarded by mu, as all below
	start  time.Duration
	held   []*Fragment // ascending in Start
	frag   int         // index into held of the fragment being read
	sample int         // index of the next sample in it
	bytes  int64
	ended  bool // End was called
	told   bool // the end was delivered in this epoch
	until  time.Duration
	// inUse is the fragment whose sample the reader holds; orphan says that the
	// queue dropped it meanwhile and only the reader keeps it alive.
	inUse  *Fragment
	orphan bool
	last   *platform.Format // format of the last sample delivered
	reel   reel
}

// New returns an empty Queue in epoch 0 that keeps what was read for keep
// behind the playhead. The queues of a session share their epochs, which count
// from 1.
func New(keep time.Duration) *Queue {
	return &Queue{keep: keep, wake: make(chan struct{}), until: Unbounded}
}

// Push appends f, which begins at or after the end of what is held.
func (q *Queue) Push(f *Fragment) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held = append(q.held, f)
	f.users++
	q.bytes += f.Bytes
	q.signal()
}

// SetEnded says whether the track ends after the fragments held.
func (q *Queue) SetEnded(on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended != on {
		q.ended = on
		q.signal()
	}
}

// Seek begins the given epoch at pos inside what is held and reports true, or
// changes nothing and reports false where pos is not held. Reading goes on from
// the last key sample at or before pos.
func (q *Queue) Seek(epoch uint64, pos time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.find(pos)
	if i < 0 {
		return false
	}
	q.frag, q.sample = i, keySample(q.held[i].Samples, pos)
	q.begin(epoch, pos)
	return true
}

// Holds reports whether Seek(pos) would succeed.
func (q *Queue) Holds(pos time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.find(pos) >= 0
}

// find returns the index of the fragment that covers pos. The end of an ended
// track belongs to its last fragment. guarded by mu.
func (q *Queue) find(pos time.Duration) int {
	for i, f := range q.held {
		if pos >= f.Start && pos < f.End {
			return i
		}
	}
	if n := len(q.held); n > 0 && q.ended && pos >= q.held[n-1].End {
		return n - 1
	}
	return -1
}

// keySample returns the last key sample at or before pos, or the first sample.
func keySample(samples []platform.Sample, pos time.Duration) int {
	key := 0
	for i := range samples {
		if samples[i].Key && samples[i].PTS <= pos {
			key = i
		}
	}
	return key
}

// Restart drops everything and begins the given epoch at pos.
func (q *Queue) Restart(epoch uint64, pos time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range q.held {
		q.drop(f)
	}
	q.held = q.held[:0]
	q.frag, q.sample = 0, 0
	q.ended = false
	q.begin(epoch, pos)
}

// TrimBehind drops what lies more than the keep time before playhead and was
// read.
func (q *Queue) TrimBehind(playhead time.Duration) {
	q.trim(func(f *Fragment) bool { return f.End < playhead-q.keep })
}

// Truncate drops the fragments that begin at or after from and of which nothing
// was read, and returns their size in bytes. The next one to be pushed follows
// what is left.
func (q *Queue) Truncate(from time.Duration) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := len(q.held)
	var dropped int64
	for n > 0 && q.held[n-1].Start >= from && q.untouched(n-1) {
		n--
		dropped += q.held[n].Bytes
		q.drop(q.held[n])
		q.held[n] = nil
	}
	q.held = q.held[:n]
	if dropped > 0 {
		q.ended = false
	}
	return dropped
}

// Shed drops what was read and lies before playhead, oldest first, until
// at least n bytes are freed; it returns the number of bytes freed.
func (q *Queue) Shed(playhead time.Duration, n int64) int64 {
	var freed int64
	q.trim(func(f *Fragment) bool {
		if freed >= n || f.End > playhead {
			return false
		}
		freed += f.Bytes
		return true
	})
	return freed
}

func (q *Queue) trim(old func(*Fragment) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < q.frag && n < len(q.held) && old(q.held[n]) {
		q.drop(q.held[n])
		n++
	}
	if n == 0 {
		return
	}
	rest := copy(q.held, q.held[n:])
	clear(q.held[rest:])
	q.held = q.held[:rest]
	q.frag -= n
}

// drop forgets f; its memory is freed now, or when the reader lets go of it.
// guarded by mu.
func (q *Queue) drop(f *Fragment) {
	q.bytes -= f.Bytes
	q.letBe(f)
}

// letBe takes f out of one list. In none, it is freed, now or when the reader lets
// go of it. guarded by mu.
func (q *Queue) letBe(f *Fragment) {
	if f.users--; f.users > 0 {
		return
	}
	if f == q.inUse {
		q.orphan = true
		return
	}
	free(f)
}

func free(f *Fragment) {
	if f.Free != nil {
		f.Free()
		f.Free = nil
	}
}

// begin starts an epoch. guarded by mu.
func (q *Queue) begin(epoch uint64, pos time.Duration) {
	q.epoch = epoch
	q.start = pos
	q.told = false
	q.unwind()
	q.signal()
}

// signal wakes the reader. guarded by mu.
func (q *Queue) signal() {
	close(q.wake)
	q.wake = make(chan struct{})
}

// Range tells what is held.
func (q *Queue) Range() Range {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := Range{Bytes: q.bytes, Fragments: len(q.held), Ended: q.ended}
	if n := len(q.held); n > 0 {
		r.Start, r.End = q.held[0].Start, q.held[n-1].End
	}
	return r
}

// Beyond is the size of the fragments that begin after pos, in bytes.
func (q *Queue) Beyond(pos time.Duration) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	var n int64
	for _, f := range q.held {
		if f.Start > pos {
			n += f.Bytes
		}
	}
	return n
}

// Epoch is the number of the current epoch.
func (q *Queue) Epoch() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.epoch
}

// Next returns the next sample, waiting for one; at the end of the track it
// returns an Entry with End set, and then waits for a new epoch. It fails only
// with ctx.Err().
func (q *Queue) Next(ctx context.Context) (Entry, error) {
	q.mu.Lock()
	q.letGo()
	for {
		if err := ctx.Err(); err != nil {
			q.mu.Unlock()
			return Entry{}, err
		}
		e, ok := q.take()
		wake := q.wake
		q.mu.Unlock()
		if ok {
			return e, nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		}
		q.mu.Lock()
	}
}

// Cleared says that the sample of e, the last that Next returned, was decrypted:
// read again, after a seek, it is as it is in e now.
func (q *Queue) Cleared(e *Entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &e.Fragment.Samples[e.index]
	s.Data, s.Secure = e.Sample.Data, e.Sample.Secure
	e.Fragment.Protection[e.index] = platform.SampleProtection{}
	e.Protection = nil
}

// Changed is closed when something was pushed, or an epoch began.
func (q *Queue) Changed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.wake
}

// Stop lets go of the last sample: the reader is done for good.
func (q *Queue) Stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.letGo()
}

// letGo ends the use of the last entry. guarded by mu.
func (q *Queue) letGo() {
	if q.inUse != nil && q.orphan {
		free(q.inUse)
	}
	q.inUse, q.orphan = nil, false
}

// take returns what can be delivered now. guarded by mu.
func (q *Queue) take() (Entry, bool) {
	if q.reel.on {
		e, ok := q.takeShot()
		e.Until = Unbounded // pictures of a film strip go by
		return e, ok
	}
	for q.frag < len(q.held) && q.sample >= len(q.held[q.frag].Samples) {
		if q.frag == len(q.held)-1 && !q.ended {
			return Entry{}, false
		}
		q.frag++
		q.sample = 0
	}
	if q.frag >= len(q.held) {
		if !q.ended || q.told {
			return Entry{}, false
		}
		q.told = true
		return Entry{Epoch: q.epoch, Start: q.start, Until: q.until, End: true}, true
	}
	f := q.held[q.frag]
	if q.until != Unbounded && beyond(f.Samples[q.sample:], q.until) {
		if q.told {
			return Entry{}, false
		}
		q.told = true
		return Entry{Epoch: q.epoch, Start: q.start, Until: q.until, End: true}, true
	}
	e := q.entry(f, q.sample)
	q.sample++
	return e, true
}

// entry is the i-th sample of f on its way to the reader. guarded by mu.
func (q *Queue) entry(f *Fragment, i int) Entry {
	e := Entry{Epoch: q.epoch, Start: q.start, Until: q.until, Sample: f.Samples[i], Fragment: f, index: i}
	if f.Protection != nil && f.Protection[i].Scheme != platform.Cleartext {
		e.Protection = &f.Protection[i]
	}
	if f.Format != q.last {
		e.Sample.Format = f.Format
		q.last = f.Format
	}
	q.inUse = f
	return e
}
