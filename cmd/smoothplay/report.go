package main

import (
	"fmt"
	"strings"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/platform"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/marker"
	"smoothplay/player/timeline"
)

// report is what probe tells of a presentation: its JSON form.
type report struct {
	URL       string             `json:"url"` // that answered, redacted
	Bytes     int64              `json:"bytes"`
	Version   string             `json:"version"` // of the manifest format
	Live      bool               `json:"live"`
	Duration  time.Duration      `json:"duration_ns"`             // 0: not known
	DVRWindow time.Duration      `json:"dvr_window_ns,omitempty"` // 0: unlimited
	LookAhead int                `json:"look_ahead"`              // -1: not stated
	CanSeek   *bool              `json:"can_seek,omitempty"`      // nil: not stated
	CanPause  *bool              `json:"can_pause,omitempty"`
	Edge      *edgeReport        `json:"edge,omitempty"` // nil: it is not live
	Streams   []streamReport     `json:"streams"`
	Angles    []angleReport      `json:"angles,omitempty"` // nil: there is but one
	Markers   []markerReport     `json:"markers,omitempty"`
	Protected []protectionReport `json:"protection,omitempty"`
	Warnings  []string           `json:"warnings,omitempty"`
}

// markerReport is a chapter, marker or script command that the manifest holds.
type markerReport struct {
	At     time.Duration `json:"time_ns"`
	Kind   string        `json:"kind"`
	Stream string        `json:"stream"`
	Type   string        `json:"type,omitempty"`
	Value  string        `json:"value"`
}

type streamReport struct {
	Kind      string        `json:"kind"`
	Name      string        `json:"name"`
	Subtype   string        `json:"subtype,omitempty"`
	Language  string        `json:"language,omitempty"`
	Parent    string        `json:"parent,omitempty"` // this stream is sparse
	TimeScale uint64        `json:"time_scale"`
	Chunks    int           `json:"chunks"`
	Start     time.Duration `json:"start_ns"`
	End       time.Duration `json:"end_ns"`
	Shortest  time.Duration `json:"shortest_chunk_ns"`
	Usual     time.Duration `json:"usual_chunk_ns"` // the most frequent duration
	Longest   time.Duration `json:"longest_chunk_ns"`
	Gaps      int           `json:"gaps"` // places where a chunk does not begin where the one before ends
	URL       string        `json:"url_template"`
	Inline    int           `json:"inline_payloads,omitempty"`
	Markers   int           `json:"markers,omitempty"`
	Levels    []levelReport `json:"levels"`
}

type levelReport struct {
	BitrateBPS int64   `json:"bitrate_bps"`
	Codec      string  `json:"codec,omitempty"`
	Profile    string  `json:"profile,omitempty"`
	FourCC     string  `json:"fourcc,omitempty"`
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	Display    string  `json:"display,omitempty"` // the shape to show it in, where it differs
	FrameRate  float64 `json:"frame_rate,omitempty"`
	SampleRate int     `json:"sample_rate,omitempty"`
	Channels   int     `json:"channels,omitempty"`
	Angle      string  `json:"angle,omitempty"` // of a level that names its camera angle
	// LeftOut says why this device does not play the level; "": it does.
	LeftOut string `json:"left_out,omitempty"`
}

// reportOn describes a presentation as decoders would play it; keys are those that
// were given, nil: none.
func reportOn(url string, size int64, snap *timeline.Snapshot, decoders platform.Decoders, keys *clearkey.Keys) report {
	p := snap.Presentation()
	r := report{
		URL: url, Bytes: size,
		Version: fmt.Sprintf("%d.%d", p.MajorVersion, p.MinorVersion),
		Live:    p.Live, Duration: snap.Duration(), LookAhead: p.LookAhead,
		DVRWindow: ticks(p.DVRWindow, p.TimeScale),
		CanSeek:   p.CanSeek, CanPause: p.CanPause,
		Warnings: p.Warnings,
	}
	r.Angles = reportAngles(snap)
	r.Protected = reportProtection(p.Protections, keys)
	seen := map[string]bool{}
	for i := range p.Streams {
		stream, warnings := reportStream(&p.Streams[i], snap.Stream(i), decoders)
		for _, w := range warnings {
			if w = fmt.Sprintf("%s %s: %s", stream.Kind, stream.Name, w); !seen[w] {
				seen[w] = true
				r.Warnings = append(r.Warnings, w)
			}
		}
		r.Streams = append(r.Streams, stream)
	}
	for _, m := range marker.Of(snap) {
		r.Markers = append(r.Markers, markerReport(m))
	}
	return r
}

func reportStream(s *manifest.Stream, t *timeline.Stream, decoders platform.Decoders) (streamReport, []string) {
	r := streamReport{
		Kind: s.Type, Name: s.Name, Subtype: s.Subtype, Language: s.Language, Parent: s.Parent,
		TimeScale: s.TimeScale, Chunks: t.Len(), Start: t.Start(), End: t.End(), URL: s.URL,
		Inline: len(s.Inline), Markers: len(s.Markers),
	}
	if r.Name == "" {
		r.Name = s.Type
	}
	counts := map[manifest.Ticks]uint64{}
	var usual manifest.Ticks
	for i, run := range s.Runs {
		counts[run.D] += run.Count
		if counts[run.D] > counts[usual] {
			usual = run.D
		}
		d := ticks(run.D, s.TimeScale)
		if i == 0 {
			r.Shortest, r.Longest = d, d
		} else if before := s.Runs[i-1]; before.T+before.D*manifest.Ticks(before.Count) != run.T {
			r.Gaps++
		}
		r.Shortest, r.Longest = min(r.Shortest, d), max(r.Longest, d)
	}
	r.Usual = ticks(usual, s.TimeScale)
	if len(s.Runs) == 0 && t.Len() > 0 { // its clips have them
		r.Usual = t.Chunk(t.First() + t.Len()/2).Duration
		r.Shortest, r.Longest = r.Usual, r.Usual
		for i := t.First(); i < t.Limit(); i++ {
			d := t.Chunk(i).Duration
			r.Shortest, r.Longest = min(r.Shortest, d), max(r.Longest, d)
		}
	}
	var warnings []string
	for i := range s.Levels {
		level, more := reportLevel(s, &s.Levels[i], decoders)
		r.Levels = append(r.Levels, level)
		warnings = append(warnings, more...)
	}
	return r, warnings
}

func reportLevel(s *manifest.Stream, l *manifest.Level, decoders platform.Decoders) (levelReport, []string) {
	r := levelReport{
		BitrateBPS: l.BitrateBPS, FourCC: l.FourCC, Width: l.Width, Height: l.Height,
		FrameRate: l.FrameRate, SampleRate: l.SamplingRate, Channels: l.Channels,
	}
	r.Angle, _ = l.Angle()
	format, warnings, err := fragment.FormatOf(s, l)
	if err != nil {
		r.LeftOut = err.Error()
		return r, warnings
	}
	r.Codec, r.Profile = string(format.Codec), profile(format)
	if aw, ah := format.AspectWidth, format.AspectHeight; aw > 0 && ah > 0 && aw*format.Height != ah*format.Width {
		r.Display = fmt.Sprintf("%d:%d", aw, ah)
	}
	if format.Kind != platform.Text {
		if err := decoders.Supports(*format); err != nil {
			r.LeftOut = err.Error()
		}
	}
	return r, warnings
}

// ticks is t of a clock with scale ticks a second, as a time, for people.
func ticks(t manifest.Ticks, scale uint64) time.Duration {
	if scale == 0 {
		return 0
	}
	return min(time.Duration(float64(t)/float64(scale)*1e6+.5), 1<<53) * time.Microsecond
}

// systemNames are the protection systems by SystemID.
var systemNames = map[string]string{
	"9a04f079-9840-4286-ab92-e65be0885f95": "PlayReady",
	"edef8ba9-79d6-4ace-a3c8-27dcd51d21ed": "Widevine",
	"1077efec-c0b2-4d02-ace3-3c1e52e2fb4b": "Common PSSH (clear key)",
	"94ce86fb-07ff-4f43-adb8-93d2fa968ca2": "FairPlay",
	"f239e769-efa3-4850-9c16-a903c6932efb": "Adobe Primetime",
	"5e629af5-38da-4063-8977-97ffbd9902d4": "Marlin",
	"adb41c24-2dbf-4a6d-958b-4457c0d27b95": "Nagra",
}

// systemName is the name of a protection system; "" where it is not known.
func systemName(id string) string { return systemNames[strings.ToLower(strings.Trim(id, "{} "))] }

// profile is the codec's profile and level as its configuration states them; ""
// where it does not.
func profile(f *platform.Format) string {
	switch f.Codec {
	case platform.H264:
		if f.NALLength == 0 || len(f.Config) < 4 { // Annex B: no avcC
			return ""
		}
		name, ok := h264Profiles[f.Config[1]]
		if !ok {
			name = fmt.Sprintf("profile %d", f.Config[1])
		}
		return fmt.Sprintf("%s@%d.%d", name, f.Config[3]/10, f.Config[3]%10)
	case platform.AAC:
		if len(f.Config) < 2 {
			return ""
		}
		if name, ok := aacProfiles[f.Config[0]>>3]; ok {
			return name
		}
	}
	return ""
}

// h264Profiles are the values of profile_idc, ISO/IEC 14496-10 annex A.
var h264Profiles = map[byte]string{66: "Baseline", 77: "Main", 88: "Extended", 100: "High", 110: "High 10", 122: "High 4:2:2", 244: "High 4:4:4"}

// aacProfiles are audio object types, ISO/IEC 14496-3 table 1.17.
var aacProfiles = map[byte]string{1: "Main", 2: "LC", 5: "HE", 29: "HE v2"}
