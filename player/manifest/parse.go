package manifest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Parse reads a client manifest, [MS-SSTR] 2.2.2. The zero Limits are the
// defaults. Nothing of the result aliases data.
//
// Levels and streams without meaning are dropped, with a warning; so are
// chunks that do not come after their predecessor. Where nothing of an offered
// type, video or audio, remains, the error is an [ErrNoStream] that wraps the
// reason. A presentation of text streams alone (Microsoft's manifests to merge
// with others are such) is an ErrNoStream too. With an ErrNoStream, and only
// then, the Presentation is returned as well, so that it can be shown.
//
// Other errors: a [*SyntaxError], [ErrNotManifest], [ErrTooLarge],
// [ErrUnsupportedVersion], [ErrSegmented].
func Parse(data []byte, limits Limits) (*Presentation, error) {
	limits = limits.withDefaults()
	if int64(len(data)) > limits.Bytes {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(data), limits.Bytes)
	}
	text, warning := toUTF8(data)
	p := &parser{
		scanner: scanner{text: text, maxDepth: limits.Depth},
		limits:  limits,
		out:     &Presentation{LookAhead: -1, TimeScale: defaultTimeScale},
	}
	if warning != "" {
		p.out.Warnings = append(p.out.Warnings, warning)
	}
	name := p.root()
	if !isMarkup(text) || !equalFold(name, "smoothstreamingmedia") {
		return nil, fmt.Errorf("%w: %s", ErrNotManifest, describe(text, name))
	}
	p.presentation()
	if p.err != nil {
		return nil, p.err
	}
	if p.clips > 0 {
		p.compose()
	}
	return p.out, p.verdict()
}

// defaultTimeScale is 100 ns, [MS-SSTR] 2.2.2.1.
const defaultTimeScale = 10_000_000

// A parser gives meaning to the elements that its scanner finds.
type parser struct {
	scanner
	limits Limits
	out    *Presentation

	streams  int // StreamIndex elements seen
	levels   int // QualityLevel elements seen
	clips    int // Clip elements seen
	inClip   bool
	chunks   int // of the streams that are finished
	embedded int // payloads and markers
	warnings int
	// Why the first video and the first audio stream were dropped, if any was.
	videoError, audioError error
}

func (p *parser) presentation() {
	if !p.child() {
		return
	}
	p.rootAttributes()
	for p.child() {
		switch {
		case p.is("streamindex"):
			p.stream()
		case p.is("protection"):
			p.protection()
		case p.is("customattributes"):
			p.out.Attributes = p.customAttributes(p.out.Attributes)
		case p.is("logurl"):
			p.out.LogURL = strings.TrimSpace(string(p.chars()))
		case p.is("clip"):
			p.clip()
		case p.is("segment"):
			p.stop(ErrSegmented)
		default:
			p.skip()
		}
	}
}

// rootAttributes reads [MS-SSTR] 2.2.2.1.
func (p *parser) rootAttributes() {
	out := p.out
	out.MajorVersion = uint32(p.required("majorversion", math.MaxUint32, 2))
	if out.MajorVersion == 3 && p.err == nil {
		p.stop(ErrSegmented)
	}
	if v := out.MajorVersion; v != 1 && v != 2 && p.err == nil {
		p.stop(fmt.Errorf("%w: MajorVersion %d; 1 and 2 are known", ErrUnsupportedVersion, v))
	}
	out.MinorVersion = uint32(p.required("minorversion", math.MaxUint32, 0))
	if v := out.MinorVersion; v > 2 {
		p.warnf(p.start, "MinorVersion %d is not known; it was read like 2", v)
	}
	if live := p.boolean("islive"); live != nil {
		out.Live = *live
	}
	out.TimeScale = p.optional("timescale", math.MaxUint64, defaultTimeScale)
	if out.TimeScale == 0 {
		p.warnf(p.start, "TimeScale 0; it was read as %d", defaultTimeScale)
		out.TimeScale = defaultTimeScale
	}
	out.Duration = Ticks(p.required("duration", math.MaxUint64, 0))
	out.DVRWindow = Ticks(p.optional("dvrwindowlength", math.MaxUint64, 0))
	for _, name := range []string{"lookaheadcount", "lookaheadfragmentcount"} {
		v, ok, err := p.number(name, math.MaxInt32)
		if err != nil {
			p.warn(err)
		}
		if ok {
			out.LookAhead = int(v)
		}
	}
	out.CanSeek, out.CanPause = p.boolean("canseek"), p.boolean("canpause")
	if a := p.attr("logurl"); a != nil {
		out.LogURL = a.string()
	}
}

// required reads a number of the root element; missing, it is fallback.
func (p *parser) required(name string, most, fallback uint64) uint64 {
	if p.attr(name) == nil {
		p.warnf(p.start, "%s has no %s; %d was assumed", label(p.name), name, fallback)
	}
	return p.optional(name, most, fallback)
}

// optional reads a number of the root element, where a malformed one is fatal.
func (p *parser) optional(name string, most, fallback uint64) uint64 {
	v, ok, err := p.number(name, most)
	if err != nil {
		p.stop(err)
	}
	if !ok {
		return fallback
	}
	return v
}

func (p *parser) protection() {
	for p.child() {
		if !p.is("protectionheader") {
			p.skip()
			continue
		}
		h := Protection{SystemID: p.string("systemid")}
		h.Data = string(p.chars())
		p.out.Protections = append(p.out.Protections, h)
	}
}

// customAttributes reads [MS-SSTR] 2.2.2.5.1. Values are literal: they are
// echoed in URLs.
func (p *parser) customAttributes(list []Attribute) []Attribute {
	for p.child() {
		if p.is("attribute") {
			name, value := p.attr("name"), p.attr("value")
			switch {
			case name == nil:
				p.warnf(p.start, "%s without Name; dropped", label(p.name))
			case value == nil:
				list = append(list, Attribute{Name: name.string()})
			default:
				list = append(list, Attribute{name.string(), string(appendUnescaped(nil, value.value))})
			}
		}
		p.skip()
	}
	return list
}

// verdict is the error of a document that was read to its end.
func (p *parser) verdict() error {
	var video, audio bool
	for i := range p.out.Streams {
		video = video || p.out.Streams[i].Type == "video"
		audio = audio || p.out.Streams[i].Type == "audio"
	}
	switch {
	case !video && p.videoError != nil:
		return fmt.Errorf("%w: video: %w", ErrNoStream, p.videoError)
	case !audio && p.audioError != nil:
		return fmt.Errorf("%w: audio: %w", ErrNoStream, p.audioError)
	case !video && !audio:
		return fmt.Errorf("%w: the manifest offers neither video nor audio (StreamIndex elements: %d)", ErrNoStream, p.streams)
	}
	return nil
}

// number reads a whole number of the element read last; ok is false where the
// attribute is absent, and the error a *SyntaxError.
func (p *parser) number(name string, most uint64) (v uint64, ok bool, err error) {
	a := p.attr(name)
	if a == nil {
		return 0, false, nil
	}
	v, ok = parseUint(a.value)
	if !ok || v > most {
		return 0, false, p.syntax(a, fmt.Sprintf("%s is not a whole number from 0 to %d", quote(a.value), most))
	}
	return v, true, nil
}

// lenient reads a number that playing does not depend on: what is malformed is
// a warning and, as if absent, 0.
func (p *parser) lenient(names ...string) int {
	for _, name := range names {
		v, ok, err := p.number(name, math.MaxInt32)
		if err != nil && len(bytes.TrimSpace(p.attr(name).value)) > 0 {
			p.warn(err)
		}
		if ok {
			return int(v)
		}
	}
	return 0
}

// boolean reads TRUE or FALSE; nil where the attribute is absent or, with a
// warning, neither.
func (p *parser) boolean(name string) *bool {
	a := p.attr(name)
	if a == nil {
		return nil
	}
	v, ok := parseBool(a.value)
	if !ok {
		p.warnf(a.off, "%s %s is neither true nor false; ignored", label(a.name), quote(a.value))
		return nil
	}
	return &v
}

// string reads an attribute without the white space around it; "" where absent.
func (p *parser) string(name string) string {
	if a := p.attr(name); a != nil {
		return a.string()
	}
	return ""
}

func (a *attr) string() string {
	return strings.TrimSpace(string(appendUnescaped(nil, a.value)))
}

// syntax is an error at an attribute of the element read last, or, a being nil,
// at the element.
func (p *parser) syntax(a *attr, reason string) *SyntaxError {
	if a == nil {
		return &SyntaxError{Element: label(p.name), Line: p.line(p.start), Offset: p.start, Reason: reason}
	}
	return &SyntaxError{Element: label(p.name), Attribute: label(a.name), Line: p.line(a.off), Offset: a.off, Reason: reason}
}

// tooLarge stops at a limit.
func (p *parser) tooLarge(limit int, what string) {
	p.stop(fmt.Errorf("%w: line %d: more than %d %s", ErrTooLarge, p.line(p.start), limit, what))
}

func (p *parser) warnf(off int, format string, args ...any) {
	p.warning(func() string { return fmt.Sprintf("manifest line %d: ", p.line(off)) + fmt.Sprintf(format, args...) })
}

func (p *parser) warn(err error) { p.warning(err.Error) }

func (p *parser) warning(message func() string) {
	p.warnings++
	switch {
	case p.warnings <= maxWarnings:
		p.out.Warnings = append(p.out.Warnings, message())
	case p.warnings == maxWarnings+1:
		p.out.Warnings = append(p.out.Warnings, "there were more warnings")
	}
}

// blank may stand before a document: white space, zeros, a second byte order mark.
const blank = " \t\r\n\x00\uFEFF"

func isMarkup(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, blank), []byte("<"))
}

// describe says what a document is that is not a manifest; root is the name of
// its outermost element, nil where there is none.
func describe(text, root []byte) string {
	isMP4 := len(text) >= 8 && slices.Contains([]string{"ftyp", "styp", "moof", "moov"}, string(text[4:8]))
	text = bytes.TrimLeft(text, blank)
	switch {
	case isMP4:
		return "it is an MP4 file"
	case len(text) == 0:
		return "the document is empty"
	case bytes.HasPrefix(text, []byte("#EXTM3U")):
		return "it is an HLS playlist; ask for …/Manifest without (format=m3u8-aapl)"
	case text[0] == '{' || text[0] == '[':
		return "it is JSON"
	case root == nil || !isMarkup(text):
		return "it is not XML"
	case equalFold(root, "html"):
		return "it is a web page (HTML), often an error or login page"
	case equalFold(root, "mpd"):
		return "it is a DASH manifest; ask for …/Manifest without (format=mpd-…)"
	case equalFold(root, "smil"):
		return "it is the server's manifest (.ism); the client's is at ….ism/Manifest, or the .ismc file beside it"
	}
	return fmt.Sprintf("its outermost element is <%s> and not <SmoothStreamingMedia>", label(root))
}
