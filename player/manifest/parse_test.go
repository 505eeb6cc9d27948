package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// document is a manifest with the given attributes of its root, after the
// required ones, and the given content.
func document(attributes, content string) []byte {
	return fmt.Appendf(nil, "<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"2\" %s>\n%s\n</SmoothStreamingMedia>", attributes, content)
}

// video is a video stream with one level and the given c elements.
func video(chunks string) string {
	return `<StreamIndex Type="video" Url="Q({bitrate})/F(video={start time})"><QualityLevel Bitrate="5"/>` + chunks + `</StreamIndex>`
}

func mustParse(t *testing.T, data []byte) *Presentation {
	t.Helper()
	p, err := Parse(data, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return p
}

func TestRootAttributes(t *testing.T) {
	is := func(v *bool, want string) bool { return v == nil && want == "" || v != nil && fmt.Sprint(*v) == want }
	tests := []struct {
		attributes string
		ok         func(p *Presentation) bool
	}{
		{`Duration="7"`, func(p *Presentation) bool { return p.Duration == 7 && !p.Live && p.TimeScale == 10_000_000 }},
		{`Duration="7"`, func(p *Presentation) bool { return p.LookAhead == -1 && p.DVRWindow == 0 && is(p.CanSeek, "") }},
		{`Duration=" 18446744073709551615 "`, func(p *Presentation) bool { return p.Duration == 1<<64-1 }},
		{`Duration="7" TimeScale="90000"`, func(p *Presentation) bool { return p.TimeScale == 90000 && p.Streams[0].TimeScale == 90000 }},
		{`Duration="7" TimeScale="0"`, func(p *Presentation) bool { return p.TimeScale == 10_000_000 && len(p.Warnings) == 1 }},
		{`Duration="7" IsLive="TRUE"`, func(p *Presentation) bool { return p.Live }},
		{`Duration="7" IsLive="tRuE"`, func(p *Presentation) bool { return p.Live }},
		{`Duration="7" ISLIVE=' true '`, func(p *Presentation) bool { return p.Live }},
		{`Duration="7" islive="1"`, func(p *Presentation) bool { return p.Live }},
		{`Duration="7" IsLive="FALSE"`, func(p *Presentation) bool { return !p.Live }},
		{`Duration="7" IsLive="perhaps"`, func(p *Presentation) bool { return !p.Live && len(p.Warnings) == 1 }},
		{`Duration="7" LookaheadCount="0"`, func(p *Presentation) bool { return p.LookAhead == 0 }},
		{`Duration="7" LookAheadCount="3"`, func(p *Presentation) bool { return p.LookAhead == 3 }},
		{`Duration="7" LookAheadFragmentCount="2"`, func(p *Presentation) bool { return p.LookAhead == 2 }},
		{`Duration="7" LookAheadFragmentCount="two"`, func(p *Presentation) bool { return p.LookAhead == -1 && len(p.Warnings) == 1 }},
		{`Duration="7" DVRWindowLength="600000000"`, func(p *Presentation) bool { return p.DVRWindow == 600000000 }},
		{`Duration="7" CanSeek="TRUE" CanPause="false"`, func(p *Presentation) bool { return is(p.CanSeek, "true") && is(p.CanPause, "false") }},
		{`Duration="7" LogUrl="http://h/?a&amp;b"`, func(p *Presentation) bool { return p.LogURL == "http://h/?a&b" }},
		{``, func(p *Presentation) bool { return p.Duration == 0 && len(p.Warnings) == 1 }},
		{`Duration="7" Vendor="x" xmlns:v="urn:v" v:a="b"`, func(p *Presentation) bool { return len(p.Warnings) == 0 }},
		{`Duration = "7"
			TimeScale	=	'90000'`, func(p *Presentation) bool { return p.Duration == 7 && p.TimeScale == 90000 }},
	}
	for _, test := range tests {
		if p := mustParse(t, document(test.attributes, video(`<c d="1"/>`))); !test.ok(p) {
			t.Errorf("%s is parsed to\n%s", test.attributes, dump(p))
		}
	}
}

func TestVersions(t *testing.T) {
	tests := []struct {
		attributes string
		err        error
		warnings   int
	}{
		{`MajorVersion="2" MinorVersion="0"`, nil, 0},
		{`MajorVersion="2" MinorVersion="1"`, nil, 0},
		{`MajorVersion="2" MinorVersion="2"`, nil, 0},
		{`MajorVersion="2" MinorVersion="7"`, nil, 1},
		{`MajorVersion="1" MinorVersion="0"`, nil, 0},
		{``, nil, 2},
		{`MajorVersion="3" MinorVersion="0"`, ErrSegmented, 0},
		{`MajorVersion="0" MinorVersion="0"`, ErrUnsupportedVersion, 0},
	}
	for _, test := range tests {
		p, err := Parse([]byte(`<SmoothStreamingMedia Duration="1" `+test.attributes+`>`+video(`<c d="1"/>`)+`</SmoothStreamingMedia>`), Limits{})
		if !errors.Is(err, test.err) || err == nil && len(p.Warnings) != test.warnings {
			t.Errorf("%s: error %v, want %v; %+v", test.attributes, err, test.err, p)
		}
	}
}

// TestSyntaxErrors holds that what leaves no meaning is an error that names
// element, attribute and place.
func TestSyntaxErrors(t *testing.T) {
	tests := []struct {
		name, document     string
		element, attribute string
		line               int
		reason             string
	}{
		{"version", "<SmoothStreamingMedia\n MajorVersion='two'/>", "SmoothStreamingMedia", "MajorVersion", 2, `"two"`},
		{"duration", "<SmoothStreamingMedia Duration='-1'/>", "SmoothStreamingMedia", "Duration", 1, `"-1"`},
		{"timescale", "<SmoothStreamingMedia TimeScale='1e7'/>", "SmoothStreamingMedia", "TimeScale", 1, `"1e7"`},
		{"65 bits", "<SmoothStreamingMedia DVRWindowLength='18446744073709551616'/>", "SmoothStreamingMedia", "DVRWindowLength", 1, "18446744073709551615"},
		{"empty number", "<SmoothStreamingMedia Duration=''/>", "SmoothStreamingMedia", "Duration", 1, `""`},
		{"t", string(document("", "<!--\n-->"+video("\n<c t='0' d='1'/>\n<c T='0x10' d='1'/>"))), "c", "T", 5, `"0x10"`},
		{"d", string(document("", video("<c d='1.5'/>"))), "c", "d", 2, `"1.5"`},
		{"r", string(document("", video("<c d='1' r='many'/>"))), "c", "r", 2, `"many"`},
		{"r of minus", string(document("", video("<c d='1' r='-'/>"))), "c", "r", 2, `"-"`},
		{"time overflow", string(document("", video("\n<c t='18446744073709551615' d='1'/>"))), "c", "", 3, "largest time"},
		{"r overflow", string(document("", video("<c d='18446744073709551615' r='2'/>"))), "c", "", 2, "largest time"},
		{"pending overflow", string(document("", video("<c d='2'/><c t='18446744073709551615'/>"))), "c", "", 2, "largest time"},
		{"guessed overflow", string(document("", video("<c t='18446744073709551600' d='9'/><c t='18446744073709551609'/><c d='1'/>"))), "c", "", 2, "largest time"},
		{"last overflow", string(document("IsLive='true'", video("<c t='18446744073709551600' d='9'/>\n<c t='18446744073709551609'/>"))), "c", "", 3, "largest time"},
		{"stream timescale", string(document("", strings.Replace(video(""), "Url", "TimeScale='fast' Url", 1))), "StreamIndex", "TimeScale", 2, `"fast"`},
		{"no levels", string(document("", "\n<StreamIndex Type='audio' Url='u'><c d='1'/></StreamIndex>")), "StreamIndex", "", 3, "no QualityLevel"},
		{"no bitrate", string(document("", "<StreamIndex Type='audio' Url='{Bitrate}'><QualityLevel/></StreamIndex>")), "QualityLevel", "", 2, "no Bitrate"},
		{"bad bitrate", string(document("", "<StreamIndex Type='audio' Url='u'><QualityLevel Bitrate='5k'/></StreamIndex>")), "QualityLevel", "Bitrate", 2, `"5k"`},
		{"no url", string(document("", "<StreamIndex Type='audio'><QualityLevel Bitrate='5'/></StreamIndex>")), "QualityLevel", "", 2, "Url"},
		{"cut in content", "<SmoothStreamingMedia>\n<StreamIndex>", "StreamIndex", "", 2, "cut off"},
		{"cut in tag", "<SmoothStreamingMedia>\n<StreamIndex Type=", "StreamIndex", "Type", 2, "quotes"},
		{"cut after name", "<SmoothStreamingMedia>\n<Stre", "SmoothStreamingMedia", "", 2, "cut off"},
		{"cut in value", "<SmoothStreamingMedia Duration='1", "SmoothStreamingMedia", "Duration", 1, "closing quote"},
		{"cut in comment", "<SmoothStreamingMedia><!-- ", "SmoothStreamingMedia", "", 1, "cut off"},
		{"cut in end tag", "<SmoothStreamingMedia></Smooth", "SmoothStreamingMedia", "", 1, "cut off"},
		{"cut at bracket", "<SmoothStreamingMedia><", "SmoothStreamingMedia", "", 1, "cut off"},
		{"wrong nesting", "<SmoothStreamingMedia><a>\n<b></a></b></SmoothStreamingMedia>", "b", "", 2, "</a> where </b> is due"},
		{"bracket in text", "<SmoothStreamingMedia> 1 < 2 </SmoothStreamingMedia>", "", "", 1, "&lt;"},
		{"no value", "<SmoothStreamingMedia IsLive>", "SmoothStreamingMedia", "IsLive", 1, "no value"},
		{"no quotes", "<SmoothStreamingMedia IsLive=true>", "SmoothStreamingMedia", "IsLive", 1, "not in quotes"},
		{"lost quote", "<SmoothStreamingMedia a='1>\n<StreamIndex b='2'/>", "SmoothStreamingMedia", "a", 1, "closing quote missing"},
		{"stray quote", "<SmoothStreamingMedia a='1''>", "SmoothStreamingMedia", "", 1, `'\''`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.document), Limits{})
			var e *SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want a *SyntaxError", err)
			}
			if e.Element != test.element || e.Attribute != test.attribute || e.Line != test.line || !strings.Contains(e.Reason, test.reason) {
				t.Errorf("%+v, want %+v", e, test)
			}
			if strings.Count(test.document[:e.Offset], "\n")+1 != e.Line {
				t.Errorf("offset %d is not in line %d", e.Offset, e.Line)
			}
			if !strings.Contains(err.Error(), fmt.Sprintf("line %d", e.Line)) || !strings.Contains(err.Error(), e.Attribute) {
				t.Errorf("the message %q names no place", err)
			}
		})
	}
}

func TestNotManifest(t *testing.T) {
	tests := []struct{ name, document, says string }{
		{"empty", "", "empty"},
		{"blank", " \r\n\x00", "empty"},
		{"html", "<!DOCTYPE html>\n<html lang=en><p>Log in</html>", "web page"},
		{"html 4", `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><HTML>`, "web page"},
		{"hls", "#EXTM3U\n#EXT-X-VERSION:3\n", "HLS"},
		{"dash", `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>`, "DASH"},
		{"smil", `<smil xmlns="http://www.w3.org/2001/SMIL20/Language"/>`, "server's manifest"},
		{"json", `{"error": "<SmoothStreamingMedia"}`, "JSON"},
		{"mp4", "\x00\x00\x00\x20ftypisml", "MP4"},
		{"text", "404 page not found", "not XML"},
		{"binary", "\x1f\x8b\x08\x00\xff<\xfe", "not XML"},
		{"error document", `<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>`, "<Error>"},
		{"part of a manifest", `<StreamIndex Type="text"/>`, "<StreamIndex>"},
		{"open comment", `<!-- <SmoothStreamingMedia>`, "not XML"},
		{"end tag", `</SmoothStreamingMedia>`, "<>"},
		{"prefix", `<SmoothStreamingMediaX/>`, "<SmoothStreamingMediaX>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.document), Limits{})
			if !errors.Is(err, ErrNotManifest) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want an ErrNotManifest that says %q", err, test.says)
			}
		})
	}
}

// TestDropStreams holds what happens to a presentation some of whose streams
// have no meaning.
func TestDropStreams(t *testing.T) {
	good, bad, audio := video(`<c d="1"/>`), video(`<c d="x"/>`), strings.ReplaceAll(video(`<c d="1"/>`), "video", "audio")
	badAudio := strings.ReplaceAll(bad, "video", "audio")
	text := `<StreamIndex Type="text" Name="cc"/>`
	tests := []struct {
		name, content string
		types         string // of the streams that remain
		err           string // part of the message; ""; no error
	}{
		{"all good", good + audio + text, "video audio text", ""},
		{"one of two videos", bad + good + audio, "video audio", ""},
		{"one of two audios", good + audio + badAudio, "video audio", ""},
		{"the only video", bad + audio, "audio", "video: manifest line 2, element c, attribute d"},
		{"the only audio", good + badAudio, "video", "audio: manifest line 2, element c, attribute d"},
		{"text", good + `<StreamIndex Type="text" Url="u"><QualityLevel Bitrate="1"/><c t="x"/></StreamIndex>`, "video", ""},
		{"unknown type", `<StreamIndex Type="smell" Url="u"/>` + good, "video", ""},
		{"only text", text, "text", "neither video nor audio"},
		{"nothing", "", "", "neither video nor audio"},
		{"empty stream", video(""), "video", ""},
		{"no template", good + `<StreamIndex Type="audio"><QualityLevel Bitrate="1"/><c d="1"/></StreamIndex>`, "video", "Url"},
		{"templates of levels", `<StreamIndex Type="audio"><QualityLevel Bitrate="1" Url="a"/><QualityLevel Bitrate="1"/><c d="1"/></StreamIndex>`, "audio", ""},
		{"bitrate not asked for", `<StreamIndex Type="audio" Url="F({start time})"><QualityLevel/><c d="1"/></StreamIndex>`, "audio", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := Parse(document(`Duration="1"`, test.content), Limits{})
			if test.err == "" && err != nil || test.err != "" && (!errors.Is(err, ErrNoStream) || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			var types []string
			for _, s := range p.Streams {
				types = append(types, s.Type)
			}
			if got := strings.Join(types, " "); got != test.types {
				t.Errorf("%q remain, want %q; warnings %q", got, test.types, p.Warnings)
			}
		})
	}
}

func TestEqualNames(t *testing.T) {
	stream := func(attributes string) string {
		return `<StreamIndex Type="audio" Url="u" ` + attributes + `><QualityLevel Bitrate="1"/></StreamIndex>`
	}
	tests := []struct {
		content  string
		warnings int
	}{
		{stream(`Name="a"`) + stream(`Name="b"`), 0},
		{stream(`Name="a"`) + stream(`Name="a" Language="fra"`), 1},
		{stream(`Language="eng"`) + stream(`Language="fra"`), 0},
		{stream(`Language="eng"`) + stream(`Language="eng"`), 1},
	}
	for _, test := range tests {
		p := mustParse(t, document(`Duration="1"`, test.content))
		if len(p.Streams) != 2 || len(p.Warnings) != test.warnings {
			t.Errorf("%s: %d streams, warnings %q, want 2 and %d", test.content, len(p.Streams), p.Warnings, test.warnings)
		}
	}
}

func TestLevelAttributes(t *testing.T) {
	tests := []struct {
		attributes string
		ok         func(l Level) bool
		warnings   int
	}{
		{`Bitrate="1536000"`, func(l Level) bool { return l.Bitrate == "1536000" && l.BitrateBPS == 1536000 && l.NALLength == 4 }, 0},
		{`Bitrate=" 007 "`, func(l Level) bool { return l.Bitrate == "007" && l.BitrateBPS == 7 }, 0},
		{`Bitrate="5000000000"`, func(l Level) bool { return l.BitrateBPS == 5_000_000_000 }, 0},
		{`Bitrate="1" Index="9"`, func(l Level) bool { return l.Index == 9 }, 0},
		{`Bitrate="1" Index="first"`, func(l Level) bool { return l.Index == 0 }, 1},
		{`Bitrate="1" Width="320" Height="180"`, func(l Level) bool { return l.Width == 320 && l.Height == 180 }, 0},
		{`Bitrate="1" MaxWidth="" MaxHeight=""`, func(l Level) bool { return l.Width == 0 }, 0},
		{`Bitrate="1" MaxWidth="-3"`, func(l Level) bool { return l.Width == 0 }, 1},
		{`Bitrate="1" FourCC="hvc1"`, func(l Level) bool { return l.FourCC == "HVC1" }, 0},
		{`Bitrate="1" FourCC=""`, func(l Level) bool { return l.FourCC == "WVC1" }, 0},
		{`Bitrate="1"`, func(l Level) bool { return l.FourCC == "WVC1" && l.CodecData == nil }, 0},
		{`Bitrate="1" CodecPrivateData=""`, func(l Level) bool { return l.CodecData == nil }, 0},
		{`Bitrate="1" CodecPrivateData="00aBcD"`, func(l Level) bool { return string(l.CodecData) == "\x00\xab\xcd" }, 0},
		{`Bitrate="1" CodecPrivateData="000"`, func(l Level) bool { return l.CodecData == nil }, 1},
		{`Bitrate="1" CodecPrivateData="zz"`, func(l Level) bool { return l.CodecData == nil }, 1},
		{`Bitrate="1" WaveFormatEx="6201"`, func(l Level) bool { return string(l.WaveFormatEx) == "\x62\x01" }, 0},
		{`Bitrate="1" AudioTag="65534" Channels="6" SamplingRate="48000"`, func(l Level) bool { return l.AudioTag == 65534 && l.Channels == 6 && l.SamplingRate == 48000 }, 0},
		{`Bitrate="1" NALUnitLengthField="2"`, func(l Level) bool { return l.NALLength == 2 }, 0},
		{`Bitrate="1" NALUnitLengthField="5"`, func(l Level) bool { return l.NALLength == 4 }, 1},
		{`Bitrate="1" FrameRate="23.976"`, func(l Level) bool { return l.FrameRate == 23.976 }, 0},
		{`Bitrate="1" FrameRate="NaN"`, func(l Level) bool { return l.FrameRate == 0 }, 0},
		{`Bitrate="1" Url="L{bitrate}"`, func(l Level) bool { return l.URL == "L{bitrate}" }, 0},
	}
	for _, test := range tests {
		p := mustParse(t, document(`Duration="1"`, `<StreamIndex Type="video" FourCC="wvc1" Url="u"><QualityLevel `+test.attributes+`/></StreamIndex>`))
		if l := p.Streams[0].Levels[0]; !test.ok(l) || len(p.Warnings) != test.warnings {
			t.Errorf("%s: %+v, warnings %q", test.attributes, l, p.Warnings)
		}
	}
}

func TestInlinePayloads(t *testing.T) {
	p := mustParse(t, document(`Duration="100"`, video("")+`<StreamIndex Type="text" ManifestOutput="True">
		<c t="5" d="5" r="2"><f i="3">Q2hh
			cHRlciAx</f><x/><f i="last">QQ</f></c>
		<c t="5"><f>QUJD</f></c>
		<c t="20"><f s="1525" q="2122"/><f>not base64!</f></c>
		<c><f>QUJD</f></c>
		<c t="50"><f>QUJD</f></c>
	</StreamIndex>`))
	s := p.Streams[1]
	want := []Payload{{0, 3, []byte("Chapter 1")}, {0, -1, []byte("A")}, {3, -1, []byte("ABC")}}
	if fmt.Sprint(s.Inline) != fmt.Sprint(want) {
		t.Errorf("payloads %v, want %v", s.Inline, want)
	}
	if want := []Run{{5, 5, 2}, {20, 30, 1}, {50, 50, 1}}; !slices.Equal(s.Runs, want) {
		t.Errorf("runs %v, want %v", s.Runs, want)
	}
}

// TestWarningsAreBounded also shows that a hostile value does not fill a message.
func TestWarningsAreBounded(t *testing.T) {
	p := mustParse(t, document(`Duration="1"`, video(strings.Repeat(`<c d="1" r="-`+strings.Repeat("1", 19)+`"/>`, 1000))))
	if len(p.Warnings) != maxWarnings+1 {
		t.Errorf("%d warnings, want %d", len(p.Warnings), maxWarnings+1)
	}
	_, err := Parse([]byte(`<SmoothStreamingMedia Duration="`+strings.Repeat("\x01", 1<<20)+`"/>`), Limits{})
	if err == nil || len(err.Error()) > 500 {
		t.Errorf("the message has %d bytes", len(fmt.Sprint(err)))
	}
}

// TestNothingAliasesInput overwrites the document after it was parsed.
func TestNothingAliasesInput(t *testing.T) {
	data := document(`Duration="1" LogUrl="log"`, `<Protection><ProtectionHeader SystemID="id">data</ProtectionHeader></Protection>`+
		`<StreamIndex Type="video" Name="n" Url="u{bitrate}"><QualityLevel Bitrate="1" FourCC="H264" CodecPrivateData="0102"><CustomAttributes>
		<Attribute Name="k" Value="v"/></CustomAttributes></QualityLevel><c d="1"/></StreamIndex>`+
		`<StreamIndex Type="text" ManifestOutput="TRUE"><c d="1"><f>QUJD</f></c><Content><Sample Time="1">s</Sample></Content></StreamIndex>`)
	p := mustParse(t, data)
	before := dump(p)
	for i := range data {
		data[i] = 'x'
	}
	if after := dump(p); after != before {
		t.Errorf("after the input was overwritten\n%s\nbefore\n%s", after, before)
	}
}
