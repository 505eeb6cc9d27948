package playertest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
)

// Text is a text stream of a Presentation: captions that are shown for two seconds
// each, three seconds apart, from 0.5 s on, so that some begin in one fragment and
// end in the next.
type Text struct {
	Name     string // "": "text_" and the language
	Language string
	Subtype  string // "": CAPT
	FourCC   string // "": TTML; WVTT: WebVTT in MP4
	Inline   bool   // in the manifest, instead of in fragments
	// Scale is how many ticks a second the stream has; 0: as the presentation.
	Scale uint64
	// From is where it begins: there are neither chunks nor captions before. It is a
	// whole number of fragments.
	From time.Duration
}

// Caption is caption n of the stream.
func (x Text) Caption(n int) platform.Cue {
	begin := time.Duration(n)*3*time.Second + time.Second/2
	return platform.Cue{Begin: begin, End: begin + 2*time.Second, Text: fmt.Sprintf("%s %d", x.Language, n)}
}

// Captions are those of the stream that begin from from on and before to.
func (x Text) Captions(from, to time.Duration) []platform.Cue {
	var list []platform.Cue
	for n := 0; x.Caption(n).Begin < to; n++ {
		if q := x.Caption(n); q.Begin >= max(from, x.From) {
			list = append(list, q)
		}
	}
	return list
}

func (x Text) name() string {
	if x.Name != "" {
		return x.Name
	}
	return "text_" + x.Language
}

func (x Text) scale() uint64 {
	if x.Scale == 0 {
		return ticks
	}
	return x.Scale
}

func (x Text) fourCC() string {
	if x.FourCC == "" {
		return "TTML"
	}
	return x.FourCC
}

// in converts ticks of the presentation to those of the stream.
func (x Text) in(t uint64) uint64 { return t * x.scale() / ticks }

// list writes the StreamIndex.
func (x Text) list(b *strings.Builder, p *Presentation) {
	subtype := x.Subtype
	if subtype == "" {
		subtype = "CAPT"
	}
	fmt.Fprintf(b, `<StreamIndex Type="text" Name="%s" Language="%s" Subtype="%s" TimeScale="%d"`, x.name(), x.Language, subtype, x.scale())
	if x.Inline {
		b.WriteString(` ManifestOutput="TRUE">`)
	} else {
		fmt.Fprintf(b, ` Url="QualityLevels({bitrate})/Fragments(%s={start time})">`, x.name())
	}
	fmt.Fprintf(b, `<QualityLevel Index="0" Bitrate="1000" FourCC="%s"/>`, x.fourCC())
	for _, c := range p.chunks(p.Length, false) {
		if c.t < uint64(x.From/100) {
			continue
		}
		fmt.Fprintf(b, `<c t="%d" d="%d">`, x.in(c.t+p.Offset), x.in(c.d))
		if x.Inline {
			b.WriteString("<f>" + base64.StdEncoding.EncodeToString(x.document(c)) + "</f>")
		}
		b.WriteString("</c>")
	}
	b.WriteString("</StreamIndex>\n")
}

// fragment is the body of the fragment at t in its own ticks; nil: there is none.
func (x Text) fragment(p *Presentation, t uint64) []byte {
	for _, c := range p.chunks(p.Length, false) {
		if x.in(c.t+p.Offset) != t || c.t < uint64(x.From/100) || x.Inline {
			continue
		}
		if x.fourCC() == "WVTT" {
			return x.samples(c, t)
		}
		return writeSamples(t, x.in(c.d), []written{{duration: uint32(x.in(c.d)), flags: flagsKey}}, [][]byte{x.document(c)})
	}
	return nil
}

// during are the captions that are shown during a chunk, clipped to it and counted
// from its begin.
func (x Text) during(c chunk) []platform.Cue {
	from, to := time.Duration(c.t)*100, time.Duration(c.t+c.d)*100
	var list []platform.Cue
	for n := 0; x.Caption(n).Begin < to; n++ {
		if q := x.Caption(n); q.End > from && q.Begin >= x.From {
			q.Begin, q.End = max(q.Begin, from)-from, min(q.End, to)-from
			list = append(list, q)
		}
	}
	return list
}

// document is a chunk as TTML.
func (x Text) document(c chunk) []byte {
	var b strings.Builder
	b.WriteString(`<tt xmlns="http://www.w3.org/ns/ttml"><body><div>`)
	for _, q := range x.during(c) {
		fmt.Fprintf(&b, `<p begin="%.3fs" end="%.3fs">%s</p>`, q.Begin.Seconds(), q.End.Seconds(), q.Text)
	}
	b.WriteString("</div></body></tt>")
	return []byte(b.String())
}

// samples is a chunk as WebVTT in MP4: samples with a caption and without.
func (x Text) samples(c chunk, t uint64) []byte {
	var list []written
	var data [][]byte
	at := time.Duration(0)
	add := func(until time.Duration, body []byte) {
		if until > at {
			list = append(list, written{duration: uint32(x.in(uint64((until - at) / 100))), flags: flagsKey})
			data, at = append(data, body), until
		}
	}
	for _, q := range x.during(c) {
		add(q.Begin, box("vtte"))
		add(q.End, box("vttc", box("payl", []byte(q.Text))))
	}
	add(time.Duration(c.d)*100, box("vtte"))
	return writeSamples(t, x.in(c.d), list, data)
}

// writeSamples is writeFragment with samples that are given.
func writeSamples(t, d uint64, samples []written, data [][]byte) []byte {
	var trun, media []byte
	for i, s := range samples {
		trun = binary.BigEndian.AppendUint32(trun, s.duration)
		trun = binary.BigEndian.AppendUint32(trun, uint32(len(data[i])))
		trun = binary.BigEndian.AppendUint32(trun, s.flags)
		trun = binary.BigEndian.AppendUint32(trun, uint32(s.composition))
		media = append(media, data[i]...)
	}
	return wrap(t, d, len(samples), trun, media)
}

// CheckText holds the text events of a session against the captions that it should
// have had, in their order: each is told once, no sooner than it begins and, where
// it was played up to, within late of that. "": it is so.
func CheckText(events []event.Event, want []platform.Cue, late time.Duration) string {
	var told []event.Event
	for _, e := range events {
		if _, ok := e.Body.(event.Text); ok {
			told = append(told, e)
		}
	}
	for i, e := range told {
		body := e.Body.(event.Text)
		switch {
		case i >= len(want):
			return fmt.Sprintf("%q at %v is told beyond the %d captions", body.Text, e.Pos, len(want))
		case body.Text != want[i].Text:
			return fmt.Sprintf("caption %d is %q, not %q", i, body.Text, want[i].Text)
		case body.Begin != want[i].Begin || body.End != want[i].End:
			return fmt.Sprintf("%q lasts from %v to %v, not from %v to %v", body.Text, body.Begin, body.End, want[i].Begin, want[i].End)
		case e.Pos < body.Begin:
			return fmt.Sprintf("%q is told at %v, before it begins at %v", body.Text, e.Pos, body.Begin)
		case e.Pos > body.Begin+late:
			return fmt.Sprintf("%q is told at %v, too long after it began at %v", body.Text, e.Pos, body.Begin)
		}
	}
	if len(told) < len(want) {
		return fmt.Sprintf("%q was not told, after %d captions", want[len(told)].Text, len(told))
	}
	return ""
}
