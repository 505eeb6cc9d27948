package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"smoothplay/platform"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/render/overlay"
	"smoothplay/render/sdl"
)

// session is the part of player.Player that a person works with.
type session interface {
	Play(context.Context) error
	Pause(context.Context) error
	Stop(context.Context) error
	Seek(context.Context, time.Duration, player.SeekMode) error
	SelectAudio(context.Context, int) error
	SelectText(context.Context, int) error
	SelectVideo(context.Context, string) error
	ShowInsets(context.Context, bool) error
	SetLimits(context.Context, player.Limits) error
	SetVolume(context.Context, float64) error
	Mute(context.Context, bool) error
	GoLive(context.Context) error
	Replay(context.Context) error
	SetRate(context.Context, float64) error
	Chapter(context.Context, int) error
	Thumbnail(context.Context, time.Duration) (*player.Thumbnail, error)
	Step(context.Context, int) error
	Open(ctx context.Context, url string) error
	Status() player.Status
}

// window is what the ui asks of a window; sdl.Window is one.
type window interface {
	platform.VideoSink
	Events() <-chan sdl.Event
	Area() (x, y, width, height int) // of the picture, in pixels
	SetFullScreen(on bool) error
	SetTitle(title string)
}

const (
	barStays     = 2500 * time.Millisecond // after the mouse moved
	messageStays = 1500 * time.Millisecond
	// statisticsInterval is how often the statistics change, to be readable.
	statisticsInterval = 500 * time.Millisecond
	// displayInterval is how often the on-screen display follows the session.
	displayInterval = 100 * time.Millisecond
	// patience is how long a session may gather data before the display says so.
	patience = 300 * time.Millisecond
	// maxTaken is how much of the picture captions make room for.
	maxTaken = .4
)

// ui turns what a person does into commands, and how the session stands into the
// on-screen display. All methods are called from one goroutine.
type ui struct {
	player   session
	window   window
	seeks    *seeker
	previews *previews
	// commands are carried out one after the other, apart from the goroutine of
	// the ui.
	commands chan func(context.Context) error

	limits player.Limits // wanted from the beginning, and the size of the window
	fits   bool          // levels larger than the window are left out
	capBPS int64         // highest bitrate that the keys allow; 0: no such limit

	news     *news         // nil: none
	replayBy time.Duration // how far an instant replay goes back
	channels []channel     // to change between; nil: there is one presentation
	channel  int           // of channels, that is wanted
	changes  *seeker       // of channel
	open     atomic.Int32  // the channel that is played
	captions *captions     // drawn in the window; nil: none are
	lastText int           // of the text streams, that was shown last

	closes         bool // stop at the end, because nobody sees the last picture
	paused         bool // wanted
	volume         float64
	muted          bool
	fullscreen     bool
	statistics     bool
	help           bool
	dragging       bool
	onBar          bool      // the mouse is on the bar
	pointer        float64   // where the mouse is, in shares of the bar
	barUntil       time.Time // the bar is shown until then
	rate           float64   // asked for last, at rateAsked
	rateAsked      time.Time
	message        string
	messageAt      time.Time
	messageUntil   time.Time
	bufferingSince time.Time // zero: it is not
	statisticsAt   time.Time // when statisticsRows were made
	statisticsRows [][2]string
	painter        overlay.Painter
}

func newUI(p session, w window) *ui {
	return &ui{player: p, window: w, seeks: newSeeker(p.Seek), previews: newPreviews(p.Thumbnail), changes: newSeeker(nil),
		commands: make(chan func(context.Context) error, 16), volume: 1, replayBy: usualReplay}
}

func (u *ui) quit() { u.do(u.player.Stop) }

// runCommands carries out commands, seeks and changes of channel until ctx is done.
func (u *ui) runCommands(ctx context.Context) {
	var moving sync.WaitGroup
	moving.Go(func() { u.seeks.run(ctx) })
	moving.Go(func() { u.changes.run(ctx) })
	moving.Go(func() { u.previews.run(ctx) })
	defer moving.Wait()
	for {
		select {
		case command := <-u.commands:
			command(ctx) // a refusal is told by the events and by what is seen
		case <-ctx.Done():
			return
		}
	}
}

// do has a command carried out; when too many wait it is dropped.
func (u *ui) do(command func(context.Context) error) {
	select {
	case u.commands <- command:
	default:
	}
}

// handle deals with what a person did at now.
func (u *ui) handle(e sdl.Event, now time.Time) {
	switch e := e.(type) {
	case sdl.Key:
		if k := keyOf(e); k != nil && (!e.Repeat || k.repeats) {
			k.do(u, now)
		}
	case sdl.MouseMove:
		u.point(e, now)
		if u.dragging {
			u.seekToPointer(player.Key)
		}
	case sdl.MouseLeave:
		if u.onBar = false; !u.dragging {
			u.barUntil = time.Time{}
		}
	case sdl.MouseButton:
		u.button(e, now)
	case sdl.MouseWheel:
		u.changeVolume(.05*e.Y, now)
	case sdl.Resize:
		u.fullscreen = e.FullScreen
	case sdl.Quit:
		u.quit()
	}
}

// point notes where the mouse is, and shows the bar. onBar tells whether it is
// on it.
func (u *ui) point(at sdl.MouseMove, now time.Time) (onBar bool) {
	u.barUntil = now.Add(barStays)
	_, _, width, height := u.window.Area()
	u.pointer, u.onBar = u.painter.Share(at.AreaX, at.AreaY, width, height)
	return u.onBar
}

func (u *ui) button(e sdl.MouseButton, now time.Time) {
	if e.Button != 1 {
		return
	}
	onBar := u.point(e.MouseMove, now)
	_, _, width, height := u.window.Area()
	switch {
	case e.Down && u.player.Status().Live && u.painter.OnBadge(e.AreaX, e.AreaY, width, height):
		u.goLive(now)
	case e.Down && onBar:
		u.dragging = true
		u.seekToPointer(player.Key)
	case e.Down && e.Clicks == 2:
		u.toggleFullscreen(now)
	case !e.Down && u.dragging:
		u.dragging = false
		u.seekToPointer(player.Exact)
	}
}

func (u *ui) toggleFullscreen(time.Time) {
	u.fullscreen = !u.fullscreen
	if u.window.SetFullScreen(u.fullscreen) != nil {
		u.fullscreen = !u.fullscreen // the display does not agree
	}
}

// say shows a message for a while.
func (u *ui) say(now time.Time, format string, args ...any) {
	u.message, u.messageAt, u.messageUntil = fmt.Sprintf(format, args...), now, now.Add(messageStays)
}

func (u *ui) togglePause(now time.Time) {
	switch u.player.Status().State {
	case event.Ended:
		u.paused = false
		u.do(u.player.Play)
		return
	case event.Paused:
		u.paused = true
	case event.Playing:
		u.paused = false
	}
	if u.winds() {
		u.paused = true // it goes on as usual
	}
	u.paused = !u.paused
	if u.paused {
		u.do(u.player.Pause)
		u.say(now, "paused")
	} else {
		u.do(u.player.Play)
		u.say(now, "playing")
	}
	u.barUntil = now.Add(barStays)
}

// skip seeks by d from where the playhead is or is going to.
func (u *ui) skip(d time.Duration, now time.Time) {
	status := u.player.Status()
	from, busy := u.seeks.destination()
	if !busy {
		from = status.Position
	}
	if d > 0 && status.Live && status.AtEdge && !busy {
		u.barUntil = now.Add(barStays) // which says that there is nothing ahead
		return
	}
	u.seekTo(from+d, status, now)
}

func (u *ui) seekTo(to time.Duration, status player.Status, now time.Time) {
	to = max(to, 0)
	if from, end, ok := seekRange(status); ok {
		to = min(max(to, from), end)
	}
	u.seeks.to(to, player.Exact)
	u.barUntil = now.Add(barStays)
}

func (u *ui) changeVolume(by float64, now time.Time) {
	u.volume = min(max(u.volume+by, 0), 1)
	volume := u.volume
	u.do(func(ctx context.Context) error { return u.player.SetVolume(ctx, volume) })
	if u.muted {
		u.toggleMute(now)
	}
	u.say(now, "volume %.0f %%", u.volume*100)
}

func (u *ui) toggleMute(now time.Time) {
	u.muted = !u.muted
	on := u.muted
	u.do(func(ctx context.Context) error { return u.player.Mute(ctx, on) })
	if on {
		u.say(now, "muted")
	} else {
		u.say(now, "volume %.0f %%", u.volume*100)
	}
}

func (u *ui) nextAudio(now time.Time) {
	status := u.player.Status()
	if len(status.Audio) < 2 {
		u.say(now, "no other audio")
		return
	}
	next := (status.SelectedAudio + 1) % len(status.Audio)
	u.do(func(ctx context.Context) error { return u.player.SelectAudio(ctx, next) })
	u.say(now, "audio: %s", audioText(status.Audio[next]))
}

// display is what the on-screen display shows.
type display struct {
	bar     *overlay.Progress // nil: none
	panel   *overlay.Panel    // nil: none
	message string            // "": none
}

// display says what to show at now.
func (u *ui) display(now time.Time) display {
	s := u.player.Status()
	var d display
	if now.Before(u.barUntil) || u.dragging {
		d.bar = u.bar(s)
	}
	if s.State != event.Buffering && s.State != event.Opening {
		u.bufferingSince = time.Time{}
	} else if u.bufferingSince.IsZero() {
		u.bufferingSince = now
	}
	waits := !u.bufferingSince.IsZero() && now.Sub(u.bufferingSince) >= patience
	told, toldAt := u.news.last(now, newsShown)
	switch {
	case now.Before(u.messageUntil) && !toldAt.After(u.messageAt):
		d.message = u.message
	case waits && s.Live && u.news.waiting(now) != "":
		d.message = u.news.waiting(now)
	case told != "":
		d.message = told
	case now.Before(u.messageUntil):
		d.message = u.message
	case waits:
		d.message = stateText(s.State) + " ..."
	}
	switch {
	case u.help:
		d.panel = &overlay.Panel{Title: "Keys", Rows: keyRows()}
	case u.statistics:
		if now.Sub(u.statisticsAt) >= statisticsInterval {
			u.statisticsAt, u.statisticsRows = now, statistics(s)
		}
		d.panel = &overlay.Panel{Title: "Statistics", Rows: u.statisticsRows}
	}
	return d
}

// run works with the person at the window until the session has ended, and
// returns how it ended.
func (u *ui) run(ctx context.Context, screen *screen, ended <-chan error) error {
	ctx, cancel := context.WithCancel(ctx)
	commanding := make(chan struct{})
	go func() { defer close(commanding); u.runCommands(ctx) }()
	defer func() { cancel(); <-commanding }()
	u.begin()

	tick := time.NewTicker(displayInterval)
	defer tick.Stop()
	events := u.window.Events()
	osd := osd{painter: &u.painter}
	for {
		select {
		case e, open := <-events:
			if !open {
				events = nil // the window is gone
				continue
			}
			u.handle(e, time.Now())
			if len(events) > 0 {
				continue // drawing can wait for the rest
			}
		case <-tick.C:
			if u.closes && u.player.Status().State == event.Ended {
				u.closes = false
				u.quit()
			}
		case err := <-ended:
			return err
		}
		_, _, width, height := u.window.Area()
		u.fit(width, height)
		overlays, changed := osd.draw(u.display(time.Now()), width, height)
		if changed {
			screen.draw(overlays)
		}
		if u.captions != nil {
			u.captions.place(width, height, taken(overlays))
		}
		screen.refresh()
	}
}

// taken is the share of the picture at its lower edge that the on-screen display
// covers.
func taken(overlays []platform.Overlay) float64 {
	share := 0.
	for _, o := range overlays {
		if bottom := o.Y + o.Image.Rect.Dy(); bottom > o.CanvasHeight*9/10 && o.CanvasHeight > 0 {
			share = max(share, 1-float64(o.Y)/float64(o.CanvasHeight))
		}
	}
	if share > maxTaken {
		return 0 // no bar: captions may be covered
	}
	return share
}

// begin sets volume and mute as they were wished for.
func (u *ui) begin() {
	if u.volume == 1 && !u.muted {
		return
	}
	volume, muted := u.volume, u.muted
	u.do(func(ctx context.Context) error {
		err := insist(ctx, func() error { return u.player.SetVolume(ctx, volume) })
		return errors.Join(err, u.player.Mute(ctx, muted))
	})
}

// insist gives a command as soon as the session runs.
func insist(ctx context.Context, command func() error) error {
	err := command()
	for errors.Is(err, player.ErrNotRunning) && ctx.Err() == nil { // not yet
		time.Sleep(time.Millisecond)
		err = command()
	}
	return err
}
