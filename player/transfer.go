package player

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/schedule"
)

// stagger is the time between transfers that begin together: the first in the
// order of tracks gets the warm connection.
const stagger = 100 * time.Microsecond

// maxDecided is how many chunks back it is known when a level was chosen.
const maxDecided = 1000

// maxHoles is how many chunks in a row may be missing before a track is given
// up.
const maxHoles = 8

// fetch asks the schedule about every track and starts transfers; it returns how
// long nothing more will be due.
func (l *loop) fetch() time.Duration {
	if l.snap == nil || l.done {
		return schedule.Forever
	}
	if l.wind != nil {
		return l.windFetch()
	}
	wait := schedule.Forever
	for i, t := range l.tracks {
		if t.lost || l.yieldsToTurn(t) {
			continue
		}
		l.passOver(t)
		l.look()
		wait = min(wait, l.watchReplacement(t))
		if l.alone(t) {
			l.view.Tracks[i].Buffered = 0
		}
		action := schedule.Next(&l.view, i)
		if action.Do == schedule.End {
			t.queue.SetEnded(true)
		}
		switch {
		case schedule.Spare(&l.view, i) && l.improve(t):
		case action.Do == schedule.Fetch && l.notYet(t, action.Chunk) > 0:
			wait = min(wait, l.notYet(t, action.Chunk))
		case action.Do == schedule.Fetch:
			t.queue.SetEnded(t.absent)
			wait = min(wait, l.fetchChunk(t, action.Chunk))
		case action.Do == schedule.Wait:
			wait = min(wait, action.For)
		}
	}
	return min(wait, l.fetchAside())
}

// look brings l.view up to date, and makes room where the queues are full.
func (l *loop) look() {
	pos := l.position()
	l.view.Now = l.now()
	l.view.Playing = l.state == event.Playing
	l.view.Goals = schedule.Goals{Ahead: l.cfg.BufferAhead, Bytes: l.cfg.BufferBytes - l.angles.held()}
	l.view.Tracks = l.view.Tracks[:0]
	var held, expected int64
	for _, t := range l.tracks {
		t.queue.TrimBehind(pos)
		v := l.viewOf(t, pos)
		if l.alone(t) {
			v.Buffered = schedule.Forever // no other waits for it
		}
		held += v.Bytes
		expected += v.Expected
		l.view.Tracks = append(l.view.Tracks, v)
	}
	excess := held + expected - l.view.Goals.Bytes
	for i, t := range l.tracks {
		if excess <= 0 {
			return
		}
		freed := t.queue.Shed(pos, excess)
		l.view.Tracks[i].Bytes -= freed
		excess -= freed
	}
}

func (l *loop) viewOf(t *track, pos time.Duration) schedule.Track {
	r := t.queue.Range()
	v := schedule.Track{Stream: t.stream, Next: t.next, Bytes: r.Bytes, Busy: t.job != nil, NotBefore: t.notBefore, Growing: l.snap.Live()}
	v.Buffered, _ = t.buffered(pos)
	if r.Ended {
		v.Buffered = schedule.Forever
	}
	if !v.Busy && t.next < t.stream.Limit() {
		q := max(t.current, 0)
		v.Expected = t.expected(q, t.stream.Chunk(t.next).Duration)
	}
	return v
}

// expected is the size in bytes of a fragment of level q that lasts d.
func (t *track) expected(q int, d time.Duration) int64 {
	return int64(float64(t.levels[q].source.BitrateBPS) / 8 * d.Seconds() * t.levels[q].rate)
}

// fetchChunk starts the transfer of a chunk at the level that the policy
// chooses, or returns how long the policy wants to wait.
func (l *loop) fetchChunk(t *track, index int) time.Duration {
	chunk := t.stream.Chunk(index)
	q := t.forced
	if q < 0 || !l.allowed(t, q) {
		d := l.decide(t, chunk)
		if d.Delay > 0 {
			t.notBefore = l.now() + d.Delay
			return d.Delay
		}
		q = d.Level
	}
	t.current = q
	l.transfer(&job{track: t, chunk: chunk, level: q, attempt: t.attempt + 1})
	return schedule.Forever
}

// transfer starts j, which says what to get.
func (l *loop) transfer(j *job) {
	t, chunk := j.track, j.chunk
	t.job = j
	j.othersBefore = l.othersReceived(t)
	j.edge = l.snap.Live() && chunk.Index >= t.stream.Proven()
	newest, known := t.pace.Edge(l.now())
	j.timely = j.edge && known && chunk.End() >= newest-chunk.Duration/2
	l.start(j)
}

// start asks for what j says; the whole fragment where it has no URL yet.
func (l *loop) start(j *job) {
	t, chunk, q := j.track, j.chunk, j.level
	if j.url == "" {
		j.url = l.chunkURL(t, q, chunk)
	}
	if j.points != nil {
		j.othersBefore = l.othersReceived(nil)
	}
	j.asked = l.now()
	j.origin = l.origins.current
	stream, live := t.stream, l.snap.Live()
	request := fetch.Job{URL: j.url, SizeHint: t.expected(q, chunk.Duration), Extra: l.fragmentExtra(t, chunk, q, j.url)}
	format, said := t.levels[q].in(t, chunk).format, l.keys.said
	after := l.turnOf()
	j.cancel = l.spawn(func(ctx context.Context) {
		sleep(ctx, after)
		a := &transferAnswer{job: j}
		a.result = l.client.Fragment(ctx, request, func(p fetch.Progress) {
			l.p.post(ctx, message{progress: &progress{job: j, bytes: p.Bytes, size: p.Size, first: p.FirstByte, now: p.Elapsed}})
		})
		a.err = a.result.Err
		if a.err == nil {
			var u unpacked
			u, a.err = unpack(a.result.Body, stream, chunk, format, said, live)
			a.fragment, a.news, a.cipher = u.Fragment, u.news, u.cipher
			if a.err != nil {
				a.result.Body.Release()
			}
		}
		// The answer is wanted even when the transfer is not: the loop keeps
		// account of every byte.
		select {
		case l.p.inbox <- message{transfer: a}:
		case <-l.over:
			if a.fragment != nil {
				a.fragment.Free()
			}
		}
	})
}

// turnOf is when a request begins: those of one moment do one after the other.
func (l *loop) turnOf() time.Duration {
	if now := l.now(); now != l.startedAt {
		l.started, l.startedAt = 0, now
	}
	l.started++
	return time.Duration(l.started-1) * stagger
}

// othersReceived is what all other tracks received so far, in bytes.
func (l *loop) othersReceived(t *track) int64 {
	n := l.departed + l.text.received
	for o := range l.all() {
		if o != t {
			n += o.received
			if o.job != nil {
				n += o.job.bytes
			}
		}
	}
	return n
}

// cancelJob ends the transfer of t. It is told now, with the bytes known to have
// arrived: of its answer, only what else arrived is counted.
func (l *loop) cancelJob(t *track) {
	j := t.job
	if j == nil {
		return
	}
	t.job = nil
	j.cancel()
	outcome := event.Canceled
	if j.abandoned {
		outcome = event.Abandoned
	}
	body := j.event(outcome)
	body.Bytes, body.TTFB, body.Elapsed = j.bytes, j.first, l.now()-j.asked
	l.emit(body)
}

// progressed takes news of a transfer, and asks the policy whether to go on.
func (l *loop) progressed(p *progress) {
	j := p.job
	j.bytes, j.size, j.first, j.spent = p.bytes, p.size, p.first, p.now
	t := j.track
	if t.job != j || j.points != nil || len(t.levels) < 2 || j.attempt > 1 || j.replaces || t.aside {
		return
	}
	if d := l.reconsider(t, j); d.Abandon && d.Level != j.level {
		j.abandoned = true
		l.cancelJob(t)
		t.forced = d.Level
	}
}

// transferred takes the end of a transfer.
func (l *loop) transferred(a *transferAnswer) {
	j, t := a.job, a.job.track
	if j.points != nil {
		l.wound(a)
		return
	}
	t.received += a.result.Bytes
	if t.job != j {
		l.figures.DiscardedBytes += a.result.Bytes - j.bytes
		if a.fragment != nil {
			a.fragment.Free()
		}
		return
	}
	t.job = nil
	l.tellFragment(a)
	if j.replaces {
		l.replace(t, j, a)
		return
	}
	if a.err != nil {
		if t.aside {
			l.transferFailedAside(t, j, a)
			return
		}
		l.transferFailed(t, j, a)
		return
	}
	l.originWorked()
	l.answered()
	l.hear(t, a.news)
	l.pointed(a.result.ChildTrack)
	if j.edge {
		l.grown() // what was announced has come, whatever it announces itself
		t.pace.Arrived(j.asked, j.chunk.End(), j.chunk.Duration)
		if !t.aside {
			l.measureDistance(t, j)
		}
	}
	f := a.fragment
	f.Gap = t.gap
	l.received(t, j, a)
	l.retry(t, f.Level, a.cipher)
	if !l.encrypted(t, f.Level, a.cipher) {
		l.figures.DiscardedBytes += f.Bytes
		f.Free()
		t.begun()
		return // another level is fetched, if there is one
	}
	t.current = f.Level
	t.study(f)
	t.queue.Push(f)
	t.next = j.chunk.Index + 1
	delete(t.decided, j.chunk.Index-maxDecided)
	t.holes, t.gap = 0, false
	t.since++
	t.begun()
}

// leastLeft is how many chunks are little to have left to play.
const leastLeft = 3

// transferFailed decides by the table of package fetch what follows.
func (l *loop) transferFailed(t *track, j *job, a *transferAnswer) {
	t.attempt = j.attempt
	if class := fetch.ClassOf(a.err); class != t.class || t.classRow == 0 {
		t.class, t.classRow = class, 0
	}
	t.classRow++
	if t.class == fetch.Status && a.result.Status < http.StatusInternalServerError {
		l.answered()
	}
	if l.foretold(t, j, a.result.Status) || l.outOfWindow(t, j, a.result.Status) {
		return
	}
	t.tried[j.level] = true
	other := l.another(t, j.level)
	failure := fetch.Failure{
		Class: t.class, Status: a.result.Status, Attempt: t.classRow, OtherLevels: other >= 0,
		Live: l.snap.Live(), NearEdge: j.edge, ChunkDuration: j.chunk.Duration, RetryAfter: a.result.RetryAfter,
	}
	if t.class == fetch.Offline {
		left, _ := t.buffered(l.position())
		failure.Low = failure.Live && l.live.follow && left <= leastLeft*j.chunk.Duration
		failure.Dry, failure.Silent = l.dryAt > 0, l.silent()
	}
	action := fetch.Next(failure, l.cfg.Random.Float64())
	e := explain(a.err, l.url)
	notYet := j.edge && t.class == fetch.Status && action.Kind == fetch.Wait
	if !notYet {
		l.trouble = e.Error()
	}
	if class := fetch.ClassOf(a.err); j.origin != l.origins.current || l.originFailed(class, a.result.Status, e.Code) {
		t.begun()
		return // another origin is asked
	}
	if action.Refresh {
		l.wantRefresh()
	}
	switch action.Kind {
	case fetch.Retry, fetch.Wait:
		t.tried[j.level] = false
		t.forced = j.level
		t.notBefore = l.now() + action.After
		if notYet {
			if a.result.Status == http.StatusNotFound {
				l.wantRefresh() // its time may have been announced wrongly
			}
			t.notBefore = l.missingYet(t, j)
			t.forced = -1 // by then another level may be the right one
		}
	case fetch.OtherLevel:
		l.blame(t, j.level)
		t.classRow = 0
		t.forced = other
		t.decided[j.chunk.Index] = l.now()
		t.notBefore = l.now() + action.After
	case fetch.Skip:
		if l.hopeful(t, j, a.result.Status) || l.stale(t, j) {
			return
		}
		l.skip(t, j, e)
	case fetch.Fail:
		l.lose(t, e)
	}
}

// another is the level to try instead of q: the nearest below, else the nearest
// above; -1: all were tried.
func (l *loop) another(t *track, q int) int {
	for i := q - 1; i >= 0; i-- {
		if !t.tried[i] && l.allowed(t, i) {
			return i
		}
	}
	for i := q + 1; i < len(t.levels); i++ {
		if !t.tried[i] && l.allowed(t, i) {
			return i
		}
	}
	return -1
}

// blame counts a failure of a level, and sets it aside when it goes on.
func (l *loop) blame(t *track, q int) {
	v := &t.levels[q]
	v.failures++
	if v.failures >= 2 {
		v.until = l.now() + min(setAside<<min(v.failures-2, 10), time.Hour)
	}
}

// hopeful puts off leaving out a chunk near the live edge until its time has
// nearly come: what servers do not have there, or not whole, they often have a
// moment later. The lowest level is asked for until then.
func (l *loop) hopeful(t *track, j *job, status int) bool {
	spare := j.chunk.Start - l.position() - j.chunk.Duration/2
	if !l.snap.Live() || !l.live.follow || l.state != event.Playing || spare <= 0 || status == http.StatusGone {
		return false
	}
	for q := range t.levels {
		if v := &t.levels[q]; t.tried[q] && v.failures > 0 {
			if v.failures--; v.failures < 2 {
				v.until = 0 // it was not the level
			}
		}
	}
	l.wantRefresh() // its time may have been announced wrongly
	t.forced, t.classRow = slices.Index(t.tried, true), 0
	t.notBefore = l.now() + min(spare, j.chunk.Duration/4)
	return true
}

// skip leaves a chunk out that cannot be had, or gives the track up when too
// many are missing.
func (l *loop) skip(t *track, j *job, e *Error) {
	t.holes++
	why := fail(event.FragmentSkipped, j.url, "the %v at %v could not be had on any level and is left out: %w",
		t.kind, j.chunk.Start.Round(time.Millisecond), e)
	l.trouble, l.missing = why.Error(), why
	l.emit(event.Error{
		Stage: why.Stage, Code: why.Code, Message: why.Error(), URL: why.URL, Track: t.kind.String(),
		Start: j.chunk.Start, Duration: j.chunk.Duration,
	})
	t.next = j.chunk.Index + 1
	t.gap = true
	t.begun()
	if t.holes >= maxHoles {
		l.lose(t, e)
	}
}

// lose gives a track up: what is buffered of it is played. Where no other is
// left, the session ends after that.
func (l *loop) lose(t *track, e *Error) {
	gone := &Error{Stage: e.Stage, Code: e.Code, URL: e.URL, Err: errors.New(
		"no more " + t.kind.String() + " can be had, what is buffered is played: " + e.Error())}
	if t.aside {
		l.loseAngle(t, gone)
		return
	}
	if t == l.switching {
		l.abandonSwitch()
		l.survive(gone, t.kind.String())
		return
	}
	t.lost = true
	t.queue.SetEnded(true)
	l.survive(gone, t.kind.String())
	for _, o := range l.tracks {
		if !o.lost {
			return
		}
	}
	l.fatal = gone
}

// event is what is known of a transfer from the beginning.
func (j *job) event(outcome event.Outcome) event.Fragment {
	t := j.track
	return event.Fragment{
		Track: t.kind.String(), Stream: t.name(), Language: t.source.Language, Angle: t.angle,
		Level: j.level, BitrateBPS: t.levels[j.level].source.BitrateBPS,
		T: uint64(j.chunk.T), Chunk: j.chunk.Index, Start: j.chunk.Start, Duration: j.chunk.Duration,
		Noun: cmp.Or(j.noun, "Fragments"), Outcome: outcome, Asked: j.asked, Attempt: j.attempt, Replaces: j.replaces,
	}
}

// tellFragment makes the event of a transfer that has ended.
func (l *loop) tellFragment(a *transferAnswer) {
	r := &a.result
	body := a.job.event(event.Received)
	body.Bytes, body.TTFB, body.Elapsed = r.Bytes, r.FirstByte, r.Elapsed
	body.Status, body.Host, body.Cache = r.Status, r.Host, r.Cache
	body.FromStore, body.DeliveredBPS = r.FromStore, r.DeliveredBPS
	if a.err != nil {
		body.Outcome, body.Code = event.Faulty, codeOf(a.err)
		if a.job.edge && body.Code == event.NotFound {
			body.Code = event.NotYetThere
		}
	}
	l.emit(body)
}
