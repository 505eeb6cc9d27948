package manifest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// composite is a composite manifest of the given clips.
func composite(clips ...string) []byte {
	return []byte(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">` + strings.Join(clips, "") + `</SmoothStreamingMedia>`)
}

// clipOf is a clip of a presentation at url with the given streams.
func clipOf(url string, begin, end uint64, streams ...string) string {
	return fmt.Sprintf(`<Clip Url="%s" ClipBegin="%d" ClipEnd="%d">%s</Clip>`, url, begin, end, strings.Join(streams, ""))
}

// streamOf is a StreamIndex with levels of the given bitrates.
func streamOf(kind, attributes, chunks string, rates ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<StreamIndex Type="%s" Url="QualityLevels({bitrate})/Fragments(%s={start time})" Chunks="99" %s>`, kind, kind, attributes)
	for _, rate := range rates {
		fmt.Fprintf(&b, `<QualityLevel Bitrate="%d" FourCC="H264"/>`, rate)
	}
	return b.String() + chunks + `</StreamIndex>`
}

func TestClips(t *testing.T) {
	const chunks = `<c t="140000000"/><c t="160000000" d="20000000"/>`
	p, err := Parse(composite(
		clipOf("http://a/x.ism/Manifest", 140000000, 170000000, streamOf("video", "", chunks, 500, 1000), streamOf("audio", `Language="en"`, chunks, 64)),
		clipOf("../b.ism/Manifest", 150000000, 180000000,
			streamOf("audio", `Language="de"`, chunks, 64), streamOf("audio", `Language="en"`, chunks, 96), streamOf("video", "", chunks, 900)),
	), Limits{})
	if err != nil || len(p.Warnings) > 0 {
		t.Fatal(err, p)
	}
	if len(p.Clips) != 2 || len(p.Streams) != 2 || p.Streams[0].Runs != nil {
		t.Fatalf("%+v", p)
	}
	second := p.Clips[1]
	if second.Begin != 150000000 || second.End != 180000000 || len(second.Streams[0].Levels) != 2 ||
		second.Streams[0].Levels[0].BitrateBPS != 900 || second.Streams[1].Levels[0].BitrateBPS != 96 {
		t.Errorf("%+v", second)
	}
	for k, want := range []string{"http://a/x.ism/QualityLevels(500)/Fragments(video=140000000)", "http://h/b.ism/QualityLevels(900)/Fragments(video=140000000)"} {
		s := &p.Clips[k].Streams[0]
		if url := ChunkURL(ClipURL("http://h/cut/all.csm?token=1", &p.Clips[k]), s, &s.Levels[0], s.Runs[0].T); url != want {
			t.Errorf("%s, want %s", url, want)
		}
	}
}

func TestClipsThatLack(t *testing.T) {
	const chunks = `<c t="0" d="20000000"/>`
	video, audio := streamOf("video", "", chunks, 500), streamOf("audio", "", chunks, 64)
	for _, test := range []struct {
		name     string
		document []byte
		clips    int
		streams  int
		err      error
	}{
		{"sound of one", composite(clipOf("a", 0, 9, video, audio), clipOf("b", 0, 9, video)), 2, 1, nil},
		{"an end", composite(clipOf("a", 9, 9, video), clipOf("b", 0, 9, video)), 1, 1, nil},
		{"all", composite(clipOf("a", 9, 9, video)), 0, 0, ErrNoStream},
		{"streams", composite(clipOf("a", 0, 9)), 1, 0, ErrNoStream},
		{"bounds", composite(`<Clip Url="a">` + video + `</Clip>`), 1, 1, nil},
		{"text in common", composite(clipOf("a", 0, 9, video, streamOf("text", "", chunks, 1))), 1, 1, nil},
		{"a number", composite(`<Clip ClipBegin="x" ClipEnd="9">` + video + `</Clip>`), 0, 0, new(SyntaxError)},
		{"a host", composite(clipOf("http://", 0, 9, video)), 0, 0, new(SyntaxError)},
		{"a segment", []byte(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0"><Segment/></SmoothStreamingMedia>`), 0, 0, ErrSegmented},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := Parse(test.document, Limits{})
			syntax := (*SyntaxError)(nil)
			if _, wants := test.err.(*SyntaxError); wants {
				if !errors.As(err, &syntax) {
					t.Errorf("error %v", err)
				}
				return
			}
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if p != nil && (len(p.Clips) != test.clips || len(p.Streams) != test.streams) {
				t.Errorf("%d clips, %d streams; %v", len(p.Clips), len(p.Streams), p.Warnings)
			}
		})
	}
}

// A small document cannot make levels without end.
func TestClipLevelsBounded(t *testing.T) {
	const chunks = `<c t="0" d="20000000"/>`
	rates := make([]int, 1000)
	clips := []string{clipOf("a", 0, 9, streamOf("video", "", chunks, rates...))}
	for range 200 {
		clips = append(clips, clipOf("a", 0, 9, streamOf("video", "", chunks, 1)))
	}
	if p, err := Parse(composite(clips...), Limits{}); !errors.Is(err, ErrNoStream) || len(p.Streams) > 0 {
		t.Errorf("%v", err)
	}
}

// FuzzComposite holds what is promised of clips.
func FuzzComposite(f *testing.F) {
	const chunks = `<c t="140000000"/><c t="160000000" d="20000000"/>`
	f.Add(composite(
		clipOf("http://a/x.ism/Manifest", 140000000, 170000000, streamOf("video", "", chunks, 500, 1000), streamOf("audio", `Language="en"`, chunks, 64)),
		clipOf("../b.ism", 150000000, 180000000, streamOf("audio", `TimeScale="48000"`, chunks, 96), streamOf("video", "", chunks, 900))))
	f.Add(composite(`<Clip>` + streamOf("video", `TimeScale="3"`, `<c t="18446744073709551610" d="5"/>`, 1) + `</Clip>`))
	if data, err := os.ReadFile("../../../shared/corpus/microsoft-docs/composite-manifest-for-rough-cut-editing.3.xml"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data, Limits{Chunks: 1 << 16})
		if err != nil && !errors.Is(err, ErrNoStream) {
			return
		}
		for k := range p.Clips {
			c := &p.Clips[k]
			if c.Begin >= c.End || len(c.Streams) != len(p.Streams) {
				t.Fatalf("clip %d from %d to %d with %d of %d streams", k, c.Begin, c.End, len(c.Streams), len(p.Streams))
			}
			for i := range c.Streams {
				if len(c.Streams[i].Levels) != len(p.Streams[i].Levels) || c.Streams[i].Type != p.Streams[i].Type || p.Streams[i].Runs != nil {
					t.Fatalf("clip %d, stream %d: %+v of %+v", k, i, c.Streams[i], p.Streams[i])
				}
			}
			_ = ClipURL("http://h/a/b.csm", c)
		}
	})
}
