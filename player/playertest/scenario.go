package playertest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
)

// Scenario is a session to be run.
type Scenario struct {
	// Handler serves the presentation; nil: a Presentation of 30 s with four
	// levels and two languages.
	Handler http.Handler
	Path    string // of the manifest; "": /show.ism/Manifest
	// Link is the shape of the link as in httpclient.ParseShape; "": "20M".
	Link    string
	Latency time.Duration // of a round trip; 0: 20 ms
	// Decoders, Video and Audio replace the null ones.
	Decoders platform.Decoders
	Video    platform.VideoSink
	Audio    *null.AudioSink
	Load     platform.LoadMeter // nil: none, as with Store
	Store    platform.Store
	Keys     platform.KeyProvider // nil: none, as with Text
	Text     platform.TextDrawer
	Config   func(*player.Config)
	Script   []Step
	For      time.Duration // after which the session is stopped; 0: it ends by itself
}

// Step is a command at a time.
type Step struct {
	At time.Duration
	Do func(*Session)
}

// Session is what a Step commands.
type Session struct {
	T       *testing.T
	Ctx     context.Context
	Player  *player.Player
	Network *Network
	Link    *httpclient.Link
	// Video and Audio are the sinks, nil where the Scenario replaced them.
	Video *null.VideoSink
	Audio *null.AudioSink
}

// Result is what came of a Scenario.
type Result struct {
	Events  []event.Event
	Summary event.Summary
	Err     error // of Run
	// Shown and Heard are what the null sinks recorded.
	Shown []null.Shown
	Heard []null.Heard
	Began time.Time // when Run was called
	Video null.VideoCounts
	Sound null.AudioCounts
}

// Default is the presentation that is served where a Scenario has no Handler.
func Default() *Presentation {
	return &Presentation{
		Length: 30 * time.Second, Levels: []int64{350_000, 800_000, 1_500_000, 3_000_000},
		Languages: []string{"eng", "deu"},
	}
}

// Run plays s in a bubble.
func Run(t *testing.T, s Scenario) (r *Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { r = run(t, s) })
	return r
}

// RunThrice plays s three times, each in a bubble of its own, and fails where
// the logs differ; mk makes the Scenario anew each time.
func RunThrice(t *testing.T, mk func() Scenario) *Result {
	t.Helper()
	first := Run(t, mk())
	for range 2 {
		again := Run(t, mk())
		if diff := FirstDifference(Digest(first.Events), Digest(again.Events)); diff != "" {
			t.Fatalf("the same scenario took another course: %s", diff)
		}
	}
	return first
}

func run(t *testing.T, s Scenario) *Result {
	network, stop := s.serve()
	defer stop()
	return s.play(t, network, s.link(t))
}

// serve puts the server of s on a network of its own.
func (s Scenario) serve() (network *Network, stop func()) {
	handler := s.Handler
	if handler == nil {
		handler = Default()
	}
	network = NewNetwork()
	return network, network.Serve(handler)
}

// play plays s over a network and a link that others may use as well.
func (s Scenario) play(t *testing.T, network *Network, link *httpclient.Link) *Result {
	client, err := httpclient.New(httpclient.Config{Dial: network.Dial, Link: link})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	session := &Session{T: t, Network: network, Link: link}
	dev := platform.Device{HTTP: client, Decoders: s.Decoders, Video: s.Video, Load: s.Load, Store: s.Store, Keys: s.Keys, Text: s.Text}
	if dev.Decoders == nil {
		// Decoding takes a moment, so that a picture never comes at the very
		// instant at which its fragment did.
		dev.Decoders = &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 11 * time.Microsecond }}
	}
	if dev.Video == nil {
		session.Video = &null.VideoSink{Record: true}
		dev.Video = session.Video
	}
	session.Audio = s.Audio
	if session.Audio == nil {
		session.Audio = &null.AudioSink{Record: true, Latency: 11 * time.Millisecond}
	}
	dev.Audio = session.Audio

	var log event.Recorder
	path := s.Path
	if path == "" {
		path = "/show.ism/Manifest"
	}
	cfg := player.Config{URL: "http://test" + path, Events: &log, Random: rand.New(rand.NewPCG(1, 2))}
	if s.Config != nil {
		s.Config(&cfg)
	}
	session.Player, err = player.New(dev, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if s.For > 0 {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(ctx, s.For)
		defer end()
	}
	session.Ctx = ctx
	r := &Result{Began: time.Now()}
	scripted := make(chan struct{})
	go func() {
		defer close(scripted)
		session.follow(s.Script)
	}()
	r.Err = session.Player.Run(ctx)
	if errors.Is(r.Err, context.DeadlineExceeded) && s.For > 0 {
		r.Err = nil
	}
	cancel()
	<-scripted
	r.Events = log.Events()
	r.Summary = *session.Player.Summary()
	if session.Video != nil {
		r.Shown, r.Video = session.Video.Shown(), session.Video.Counts()
		r.Shown = slices.DeleteFunc(r.Shown, func(s null.Shown) bool { return s.Source == nil }) // the end of the session
	}
	r.Heard, r.Sound = session.Audio.Heard(), session.Audio.Counts()
	if d, ok := dev.Decoders.(*null.Decoders); ok && d.Held() != 0 {
		t.Errorf("%d pictures were never released", d.Held())
	}
	return r
}

func (s Scenario) link(t *testing.T) *httpclient.Link {
	shape := s.Link
	if shape == "" {
		shape = "20M"
	}
	parsed, err := httpclient.ParseShape(shape)
	if err != nil {
		t.Fatal(err)
	}
	latency := s.Latency
	if latency == 0 {
		latency = 20 * time.Millisecond
	}
	// The odd offset keeps round trips from falling in with the turns that
	// transfers take on the link.
	link, err := httpclient.NewLink(parsed, latency+137*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// follow carries the script out.
func (s *Session) follow(script []Step) {
	began := time.Now()
	script = slices.SortedStableFunc(slices.Values(script), func(a, b Step) int { return int(a.At - b.At) })
	for _, step := range script {
		// The odd offset keeps commands from meeting anything else.
		timer := time.NewTimer(time.Until(began.Add(step.At + 137*time.Microsecond)))
		select {
		case <-timer.C:
			step.Do(s)
		case <-s.Ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Must fails the test where a command failed.
func (s *Session) Must(err error) {
	if err != nil {
		s.T.Errorf("command: %v", err)
	}
}

// Pause, Play and Stop are steps.
func Pause(at time.Duration) Step {
	return Step{at, func(s *Session) { s.Must(s.Player.Pause(s.Ctx)) }}
}

// Play is a step that goes on playing.
func Play(at time.Duration) Step {
	return Step{at, func(s *Session) { s.Must(s.Player.Play(s.Ctx)) }}
}

// Stop is a step that ends the session.
func Stop(at time.Duration) Step {
	return Step{at, func(s *Session) { s.Must(s.Player.Stop(s.Ctx)) }}
}

// Seek is a step that moves to a position and waits for its picture.
func Seek(at, to time.Duration) Step {
	return Step{at, func(s *Session) { s.Must(s.Player.Seek(s.Ctx, to, player.Exact)) }}
}

// SelectText is a step that changes the captions.
func SelectText(at time.Duration, index int) Step {
	return Step{at, func(s *Session) { s.Must(s.Player.SelectText(s.Ctx, index)) }}
}

// SelectAngle is a step that changes the camera angle.
func SelectAngle(at time.Duration, name string) Step {
	return Step{at, func(s *Session) { s.Must(s.Player.SelectVideo(s.Ctx, name)) }}
}

// SelectAudio is a step that changes the language.
func SelectAudio(at time.Duration, index int) Step {
	return Step{at, func(s *Session) { s.Must(s.Player.SelectAudio(s.Ctx, index)) }}
}
