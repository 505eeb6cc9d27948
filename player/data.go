package player

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/manifest"
	"smoothplay/player/schedule"
	"smoothplay/player/scte35"
	"smoothplay/player/timeline"
)

const (
	// maxData bounds how many data of a presentation are remembered, and
	// maxWanted how many of a feed wait to be fetched.
	maxData, maxWanted = 4096, 256
	// maxDatumBytes bounds one of them.
	maxDatumBytes = 1 << 20
)

// feed is a text stream whose fragments go to the application as they are.
type feed struct {
	index  int                       // of the stream
	next   int                       // chunk of the timeline to fetch next
	latest manifest.Ticks            // named by a pointer last
	wanted []known                   // to be fetched
	asked  map[manifest.Ticks]uint64 // what was, and the sum of what came
	busy   bool
	failed int           // attempts of the first wanted, in a row
	after  time.Duration // nothing is asked for until then
}

// known is a chunk to be fetched: d is 0 where it is not known.
type known struct{ t, d manifest.Ticks }

// datum is something that was carried to the application.
type datum struct {
	event.Datum
	feed *feed
	sum  uint64 // of the bytes; not 0
	over bool   // it was due, or will not be
}

// data is what the control loop keeps of feeds.
type data struct {
	feeds []*feed
	list  []*datum      // by time
	from  time.Duration // where playing began, or went to last
}

// Subscribes reports whether the fragments of a stream go to the application.
func (c *Config) subscribes(s *manifest.Stream) bool {
	if s.Type != "text" {
		return false
	}
	sparse := s.Parent != "" && !readable(s)
	if c.Subscribe == nil {
		return sparse
	}
	return slices.ContainsFunc(c.Subscribe, func(want string) bool {
		return want == "*" || want == "sparse" && sparse || want == s.Name || want != "" && strings.EqualFold(want, s.Subtype)
	})
}

// readable reports whether a text stream is there to be read.
func readable(s *manifest.Stream) bool {
	switch strings.ToUpper(s.Subtype) {
	case "CAPT", "SUBT", "DESC":
		return true
	}
	return false
}

// beginData forgets what was known, and prepares for a presentation that begins
// at pos.
func (l *loop) beginData(pos time.Duration) {
	l.data = data{from: pos}
	l.findFeeds()
	l.takeInline(l.snap)
}

// findFeeds subscribes to the streams that are wanted.
func (l *loop) findFeeds() {
	pres := l.snap.Presentation()
	for i := range pres.Streams {
		if !l.cfg.subscribes(&pres.Streams[i]) || slices.ContainsFunc(l.data.feeds, func(f *feed) bool { return f.index == i }) {
			continue
		}
		f := &feed{index: i, asked: map[manifest.Ticks]uint64{}}
		l.aimFeed(f)
		l.data.feeds = append(l.data.feeds, f)
	}
}

// aimFeed makes f fetch from the chunk on that is the latest at l.data.from: it
// tells how things stand there.
func (l *loop) aimFeed(f *feed) {
	s := l.snap.Stream(f.index)
	f.next = s.At(l.data.from)
	if f.next > s.First() && (f.next >= s.Limit() || s.Chunk(f.next).Start > l.data.from) {
		f.next--
	}
}

// seekData follows a playhead that went to pos: what lies behind it is due again.
func (l *loop) seekData(pos time.Duration) {
	l.data.from = pos
	for _, d := range l.data.list {
		d.over = d.over && d.Time < pos
	}
	for _, f := range l.data.feeds {
		l.aimFeed(f)
	}
}

// takeInline takes the payloads that a manifest carries.
func (l *loop) takeInline(s *timeline.Snapshot) {
	if l.data.feeds == nil {
		return
	}
	pres := s.Presentation()
	for i := range pres.Streams {
		source := &pres.Streams[i]
		f := l.feedOf(source)
		if f == nil {
			continue
		}
		chunks := s.Stream(i)
		for _, p := range source.Inline {
			if p.Chunk < chunks.First() || p.Chunk >= chunks.Limit() {
				continue
			}
			c := chunks.Chunk(p.Chunk)
			l.carried(f, known{c.T, c.D}, p.Data, true)
		}
	}
}

// feedOf is the feed of a stream as a manifest describes it; nil: there is none.
func (l *loop) feedOf(s *manifest.Stream) *feed {
	for _, f := range l.data.feeds {
		o := &l.snap.Presentation().Streams[f.index]
		if o.Type == s.Type && o.Name == s.Name && o.Subtype == s.Subtype && o.Language == s.Language {
			return f
		}
	}
	return nil
}

// pointed takes what the answer for a fragment says of sparse streams: their
// newest fragments, [MS-SSTR] 2.2.5.
func (l *loop) pointed(children string) {
	for _, pair := range strings.FieldsFunc(children, func(r rune) bool { return r == ',' || r == ';' }) {
		name, text, _ := strings.Cut(pair, "=")
		t, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil {
			continue
		}
		for _, f := range l.data.feeds {
			s := &l.snap.Presentation().Streams[f.index]
			if strings.TrimSpace(name) == cmp.Or(s.Name, s.Type) && manifest.Ticks(t) != f.latest {
				f.latest = manifest.Ticks(t)
				f.want(known{t: manifest.Ticks(t)})
			}
		}
	}
}

// want puts a chunk among those to be fetched, once.
func (f *feed) want(k known) {
	if _, known := f.asked[k.t]; known || len(f.wanted) >= maxWanted {
		return
	}
	f.asked[k.t] = 0
	f.wanted = append(f.wanted, k)
}

// carried takes the payload of a chunk.
func (l *loop) carried(f *feed, k known, payload []byte, inline bool) {
	stream, source := l.snap.Stream(f.index), &l.snap.Presentation().Streams[f.index]
	hash := fnv.New64a()
	hash.Write(payload)
	d := &datum{feed: f, sum: hash.Sum64() | 1, Datum: event.Datum{
		Step: "arrived", Stream: cmp.Or(source.Name, source.Type), Subtype: source.Subtype, Scheme: schemeOf(source),
		T: uint64(k.t), Time: stream.Position(k.t), Length: stream.Position(k.t+k.d) - stream.Position(k.t),
		Arrived: l.now(), Inline: inline, Bytes: int64(len(payload)), Data: payload,
	}}
	message, enveloped := scte35.Open(payload)
	if enveloped {
		d.ID = strconv.FormatUint(uint64(message.ID), 10)
		d.Time = stream.Position(k.t + manifest.Ticks(message.Delta))
	}
	if cue, err := scte35.Decode(message.Data); err == nil {
		d.Cue = cue
		switch {
		case d.ID != "":
		case cue.ID != 0:
			d.ID = strconv.FormatUint(uint64(cue.ID), 10)
		default:
			d.ID = cue.Signal
		}
	}
	if f.asked[k.t] == d.sum {
		return // a manifest repeats what it carries
	}
	f.asked[k.t] = d.sum
	f.forget()
	if l.replaced(d) {
		return
	}
	l.emitDatum(&d.Datum)
	l.note(d)
}

// forget bounds what f remembers of long ago.
func (f *feed) forget() {
	if len(f.asked) <= maxData {
		return
	}
	for _, t := range slices.Sorted(maps.Keys(f.asked))[:maxData/2] {
		delete(f.asked, t)
	}
}

// schemeOf is what the payloads of a stream are said to be.
func schemeOf(s *manifest.Stream) string {
	for i := range s.Levels {
		for _, a := range s.Levels[i].Attributes {
			if strings.EqualFold(a.Name, "Scheme") {
				return a.Value
			}
		}
	}
	return ""
}

// replaced deals with a datum that was carried before, takes the place of
// another or calls it off, and reports whether it has no life of its own.
func (l *loop) replaced(d *datum) bool {
	calls, pos := d.Cue != nil && d.Cue.Cancel, l.position()
	for i, old := range l.data.list {
		if old.feed != d.feed || old.T != d.T && (d.ID == "" || d.ID != old.ID) {
			continue
		}
		switch {
		case old.over || old.Time <= pos:
			continue
		case calls && d.ID == old.ID:
			old.over = true
			off := old.Datum
			off.Step, off.Data = "canceled", nil
			l.emitDatum(&off)
			l.clipsCalledOff(&off)
		case old.T == d.T || sameKind(old.Cue, d.Cue):
			l.data.list = slices.Delete(l.data.list, i, i+1)
			d.Step = "updated"
			l.emitDatum(&d.Datum)
			l.note(d)
			return true
		}
	}
	return calls
}

// sameKind reports whether one message can be a new version of the other: the
// begin and the end of a segment have the same id.
func sameKind(a, b *event.Cue) bool {
	if a == nil || b == nil {
		return a == b
	}
	kind := func(c *event.Cue) uint32 {
		if len(c.Segments) == 0 {
			return 0
		}
		return c.Segments[0].Kind
	}
	return a.Command == b.Command && a.Out == b.Out && kind(a) == kind(b)
}

// note puts d in its place by time.
func (l *loop) note(d *datum) {
	d.Data = nil
	i, _ := slices.BinarySearchFunc(l.data.list, d.Time, func(o *datum, at time.Duration) int {
		if o.Time <= at {
			return -1
		}
		return 1
	})
	l.data.list = slices.Insert(l.data.list, i, d)
	if len(l.data.list) > maxData {
		l.data.list = slices.Delete(l.data.list, 0, len(l.data.list)-maxData)
	}
}

// tellDueBack tells what a playhead passes that goes backwards, the latest first.
func (l *loop) tellDueBack(pos time.Duration) {
	for _, d := range slices.Backward(l.data.list) {
		if d.Time < pos {
			return
		}
		if d.over {
			d.over = false
			due := d.Datum
			due.Step = "due"
			l.emitDatum(&due)
		}
	}
}

func (l *loop) emitDatum(d *event.Datum) {
	l.emit(*d)
	if l.cfg.OnDatum != nil {
		l.cfg.OnDatum(*d)
	}
}

// dataTurn fetches what is coming and tells what is due.
func (l *loop) dataTurn() {
	if l.snap == nil || l.done || len(l.data.feeds) == 0 {
		return
	}
	pos := l.position()
	horizon := pos + l.cfg.BufferAhead
	for _, f := range l.data.feeds {
		s := l.snap.Stream(f.index)
		for f.next = max(f.next, s.First()); f.next < s.Limit() && s.Chunk(f.next).Start <= horizon; f.next++ {
			c := s.Chunk(f.next)
			f.want(known{c.T, c.D})
		}
		l.fetchDatum(f)
	}
	if l.back() {
		l.tellDueBack(pos)
		return
	}
	l.tellDue(pos)
}

// tellDue tells what the playhead has reached. Of what lies before the place
// where it began only the latest of each stream is told: how things stand.
func (l *loop) tellDue(pos time.Duration) {
	for i, d := range l.data.list {
		if d.Time > pos {
			return
		}
		if d.over {
			continue
		}
		d.over = true
		before := d.Time < l.data.from
		if before && slices.ContainsFunc(l.data.list[i+1:], func(o *datum) bool {
			return o.feed == d.feed && o.Time <= l.data.from
		}) {
			continue
		}
		due := d.Datum
		due.Step = "due"
		if before || d.Arrived > l.now()-(pos-d.Time) && pos-d.Time > dueWithin {
			due.Step = "late"
		}
		l.emitDatum(&due)
		l.clipsCued(&due)
	}
}

// dueWithin is how long after its time a datum is told at most that came in time.
const dueWithin = 100 * time.Millisecond

// untilData is how long dataTurn has nothing to do.
func (l *loop) untilData() time.Duration {
	wait := schedule.Forever
	if l.snap == nil {
		return wait
	}
	for _, f := range l.data.feeds {
		if len(f.wanted) > 0 && !f.busy {
			wait = min(wait, max(f.after-l.now(), 0))
		}
		if s := l.snap.Stream(f.index); f.next < s.Limit() && f.next >= s.First() {
			wait = min(wait, max(s.Chunk(f.next).Start-l.cfg.BufferAhead-l.position(), 0)+time.Second)
		}
	}
	if l.state != event.Playing {
		return wait
	}
	if l.back() {
		for _, d := range slices.Backward(l.data.list) {
			if d.over {
				return min(wait, max(l.until(d.Time), 0)+50*time.Microsecond)
			}
		}
		return wait
	}
	for _, d := range l.data.list {
		if !d.over {
			ahead := time.Duration(float64(d.Time-l.position()) / l.speed)
			return min(wait, max(ahead, 0)+time.Microsecond)
		}
	}
	return wait
}
