package manifest

import (
	"errors"
	"testing"
)

func TestMerge(t *testing.T) {
	const chunks = `<c t="0" d="20000000"/>`
	root := func(more string) []byte {
		return []byte(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">` + more + `</SmoothStreamingMedia>`)
	}
	parse := func(data []byte) *Presentation {
		p, err := Parse(data, Limits{})
		if p == nil || err != nil && !errors.Is(err, ErrNoStream) {
			t.Fatal(err)
		}
		return p
	}
	main := parse(root(streamOf("video", "", chunks, 500) + streamOf("audio", "", chunks, 64)))
	markers := `<StreamIndex Type="text" Name="MARKERS" Subtype="CHAPTER" ParentStreamIndex="video" ManifestOutput="TRUE"><c t="40870000"><f>Q2hhcHRlciAx</f></c></StreamIndex>`
	extra := parse(root(markers + streamOf("audio", `Language="fr"`, chunks, 96) + streamOf("video", "", chunks, 9)))
	got := Merge(main, extra, "http://other/x.ism/Manifest?a=b")
	if len(got.Streams) != 4 || len(main.Streams) != 2 || len(got.Warnings) != len(main.Warnings)+1 || extra.Streams[0].Base != "" {
		t.Fatalf("%+v", got)
	}
	if s := got.Streams[2]; len(s.Inline) != 1 || string(s.Inline[0].Data) != "Chapter 1" {
		t.Errorf("%+v", s)
	}
	for i, want := range map[int]string{1: "http://main/a.ism/QualityLevels(64)/Fragments(audio=0)", 3: "http://other/x.ism/QualityLevels(96)/Fragments(audio=0)"} {
		s := &got.Streams[i]
		if url := ChunkURL("http://main/a.ism/Manifest", s, &s.Levels[0], 0); url != want {
			t.Errorf("%s, want %s", url, want)
		}
	}
	extra.Protections = []Protection{{}}
	if got := Merge(main, extra, "x"); len(got.Streams) != 3 {
		t.Errorf("%d streams with sound of other keys", len(got.Streams))
	}
	main.Clips = []Clip{{}}
	if got := Merge(main, extra, "x"); len(got.Streams) != 2 {
		t.Errorf("%d streams of a composite", len(got.Streams))
	}
}
