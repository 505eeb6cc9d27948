package null

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
)

const frame = 40 * time.Millisecond

// gop makes samples in decoding order: order holds the place of each in
// presentation order, counted from first.
func gop(f *platform.Format, first int, order ...int) []platform.Sample {
	var all []platform.Sample
	for i, n := range order {
		s := platform.Sample{
			PTS:      time.Duration(first+n) * frame,
			DTS:      time.Duration(first+i) * frame,
			Duration: frame,
			Key:      i == 0,
		}
		if i == 0 {
			s.Format = f
		}
		all = append(all, s)
	}
	return all
}

func videoFormat(height int) *platform.Format {
	return &platform.Format{Kind: platform.Video, Codec: platform.H264, Width: height * 16 / 9, Height: height}
}

func audioFormat() platform.Format {
	return platform.Format{Kind: platform.Audio, Codec: platform.AAC, SampleRate: 48000, Channels: 2}
}

func openVideo(t *testing.T, d *Decoders) platform.VideoDecoder {
	t.Helper()
	v, err := d.OpenVideo(*videoFormat(360))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// collect takes pictures and releases them.
func collect(into *[]platform.Picture) func(*platform.Picture) error {
	return func(p *platform.Picture) error {
		*into = append(*into, *p)
		p.Release()
		return nil
	}
}

func numbers(ps []platform.Picture) []int {
	var all []int
	for _, p := range ps {
		all = append(all, int(p.PTS/frame))
	}
	return all
}

func TestVideoOrder(t *testing.T) {
	low, high := videoFormat(360), videoFormat(720)
	for _, test := range []struct {
		name    string
		reorder int
		samples []platform.Sample
		want    []int
		before  int // pictures that come out before Drain
	}{
		{"no B pictures", 0, gop(low, 0, 0, 1, 2, 3), []int{0, 1, 2, 3}, 2},
		{"B pyramid", 0, gop(low, 0, 0, 4, 2, 1, 3, 5), []int{0, 1, 2, 3, 4, 5}, 4},
		{"none held", -1, gop(low, 0, 0, 1, 2), []int{0, 1, 2}, 3},
		{"two groups", 0, slices.Concat(gop(low, 0, 0, 2, 1, 3), gop(low, 4, 0, 2, 1, 3)), []int{0, 1, 2, 3, 4, 5, 6, 7}, 6},
		{"open group", 0, slices.Concat(gop(low, 0, 0, 2, 1), gop(low, 0, 5, 3, 4, 7, 6)), []int{0, 1, 2, 3, 4, 5, 6, 7}, 6},
		{"level switch", 0, slices.Concat(gop(low, 0, 0, 2, 1), gop(high, 3, 0, 2, 1)), []int{0, 1, 2, 3, 4, 5}, 4},
		{"next item begins at 0", 0, slices.Concat(gop(low, 100, 0, 2, 1), gop(low, 0, 0, 2, 1, 3)), []int{100, 101, 102, 0, 1, 2, 3}, 5},
		{"deeper than thought", 1, // the third is late once, then the depth fits
			slices.Concat(gop(low, 0, 0, 4, 2, 1, 3), gop(low, 5, 0, 4, 2, 1, 3)), []int{0, 2, 1, 3, 4, 5, 6, 7, 8, 9}, 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &Decoders{Reorder: test.reorder}
			v := openVideo(t, d)
			var got []platform.Picture
			for i := range test.samples {
				if err := v.Decode(&test.samples[i], collect(&got)); err != nil {
					t.Fatal(err)
				}
			}
			if len(got) != test.before {
				t.Errorf("%d pictures before Drain, want %d", len(got), test.before)
			}
			if err := v.Drain(collect(&got)); err != nil {
				t.Fatal(err)
			}
			if n := numbers(got); !slices.Equal(n, test.want) {
				t.Errorf("pictures %v, want %v", n, test.want)
			}
			if d.Held() != 0 {
				t.Errorf("%d pictures held", d.Held())
			}
		})
	}
}

func TestPictureTellsItsSource(t *testing.T) {
	low := videoFormat(360)
	low.AspectWidth, low.AspectHeight = 4, 3
	high := videoFormat(720)
	v := openVideo(t, &Decoders{})
	var got []platform.Picture
	for _, s := range slices.Concat(gop(low, 0, 0, 1), gop(high, 2, 0)) {
		if err := v.Decode(&s, collect(&got)); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Drain(collect(&got)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []platform.Picture{
		{PTS: 0, Duration: frame, Key: true, Source: low, Width: 640, Height: 360, AspectWidth: 4, AspectHeight: 3},
		{PTS: frame, Duration: frame, Source: low, Width: 640, Height: 360, AspectWidth: 4, AspectHeight: 3},
		{PTS: 2 * frame, Duration: frame, Key: true, Source: high, Width: 1280, Height: 720},
	} {
		p := got[i]
		p.Free = nil
		want.Format = platform.Surface
		if a, b := fmt.Sprintf("%+v", p), fmt.Sprintf("%+v", want); a != b {
			t.Errorf("picture %d:\n got %s\nwant %s", i, a, b)
		}
	}
}

func TestPixels(t *testing.T) {
	v := openVideo(t, &Decoders{Pixels: image.Pt(5, 3), Reorder: -1})
	s := gop(videoFormat(360), 0, 0)[0]
	var got []platform.Picture
	if err := v.Decode(&s, collect(&got)); err != nil {
		t.Fatal(err)
	}
	p := got[0]
	if p.Format != platform.I420 || p.Width != 5 || p.Height != 3 || p.AspectWidth != 640 || p.AspectHeight != 360 {
		t.Errorf("picture %+v", p)
	}
	if p.Strides != [3]int{5, 3, 3} || len(p.Planes[0]) != 15 || len(p.Planes[1]) != 6 || len(p.Planes[2]) != 6 {
		t.Errorf("planes of %d, %d, %d bytes, strides %v", len(p.Planes[0]), len(p.Planes[1]), len(p.Planes[2]), p.Strides)
	}
}

func TestVideoNeedsKey(t *testing.T) {
	lost := errors.New("lost")
	f := videoFormat(360)
	d := &Decoders{}
	ignore := func(p *platform.Picture) error { p.Release(); return nil }
	key, delta := gop(f, 0, 0, 1)[0], gop(f, 0, 0, 1)[1]
	other := delta
	other.Format = videoFormat(720)
	for _, test := range []struct {
		name  string
		first func(v platform.VideoDecoder) error
		then  platform.Sample
		want  error
	}{
		{"at the start", func(v platform.VideoDecoder) error { return nil }, delta, ErrNeedKey},
		{"after a key sample", func(v platform.VideoDecoder) error { return v.Decode(&key, ignore) }, delta, nil},
		{"after Flush", func(v platform.VideoDecoder) error { return errors.Join(v.Decode(&key, ignore), v.Flush()) }, delta, ErrNeedKey},
		{"after Drain", func(v platform.VideoDecoder) error { return errors.Join(v.Decode(&key, ignore), v.Drain(ignore)) }, delta, ErrNeedKey},
		{"at a change of format", func(v platform.VideoDecoder) error { return v.Decode(&key, ignore) }, other, ErrNeedKey},
		{"after a lost sample", func(v platform.VideoDecoder) error {
			d.Fail = func(*platform.Sample) error { return lost }
			defer func() { d.Fail = nil }()
			if err := v.Decode(&key, ignore); !errors.Is(err, lost) {
				return fmt.Errorf("Decode of a lost sample returned %v", err)
			}
			return nil
		}, delta, ErrNeedKey},
		{"after a lost sample, with a key sample", func(v platform.VideoDecoder) error { return nil }, key, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := openVideo(t, d)
			if err := test.first(v); err != nil {
				t.Fatal(err)
			}
			if err := v.Decode(&test.then, ignore); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			if d.Held() != 0 {
				t.Errorf("%d pictures held after Close", d.Held())
			}
			if err := v.Decode(&key, ignore); err == nil {
				t.Error("Decode after Close returned no error")
			}
		})
	}
}

func TestErrorOfOutLosesNothing(t *testing.T) {
	stop := errors.New("stop")
	v := openVideo(t, &Decoders{})
	var got []platform.Picture
	for i, s := range gop(videoFormat(360), 0, 0, 3, 1, 2, 4) {
		err := v.Decode(&s, func(p *platform.Picture) error {
			collect(&got)(p)
			return stop
		})
		if called := i >= defaultReorder; called != errors.Is(err, stop) {
			t.Errorf("sample %d: error %v", i, err)
		}
	}
	if err := v.Drain(collect(&got)); err != nil {
		t.Fatal(err)
	}
	if n := numbers(got); !slices.Equal(n, []int{0, 1, 2, 3, 4}) {
		t.Errorf("pictures %v", n)
	}
}

func TestCostPassesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &Decoders{Cost: func(s *platform.Sample) time.Duration {
			if s.Key {
				return 50 * time.Millisecond
			}
			return 10 * time.Millisecond
		}}
		v := openVideo(t, d)
		begin := time.Now()
		var got []platform.Picture
		for _, s := range gop(videoFormat(1080), 0, 0, 1, 2) {
			if err := v.Decode(&s, collect(&got)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 70*time.Millisecond {
			t.Errorf("three samples took %v, want 70ms", took)
		}
	})
}

func TestEffortLeavesPicturesOut(t *testing.T) {
	d := &Decoders{Cost: func(*platform.Sample) time.Duration { return ms }}
	for _, test := range []struct {
		level platform.EffortLevel
		after platform.EffortLevel // set after the fourth sample
		want  []int
	}{
		{platform.EffortFull, platform.EffortFull, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{platform.EffortNoLoopFilter, platform.EffortFull, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{platform.EffortReferences, platform.EffortReferences, []int{0, 2, 4, 5, 7, 9}},
		{platform.EffortReferences, platform.EffortFull, []int{0, 2, 3, 4, 5, 6, 7, 8, 9}},
		{platform.EffortKeys, platform.EffortKeys, []int{0, 5}},
		{platform.EffortKeys, platform.EffortFull, []int{0, 5, 6, 7, 8, 9}},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := openVideo(t, d)
			begin := time.Now()
			v.(platform.Effort).SetEffort(test.level)
			var got []platform.Picture
			f := videoFormat(360)
			for i, s := range slices.Concat(gop(f, 0, 0, 4, 2, 1, 3), gop(f, 5, 0, 4, 2, 1, 3)) {
				if i == 4 {
					v.(platform.Effort).SetEffort(test.after)
				}
				s.Disposable = i%5 >= 3
				if err := v.Decode(&s, collect(&got)); err != nil {
					t.Fatal(err)
				}
			}
			if err := v.Drain(collect(&got)); err != nil {
				t.Fatal(err)
			}
			if n := numbers(got); !slices.Equal(n, test.want) {
				t.Errorf("effort %d, then %d: pictures %v, want %v", test.level, test.after, n, test.want)
			}
			if took := time.Since(begin); took != time.Duration(len(test.want))*ms {
				t.Errorf("%d pictures took %v", len(test.want), took)
			}
		})
	}
}

func TestSupports(t *testing.T) {
	refusal := fmt.Errorf("too large: %w", platform.ErrUnsupported)
	d := &Decoders{Refuse: func(f platform.Format) error {
		if f.Height > 720 {
			return refusal
		}
		return nil
	}}
	for _, test := range []struct {
		f    platform.Format
		want error
	}{
		{*videoFormat(720), nil},
		{*videoFormat(1080), refusal},
		{audioFormat(), nil},
		{platform.Format{Kind: platform.Video, Codec: platform.AAC}, platform.ErrUnsupported},
		{platform.Format{Kind: platform.Text, Codec: platform.TTML}, platform.ErrUnsupported},
		{platform.Format{Kind: platform.Video, Codec: "av2"}, platform.ErrUnsupported},
		{platform.Format{}, platform.ErrUnsupported},
	} {
		if err := d.Supports(test.f); !errors.Is(err, test.want) {
			t.Errorf("Supports(%v %q): %v, want %v", test.f.Kind, test.f.Codec, err, test.want)
		}
	}
	if _, err := d.OpenVideo(audioFormat()); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("OpenVideo of sound: %v", err)
	}
	if _, err := d.OpenAudio(*videoFormat(360), platform.PCMFormat{Rate: 48000, Channels: 2}); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("OpenAudio of pictures: %v", err)
	}
	if _, err := d.OpenAudio(audioFormat(), platform.PCMFormat{}); err == nil {
		t.Error("OpenAudio into no format returned no error")
	}
}

// TestAudioNeverDrifts plays an hour of AAC frames, years from zero, whose times
// are rounded to 100 ns, as manifests have them.
func TestAudioNeverDrifts(t *testing.T) {
	for _, rate := range []int{48000, 44100, 22050} {
		out := platform.PCMFormat{Rate: 48000, Channels: 1}
		a, err := (&Decoders{}).OpenAudio(audioFormat(), out)
		if err != nil {
			t.Fatal(err)
		}
		tick := func(n int64) time.Duration { return timeOf(n*1024, rate) / 100 * 100 }
		first := int64(rate / 1024 * 3600 * 24 * 1000)
		last := first + int64(rate/1024*3600)
		frames := frameAt(tick(first), out.Rate)
		for n := first; n < last; n++ {
			s := platform.Sample{PTS: tick(n), Duration: tick(n+1) - tick(n), Key: true}
			err := a.Decode(&s, func(p *platform.PCM) error {
				if p.PTS != timeOf(frames, out.Rate) {
					return fmt.Errorf("sound at %v, want %v", p.PTS, timeOf(frames, out.Rate))
				}
				frames += int64(len(p.Data) / out.FrameBytes())
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if want := frameAt(tick(last), out.Rate); frames != want {
			t.Errorf("%d Hz: %d frames, want %d", rate, frames, want)
		}
	}
}

func TestAudioFollowsTheTimeline(t *testing.T) {
	out := platform.PCMFormat{Rate: 48000, Channels: 2}
	d := &Decoders{Signal: func(frame int64, channel int) int16 { return int16(frame)*2 + int16(channel) }}
	a, err := d.OpenAudio(audioFormat(), out)
	if err != nil {
		t.Fatal(err)
	}
	type piece struct{ pts, length time.Duration }
	var got []piece
	decode := func(pts, length time.Duration) {
		t.Helper()
		err := a.Decode(&platform.Sample{PTS: pts, Duration: length}, func(p *platform.PCM) error {
			got = append(got, piece{p.PTS, out.Duration(len(p.Data))})
			first := frameAt(p.PTS, out.Rate)
			for i := range len(p.Data) / 2 {
				want := d.Signal(first+int64(i/2), i%2)
				if v := int16(binary.NativeEndian.Uint16(p.Data[2*i:])); v != want {
					return fmt.Errorf("value %d at %v is %d, want %d", i, p.PTS, v, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const ms = time.Millisecond
	decode(0, 20*ms)
	decode(20*ms+100*time.Microsecond, 20*ms-100*time.Microsecond) // sloppy, but a continuation
	decode(100*ms, 20*ms)                                          // a hole
	decode(10*ms, 20*ms)                                           // backwards: another item
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
	decode(31*ms, 10*ms) // exact after Flush, though close to what came before
	want := []piece{{0, 20 * ms}, {20 * ms, 20 * ms}, {100 * ms, 20 * ms}, {10 * ms, 20 * ms}, {31 * ms, 10 * ms}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestAudioBoundsHostileDurations(t *testing.T) {
	a, err := (&Decoders{}).OpenAudio(audioFormat(), platform.PCMFormat{Rate: 48000, Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{-1, longest + 1, math.MaxInt64} {
		if err := a.Decode(&platform.Sample{Duration: d}, func(*platform.PCM) error { return nil }); err == nil {
			t.Errorf("a sample of %v was decoded", d)
		}
	}
	largest := 0
	err = a.Decode(&platform.Sample{Duration: longest}, func(p *platform.PCM) error {
		largest = max(largest, len(p.Data))
		return nil
	})
	if err != nil || largest != pieceFrames*4 {
		t.Errorf("a sample of %v: pieces of %d bytes, error %v", longest, largest, err)
	}
}

func TestFramesAndTimesAgree(t *testing.T) {
	for _, rate := range []int{1, 8000, 44100, 48000, 192000} {
		for _, n := range []int64{0, 1, 2, 1023, 1024, 44099, 44101, 1 << 20, 1 << 33, 1 << 40} {
			if time.Duration(n/int64(rate)) > math.MaxInt64/time.Second-1 {
				continue
			}
			at := timeOf(n, rate)
			if got := frameAt(at, rate); got != n {
				t.Errorf("frameAt(timeOf(%d, %d)) = %d", n, rate, got)
			}
			if got := framesUp(at, rate); got != n {
				t.Errorf("framesUp(%v, %d) = %d, want %d", at, rate, got, n)
			}
			if got := framesUp(at+1, rate); got != n+1 {
				t.Errorf("framesUp(%v, %d) = %d, want %d", at+1, rate, got, n+1)
			}
		}
	}
	if got := frameAt(-time.Second-time.Second/2, 1000); got != -1500 {
		t.Errorf("frameAt(-1.5s) = %d, want -1500", got)
	}
}
