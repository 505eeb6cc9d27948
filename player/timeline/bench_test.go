package timeline

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"smoothplay/player/manifest"
)

// dayLong is the manifest of 24 hours: 2 s chunks all written out, 8 levels, a
// video and two audio streams. Where varied, no two neighbours have the same
// duration and nothing can be merged.
func dayLong(varied bool) []byte {
	const chunks = 24 * 60 * 60 / 2
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n" + `<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="864000000000">` + "\n")
	for i, kind := range []string{"video", "audio", "audio"} {
		fmt.Fprintf(&b, "  <StreamIndex Type=%q Name=\"%s%d\" Chunks=\"%d\" Url=\"QualityLevels({bitrate})/Fragments(%s%d={start time})\">\n", kind, kind, i, chunks, kind, i)
		for level := range 8 {
			if kind == "video" || level == 0 {
				fmt.Fprintf(&b, "    <QualityLevel Index=\"%d\" Bitrate=\"%d\" FourCC=\"H264\" MaxWidth=\"1280\" MaxHeight=\"720\" CodecPrivateData=\"000000016742800d8d6506476ffc0380\"/>\n", level, 300000*(level+1))
			}
		}
		t := int64(0)
		for n := range int64(chunks) {
			d := int64(20_000_000)
			if varied {
				d += n%2*53333 - n%3
			}
			fmt.Fprintf(&b, "    <c n=\"%d\" t=\"%d\" d=\"%d\"/>\n", n, t, d)
			t += d
		}
		b.WriteString("  </StreamIndex>\n")
	}
	b.WriteString("</SmoothStreamingMedia>\n")
	return b.Bytes()
}

// BenchmarkDay: parse/… is to take at most 1.3 times of tokens.
func BenchmarkDay(b *testing.B) {
	data := dayLong(false)
	b.Run("tokens", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			d := xml.NewDecoder(bytes.NewReader(data))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	for name, data := range map[string][]byte{"parse/equal": data, "parse/varied": dayLong(true)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				p, err := manifest.Parse(data, manifest.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := New(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func dayLongSnapshot(t testing.TB, varied bool) *Snapshot {
	t.Helper()
	p, err := manifest.Parse(dayLong(varied), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return snapshot(t, p)
}

// BenchmarkAt: at most 200 ns, no allocation.
func BenchmarkAt(b *testing.B) {
	for name, varied := range map[string]bool{"equal": false, "varied": true} {
		stream := dayLongSnapshot(b, varied).Stream(0)
		pos := time.Duration(0)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if stream.At(pos) > stream.Len() {
					b.Fatal("outside")
				}
				pos = (pos + 7919*time.Second) % (24 * time.Hour)
			}
		})
	}
}

func BenchmarkChunk(b *testing.B) {
	for name, varied := range map[string]bool{"equal": false, "varied": true} {
		stream := dayLongSnapshot(b, varied).Stream(0)
		index := 0
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if stream.Chunk(index).Duration == 0 {
					b.Fatal("no duration")
				}
				index = (index + 7919) % stream.Len()
			}
		})
	}
}

// TestDayIsSmall holds how much memory a day takes, even where nothing repeats.
func TestDayIsSmall(t *testing.T) {
	for name, test := range map[string]struct {
		varied bool
		most   int64 // bytes
	}{"equal": {false, 64 << 10}, "varied": {true, 8 << 20}} {
		data := dayLong(test.varied)
		before := heap()
		p, err := manifest.Parse(data, manifest.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		s := snapshot(t, p)
		held := heap() - before
		runtime.KeepAlive(data)
		if s.Stream(0).Len() != 43200 || s.Stream(2).Len() != 43200 {
			t.Errorf("%s: %d chunks of video, %d of audio", name, s.Stream(0).Len(), s.Stream(2).Len())
		}
		if held > test.most {
			t.Errorf("%s: %d bytes are held, want at most %d", name, held, test.most)
		}
		t.Logf("%s: %d bytes held, the document has %d", name, held, len(data))
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestNoAllocations(t *testing.T) {
	stream := dayLongSnapshot(t, true).Stream(0)
	n := testing.AllocsPerRun(100, func() {
		c := stream.Chunk(stream.At(11 * time.Hour))
		stream.Ticks(stream.Position(c.T) + stream.Offset(-7))
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
