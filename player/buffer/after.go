package buffer

import "time"

// After is where media begins that is held at or behind pos: pos itself inside a
// fragment. ok is false where there is none.
func (q *Queue) After(pos time.Duration) (start time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range q.held {
		if f.End > pos {
			return max(f.Start, pos), true
		}
	}
	return 0, false
}
