package pipeline

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/buffer"
)

// faithful are decoders that stay with the codec they were opened for, and tell
// what is done to them.
type faithful struct {
	null.Decoders
	mu  sync.Mutex
	log []string
}

func (f *faithful) note(what string, codec platform.Codec) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, fmt.Sprintf("%s %s", what, codec))
}

// OpenVideo implements [platform.Decoders].
func (f *faithful) OpenVideo(format platform.Format) (platform.VideoDecoder, error) {
	d, err := f.Decoders.OpenVideo(format)
	f.note("open", format.Codec)
	return &faithfulVideo{d, f, format.Codec}, err
}

// OpenAudio implements [platform.Decoders].
func (f *faithful) OpenAudio(format platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	d, err := f.Decoders.OpenAudio(format, out)
	f.note("open", format.Codec)
	return &faithfulAudio{d, f, format.Codec}, err
}

// refuse is what a decoder says to a sample of another codec.
func (f *faithful) refuse(s *platform.Sample, codec platform.Codec) error {
	if s.Format == nil || s.Format.Codec == codec {
		return nil
	}
	f.note("refuse", s.Format.Codec)
	return fmt.Errorf("from %s to %s: %w", codec, s.Format.Codec, platform.ErrUnsupported)
}

type faithfulVideo struct {
	platform.VideoDecoder
	by    *faithful
	codec platform.Codec
}

// Decode implements [platform.VideoDecoder].
func (d *faithfulVideo) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	if err := d.by.refuse(s, d.codec); err != nil {
		return err
	}
	return d.VideoDecoder.Decode(s, out)
}

// Flush implements [platform.VideoDecoder].
func (d *faithfulVideo) Flush() error {
	d.by.note("flush", d.codec)
	return d.VideoDecoder.Flush()
}

// Close implements [platform.VideoDecoder].
func (d *faithfulVideo) Close() error {
	d.by.note("close", d.codec)
	return d.VideoDecoder.Close()
}

type faithfulAudio struct {
	platform.AudioDecoder
	by    *faithful
	codec platform.Codec
}

// Decode implements [platform.AudioDecoder].
func (d *faithfulAudio) Decode(s *platform.Sample, out func(*platform.PCM) error) error {
	if err := d.by.refuse(s, d.codec); err != nil {
		return err
	}
	return d.AudioDecoder.Decode(s, out)
}

// Flush implements [platform.AudioDecoder].
func (d *faithfulAudio) Flush() error {
	d.by.note("flush", d.codec)
	return d.AudioDecoder.Flush()
}

// Close implements [platform.AudioDecoder].
func (d *faithfulAudio) Close() error {
	d.by.note("close", d.codec)
	return d.AudioDecoder.Close()
}

// A decoder plays one presentation after the other, and gives way only where the
// codec is another: where that is seen before, at once; where it refuses, after it
// has given all it holds.
func TestDecodersAreKept(t *testing.T) {
	hevc := func() *platform.Format { return &platform.Format{Kind: platform.Video, Codec: platform.HEVC} }
	f := &faithful{}
	showing(t, f, func(m *movie) {
		next := func(format *platform.Format) {
			m.before = len(m.sink.Shown())
			m.restart(0)
			m.push(format, 0, 1)
		}
		next(h264())
		m.play()
		time.Sleep(time.Second)
		next(h264())
		m.play()
		time.Sleep(time.Second)
		next(hevc())
		m.push(h264(), 1, 2) // a level of another codec
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(5 * time.Second)
		m.shows(0, 4*time.Second)
		if r := m.monitor.Take(); len(r.Failures) != 0 {
			t.Errorf("failures: %v", r.Failures)
		}
	})
	want := []string{"open h264", "flush h264", "close h264", "open hevc", "refuse h264", "close hevc", "open h264", "close h264"}
	if !slices.Equal(f.log, want) {
		t.Errorf("video: %q, want %q", f.log, want)
	}
}

func TestSoundDecodersAreKept(t *testing.T) {
	ac3 := aac()
	ac3.Codec = platform.AC3
	f := &faithful{Decoders: null.Decoders{Signal: counting().Signal}}
	withTrack(t, f, func(r *rig, q *buffer.Queue) {
		for i, format := range []*platform.Format{aac(), aac(), ac3} {
			r.feeder.Flush(uint64(i+1), 0)
			r.clock.Set(0)
			q.Restart(uint64(i+1), 0)
			pushSound(q, format, 0, 1)
			synctest.Wait()
		}
		pushSound(q, aac(), 1, 2) // a level of another codec
		q.SetEnded(true)
		r.play()
		time.Sleep(5 * time.Second)
		if rep := r.monitor.Take(); len(rep.Failures) != 0 || rep.AudioEnded != 3 || rep.Gaps != 0 {
			t.Errorf("failures %v, ended in epoch %d, %d gaps", rep.Failures, rep.AudioEnded, rep.Gaps)
		}
		want(t, heard(r.sink)[:4*48000], 0, 4*time.Second, count)
	})
	want := []string{"open aac", "flush aac", "close aac", "open ac3", "refuse aac", "close ac3", "open aac", "close aac"}
	if !slices.Equal(f.log, want) {
		t.Errorf("%q, want %q", f.log, want)
	}
}
