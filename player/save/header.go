package save

import (
	"math"
	"slices"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform"
	"smoothplay/player/language"
)

// movieScale is how many units a second has in which the movie as a whole counts:
// exact for pictures of all usual rates, and within 32 bits for 13 hours.
const movieScale = 90000

// version is that of a box with times, which has 64 bits where 32 are too few.
func version(times ...int64) byte {
	for _, t := range times {
		if t > math.MaxUint32/2 { // some read them with a sign
			return 1
		}
	}
	return 0
}

// header writes the movie box.
func (m *movie) header(w *boxWriter, shift int64) {
	w.box("moov", func() {
		var longest int64
		for i := range m.tracks {
			longest = max(longest, m.length(i))
		}
		mvhd := mp4.CreateMvhd()
		mvhd.Version, mvhd.Timescale, mvhd.Duration = version(longest), movieScale, uint64(longest)
		mvhd.NextTrackID = uint32(len(m.tracks) + 1)
		w.made(mvhd)
		if slices.ContainsFunc(m.surveys, func(v survey) bool { return v.protection.is }) {
			for i := range m.systems {
				w.system(&m.systems[i])
			}
		}
		seen := map[platform.Kind]bool{}
		for i, t := range m.tracks {
			if m.surveys[i].samples > 0 {
				m.track(w, i, !seen[t.kind], shift)
				seen[t.kind] = true
			}
		}
	})
}

// movieTicks converts a time of a survey.
func movieTicks(t *track, ticks int64) int64 {
	return mulDiv(ticks, movieScale, t.source.TimeScale)
}

// delay is how long nothing of a track is shown at first, in movie units.
func (m *movie) delay(i int) int64 {
	t, v := m.tracks[i], &m.surveys[i]
	return movieTicks(t, max(v.first-t.offset(v), 0))
}

// length is when a track ends, in movie units.
func (m *movie) length(i int) int64 {
	t, v := m.tracks[i], &m.surveys[i]
	if v.samples == 0 {
		return 0
	}
	return m.delay(i) + movieTicks(t, v.shown(t))
}

// track writes the box of a track. Of each kind the first one is enabled.
func (m *movie) track(w *boxWriter, i int, enabled bool, shift int64) {
	t, v := m.tracks[i], &m.surveys[i]
	f := &v.formats[0].Format
	tw := &tables{boxWriter: w, m: m, number: i, track: t, v: v, shift: shift}
	w.box("trak", func() {
		tkhd := mp4.CreateTkhd()
		tkhd.TrackID, tkhd.Duration, tkhd.Version = uint32(i+1), uint64(m.length(i)), version(m.length(i))
		tkhd.Flags = 2 // in the movie
		if enabled {
			tkhd.Flags |= 1
		}
		tkhd.AlternateGroup = int16(t.kind) + 1
		if t.kind == platform.Audio {
			tkhd.Volume = 0x0100
		} else {
			width, height := shape(f)
			tkhd.Width, tkhd.Height = mp4.Fixed32(width<<16), mp4.Fixed32(height<<16)
		}
		w.made(tkhd)
		w.box("edts", func() { w.made(m.edits(tw)) })
		w.box("mdia", func() { m.media(tw) })
		if name := t.source.Name; name != "" {
			w.box("udta", func() { w.box("name", func() { w.bytes([]byte(name)) }) })
		}
	})
}

// shape is the size in which a picture is to be shown.
func shape(f *platform.Format) (width, height uint32) {
	width, height = uint32(f.Width), uint32(f.Height)
	if f.AspectWidth > 0 && f.AspectHeight > 0 {
		width = uint32(int64(height) * int64(f.AspectWidth) / int64(f.AspectHeight))
	}
	return min(width, math.MaxUint16), min(height, math.MaxUint16)
}

// edits says when a track is shown: an empty edit until its first picture, and
// then its media from where the movie begins.
func (m *movie) edits(w *tables) *mp4.ElstBox {
	t, v, i := w.track, w.v, w.number
	box := &mp4.ElstBox{Version: version(m.length(i), w.ticks(v.end))}
	if delay := m.delay(i); delay > 0 {
		box.Entries = append(box.Entries, mp4.ElstEntry{SegmentDuration: uint64(delay), MediaTime: -1, MediaRateInteger: 1})
	}
	box.Entries = append(box.Entries, mp4.ElstEntry{
		SegmentDuration: uint64(m.length(i) - m.delay(i)), MediaRateInteger: 1,
		MediaTime: w.ticks(max(v.first, t.offset(v)) + v.shift),
	})
	return box
}

// media writes the media of a track: its time scale, language and tables.
func (m *movie) media(w *tables) {
	t, v := w.track, w.v
	mdhd := &mp4.MdhdBox{Timescale: v.scale, Duration: uint64(w.ticks(v.length))}
	mdhd.Version = version(w.ticks(v.length))
	mdhd.SetLanguage(language.ThreeLetters(t.source.Language))
	w.made(mdhd)
	if tag := t.source.Language; strings.Contains(tag, "-") {
		w.made(mp4.CreateElng(tag))
	}
	hdlr := &mp4.HdlrBox{HandlerType: "vide", Name: t.source.Name}
	if t.kind == platform.Audio {
		hdlr.HandlerType = "soun"
	}
	if hdlr.Name == "" {
		hdlr.Name = t.kind.String()
	}
	w.made(hdlr)
	w.box("minf", func() {
		if t.kind == platform.Audio {
			w.made(&mp4.SmhdBox{})
		} else {
			w.made(&mp4.VmhdBox{Flags: 1})
		}
		w.box("dinf", func() {
			w.table("dref", func(count *uint32) {
				w.made(mp4.CreateURLBox())
				*count++
			})
		})
		w.box("stbl", func() {
			w.table("stsd", func(count *uint32) {
				for i := range v.formats {
					w.sampleEntry(&v.formats[i])
					*count++
				}
			})
			w.write()
		})
	})
}
