//go:build cgo

package sdl

import (
	"fmt"
	"sync"
	"time"

	"github.com/veandco/go-sdl2/sdl"

	"smoothplay/platform"
)

// SoundOptions say which device a sound plays on, and how.
type SoundOptions struct {
	Device string        // as SDL names it; "": the default
	Queue  time.Duration // that Write fills; 0: 200 ms
	Block  int           // frames that the device takes at a time, a power of 2; 0: 1024
	// Latency is that of what comes behind the device (an amplifier, a television
	// set), which SDL cannot know: it is part of Delay.
	Latency time.Duration
}

// A Sound is a platform.AudioSink and a platform.Volume on a sound device. All
// methods may be called from any goroutine.
type Sound struct {
	display *Display
	options SoundOptions

	mu     sync.Mutex // guards what follows
	queue  soundQueue // nil: not configured, or closed
	device sdl.AudioDeviceID
	format platform.PCMFormat
	closed bool
	gone   bool // the device has vanished
	watch  watchdog
}

var (
	_ platform.AudioSink = (*Sound)(nil)
	_ platform.Volume    = (*Sound)(nil)
)

var errSoundClosed = fmt.Errorf("sound device: %w", platform.ErrClosed)

// NewSound makes a sound; Configure opens its device.
func (d *Display) NewSound(o SoundOptions) *Sound {
	if o.Queue <= 0 {
		o.Queue = 200 * time.Millisecond
	}
	if o.Block <= 0 {
		o.Block = 1024
	}
	return &Sound{display: d, options: o}
}

// Configure opens the device and lets it run, silent.
func (s *Sound) Configure(want platform.PCMFormat) (got platform.PCMFormat, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return got, errSoundClosed
	}
	if s.queue.c != nil {
		return s.format, fmt.Errorf("the sound device is configured already")
	}
	if want.Rate <= 0 || want.Channels <= 0 {
		return got, fmt.Errorf("a sound of %d Hz and %d channels cannot be played", want.Rate, want.Channels)
	}
	if err := s.display.init(sdl.INIT_AUDIO); err != nil {
		return got, fmt.Errorf("start the sound system: %w", err)
	}
	defer func() {
		if err != nil {
			s.display.quit(sdl.INIT_AUDIO)
		}
	}()
	return s.open(want)
}

// open asks the device for its nearest format first, because the callback needs
// the queue, and the queue the format.
func (s *Sound) open(want platform.PCMFormat) (got platform.PCMFormat, err error) {
	want.Channels = playable(want.Channels)
	got = want
	for range 3 {
		spec := sdl.AudioSpec{Freq: int32(got.Rate), Format: sdl.AUDIO_S16SYS, Channels: uint8(got.Channels), Samples: uint16(s.options.Block)}
		queue := newSoundQueue(got, s.options.Block, s.options.Queue, s.options.Latency)
		if queue.c == nil {
			return got, fmt.Errorf("open the sound device: out of memory")
		}
		spec.Callback, spec.UserData = queue.callback()
		var have sdl.AudioSpec
		device, err := sdl.OpenAudioDevice(s.options.Device, false, &spec, &have, sdl.AUDIO_ALLOW_FREQUENCY_CHANGE|sdl.AUDIO_ALLOW_CHANNELS_CHANGE)
		if err != nil {
			queue.free()
			return got, fmt.Errorf("open the sound device: %w", err)
		}
		if int(have.Freq) == got.Rate && int(have.Channels) == got.Channels {
			s.queue, s.device, s.format = queue, device, got
			sdl.PauseAudioDevice(device, false)
			return got, nil
		}
		sdl.CloseAudioDevice(device)
		queue.free()
		got = platform.PCMFormat{Rate: int(have.Freq), Channels: int(have.Channels)}
	}
	return got, fmt.Errorf("open the sound device: it does not settle on a format")
}

// playable is the nearest number of channels that SDL knows an order for.
func playable(channels int) int {
	switch {
	case channels <= 2:
		return channels
	case channels == 3:
		return 2
	case channels == 5:
		return 6
	}
	return min(channels&^1, 8)
}

// Write appends whole frames to the queue.
func (s *Sound) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(); err != nil {
		return 0, err
	}
	return s.queue.write(b), nil
}

// check reports whether the device is there; SDL says so, or it has stopped
// asking for sound. The lock is held.
func (s *Sound) check() error {
	if s.queue.c == nil || s.gone {
		return errSoundClosed
	}
	if sdl.GetAudioDeviceStatus(s.device) == sdl.AUDIO_STOPPED || s.watch.stuck(time.Now(), s.queue.calls()) {
		s.gone = true
		s.queue.pause(true) // Delay stands still
		return errSoundClosed
	}
	return nil
}

// Delay is the time until the last frame written is heard.
func (s *Sound) Delay() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.c == nil {
		return 0
	}
	return s.queue.delay()
}

// Pause stops and resumes playing.
func (s *Sound) Pause(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(); err != nil {
		return err
	}
	s.queue.pause(on)
	return nil
}

// Flush forgets what is queued.
func (s *Sound) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.c == nil {
		return errSoundClosed
	}
	s.queue.flush()
	return nil
}

// SetVolume takes effect with the next block of the device.
func (s *Sound) SetVolume(gain float64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.c == nil {
		return errSoundClosed
	}
	s.queue.gain(min(max(gain, 0), 1))
	return nil
}

// Close closes the device; Delay is 0 from then on.
func (s *Sound) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.queue.c == nil {
		return nil
	}
	sdl.CloseAudioDevice(s.device)
	s.queue.free()
	s.queue = soundQueue{}
	s.display.quit(sdl.INIT_AUDIO)
	return nil
}
