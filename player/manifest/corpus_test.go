package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smoothplay/platform/platformtest"
)

// TestCorpus parses what real servers and encoders wrote. TestGolden and the
// tables are its twins on fixtures of our own.
func TestCorpus(t *testing.T) {
	type stream struct {
		kind     string
		levels   int
		chunks   uint64
		start    Ticks
		payloads int
	}
	var cutShort *SyntaxError
	tests := []struct {
		file    string
		err     error // nil, a sentinel, or cutShort for any *SyntaxError
		streams []stream
	}{
		{"rx-player/Smooth_static/media/Manifest_Regular.xml", nil, []stream{{"video", 8, 38, 0, 0}, {"audio", 1, 38, 0, 0}}},
		{"rx-player/Smooth_static/media/Manifest_Custom_Attributes.xml", nil, []stream{{"video", 8, 38, 0, 0}, {"audio", 1, 38, 0, 0}}},
		{"rx-player/Smooth_static/media/Manifest_Empty_Text_Track.xml", nil, []stream{{"video", 8, 38, 0, 0}, {"audio", 1, 38, 0, 0}, {"text", 1, 0, 0, 0}}},
		{"rx-player/Smooth_static/media/Manifest_Not_Starting_at_0.xml", nil, []stream{{"video", 8, 35, 60000000, 0}, {"audio", 1, 35, 60160000, 0}}},
		{"rx-player/static_manifests_for_metaplaylist/smooth_content.ism", nil, []stream{{"audio", 1, 29, 0, 0}}},
		{"dashjs/manifest.xml", nil, []stream{{"video", 6, 208, 0, 0}, {"audio", 1, 208, 0, 0}}},
		{"dashjs/manifestFourCCError.xml", nil, []stream{{"video", 1, 1, 0, 0}, {"audio", 1, 1, 0, 0}}},
		{"dashjs/manifestSubtype.xml", nil, []stream{{"video", 4, 3, 0, 0}, {"video", 1, 3, 0, 0}, {"audio", 1, 3, 0, 0}, {"text", 1, 3, 0, 0}, {"text", 0, 0, 0, 0}, {"text", 0, 0, 0, 0}}},
		{"media3/sample_ismc_1", nil, []stream{{"video", 2, 3, 0, 0}}},
		{"media3/sample_ismc_2", nil, []stream{{"video", 2, 2, 0, 0}}},
		{"gstreamer/mssdemux-inline-1.ismc.xml", nil, []stream{{"video", 1, 4, 0, 0}, {"audio", 1, 1, 0, 0}}},
		{"gstreamer/mssdemux-inline-2.ismc.xml", nil, []stream{{"audio", 1, 1, 0, 0}}},
		{"gstreamer/mssdemux-inline-3.ismc.xml", nil, []stream{{"audio", 1, 4, 0, 0}}},
		{"gstreamer/mssdemux-inline-4.ismc.xml", nil, []stream{{"audio", 1, 1, 0, 0}}},
		{"gstreamer/mssdemux-inline-5.ismc.xml", nil, []stream{{"audio", 1, 1, 0, 0}}},
		{"gstreamer/mssdemux-inline-6.ismc.xml", nil, []stream{{"audio", 1, 1, 0, 0}}},
		{"azure-docs/scte35-sparse-live.ismc.xml", nil, []stream{{"video", 2, 300, 0, 0}, {"audio", 1, 300, 0, 0}, {"text", 1, 2, 600000000, 2}}},
		{"microsoft-docs/multiple-camera-angles.1.xml", nil, []stream{{"video", 14, 0, 0, 0}}},
		{"microsoft-docs/iis-smooth-streaming-client-manifest-smoothstreamingmedia-element.1.xml", ErrUnsupportedVersion, nil},
		{"microsoft-docs/iis-smooth-streaming-client-manifest-smoothstreamingmedia-element.2.xml", nil, []stream{{"video", 4, 3, 0, 0}, {"video", 1, 3, 0, 0}, {"text", 1, 1, 0, 1}, {"audio", 1, 3, 0, 0}, {"text", 1, 3, 0, 0}, {"text", 0, 0, 0, 0}, {"text", 0, 0, 0, 0}}},
		{"microsoft-docs/manifest-merge.1.xml", cutShort, nil},
		{"microsoft-docs/manifest-merge.2.xml", ErrNoStream, []stream{{"text", 1, 9, 40870000, 9}}},
		{"microsoft-docs/timeline-markers-and-events.1.xml", ErrNotManifest, nil},
		{"microsoft-docs/advanced-logging.1.xml", cutShort, nil},
		{"microsoft-docs/composite-manifest-for-rough-cut-editing.1.xml", cutShort, nil},
		{"microsoft-docs/composite-manifest-for-rough-cut-editing.2.xml", cutShort, nil},
		{"microsoft-docs/composite-manifest-for-rough-cut-editing.3.xml", nil, []stream{{"video", 7, 0, 0, 0}, {"audio", 1, 0, 0, 0}}},
		{"microsoft-docs/iis-smooth-streaming-server-manifest-live-smil-element.2.xml", ErrNotManifest, nil},
		{"microsoft-docs/iis-smooth-streaming-server-manifest-on-demand-smil-element.2.xml", ErrNotManifest, nil},
	}
	folder := platformtest.Shared(t, "corpus")
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(test.file)))
			if err != nil {
				t.Skip(err)
			}
			p, err := Parse(data, Limits{})
			switch syntax := new(SyntaxError); {
			case test.err == error(cutShort):
				if !errors.As(err, &syntax) || !strings.Contains(syntax.Reason, "cut off") {
					t.Fatalf("error %v, want one that says that the document was cut short", err)
				}
			case !errors.Is(err, test.err):
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if p == nil {
				p = new(Presentation)
			}
			var got []stream
			for _, s := range p.Streams {
				have := stream{kind: s.Type, levels: len(s.Levels), payloads: len(s.Inline)}
				for i, r := range s.Runs {
					if i == 0 {
						have.start = r.T
					}
					have.chunks += r.Count
				}
				got = append(got, have)
			}
			if len(got) != len(test.streams) {
				t.Fatalf("streams %+v, want %+v", got, test.streams)
			}
			for i := range got {
				if got[i] != test.streams[i] {
					t.Errorf("stream %d is %+v, want %+v", i, got[i], test.streams[i])
				}
			}
		})
	}
}

// TestCorpusScan compares the scanner with encoding/xml on real documents.
func TestCorpusScan(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(platformtest.Shared(t, "corpus"), "*", "*.xml"))
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob(filepath.Join(platformtest.Shared(t, "corpus"), "rx-player", "Smooth_static", "media", "*.xml"))
	compared := 0
	for _, file := range append(files, more...) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := referenceOutline(data)
		if err != nil {
			continue
		}
		compared++
		if got, err := outline(data); err != nil || got != want {
			t.Errorf("%s is read as\n%s (%v)\nand by encoding/xml as\n%s", file, got, err, want)
		}
	}
	if compared == 0 {
		t.Errorf("none of %d files could be compared", len(files))
	}
}
