package origin

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform/platformtest"
	"smoothplay/player/manifest"
	"smoothplay/testdata/demo"
)

// demoPresentation returns the demo's parsed manifest.
func demoPresentation(t *testing.T, o *Origin) *manifest.Presentation {
	t.Helper()
	p, err := manifest.Parse(body(t, o, "/demo.ism/Manifest"), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The manifest tells the truth about every fragment: t and d follow each other
// without a gap and are what the samples add up to, the first picture of each
// fragment is shown at t exactly, and the bitrates are those of the bytes.
func TestDemoIsHonest(t *testing.T) {
	o := newOrigin(t, Config{})
	p := demoPresentation(t, o)
	if len(p.Warnings) > 0 || p.Duration != 24*10_000_000 || len(p.Streams) != 6 || len(p.Streams[0].Levels) != demo.Levels {
		t.Fatalf("duration %d, %d streams, warnings %q", p.Duration, len(p.Streams), p.Warnings)
	}
	total := 0
	for i := range p.Streams {
		s := &p.Streams[i]
		for j := range s.Levels {
			l := &s.Levels[j]
			size, next := 0, manifest.Ticks(0)
			for _, run := range s.Runs {
				for k := range run.Count {
					at := run.T + manifest.Ticks(k)*run.D
					if at != next {
						t.Errorf("%s: a chunk at %d instead of %d", s.Name, at, next)
					}
					next = at + run.D
					url := manifest.ChunkURL("/demo.ism/", s, l, at)
					data := body(t, o, url)
					size += len(data)
					checkDemoFragment(t, url, data, s.Type == "video", uint64(at), uint64(run.D))
				}
			}
			if next != p.Duration {
				t.Errorf("%s: ends at %d", s.Name, next)
			}
			measured := float64(size) * 8 / 24
			if off := measured/float64(l.BitrateBPS) - 1; math.Abs(off) > 0.015 && s.Type != "text" {
				t.Errorf("%s at %d bit/s: measured %.0f (%+.1f %%)", s.Name, l.BitrateBPS, measured, 100*off)
			}
			total += size
		}
	}
	if total > 11_000_000 {
		t.Errorf("%d bytes in all", total)
	}
}

// checkDemoFragment reads a fragment with mp4ff.
func checkDemoFragment(t *testing.T, name string, data []byte, video bool, at, d uint64) {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil || len(f.Segments) != 1 || len(f.Segments[0].Fragments) != 1 {
		t.Fatalf("%s: %v", name, err)
	}
	samples, err := f.Segments[0].Fragments[0].GetFullSamples(nil)
	if err != nil || len(samples) == 0 {
		t.Fatalf("%s: %d samples, %v", name, len(samples), err)
	}
	var sum uint64
	shown := map[int64]bool{}
	bframes := 0
	for i, s := range samples {
		shown[int64(sum)+int64(s.CompositionTimeOffset)] = true
		sum += uint64(s.Dur)
		if video && s.IsSync() != (i == 0) {
			t.Errorf("%s: sample %d: sync is %v", name, i, s.IsSync())
		}
		if s.CompositionTimeOffset < 0 {
			bframes++
		}
	}
	if sum != d {
		t.Errorf("%s: samples last %d, d is %d", name, sum, d)
	}
	if !shown[0] || len(shown) != len(samples) {
		t.Errorf("%s: no sample is shown at t, or two at once", name)
	}
	for i := range int64(50) {
		if video && !shown[i*400_000] {
			t.Errorf("%s: no picture at %d", name, i*400_000)
		}
	}
	if video && bframes == 0 {
		t.Errorf("%s: no B-frames", name)
	}
	for _, b := range f.Segments[0].Fragments[0].Moof.Traf.Children {
		if u, ok := b.(*mp4.UUIDBox); ok && u.Tfxd != nil && (u.Tfxd.FragmentAbsoluteTime != at || u.Tfxd.FragmentAbsoluteDuration != d) {
			t.Errorf("%s: tfxd says %+v", name, u.Tfxd)
		}
	}
}

// ffmpegOut runs ffmpeg, which must have nothing to complain of, and hands its
// output to read.
func ffmpegOut(t *testing.T, read func(io.Reader), args ...string) {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("skipped: ffmpeg is not installed")
	}
	cmd := exec.CommandContext(t.Context(), ffmpeg, append([]string{"-v", "warning", "-xerror"}, args...)...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read(out)
	if err := cmd.Wait(); err != nil || complaints.Len() > 0 {
		t.Errorf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, &complaints)
	}
}

// Every picture of every level, decoded by FFmpeg from the media file itself,
// says which it is and from which level, and lights up at the beat.
func TestDemoPictures(t *testing.T) {
	for i, l := range demoPresentation(t, newOrigin(t, Config{})).Streams[0].Levels {
		t.Run(fmt.Sprint(l.BitrateBPS), func(t *testing.T) {
			t.Parallel()
			frame := make([]byte, l.Width*l.Height)
			small := make([]byte, 160*90)
			n := 0
			ffmpegOut(t, func(r io.Reader) {
				for ; ; n++ {
					if _, err := io.ReadFull(r, frame); err != nil {
						break
					}
					want := platformtest.Mark{Level: i, Frame: n}
					if m, ok := platformtest.ReadMark(frame, l.Width, l.Width, l.Height); !ok || m != want {
						t.Fatalf("picture %d says %v, %v", n, m, ok)
					}
					lit := n%demo.FrameRate >= demo.BeatFrame && n%demo.FrameRate < demo.BeatFrame+demo.FlashFrames
					if platformtest.ReadFlash(frame, l.Width, l.Width, l.Height) != lit {
						t.Errorf("picture %d: the flash is not %v", n, lit)
					}
					shrink(small, frame, l.Width, l.Height)
					if m, ok := platformtest.ReadMark(small, 160, 160, 90); !ok || m != want {
						t.Errorf("picture %d, shrunk to 160x90, says %v, %v", n, m, ok)
					}
				}
			}, "-i", filepath.Join("../../testdata/demo", fmt.Sprintf("demo_%d.ismv", l.BitrateBPS)),
				"-pix_fmt", "gray", "-f", "rawvideo", "-")
			if n != demo.Frames {
				t.Errorf("%d pictures", n)
			}
		})
	}
}

// shrink scales a picture to 160x90 by averaging.
func shrink(dst, src []byte, width, height int) {
	for y := range 90 {
		for x := range 160 {
			x0, x1, y0, y1 := x*width/160, (x+1)*width/160, y*height/90, (y+1)*height/90
			sum := 0
			for yy := y0; yy < y1; yy++ {
				for xx := x0; xx < x1; xx++ {
					sum += int(src[yy*width+xx])
				}
			}
			dst[y*160+x] = byte(sum / ((x1 - x0) * (y1 - y0)))
		}
	}
}

// The sound of each language, decoded by FFmpeg, beeps in its own pitch at each
// beat, to 3 ms, and is never silent.
func TestDemoSound(t *testing.T) {
	const rate = 48000
	for lang, hz := range map[string]float64{"eng": demo.BeepEngHz, "deu": demo.BeepDeuHz} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			var pcm []int16
			ffmpegOut(t, func(r io.Reader) {
				data, _ := io.ReadAll(r)
				for i := 0; i+1 < len(data); i += 4 { // the left channel
					pcm = append(pcm, int16(binary.LittleEndian.Uint16(data[i:])))
				}
			}, "-i", "../../testdata/demo/demo_"+lang+".isma", "-f", "s16le", "-")
			if len(pcm) != 24*rate {
				t.Fatalf("%d samples instead of %d", len(pcm), 24*rate)
			}
			beeps := platformtest.FindBeeps(pcm, rate, hz)
			if len(beeps) != 24 {
				t.Fatalf("%d beeps: %v", len(beeps), beeps)
			}
			for s, at := range beeps {
				want := s*rate + demo.BeatFrame*rate/demo.FrameRate
				if at < want-rate*3/1000 || at > want+rate*3/1000 {
					t.Errorf("second %d: the beep begins %.1f ms late", s, 1000*float64(at-want)/rate)
				}
			}
			other := demo.BeepEngHz + demo.BeepDeuHz - hz
			if wrong := platformtest.FindBeeps(pcm, rate, other); len(wrong) > 0 {
				t.Errorf("beeps of the other language at %v", wrong)
			}
			for i := rate / 5; i+rate/20 < len(pcm)-rate/5; i += rate / 20 {
				loudest := int16(0)
				for _, v := range pcm[i : i+rate/20] {
					loudest = max(loudest, v)
				}
				if loudest < 100 {
					t.Errorf("silent after %.2f s", float64(i)/rate)
				}
			}
		})
	}
}

func TestDemoFilesAreSmall(t *testing.T) {
	entries, err := os.ReadDir("../../testdata/demo")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if !e.IsDir() {
			total += info.Size()
		}
	}
	if total > 12_000_000 {
		t.Errorf("%d bytes", total)
	}
}
