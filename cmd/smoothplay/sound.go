package main

import (
	"sync"
	"time"

	"smoothplay/platform"
)

// sound is the audio sink of play. Whether there will be sound is known when the
// window is open or cannot be had, while the manifest is on its way: Configure
// waits for that.
type sound struct {
	sink   platform.AudioSink // set by open, before opened is closed
	opened chan struct{}
	close  sync.Once
	closed chan struct{}
}

var _ platform.Volume = (*sound)(nil)

func newSound() *sound { return &sound{opened: make(chan struct{}), closed: make(chan struct{})} }

// open sets the sink that plays, which the sound closes. It is called once.
func (s *sound) open(sink platform.AudioSink) {
	s.sink = sink
	close(s.opened)
	select {
	case <-s.closed:
		sink.Close()
	default:
	}
}

// Configure implements [platform.AudioSink].
func (s *sound) Configure(want platform.PCMFormat) (platform.PCMFormat, error) {
	select {
	case <-s.opened:
		return s.sink.Configure(want)
	case <-s.closed:
		return platform.PCMFormat{}, platform.ErrClosed
	}
}

// The methods below are called after Configure only, as platform.AudioSink says.

func (s *sound) Write(b []byte) (int, error) { return s.sink.Write(b) }
func (s *sound) Delay() time.Duration        { return s.sink.Delay() }
func (s *sound) Pause(on bool) error         { return s.sink.Pause(on) }
func (s *sound) Flush() error                { return s.sink.Flush() }

// SetVolume implements [platform.Volume]. A sink without a volume of its own is
// one that nobody hears.
func (s *sound) SetVolume(gain float64) error {
	if v, ok := s.sink.(platform.Volume); ok {
		return v.SetVolume(gain)
	}
	return nil
}

// Close implements [platform.AudioSink].
func (s *sound) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closed)
		select {
		case <-s.opened:
			err = s.sink.Close()
		default:
		}
	})
	return err
}
