package pipeline

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/buffer"
)

func aac() *platform.Format {
	return &platform.Format{Kind: platform.Audio, Codec: platform.AAC, SampleRate: 48000, Channels: 2}
}

// accessUnit is how long one lasts.
const accessUnit = 1024 * time.Second / 48000

// pushSound appends fragments of two seconds of coded sound.
func pushSound(q *buffer.Queue, format *platform.Format, from, to int) {
	for n := from; n < to; n++ {
		f := &buffer.Fragment{Chunk: n, Start: time.Duration(n) * fragmentLasts, End: time.Duration(n+1) * fragmentLasts, Format: format, Bytes: 1000}
		unit := func(t time.Duration) int { return int((t*48000/time.Second + 1023) / 1024) }
		for i := unit(f.Start); i < unit(f.End); i++ {
			pts := time.Duration(i) * 1024 * time.Second / 48000
			next := time.Duration(i+1) * 1024 * time.Second / 48000
			f.Samples = append(f.Samples, platform.Sample{PTS: pts, DTS: pts, Duration: next - pts, Key: true, Data: []byte{0}})
		}
		q.Push(f)
	}
}

// withTrack runs do with a queue behind a decode loop behind the feeder.
func withTrack(t *testing.T, decoders platform.Decoders, do func(*rig, *buffer.Queue)) {
	t.Helper()
	var q *buffer.Queue
	inBubbleWith(t, &null.AudioSink{}, func(r *rig) *Audio {
		q = buffer.New(0)
		return NewAudio(1, q, decoders, stereo, r.monitor)
	}, func(r *rig) {
		var work sync.WaitGroup
		work.Go(func() { _ = r.branch.Run(r.ctx) })
		defer work.Wait()
		defer r.cancel()
		do(r, q)
	})
}

// counting decoders number the frames of the timeline, as count does.
func counting() *null.Decoders {
	return &null.Decoders{Signal: func(frame int64, _ int) int16 { return count(int(frame)) }}
}

func TestSoundOfATrack(t *testing.T) {
	for _, pos := range []time.Duration{0, 10 * ms, 3217 * ms} {
		t.Run("from "+pos.String(), func(t *testing.T) {
			withTrack(t, counting(), func(r *rig, q *buffer.Queue) {
				r.feeder.Flush(2, pos)
				r.clock.Set(pos)
				q.Restart(1, 0)
				pushSound(q, aac(), 0, 4)
				q.SetEnded(true)
				if !q.Seek(2, pos) {
					t.Fatal("not in the queue")
				}
				r.play()
				time.Sleep(10 * time.Second)
				got := heard(r.sink)
				whole := time.Duration((8*48000+1023)/1024*1024) * time.Second / 48000
				want(t, got, pos, whole, count)
				if rep := r.monitor.Take(); rep.AudioEnded != 2 || rep.Gaps != 0 || len(rep.Failures) != 0 {
					t.Errorf("ended in epoch %d, %d gaps, failures %v", rep.AudioEnded, rep.Gaps, rep.Failures)
				}
			})
		})
	}
}

// TestSoundIsDecodedFromAShortWayBeforeThePlace: not from the beginning of the
// fragment.
func TestSoundIsDecodedFromAShortWayBeforeThePlace(t *testing.T) {
	var decoded []time.Duration
	d := counting()
	d.Cost = func(s *platform.Sample) time.Duration { decoded = append(decoded, s.PTS); return 0 }
	withTrack(t, d, func(r *rig, q *buffer.Queue) {
		r.feeder.Flush(1, 1500*ms)
		q.Restart(1, 1500*ms)
		pushSound(q, aac(), 0, 1)
		synctest.Wait()
		if len(decoded) < 3 || decoded[0] != 0 { // the one that tells the format
			t.Fatalf("decoded: %v", decoded)
		}
		if from := decoded[1]; from > 1500*ms-soundPreroll+accessUnit || from < 1500*ms-soundPreroll-accessUnit {
			t.Errorf("decoded from %v on, want %v before the place", from, soundPreroll)
		}
	})
}

func TestLostSoundIsSilent(t *testing.T) {
	broken := errors.New("broken frame")
	d := counting()
	d.Fail = func(s *platform.Sample) error {
		if s.PTS/accessUnit == 20 {
			return broken
		}
		return nil
	}
	withTrack(t, d, func(r *rig, q *buffer.Queue) {
		q.Restart(1, 0)
		pushSound(q, aac(), 0, 1)
		q.SetEnded(true)
		r.play()
		time.Sleep(3 * time.Second)
		rep := r.monitor.Take()
		if len(rep.Failures) != 1 || rep.Failures[0].Kind != platform.Audio || !errors.Is(rep.Failures[0].Err, broken) {
			t.Fatalf("failures: %+v", rep.Failures)
		}
		if rep.Gaps != 1 {
			t.Errorf("%d gaps, want 1", rep.Gaps)
		}
		got := heard(r.sink)
		lost := int(rep.Failures[0].PTS * 48000 / time.Second)
		want(t, got[:lost], 0, time.Duration(lost)*time.Second/48000, count)
		if i := slices.IndexFunc(got[lost+2:], func(v int16) bool { return v != 0 }); i < 1020 || i > 1024 {
			t.Errorf("%d frames are silent, want the 1024 that are lost", i+2)
		}
		for i := lost + 1026; i < len(got); i++ {
			if got[i] != count(i) {
				t.Fatalf("frame %d is %d, want %d: what follows is out of place", i, got[i], count(i))
			}
		}
	})
}

// mute is a decoder of sound that cannot be flushed, or not opened at first.
type mute struct {
	*null.Decoders
	fails int // of opening
	opens int
}

func (m *mute) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	if m.opens++; m.opens <= m.fails {
		return nil, errors.New("no decoder is free")
	}
	d, err := m.Decoders.OpenAudio(f, out)
	return &unflushable{d}, err
}

type unflushable struct{ platform.AudioDecoder }

func (*unflushable) Flush() error { return errors.New("stuck") }

func TestAudioDecoderIsOpenedAgain(t *testing.T) {
	d := &mute{Decoders: counting(), fails: 3}
	withTrack(t, d, func(r *rig, q *buffer.Queue) {
		q.Restart(1, 0)
		pushSound(q, aac(), 0, 2)
		synctest.Wait()
		if rep := r.monitor.Take(); len(rep.Failures) != 3 || d.opens != 4 {
			t.Errorf("%d failures, opened %d times, want 3 and 4", len(rep.Failures), d.opens)
		}
		r.feeder.Flush(2, time.Second)
		r.clock.Set(time.Second)
		q.Seek(2, time.Second)
		q.SetEnded(true)
		r.play()
		time.Sleep(5 * time.Second)
		if rep := r.monitor.Take(); len(rep.Failures) != 1 || d.opens != 5 || rep.AudioEnded != 2 {
			t.Errorf("after a flush that failed: %d failures, opened %d times, ended in epoch %d", len(rep.Failures), d.opens, rep.AudioEnded)
		}
		want(t, heard(r.sink)[:48000], time.Second, 2*time.Second, count)
	})
}

func TestTrimFront(t *testing.T) {
	data := pcm(0, 10*ms, count)
	for _, c := range []struct {
		pts, from, to time.Duration
		frames        int
	}{
		{time.Second, 0, time.Second, 480},
		{time.Second, time.Second, time.Second, 480},
		{time.Second, time.Second + 5*ms, time.Second + 5*ms, 240},
		{time.Second, time.Second + 10*time.Microsecond, time.Second, 480}, // less than half a frame
		{time.Second, time.Second + 11*time.Microsecond, time.Second + time.Second/48000, 479},
		{time.Second, time.Second + 10*ms, time.Second + 10*ms, 0},
		{time.Second, time.Hour, time.Second + 10*ms, 0},
	} {
		got, pts := trimFront(stereo, data, c.pts, c.from)
		if len(got) != 4*c.frames || pts != c.to {
			t.Errorf("%v cut at %v: %d frames from %v on, want %d from %v", c.pts, c.from, len(got)/4, pts, c.frames, c.to)
		}
		if len(got) > 0 && sample(got) != count(480-c.frames) {
			t.Errorf("%v cut at %v begins with frame %d", c.pts, c.from, sample(got))
		}
	}
}
