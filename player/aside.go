package player

import (
	"slices"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/pipeline"
	"smoothplay/player/schedule"
)

// AnglesAhead says which camera angles are fetched beside the one that is shown,
// so that a change to them takes no longer than decoding does. What is shown goes
// first: they take what the link and the buffers have to spare, from levels up to
// the one that is shown.
type AnglesAhead uint8

// The choices.
const (
	AngleNeighbours AnglesAhead = iota // the one before and the one after
	AngleAll
	AngleNone
)

// anglesAhead are their names.
var anglesAhead = [...]string{"neighbours", "all", "none"}

// String returns "neighbours", "all" or "none".
func (a AnglesAhead) String() string { return anglesAhead[min(a, AngleNone)] }

// MarshalText implements [encoding.TextMarshaler].
func (a AnglesAhead) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Set reads what String returns.
func (a *AnglesAhead) Set(text string) error {
	i := slices.Index(anglesAhead[:], text)
	if i < 0 {
		return fail(event.BadArgument, "", "%q is none of %s", text, strings.Join(anglesAhead[:], ", "))
	}
	*a = AnglesAhead(i)
	return nil
}

const (
	// asideShare is the part of the buffers that angles aside may fill, and
	// linkShare the part of the link that everything together may take for them to
	// be fetched.
	asideShare = 3
	linkShare  = 0.8
	// asideAhead is how many chunks of them are held ahead of the playhead.
	asideAhead = 2
	// asideAttempts is how often a chunk of one is asked for, and asideHoles how
	// many in a row may be missing.
	asideAttempts = 3
	asideHoles    = 3
	// turnShare is the part of its time that a fragment may take to come with which
	// an angle begins that is waited for, and turnMargin how much earlier than
	// needed the next one is to be expected.
	turnShare  = 4
	turnMargin = 250 * time.Millisecond
)

// leaveAngles ends everything aside: another presentation is to be played.
func (l *loop) leaveAngles() {
	l.abandonTurn()
	for _, t := range l.angles.aside {
		l.departed += t.received
		l.closeTrack(t)
	}
	l.angles.aside = nil
	if l.presenter != nil {
		l.presenter.SetInsets(nil)
	}
}

// closeAngles ends everything aside, and what shows pictures.
func (l *loop) closeAngles() {
	l.stopPresenter()
	for _, t := range l.angles.aside {
		l.closeTrack(t)
	}
	l.angles.aside, l.angles.turn, l.angles.placed = nil, nil, nil
}

// angleTrack is the track of angle i, made where there is none.
func (l *loop) angleTrack(i int) *track {
	name := l.angles.name(i)
	for t := range l.all() {
		if t.kind == platform.Video && t.angle == name {
			return t
		}
	}
	a := l.angles.list[i]
	t := l.newTrack(a.stream, platform.Video, name)
	t.aside = true
	if main := l.of(platform.Video); main != nil {
		t.pace = main.pace // one encoder makes them
	}
	l.angles.aside = append(l.angles.aside, t)
	t.queue.Restart(l.epoch, l.position())
	l.aim(t, l.position())
	return t
}

// dropAside ends a track aside for good.
func (l *loop) dropAside(t *track) {
	l.departed += t.received
	if t.job != nil {
		l.departed += t.job.bytes
	}
	l.closeTrack(t)
	l.angles.aside = slices.DeleteFunc(l.angles.aside, func(o *track) bool { return o == t })
	l.placeInsets()
}

// wantedAngles are the angles to be fetched aside, the most wanted first.
func (l *loop) wantedAngles() []int {
	n, shown := len(l.angles.list), l.angles.shown
	reach := 1
	switch {
	case l.cfg.Angles == AngleAll || l.angles.insets:
		reach = n / 2
	case l.cfg.Angles == AngleNone:
		return nil
	}
	var list []int
	for d := 1; d <= reach; d++ {
		for _, i := range [2]int{(shown + d) % n, (shown - d + n) % n} {
			a := &l.angles.list[i]
			if i != shown && a.leftOut == "" && l.now() >= a.until && l.there(i, l.position()) && !slices.Contains(list, i) {
				list = append(list, i)
			}
		}
	}
	return list
}

// arrangeAside makes the tracks aside those that are wanted.
func (l *loop) arrangeAside() {
	a := &l.angles
	wanted := l.wantedAngles()
	for _, t := range slices.Clone(a.aside) {
		if !slices.Contains(wanted, a.index(t.angle)) && (a.turn == nil || a.turn.to != t) {
			l.dropAside(t)
		}
	}
	for _, i := range wanted {
		l.angleTrack(i)
	}
	rank := func(t *track) int {
		if i := slices.Index(wanted, a.index(t.angle)); i >= 0 {
			return i
		}
		return len(wanted)
	}
	slices.SortFunc(a.aside, func(x, y *track) int { return rank(x) - rank(y) })
}

// fetchAside fetches what is wanted of angles aside, one fragment at a time, and
// returns how long nothing of them will be due.
func (l *loop) fetchAside() time.Duration {
	if len(l.angles.list) < 2 || l.of(platform.Video) == nil || l.state == event.Ended {
		return schedule.Forever
	}
	if turn := l.angles.turn; turn != nil {
		l.advanceTurn()
		return l.fetchTurn(turn.to)
	}
	if !l.prepared {
		return schedule.Forever
	}
	l.arrangeAside()
	l.placeInsets()
	free, urgent := l.spare()
	if urgent {
		for _, t := range l.angles.aside {
			l.cancelJob(t)
		}
	}
	if !free || slices.ContainsFunc(l.angles.aside, func(t *track) bool { return t.job != nil }) {
		return schedule.Forever
	}
	return l.fetchNeediest()
}

// spare reports whether what is played leaves the link to others, and whether it
// needs the link badly.
func (l *loop) spare() (free, urgent bool) {
	if l.seek != nil || l.state != event.Playing && l.state != event.Paused {
		return false, true
	}
	free = true
	chunk := l.chunkDuration()
	enough, comfort := 2*chunk, max(3*chunk, l.cfg.BufferAhead/3)
	if l.snap.Live() {
		enough, comfort = chunk/2, schedule.Forever
	}
	for i, t := range l.tracks {
		ahead, ended := t.buffered(l.position())
		if ended || t.absent || t.lost {
			continue
		}
		needs := t.job != nil || i < len(l.view.Tracks) && schedule.Next(&l.view, i).Do == schedule.Fetch && l.notYet(t, t.next) == 0
		if ahead < enough && needs {
			return false, true
		}
		free = free && (ahead >= comfort || !needs)
	}
	return free, false
}

// fetchNeediest begins a transfer for the angle of which least is there, of those
// that link and buffers have room for.
func (l *loop) fetchNeediest() time.Duration {
	wait := schedule.Forever
	var neediest *track
	least, level := time.Duration(0), 0
	for i, t := range l.angles.aside {
		q := l.asideLevel(t, i)
		if q < 0 {
			break // those that follow are wanted less
		}
		l.keepUp(t)
		ahead, _ := t.buffered(l.position())
		due := max(l.asideDue(t), t.notBefore-l.now())
		switch {
		case due == schedule.Forever:
		case due > 0:
			wait = min(wait, due)
		case neediest == nil || ahead < least:
			neediest, least, level = t, ahead, q
		}
	}
	if neediest == nil {
		return wait
	}
	t := neediest
	switch chunk := t.stream.Chunk(t.next).Duration; { // what is late comes at a lower level
	case least < chunk/2:
		level = l.lowest(t)
	case least < chunk:
		level = (level + l.lowest(t)) / 2
	}
	if room := l.cfg.BufferBytes/asideShare - l.angles.held(); t.expected(level, t.stream.Chunk(t.next).Duration) > room {
		l.makeRoom(t)
		return wait
	}
	l.fetchAt(t, level)
	return wait
}

// asideDue is how long nothing more of t is wanted.
func (l *loop) asideDue(t *track) time.Duration {
	if t.next >= t.stream.Limit() {
		if !l.snap.Live() {
			t.queue.SetEnded(true)
		}
		return schedule.Forever
	}
	if wait := l.notYet(t, t.next); wait > 0 {
		return wait
	}
	ahead, _ := t.buffered(l.position())
	enough := ahead - asideAhead*t.stream.Chunk(t.next).Duration
	if enough > 0 && l.state != event.Playing {
		return schedule.Forever
	}
	return max(enough, 0)
}

// keepUp lets t, which nobody reads, go along with the playhead.
func (l *loop) keepUp(t *track) {
	pos := l.position()
	if t.video != nil {
		t.queue.TrimBehind(pos)
		return
	}
	if t.queue.Seek(l.epoch, pos) {
		t.queue.TrimBehind(pos)
		return
	}
	if r := t.queue.Range(); r.Fragments > 0 && r.End <= pos || t.next < t.stream.At(pos) {
		l.cancelJob(t)
		t.queue.Restart(l.epoch, pos)
		l.aim(t, pos)
	}
}

// asideLevel is the level at which the i-th of the angles aside is fetched: the
// lowest for small pictures, else one that leaves as much of the link to each of
// them; -1: there is no room for it on the link.
func (l *loop) asideLevel(t *track, i int) int {
	lowest := l.lowest(t)
	spare := int64(float64(l.bandwidth.Estimate().BPS) * linkShare)
	var most int64
	for _, o := range l.tracks {
		rate := o.rates[max(o.current, 0)].BitrateBPS
		if spare -= rate; o.kind == platform.Video {
			most = rate
		}
	}
	for _, o := range l.angles.aside[:i] {
		spare -= o.rates[max(o.current, 0)].BitrateBPS
	}
	if t.rates[lowest].BitrateBPS > spare {
		return -1
	}
	if l.angles.insets {
		return lowest
	}
	q := lowest
	for n := range t.levels {
		if b := t.rates[n].BitrateBPS; l.allowed(t, n) && b <= most && b <= spare/int64(len(l.angles.aside)-i) {
			q = max(q, n)
		}
	}
	return q
}

// lowest is the lowest level of t that may be played.
func (l *loop) lowest(t *track) int {
	for q := range t.levels {
		if l.allowed(t, q) {
			return q
		}
	}
	return 0
}

// makeRoom drops what is held of angles aside beyond what is needed, in favour of t.
func (l *loop) makeRoom(t *track) {
	for _, o := range slices.Backward(l.angles.aside) {
		if o == t || o.queue.Range().Bytes == 0 {
			continue
		}
		dropped := o.queue.Truncate(l.position() + asideAhead*l.chunkDuration())
		if dropped > 0 {
			l.figures.DiscardedBytes += dropped
			l.aimBehind(o)
			l.again = true
			return
		}
	}
}

// aimBehind makes t fetch what follows what it holds.
func (l *loop) aimBehind(t *track) {
	l.cancelJob(t)
	t.next = t.stream.At(max(t.queue.Range().End, l.position()))
	t.begun()
}

// fetchAt begins the transfer of the next chunk of t, which is aside.
func (l *loop) fetchAt(t *track, q int) {
	t.current = q
	chunk := t.stream.Chunk(t.next)
	t.decided[chunk.Index] = l.now()
	t.queue.SetEnded(false)
	l.transfer(&job{track: t, chunk: chunk, level: q, attempt: t.attempt + 1})
}

// transferFailedAside asks again, leaves a chunk out, or gives the angle up.
func (l *loop) transferFailedAside(t *track, j *job, a *transferAnswer) {
	status := fetch.ClassOf(a.err) == fetch.Status
	if j.edge && status {
		t.notBefore = l.missingYet(t, j)
		return
	}
	t.attempt = j.attempt
	t.tried[j.level] = true
	if !slices.Contains(t.tried, false) {
		clear(t.tried)
	}
	t.notBefore = l.now() + askAgain
	if t.attempt < asideAttempts {
		return
	}
	t.next++
	t.gap = true
	t.begun()
	if t.holes++; t.holes < asideHoles {
		return
	}
	e := explain(a.err, j.url)
	l.loseAngle(t, &Error{Stage: e.Stage, Code: e.Code, URL: e.URL, Err: e})
}

// failedAside takes a failure of a decoder that is aside.
func (l *loop) failedAside(f pipeline.Failure) {
	for _, t := range l.angles.aside {
		if t.videoID == f.ID && f.Row >= asideDecodes {
			l.loseAngle(t, fail(event.DecoderFailed, "", "the camera angle %q cannot be decoded: %w", t.angle, f.Err))
			return
		}
	}
}

// asideDecodes is how many samples in a row may be lost of an angle aside.
const asideDecodes = 25

// heedDoors gives up angles aside whose samples cannot be decrypted.
func (l *loop) heedDoors() {
	for _, t := range slices.Clone(l.angles.aside) {
		if t.door != nil && l.keys.ring.leftOut(t.door, l.epoch) {
			l.loseAngle(t, fail(event.DecryptFailed, "", "the camera angle %q cannot be decrypted", t.angle))
		}
	}
}
