package manifest

import (
	"fmt"
	"slices"
	"testing"
)

func TestChunks(t *testing.T) {
	const vod, live = `Duration="0"`, `Duration="0" IsLive="TRUE"`
	tests := []struct {
		name, root, chunks string
		want               []Run
		warnings           int
	}{
		{"durations alone", vod, `<c d="20020000"/><c d="20020000"/><c d="20020000"/><c d="20020000"/>`, []Run{{0, 20020000, 4}}, 0},
		{"repetition", vod, `<c t="100" d="10" r="3"/><c d="5"/>`, []Run{{100, 10, 3}, {130, 5, 1}}, 0},
		{"times alone but the last", vod, `<c t="0"/><c t="20"/><c t="50" d="10"/>`, []Run{{0, 20, 1}, {20, 30, 1}, {50, 10, 1}}, 0},
		{"n sets no time", vod, `<c n="7" d="10"/><c n="8" d="10"/>`, []Run{{0, 10, 2}}, 0},
		{"gap", vod, `<c t="0" d="20"/><c t="30" d="10"/>`, []Run{{0, 20, 1}, {30, 10, 1}}, 0},
		{"repetition without duration", vod, `<c t="0" r="3"/><c t="30" d="10"/>`, []Run{{0, 10, 4}}, 0},
		{"repetition that does not divide", vod, `<c t="0" r="3"/><c t="32" d="10"/>`, []Run{{0, 10, 2}, {20, 12, 1}, {32, 10, 1}}, 0},
		{"repetition in no time", vod, `<c t="0" r="9"/><c t="4" d="10"/>`, []Run{{0, 4, 1}, {4, 10, 1}}, 0},
		{"last duration from Duration", `Duration="50"`, `<c t="0"/><c t="20"/>`, []Run{{0, 20, 1}, {20, 30, 1}}, 1},
		{"Duration is a length", `Duration="50"`, `<c t="100" d="20"/><c/><c t="120"/>`, []Run{{100, 20, 1}, {120, 30, 1}}, 2},
		{"Duration already over", `Duration="10"`, `<c t="0"/><c t="20"/>`, []Run{{0, 20, 2}}, 1},
		{"single without any duration", vod, `<c t="20"/>`, []Run{{20, 0, 1}}, 1},
		{"last repeats without duration", `Duration="50"`, `<c d="20"/><c t="20" r="3"/>`, []Run{{0, 20, 1}, {20, 10, 3}}, 1},
		{"live: last lasts as the one before", live, `<c t="0" d="20"/><c t="20"/>`, []Run{{0, 20, 2}}, 1},
		{"live: empty", live, ``, nil, 0},
		{"equal times", vod, `<c t="0" d="10"/><c t="0" d="10"/>`, []Run{{0, 10, 1}}, 1},
		{"decreasing time", vod, `<c t="100" d="10"/><c t="50" d="10"/><c d="10"/>`, []Run{{100, 10, 2}}, 1},
		{"decreasing without duration", vod, `<c t="100"/><c t="50"/><c t="110" d="5"/>`, []Run{{100, 10, 1}, {110, 5, 1}}, 1},
		{"within a repetition", vod, `<c t="0" d="10" r="5"/><c t="35" d="10"/>`, []Run{{0, 10, 5}}, 1},
		{"overlap", vod, `<c t="0" d="10" r="3"/><c t="28" d="10"/>`, []Run{{0, 10, 2}, {20, 8, 1}, {28, 10, 1}}, 0},
		{"large overlap", vod, `<c t="0" d="30000000"/><c t="20000000" d="20000000"/>`, []Run{{0, 20000000, 2}}, 1},
		{"small gap", vod, `<c t="0" d="10"/><c t="11" d="10"/>`, []Run{{0, 10, 1}, {11, 10, 1}}, 0},
		{"explicit equals implied", vod, `<c t="0" d="10"/><c t="10" d="10"/><c d="10"/><c t="30" d="10"/>`, []Run{{0, 10, 4}}, 0},
		{"r of zero", vod, `<c d="10" r="0"/><c d="10"/>`, []Run{{0, 10, 2}}, 0},
		{"r of one", vod, `<c d="10" r="1"/><c d="10"/>`, []Run{{0, 10, 2}}, 0},
		{"r negative", vod, `<c d="10" r="-1"/><c d="10"/>`, []Run{{0, 10, 2}}, 1},
		{"neither t nor d", vod, `<c/><c n="1"/><c d="10"/><c r="2"/><c d="10"/>`, []Run{{0, 10, 2}}, 1},
		{"d of zero is none", vod, `<c t="0" d="0"/><c t="20" d="10"/>`, []Run{{0, 20, 1}, {20, 10, 1}}, 0},
		{"missing d, then missing t", vod, `<c t="5"/><c d="10"/>`, []Run{{5, 10, 2}}, 1},
		{"repeated missing d, then missing t", vod, `<c d="7"/><c t="7" r="2"/><c d="10"/>`, []Run{{0, 7, 3}, {21, 10, 1}}, 1},
		{"times beyond 2^53", vod, `<c t="17443164950004001" d="1"/><c t="17443164950004003" d="1"/>`, []Run{{17443164950004001, 1, 1}, {17443164950004003, 1, 1}}, 0},
		{"Duration beyond all times", `Duration="18446744073709551615" TimeScale="1"`, `<c t="5" d="5"/><c t="10"/>`, []Run{{5, 5, 2}}, 1},
		{"times beyond 2^63", vod, `<c t="18446744073709551610" d="5"/>`, []Run{{18446744073709551610, 5, 1}}, 0},
		{"upper case and other attributes", vod, `<C T="5" D="10" N="1" x="y" long="z"/>`, []Run{{5, 10, 1}}, 0},
		{"children are skipped", vod, `<c d="10"><f i="0" s="1525" q="2122"/><c d="99"/>text</c><c d="10"/>`, []Run{{0, 10, 2}}, 0},
		{"white space", vod, "<c\r\n\tt = ' 5 '\n d='10'\t/>", []Run{{5, 10, 1}}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, document(test.root, video(test.chunks)))
			if got := p.Streams[0].Runs; !slices.Equal(got, test.want) {
				t.Errorf("runs %v, want %v", got, test.want)
			}
			if len(p.Warnings) != test.warnings {
				t.Errorf("warnings %q, want %d", p.Warnings, test.warnings)
			}
		})
	}
}

// TestSparseChunksEndWithPresentation: text that begins late does not end late.
func TestSparseChunksEndWithPresentation(t *testing.T) {
	p := mustParse(t, document(`Duration="100"`, video(`<c d="100"/>`)+
		`<StreamIndex Type="text" Url="u"><c t="40"/><c t="70"/></StreamIndex>`))
	if want := []Run{{40, 30, 2}}; !slices.Equal(p.Streams[1].Runs, want) {
		t.Errorf("runs %v, want %v", p.Streams[1].Runs, want)
	}
	if len(p.Warnings) != 0 {
		t.Errorf("warnings %q: for text it is normal that durations are missing", p.Warnings)
	}
}

// TestLastDurationInScaleOfStream: Duration counts in the root's TimeScale.
func TestLastDurationInScaleOfStream(t *testing.T) {
	p := mustParse(t, document(`Duration="5" TimeScale="1"`, `<StreamIndex Type="audio" TimeScale="48000" Url="u"><QualityLevel/><c d="48000"/><c t="48000"/></StreamIndex>`))
	if want := []Run{{0, 48000, 1}, {48000, 4 * 48000, 1}}; !slices.Equal(p.Streams[0].Runs, want) {
		t.Errorf("runs %v, want %v", p.Streams[0].Runs, want)
	}
}

func TestStreamTimeScale(t *testing.T) {
	tests := []struct {
		root, attribute string
		want            uint64
		warnings        int
	}{
		{``, ``, 10_000_000, 0},
		{`TimeScale="1000"`, ``, 1000, 0},
		{`TimeScale="1000"`, `TimeScale="48000"`, 48000, 0},
		{``, `timescale="48000"`, 48000, 0},
		{``, `StreamTimeScale="48000"`, 48000, 0},
		{`TimeScale="1000"`, `TimeScale="0"`, 1000, 1},
	}
	for _, test := range tests {
		p := mustParse(t, document(`Duration="1" `+test.root, fmt.Sprintf(`<StreamIndex Type="audio" Url="u" %s><QualityLevel Bitrate="1"/></StreamIndex>`, test.attribute)))
		if got := p.Streams[0].TimeScale; got != test.want || len(p.Warnings) != test.warnings {
			t.Errorf("%+v: TimeScale %d, warnings %q", test, got, p.Warnings)
		}
	}
}
