package fragment

import (
	"fmt"
	"strings"

	"smoothplay/platform"
	"smoothplay/player/manifest"
)

// UnsupportedError: a level that cannot be played by anyone, because its codec is
// unknown or its configuration is missing. It wraps platform.ErrUnsupported: the
// level or stream is left out, which is no failure.
type UnsupportedError struct {
	Kind     platform.Kind
	FourCC   string // as the manifest gives it; "" where it does not
	AudioTag int    // 0 where the manifest gives none
	Reason   string
}

func (e *UnsupportedError) Error() string {
	s := e.Kind.String() + " codec"
	if e.FourCC != "" {
		s += fmt.Sprintf(" %q", e.FourCC)
	}
	if e.AudioTag != 0 {
		s += fmt.Sprintf(" (AudioTag %d)", e.AudioTag)
	}
	return s + ": " + e.Reason
}

// Unwrap returns platform.ErrUnsupported.
func (e *UnsupportedError) Unwrap() error { return platform.ErrUnsupported }

// maxCodecData bounds the CodecPrivateData that is looked at; parameter sets are
// some tens of bytes.
const maxCodecData = 64 << 10

// formatMaker builds one Format and notes what it had to guess.
type formatMaker struct {
	stream   *manifest.Stream
	level    *manifest.Level
	format   platform.Format
	data     []byte // CodecPrivateData
	warnings []string
}

func (m *formatMaker) warn(format string, args ...any) {
	m.warnings = append(m.warnings, fmt.Sprintf(format, args...))
}

func (m *formatMaker) unsupported(format string, args ...any) error {
	return &UnsupportedError{Kind: m.format.Kind, FourCC: m.level.FourCC, AudioTag: m.level.AudioTag,
		Reason: fmt.Sprintf(format, args...)}
}

// FormatOf makes the Format of level l of stream s, [MS-SSTR] 2.2.2.5: the codec
// from FourCC, AudioTag, Subtype or the data itself, and the configuration that
// decoders expect from CodecPrivateData. The warnings name what contradicted
// itself or was assumed. The error is an *UnsupportedError. Nothing in the Format
// aliases s or l.
//
// H.264 and HEVC without parameter sets in the manifest get no Config, and keep
// NALLength: see ConfigFromSample.
func FormatOf(s *manifest.Stream, l *manifest.Level) (*platform.Format, []string, error) {
	m := &formatMaker{stream: s, level: l, data: l.CodecData}
	m.format = platform.Format{FourCC: l.FourCC, BitrateBPS: l.BitrateBPS}
	var build func() error
	switch s.Type {
	case "video":
		m.format.Kind, build = platform.Video, m.video
	case "audio":
		m.format.Kind, build = platform.Audio, m.audio
	case "text":
		m.format.Kind, build = platform.Text, m.text
	default:
		return nil, nil, &UnsupportedError{Kind: platform.Text, FourCC: l.FourCC,
			Reason: fmt.Sprintf("streams of Type %q are not played", s.Type)}
	}
	if len(l.CodecData) > maxCodecData || len(l.WaveFormatEx) > maxCodecData {
		return nil, nil, m.unsupported("CodecPrivateData of %d bytes; at most %d are read",
			max(len(l.CodecData), len(l.WaveFormatEx)), maxCodecData)
	}
	if err := build(); err != nil {
		return nil, m.warnings, err
	}
	f := m.format // a Format lives long, and must not keep the manifest alive
	return &f, m.warnings, nil
}

// key is how FourCC and Subtype are compared.
func key(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

var textCodecs = map[string]platform.Codec{
	"TTML": platform.TTML, "DFXP": platform.TTML, "STPP": platform.TTML, "WVTT": platform.WebVTT,
}

// text chooses between the kinds of timed text; the format has no other fields.
func (m *formatMaker) text() error {
	codec, ok := textCodecs[key(m.level.FourCC)]
	switch subtype := key(m.stream.Subtype); {
	case ok:
	case m.level.FourCC != "":
		return m.unsupported("not known as timed text")
	case subtype == "SUBT" || subtype == "CAPT" || subtype == "DESC":
		codec = platform.TTML
		m.warn("no FourCC: Subtype %s taken as TTML", subtype)
	default:
		return m.unsupported("Subtype %q is not timed text", m.stream.Subtype)
	}
	m.format.Codec = codec
	return nil
}
