package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/render/overlay"
	"smoothplay/render/sdl"
)

// fakeSession notes the commands it is given.
type fakeSession struct {
	status player.Status
	log    []string
	err    error // of Open
}

func (f *fakeSession) note(format string, args ...any) error {
	f.log = append(f.log, fmt.Sprintf(format, args...))
	return nil
}

func (f *fakeSession) Play(context.Context) error {
	f.status.State = event.Playing
	return f.note("play")
}
func (f *fakeSession) Pause(context.Context) error {
	f.status.State = event.Paused
	return f.note("pause")
}
func (f *fakeSession) Stop(context.Context) error { return f.note("stop") }
func (f *fakeSession) Seek(_ context.Context, to time.Duration, mode player.SeekMode) error {
	f.status.Position = to
	return f.note("seek %v %v", to, mode)
}
func (f *fakeSession) SelectAudio(_ context.Context, n int) error {
	f.status.SelectedAudio = n
	return f.note("audio %d", n)
}
func (f *fakeSession) SelectVideo(_ context.Context, name string) error {
	return f.note("angle %s", name)
}

func (f *fakeSession) ShowInsets(_ context.Context, on bool) error {
	return f.note("insets %t", on)
}

func (f *fakeSession) SelectText(_ context.Context, n int) error {
	f.status.SelectedText = n
	return f.note("text %d", n)
}
func (f *fakeSession) SetLimits(_ context.Context, l player.Limits) error {
	f.status.Limits = l
	return f.note("limits %d %dx%d %v", l.MaxBPS, l.FitWidth, l.FitHeight, l.At)
}
func (f *fakeSession) SetVolume(_ context.Context, v float64) error { return f.note("volume %.2f", v) }
func (f *fakeSession) Mute(_ context.Context, on bool) error        { return f.note("mute %v", on) }
func (f *fakeSession) GoLive(context.Context) error                 { return f.note("go-live") }
func (f *fakeSession) Replay(context.Context) error                 { return f.note("replay") }
func (f *fakeSession) SetRate(_ context.Context, rate float64) error {
	f.status.Rate = rate
	return f.note("rate %g", rate)
}
func (f *fakeSession) Chapter(_ context.Context, n int) error { return f.note("chapter %d", n) }
func (f *fakeSession) Thumbnail(context.Context, time.Duration) (*player.Thumbnail, error) {
	return nil, errors.New("none")
}
func (f *fakeSession) Step(_ context.Context, n int) error { return f.note("step %d", n) }
func (f *fakeSession) Open(_ context.Context, url string) error {
	f.note("open %s", url)
	return f.err
}
func (f *fakeSession) Status() player.Status { return f.status }

// It is a window, too.
func (f *fakeSession) Show(*platform.Frame) (time.Time, error) { return time.Now(), nil }
func (f *fakeSession) Close() error                            { return nil }
func (f *fakeSession) Events() <-chan sdl.Event                { return nil }
func (f *fakeSession) Area() (x, y, width, height int)         { return 0, 0, 1280, 720 }
func (f *fakeSession) SetFullScreen(on bool) error             { return f.note("fullscreen %v", on) }
func (f *fakeSession) SetTitle(title string)                   { f.note("title %s", title) }

// withUI calls f with a ui in a bubble; act hands it an event and lets the
// commands of it be carried out.
func withUI(t *testing.T, f func(s *fakeSession, u *ui, act func(sdl.Event))) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSession{status: player.Status{
			State: event.Playing, Rate: 1, Position: time.Minute, Duration: 200 * time.Second, BufferedTo: 80 * time.Second,
			Audio: []player.AudioChoice{{Name: "audio", Language: "eng"}, {Name: "audio", Language: "deu"}},
			Text:  []player.TextChoice{{Name: "text", Language: "eng"}, {Name: "text", Language: "ara"}}, SelectedText: -1,
		}}
		u := newUI(s, s)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); u.runCommands(ctx) }()
		f(s, u, func(e sdl.Event) {
			u.handle(e, time.Now())
			synctest.Wait()
		})
		cancel()
		<-done
	})
}

func press(name string) sdl.Key { return sdl.Key{Name: name} }

func TestKeys(t *testing.T) {
	shift := func(name string) sdl.Key { return sdl.Key{Name: name, Mod: sdl.Shift} }
	tests := []struct {
		press []sdl.Key
		want  string
	}{
		{[]sdl.Key{press("SPACE")}, "pause"},
		{[]sdl.Key{press("PLAYPAUSE"), press("PLAYPAUSE")}, "pause play"},
		{[]sdl.Key{press("p"), press("a")}, ""}, // there is one angle
		{[]sdl.Key{press("LEFT")}, "seek 55s exact"},
		{[]sdl.Key{press("RIGHT"), press("RIGHT")}, "seek 1m5s exact seek 1m10s exact"},
		{[]sdl.Key{shift("RIGHT")}, "seek 1m1s exact"},
		{[]sdl.Key{shift("LEFT")}, "seek 59s exact"},
		{[]sdl.Key{press("UP")}, "seek 2m0s exact"},
		{[]sdl.Key{press("DOWN"), press("DOWN")}, "seek 0s exact seek 0s exact"},
		{[]sdl.Key{press("END")}, "seek 3m15s exact"},
		{[]sdl.Key{press("HOME")}, "seek 0s exact"},
		{[]sdl.Key{press("9"), press("9"), press("0")}, "volume 0.95 volume 0.90 volume 0.95"},
		{[]sdl.Key{press("m"), press("m")}, "mute true mute false"},
		{[]sdl.Key{press("m"), press("0")}, "mute true volume 1.00 mute false"},
		{[]sdl.Key{press("#"), press("#")}, "audio 1 audio 0"},
		{[]sdl.Key{press("j"), press("j"), press("j"), press("j")}, "text 0 text 1 text -1 text 0"},
		{[]sdl.Key{press("v"), press("v")}, "text 0 text -1"},
		{[]sdl.Key{press("j"), press("j"), press("v"), press("v")}, "text 0 text 1 text -1 text 1"},
		{[]sdl.Key{press("f")}, "fullscreen true"},
		{[]sdl.Key{press("q")}, "stop"},
		{[]sdl.Key{press("ESC")}, "stop"},
		{[]sdl.Key{{Name: "q", Mod: sdl.Ctrl}, press("F12"), shift("UP")}, ""},
		{[]sdl.Key{{Name: "f", Repeat: true}, {Name: "RIGHT", Repeat: true}}, "seek 1m5s exact"},
	}
	for _, test := range tests {
		withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
			for _, k := range test.press {
				act(k)
			}
			if got := strings.Join(s.log, " "); got != test.want {
				t.Errorf("%v: %q, want %q", test.press, got, test.want)
			}
		})
	}
}

// Each key does something, and no two do different things.
func TestKeysAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, k := range keys {
		if k.do == nil || k.help == "" || k.label == "" || len(k.names) == 0 {
			t.Errorf("key %q is not complete", k.label)
		}
		for _, name := range k.names {
			if other, twice := seen[name]; twice {
				t.Errorf("%s is %q and %q", name, other, k.help)
			}
			seen[name] = k.help
		}
	}
	for _, name := range []string{"SPACE", "f", "m", "9", "0", "i", "q", "?", "#", "[", "]", "HOME", "END"} {
		if seen[name] == "" {
			t.Errorf("%s does nothing", name)
		}
	}
}

func TestPauseAtTheEndPlaysAgain(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		s.status.State = event.Ended
		act(press("SPACE"))
		if !slices.Equal(s.log, []string{"play"}) {
			t.Errorf("got %q", s.log)
		}
	})
}

func TestBarIsClickedAndDragged(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		// The bar's ends on the picture, by its own account.
		left, right := 0.0, 1.0
		for x := 0.0; x < 1; x += .0005 {
			if share, on := u.painter.Share(x, .99, 1280, 720); on && share < .001 {
				left = x
			} else if on {
				right = x
			}
		}
		at := func(share float64) sdl.MouseMove {
			return sdl.MouseMove{AreaX: left + share*(right-left), AreaY: .99}
		}
		if u.display(time.Now()).bar != nil {
			t.Error("a bar without a reason")
		}
		act(at(.5))
		d := u.display(time.Now())
		if d.bar == nil || math.Abs(d.bar.Pointer-.5) > .01 || d.bar.Position != time.Minute || d.bar.Buffered[0].To != 80*time.Second {
			t.Errorf("bar %+v", d.bar)
		}
		act(sdl.MouseButton{MouseMove: at(.25), Button: 1, Down: true, Clicks: 1})
		act(at(.75))
		act(sdl.MouseButton{MouseMove: at(1), Button: 1})
		act(at(.1)) // the button is up
		var got []string
		for _, line := range s.log {
			var to time.Duration
			fields := strings.Fields(line) // "seek", place, mode
			to, _ = time.ParseDuration(fields[1])
			got = append(got, fmt.Sprint(to.Round(time.Second), " ", fields[2]))
		}
		if want := []string{"50s key", "2m30s key", "3m20s exact"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		time.Sleep(barStays)
		if u.display(time.Now()).bar != nil {
			t.Error("the bar stays")
		}
	})
}

func TestDoubleClickIsFullScreen(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		middle := sdl.MouseMove{AreaX: .5, AreaY: .5}
		for clicks := range 2 {
			act(sdl.MouseButton{MouseMove: middle, Button: 1, Down: true, Clicks: clicks + 1})
			act(sdl.MouseButton{MouseMove: middle, Button: 1, Clicks: clicks + 1})
		}
		act(sdl.MouseButton{MouseMove: middle, Button: 3, Down: true, Clicks: 2})
		if !slices.Equal(s.log, []string{"fullscreen true"}) {
			t.Errorf("got %q", s.log)
		}
	})
}

func TestDisplayTellsOfWaiting(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		s.status.State = event.Buffering
		if d := u.display(time.Now()); d.message != "" {
			t.Errorf("says %q at once", d.message)
		}
		time.Sleep(patience)
		if d := u.display(time.Now()); d.message != "buffering ..." {
			t.Errorf("says %q", d.message)
		}
		s.status.State = event.Playing
		if d := u.display(time.Now()); d.message != "" {
			t.Errorf("still says %q", d.message)
		}
	})
}

func TestPanels(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		shows := func(name, value string) {
			t.Helper()
			if d := u.display(time.Now()); d.panel == nil || !slices.Contains(d.panel.Rows, [2]string{name, value}) {
				t.Errorf("no row %q %q in %+v", name, value, d.panel)
			}
		}
		act(press("i"))
		shows("buffer", "20.0 s ahead, 60.0 s behind, 0 bytes")
		act(press("?"))
		shows("#", "next audio language")
		act(press("?"))
		act(press("i"))
		if d := u.display(time.Now()); d.panel != nil {
			t.Errorf("still there: %+v", d.panel)
		}
	})
}

func TestOSDIsDrawnWhenItChanges(t *testing.T) {
	var painter overlay.Painter
	o := osd{painter: &painter}
	bar := func(at time.Duration) display {
		return display{bar: &overlay.Progress{To: time.Hour, Position: at, Pointer: -1}, message: "paused"}
	}
	steps := []struct {
		d             display
		width, height int
		overlays      int
		changed       bool
	}{
		{display{}, 1280, 720, 0, false},
		{bar(time.Minute), 1280, 720, 2, true},
		{bar(time.Minute + time.Millisecond), 1280, 720, 2, false}, // too little to be seen
		{bar(10 * time.Minute), 1280, 720, 2, true},
		{bar(10 * time.Minute), 640, 360, 2, true},
		{bar(10 * time.Minute), 0, 0, 0, true}, // no window
		{display{panel: &overlay.Panel{Title: "Keys", Rows: keyRows()}}, 640, 360, 1, true},
		{display{}, 640, 360, 0, true},
	}
	for i, step := range steps {
		overlays, changed := o.draw(step.d, step.width, step.height)
		if len(overlays) != step.overlays || changed != step.changed {
			t.Errorf("step %d: %d overlays, changed %v; want %d, %v", i, len(overlays), changed, step.overlays, step.changed)
		}
	}
}
