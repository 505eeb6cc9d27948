package pipeline

import (
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
)

// plainDecoders open decoders that know of no effort.
type plainDecoders struct{ *null.Decoders }

type plainDecoder struct{ platform.VideoDecoder }

func (d plainDecoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	v, err := d.Decoders.OpenVideo(f)
	return plainDecoder{v}, err
}

// TestEffort: what is left out is left out with any decoder, and pictures are
// whole again from the next key sample on when the effort is.
func TestEffort(t *testing.T) {
	for name, decoders := range map[string]platform.Decoders{
		"a decoder that knows": &null.Decoders{}, "one that does not": plainDecoders{&null.Decoders{}},
	} {
		for _, c := range []struct {
			effort platform.EffortLevel
			shown  int // of 50 pictures of a fragment
		}{
			{platform.EffortFull, 50}, {platform.EffortNoLoopFilter, 50}, {platform.EffortReferences, 18}, {platform.EffortKeys, 1},
		} {
			showing(t, decoders, func(m *movie) {
				m.restart(0)
				m.push(h264(), 0, 6)
				m.queue.SetEnded(true)
				m.play()
				time.Sleep(2500 * ms)
				m.video.SetEffort(c.effort)
				time.Sleep(4 * time.Second)
				m.video.SetEffort(platform.EffortFull)
				time.Sleep(8 * time.Second)
				during := func(from, to time.Duration) int {
					n := 0
					for _, pts := range ptsOf(m.sink.Shown()) {
						if pts >= from && pts < to {
							n++
						}
					}
					return n
				}
				if n := during(4*time.Second, 6*time.Second); n != c.shown {
					t.Errorf("%s: effort %d: %d pictures of a fragment were shown, want %d", name, c.effort, n, c.shown)
				}
				if n := during(8*time.Second, 12*time.Second); n != 100 {
					t.Errorf("%s: after effort %d, %d pictures of 100 were shown", name, c.effort, n)
				}
				shown := ptsOf(m.sink.Shown())
				if !slices.IsSorted(shown) {
					t.Errorf("%s: effort %d: pictures are out of order", name, c.effort)
				}
				r := m.monitor.Take()
				if spared := c.effort >= platform.EffortReferences; (r.Spared > 0) != spared || r.Decoded+r.Spared+r.Omitted != 300 || r.Omitted+r.Dropped+len(r.Failures) != 0 {
					t.Errorf("%s: effort %d: %d decoded, %d spared, %d omitted, %d dropped, failures %v", name, c.effort, r.Decoded, r.Spared, r.Omitted, r.Dropped, r.Failures)
				}
			})
		}
	}
}

// TestLatePicturesAreCounted: those that come out of the decoder when they are
// due already, shown or not.
func TestLatePicturesAreCounted(t *testing.T) {
	for cost, late := range map[time.Duration]bool{20 * ms: false, 44 * ms: true} {
		showing(t, &null.Decoders{Cost: func(*platform.Sample) time.Duration { return cost }}, func(m *movie) {
			m.restart(0)
			m.push(h264(), 0, 5)
			m.queue.SetEnded(true)
			m.play()
			time.Sleep(20 * time.Second)
			// Playing begins here before anything is decoded.
			if r := m.monitor.Take(); (r.Late > 5) != late {
				t.Errorf("%v a picture: %d came late", cost, r.Late)
			}
		})
	}
}

// threaded tells of three threads of four.
type threaded struct{ plainDecoder }

func (threaded) Threads() (now, most int) { return 3, 4 }

type threadedDecoders struct{ *null.Decoders }

func (d threadedDecoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	v, err := d.Decoders.OpenVideo(f)
	return threaded{plainDecoder{v}}, err
}

func TestThreadsAreTold(t *testing.T) {
	showing(t, threadedDecoders{&null.Decoders{}}, func(m *movie) {
		m.restart(0)
		m.push(h264(), 0, 1)
		m.queue.SetEnded(true)
		m.play()
		time.Sleep(3 * time.Second)
		if r := m.monitor.Take(); r.Threads != 3 || r.MostThreads != 4 {
			t.Errorf("%d threads of %d are told", r.Threads, r.MostThreads)
		}
	})
}
