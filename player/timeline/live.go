package timeline

import (
	"math/bits"
	"slices"
	"sort"
	"time"

	"smoothplay/player/manifest"
)

// Known is a chunk that a server names: in a manifest, in the tfxd box of a
// fragment, or in its tfrf box as one that follows.
type Known struct{ T, D manifest.Ticks }

// Change says what became of a live timeline.
type Change struct {
	Added int // chunks that were not known before
	// Contradictory: what was announced cannot be right, and was left out or put
	// right by guessing. A new manifest would tell.
	Contradictory bool
	// Restarted: the manifest lies wholly before what is known. The encoder has
	// begun to count anew, and nothing was taken over.
	Restarted bool
}

const (
	// maxAnnounced bounds how many chunks one fragment can announce.
	maxAnnounced = 16
	// maxJump is how far ahead of the end a fragment may announce another.
	maxJump = 60 * time.Second
	// roundingPart is the part of a chunk up to which the time between its end
	// and the next chunk comes of rounding, and is its own.
	roundingPart = 16
)

// Extend returns a Snapshot that also holds what a received fragment of a
// stream says: of itself (tfxd), and of those that follow (tfrf), in whatever
// number and order. of.D is 0 where the fragment says nothing of itself. Chunks
// keep their Index. [MS-SSTR] 2.2.4.4, 2.2.4.5
func (s *Snapshot) Extend(stream int, of Known, next []Known) (*Snapshot, Change) {
	var c Change
	old := &s.streams[stream]
	if old.Len() == 0 {
		return s, c
	}
	e := edit(old)
	e.received(of)
	sorted := slices.SortedFunc(slices.Values(next[:min(len(next), maxAnnounced)]), func(a, b Known) int {
		switch {
		case a.T < b.T:
			return -1
		case a.T > b.T:
			return 1
		}
		return 0
	})
	for _, k := range sorted {
		if !e.announced(k, &c) {
			break // those behind it are no better
		}
	}
	if !e.changed {
		return s, c
	}
	return s.with(stream, e), c
}

// Refresh returns a Snapshot that also holds what a newer manifest of the same
// presentation lists. Streams are matched by type, name, language and subtype
// and keep their order; new ones come after them. The end never moves back for
// an old manifest out of a cache. Chunks that fragments have announced, and that
// neither arrived nor are in the manifest, are kept only where they begin at its
// end. Where the manifest is no longer live, its end is final. The
// error is an [ErrInvalid].
func (s *Snapshot) Refresh(p *manifest.Presentation) (*Snapshot, Change, error) {
	fresh, err := New(p)
	if err != nil {
		return nil, Change{}, err
	}
	if len(s.leading()) == 0 {
		return fresh.inOrderOf(s), Change{Added: count(fresh)}, nil
	}
	var c Change
	next := fresh.inOrderOf(s)
	next.doubtful = s.doubtful
	for i := range next.streams {
		to := &next.streams[i]
		runs := to.runs
		if i >= len(s.streams) {
			c.Added += to.Len()
		} else {
			e := edit(&s.streams[i])
			var of Change
			e.merge(runs, next.presentation.Live, s.doubtful, &of)
			c.Added += of.Added
			c.Contradictory = c.Contradictory || of.Contradictory
			c.Restarted = c.Restarted || of.Restarted && next.presentation.Streams[i].Type != "text"
			*to = e.stream
		}
		to.number, to.zero = i, s.zero()
		to.measure()
	}
	if c.Restarted {
		return s, Change{Restarted: true}, nil
	}
	next.setDuration()
	return next, c, nil
}

// Trim returns a Snapshot without the chunks that end at or before a session
// position. Each stream keeps its last chunk.
func (s *Snapshot) Trim(before time.Duration) *Snapshot {
	trimmed := s
	for i := range s.streams {
		old := &s.streams[i]
		n := old.Len()
		if n < 2 || old.start >= before {
			continue
		}
		k := old.At(before) - old.first
		if k = min(k, n-1); k <= 0 {
			continue
		}
		if trimmed == s {
			trimmed = s.clone()
		}
		e := edit(old)
		e.dropFirst(k)
		trimmed.streams[i] = e.stream
		trimmed.streams[i].measure()
	}
	return trimmed
}

// clone copies a Snapshot so that streams can be replaced in it.
func (s *Snapshot) clone() *Snapshot {
	c := *s
	c.streams = slices.Clone(s.streams)
	return &c
}

func (s *Snapshot) with(stream int, e *editor) *Snapshot {
	c := s.clone()
	c.streams[stream] = e.stream
	c.streams[stream].measure()
	c.setDuration()
	return c
}

func (s *Snapshot) zero() instant {
	if len(s.streams) == 0 {
		return instant{}
	}
	return s.streams[0].zero
}

// inOrderOf puts the streams in the order of those of before, matched by what
// names them; streams that are missing are taken from there.
func (s *Snapshot) inOrderOf(before *Snapshot) *Snapshot {
	p := *s.presentation
	p.Streams = slices.Clone(before.presentation.Streams)
	out := &Snapshot{presentation: &p, streams: slices.Clone(before.streams), duration: s.duration}
	for i := range before.streams {
		// Nothing is known of a stream that the new manifest has not.
		out.streams[i].runs, out.streams[i].before, out.streams[i].first = nil, []int{0}, 0
	}
	taken := make([]bool, len(before.streams))
	for j := range s.presentation.Streams {
		source := &s.presentation.Streams[j]
		at := slices.IndexFunc(before.presentation.Streams, func(o manifest.Stream) bool {
			return o.Type == source.Type && o.Name == source.Name && o.Language == source.Language &&
				o.Subtype == source.Subtype && o.TimeScale == source.TimeScale
		})
		for at >= 0 && at < len(taken) && taken[at] {
			at = nextLike(before.presentation.Streams, at, source)
		}
		if at < 0 {
			p.Streams = append(p.Streams, *source)
			out.streams = append(out.streams, s.streams[j])
			continue
		}
		taken[at] = true
		p.Streams[at], out.streams[at] = *source, s.streams[j]
	}
	for i := range out.streams {
		out.streams[i].number = i
	}
	return out
}

// nextLike is the index after at of a stream named like source, -1: none.
func nextLike(streams []manifest.Stream, at int, source *manifest.Stream) int {
	for i := at + 1; i < len(streams); i++ {
		o := &streams[i]
		if o.Type == source.Type && o.Name == source.Name && o.Language == source.Language &&
			o.Subtype == source.Subtype && o.TimeScale == source.TimeScale {
			return i
		}
	}
	return -1
}

func count(s *Snapshot) int {
	n := 0
	for i := range s.streams {
		n += s.streams[i].Len()
	}
	return n
}

// editor changes a copy of a stream.
type editor struct {
	stream  Stream
	changed bool
}

func edit(s *Stream) *editor {
	e := &editor{stream: *s}
	e.stream.runs = slices.Clone(s.runs)
	e.stream.before = slices.Clone(s.before)
	return e
}

// last is the last chunk; ok is false where there is none.
func (e *editor) last() (k Known, ok bool) {
	n := len(e.stream.runs)
	if n == 0 {
		return Known{}, false
	}
	r := &e.stream.runs[n-1]
	return Known{r.T + r.D*manifest.Ticks(r.Count-1), r.D}, true
}

func (e *editor) pop() Known {
	k, _ := e.last()
	s := &e.stream
	n := len(s.runs)
	if s.runs[n-1].Count--; s.runs[n-1].Count == 0 {
		s.runs, s.before = s.runs[:n-1], s.before[:n]
	} else {
		s.before[n]--
	}
	e.changed = true
	return k
}

// push puts a chunk behind the last one. It must not overlap it.
func (e *editor) push(k Known) {
	s := &e.stream
	e.changed = true
	if n := len(s.runs); n > 0 {
		r := &s.runs[n-1]
		if r.D == k.D && r.T+r.D*manifest.Ticks(r.Count) == k.T {
			r.Count++
			s.before[n]++
			return
		}
	}
	s.runs = append(s.runs, manifest.Run{T: k.T, D: k.D, Count: 1})
	s.before = append(s.before, s.before[len(s.before)-1]+1)
}

// follow puts k behind the last chunk, whose duration becomes the time between
// them where they overlap, or where rounding left a gap.
func (e *editor) follow(k Known) bool {
	last, ok := e.last()
	if ok {
		if k.T <= last.T {
			return false
		}
		between := k.T - last.T
		if gap := int64(between - last.D); between < last.D || last.D == 0 || gap > 0 && gap <= int64(rounding(last.D)) {
			e.pop()
			e.push(Known{last.T, between})
		}
	}
	e.push(k)
	return true
}

// received notes that a chunk has arrived, and what it says of itself: it and
// those before it exist.
func (e *editor) received(of Known) {
	s := &e.stream
	index := s.nearest(of.T)
	if index < 0 {
		return
	}
	if index >= s.proven {
		s.proven = index + 1
		e.changed = true
	}
	last, _ := e.last()
	if index == s.first+s.Len()-1 && plausible(of.D, last.D, s.scale) && of.D != last.D {
		if _, carry := bits.Add64(uint64(last.T), uint64(of.D), 0); carry == 0 {
			e.pop()
			e.push(Known{last.T, of.D})
		}
	}
}

// nearest is the index of the chunk that begins within half a chunk of t; -1:
// none.
func (s *Stream) nearest(t manifest.Ticks) int {
	i := sort.Search(len(s.runs), func(i int) bool {
		r := &s.runs[i]
		return r.T+r.D*manifest.Ticks(r.Count) > t
	})
	for ; i < len(s.runs); i++ {
		r := &s.runs[i]
		if r.T >= t {
			if r.T-t <= r.D/2 {
				return s.first + s.before[i]
			}
			return -1
		}
		k := (t - r.T) / max(r.D, 1)
		off := (t - r.T) % max(r.D, 1)
		if off <= r.D/2 {
			return s.first + s.before[i] + int(k)
		}
		if uint64(k)+1 < r.Count {
			return s.first + s.before[i] + int(k) + 1
		}
	}
	return -1
}

// plausible reports whether d can be the duration of a chunk whose neighbour
// lasts like.
func plausible(d, like manifest.Ticks, scale uint64) bool {
	return d > 0 && (d/16 <= like || uint64(d) <= 10*scale)
}

// announced takes a chunk of a tfrf box into account. It is false where the
// server errs.
func (e *editor) announced(k Known, c *Change) bool {
	last, _ := e.last()
	if !plausible(k.D, last.D, e.stream.scale) {
		c.Contradictory = true
		k.D = max(last.D, 1)
	}
	end := last.T + last.D
	if k.T > end && e.stream.Offset(int64(min(k.T-end, 1<<62))) > maxJump {
		c.Contradictory = true
		return false
	}
	off := max(k.T, last.T) - min(k.T, last.T)
	switch {
	case k.T > last.T && off > min(last.D, k.D)/2:
		// The next one: it should begin where the last one ends. Where there is a
		// gap, the manifest tells whether it is true; a part of a chunk is no gap.
		if !joins(last, k) {
			c.Contradictory = true
			if k.T < end+last.D {
				return false
			}
		}
	case off > rounding(last.D):
		c.Contradictory = c.Contradictory || k.T > last.T
		return true
	}
	e.listed(k, c)
	return true
}

// rounding is what may lie between the end of a chunk and the next one.
func rounding(d manifest.Ticks) manifest.Ticks { return max(d/roundingPart, 2) }

// joins reports whether k begins where last ends, but for rounding.
func joins(last, k Known) bool {
	end := last.T + last.D
	return max(k.T, end)-min(k.T, end) <= rounding(last.D)
}

// listed takes a chunk into account that is named.
func (e *editor) listed(k Known, c *Change) {
	if _, carry := bits.Add64(uint64(k.T), uint64(k.D), 0); carry != 0 {
		c.Contradictory = true
		return
	}
	last, ok := e.last()
	near := max(min(last.D, k.D)/2, 1)
	switch {
	case !ok, k.T > last.T && k.T-last.T > near:
		if e.follow(k) {
			c.Added++
		}
	case k.T == last.T && k.D == last.D:
	case k.T >= last.T || last.T-k.T < near:
		// The same chunk: what came later is right, and its time goes into the
		// request.
		e.pop()
		if !e.follow(k) {
			e.push(last)
		}
	}
}

// dropFirst removes the first k chunks, fewer than there are.
func (e *editor) dropFirst(k int) {
	s := &e.stream
	s.first += k
	i := sort.Search(len(s.runs), func(i int) bool { return s.before[i+1] > k })
	gone := k - s.before[i]
	s.runs = s.runs[i:]
	s.runs[0].T += s.runs[0].D * manifest.Ticks(gone)
	s.runs[0].Count -= uint64(gone)
	s.before = make([]int, len(s.runs)+1)
	for i, r := range s.runs {
		s.before[i+1] = s.before[i] + int(r.Count)
	}
	e.changed = true
}
