//go:build cgo

package ffmpeg

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"smoothplay/platform"
)

// benchClip is 1080p30 at about 6 Mbit/s.
func benchClip(b *testing.B, encode ...string) *clip {
	args := []string{"-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30", "-vf", "noise=alls=6:allf=t", "-t", "10",
		"-c:v", "libx264", "-preset", "veryfast", "-b:v", "6M", "-maxrate", "7M", "-bufsize", "12M", "-g", "60", "-bf", "2", "-pix_fmt", "yuv420p"}
	return makeClip(b, append(args, encode...)...)
}

func processCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDecode decodes 1080p30, and for comparison has the ffmpeg command
// decode the same file to nothing; cpu-ms/picture is the figure to compare.
func BenchmarkDecode(b *testing.B) {
	c := benchClip(b)
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			b.ReportAllocs()
			pictures := 0
			out := func(p *platform.Picture) error { pictures++; p.Release(); return nil }
			start := processCPU()
			for b.Loop() {
				d, err := Decoders{Threads: threads}.OpenVideo(*c.format)
				if err != nil {
					b.Fatal(err)
				}
				for i := range c.samples {
					if err := d.Decode(&c.samples[i], out); err != nil {
						b.Fatal(err)
					}
				}
				if err := d.Drain(out); err != nil {
					b.Fatal(err)
				}
				d.Close()
			}
			cpu := processCPU() - start
			b.ReportMetric(float64(cpu.Microseconds())/1000/float64(pictures), "cpu-ms/picture")
		})
		b.Run(fmt.Sprintf("ffmpeg/threads=%d", threads), func(b *testing.B) {
			var cpu float64
			for b.Loop() {
				out, err := exec.Command("ffmpeg", "-hide_banner", "-nostdin", "-benchmark", "-threads", strconv.Itoa(threads), "-i", c.path, "-f", "null", "-").CombinedOutput()
				if err != nil {
					b.Skip("skipped: the ffmpeg command does not run: ", err)
				}
				for _, m := range regexp.MustCompile(`[us]time=([0-9.]+)s`).FindAllSubmatch(out, -1) {
					s, _ := strconv.ParseFloat(string(m[1]), 64)
					cpu += s
				}
			}
			b.ReportMetric(1000*cpu/float64(b.N)/float64(len(c.samples)), "cpu-ms/picture")
		})
	}
}

// BenchmarkDecodeAudio decodes and resamples one AAC sample, 23 ms of sound.
func BenchmarkDecodeAudio(b *testing.B) {
	c := sound(b, "44100", "4")
	for _, rate := range []int{44100, 48000} {
		b.Run(fmt.Sprintf("to=%d", rate), func(b *testing.B) {
			b.ReportAllocs()
			d := openAudio(b, c.format, platform.PCMFormat{Rate: rate, Channels: 2})
			out := func(*platform.PCM) error { return nil }
			i := 0
			for b.Loop() {
				if err := d.Decode(&c.samples[i%len(c.samples)], out); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
