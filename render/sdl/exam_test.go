//go:build cgo

package sdl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

func TestExamOfWindow(t *testing.T) {
	t.Setenv("SDL_VIDEODRIVER", "dummy")
	platformtest.TestVideoSink(t, func(t *testing.T) (platform.VideoSink, []*platform.Picture) {
		return openWindow(t, WindowOptions{Title: "exam", Width: 640, Height: 360}), nil
	})
}

func TestExamOfWindowUnderX(t *testing.T) {
	startX(t)
	for name, render := range map[string]Render{"memory": RenderMemory, "renderer": RenderGPU} {
		t.Run(name, func(t *testing.T) {
			platformtest.TestVideoSink(t, func(t *testing.T) (platform.VideoSink, []*platform.Picture) {
				return openWindow(t, WindowOptions{Title: "exam", Width: 640, Height: 360, Render: render}), nil
			})
		})
	}
}

// The dummy driver makes its device of sleeps: where those take longer than
// asked, the device itself is slow, and nothing can be learned of the Sound.
func TestExamOfSound(t *testing.T) {
	t.Setenv("SDL_AUDIODRIVER", "dummy")
	const sleeps, block = 15, 21 * time.Millisecond
	begin := time.Now()
	for range sleeps {
		time.Sleep(block)
	}
	if lost := time.Since(begin) - sleeps*block; lost > sleeps*block/10 {
		t.Skipf("skipped: this machine is too busy for a sound device made of sleeps: %v lost", lost)
	}
	platformtest.TestAudioSink(t, func(t *testing.T) platform.AudioSink {
		return run(t).NewSound(SoundOptions{})
	})
}

// The disk driver writes what a device would play: every frame must be there,
// in order, once.
func TestSoundReachesTheDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sound.raw")
	t.Setenv("SDL_AUDIODRIVER", "disk")
	t.Setenv("SDL_DISKAUDIOFILE", path)
	s := run(t).NewSound(SoundOptions{})
	f, err := s.Configure(platform.PCMFormat{Rate: 48000, Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	if f != (platform.PCMFormat{Rate: 48000, Channels: 2}) {
		t.Skipf("skipped: the driver took %+v", f)
	}
	const frames = 24000
	sent := make([]byte, 4*frames)
	for i := range frames {
		sent[4*i], sent[4*i+1] = byte(i+1), byte((i+1)>>8)
		sent[4*i+2], sent[4*i+3] = byte(i), byte(i>>8)
	}
	if err := s.Pause(false); err != nil {
		t.Fatal(err)
	}
	for rest := sent; len(rest) > 0; {
		n, err := s.Write(rest)
		if err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
		time.Sleep(5 * time.Millisecond)
	}
	for end := time.Now().Add(10 * time.Second); s.Delay() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("Delay stays at %v", s.Delay())
		}
	}
	s.Close()
	played, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	next := 1
	for i := 0; i+4 <= len(played); i += 4 {
		if left := int(played[i]) | int(played[i+1])<<8; left == next {
			next++
		} else if left != 0 {
			t.Fatalf("frame %d was played where %d was due", left, next)
		}
	}
	if next != frames+1 {
		t.Errorf("%d of %d frames were played", next-1, frames)
	}
}

func TestVolume(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sound.raw")
	t.Setenv("SDL_AUDIODRIVER", "disk")
	t.Setenv("SDL_DISKAUDIOFILE", path)
	s := run(t).NewSound(SoundOptions{})
	f, err := s.Configure(platform.PCMFormat{Rate: 48000, Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetVolume(0.25); err != nil {
		t.Fatal(err)
	}
	loud := make([]byte, f.Bytes(100*time.Millisecond))
	for i := range loud {
		loud[i] = []byte{0x00, 0x40}[i%2] // 16384
	}
	if _, err := s.Write(loud); err != nil {
		t.Fatal(err)
	}
	if err := s.Pause(false); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); s.Delay() > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	s.Close()
	played, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := 0; i+2 <= len(played); i += 2 {
		switch v := int(played[i]) | int(played[i+1])<<8; v {
		case 0:
		case 4096:
			n++
		default:
			t.Fatalf("a sample is %d, want 16384 * 0.25", v)
		}
	}
	if n != len(loud)/2 {
		t.Errorf("%d samples were played, want %d", n, len(loud)/2)
	}
}

// The dummy driver has one device, which the second sound is refused as long as
// the first one has it.
func TestSoundAfterSound(t *testing.T) {
	t.Setenv("SDL_AUDIODRIVER", "dummy")
	d := run(t)
	format := platform.PCMFormat{Rate: 44100, Channels: 2}
	for range 3 {
		first, second := d.NewSound(SoundOptions{}), d.NewSound(SoundOptions{})
		if _, err := first.Configure(format); err != nil {
			t.Fatal(err)
		}
		if _, err := second.Configure(format); err == nil {
			t.Skip("skipped: this driver has several devices")
		}
		for _, s := range []*Sound{first, second} {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if _, err := s.Write(make([]byte, 4)); !errors.Is(err, platform.ErrClosed) {
				t.Errorf("Write after Close: %v, want ErrClosed", err)
			}
		}
	}
}

func TestOpenAndCloseLeaveNothing(t *testing.T) {
	t.Setenv("SDL_VIDEODRIVER", "dummy")
	d := run(t)
	p := fill(platform.I420, 640, 360, [3]int{1, 2, 3})
	round := func() {
		w, err := d.OpenWindow(WindowOptions{Width: 640, Height: 480})
		if err != nil {
			t.Fatal(err)
		}
		show(t, w, &platform.Frame{Picture: p})
		w.Close()
	}
	resident := func() (kb int) {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Skip("skipped: no /proc to read the size of the process from")
		}
		_, after, _ := strings.Cut(string(status), "VmRSS:")
		fmt.Sscan(after, &kb)
		return kb
	}
	for range 20 {
		round()
	}
	before := resident()
	for range 200 {
		round()
	}
	// one leaked scaler or surface a round would be 200 times 400 KB
	if grown := resident() - before; grown > 10<<10 {
		t.Errorf("200 windows grew the process by %d KB", grown)
	}
}

// Without a screen the program must learn so and go on without.
func TestNoDisplay(t *testing.T) {
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	if _, err := run(t).OpenWindow(WindowOptions{}); !errors.Is(err, ErrNoDisplay) {
		t.Errorf("OpenWindow: %v, want ErrNoDisplay", err)
	}
}

func TestRunReturnsTheError(t *testing.T) {
	want := errors.New("done")
	var kept *Display
	if err := Run(func(d *Display) error { kept = d; return want }); err != want {
		t.Errorf("Run returned %v, want %v", err, want)
	}
	if _, err := kept.OpenWindow(WindowOptions{}); !errors.Is(err, platform.ErrClosed) {
		t.Errorf("OpenWindow after Run: %v, want ErrClosed", err)
	}
}
