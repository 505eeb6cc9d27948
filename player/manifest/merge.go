package manifest

import "fmt"

// Merge returns p with the text and audio streams of another presentation, whose
// manifest is at base, and the markers that they carry; both count time on one
// clock. Neither is modified. What cannot be merged is left out, with a warning.
func Merge(p, extra *Presentation, base string) *Presentation {
	merged := *p
	merged.Streams = append([]Stream(nil), p.Streams...)
	merged.Warnings = append([]string(nil), p.Warnings...)
	for _, s := range extra.Streams {
		why := ""
		switch {
		case len(p.Clips) > 0:
			why = "nothing can be merged with a composite presentation"
		case s.Type == "video":
			why = "video is not merged"
		case s.Type == "audio" && len(extra.Protections) > 0:
			why = "it is protected by keys of its own"
		}
		if why != "" {
			merged.Warnings = append(merged.Warnings, fmt.Sprintf("%s of a manifest to be merged was left out: %s", describeStream(&s), why))
			continue
		}
		s.Base = base
		merged.Streams = append(merged.Streams, s)
	}
	return &merged
}
