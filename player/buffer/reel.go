package buffer

import "time"

// Shot is some samples of a fragment that are decoded one after the other, and the
// pictures of them that are shown: what is played when playing goes fast or
// backwards.
type Shot struct {
	Fragment *Fragment
	Decode   []int           // indexes into its Samples, ascending, from a key on
	Show     []time.Duration // their PTS, in the order in which they are shown
}

// reel is the part of a Queue that holds shots.
type reel struct {
	on    bool // Next delivers shots
	shots []Shot
	next  int  // index into Decode of the first of shots
	ended bool // no shot follows
}

// Wind begins the given epoch at pos, in which Next delivers the shots that are
// added, in that order, until Seek or Restart. What is held is kept.
func (q *Queue) Wind(epoch uint64, pos time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.begin(epoch, pos)
	q.reel.on = true
}

// Held is the fragment of a chunk that is held; nil: it is not. It belongs to the
// Queue: what is read of it are the times and kinds of its samples.
func (q *Queue) Held(chunk int) *Fragment {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range q.held {
		if f.Chunk == chunk {
			return f
		}
	}
	return nil
}

// Add appends all shots of one fragment, at least one. It belongs to the Queue from
// then on, and is freed with the last of them where it is not held besides.
func (q *Queue) Add(shots []Shot) {
	q.mu.Lock()
	defer q.mu.Unlock()
	shots[0].Fragment.users++
	q.reel.shots = append(q.reel.shots, shots...)
	q.signal()
}

// EndShots says that no shot follows in this epoch.
func (q *Queue) EndShots() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reel.ended = true
	q.signal()
}

// takeShot returns the next sample of a shot. guarded by mu.
func (q *Queue) takeShot() (Entry, bool) {
	r := &q.reel
	for len(r.shots) > 0 && r.next >= len(r.shots[0].Decode) {
		q.cut()
	}
	if len(r.shots) == 0 {
		if !r.ended || q.told {
			return Entry{}, false
		}
		q.told = true
		return Entry{Epoch: q.epoch, Start: q.start, End: true}, true
	}
	shot := &r.shots[0]
	e := q.entry(shot.Fragment, shot.Decode[r.next])
	r.next++
	e.Show, e.Final = shot.Show, r.next == len(shot.Decode)
	return e, true
}

// cut drops the first shot. guarded by mu.
func (q *Queue) cut() {
	r := &q.reel
	f := r.shots[0].Fragment
	r.shots[0] = Shot{}
	r.shots, r.next = r.shots[1:], 0
	if len(r.shots) == 0 || r.shots[0].Fragment != f {
		q.letBe(f)
	}
}

// unwind drops all shots. guarded by mu.
func (q *Queue) unwind() {
	for len(q.reel.shots) > 0 {
		q.cut()
	}
	q.reel = reel{}
}
