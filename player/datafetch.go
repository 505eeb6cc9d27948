package player

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// datumAttempts is how often a fragment of a feed is asked for.
const datumAttempts = 5

// datumAnswer is the end of one attempt to get a fragment of a feed.
type datumAnswer struct {
	feed    *feed
	opening int
	known   known
	url     string
	asked   time.Duration
	attempt int
	result  fetch.Result
	payload []byte
	err     error
}

// fetchDatum asks for what f wants next.
func (l *loop) fetchDatum(f *feed) {
	if f.busy || len(f.wanted) == 0 || l.now() < f.after {
		return
	}
	source := &l.snap.Presentation().Streams[f.index]
	if len(source.Levels) == 0 {
		f.wanted = nil
		return
	}
	a := &datumAnswer{
		feed: f, opening: l.opening, known: f.wanted[0], asked: l.now(), attempt: f.failed + 1,
		url: manifest.ChunkURL(l.base, source, &source.Levels[0], f.wanted[0].t),
	}
	f.busy = true
	after := l.turnOf()
	l.spawn(func(ctx context.Context) {
		sleep(ctx, after)
		a.result = l.client.Fragment(ctx, fetch.Job{URL: a.url}, nil)
		if a.err = a.result.Err; a.err == nil {
			a.payload, a.err = payloadOf(a.result.Body.Bytes(), a.known)
			a.result.Body.Release()
		}
		l.p.post(ctx, message{datum: a})
	})
}

// payloadOf copies what the samples of a text fragment hold.
func payloadOf(body []byte, k known) ([]byte, error) {
	var p fragment.Fragment
	if err := p.Parse(body, fragment.Options{Kind: platform.Text, FragmentDuration: uint64(k.d)}); err != nil {
		return nil, fmt.Errorf("reading the text fragment at %d: %w", k.t, err)
	}
	size := 0
	for i := range p.Samples {
		size += len(p.Samples[i].Data)
	}
	if size > maxDatumBytes {
		return nil, fail(event.FragmentTooLarge, "", "the text fragment at %d holds %d bytes, at most %d are taken", k.t, size, maxDatumBytes)
	}
	payload := make([]byte, 0, size)
	for i := range p.Samples {
		payload = append(payload, p.Samples[i].Data...)
	}
	return payload, nil
}

// datumArrived takes the answer to fetchDatum. What cannot be had is left out: the
// rest of the presentation does not need it.
func (l *loop) datumArrived(a *datumAnswer) {
	f := a.feed
	f.busy = false
	l.departed += a.result.Bytes
	if a.opening != l.opening || !slices.Contains(l.data.feeds, f) {
		return
	}
	l.tellDatumFragment(a)
	if a.err == nil {
		f.failed, f.after = 0, 0
		f.wanted = f.wanted[1:]
		l.carried(f, a.known, a.payload, false)
		return
	}
	f.failed++
	failure := fetch.Failure{
		Class: fetch.ClassOf(a.err), Status: a.result.Status, Attempt: f.failed,
		Live: l.snap.Live(), NearEdge: l.snap.Live(), RetryAfter: a.result.RetryAfter,
	}
	action := fetch.Next(failure, l.cfg.Random.Float64())
	if (action.Kind == fetch.Retry || action.Kind == fetch.Wait) && f.failed < datumAttempts {
		f.after = l.now() + action.After
		return
	}
	e := explain(a.err, l.url)
	source := &l.snap.Presentation().Streams[f.index]
	l.survive(fail(e.Code, e.URL, "the %s fragment at %d is left out: %w", source.Name, a.known.t, a.err), "text")
	f.failed, f.after = 0, 0
	f.wanted = f.wanted[1:]
}

// tellDatumFragment makes the event of a transfer of a feed.
func (l *loop) tellDatumFragment(a *datumAnswer) {
	source, stream := &l.snap.Presentation().Streams[a.feed.index], l.snap.Stream(a.feed.index)
	r := &a.result
	body := event.Fragment{
		Track: "text", Stream: source.Name, Language: source.Language, BitrateBPS: source.Levels[0].BitrateBPS,
		T: uint64(a.known.t), Start: stream.Position(a.known.t), Duration: stream.Position(a.known.t+a.known.d) - stream.Position(a.known.t),
		Noun: "Fragments", Outcome: event.Received, Asked: a.asked, Attempt: a.attempt,
		Bytes: r.Bytes, TTFB: r.FirstByte, Elapsed: r.Elapsed, Status: r.Status, Host: r.Host, Cache: r.Cache,
		FromStore: r.FromStore, DeliveredBPS: r.DeliveredBPS,
	}
	if a.err != nil {
		body.Outcome, body.Code = event.Faulty, codeOf(a.err)
	}
	l.emit(body)
}
