package player

import (
	"context"
	"errors"
	"fmt"
	"time"

	"smoothplay/drm"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/pipeline"
	"smoothplay/player/schedule"
	"smoothplay/player/text"
	"smoothplay/player/timeline"
)

const (
	// textAttempts is how often a fragment of text is asked for, textAgain how long
	// after the first failure; longer after each further one.
	textAttempts = 4
	textAgain    = 500 * time.Millisecond
	// textYields is how much must be buffered of pictures and sound for a transfer
	// of text to go on that has taken textTakes already: it is small, and something
	// is wrong.
	textYields = 1500 * time.Millisecond
	textTakes  = 500 * time.Millisecond
	// textBytes is how large a fragment of text is taken to be before one came.
	textBytes = 4 << 10
	// textLooks is how often it is looked whether there is room for text.
	textLooks = 250 * time.Millisecond
	// textRefresh is how often a manifest may be asked for just because it may list
	// new text.
	textRefresh = 4 * time.Second
	// textQuiet is how long trouble with text is told once.
	textQuiet = 10 * time.Second
	// maxTextTurn is how many payloads of a manifest are read in a turn.
	maxTextTurn = 16
)

// textFetch is what was fetched of a text stream: the chunks from from, below
// next.
type textFetch struct {
	begun      bool
	from, next int
	job        *textJob
	attempt    int // of the chunk next, failed so far
	notBefore  time.Duration
	bytes      int64 // of the fragment that came last

	inline map[manifest.Ticks][]byte // what the manifest carries, by time
	of     *manifest.Presentation    // that inline is from
}

// textJob is a transfer of text under way.
type textJob struct {
	chunk   timeline.Chunk
	attempt int
	url     string
	asked   time.Duration
	level   *manifest.Level
	source  *manifest.Stream
	cancel  func()
}

// textAnswer is the end of one.
type textAnswer struct {
	job    *textJob
	result fetch.Result
	news   *news
	err    error // of the transfer
	broken error // of what came: what could be read of it is shown
}

// fetchText gets the text that is due, and returns how long nothing more will be.
func (l *loop) fetchText() time.Duration {
	c := &l.text
	f := &c.fetching
	switch {
	case c.shows == nil || l.snap == nil || l.done:
		return schedule.Forever
	case f.job != nil:
		return l.yieldText()
	case !l.prepared: // pictures and sound come first
		return schedule.Forever
	}
	stream, pos := l.snap.Stream(c.offered[c.selected].index), l.position()
	if l.snap.Live() {
		start, _ := l.window()
		c.shows.Forget(start - l.chunkDuration())
	}
	for range maxTextTurn {
		if stream.Len() == 0 || f.seek(stream, pos) >= stream.Limit() {
			return l.untilText(stream)
		}
		chunk := stream.Chunk(f.next)
		if wait := chunk.Start - pos - l.cfg.BufferAhead; wait > 0 {
			if l.state != event.Playing {
				return schedule.Forever
			}
			return wait
		}
		if data := l.inlineText(chunk.T); data != nil {
			l.readInline(chunk, data)
			f.advance()
			continue
		}
		switch wait := l.textDue(stream, chunk); {
		case !l.textIsFetched():
			f.advance()
		case wait > 0:
			return wait
		default:
			l.askText(chunk)
			return schedule.Forever
		}
	}
	l.again = true
	return 0
}

// seek is the chunk to be fetched next with the playhead at pos. What was said
// before may go on: it begins a chunk early.
func (f *textFetch) seek(stream *timeline.Stream, pos time.Duration) int {
	at := max(stream.At(pos)-1, stream.First())
	if !f.begun || at < f.from || at > f.next {
		f.begun, f.from, f.next = true, at, at
		f.attempt, f.notBefore = 0, 0
	}
	return f.next
}

// advance goes on to the next chunk.
func (f *textFetch) advance() { f.next, f.attempt, f.notBefore = f.next+1, 0, 0 }

// textIsFetched reports whether the stream has more than what the manifest carries.
func (l *loop) textIsFetched() bool {
	s := &l.snap.Presentation().Streams[l.text.offered[l.text.selected].index]
	return s.URL != "" && len(s.Levels) > 0
}

// textDue is how long the fragment of chunk is not to be asked for: it is not
// there yet, was asked for in vain a moment ago, or would cost pictures.
func (l *loop) textDue(stream *timeline.Stream, chunk timeline.Chunk) time.Duration {
	f := &l.text.fetching
	if wait := f.notBefore - l.now(); wait > 0 {
		return wait
	}
	if l.snap.Live() && chunk.Index >= stream.Proven() {
		if ahead := chunk.End() - l.edge(); ahead > 0 {
			return min(max(ahead, textLooks), time.Second)
		}
	}
	if left, t := l.runway(); t != nil && left < l.textCost()*4 && l.state != event.Paused {
		return textLooks
	}
	return 0
}

// textCost is how long the link is busy with a fragment of text.
func (l *loop) textCost() time.Duration {
	bytes := l.text.fetching.bytes
	if bytes == 0 {
		bytes = textBytes
	}
	bps := l.bandwidth.Estimate().BPS
	if bps <= 0 {
		return 0
	}
	return time.Duration(float64(bytes*8) / float64(bps) * float64(time.Second))
}

// untilText is how long to wait for text behind the last that is known: more may
// be listed by a new manifest.
func (l *loop) untilText(stream *timeline.Stream) time.Duration {
	if !l.snap.Live() || l.paused {
		return schedule.Forever
	}
	r := &l.live.refresh
	if wait := stream.End() + l.chunkDuration() - l.edge(); stream.Len() > 0 && wait > 0 {
		return wait
	}
	if wait := r.last + max(textRefresh, r.took*20) - l.now(); wait > 0 {
		return wait
	}
	l.wantRefresh()
	return textRefresh
}

// yieldText gives a transfer up that takes long where pictures or sound run out.
func (l *loop) yieldText() time.Duration {
	f := &l.text.fetching
	spent := l.now() - f.job.asked
	left, t := l.runway()
	if spent >= textTakes && t != nil && left < textYields && l.state != event.Paused {
		l.cancelText()
		f.notBefore = l.now() + 2*textYields
		return 2 * textYields
	}
	return max(textTakes-spent, textLooks)
}

// inlineText is what the manifest carries for the chunk at t.
func (l *loop) inlineText(t manifest.Ticks) []byte {
	f, p := &l.text.fetching, l.snap.Presentation()
	if f.of != p {
		f.of, f.inline = p, inlineOf(&p.Streams[l.text.offered[l.text.selected].index])
	}
	return f.inline[t]
}

// inlineOf are the payloads of a stream by the time of their chunk.
func inlineOf(s *manifest.Stream) map[manifest.Ticks][]byte {
	if len(s.Inline) == 0 {
		return nil
	}
	byTime := make(map[manifest.Ticks][]byte, len(s.Inline))
	run, first := 0, 0 // the first chunk of it
	for _, p := range s.Inline {
		if p.Chunk < first {
			run, first = 0, 0
		}
		for run < len(s.Runs) && uint64(p.Chunk-first) >= s.Runs[run].Count {
			first += int(s.Runs[run].Count)
			run++
		}
		if run < len(s.Runs) {
			r := &s.Runs[run]
			byTime[r.T+r.D*manifest.Ticks(p.Chunk-first)] = p.Data
		}
	}
	return byTime
}

// readInline takes what the manifest carries for a chunk.
func (l *loop) readInline(chunk timeline.Chunk, data []byte) {
	shows, codec := l.text.shows, l.text.offered[l.text.selected].codec
	piece, _, err := unpackText(data, l.snap.Stream(chunk.Stream), chunk, codec, l.keys.said)
	if err == nil {
		err = shows.Add(piece)
	}
	shows.Look()
	if err != nil {
		l.textTrouble(fail(event.FragmentMalformed, l.base, "the text that the manifest carries for %v cannot be read: %w",
			chunk.Start.Round(time.Millisecond), err))
	}
}

// askText begins the transfer of a chunk.
func (l *loop) askText(chunk timeline.Chunk) {
	c := &l.text
	chosen := &c.offered[c.selected]
	source := &l.snap.Presentation().Streams[chosen.index]
	level := &chosen.level
	j := &textJob{
		chunk: chunk, attempt: c.fetching.attempt + 1, url: manifest.ChunkURL(l.base, source, level, chunk.T),
		asked: l.now(), level: level, source: source,
	}
	c.fetching.job = j
	request := fetch.Job{URL: j.url, SizeHint: c.fetching.bytes, Extra: l.textExtra(chunk)}
	stream, codec, said, shows, live := l.snap.Stream(chosen.index), chosen.codec, l.keys.said, c.shows, l.snap.Live()
	after := l.turnOf()
	j.cancel = l.spawn(func(ctx context.Context) {
		sleep(ctx, after)
		a := &textAnswer{job: j, result: l.client.Fragment(ctx, request, nil)}
		if a.err = a.result.Err; a.err == nil {
			a.news, a.broken = readText(shows, a.result.Body.Bytes(), stream, chunk, codec, said)
			a.result.Body.Release()
		}
		if !live {
			a.news = nil
		}
		l.p.post(ctx, message{text: a})
	})
}

// readText gives a fragment of text to shows.
func readText(shows *pipeline.Captions, data []byte, stream *timeline.Stream, chunk timeline.Chunk, codec platform.Codec, said *drm.Protection) (*news, error) {
	piece, n, err := unpackText(data, stream, chunk, codec, said)
	if err == nil {
		err = shows.Add(piece)
	}
	return n, err
}

var errEncryptedText = errors.New("it is encrypted, which text is not in this format")

// unpackText parses a fragment of text, or takes data as the text itself, which
// some servers send so and manifests carry.
func unpackText(data []byte, stream *timeline.Stream, chunk timeline.Chunk, codec platform.Codec, said *drm.Protection) (piece text.Fragment, n *news, err error) {
	piece = text.Fragment{Codec: codec, Start: chunk.Start, Duration: chunk.Duration}
	p := parsers.Get().(*fragment.Fragment)
	defer parsers.Put(p)
	err = p.Parse(data, fragment.Options{Kind: platform.Text, FragmentDuration: uint64(chunk.D)})
	switch {
	case errors.Is(err, fragment.ErrNotFragment):
		piece.Samples = []text.Sample{{Start: chunk.Start, Duration: chunk.Duration, Data: data}}
		return piece, nil, nil
	case err != nil && !(errors.Is(err, fragment.ErrTruncated) && len(p.Samples) > 0):
		return piece, nil, fmt.Errorf("reading the text fragment at %d: %w", chunk.T, err)
	}
	if p.Encryption != nil {
		return piece, nil, fmt.Errorf("the text fragment at %d: %w", chunk.T, errEncryptedText)
	}
	if t, ok := statedTime(p); ok && isOther(stream, chunk, t) {
		return piece, nil, fmt.Errorf("asked for %d, received %d: %w", chunk.T, t, errOtherTime)
	}
	for i := range p.Samples {
		s := &p.Samples[i]
		if len(s.Data) == 0 {
			continue // nothing is to be shown
		}
		at := stream.Offset(s.Decode + int64(s.Composition))
		piece.Samples = append(piece.Samples, text.Sample{
			Start: chunk.Start + at, Duration: stream.Offset(s.Decode+int64(s.Composition)+int64(s.Duration)) - at, Data: s.Data,
		})
	}
	return piece, newsOf(p, chunk), nil
}

// textArrived takes the end of a transfer.
func (l *loop) textArrived(a *textAnswer) {
	c := &l.text
	f, j := &c.fetching, a.job
	c.received += a.result.Bytes
	if f.job != j {
		l.figures.DiscardedBytes += a.result.Bytes
		return
	}
	f.job = nil
	l.tellText(a)
	if a.err != nil {
		l.textFailed(a)
		return
	}
	f.bytes = a.result.Bytes
	c.shows.Look()
	if a.broken != nil {
		l.textTrouble(fail(event.FragmentMalformed, j.url, "the text at %v cannot be read, or not all of it: %w",
			j.chunk.Start.Round(time.Millisecond), a.broken))
	}
	if f.next == j.chunk.Index {
		f.advance()
	}
	if a.news != nil && l.snap.Live() {
		if s, _ := l.snap.Extend(c.offered[c.selected].index, a.news.of, a.news.next); s != l.snap {
			l.grow(s)
		}
	}
}

// textFailed asks again later, a few times, and then goes on without.
func (l *loop) textFailed(a *textAnswer) {
	f, j := &l.text.fetching, a.job
	if f.next != j.chunk.Index {
		return
	}
	f.attempt = j.attempt
	f.notBefore = l.now() + textAgain<<min(j.attempt-1, 4)
	if early := l.snap.Live() && j.chunk.Index >= l.snap.Stream(j.chunk.Stream).Proven(); j.attempt == 1 && !early {
		l.textTrouble(explain(a.err, l.url))
	}
	// Where nothing can be reached it is worth waiting for, until it is too late.
	away := fetch.ClassOf(a.err) != fetch.Status
	if j.attempt >= textAttempts && !away || j.chunk.End() < l.position() {
		f.advance()
	}
}

// cancelText ends the transfer under way.
func (l *loop) cancelText() {
	f := &l.text.fetching
	if f.job == nil {
		return
	}
	f.job.cancel()
	body := l.textEvent(f.job, event.Canceled)
	body.Elapsed = l.now() - f.job.asked
	l.emit(body)
	f.job = nil
}

// textEvent is what is known of a transfer from the beginning.
func (l *loop) textEvent(j *textJob, outcome event.Outcome) event.Fragment {
	return event.Fragment{
		Track: platform.Text.String(), Stream: j.source.Name, Language: j.source.Language, BitrateBPS: j.level.BitrateBPS,
		T: uint64(j.chunk.T), Chunk: j.chunk.Index, Start: j.chunk.Start, Duration: j.chunk.Duration,
		Noun: "Fragments", Outcome: outcome, Asked: j.asked, Attempt: j.attempt,
	}
}

// tellText makes the event of a transfer that has ended.
func (l *loop) tellText(a *textAnswer) {
	r := &a.result
	body := l.textEvent(a.job, event.Received)
	body.Bytes, body.TTFB, body.Elapsed = r.Bytes, r.FirstByte, r.Elapsed
	body.Status, body.Host, body.Cache, body.FromStore = r.Status, r.Host, r.Cache, r.FromStore
	switch {
	case a.err != nil:
		body.Outcome, body.Code = event.Faulty, codeOf(a.err)
	case a.broken != nil:
		body.Outcome, body.Code = event.Faulty, event.FragmentMalformed
	}
	l.emit(body)
}
