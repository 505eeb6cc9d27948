package player

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"smoothplay/drm"
	"smoothplay/heuristics"
	"smoothplay/heuristics/bandwidth"
	"smoothplay/heuristics/renderload"
	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/buffer"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/marker"
	"smoothplay/player/pipeline"
	"smoothplay/player/schedule"
	"smoothplay/player/timeline"
)

// stallAfter is how long there must be nothing to show before it is a stall.
const stallAfter = 100 * time.Millisecond

// observeEvery is how often the figures of playing are looked at: about a second,
// and no multiple of the intervals at which the pipeline moves.
const observeEvery = 1003 * time.Millisecond

// loop is the control loop: it owns all state of a session and runs in one
// goroutine.
type loop struct {
	p      *Player
	cfg    Config
	dev    Device
	began  time.Time
	clocks clocks
	// spawn runs work in a goroutine of the session and returns what ends it.
	spawn func(work func(context.Context)) context.CancelFunc

	client    *fetch.Client
	bandwidth *bandwidth.Estimator
	memory    memory
	clock     *pipeline.Clock
	monitor   *pipeline.Monitor
	screen    *pipeline.Screen
	report    pipeline.Report // as taken last
	timer     *time.Timer

	seq        uint64
	summarizer event.Summarizer
	figures    event.Figures

	// The presentation.
	opening int     // its number, of all that were
	opened  int     // how many were
	change  *change // under way; nil: none is
	url     string
	base    string // effective URL of the manifest
	query   string
	snap    *timeline.Snapshot
	from    time.Duration // nothing before is played of what is not live
	tracks  []*track
	idle    []*track // of the presentation before, see leave
	// departed is what tracks received that play no more, in bytes.
	departed  int64
	nextID    int
	started   int // requests, at startedAt
	startedAt time.Duration
	again     bool // another turn is to follow at once
	streams   []event.TrackStream
	audio     []audioChoice
	text      captions
	angles    angles

	// The sound device, once there was a track to hear.
	form      soundForm
	pcm       platform.PCMFormat
	presenter *pipeline.Presenter // of the video that is played; nil: there is none
	presents  context.CancelFunc  // ends the goroutine of presenter; nil: it does not run
	feeder    *pipeline.Feeder
	feeding   context.CancelFunc // ends the goroutine of feeder; nil: it does not run
	switching *track             // takes over the sound when it can
	switchAt  time.Duration      // when that was asked for

	// Playing.
	state     event.State
	paused    bool // wanted
	held      bool // the pipeline is held: nothing moves
	epoch     uint64
	target    time.Duration // where the epoch began
	need      time.Duration // to be buffered before playing
	prepared  bool          // the first picture and enough sound of the epoch are there
	shownOnce bool          // a picture of the session was on the screen
	seek      *seek         // under way
	level     int           // on the screen; -1
	dryAt     time.Duration // when the buffer ran out, since began; 0: it did not
	dryTrack  string
	stalled   bool // told
	stalls    int
	offset    time.Duration // media time heard less that of the latest picture
	videoLost bool          // told
	audioLost bool          // told
	volume    float64
	muted     bool
	waiting   []*command // until the presentation is open
	render    observer
	loads     renderload.Memory // how hard levels are
	gaugeAt   time.Duration     // when gauges are due, since began
	trouble   string
	missing   *Error // why a chunk was left out last
	fatal     *Error // ends the session when what is buffered was played
	done      bool
	outcome   event.End
	over      chan struct{} // closed when the loop takes no more messages
	live      live
	data      data
	clips     clips
	item      int  // of what is in front
	behind    bool // for a moment, what is not in front is looked at
	keys      keys
	origins   origins
	rate      float64 // of playing, as wanted
	speed     float64 // of playing, as it is
	wind      *winding
	thumbs    thumbnails
	marks     marker.Line[marker.Marker]
	chapters  []Chapter
	firstRate float64 // to be changed to when playing begins; 0: none
	// noKeyFrames: the server answers no requests for key pictures alone.
	noKeyFrames bool
	view        schedule.View
	input       heuristics.Input // filled anew for each decision
	unread      []buffer.Unread  // room for a list
}

// seek is a seek under way.
type seek struct {
	to      time.Duration
	asked   time.Duration // since began
	command *command      // to be answered; nil: nobody waits
	step    bool          // to the picture before or after
	steps   int           // that are left then
}

func newLoop(p *Player, dev Device, began time.Time) *loop {
	monitor := pipeline.NewMonitor()
	return &loop{
		p: p, cfg: p.cfg, dev: dev, began: began,
		client:    newClient(dev, p.cfg),
		bandwidth: &bandwidth.Estimator{},
		clock:     &pipeline.Clock{},
		monitor:   monitor,
		screen:    pipeline.NewScreen(dev.Video, monitor),
		timer:     time.NewTimer(time.Hour),
		state:     event.Opening,
		paused:    p.cfg.Paused,
		held:      true,
		level:     -1,
		volume:    1,
		rate:      1,
		firstRate: p.cfg.Rate,
		speed:     1,
		clips:     clips{bound: buffer.Unbounded},
		url:       p.cfg.URL,
		outcome:   event.Completed,
		text:      captions{wish: p.cfg.TextLanguages, selected: -1},
		over:      make(chan struct{}),
		keys: keys{
			ring: newKeyring(), said: &drm.Protection{},
			told: map[[16]byte]drm.State{}, barred: map[levelName]*bar{},
		},
	}
}

// run is the control loop.
func (l *loop) run(ctx context.Context) error {
	defer close(l.over)
	config, _ := json.Marshal(l.cfg.effective())
	l.emit(event.SessionStarted{URL: event.RedactURL(l.url), Versions: l.cfg.Versions, Config: config})
	l.recall()
	for _, c := range l.cfg.Clips {
		if err := l.scheduleClip(c); err != nil {
			l.survive(explain(err, l.url), "")
		}
	}
	if url, err := address(l.url); err != nil {
		l.giveUp(err)
	} else {
		l.open(newOrigins(url, l.cfg.Fallbacks), l.cfg.Start, nil)
	}
	var batch []message
	for !l.done {
		l.turn()
		if l.done {
			break
		}
		batch = batch[:0]
		select {
		case m := <-l.p.inbox:
			batch = append(batch, m)
		case <-l.monitor.Notify:
		case <-l.keys.ring.notify:
		case <-l.timer.C:
		case <-ctx.Done():
			l.stop(event.WasStopped, "context")
			return ctx.Err()
		}
		batch = l.drain(batch)
		for _, m := range batch {
			if !l.handleBehind(m) {
				l.handle(m)
			}
		}
	}
	if l.fatal != nil && l.outcome == event.HasFailed {
		return l.fatal
	}
	return nil
}

// drain takes all messages that wait, in an order that does not depend on which
// goroutine was first.
func (l *loop) drain(batch []message) []message {
	for {
		select {
		case m := <-l.p.inbox:
			batch = append(batch, m)
			continue
		default:
		}
		slices.SortStableFunc(batch, func(a, b message) int { return a.order() - b.order() })
		return batch
	}
}

func (l *loop) handle(m message) {
	switch {
	case m.manifest != nil:
		l.manifestArrived(m.manifest)
	case m.progress != nil:
		l.progressed(m.progress)
	case m.transfer != nil:
		l.transferred(m.transfer)
	case m.text != nil:
		l.textArrived(m.text)
	case m.info != nil:
		l.informed(m.info)
	case m.probe != nil:
		l.probed(m.probe)
	case m.key != nil:
		l.keyArrived(m.key)
	case m.clip != nil:
		l.clipArrived(m.clip)
	case m.datum != nil:
		l.datumArrived(m.datum)
	case m.command != nil:
		l.obey(m.command)
	case m.thumbnail != nil:
		l.thumbnail(m.thumbnail)
	case m.fetchedThumbnail != nil:
		l.thumbnailArrived(m.fetchedThumbnail)
	case m.trouble != nil:
		l.survive(m.trouble, "")
	case m.remembered != nil:
		l.remind(m.remembered)
	}
}

// turn looks at everything once and decides.
func (l *loop) turn() {
	l.listen()
	l.keyTurn()
	l.advance()
	l.liveTurn()
	l.passMarkers()
	l.returnOrigin()
	l.dataTurn()
	l.clipTurn()
	wait := min(l.fetchBehind(), l.untilClips(), l.fetch(), l.fetchText(), l.untilData(), l.untilMarker(), l.untilNews(), l.untilLive(), l.untilReturn(), l.untilKeys(), l.gauge())
	l.publish()
	if l.again {
		l.again, wait = false, 0
	}
	if wait == schedule.Forever {
		l.timer.Stop()
		return
	}
	l.timer.Reset(max(wait, 0))
}

// now is the time since the session began.
func (l *loop) now() time.Duration { return time.Since(l.began) }

// position is the playhead.
func (l *loop) position() time.Duration {
	if l.snap == nil || l.behind {
		return l.target
	}
	pos := max(l.clock.Position(time.Now()), 0)
	if end := l.snap.Duration(); end > 0 && !l.snap.Live() {
		pos = min(pos, end)
	}
	return pos
}

// emit makes an event.
func (l *loop) emit(body event.Body) {
	l.seq++
	e := event.Event{Seq: l.seq, At: l.now(), Pos: l.position(), Item: l.item, Body: body}
	l.summarizer.Handle(e)
	l.cfg.Events.Handle(e)
	l.log(body)
}

// become changes the state.
func (l *loop) become(s event.State, cause string) {
	if l.state == s {
		return
	}
	from := l.state
	l.state = s
	l.emit(event.StateChanged{From: from, To: s, Cause: cause})
}

// survive tells an error that does not end the session.
func (l *loop) survive(e *Error, track string) {
	l.trouble = e.Error()
	l.emit(event.Error{Stage: e.Stage, Code: e.Code, Message: e.Error(), URL: e.URL, Track: track})
}

// giveUp ends the session with a fatal error, now; what is played alone where
// something else is about to be.
func (l *loop) giveUp(e *Error) {
	if l.change != nil && l.snap != nil {
		l.survive(e, "")
		l.hold()
		l.become(event.Ended, string(e.Code))
		return
	}
	l.fatal = e
	l.emit(event.Error{Stage: e.Stage, Code: e.Code, Message: e.Error(), URL: e.URL, Fatal: true})
	l.become(event.Failed, string(e.Code))
	l.outcome = event.HasFailed
	l.end()
}

// stop ends the session from outside.
func (l *loop) stop(how event.End, cause string) {
	if l.state == event.Ended {
		how = event.Completed // it was kept open behind its end
	}
	l.become(event.Stopped, cause)
	l.outcome = how
	l.end()
}

// end lets go of everything; nothing more is decided.
func (l *loop) end() {
	l.done = true
	l.clock.Stop(time.Now())
	l.abandonChange(ErrNotRunning)
	for _, c := range l.waiting {
		c.answer <- ErrNotRunning
	}
	l.waiting = nil
	if l.seek != nil {
		l.seekOver(ErrNotRunning)
	}
	l.publish()
}

// finish makes the last event, when no goroutine of the session is left.
func (l *loop) finish() {
	l.endText()
	l.endClips()
	l.closeTracks()
	l.closeKeys()
	l.screen.Clear()
	if l.cfg.Usage != nil {
		l.figures.CPU, l.figures.PeakRSSBytes = l.cfg.Usage()
	}
	l.takeFigures()
	if l.snap != nil && l.snap.Live() {
		l.figures.MediaTime = l.snap.Zero() + l.position()
	}
	sum := l.summarizer.Summary(l.now(), l.outcome, l.figures)
	l.p.summary.Store(&sum)
	l.emit(event.SessionEnded{Summary: sum})
}

// nullAudio makes the sink that keeps time when there is no sound device.
func nullAudio() platform.AudioSink { return &null.AudioSink{} }
