package buffer

import "time"

// Unread is a fragment of which nothing was read yet.
type Unread struct {
	Chunk      int // index of its chunk in the timeline of the stream
	Level      int
	Start, End time.Duration
	Key        [16]byte // that its samples are encrypted with; zero: they are clear
}

// Unread appends to list the fragments that begin at or after from and of which
// nothing was read, in order.
func (q *Queue) Unread(from time.Duration, list []Unread) []Unread {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := q.frag; i < len(q.held); i++ {
		if f := q.held[i]; f.Start >= from && q.untouched(i) {
			u := Unread{Chunk: f.Chunk, Level: f.Level, Start: f.Start, End: f.End}
			if len(f.Protection) > 0 {
				u.Key = f.Protection[0].KID
			}
			list = append(list, u)
		}
	}
	return list
}

// Replace puts f in the place of the fragment of the same chunk and returns the
// size of that in bytes. It changes nothing and is not ok where there is none, or
// something of it was read already: f still belongs to the caller then.
func (q *Queue) Replace(f *Fragment) (dropped int64, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := q.frag; i < len(q.held); i++ {
		old := q.held[i]
		if old.Chunk != f.Chunk || old.Item != f.Item || old.Start != f.Start || !q.untouched(i) {
			continue
		}
		f.Gap = old.Gap
		q.held[i] = f
		f.users++
		q.bytes += f.Bytes
		dropped = old.Bytes
		q.drop(old)
		return dropped, true
	}
	return 0, false
}

// untouched reports whether nothing of the i-th fragment held was read in this
// epoch. guarded by mu.
func (q *Queue) untouched(i int) bool { return i > q.frag || i == q.frag && q.sample == 0 }
