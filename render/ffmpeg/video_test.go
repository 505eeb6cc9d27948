//go:build cgo

package ffmpeg

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

func openVideo(t testing.TB, threads int, f *platform.Format) platform.VideoDecoder {
	t.Helper()
	d, err := Decoders{Threads: threads}.OpenVideo(*f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// shown is what a test keeps of a picture.
type shown struct {
	pts, duration time.Duration
	width, height int
	key           bool
	source        *platform.Format
	sum           string
}

// sumOf hashes the visible pixels as "ffmpeg -f framemd5" does.
func sumOf(p *platform.Picture) string {
	h := md5.New()
	for i, width := range []int{p.Width, (p.Width + 1) / 2, (p.Width + 1) / 2} {
		rows := p.Height
		if i > 0 {
			rows = (p.Height + 1) / 2
		}
		for y := range rows {
			h.Write(p.Planes[i][y*p.Strides[i]:][:width])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// keep returns an out that records and releases each picture.
func keep(to *[]shown) func(*platform.Picture) error {
	return func(p *platform.Picture) error {
		*to = append(*to, shown{p.PTS, p.Duration, p.Width, p.Height, p.Key, p.Source, sumOf(p)})
		p.Release()
		return nil
	}
}

func decodeAll(t testing.TB, d platform.VideoDecoder, samples []platform.Sample) []shown {
	t.Helper()
	var got []shown
	for i := range samples {
		if err := d.Decode(&samples[i], keep(&got)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Drain(keep(&got)); err != nil {
		t.Fatal(err)
	}
	return got
}

func ptsOf(s []shown) []time.Duration {
	var out []time.Duration
	for _, s := range s {
		out = append(out, s.pts)
	}
	return out
}

func TestNativeContext(t *testing.T) {
	ctx := astiav.AllocCodecContext(astiav.FindDecoder(astiav.CodecIDH264))
	defer ctx.Free()
	ctx.SetWidth(4321)
	if got := nativeContext(ctx).width; got != 4321 {
		t.Fatalf("the first field of astiav.CodecContext is no AVCodecContext: width %d", got)
	}
}

// Every picture must come out once, in order, with the pixels and the time that
// the ffmpeg command gives it.
func TestPicturesAreThoseOfFFmpeg(t *testing.T) {
	for _, size := range []string{"320x180", "322x182"} { // 182 is cropped from 192
		c := video(t, size, 3)
		var want []string
		for line := range strings.Lines(string(command(t, "-i", c.path, "-f", "framemd5", "-"))) {
			if fields := strings.Split(line, ","); len(fields) == 6 && line[0] != '#' {
				want = append(want, strings.TrimSpace(fields[5]))
			}
		}
		for _, threads := range []int{1, 2} {
			got := decodeAll(t, openVideo(t, threads, c.format), c.samples)
			if !slices.Equal(ptsOf(got), times(c.samples)) {
				t.Fatalf("%s, %d threads: times are %v, want %v", size, threads, ptsOf(got), times(c.samples))
			}
			keys := 0
			for i, g := range got {
				if g.sum != want[i] {
					t.Fatalf("%s, %d threads: picture %d at %v differs from ffmpeg's", size, threads, i, g.pts)
				}
				if g.duration != 40*time.Millisecond || g.source != c.format || fmt.Sprintf("%dx%d", g.width, g.height) != size {
					t.Fatalf("%s, %d threads: picture %d is %+v", size, threads, i, g)
				}
				if g.key {
					keys++
				}
			}
			if keys != 3 {
				t.Errorf("%s, %d threads: %d key pictures, want 3", size, threads, keys)
			}
		}
	}
}

func TestLevelSwitchLosesNoPicture(t *testing.T) {
	low, high := video(t, "320x180", 4), video(t, "640x360", 4)
	for _, threads := range []int{1, 2} {
		d := openVideo(t, threads, low.format)
		samples := slices.Concat(low.until(time.Second), high.from(time.Second)[:25], low.from(2*time.Second))
		got := decodeAll(t, d, samples)
		if !slices.Equal(ptsOf(got), times(low.samples)) {
			t.Fatalf("%d threads: times are %v", threads, ptsOf(got))
		}
		for _, g := range got {
			want := low.format
			if g.pts >= time.Second && g.pts < 2*time.Second {
				want = high.format
			}
			if g.source != want || g.width != want.Width {
				t.Errorf("%d threads: the picture at %v is %dx%d", threads, g.pts, g.width, g.height)
			}
		}
	}
}

// A format that says the same must not cost a drain: the next picture comes
// after as many samples as in the middle of a level.
func TestEqualFormatKeepsTheDecoder(t *testing.T) {
	c := video(t, "320x180", 2)
	twin := *c.format
	twin.BitrateBPS = 1
	d := openVideo(t, 1, c.format).(*videoDecoder)
	before := d.codec
	samples := slices.Clone(c.samples)
	samples[25].Format = &twin
	got := decodeAll(t, d, samples)
	if d.codec != before {
		t.Error("the decoder was opened again")
	}
	if !slices.Equal(ptsOf(got), times(c.samples)) {
		t.Errorf("times are %v", ptsOf(got))
	}
	if got[24].source != c.format || got[25].source != &twin {
		t.Error("Source does not change with the sample that has the format")
	}
}

// When one thread turns out to be too slow, a key sample brings more, and no
// picture is lost over it.
func TestMoreThreadsLoseNoPicture(t *testing.T) {
	c := video(t, "320x180", 4)
	d := openVideo(t, 0, c.format).(*videoDecoder)
	d.pace.max = 3
	var got []shown
	for i := range c.samples {
		if i == 49 {
			d.pace.cost, d.pace.period, d.pace.timed = 1000, 40e6, surePictures // ns
		}
		if err := d.Decode(&c.samples[i], keep(&got)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Drain(keep(&got)); err != nil {
		t.Fatal(err)
	}
	if now, most := d.Threads(); now != 3 || most != d.pace.max {
		t.Errorf("%d threads of %d are told", now, most)
	}
	if d.codec.threads != 3 || d.codec.ctx.ThreadCount() != 3 {
		t.Errorf("%d threads, FFmpeg has %d; want 3", d.codec.threads, d.codec.ctx.ThreadCount())
	}
	if !slices.Equal(ptsOf(got), times(c.samples)) {
		t.Errorf("times are %v", ptsOf(got))
	}
}

func TestFlushForgets(t *testing.T) {
	c := video(t, "320x180", 3)
	for _, threads := range []int{1, 2} {
		d := openVideo(t, threads, c.format)
		var got []shown
		for i := range c.samples[:40] {
			if err := d.Decode(&c.samples[i], keep(&got)); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Flush(); err != nil {
			t.Fatal(err)
		}
		after := decodeAll(t, d, c.from(2 * time.Second)[:25])
		if want := times(c.from(2 * time.Second)); !slices.Equal(ptsOf(after), want) {
			t.Fatalf("%d threads: after the flush %v, want %v", threads, ptsOf(after), want)
		}
		// after Drain a key sample begins anew without a flush
		again := decodeAll(t, d, c.from(time.Second)[:25])
		if want := times(c.from(time.Second)[:25]); !slices.Equal(ptsOf(again), want) {
			t.Fatalf("%d threads: after the drain %v, want %v", threads, ptsOf(again), want)
		}
	}
}

// Streams that do not say how far they reorder lose pictures in FFmpeg's
// default mode: strip the statement, and none may be missing.
func TestReorderingThatIsNotAnnounced(t *testing.T) {
	c := video(t, "320x180", 2, "-bf", "3", "-x264-params", "b-pyramid=normal", "-bsf:v", "h264_metadata=level=1.2")
	c.format.Config = withoutVUI(t, c.format.Config)
	got := decodeAll(t, openVideo(t, 1, c.format), c.samples)
	if !slices.Equal(ptsOf(got), times(c.samples)) {
		t.Fatalf("%d of %d pictures: %v", len(got), len(c.samples), ptsOf(got))
	}
}

// withoutVUI clears vui_parameters_present_flag of the SPS in an avcC, the last
// flag that x264 writes before the VUI.
func withoutVUI(t *testing.T, avcC []byte) []byte {
	t.Helper()
	n := int(avcC[6])<<8 | int(avcC[7])
	sps, rest := avcC[8:8+n], avcC[8+n:]
	short := vuiFlagCleared(sps)
	if short == nil {
		t.Fatal("the SPS has no VUI to strip")
	}
	return slices.Concat(avcC[:6], []byte{byte(len(short) >> 8), byte(len(short))}, short, rest)
}

func TestParameterSetsInTheSamples(t *testing.T) {
	c := video(t, "320x180", 1, "-bsf:v", "dump_extra=freq=keyframe")
	bare := *c.format
	bare.Config = nil
	samples := slices.Clone(c.samples)
	samples[0].Format = &bare
	if got := decodeAll(t, openVideo(t, 1, &bare), samples); len(got) != 25 {
		t.Errorf("length-prefixed samples without avcC: %d of 25 pictures", len(got))
	}
	annexB := bare
	annexB.NALLength = 0
	for i := range samples {
		data, err := appendAnnexB(nil, samples[i].Data, 4)
		if err != nil {
			t.Fatal(err)
		}
		samples[i].Data = data
	}
	samples[0].Format = &annexB
	if got := decodeAll(t, openVideo(t, 1, &annexB), samples); len(got) != 25 {
		t.Errorf("Annex B samples without configuration: %d of 25 pictures", len(got))
	}
}

func TestShapeAndColour(t *testing.T) {
	tests := []struct {
		name          string
		args          []string
		want          platform.Picture
		width, height int // Format.AspectWidth and AspectHeight
	}{
		{"plain", nil, platform.Picture{}, 0, 0},
		{"sample aspect", []string{"-vf", "setsar=4/3"}, platform.Picture{AspectWidth: 64, AspectHeight: 27}, 0, 0},
		{"manifest wins", []string{"-vf", "setsar=4/3"}, platform.Picture{AspectWidth: 16, AspectHeight: 9}, 16, 9},
		{"BT.709", []string{"-colorspace", "bt709"}, platform.Picture{Matrix: platform.BT709}, 0, 0},
		{"BT.601", []string{"-colorspace", "smpte170m"}, platform.Picture{Matrix: platform.BT601}, 0, 0},
		{"BT.2020", []string{"-colorspace", "bt2020nc"}, platform.Picture{Matrix: platform.BT2020}, 0, 0},
		{"full range", []string{"-pix_fmt", "yuvj420p"}, platform.Picture{FullRange: true}, 0, 0},
		{"ten bits", []string{"-pix_fmt", "yuv420p10le"}, platform.Picture{Format: platform.I420P10}, 0, 0},
		{"4:2:2", []string{"-pix_fmt", "yuv422p"}, platform.Picture{}, 0, 0},
		{"4:4:4 ten bits", []string{"-pix_fmt", "yuv444p10le"}, platform.Picture{}, 0, 0},
		{"full range 4:4:4", []string{"-pix_fmt", "yuvj444p"}, platform.Picture{FullRange: true}, 0, 0},
		{"interlaced", []string{"-flags", "+ildct+ilme", "-x264opts", "tff=1"}, platform.Picture{}, 0, 0}, // made whole
		{"interlaced, ten bits", []string{"-flags", "+ildct+ilme", "-x264opts", "tff=1", "-pix_fmt", "yuv420p10le"}, platform.Picture{Format: platform.I420P10, Interlaced: true}, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := video(t, "320x180", 1, test.args...)
			c.format.AspectWidth, c.format.AspectHeight = test.width, test.height
			d := openVideo(t, 1, c.format)
			n := 0
			check := func(p *platform.Picture) error {
				defer p.Release()
				n++
				got := platform.Picture{AspectWidth: p.AspectWidth, AspectHeight: p.AspectHeight,
					Format: p.Format, Matrix: p.Matrix, FullRange: p.FullRange, Interlaced: p.Interlaced}
				if fmt.Sprint(got) != fmt.Sprint(test.want) {
					t.Errorf("picture is %+v, want %+v", got, test.want)
				}
				for i, plane := range p.Planes {
					rows := p.Height
					if i > 0 {
						rows /= 2
					}
					if len(plane) < p.Strides[i]*(rows-1)+p.Width/2 {
						t.Errorf("plane %d has %d bytes in rows of %d", i, len(plane), p.Strides[i])
					}
				}
				return nil
			}
			for i := range c.samples {
				if err := d.Decode(&c.samples[i], check); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Drain(check); err != nil {
				t.Fatal(err)
			}
			if n != 25 {
				t.Errorf("%d of 25 pictures", n)
			}
		})
	}
}

func TestOtherCodecs(t *testing.T) {
	if err := (Decoders{}).Supports(platform.Format{Kind: platform.Text, Codec: platform.TTML}); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("TTML: %v, want ErrUnsupported", err)
	}
	for codec := range videoIDs {
		if err := (Decoders{}).Supports(platform.Format{Codec: codec}); err != nil {
			t.Errorf("%s: %v", codec, err)
		}
	}
	for codec := range audioIDs {
		if err := (Decoders{}).Supports(platform.Format{Kind: platform.Audio, Codec: codec}); err != nil {
			t.Errorf("%s: %v", codec, err)
		}
	}
	if _, err := (Decoders{}).OpenVideo(platform.Format{Kind: platform.Audio, Codec: platform.AAC}); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("AAC as video: %v, want ErrUnsupported", err)
	}
	t.Run("hevc", func(t *testing.T) {
		if !strings.Contains(string(command(t, "-encoders")), "libx265") {
			t.Skip("skipped: this ffmpeg has no HEVC encoder")
		}
		c := makeClip(t, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "2", "-c:v", "libx265", "-x265-params", "keyint=25:bframes=3:log-level=none", "-pix_fmt", "yuv420p")
		got := decodeAll(t, openVideo(t, 2, c.format), c.samples)
		if !slices.Equal(ptsOf(got), times(c.samples)) {
			t.Errorf("%d of %d pictures: %v", len(got), len(c.samples), ptsOf(got))
		}
	})
}

func TestPicturesOutliveTheDecoder(t *testing.T) {
	c := video(t, "320x180", 1)
	for _, threads := range []int{1, 2} {
		d, err := Decoders{Threads: threads}.OpenVideo(*c.format)
		if err != nil {
			t.Fatal(err)
		}
		var held []*platform.Picture
		var sums []string
		hold := func(p *platform.Picture) error {
			held, sums = append(held, p), append(sums, sumOf(p))
			return nil
		}
		for i := range c.samples {
			if err := d.Decode(&c.samples[i], hold); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Drain(hold); err != nil {
			t.Fatal(err)
		}
		d.Close()
		for i, p := range held {
			if sumOf(p) != sums[i] {
				t.Fatalf("%d threads: picture %d changed after it was delivered", threads, i)
			}
			p.Release()
			p.Release()
		}
		if err := d.Decode(&c.samples[0], hold); !errors.Is(err, platform.ErrClosed) {
			t.Errorf("decoding after Close: %v, want ErrClosed", err)
		}
	}
}

func TestOutCanStop(t *testing.T) {
	c := video(t, "320x180", 2)
	stop := errors.New("stop")
	d := openVideo(t, 2, c.format)
	var got []shown
	refuse := 10
	out := func(p *platform.Picture) error {
		if err := keep(&got)(p); err != nil || len(got) != refuse {
			return err
		}
		return stop
	}
	stops := 0
	for i := range c.samples {
		if err := d.Decode(&c.samples[i], out); err == stop {
			stops++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Drain(out); err != nil {
		t.Fatal(err)
	}
	if stops != 1 || !slices.Equal(ptsOf(got), times(c.samples)) {
		t.Errorf("stopped %d times, then %v", stops, ptsOf(got))
	}
}

func TestEffort(t *testing.T) {
	c := video(t, "320x180", 2)
	for _, test := range []struct {
		level    platform.EffortLevel
		min, max int
	}{
		{platform.EffortFull, 50, 50},
		{platform.EffortNoLoopFilter, 50, 50},
		{platform.EffortReferences, 15, 40},
		{platform.EffortKeys, 2, 2},
	} {
		d := openVideo(t, 1, c.format)
		d.(platform.Effort).SetEffort(test.level)
		if n := len(decodeAll(t, d, c.samples)); n < test.min || n > test.max {
			t.Errorf("level %d: %d pictures, want %d to %d", test.level, n, test.min, test.max)
		}
		d.Flush()
		d.(platform.Effort).SetEffort(platform.EffortFull)
		if n := len(decodeAll(t, d, c.samples)); n != 50 {
			t.Errorf("full again after level %d: %d pictures, want 50", test.level, n)
		}
	}
}

// Samples from the network may hold anything. Nothing may crash, and the next
// intact fragment must come out whole.
func TestGarbage(t *testing.T) {
	c := video(t, "320x180", 3)
	random := rand.New(rand.NewPCG(1, 2))
	for _, threads := range []int{1, 2} {
		d := openVideo(t, threads, c.format)
		drop := func(p *platform.Picture) error { p.Release(); return nil }
		failed := 0
		for range 20 {
			for _, s := range c.samples[:50] {
				s.Data = slices.Clone(s.Data)
				switch random.IntN(4) {
				case 0:
					s.Data = s.Data[:random.IntN(len(s.Data))]
				case 1:
					for range 1 + random.IntN(20) {
						s.Data[random.IntN(len(s.Data))] = byte(random.Uint32())
					}
				case 2:
					for i := range s.Data {
						s.Data[i] = byte(random.Uint32())
					}
				}
				if d.Decode(&s, drop) != nil {
					failed++
				}
			}
		}
		if failed == 0 {
			t.Error("no sample failed: the garbage is too tame")
		}
		var got []shown
		whole := c.from(2 * time.Second)
		for i := range whole {
			if err := d.Decode(&whole[i], keep(&got)); err != nil && i > threads {
				t.Errorf("%d threads: the intact sample %d failed: %v", threads, i, err)
			}
		}
		if err := d.Drain(keep(&got)); err != nil {
			t.Error(err)
		}
		got = slices.DeleteFunc(got, func(s shown) bool { return s.pts < 2*time.Second })
		if !slices.Equal(ptsOf(got), times(whole)) {
			t.Errorf("%d threads: after the garbage %v", threads, ptsOf(got))
		}
	}
}

func TestFormatThatCannotBeOpened(t *testing.T) {
	c := video(t, "320x180", 1)
	d := openVideo(t, 1, c.format)
	bad := *c.format
	bad.Config = []byte{1, 2, 3}
	s := c.samples[0]
	s.Format = &bad
	drop := func(p *platform.Picture) error { p.Release(); return nil }
	_ = d.Decode(&s, drop) // FFmpeg may find fault only with the samples
	if got := decodeAll(t, d, c.samples); len(got) != 25 {
		t.Errorf("%d of 25 pictures after a broken format", len(got))
	}
	s.Format, s.Secure = nil, 7
	if err := d.Decode(&s, drop); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("secure sample: %v, want ErrUnsupported", err)
	}
}

func TestHugePicturesAreRefused(t *testing.T) {
	c := video(t, "2560x1440", 1, "-frames:v", "2")
	liar := *c.format
	liar.Width, liar.Height = 320, 180
	s := c.samples[0]
	s.Format = &liar
	d := openVideo(t, 1, &liar)
	n := 0
	out := func(p *platform.Picture) error { n++; p.Release(); return nil }
	err := d.Decode(&s, out)
	if drain := d.Drain(out); err == nil && drain == nil || n > 0 {
		t.Errorf("%d pictures of 2560x1440 where the format says 320x180, error %v", n, err)
	}
}

func TestOpenAndCloseLeaveNothing(t *testing.T) {
	c := video(t, "640x360", 1)
	round := func() {
		d, err := Decoders{Threads: 2}.OpenVideo(*c.format)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for i := range c.samples[:8] {
			if err := d.Decode(&c.samples[i], func(p *platform.Picture) error { p.Release(); return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 30 {
		round()
	}
	before := residentKB(t)
	for range 200 {
		round()
	}
	// one leaked frame a round would be 200 times 345 KB
	if grown := residentKB(t) - before; grown > 10<<10 {
		t.Errorf("200 rounds of opening, decoding and closing grew the process by %d KB", grown)
	}
}

func residentKB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("skipped: no /proc to read the size of the process from")
	}
	var kb int
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb
}
