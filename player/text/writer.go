package text

import (
	"strings"

	"smoothplay/platform"
)

// writer gathers the runs of a paragraph as it looks at one time.
type writer struct {
	*document
	at     span
	style  style // of the paragraph
	runs   []platform.CueRun
	text   strings.Builder // of the run written last
	some   bool            // something is on this line
	space  bool            // a space is due before what comes on this line, in style due
	due    style
	failed bool // the document costs too much
}

// children writes what is in a p or span.
func (w *writer) children(e *element, s style) {
	for _, child := range e.children {
		if w.visits++; w.visits > maxVisits {
			w.failed = true
			return
		}
		switch child.name {
		case "":
			w.write(child.text, child.preserve, &s)
		case "br":
			w.newline(&s)
		case "span":
			if child.active(w.at) {
				w.span(child, s)
			}
		}
	}
}

// span writes a span. The readings of ruby text, which stand above it, are left
// out.
func (w *writer) span(e *element, in style) {
	s := w.compute(in, w.specifyAt(e, w.at))
	switch s.ruby {
	case "text", "textContainer", "delimiter":
		return
	}
	if s.gone {
		return
	}
	open, closing := embedding(s.bidi, s.direction)
	if open != "" {
		w.spaceDue()
	}
	w.put(open, &s)
	w.children(e, s)
	w.put(closing, &s)
}

// embedding are the characters around a span for tts:unicodeBidi.
func embedding(bidi string, direction platform.CueDirection) (open, closing string) {
	right := direction == platform.RightToLeft
	switch {
	case bidi == "bidiOverride" && right:
		return "\u202e", "\u202c"
	case bidi == "bidiOverride":
		return "\u202d", "\u202c"
	case bidi == "embed" && right:
		return "\u202b", "\u202c"
	case bidi == "embed":
		return "\u202a", "\u202c"
	case bidi == "isolate" && right:
		return "\u2067", "\u2069"
	case bidi == "isolate":
		return "\u2066", "\u2069"
	}
	return "", ""
}

// isEmbedding knows the characters that direct text and are not seen.
func isEmbedding(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// write appends character data; white space becomes one space, and none at the
// beginning of a line, unless it is to be kept.
func (w *writer) write(text string, preserve bool, s *style) {
	if preserve {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		w.spaceDue()
		w.put(text, s)
		w.some = w.some || text != ""
		return
	}
	var line strings.Builder
	for _, r := range text {
		switch r {
		case ' ', '\t', '\n', '\r':
			if w.some && !w.space {
				w.put(line.String(), s)
				line.Reset()
				w.space, w.due = true, *s
			}
		default:
			w.spaceDue()
			line.WriteRune(r)
			w.some = true
		}
	}
	w.put(line.String(), s)
}

// spaceDue writes the space between what is on the line and what comes now.
func (w *writer) spaceDue() {
	if w.space {
		w.space = false
		w.put(" ", &w.due)
	}
}

func (w *writer) newline(s *style) {
	w.put("\n", s)
	w.some, w.space = false, false
}

// put appends text to the run of the same style, or begins another.
func (w *writer) put(text string, s *style) {
	if text == "" || w.failed {
		return
	}
	if w.written += len(text); w.written > w.maxWritten {
		w.failed = true
		return
	}
	style := s.shown()
	if n := len(w.runs); n == 0 || w.runs[n-1].Style != style {
		w.flush()
		w.runs = append(w.runs, platform.CueRun{Style: style})
	}
	w.text.WriteString(text)
}

// flush ends the run written last.
func (w *writer) flush() {
	if n := len(w.runs); n > 0 {
		w.runs[n-1].Text = w.text.String()
	}
	w.text.Reset()
}

// finish returns the runs and their text; "" where there is nothing to read.
func (w *writer) finish() ([]platform.CueRun, string) {
	w.flush()
	for n := len(w.runs); n > 0; n-- { // breaks after the last line raise nothing
		last := &w.runs[n-1]
		if last.Text = strings.TrimRight(last.Text, "\n"); last.Text != "" {
			w.runs = w.runs[:n]
			break
		}
	}
	var all strings.Builder
	for _, run := range w.runs {
		all.WriteString(run.Text)
	}
	text := strings.Map(func(r rune) rune {
		if isEmbedding(r) {
			return -1
		}
		return r
	}, all.String())
	if strings.TrimSpace(text) == "" {
		return nil, ""
	}
	if open, closing := embedding(w.style.bidi, w.style.direction); open != "" {
		w.runs[0].Text = open + w.runs[0].Text
		w.runs[len(w.runs)-1].Text += closing
	}
	return w.runs, text
}
