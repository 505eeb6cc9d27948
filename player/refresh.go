package player

import (
	"context"
	"net/http"
	"slices"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/schedule"
	"smoothplay/player/timeline"
)

const (
	// refreshSafety is how often a manifest is asked for that nothing else asks
	// for, or so seldom that it takes one part in refreshShare of the time: that of
	// a long window is large.
	refreshSafety = 30 * time.Second
	refreshShare  = 200
	// staleAfter is how old a manifest may be to explain what is missing.
	staleAfter = 2 * time.Second
	// refreshIdle is the longest time between two while nothing comes.
	refreshIdle = 5 * time.Second
	// refreshLeast is the least time between two.
	refreshLeast = time.Second
	// goneAfter is how many times in a row, and for how long, neither manifest nor
	// fragments may be there until the event is over.
	goneTimes = 3
	goneAfter = 60 * time.Second
	// overManifests and overAfter are how many manifests in a row must tell nothing
	// new, and for how long nothing must come, until an event is over.
	overManifests = 3
	overAfter     = 10 * time.Second
	// brokenAfter is the same where what was announced does not come: most encoders
	// that fall silent come back.
	brokenAfter = 3 * time.Minute
	// infoFailures is how many FragmentInfo requests may fail in a row until the
	// server is thought not to know them.
	infoFailures = 3
)

// refresh is when the manifest of a live presentation is asked for again.
type refresh struct {
	running bool
	wanted  bool          // something is missing that it would tell
	urgent  bool          // what is known is old, and something waits
	last    time.Duration // when the last answer came
	took    time.Duration // it to come
	failed  int           // in a row
	gone    int           // answers in a row that there is no such thing
	idle    int           // manifests in a row that told nothing new
}

// wantRefresh asks for a new manifest soon.
func (l *loop) wantRefresh() { l.live.refresh.wanted = true }

// stale reports whether what could not be had may have left the window: then a
// new manifest is asked for at once, and t waits for it.
func (l *loop) stale(t *track, j *job) bool {
	r := &l.live.refresh
	if !l.snap.Live() || j.edge || l.now()-r.last < staleAfter {
		return false
	}
	r.urgent = true
	t.begun()
	t.notBefore = l.now() + staleAfter/4
	return true
}

// refreshDue is when a new manifest is to be asked for.
func (l *loop) refreshDue() time.Duration {
	r := &l.live.refresh
	chunk := max(l.chunkDuration(), refreshLeast)
	if r.urgent && r.failed == 0 {
		return 0
	}
	due := r.last + max(refreshSafety, r.took*refreshShare)
	if r.took > chunk/2 {
		due = schedule.Forever // it would cost a stall, and nothing is missing
	}
	if r.wanted {
		due = min(due, r.last+chunk)
	}
	for _, t := range l.tracks {
		if t.lost || t.job != nil || t.next < t.stream.Limit() || l.paused {
			continue
		}
		// Nothing is known of what follows: fragments do not announce it.
		end := t.stream.End()
		due = min(due, max(r.last+min(chunk/2<<min(r.idle, 4), refreshIdle), t.pace.Due(end+chunk)))
	}
	if n := min(r.failed, 4); n > 0 {
		due = max(due, r.last+chunk<<n)
	}
	return max(due, r.last+refreshLeast)
}

func (l *loop) untilRefresh() time.Duration {
	if l.live.refresh.running {
		return schedule.Forever
	}
	return max(l.refreshDue()-l.now(), 0)
}

// askRefresh begins to get a new manifest when it is due.
func (l *loop) askRefresh() {
	r := &l.live.refresh
	if r.running || l.now() < l.refreshDue() {
		return
	}
	r.running, r.wanted, r.urgent = true, false, false
	opening := l.opening
	l.askManifest(l.url, l.turnOf(), func(_ context.Context, a manifestAnswer) message {
		a.opening, a.refresh = opening, true
		return message{manifest: &a}
	})
}

// refreshed takes a new manifest of the presentation that is played.
func (l *loop) refreshed(a *manifestAnswer) {
	r := &l.live.refresh
	r.running, r.last = false, l.now()
	if a.err != nil {
		l.refreshFailed(a.err)
		return
	}
	r.failed, r.gone, r.took = 0, 0, a.elapsed
	l.answered()
	pres := a.snap.Presentation()
	s, change, err := l.snap.Refresh(pres)
	if err != nil {
		l.refreshFailed(err)
		return
	}
	if change.Restarted {
		l.restart(a)
		return
	}
	l.base = a.got.URL
	l.origins.list[l.origins.current].base = l.base
	l.originWorked()
	l.emit(event.Manifest{
		URL: event.RedactURL(a.got.URL), Live: s.Live(), Duration: s.Duration(),
		Streams: len(pres.Streams), Levels: levelsOf(pres), Chunks: change.Added, Bytes: int64(len(a.got.Body)),
		Elapsed: a.elapsed, Attempt: 1, Refresh: true, Protected: len(pres.Protections) > 0,
	})
	r.idle++
	if change.Added > 0 {
		l.grown()
		r.idle = 0
	}
	before := make([]manifest.Ticks, len(l.tracks))
	for i, t := range l.tracks {
		before[i] = t.nextTime()
	}
	l.grow(s)
	l.findFeeds()
	l.takeInline(a.snap)
	l.reMark()
	l.reprotect()
	for i, t := range l.tracks {
		if t.nextTime() != before[i] {
			t.begun() // what could not be had is not to be had
		}
		l.listed(t)
	}
	for _, t := range l.angles.aside {
		l.listed(t)
	}
	if !s.Live() {
		l.endLive()
	}
}

// restart begins anew with the presentation of an encoder that counts its time
// anew.
func (l *loop) restart(a *manifestAnswer) {
	o, err := l.survey(a)
	if err != nil {
		l.refreshFailed(err)
		return
	}
	l.survive(fail(event.LiveRestarted, l.base, "the encoder counts its time anew: the presentation is opened again"), "")
	l.cfg.Live.Start = LiveStart{}
	l.opened++
	if err := l.present(&change{opening: l.opened, origins: l.origins}, a, o); err != nil {
		l.giveUp(err)
	}
}

// nextTime is the time of the chunk to be fetched next, 0 where there is none.
func (t *track) nextTime() manifest.Ticks {
	if t.next < t.stream.First() || t.next >= t.stream.Limit() {
		return 0
	}
	return t.stream.Chunk(t.next).T
}

// endLive notes that nothing more will come: what there is is played to its end.
func (l *loop) endLive() {
	if l.live.ended {
		return
	}
	l.grow(l.snap.Final())
	l.live.ended, l.again = true, true
	l.setSpeed(l.rate, "")
	l.emit(event.LiveEnded{Duration: l.snap.Duration()})
}

// refreshFailed tells the first failure of a row, and gives up where nothing
// is there any more.
func (l *loop) refreshFailed(err error) {
	r := &l.live.refresh
	r.failed++
	e := explain(err, l.url)
	if r.failed == 1 {
		l.survive(e, "manifest")
	}
	status := statusOf(err)
	if l.originFailed(fetch.ClassOf(err), status, e.Code) {
		return
	}
	if status == http.StatusNotFound || status == http.StatusGone {
		if r.gone++; r.gone >= goneTimes && l.now()-l.live.grownAt > goneAfter {
			l.endLive()
		}
	}
}

// tellOver notes that an event is over whose manifest goes on saying that it is
// live: its last fragments announce fewer than they should, and nothing follows.
func (l *loop) tellOver() {
	silent := l.now() - l.live.grownAt
	if l.live.refresh.idle < overManifests || silent < max(3*l.chunkDuration(), overAfter) {
		return
	}
	for _, t := range l.tracks {
		if t == l.switching || t.lost {
			continue
		}
		broken := t.announced >= max(l.snap.Presentation().LookAhead, 1)
		if broken && silent < brokenAfter || !broken && t.job != nil || t.next < t.stream.Proven() {
			return
		}
	}
	l.endLive()
}

// grown notes that the timeline has grown.
func (l *loop) grown() {
	l.live.grownAt, l.live.stuck = l.now(), false
}

// tellStuck says once that nothing comes any more.
func (l *loop) tellStuck() {
	if l.live.stuck || l.paused || l.now()-l.live.grownAt < goneAfter {
		return
	}
	l.live.stuck = true
	l.survive(fail(event.LiveStalled, l.base, "nothing new has come for %v: waiting for the encoder", goneAfter), "")
}

// news is what a fragment says of itself and of those that follow.
type news struct {
	of   timeline.Known
	next []timeline.Known
}

// newsOf reads the news of a parsed fragment of chunk.
func newsOf(p *fragment.Fragment, chunk timeline.Chunk) *news {
	n := &news{of: timeline.Known{T: chunk.T}}
	if p.HasTime && p.Time != 0 {
		n.of = timeline.Known{T: manifest.Ticks(p.Time), D: manifest.Ticks(p.Duration)}
	}
	for _, a := range p.Next {
		n.next = append(n.next, timeline.Known{T: manifest.Ticks(a.Time), D: manifest.Ticks(a.Duration)})
	}
	return n
}

// hear takes the news of a fragment of t into account.
func (l *loop) hear(t *track, n *news) {
	if n == nil || !l.snap.Live() {
		return
	}
	t.announced = len(n.next)
	s, change := l.snap.Extend(t.index, n.of, n.next)
	s = l.extendAngles(t, s, n)
	if change.Added > 0 {
		if r := &l.live.refresh; l.now()-l.live.grownAt > outageFrom*l.chunkDuration() && !l.paused {
			r.urgent = true // much may have come meanwhile
		}
		l.grown()
	}
	if change.Contradictory {
		l.wantRefresh()
	}
	if s != l.snap {
		l.grow(s)
	}
}

// notYet is how long a chunk that was only announced cannot be there yet.
func (l *loop) notYet(t *track, index int) time.Duration {
	if !l.snap.Live() || index < t.stream.Proven() {
		return 0
	}
	c := t.stream.Chunk(index)
	return max(t.pace.Due(c.End())-l.now(), 0)
}

// missingYet notes that a chunk was asked for before it was there, and returns when
// to ask again.
func (l *loop) missingYet(t *track, j *job) time.Duration {
	return t.pace.Missing(j.asked, j.chunk.End(), j.chunk.Duration)
}

// foretold notes that a chunk is not there that the manifest lists at its end,
// as servers do that list what their fragments announce, and waits for it. Who has
// just joined at the edge begins again farther back, instead of standing still a
// moment later.
func (l *loop) foretold(t *track, j *job, status int) bool {
	listed := max(l.snap.Presentation().LookAhead, 1)
	joining := l.live.follow && l.seek == nil && l.dryAt == 0 && l.position() < l.target+j.chunk.Duration &&
		j.chunk.Start < l.position()+j.chunk.Duration*5/4 && // it may be there that late, or later
		lists(l.snap.Presentation().Streams[t.index].Runs, j.chunk.T)
	if !l.snap.Live() || j.edge || l.snap.Doubtful() > 0 || j.chunk.Index < t.stream.Limit()-listed-t.announced {
		return false
	}
	if status != http.StatusPreconditionFailed && (status != http.StatusNotFound || !joining || l.another(t, j.level) >= 0) {
		return false
	}
	l.grow(l.snap.Doubt(listed))
	for o := range l.all() {
		o.pace = timeline.Pace{} // what was learned of lists is wrong
	}
	t.notBefore = l.missingYet(t, j)
	if to := l.livePosition(); joining && to < l.position() {
		l.moveTo(to, Exact, "live", nil)
	}
	return true
}

// lists reports whether a manifest lists a chunk of this time.
func lists(runs []manifest.Run, at manifest.Ticks) bool {
	return slices.ContainsFunc(runs, func(r manifest.Run) bool {
		return at == r.T || at > r.T && r.D > 0 && (at-r.T)%r.D == 0 && (at-r.T)/r.D < manifest.Ticks(r.Count)
	})
}

// outOfWindow notes that a chunk is not there any more, being at the start of the
// window: a new manifest tells where it starts now.
func (l *loop) outOfWindow(t *track, j *job, status int) bool {
	if status != http.StatusNotFound && status != http.StatusGone || !l.snap.Live() || l.windowLength() <= 0 {
		return false
	}
	start, end := l.window()
	if w := l.snap.Window(); w > 0 && w < l.windowLength() && j.chunk.Start < end-w+l.margin() {
		l.live.forgets = true
		t.begun()
		return true
	}
	return j.chunk.Start < start+l.margin()+j.chunk.Duration && l.stale(t, j)
}

// info is a FragmentInfo request: what follows a chunk, without its media.
type info struct {
	running bool
	next    time.Duration
	failed  int
}

// askInfo lets the timelines of tracks grow for which nothing is fetched: paused,
// or far back in the window. [MS-SSTR] 2.2.3.2
func (l *loop) askInfo() {
	for _, t := range l.tracks {
		if due, ok := l.infoDue(t); ok && l.now() >= due {
			l.askInfoOf(t, t.stream.Chunk(t.stream.Limit()-1))
		}
	}
}

// untilInfo is how long no FragmentInfo request is due.
func (l *loop) untilInfo() time.Duration {
	wait := schedule.Forever
	for _, t := range l.tracks {
		if due, ok := l.infoDue(t); ok {
			wait = min(wait, max(due-l.now(), 0))
		}
	}
	return wait
}

// infoDue is when to ask what follows the last chunk known of t; ok is false
// where a fragment will tell.
func (l *loop) infoDue(t *track) (due time.Duration, ok bool) {
	if t == l.switching || t.lost || t.job != nil || t.info.running || t.info.failed >= infoFailures || t.stream.Len() == 0 {
		return 0, false
	}
	last := t.stream.Limit() - 1
	if t.next >= last {
		return 0, false
	}
	c := t.stream.Chunk(last)
	return max(t.pace.Due(c.End()), t.info.next), true
}

func (l *loop) askInfoOf(t *track, c timeline.Chunk) {
	url, ok := manifest.InfoURL(manifest.ChunkURL(l.base, t.source, t.levels[0].source, c.T))
	if !ok {
		t.info.failed = infoFailures
		return
	}
	t.info.running = true
	request := fetch.Job{URL: url, Extra: l.fragmentExtra(t, c, 0, url)}
	opening, asked, after := l.opening, l.now(), l.turnOf()
	l.spawn(func(ctx context.Context) {
		sleep(ctx, after)
		r := l.client.Fragment(ctx, request, nil)
		a := infoAnswer{opening: opening, track: t, chunk: c, asked: asked, err: r.Err}
		if r.Err == nil {
			p := parsers.Get().(*fragment.Fragment)
			// It holds no media: what matters is what was read before that was missed.
			_ = p.Parse(r.Body.Bytes(), fragment.Options{Kind: platform.Video})
			a.news = newsOf(p, c)
			parsers.Put(p)
			r.Body.Release()
		}
		l.p.post(ctx, message{info: &a})
	})
}

// infoAnswer is the end of a FragmentInfo request.
type infoAnswer struct {
	opening int
	track   *track
	chunk   timeline.Chunk
	asked   time.Duration
	news    *news
	err     error
}

// informed takes the answer to a FragmentInfo request.
func (l *loop) informed(a *infoAnswer) {
	t := a.track
	t.info.running = false
	if a.opening != l.opening || l.snap == nil || !l.snap.Live() {
		return
	}
	end, d := a.chunk.End(), a.chunk.Duration
	if a.err != nil {
		t.info.failed++
		if statusOf(a.err) == http.StatusPreconditionFailed {
			t.info.failed = 0 // it is known, and not there yet
		}
		t.info.next = t.pace.Missing(a.asked, end, d)
		return
	}
	t.info.failed = 0
	t.info.next = l.now() + d/2
	t.pace.Exists(a.asked, end, d)
	if len(a.news.next) == 0 {
		t.info.failed = infoFailures
	}
	l.hear(t, a.news)
}
