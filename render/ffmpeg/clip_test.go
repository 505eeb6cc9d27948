//go:build cgo

package ffmpeg

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

// A clip is one coded stream as the player would hand it to a decoder.
type clip struct {
	path    string
	format  *platform.Format
	samples []platform.Sample // of format, in decoding order
}

// makeClip encodes a short stream with the ffmpeg command, whose arguments are
// given without the output.
func makeClip(t testing.TB, args ...string) *clip {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	command(t, append(args, path)...)
	return readClip(t, path)
}

func command(t testing.TB, args ...string) []byte {
	t.Helper()
	tool, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("skipped: the ffmpeg command, which makes the test clip, is not installed")
	}
	var stderr bytes.Buffer
	cmd := exec.Command(tool, append([]string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg %q: %v: %s", args, err, &stderr)
	}
	return out
}

func readClip(t testing.TB, path string) *clip {
	t.Helper()
	quiet()
	in := astiav.AllocFormatContext()
	defer in.Free()
	if err := in.OpenInput(path, nil, nil); err != nil {
		t.Fatal(err)
	}
	defer in.CloseInput()
	if err := in.FindStreamInfo(nil); err != nil {
		t.Fatal(err)
	}
	stream := in.Streams()[0]
	par := stream.CodecParameters()
	f := &platform.Format{
		Config: par.ExtraData(), Width: par.Width(), Height: par.Height(),
		SampleRate: par.SampleRate(), Channels: par.Channels(),
	}
	for _, ids := range []map[platform.Codec]astiav.CodecID{videoIDs, audioIDs} {
		for codec, id := range ids {
			if id == par.CodecID() {
				f.Codec = codec
			}
		}
	}
	switch {
	case par.MediaType() == astiav.MediaTypeAudio:
		f.Kind = platform.Audio
	case len(f.Config) > 0 && f.Config[0] == 1:
		f.NALLength = 4
	}
	c := &clip{path: path, format: f}
	base := stream.TimeBase()
	at := func(n int64) time.Duration {
		return time.Duration(n*int64(base.Num())) * time.Second / time.Duration(base.Den())
	}
	p := astiav.AllocPacket()
	defer p.Free()
	for in.ReadFrame(p) == nil {
		if p.StreamIndex() == stream.Index() {
			c.samples = append(c.samples, platform.Sample{
				PTS: at(p.Pts()), DTS: at(p.Dts()), Duration: at(p.Duration()),
				Key: p.Flags().Has(astiav.PacketFlagKey), Data: p.Data(),
			})
		}
		p.Unref()
	}
	if len(c.samples) == 0 {
		t.Fatalf("%s has no samples", path)
	}
	c.samples[0].Format = f
	return c
}

// video is a moving picture with B-frames and a key frame each second.
func video(t testing.TB, size string, seconds int, more ...string) *clip {
	args := []string{"-f", "lavfi", "-i", "testsrc2=size=" + size + ":rate=25", "-t", time.Duration(seconds * 1e9).String()[:1],
		"-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2", "-pix_fmt", "yuv420p"}
	return makeClip(t, append(args, more...)...)
}

// sound is a sine of 440 Hz in stereo.
func sound(t testing.TB, rate string, seconds string, more ...string) *clip {
	args := []string{"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=" + rate, "-t", seconds, "-ac", "2", "-c:a", "aac"}
	return makeClip(t, append(args, more...)...)
}

// from returns the samples of the fragment that begins at a key sample, as after
// a level switch: with the format on the first.
func (c *clip) from(at time.Duration) []platform.Sample {
	i := slices.IndexFunc(c.samples, func(s platform.Sample) bool { return s.Key && s.PTS >= at })
	s := slices.Clone(c.samples[i:])
	s[0].Format = c.format
	return s
}

func (c *clip) until(at time.Duration) []platform.Sample {
	i := slices.IndexFunc(c.samples, func(s platform.Sample) bool { return s.Key && s.PTS >= at })
	return c.samples[:i]
}

// times returns the times of samples in the order of presentation.
func times(samples []platform.Sample) []time.Duration {
	var out []time.Duration
	for _, s := range samples {
		out = append(out, s.PTS)
	}
	slices.Sort(out)
	return out
}
