package origin

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
	"time"
)

// manifest writes the client manifest of a moment: IsLive and what belongs to
// it, or after the end that of a presentation on demand; and the chunks that can
// be asked for.
func (m *moment) manifest() []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	b.WriteString(startTag("SmoothStreamingMedia", m.root()))
	for i, piece := range m.form.pieces {
		b.WriteString(piece)
		if i < len(m.streams) {
			m.list(&b, &m.streams[i])
		}
	}
	b.WriteString("</SmoothStreamingMedia>\n")
	return b.Bytes()
}

// root returns the attributes of the root element, [MS-SSTR] 2.2.2.1.
func (m *moment) root() []xml.Attr {
	attrs := slices.Clone(m.form.root)
	set := func(name, value string) {
		attrs = append(attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
	}
	ticks := func(d time.Duration) string {
		return strconv.FormatUint(convert(uint64(max(d, 0)), uint64(time.Second), m.form.scale), 10)
	}
	boolean := func(b bool) string { return strings.ToUpper(strconv.FormatBool(b)) }
	if m.live.Repeat {
		for i := range attrs {
			if strings.EqualFold(attrs[i].Name.Local, "minorversion") {
				attrs[i].Value = "2"
			}
		}
	}
	if m.over && !m.ending.live() {
		set("Duration", ticks(m.length()))
		if m.ending == EndClosed {
			set("IsLive", "FALSE")
		}
		return attrs
	}
	set("Duration", ticks(m.live.Duration))
	set("IsLive", "TRUE")
	if name := m.live.LookAheadName; name != "-" {
		set(name, strconv.Itoa(m.live.LookAhead))
	}
	set("DVRWindowLength", ticks(m.live.Window))
	set("CanSeek", boolean(!m.live.NoSeek))
	set("CanPause", boolean(!m.live.NoPause))
	return attrs
}

// length is the time from the first chunk of the window to the end of the last.
func (m *moment) length() time.Duration {
	first, last := time.Duration(forever), time.Duration(0)
	for i := range m.streams {
		s := &m.streams[i]
		if !s.leads() {
			continue
		}
		newest := m.newest(s)
		oldest := m.after(s, m.oldest(s, newest))
		if oldest < 0 || oldest > newest {
			continue
		}
		from, _ := s.span(oldest)
		_, to := s.span(newest)
		first, last = min(first, from), max(last, to)
	}
	return max(last-first, 0)
}

// list writes the c elements of a stream, [MS-SSTR] 2.2.2.6: with a time where
// it does not follow from the chunk before.
func (m *moment) list(b *bytes.Buffer, s *loopStream) {
	var run struct {
		t, d  uint64
		count int
		timed bool
		inner string
	}
	flush := func() {
		if run.count == 0 {
			return
		}
		b.WriteString("<c")
		if run.timed {
			b.WriteString(` t="` + strconv.FormatUint(run.t, 10) + `"`)
		}
		b.WriteString(` d="` + strconv.FormatUint(run.d, 10) + `"`)
		if run.count > 1 {
			b.WriteString(` r="` + strconv.Itoa(run.count) + `"`)
		}
		if run.inner == "" {
			b.WriteString("/>\n")
		} else {
			b.WriteString(">" + run.inner + "</c>\n")
		}
	}
	next := uint64(0) // where a chunk without a time would begin
	for n := range m.chunks(s) {
		c, t, d := s.chunk(n)
		follows := run.count > 0 && t == next
		if next = t + d; m.live.Repeat && follows && d == run.d && c.inner == "" && run.inner == "" {
			run.count++
			continue
		}
		flush()
		run.t, run.d, run.count, run.timed, run.inner = t, d, 1, !follows, c.inner
	}
	flush()
}
