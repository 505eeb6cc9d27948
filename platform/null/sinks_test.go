package null

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
)

const ms = time.Millisecond

func TestVideoSinkCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		v := &VideoSink{Record: true}
		first := &platform.Picture{PTS: 1, Key: true, Source: videoFormat(360)}
		second := &platform.Picture{PTS: 2, Source: videoFormat(720)}
		second.Free = func() { t.Error("the sink released a picture") }
		frames := []*platform.Frame{
			{Picture: first},
			{Picture: first, Overlays: make([]platform.Overlay, 2)},
			{Picture: second, Insets: make([]platform.Inset, 1)},
			{}, // lets go of it
			{Picture: second},
		}
		for _, f := range frames {
			time.Sleep(frame)
			if at, err := v.Show(f); err != nil || !at.Equal(time.Now()) {
				t.Fatalf("shown at %v, %v", at, err)
			}
		}
		at := func(n int) time.Time { return begin.Add(time.Duration(n) * frame) }
		if got, want := v.Counts(), (VideoCounts{Frames: 4, Repeated: 1, First: at(1), Last: at(5)}); got != want {
			t.Errorf("counts %+v, want %+v", got, want)
		}
		want := []Shown{
			{At: at(1), PTS: 1, Key: true, Source: first.Source},
			{At: at(2), PTS: 1, Key: true, Source: first.Source, Repeated: true, Overlays: 2},
			{At: at(3), PTS: 2, Source: second.Source, Insets: 1},
			{At: at(5), PTS: 2, Source: second.Source},
		}
		if got := v.Shown(); !slices.Equal(got, want) {
			t.Errorf("shown %+v\nwant  %+v", got, want)
		}
	})
}

func TestVideoSinkKeepsNothing(t *testing.T) {
	v := &VideoSink{}
	f := &platform.Frame{Picture: &platform.Picture{}}
	if _, err := v.Show(f); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() { v.Show(f) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	if len(v.Shown()) != 0 {
		t.Error("frames are recorded without Record")
	}
}

func TestVideoSinkWaitsForRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &VideoSink{Refresh: 20 * ms}
		begin := time.Now()
		for _, test := range []struct{ sleep, want time.Duration }{
			{0, 0}, // the first frame is where refreshes are counted from
			{5 * ms, 20 * ms},
			{0, 40 * ms}, // at once after the one before: the next refresh
			{20 * ms, 60 * ms},
			{25 * ms, 100 * ms},
		} {
			time.Sleep(test.sleep)
			at, err := v.Show(&platform.Frame{Picture: &platform.Picture{}})
			if err != nil || at.Sub(begin) != test.want || !time.Now().Equal(at) {
				t.Errorf("shown at %v, returned at %v, %v; want %v", at.Sub(begin), time.Since(begin), err, test.want)
			}
		}
	})
}

func TestVideoSinkCloseUnblocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &VideoSink{Refresh: time.Hour}
		if _, err := v.Show(&platform.Frame{Picture: &platform.Picture{}}); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { v.Close() })
		begin := time.Now()
		if _, err := v.Show(&platform.Frame{Picture: &platform.Picture{}}); !errors.Is(err, platform.ErrClosed) || time.Since(begin) != time.Second {
			t.Errorf("Show returned %v after %v", err, time.Since(begin))
		}
		if err := v.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if _, err := v.Show(&platform.Frame{Picture: &platform.Picture{}}); !errors.Is(err, platform.ErrClosed) {
			t.Errorf("Show after Close returned %v", err)
		}
	})
}

func TestVideoSinkVanishes(t *testing.T) {
	v := &VideoSink{VanishAfter: 2}
	for n := range 4 {
		_, err := v.Show(&platform.Frame{Picture: &platform.Picture{}})
		if want := n >= 2; errors.Is(err, platform.ErrClosed) != want {
			t.Errorf("frame %d: %v", n, err)
		}
	}
}

var stereo = platform.PCMFormat{Rate: 48000, Channels: 2}

// playing is a sink that was configured and started.
func playing(t *testing.T, a *AudioSink) *AudioSink {
	t.Helper()
	if _, err := a.Configure(stereo); err != nil {
		t.Fatal(err)
	}
	if err := a.Pause(false); err != nil {
		t.Fatal(err)
	}
	return a
}

func write(t *testing.T, a *AudioSink, d time.Duration) time.Duration {
	t.Helper()
	n, err := a.Write(make([]byte, stereo.Bytes(d)))
	if err != nil {
		t.Fatal(err)
	}
	return stereo.Duration(n)
}

func expectDelay(t *testing.T, a *AudioSink, want time.Duration) {
	t.Helper()
	if got := a.Delay(); got != want {
		t.Errorf("delay %v, want %v", got, want)
	}
}

func TestAudioSinkDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &AudioSink{}
		if _, err := a.Configure(stereo); err != nil {
			t.Fatal(err)
		}
		expectDelay(t, a, 0)
		write(t, a, 100*ms)
		time.Sleep(time.Second)
		expectDelay(t, a, 100*ms) // it begins paused
		a.Pause(false)
		a.Pause(false) // twice is once
		time.Sleep(30*ms + 1)
		expectDelay(t, a, 70*ms-1)
		write(t, a, 50*ms)
		expectDelay(t, a, 120*ms-1)
		a.Pause(true)
		a.Pause(true)
		time.Sleep(time.Hour)
		expectDelay(t, a, 120*ms-1)
		a.Pause(false)
		time.Sleep(120 * ms)
		expectDelay(t, a, 0)
		time.Sleep(time.Second)
		expectDelay(t, a, 0)
		write(t, a, 40*ms)
		expectDelay(t, a, 40*ms)
		a.Flush()
		expectDelay(t, a, 0)
		write(t, a, 10*ms)
		expectDelay(t, a, 10*ms)
		a.Close()
		expectDelay(t, a, 0)
		want := AudioCounts{
			Written: 200 * 48, Heard: 150 * 48, Flushed: 50 * 48,
			Underruns: 1, Silence: time.Second + 1,
		}
		if got := a.Counts(); got != want {
			t.Errorf("counts %+v\nwant   %+v", got, want)
		}
	})
}

func TestAudioSinkLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := playing(t, &AudioSink{Latency: 30 * ms, Queue: 100 * ms, Record: true})
		begin := time.Now()
		write(t, a, 50*ms)
		expectDelay(t, a, 80*ms)
		if n := write(t, a, 100*ms); n != 50*ms {
			t.Errorf("took %v into a queue of 100ms that held 50ms", n)
		}
		time.Sleep(130 * ms)
		expectDelay(t, a, 0)
		if c := a.Counts(); c.Heard != 4800 || c.Underruns != 0 {
			t.Errorf("counts %+v", c)
		}
		if h := a.Heard(); len(h) != 1 || !h[0].At.Equal(begin.Add(30*ms)) || h[0].Frames != 4800 {
			t.Errorf("heard %+v", h)
		}
	})
}

func TestAudioSinkQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := playing(t, &AudioSink{})
		if n := write(t, a, time.Hour); n != DefaultQueue {
			t.Errorf("took %v, want %v", n, DefaultQueue)
		}
		if n := write(t, a, ms); n != 0 {
			t.Errorf("a full queue took %v", n)
		}
		time.Sleep(10 * ms)
		if n := write(t, a, time.Hour); n != 10*ms {
			t.Errorf("10ms later it took %v", n)
		}
		a.Flush()
		if n, err := a.Write(make([]byte, 4*10+3)); n != 40 || err != nil {
			t.Errorf("took %d bytes of 10 frames and 3 bytes, %v", n, err)
		}
	})
}

// TestAudioSinkHour feeds an hour as a player does: no underrun, and no frame
// more or less than time allows.
func TestAudioSinkHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := playing(t, &AudioSink{Record: true})
		begin := time.Now()
		sound := make([]byte, stereo.Bytes(time.Second))
		for time.Since(begin) < time.Hour {
			if _, err := a.Write(sound); err != nil {
				t.Fatal(err)
			}
			time.Sleep(37 * ms)
		}
		c := a.Counts()
		if want := framesUp(time.Since(begin)+1, 48000) - 1; c.Heard != want || c.Underruns != 0 {
			t.Errorf("counts %+v, want %d heard", c, want)
		}
		if h := a.Heard(); len(h) != 1 || h[0].Frames != c.Heard {
			t.Errorf("heard %+v", h)
		}
	})
}

func TestAudioSinkRemembersWhatWasHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := playing(t, &AudioSink{Record: true, Capture: true})
		begin := time.Now()
		next := byte(0)
		put := func(d time.Duration) { // every millisecond holds its number
			t.Helper()
			for range d / ms {
				if n, err := a.Write(slices.Repeat([]byte{next}, stereo.Bytes(ms))); err != nil || n != stereo.Bytes(ms) {
					t.Fatal(n, err)
				}
				next++
			}
		}
		put(50 * ms)
		time.Sleep(20 * ms)
		a.Pause(true)
		time.Sleep(time.Second)
		put(10 * ms)
		a.Pause(false)
		time.Sleep(25 * ms)
		a.Flush() // 45 ms were heard, 15 ms are forgotten
		time.Sleep(5 * ms)
		put(10 * ms)
		time.Sleep(12 * ms) // dry for 2 ms
		put(5 * ms)
		time.Sleep(3 * ms)

		type piece struct {
			at, length  time.Duration
			first, last byte
		}
		var got []piece
		for _, h := range a.Heard() {
			if int64(len(h.Data)) != h.Frames*4 {
				t.Fatalf("%d bytes for %d frames", len(h.Data), h.Frames)
			}
			got = append(got, piece{h.At.Sub(begin), stereo.Duration(len(h.Data)), h.Data[0], h.Data[len(h.Data)-1]})
		}
		want := []piece{
			{0, 20 * ms, 0, 19},
			{1020 * ms, 25 * ms, 20, 44},
			{1050 * ms, 10 * ms, 60, 69},
			{1062 * ms, 3 * ms, 70, 72},
		}
		if !slices.Equal(got, want) {
			t.Errorf("heard %v\nwant  %v", got, want)
		}
		if c := a.Counts(); c.Underruns != 1 || c.Silence != 2*ms || c.Flushed != 15*48 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestAudioSinkVanishes(t *testing.T) {
	for name, vanish := range map[string]func(*AudioSink){
		"by itself": func(*AudioSink) {},
		"by hand":   func(a *AudioSink) { time.Sleep(100 * ms); a.Vanish() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &AudioSink{}
				if name == "by itself" {
					a.VanishAfter = 100 * ms
				}
				playing(t, a)
				write(t, a, 150*ms)
				vanish(a)
				time.Sleep(time.Second)
				expectDelay(t, a, 50*ms) // it stands still
				_, writing := a.Write(make([]byte, 4))
				for _, err := range []error{writing, a.Pause(true), a.Flush()} {
					if !errors.Is(err, platform.ErrClosed) {
						t.Errorf("error %v", err)
					}
				}
				if c := a.Counts(); c.Heard != 4800 {
					t.Errorf("counts %+v", c)
				}
				if err := errors.Join(a.Close(), a.Close()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAudioSinkConfigure(t *testing.T) {
	a := &AudioSink{Format: platform.PCMFormat{Rate: 44100, Channels: 1}}
	if _, err := a.Write(nil); err == nil {
		t.Error("Write before Configure returned no error")
	}
	if got, err := a.Configure(stereo); err != nil || !reflect.DeepEqual(got, a.Format) {
		t.Errorf("configured %v, %v", got, err)
	}
	if _, err := new(AudioSink).Configure(platform.PCMFormat{}); err == nil {
		t.Error("Configure of no format returned no error")
	}
	a.Close()
	if _, err := a.Configure(stereo); !errors.Is(err, platform.ErrClosed) {
		t.Errorf("Configure after Close returned %v", err)
	}
}
