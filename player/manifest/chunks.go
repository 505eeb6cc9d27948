package manifest

import (
	"fmt"
	"math/bits"
)

// An entry is a c element, [MS-SSTR] 2.2.2.6, as written.
type entry struct {
	t, d, r    uint64
	hasT, hasD bool
	off        int // in the document
}

// A chunkList builds the runs of one stream out of its entries.
//
// An entry without d lasts until the next one begins, so it waits as pending.
// The manifest's t always wins, because requests must echo it: a chunk that
// would overlap its follower is cut short, and a gap remains a gap.
type chunkList struct {
	limit int // number of chunks
	runs  []Run
	count int    // chunks in runs
	end   uint64 // end of the last chunk in runs

	pending *entry
	store   entry // pending points here

	dropped, cut           int // chunks that did not advance; chunks cut short by more than tolerance
	firstDropped, firstCut int // their offsets
	guessed                int // durations that had to be guessed
	tolerance              uint64
}

type chunkError string

func (e chunkError) Error() string { return string(e) }

const (
	errTimeOverflow = chunkError("the chunk ends after the largest time there is")
	errManyChunks   = chunkError("too many chunks")
)

// add appends an entry and returns the index of its first chunk, -1 where it
// was dropped.
func (l *chunkList) add(e entry) (index int, err error) {
	if !e.hasT && !e.hasD {
		l.drop(e.off)
		return -1, nil
	}
	if last, any := l.lastStart(); e.hasT && any && e.t <= last {
		l.drop(e.off)
		return -1, nil
	}
	if l.pending != nil {
		until := e.t
		if !e.hasT {
			l.guessed++
			d := l.lastDuration()
			if d == 0 {
				d = e.d
			}
			hi, span := bits.Mul64(d, l.pending.r)
			var carry uint64
			if until, carry = bits.Add64(l.pending.t, span, 0); hi|carry != 0 {
				return -1, errTimeOverflow
			}
		}
		if err := l.resolve(until); err != nil {
			return -1, err
		}
	}
	switch {
	case !e.hasT:
		e.t = l.end
	case e.t < l.end:
		l.cutAt(e.t, e.off)
	}
	index = l.count
	if !e.hasD {
		l.store = e
		l.pending = &l.store
		return index, nil
	}
	return index, l.append(e.t, e.d, e.r)
}

// finish ends the list. The last entry may lack d: it then lasts until end,
// 0 being not known, or else as long as the one before.
func (l *chunkList) finish(end uint64) error {
	e := l.pending
	if e == nil {
		return nil
	}
	l.guessed++
	if end > e.t {
		return l.resolve(end)
	}
	l.pending = nil
	d := l.lastDuration()
	if d == 0 {
		e.r = 1
	}
	return l.append(e.t, d, e.r)
}

// resolve appends the pending entry, whose chunks share the time until end.
func (l *chunkList) resolve(end uint64) error {
	e := l.pending
	l.pending = nil
	span := end - e.t
	d := span / e.r
	if d == 0 {
		d, e.r = span, 1
	}
	if e.r > 1 {
		if err := l.append(e.t, d, e.r-1); err != nil {
			return err
		}
		e.t, d = l.end, end-l.end
	}
	return l.append(e.t, d, 1)
}

func (l *chunkList) append(t, d, r uint64) error {
	if r > uint64(l.limit-l.count) {
		return errManyChunks
	}
	hi, length := bits.Mul64(d, r)
	end, carry := bits.Add64(t, length, 0)
	if hi|carry != 0 {
		return errTimeOverflow
	}
	l.count += int(r)
	if n := len(l.runs); n > 0 && l.runs[n-1].D == Ticks(d) && l.end == t {
		l.runs[n-1].Count += r
	} else {
		l.runs = append(l.runs, Run{Ticks(t), Ticks(d), r})
	}
	l.end = end
	return nil
}

// cutAt makes the last chunk end at t, which lies within it.
func (l *chunkList) cutAt(t uint64, off int) {
	if l.end-t > l.tolerance {
		if l.cut == 0 {
			l.firstCut = off
		}
		l.cut++
	}
	last := &l.runs[len(l.runs)-1]
	start, _ := l.lastStart()
	d := Ticks(t - start)
	if last.Count == 1 {
		last.D = d
	} else {
		last.Count--
		l.runs = append(l.runs, Run{Ticks(start), d, 1})
	}
	l.end = t
}

func (l *chunkList) drop(off int) {
	if l.dropped == 0 {
		l.firstDropped = off
	}
	l.dropped++
}

// lastStart is where the last chunk begins, a pending one included.
func (l *chunkList) lastStart() (t uint64, any bool) {
	if l.pending != nil {
		return l.pending.t, true
	}
	if len(l.runs) == 0 {
		return 0, false
	}
	last := l.runs[len(l.runs)-1]
	return uint64(last.T) + uint64(last.D)*(last.Count-1), true
}

func (l *chunkList) lastDuration() uint64 {
	if len(l.runs) == 0 {
		return 0
	}
	return uint64(l.runs[len(l.runs)-1].D)
}

// chunk reads a c element with its children into the stream.
func (p *parser) chunk(l *chunkList, s *Stream) error {
	e := entry{r: 1, off: p.start}
	for i := range p.attrs {
		a := &p.attrs[i]
		if len(a.name) != 1 {
			continue
		}
		v, ok := parseUint(a.value)
		switch a.name[0] | 0x20 {
		case 't':
			e.t, e.hasT = v, true
		case 'd':
			e.d, e.hasD = v, v != 0
		case 'r':
			if !ok && len(a.value) > 1 && a.value[0] == '-' {
				if _, ok = parseUint(a.value[1:]); ok {
					p.warnf(a.off, "r=%s counts no chunks; read as one", quote(a.value))
				}
			}
			e.r = max(v, 1)
		default:
			ok = true
		}
		if !ok {
			err := p.syntax(a, quote(a.value)+" is not a whole number of 64 bits")
			p.skip()
			return err
		}
	}
	index, err := l.add(e)
	switch err {
	case nil:
	case errManyChunks:
		p.tooLarge(p.limits.Chunks, "chunks (repetitions counted)")
		return nil
	default:
		err := p.syntax(nil, err.Error())
		p.skip()
		return err
	}
	if !s.ManifestOutput || index < 0 {
		p.skip()
		return nil
	}
	for p.child() {
		if p.is("f") {
			p.payload(s, index)
		} else {
			p.skip()
		}
	}
	return nil
}

// finishChunks ends the timeline of the stream that begins at an offset of the
// document, and reports what was done to it. stated is the stream's Chunks.
func (p *parser) finishChunks(l *chunkList, s *Stream, begin, stated int) error {
	last := begin
	if l.pending != nil {
		last = l.pending.off
	}
	switch err := l.finish(p.presentationEnd(l, s)); err {
	case nil:
	case errManyChunks:
		p.tooLarge(p.limits.Chunks, "chunks (repetitions counted)")
	default:
		return &SyntaxError{Element: "c", Line: p.line(last), Offset: last, Reason: err.Error()}
	}
	if l.dropped > 0 {
		p.warnf(l.firstDropped, "%s: %d c elements do not advance in time and were dropped, this the first", describeStream(s), l.dropped)
	}
	if l.cut > 0 {
		p.warnf(l.firstCut, "%s: %d chunks overlap their follower and were cut short, the first before this", describeStream(s), l.cut)
	}
	if l.guessed > 0 && s.Type != "text" && s.Parent == "" {
		p.warnf(last, "%s: durations of %d c elements are missing and were guessed", describeStream(s), l.guessed)
	}
	if stated > 0 && stated != l.count {
		p.warnf(begin, "%s: Chunks says %d, the manifest lists %d", describeStream(s), stated, l.count)
	}
	s.Runs = l.runs
	if cap(s.Runs) > len(s.Runs)+len(s.Runs)/16 {
		s.Runs = append(make([]Run, 0, len(s.Runs)), s.Runs...)
	}
	return nil
}

// presentationEnd is the end of the presentation in the time of a stream; 0
// where it is not known. Duration is a length, so media that begin later end
// later; text that begins late need not.
func (p *parser) presentationEnd(l *chunkList, s *Stream) uint64 {
	if p.out.Live || p.out.Duration == 0 || l.pending == nil {
		return 0
	}
	length, ok := rescale(uint64(p.out.Duration), s.TimeScale, p.out.TimeScale)
	if !ok || s.Type == "text" || s.Parent != "" {
		return length
	}
	first := l.pending.t
	if len(l.runs) > 0 {
		first = uint64(l.runs[0].T)
	}
	end, carry := bits.Add64(first, length, 0)
	if carry != 0 {
		return 0
	}
	return end
}

func describeStream(s *Stream) string {
	if s.Name == "" {
		return s.Type + " stream"
	}
	return fmt.Sprintf("%s stream %s", s.Type, quote([]byte(s.Name)))
}
