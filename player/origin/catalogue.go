package origin

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"smoothplay/platform"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// catalogue knows the chunks of a presentation by number, for faults. The zero
// catalogue knows none.
type catalogue struct{ streams []catalogued }

type catalogued struct {
	noun, name, kind string
	top              int64 // highest bitrate
	runs             []manifest.Run
	scale            uint64             // ticks a second
	levels           []int64            // bitrates, ascending
	formats          []*platform.Format // of them; nil: text, or of no use
}

// level finds the level that r asks for; nil: not known.
func (c catalogue) level(r request) (*catalogued, int) {
	for i := range c.streams {
		s := &c.streams[i]
		if q := slices.Index(s.levels, r.bitrate); strings.EqualFold(s.noun, r.stream) && q >= 0 {
			return s, q
		}
	}
	return nil, 0
}

// chunkInfo says where in its presentation a fragment stands.
type chunkInfo struct {
	kind   string // "video", "audio", "text"; "": not known
	name   string // of the stream
	number int    // in the stream, from 0; -1: not known
	top    int64  // highest bitrate of the stream
	other  uint64 // time of the following chunk, of the last one that of the one before; its own where alone
	behind int    // how many chunks of an event follow that can be asked for; negative: none of an event, or too early
}

var templateRE = regexp.MustCompile(`(?i)Fragments\(?([^()=]+)=\{start[ _]time\}`)

// newCatalogue reads a client manifest. One that cannot be read is a player's
// business, not an origin's: its faults go without chunk numbers.
func newCatalogue(data []byte) catalogue {
	p, err := manifest.Parse(data, manifest.Limits{})
	if err != nil {
		return catalogue{}
	}
	var c catalogue
	for _, s := range p.Streams {
		entry := catalogued{name: s.Name, kind: s.Type, runs: s.Runs}
		if m := templateRE.FindStringSubmatch(s.URL); m != nil {
			entry.noun = m[1]
		}
		entry.scale = s.TimeScale
		levels := slices.Clone(s.Levels)
		slices.SortStableFunc(levels, func(a, b manifest.Level) int { return cmp.Compare(a.BitrateBPS, b.BitrateBPS) })
		for _, l := range levels {
			entry.top = max(entry.top, l.BitrateBPS)
			format, _, err := fragment.FormatOf(&s, &l)
			if err != nil || format.Kind == platform.Text {
				format = nil
			}
			entry.levels, entry.formats = append(entry.levels, l.BitrateBPS), append(entry.formats, format)
		}
		c.streams = append(c.streams, entry)
	}
	return c
}

// chunk says where the fragment that r asks for stands.
func (c catalogue) chunk(r request) chunkInfo {
	info := chunkInfo{number: -1, other: r.time, behind: -1}
	for _, s := range c.streams {
		if !strings.EqualFold(s.noun, r.stream) {
			continue
		}
		info.kind, info.name, info.top = s.kind, s.name, s.top
		number, before := 0, r.time
		for i, run := range s.runs {
			start, step := uint64(run.T), uint64(run.D)
			k := uint64(0) // the number of the chunk in its run
			if step > 0 && r.time > start {
				k = min((r.time-start)/step, run.Count-1)
			}
			last := start + (run.Count-1)*step
			if start+k*step != r.time {
				number, before = number+int(run.Count), last
				continue
			}
			info.number = number + int(k)
			switch {
			case k+1 < run.Count:
				info.other = r.time + step
			case i+1 < len(s.runs):
				info.other = uint64(s.runs[i+1].T)
			case k > 0:
				info.other = r.time - step
			default:
				info.other = before
			}
			return info
		}
	}
	return info
}
