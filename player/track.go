package player

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"smoothplay/heuristics"
	"smoothplay/platform"
	"smoothplay/player/buffer"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/pipeline"
	"smoothplay/player/timeline"
)

// setAside is how long a level that failed twice in a row is not asked for
// again; it doubles with each further failure, up to an hour.
const setAside = 30 * time.Second

// maxTransfers is how many finished transfers a policy sees.
const maxTransfers = 20

// level is one quality of a track, ascending by bitrate.
type level struct {
	source   *manifest.Level
	angle    string // "" where the presentation has but one
	format   *platform.Format
	clips    []encoding    // what it is in each clip of a composite presentation; nil: it is none
	failures int           // in a row
	until    time.Duration // set aside until then
	kid      [16]byte      // of its latest encrypted fragment; zero: none came
	barred   *Error        // why its key cannot be used; nil: it can
	rate     float64       // learned size of its fragments, as a share of the nominal
	decode   time.Duration // of one sample, as it was of late; 0: not known
}

// track is one stream being played. All fields belong to the control loop.
type track struct {
	id     int
	kind   platform.Kind
	index  int    // of the stream in the presentation
	angle  string // of a video track; "" where there is but one
	aside  bool   // another angle is shown: see aside.go
	stream *timeline.Stream
	source *manifest.Stream
	levels []level
	// rates are the levels as the policy sees them.
	rates   []heuristics.Level
	left    []bool // the levels that the user's limits leave; nil: all
	queue   *buffer.Queue
	policy  heuristics.Policy
	branch  *pipeline.Audio // of an audio track
	video   *pipeline.Video // of a video track; nil: it is not decoded
	videoID int             // by which reports name it
	door    *door           // where its samples are decrypted; nil: it was not started
	spoiled bool            // what its queue holds cannot be decrypted
	cancels []context.CancelFunc

	next       int         // index of the chunk to fetch
	job        *job        // under way
	current    int         // level fetched last, -1
	attempt    int         // of the chunk next, failed so far
	class      fetch.Class // of the last failure, and how many there were in a row
	classRow   int
	tried      []bool // levels that failed for the chunk next
	forced     int    // level to fetch next at, -1: ask the policy
	notBefore  time.Duration
	gap        bool // a hole was skipped before next
	holes      int  // skipped in a row
	since      int  // fragments since the start or seek
	transfers  []heuristics.Transfer
	received   int64                 // bytes
	decided    map[int]time.Duration // when the level of a chunk was chosen, by index, from the one on the screen on
	better     improvement
	lost       bool          // given up: nothing more is fetched
	absent     bool          // it does not come, and is played without
	absentFrom time.Duration // where what was there of it ended then
	starved    bool          // its buffer ran out since the last request
	quiet      time.Duration // until then, failures are not told
	pace       timeline.Pace // of a live stream
	announced  int           // fragments that the latest one announced
	info       info
	content    content
}

// audioChoice is an audio stream that can be selected.
type audioChoice struct {
	index  int // of the stream
	public AudioChoice
}

// name is the name that people see.
func (t *track) name() string { return cmp.Or(t.source.Name, t.source.Type) }

// offerStreams fills in the streams of a presentation and those to begin with.
func (l *loop) offerStreams(o *offering, snap *timeline.Snapshot) {
	pres := snap.Presentation()
	o.angles.find(pres)
	o.streams = make([]event.TrackStream, len(pres.Streams))
	for i := range pres.Streams {
		s := &pres.Streams[i]
		o.streams[i] = event.TrackStream{Kind: s.Type, Name: cmp.Or(s.Name, s.Type), Language: s.Language, Role: role(s)}
		offer := &o.streams[i]
		switch {
		case s.Type == "text":
			l.offerText(o, i, snap)
		case s.Pictures():
			offer.LeftOut = "it carries " + strings.ToUpper(s.Subtype) + ", not media to be played"
		case snap.Stream(i).Len() == 0:
			offer.LeftOut = "it has no fragments"
		case s.Type == "video" && l.cfg.NoVideo, s.Type == "audio" && l.cfg.NoAudio:
			offer.LeftOut = "not wanted"
		case len(l.offer(pres, i, offer, &o.angles, nil)) == 0:
			offer.LeftOut = "no level can be decoded"
		case s.Type == "audio":
			o.audio = append(o.audio, audioChoice{i, AudioChoice{Name: offer.Name, Language: s.Language, Role: offer.Role}})
		}
	}
	o.video = o.angles.first(o.streams)
}

// choose makes the tracks to begin with.
func (l *loop) choose(o *offering) {
	o.angles.insets = l.angles.insets
	l.streams, l.audio, l.text.offered, l.angles = o.streams, o.audio, o.text, o.angles
	if o.video >= 0 {
		l.angles.shown = l.firstAngle(o.video)
		l.addTrack(l.angles.list[l.angles.shown].stream, platform.Video)
	}
	if n := l.preferred(); n >= 0 {
		l.addTrack(l.audio[n].index, platform.Audio)
	}
}

// role is the role of a stream by its Subtype.
func role(s *manifest.Stream) string {
	switch strings.ToUpper(s.Subtype) {
	case "CAPT":
		return "caption"
	case "SUBT":
		return "subtitle"
	case "DESC":
		return "description"
	case "CHAP":
		return "chapters"
	case "ZOET":
		return "thumbnails"
	}
	return ""
}

// preferred is the index into l.audio of the stream to begin with; -1: none.
func (l *loop) preferred() int {
	if len(l.audio) == 0 {
		return -1
	}
	choices := make([]AudioChoice, len(l.audio))
	for i := range l.audio {
		choices[i] = l.audio[i].public
	}
	if i := firstFit(choices, l.cfg.AudioLanguages); i >= 0 {
		return i
	}
	main := func(c AudioChoice) bool { return c.Role != "description" }
	return max(slices.IndexFunc(choices, main), 0)
}

// offer fills in the levels of stream index and returns those that this device
// decodes and whose key is not known to be of no use, ascending by bitrate.
func (l *loop) offer(pres *manifest.Presentation, index int, offer *event.TrackStream, angles *angles, barred map[levelName]*bar) []level {
	s := &pres.Streams[index]
	offer.Levels = nil // a former list may be in events and statuses
	var levels []level
	for i := range s.Levels {
		source := &s.Levels[i]
		format, _, err := fragment.FormatOf(s, source)
		if err == nil {
			err = l.dev.Decoders.Supports(*format)
		}
		var clips []encoding
		if err == nil {
			clips, err = l.encodings(pres.Clips, index, i)
		}
		if b := barred[levelName{index, angles.of(index, i), source.BitrateBPS}]; err == nil && b != nil && !b.lifted {
			err = b.err
		}
		told := event.TrackLevel{
			Level: -1, BitrateBPS: source.BitrateBPS, Width: source.Width, Height: source.Height,
			SampleRate: source.SamplingRate, Channels: source.Channels, FourCC: source.FourCC, Angle: angles.of(index, i),
		}
		if format != nil {
			told.Codec = string(format.Codec)
		}
		if err != nil {
			told.LeftOut = err.Error()
			offer.Levels = append(offer.Levels, told)
			continue
		}
		levels = append(levels, level{source: source, angle: angles.of(index, i), format: format, clips: clips, rate: 1})
		offer.Levels = append(offer.Levels, told)
	}
	slices.SortStableFunc(levels, func(a, b level) int { return cmp.Compare(a.source.BitrateBPS, b.source.BitrateBPS) })
	number := map[string]int{} // levels count anew in each angle
	for i := range levels {
		for j := range offer.Levels {
			if &s.Levels[j] == levels[i].source {
				offer.Levels[j].Level = number[levels[i].angle]
				number[levels[i].angle]++
			}
		}
	}
	return levels
}

// addTrack makes the track of a stream, of video that of the angle shown, to be
// played; startTrack starts it.
func (l *loop) addTrack(index int, kind platform.Kind) *track {
	angle := ""
	if kind == platform.Video {
		angle = l.angles.name(l.angles.shown)
	}
	t := l.newTrack(index, kind, angle)
	l.inherit(t)
	l.tracks = append(l.tracks, t)
	l.streams[index].Selected = true
	if kind == platform.Video {
		l.watchLoad(t)
	}
	return t
}

// newTrack makes a track of the levels of a stream that belong to an angle; "":
// of all.
func (l *loop) newTrack(index int, kind platform.Kind, angle string) *track {
	source := &l.snap.Presentation().Streams[index]
	levels := l.offer(l.snap.Presentation(), index, &l.streams[index], &l.angles, l.keys.barred)
	levels = slices.DeleteFunc(levels, func(q level) bool { return q.angle != angle })
	l.nextID++
	t := &track{
		id: l.nextID, kind: kind, index: index, angle: angle,
		stream: l.snap.Stream(index), source: source,
		levels: levels, queue: buffer.New(l.cfg.BufferBehind),
		current: -1, forced: -1, decided: map[int]time.Duration{}, tried: make([]bool, len(levels)),
	}
	for _, q := range levels {
		t.rates = append(t.rates, heuristics.Level{BitrateBPS: q.source.BitrateBPS, Width: q.source.Width, Height: q.source.Height})
	}
	if kind == platform.Video {
		t.left = l.cfg.Limits.Leaves(t.rates)
	}
	l.inherit(t)
	t.policy = l.policyFor(t)
	if l.item == 0 && l.clips.next != nil {
		t.queue.Bound(l.clips.bound)
	}
	return t
}

// startTrack lets t be decoded and played, in goroutines of its own where it did
// not take over those of another one.
func (l *loop) startTrack(t *track) {
	if t.kind == platform.Video {
		if t.video == nil {
			l.startVideo(t, nil)
		}
		t.video.SetEffort(platform.EffortLevel(l.render.effort))
		return
	}
	t.door = l.keys.ring.door(t.queue)
	l.openSound(t)
	if t.branch == nil {
		t.branch = l.newBranch(t)
		t.branch.Lock(t.door)
		t.run(l, t.branch.Run)
	}
	if l.switching == t {
		l.feeder.Splice(t.branch)
		return
	}
	l.feeder.Flush(l.epoch, l.target)
	l.startFeeder(t)
}

// startFeeder lets the feeder play t first.
func (l *loop) startFeeder(t *track) {
	if l.feeding != nil {
		l.feeder.Splice(t.branch)
		return
	}
	l.feeding = l.spawn(func(ctx context.Context) { _ = l.feeder.Run(ctx, t.branch) })
}

// run starts a goroutine of t, which ends with it. Its error is that of its
// context: what goes wrong is told to the monitor.
func (t *track) run(l *loop, work func(context.Context) error) {
	t.cancels = append(t.cancels, l.spawn(func(ctx context.Context) { _ = work(ctx) }))
}

// closeTracks ends all tracks.
func (l *loop) closeTracks() {
	for _, t := range l.tracks {
		l.closeTrack(t)
	}
	l.tracks = nil
	l.closeAngles()
	l.switching = nil
	l.stopFeeder()
}

// stopFeeder ends the sound.
func (l *loop) stopFeeder() {
	if l.feeding != nil {
		l.feeding()
		l.feeding = nil
		l.feeder.Hold()
	}
}

// closeTrack ends the goroutines of t and forgets its transfer.
func (l *loop) closeTrack(t *track) {
	l.cancelJob(t)
	for _, cancel := range t.cancels {
		cancel()
	}
	l.figures.DiscardedBytes += t.queue.Beyond(l.position())
	t.queue.Restart(0, 0)
	l.keys.ring.leave(t.door)
	t.cancels, t.video, t.door = nil, nil, nil
}

// aim makes the track fetch from the chunk that covers pos on.
func (l *loop) aim(t *track, pos time.Duration) {
	first, n := t.stream.First(), t.stream.Len()
	t.next = t.stream.At(pos)
	if t.kind == platform.Video && t.next >= first+n {
		t.next = first + n - 1 // the last picture is shown beyond the end
	}
	t.since, t.holes, t.gap = 0, 0, false
	t.better = improvement{held: t.better.held}
	t.begun()
}

// begun forgets what went wrong with the chunk before next.
func (t *track) begun() {
	t.attempt, t.classRow, t.notBefore, t.forced = 0, 0, 0, -1
	clear(t.tried)
}

// buffered is the media of t ahead of pos; all that is left counts as endless.
func (t *track) buffered(pos time.Duration) (ahead time.Duration, ended bool) {
	r := t.queue.Range()
	if r.Fragments > 0 {
		ahead = max(r.End-pos, 0)
	}
	return ahead, r.Ended
}

// of returns the track of a kind that plays, or nil.
func (l *loop) of(kind platform.Kind) *track {
	for _, t := range l.tracks {
		if t.kind == kind && t != l.switching {
			return t
		}
	}
	return nil
}
