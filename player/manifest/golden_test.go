package manifest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden shows everything that is read from the fixtures.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Parse(data, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got := dump(p)
			golden := strings.TrimSuffix(file, ".xml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is parsed to\n%s\nand not, as %s says, to\n%s", file, got, golden, want)
			}
		})
	}
}

// dump shows a Presentation as text, a line for each thing in it.
func dump(p *Presentation) string {
	var b strings.Builder
	line := func(indent int, format string, args ...any) {
		fmt.Fprintf(&b, strings.Repeat("  ", indent)+format+"\n", args...)
	}
	flag := func(v *bool) string {
		if v == nil {
			return "-"
		}
		return fmt.Sprint(*v)
	}
	line(0, "version %d.%d timescale %d duration %d live %t lookahead %d window %d seek %s pause %s log %q",
		p.MajorVersion, p.MinorVersion, p.TimeScale, p.Duration, p.Live, p.LookAhead, p.DVRWindow, flag(p.CanSeek), flag(p.CanPause), p.LogURL)
	for _, a := range p.Attributes {
		line(1, "attribute %q = %q", a.Name, a.Value)
	}
	for _, h := range p.Protections {
		line(1, "protection %q %q", h.SystemID, h.Data)
	}
	for _, s := range p.Streams {
		line(1, "%s %q subtype %q language %q timescale %d parent %q output %t max %dx%d display %dx%d", s.Type, s.Name, s.Subtype,
			s.Language, s.TimeScale, s.Parent, s.ManifestOutput, s.MaxWidth, s.MaxHeight, s.DisplayWidth, s.DisplayHeight)
		line(2, "url %q", s.URL)
		for _, a := range s.Attributes {
			line(2, "attribute %q = %q", a.Name, a.Value)
		}
		for _, l := range s.Levels {
			line(2, "level %d bitrate %q = %d nominal %d size %dx%d fourcc %q codec %x wave %x", l.Index, l.Bitrate, l.BitrateBPS,
				l.NominalBPS, l.Width, l.Height, l.FourCC, l.CodecData, l.WaveFormatEx)
			line(3, "rate %d channels %d bits %d packet %d tag %d nal %d fps %g url %q", l.SamplingRate, l.Channels,
				l.BitsPerSample, l.PacketSize, l.AudioTag, l.NALLength, l.FrameRate, l.URL)
			for _, a := range l.Attributes {
				line(3, "attribute %q = %q", a.Name, a.Value)
			}
			if s.URL != "" && len(s.Runs) > 0 {
				line(3, "first %s", ChunkURL("http://h/x.ism/Manifest", &s, &l, s.Runs[0].T))
			}
		}
		for _, r := range s.Runs {
			line(2, "run t %d d %d count %d", r.T, r.D, r.Count)
		}
		for _, c := range s.Inline {
			line(2, "inline chunk %d level %d %q", c.Chunk, c.Level, c.Data)
		}
		for _, m := range s.Markers {
			line(2, "marker %s %d type %q value %q", m.Element, m.Time, m.Type, m.Value)
		}
	}
	for _, w := range p.Warnings {
		line(1, "warning: %s", w)
	}
	return b.String()
}
