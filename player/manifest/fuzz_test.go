package manifest

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func addFixtures(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.xml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(toUTF16(string(data), binary.LittleEndian))
	}
	f.Add(document(`Duration="9" IsLive="TRUE"`, video(`<c t="5" r="3"/><c/><c t="4"/><c t="90" d="18446744073709551615"/>`)))
	f.Add([]byte("<!DOCTYPE html><html>"))
}

// FuzzParse holds that no document breaks the promises about a Presentation.
func FuzzParse(f *testing.F) {
	addFixtures(f)
	limits := Limits{Chunks: 1 << 16}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data, limits)
		if err != nil {
			if len(err.Error()) > 2000 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
			if p == nil {
				return
			}
		}
		if len(p.Warnings) > maxWarnings+1 || p.TimeScale == 0 {
			t.Errorf("%d warnings, TimeScale %d", len(p.Warnings), p.TimeScale)
		}
		total, levels := uint64(0), 0
		for i := range p.Streams {
			s := &p.Streams[i]
			levels += len(s.Levels)
			if s.TimeScale == 0 || s.Type != "text" && len(s.Levels) == 0 {
				t.Errorf("a %s stream with TimeScale %d and %d levels", s.Type, s.TimeScale, len(s.Levels))
			}
			end := uint64(0)
			for k, r := range s.Runs {
				hi, length := bits.Mul64(uint64(r.D), r.Count)
				runEnd, carry := bits.Add64(uint64(r.T), length, 0)
				if r.Count == 0 || hi|carry != 0 || uint64(r.T) < end || r.D == 0 && (k+1 < len(s.Runs) || r.Count > 1) {
					t.Fatalf("run %d of %v", k, s.Runs)
				}
				end = runEnd
				total += r.Count
			}
			for _, c := range s.Inline {
				if c.Chunk < 0 || uint64(c.Chunk) >= total {
					t.Errorf("a payload of chunk %d", c.Chunk)
				}
			}
			for k := range s.Levels {
				ChunkURL("http://h/x.ism/Manifest", s, &s.Levels[k], 1)
			}
		}
		if total > uint64(limits.Chunks) || levels > 4096 || len(p.Streams) > 256 {
			t.Errorf("%d streams, %d levels, %d chunks", len(p.Streams), levels, total)
		}
	})
}

// FuzzScanner compares with encoding/xml: what that library accepts is read alike.
func FuzzScanner(f *testing.F) {
	addFixtures(f)
	f.Add([]byte("<a b='&#x41;&amp;'>x<![CDATA[<]]>y<?p?><c/></a>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		markup := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("<!--"), nil), []byte("<![CDATA["), nil)
		if bytes.Contains(markup, []byte("<!")) || bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")) {
			return // document types, which are skipped; marks, which are toUTF8's affair
		}
		want, err := referenceOutline(data)
		if err != nil || strings.Contains(want, "\r") || strings.Count(want, "=") > maxAttributes || strings.Count(want, "<") > 1000 {
			return
		}
		if got, err := outline(data); err != nil || got != want {
			t.Errorf("%q is read as\n%q (%v)\nand by encoding/xml as\n%q", data, got, err, want)
		}
	})
}

// FuzzChunkURL holds that net/http asks for the URLs as they are.
func FuzzChunkURL(f *testing.F) {
	f.Add("http://h/v/x.ism/Manifest?a=b", "QualityLevels({bitrate},{CustomAttributes})/Fragments(video={start time})", "5", "k", "v", uint64(7))
	f.Add("file:///x.ismc", "../a b/{Bitrate}?c={start_time}#d", "007", "Camera Angle", "ä/ö?%zz%41", uint64(1<<63))
	f.Add("/x.ismc", "//host/{{bitrate}", "5", "", "", uint64(0))
	f.Fuzz(func(t *testing.T, base, template, bitrate, key, value string, time uint64) {
		BaseURL(base)
		ManifestURL(base)
		s, l := &Stream{URL: template}, &Level{Bitrate: bitrate, Attributes: []Attribute{{key, value}}}
		if len(ChunkURL(base, s, l, Ticks(time))) > 3*(len(base)+len(template)+len(template)/4*(len(bitrate)+len(key)+len(value)+20)) {
			t.Error("the URL is longer than what it is made of")
		}
		if template == "" || strings.HasPrefix(template, "//") || strings.Contains(template, "://") {
			return // the host is not ours
		}
		survives(t, ChunkURL("http://h/v/x.ism/Manifest", s, l, Ticks(time)))
	})
}
