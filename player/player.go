package player

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
)

// SeekMode says how exact a seek is.
type SeekMode uint8

const (
	// Exact shows the picture that covers the wanted time.
	Exact SeekMode = iota
	// Key shows the key picture at or before the wanted time, which is sooner
	// there.
	Key
)

// String returns "exact" or "key".
func (m SeekMode) String() string {
	if m == Key {
		return "key"
	}
	return "exact"
}

// Player is one session. Its methods may be called from any goroutine, and any
// number of Players run in one process.
type Player struct {
	dev Device
	cfg Config

	inbox   chan message
	running chan struct{} // closed when Run begins
	ended   chan struct{} // closed when Run returns
	once    sync.Once
	status  atomic.Pointer[published]
	summary atomic.Pointer[event.Summary]
}

// Device is platform.Device.
type Device = platform.Device

// New returns a session that plays cfg.URL on dev when Run is called. An error
// is a fault in cfg.
func New(dev Device, cfg Config) (*Player, error) {
	if cfg.URL == "" {
		return nil, fail(event.BadURL, "", "there is nothing to play: give the URL of a manifest")
	}
	if cfg.End < 0 || cfg.End > 0 && cfg.End <= cfg.Start {
		return nil, fail(event.BadArgument, "", "the end %v is not after the start %v", cfg.End, cfg.Start)
	}
	if cfg.Rate != 0 {
		if err := checkRate(cfg.Rate); err != nil {
			return nil, err
		}
	}
	p := &Player{
		dev: dev, cfg: cfg.withDefaults(),
		inbox:   make(chan message, inboxRoom),
		running: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	p.status.Store(&published{Status: Status{
		State: event.Opening, Level: -1, SelectedAudio: -1, SelectedText: -1, SelectedAngle: -1, Volume: 1, Rate: 1,
	}})
	for i := range cfg.Clips {
		if err := cfg.Clips[i].check(); err != nil {
			return nil, err
		}
	}
	if _, err := newPolicy(p.cfg); err != nil {
		return nil, err
	}
	if _, err := newAudioPolicy(p.cfg); err != nil {
		return nil, err
	}
	return p, nil
}

// Play goes on playing, or begins again where the presentation has ended.
func (p *Player) Play(ctx context.Context) error { return p.do(ctx, command{kind: cmdPlay}) }

// Pause stops on the picture shown.
func (p *Player) Pause(ctx context.Context) error { return p.do(ctx, command{kind: cmdPause}) }

// Stop ends the session: Run returns.
func (p *Player) Stop(ctx context.Context) error { return p.do(ctx, command{kind: cmdStop}) }

// Open changes to another presentation; decoders, sound device, connections and
// what is known of the link are kept. It returns when the presentation is open:
// until then what was played goes on, and its last picture stays until the first
// new one is there. Where it cannot be opened, the error says why, as does an
// event, and what was played goes on; a session that has nothing else to play ends.
// A later Open makes it return ErrSuperseded.
func (p *Player) Open(ctx context.Context, url string) error {
	return p.do(ctx, command{kind: cmdOpen, url: url})
}

// Seek moves to a position and returns when its picture is on the screen. A
// later Seek makes it return ErrSuperseded.
func (p *Player) Seek(ctx context.Context, to time.Duration, mode SeekMode) error {
	return p.do(ctx, command{kind: cmdSeek, to: to, mode: mode})
}

// SelectAudio changes to the audio stream of the given index in Status.Audio.
// It returns when the change is under way; the sound goes on without a gap.
func (p *Player) SelectAudio(ctx context.Context, index int) error {
	return p.do(ctx, command{kind: cmdSelectAudio, index: index})
}

// SetLimits bounds the levels of video, from the next fragment on or at once:
// see Limits.At. It fails, and changes nothing, where Levels names one that the
// presentation does not have.
func (p *Player) SetLimits(ctx context.Context, l Limits) error {
	return p.do(ctx, command{kind: cmdSetLimits, limits: l})
}

// SetVolume sets the volume, from 0 to 1.
func (p *Player) SetVolume(ctx context.Context, volume float64) error {
	return p.do(ctx, command{kind: cmdSetVolume, volume: volume})
}

// Mute silences the sound, or undoes that; the volume is kept.
func (p *Player) Mute(ctx context.Context, on bool) error {
	return p.do(ctx, command{kind: cmdMute, on: on})
}

// Step shows the n-th next picture, or an earlier one where n is negative, and
// pauses. It returns when that is on the screen.
func (p *Player) Step(ctx context.Context, n int) error {
	return p.do(ctx, command{kind: cmdStep, steps: n})
}

// SetRate changes the rate of playing: from SlowestRate to FastestRate, negative
// ones play backwards. Up to FastestHeard there is sound, with its pitch kept; beyond,
// and backwards, there are evenly spaced pictures. At the end of the way (the live
// edge, the end, the start) the rate returns to 1, as it does with Seek, Pause and
// Play where there was no sound. It returns when the change is under way.
func (p *Player) SetRate(ctx context.Context, rate float64) error {
	return p.do(ctx, command{kind: cmdSetRate, rate: rate})
}

// GoLive jumps to the live edge and follows it. It returns when its picture is on
// the screen. What is not live has no edge: the code of the error is NotLive.
func (p *Player) GoLive(ctx context.Context) error { return p.do(ctx, command{kind: cmdGoLive}) }

// Replay goes back a little (Config.Live.Replay) and plays on from there.
func (p *Player) Replay(ctx context.Context) error { return p.do(ctx, command{kind: cmdReplay}) }

// SelectVideo changes to the camera angle of a name in Status.Angles, whatever its
// letter case. It returns when the change is under way: what is shown goes on until
// the new angle has its next picture, and the sound is not touched. While nothing
// moves, the same instant of the new angle is shown.
func (p *Player) SelectVideo(ctx context.Context, name string) error {
	return p.do(ctx, command{kind: cmdSelectVideo, name: name})
}

// ShowInsets shows the other camera angles as small pictures in the one that is
// played, or no longer. They are the first to go when the device is too slow.
func (p *Player) ShowInsets(ctx context.Context, on bool) error {
	return p.do(ctx, command{kind: cmdShowInsets, on: on})
}

// SelectText changes the captions to the text stream of the given index in
// Status.Text; -1: none. It returns when the change is under way. What comes of
// another Open has captions like those where it has such.
func (p *Player) SelectText(ctx context.Context, index int) error {
	return p.do(ctx, command{kind: cmdSelectText, index: index})
}

// Status is how the session stands.
func (p *Player) Status() Status { return p.status.Load().at(time.Now()) }

// Summary is the session in figures; nil until Run has returned.
func (p *Player) Summary() *event.Summary { return p.summary.Load() }

// do sends a command to the control loop and waits for its answer.
func (p *Player) do(ctx context.Context, c command) error {
	select {
	case <-p.running:
	default:
		return ErrNotRunning
	}
	c.answer = make(chan error, 1)
	select {
	case p.inbox <- message{command: &c}:
	case <-p.ended:
		return ErrNotRunning
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-c.answer:
		return err
	case <-p.ended:
		select {
		case err := <-c.answer:
			return err
		default:
			return ErrNotRunning
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}
