package schedule

import (
	"time"

	"smoothplay/player/timeline"
)

// Forever is the Wait of a track that needs nothing until something else
// changes.
const Forever = time.Duration(1<<63 - 1)

// Goals are how much to gather.
type Goals struct {
	Ahead time.Duration // of media, at most
	Bytes int64         // over all queues, at most
}

// Track is how one track stands.
type Track struct {
	Stream   *timeline.Stream
	Next     int           // index of the chunk to fetch
	Buffered time.Duration // media ahead of the playhead
	Bytes    int64         // held, what was played included
	Expected int64         // size of the next fragment in bytes, a guess
	Busy     bool          // a transfer is under way
	// Growing: behind the last chunk there will be others.
	Growing bool
	// NotBefore is when the next transfer may begin (a retry), since the session
	// began.
	NotBefore time.Duration
}

// View is all that Next looks at.
type View struct {
	Now     time.Duration // since the session began
	Playing bool          // the playhead moves
	Tracks  []Track
	Goals   Goals
}

// Do is what is to be done.
type Do uint8

// The answers: fetch a chunk, ask again later, or nothing ever again.
const (
	Wait Do = iota
	Fetch
	End
)

// Action is the answer for one track.
type Action struct {
	Do    Do
	Chunk int           // to fetch
	For   time.Duration // how long to wait at most; Forever: until something changes
}

// Next says what the given track does now. A track that is well ahead of another
// leaves the link to it, as does one that has something where another has nothing.
func Next(v *View, track int) Action {
	t := &v.Tracks[track]
	if t.Busy {
		return Action{Do: Wait, For: Forever}
	}
	if t.Next >= t.Stream.Limit() {
		if t.Growing {
			return Action{Do: Wait, For: Forever}
		}
		return Action{Do: End}
	}
	if wait := t.NotBefore - v.Now; wait > 0 {
		return Action{Do: Wait, For: wait}
	}
	duration := t.Stream.Chunk(t.Next).Duration
	// A goal below two chunks cannot be kept: a chunk arrives as a whole.
	if full := t.Buffered + duration - max(v.Goals.Ahead, 2*duration); full > 0 {
		return v.later(full)
	}
	// How far one is ahead of the other does not change by playing.
	if least := v.least(); t.Buffered-least > 2*duration || t.Buffered > 0 && least == 0 {
		return Action{Do: Wait, For: Forever}
	}
	if v.bytes()+t.Expected > v.Goals.Bytes && (t.Buffered >= duration || t.Buffered > v.least()) {
		return v.later(max(t.Buffered-duration, duration/4))
	}
	return Action{Do: Fetch, Chunk: t.Next}
}

// later waits for d of playing.
func (v *View) later(d time.Duration) Action {
	if !v.Playing {
		return Action{Do: Wait, For: Forever}
	}
	return Action{Do: Wait, For: d}
}

func (v *View) bytes() int64 {
	var n int64
	for i := range v.Tracks {
		n += v.Tracks[i].Bytes
	}
	return n
}

// least is the media ahead of the playhead on the track that has the least.
func (v *View) least() time.Duration {
	least := Forever
	for i := range v.Tracks {
		least = min(least, v.Tracks[i].Buffered)
	}
	return least
}

// Spare reports whether the given track may use the link for better copies of
// what it holds: it has no transfer under way and no retry to wait for, no other
// track is in greater need of the link, and there is room for one more fragment.
func Spare(v *View, track int) bool {
	t := &v.Tracks[track]
	if t.Busy || t.NotBefore > v.Now || v.bytes()+t.Expected > v.Goals.Bytes {
		return false
	}
	enough := min(t.Buffered, v.Goals.Ahead) / 2
	for i := range v.Tracks {
		if i != track && v.Tracks[i].Buffered < enough {
			return false
		}
	}
	return true
}
