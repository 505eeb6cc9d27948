package player

import (
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/event"
	"smoothplay/player/schedule"
)

const (
	// askAgain is how long a policy is left alone that wants nothing replaced.
	askAgain = 500 * time.Millisecond
	// failurePause is how long nothing is replaced after that has failed; it
	// doubles with each further failure, up to failurePauseMost.
	failurePause     = 5 * time.Second
	failurePauseMost = 2 * time.Minute
	// heldAhead is how many of its own durations a fragment must be away from the
	// playhead to be replaced.
	heldAhead = 2
)

// improvement is how replacing what is buffered of a track goes.
type improvement struct {
	held     []heuristics.Held
	next     time.Duration // nothing is replaced before, since the session began
	failures int           // in a row
	spurned  map[int]bool  // chunks that could not be replaced
}

// improve asks the policy of t whether a buffered fragment is to be fetched
// again, and begins with that. It reports whether it did.
func (l *loop) improve(t *track) bool {
	replacer, ok := t.policy.(heuristics.Replacer)
	if !ok || len(t.levels) < 2 || l.now() < t.better.next || t.attempt > 0 || t.forced >= 0 ||
		t == l.switching || !l.prepared || l.state != event.Playing && l.state != event.Paused {
		return false
	}
	held := l.replaceable(t)
	if len(held) == 0 {
		return false
	}
	next := min(t.next, t.stream.Limit()-1)
	in := l.fill(t, t.stream.Chunk(next), nil)
	in.Held = held
	index, d, ok := replacer.Replace(in)
	i := 0
	for i < len(held) && held[i].ChunkIndex != index {
		i++
	}
	if !ok || i == len(held) || d.Level < 0 || d.Level >= len(t.levels) || d.Level == held[i].Level || !in.Allowed[d.Level] {
		t.better.next = l.now() + askAgain
		return false
	}
	chunk := t.stream.Chunk(index)
	l.decided(t, chunk, d)
	patience := min(heldAhead*chunk.Duration, held[i].Due-chunk.Duration/2)
	l.transfer(&job{track: t, chunk: chunk, level: d.Level, attempt: 1, replaces: true, deadline: l.now() + patience})
	return true
}

// replaceable are the fragments of t that may be replaced.
func (l *loop) replaceable(t *track) []heuristics.Held {
	pos := l.position()
	held := t.better.held[:0]
	l.unread = t.queue.Unread(pos, l.unread[:0])
	for _, f := range l.unread {
		due, duration := f.Start-pos, f.End-f.Start
		if due > heldAhead*duration && !t.better.spurned[f.Chunk] {
			held = append(held, heuristics.Held{ChunkIndex: f.Chunk, Level: f.Level, Duration: duration, Due: due})
		}
	}
	t.better.held = held
	return held
}

// watchReplacement gives the transfer of a replacement up that will come too late
// to be of use, or that keeps the link from what is needed more. It returns how
// long nothing of it will be due.
func (l *loop) watchReplacement(t *track) time.Duration {
	j := t.job
	if j == nil || !j.replaces {
		return schedule.Forever
	}
	now := l.now()
	body := j.spent - j.first
	late := now >= j.deadline
	if body >= settled && j.size > j.bytes {
		rest := float64(j.size-j.bytes) / float64(max(j.bytes, 1)) * float64(body)
		late = late || float64(now)+rest > float64(j.deadline)
	}
	if !late && (l.state == event.Playing || l.state == event.Paused) {
		return j.deadline - now
	}
	l.cancelJob(t)
	l.notReplaced(t, j)
	return schedule.Forever
}

// settled is how long a body must have come in to tell how fast it comes.
const settled = 250 * time.Millisecond

// replace takes the end of the transfer of a replacement. What fails is left as
// it was: there is something to show.
func (l *loop) replace(t *track, j *job, a *transferAnswer) {
	if a.err != nil {
		l.notReplaced(t, j)
		return
	}
	f := a.fragment
	l.received(t, j, a)
	lockedOut := a.cipher != nil && final(l.keys.ring.key(a.cipher.kid).State) // which says nothing of other fragments
	if lockedOut || !l.encrypted(t, f.Level, a.cipher) {
		l.figures.DiscardedBytes += f.Bytes
		f.Free()
		l.notReplaced(t, j)
		return
	}
	dropped, ok := t.queue.Replace(f)
	if !ok {
		l.figures.DiscardedBytes += f.Bytes
		f.Free()
		l.notReplaced(t, j)
		return
	}
	l.figures.DiscardedBytes += dropped
	t.better.failures = 0
	t.decided[j.chunk.Index] = j.asked
	if j.chunk.Index == t.next-1 {
		t.current = f.Level
	}
}

// notReplaced lets a chunk be that could not be replaced, and any other for a
// while.
func (l *loop) notReplaced(t *track, j *job) {
	b := &t.better
	if b.spurned == nil {
		b.spurned = map[int]bool{}
	}
	first := t.stream.At(l.position())
	for chunk := range b.spurned {
		if chunk < first {
			delete(b.spurned, chunk)
		}
	}
	b.spurned[j.chunk.Index] = true
	b.next = l.now() + min(failurePause<<min(b.failures, 10), failurePauseMost)
	b.failures++
}
