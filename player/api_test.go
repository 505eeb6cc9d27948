package player

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/event"
)

// Verdict is what the table of states says of a command, for tests outside of
// this package: "accept", "ignore", "later" or "refuse".
func Verdict(s event.State, command string) string {
	row, ok := table[s]
	if !ok {
		return ""
	}
	for i, name := range commandNames {
		if name == command {
			return [...]string{refuse: "refuse", accept: "accept", ignore: "ignore", later: "later"}[row[i]]
		}
	}
	return ""
}

// Turn changes with every turn of the control loop of p, for tests outside of
// this package.
func Turn(p *Player) any { return p.status.Load() }

func TestTableOfStatesIsWhole(t *testing.T) {
	states := []event.State{event.Opening, event.AcquiringKey, event.Buffering, event.Playing, event.Paused,
		event.Seeking, event.Stopped, event.Ended, event.Failed}
	if len(table) != len(states) {
		t.Errorf("the table has %d states, want %d", len(table), len(states))
	}
	for _, s := range states {
		if _, ok := table[s]; !ok {
			t.Errorf("the table has no row for %s", s)
		}
	}
	for k := range numCommands {
		if k.String() == "" {
			t.Errorf("command %d has no name", k)
		}
	}
	if table[event.AcquiringKey] != table[event.Opening] {
		t.Error("without its key a presentation is not open yet: the rows of opening and acquiring_key are the same")
	}
}

// silence answers nothing until the request is given up.
type silence struct{}

func (silence) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func newPlayer(t *testing.T, cfg Config) *Player {
	t.Helper()
	p, err := New(Device{HTTP: silence{}}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no URL":         {},
		"unknown policy": {URL: "http://host/a.ism", Policy: "no-such-policy"},
	} {
		if p, err := New(Device{}, cfg); err == nil || p != nil {
			t.Errorf("%s: no error", name)
		} else if err.Error() == "" {
			t.Errorf("%s: the error says nothing", name)
		}
	}
	var e *Error
	if _, err := New(Device{}, Config{}); !errors.As(err, &e) || e.Code != event.BadURL || e.Stage != event.StageUsage {
		t.Errorf("no URL: %#v", err)
	}
}

// commands are all methods that are commands.
func commands(ctx context.Context, p *Player) map[string]func() error {
	return map[string]func() error{
		"Open":        func() error { return p.Open(ctx, "http://host/b.ism") },
		"Play":        func() error { return p.Play(ctx) },
		"Pause":       func() error { return p.Pause(ctx) },
		"Stop":        func() error { return p.Stop(ctx) },
		"Seek":        func() error { return p.Seek(ctx, time.Second, Exact) },
		"SelectAudio": func() error { return p.SelectAudio(ctx, 0) },
		"SelectText":  func() error { return p.SelectText(ctx, -1) },
		"SetLimits":   func() error { return p.SetLimits(ctx, Limits{}) },
		"SetVolume":   func() error { return p.SetVolume(ctx, 1) },
		"Mute":        func() error { return p.Mute(ctx, true) },
	}
}

func TestCommandsBeforeRunAndAfterTheEnd(t *testing.T) {
	p := newPlayer(t, Config{URL: "http://host/a.ism"})
	for name, do := range commands(t.Context(), p) {
		if err := do(); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s before Run: %v", name, err)
		}
	}
	if s := p.Status(); s.State != event.Opening || s.Level != -1 || s.SelectedAudio != -1 || s.Volume != 1 {
		t.Errorf("before Run: %+v", s)
	}
	if p.Summary() != nil {
		t.Error("there is a summary before Run")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	for range 100 { // more than the inbox holds
		for name, do := range commands(t.Context(), p) {
			if err := do(); !errors.Is(err, ErrNotRunning) {
				t.Fatalf("%s after the end: %v", name, err)
			}
		}
	}
	if s := p.Status(); s.State != event.Stopped {
		t.Errorf("after the end: %s", s.State)
	}
	if sum := p.Summary(); sum == nil || sum.End != event.WasStopped {
		t.Errorf("the summary is %+v", sum)
	}
	if err := p.Run(t.Context()); err == nil {
		t.Error("Run can be called twice")
	}
}

func TestZeroDeviceIsUsable(t *testing.T) {
	d, err := completed(Device{})
	if err != nil || d.HTTP == nil || d.Decoders == nil || d.Video == nil || d.Audio == nil {
		t.Errorf("%+v: %v", d, err)
	}
	sink := &null.AudioSink{}
	if d, _ := completed(Device{Audio: sink}); d.Audio != platform.AudioSink(sink) {
		t.Error("what a port fills in is replaced")
	}
}

func TestDefaults(t *testing.T) {
	c := Config{}.withDefaults()
	if c.BufferAhead != 30*time.Second || c.BufferStart != time.Second || c.BufferResume != 4*time.Second ||
		c.BufferBehind != 10*time.Second || c.BufferBytes != 64<<20 {
		t.Errorf("%+v", c.effective())
	}
	c = Config{BufferAhead: 500 * time.Millisecond}.withDefaults()
	if c.BufferStart > c.BufferAhead || c.BufferResume > c.BufferAhead {
		t.Errorf("more is wanted to begin with than is gathered: %+v", c.effective())
	}
	if c.Logger == nil || c.Events == nil || c.Random == nil {
		t.Error("something is nil that is used")
	}
}
