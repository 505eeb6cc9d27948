package text

import (
	"html"
	"strings"

	"smoothplay/platform"
)

// readTags reads the payload of a cue of WebVTT: text with <b>, <i>, <u>, <c> and
// their classes, of which those for colours are known. Voices and languages are
// left out, as are times inside the text and readings of ruby text.
func readTags(payload string) (runs []platform.CueRun, text string) {
	type opened struct {
		name  string
		style platform.CueStyle
	}
	var stack []opened
	var style platform.CueStyle
	var all, run strings.Builder
	reading := 0 // ruby readings that are open
	end := func() {
		if run.Len() > 0 {
			runs = append(runs, platform.CueRun{Text: run.String(), Style: style})
			run.Reset()
		}
	}
	payload = strings.Trim(payload, "\n")
	for payload != "" {
		words, rest, tagged := strings.Cut(payload, "<")
		if reading == 0 {
			words = html.UnescapeString(words)
			run.WriteString(words)
			all.WriteString(words)
		}
		tag, after, closed := strings.Cut(rest, ">")
		if !tagged || !closed {
			break
		}
		payload = after
		name, classes := tag, ""
		if i := strings.IndexAny(tag, ". \t\n"); i >= 0 {
			name, classes = tag[:i], tag[i:]
		}
		switch name {
		case "b", "i", "u", "c", "v", "lang", "ruby", "rt":
			if len(stack) == maxDepth {
				continue
			}
			stack = append(stack, opened{name, style})
			end()
			if name == "rt" {
				reading++
			}
			styled(&style, name, classes)
		case "/b", "/i", "/u", "/c", "/v", "/lang", "/ruby", "/rt":
			for n := len(stack) - 1; n >= 0; n-- {
				if stack[n].name != name[1:] {
					continue
				}
				end()
				for _, o := range stack[n:] {
					if o.name == "rt" {
						reading--
					}
				}
				style, stack = stack[n].style, stack[:n]
				break
			}
		}
	}
	end()
	text = all.String()
	if strings.TrimSpace(text) == "" {
		return nil, ""
	}
	return joined(runs), text
}

// styled changes a style as a tag says.
func styled(s *platform.CueStyle, name, classes string) {
	switch name {
	case "b":
		s.Bold = true
	case "i":
		s.Italic = true
	case "u":
		s.Underline = true
	}
	if !strings.HasPrefix(classes, ".") {
		return
	}
	classes, _, _ = strings.Cut(classes, " ")
	for class := range strings.SplitSeq(classes[1:], ".") {
		if c, ok := colours[class]; ok {
			s.Colour = seen(c)
		}
		background, ok := strings.CutPrefix(class, "bg_")
		if c, known := colours[background]; ok && known {
			s.Background = c
		}
	}
}

// joined makes one run of neighbours in the same style.
func joined(runs []platform.CueRun) []platform.CueRun {
	kept := runs[:0]
	for i := 0; i < len(runs); {
		next := i + 1
		for next < len(runs) && runs[next].Style == runs[i].Style {
			next++
		}
		if next == i+1 {
			kept = append(kept, runs[i])
		} else {
			var text strings.Builder
			for _, r := range runs[i:next] {
				text.WriteString(r.Text)
			}
			kept = append(kept, platform.CueRun{Text: text.String(), Style: runs[i].Style})
		}
		i = next
	}
	return kept
}
