package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/render/sdl"
)

// playFlags are the flags of play.
type playFlags struct {
	session       sessionFlags
	network       networkFlags
	keys          keyFlags
	decoding      decodeFlags
	store         storeFlags
	paused, loop  bool
	keepOpen      bool
	keepOpenGiven bool
	volume        volumeValue
	mute          bool
	fullscreen    bool
	fitWindow     bool
	headless      bool
	events        string
}

func playCommand(e *env) *cobra.Command {
	flags := playFlags{volume: 1}
	cmd := &cobra.Command{
		Use:   "play [URL...]",
		Short: "Play in a window with sound; without a URL the built-in demo",
		Long: `play shows a presentation in a window. Without a URL it plays the built-in demo,
served by this process over a link that changes, so that switching between levels
can be seen. Without a display it says so and plays on without window and sound.
Of several URLs the first is played, and page up and down change between them.

A live presentation is joined at its edge; it can be paused, and sought in as far
back as its window goes. The status line says LIVE at the edge and how far behind
it the picture is elsewhere, and what happens: an encoder that is away, servers
that fail, and what was done about it.

Keys in the window:

` + indented(keyHelp()) + `
The mouse shows the progress bar: click or drag in it to seek, on LIVE to go live.`,
		Example: `  smoothplay play
  smoothplay play --start 20:00 --end 21:30 http://host/movie.ism/Manifest
  smoothplay play --start 1:05:00 --alang en,de --slang en http://host/movie.ism/Manifest
  smoothplay play --key 09e36702-8f33-436c-a5dd-60ffe6671e70:000102030405060708090a0b0c0d0e0f http://host/movie.ism/Manifest
  smoothplay play --shape 4M:20s,600k:20s ./movie/
  smoothplay play --live-start -10:00 --fallback http://b/tv.isml/Manifest http://a/tv.isml/Manifest`,
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.keepOpenGiven = cmd.Flags().Changed("keep-open")
			return play(cmd.Context(), e, args, &flags)
		},
	}
	addFlags(cmd, "Playing", func(f *pflag.FlagSet) {
		f.BoolVar(&flags.paused, "paused", false, "show the first picture and wait")
		f.BoolVar(&flags.loop, "loop", false, "begin again at the end")
		f.BoolVar(&flags.keepOpen, "keep-open", false, "stay on the last picture at the end (default: in a window)")
		f.Var(&flags.volume, "volume", "volume in `percent`")
		f.BoolVar(&flags.mute, "mute", false, "begin without sound")
		f.BoolVar(&flags.fullscreen, "fs", false, "begin in full screen")
		f.BoolVar(&flags.fitWindow, "fit-window", false, "play no larger pictures than the window has room for")
		f.BoolVar(&flags.headless, "headless", false, "no window and no sound")
		f.StringVar(&flags.events, "events", "", "write every event to `FILE`, one JSON object a line; - is standard output")
	})
	flags.session.register(cmd)
	flags.network.register(cmd, &flags.session)
	flags.keys.register(cmd)
	flags.decoding.register(cmd)
	flags.store.register(cmd, true)
	return cmd
}

func play(ctx context.Context, e *env, args []string, flags *playFlags) error {
	source, err := openSourceOrDemo(args[:min(len(args), 1)], &flags.network)
	if err != nil {
		return err
	}
	defer source.close()
	config, err := flags.session.config(source)
	if err != nil {
		return err
	}
	keys, err := flags.keys.provider()
	if err != nil {
		return err
	}
	decoders, err := flags.decoding.decoders(false)
	if err != nil {
		return err
	}
	config.Passthrough = flags.decoding.passthrough
	config.Paused, config.Loop = flags.paused, flags.loop
	config.KeepOpen = flags.keepOpen || !flags.keepOpenGiven && !flags.headless
	config.Logger, config.Usage = e.log, usage
	config.CMCD = flags.network.cmcd.config()
	config.Network = flags.network.link.name()
	events, err := openEvents(e, flags.events)
	if err != nil {
		return err
	}
	run := playRun{e: e, flags: flags, source: source, keys: keys, decoders: decoders, config: config, news: newNews(), channels: channelsOf(args)}
	run.config.Events = event.Tee(events.sink(), run.news)
	if flags.headless {
		err = run.headless(ctx)
	} else if err = withDesktop(func(d desktop) error { return run.inWindow(ctx, d) }); errors.As(err, new(errNoDesktop)) {
		run.tellHeadless(err)
		run.config.KeepOpen = flags.keepOpen
		err = run.headless(ctx)
	}
	return errors.Join(failureOf(ctx, err), events.close())
}

// playRun is one run of the command play.
type playRun struct {
	e      *env
	flags  *playFlags
	source *source
	keys   platform.KeyProvider // nil: none
	config player.Config
	// decoders are those wanted.
	decoders platform.Decoders
	news     *news
	// channels are what the command line names, when there is more than one.
	channels []channel
}

// channelsOf are the presentations of a command line.
func channelsOf(args []string) []channel {
	var list []channel
	for _, name := range args {
		list = append(list, channel{url: addressOf(name), title: titleOf(name)})
	}
	return list
}

// device is the device without the things that need a display.
func (r *playRun) device() platform.Device {
	return platform.Device{
		HTTP:     r.source.doer,
		Decoders: r.decoders,
		Video:    &null.VideoSink{},
		Audio:    &null.AudioSink{},
		Load:     loadMeter(),
		Store:    r.flags.store.storeOrCache(r.source),
		Keys:     r.keys,
	}
}

func (r *playRun) tellHeadless(err error) {
	fmt.Fprintf(r.e.stderr, "smoothplay: %v: playing without window and sound\n", err)
}

func (r *playRun) headless(ctx context.Context) error {
	if len(r.channels) > 1 {
		fmt.Fprintf(r.e.stderr, "smoothplay: without a window there are no keys to change with: only %s is played\n", printable(r.channels[0].title))
	}
	if !hasDecoders {
		fmt.Fprintln(r.e.stderr, "smoothplay: "+noDecoders)
	}
	p, err := player.New(r.device(), r.config)
	if err != nil {
		return usageError{err}
	}
	stopStatus := showStatus(r.e.stderr, p, r.news, "")
	err = p.Run(ctx)
	stopStatus()
	r.tellGoOn(p)
	r.tellPlayed(p.Summary())
	return err
}

// tellPlayed says in a line what nobody saw.
func (r *playRun) tellPlayed(s *event.Summary) {
	if s == nil || s.End == event.HasFailed {
		return
	}
	fmt.Fprintf(r.e.stderr, "smoothplay: %s played, %d pictures shown, %d dropped, %d switches, %d stalls\n",
		seconds(s.Played), s.PicturesShown, s.PicturesDropped, s.SwitchesUp+s.SwitchesDown, s.Stalls)
}

// tellGoOn says on a terminal how to go on where a live session was left.
func (r *playRun) tellGoOn(p *player.Player) {
	if text := goOnText(p.Status()); text != "" && r.e.stderr.Terminal() {
		fmt.Fprintf(r.e.stderr, "smoothplay: %s\n", text)
	}
}

// inWindow plays while the goroutine of main serves the desktop. The session
// begins before its window is there, so that the manifest is on its way
// meanwhile.
func (r *playRun) inWindow(ctx context.Context, d desktop) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	screen, sound := newScreen(), newSound()
	defer screen.Close()
	defer sound.Close()
	device := r.device()
	captions := newCaptions()
	device.Video, device.Audio, device.Text = screen, sound, captions
	p, err := player.New(device, r.config)
	if err != nil {
		return usageError{err}
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stopStatus := showStatus(r.e.stderr, p, r.news, "")
	defer func() { stopStatus(); r.tellGoOn(p) }()

	w, err := d.window("smoothplay: "+r.source.title, r.flags.fullscreen)
	headless := errors.As(err, new(errNoDesktop))
	switch {
	case headless:
		r.tellHeadless(err)
		w = noWindow{&null.VideoSink{}}
		sound.open(&null.AudioSink{})
	case err != nil:
		cancel()
		<-ended
		return err
	default:
		sound.open(d.sound())
	}
	screen.open(w)
	u := newUI(p, w)
	u.limits, u.fits = r.config.Limits, r.flags.fitWindow
	u.volume, u.muted = float64(r.flags.volume), r.flags.mute
	u.closes = headless && !r.flags.keepOpen
	u.news, u.channels, u.captions = r.news, r.channels, captions
	if by := r.config.Live.Replay; by > 0 {
		u.replayBy = by
	}
	err = u.run(ctx, screen, ended)
	if headless {
		r.tellPlayed(p.Summary())
	}
	return err
}

// noWindow stands for the window where there is none.
type noWindow struct{ platform.VideoSink }

func (noWindow) Events() <-chan sdl.Event        { return nil }
func (noWindow) Area() (x, y, width, height int) { return 0, 0, 0, 0 }
func (noWindow) SetFullScreen(bool) error        { return platform.ErrClosed }
func (noWindow) SetTitle(string)                 {}
