package save

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"time"

	"smoothplay/platform"
	"smoothplay/player/manifest"
)

// movie makes the tables of a file from the journal.
type movie struct {
	tracks  []*track
	journal *journal
	systems []platform.ProtectionSystem
	surveys []survey
	end     int64 // of the media in the journal's offsets
}

// survey is what one reading of the journal tells of a track. Times are in ticks
// of the stream, from the decoding time of its first sample.
type survey struct {
	formats []description
	begin   manifest.Ticks // decoding time of the first sample
	samples int64
	chunks  int64
	first   int64 // presentation time of the first sample
	cover   int64 // of the last one that is presented before the movie begins, or then
	end     int64 // of the last one
	shift   int64 // added to compositions so that none is negative
	gap     int64 // the longest time between two samples
	keys    int64
	length  int64  // of all, in decoding order
	offsets bool   // presentation and decoding times differ
	scale   uint32 // ticks of the track in a second

	protection protection
}

// time converts ticks of the stream.
func (t *track) time(ticks int64) time.Duration {
	return time.Duration(mulDiv(ticks, int64(time.Second), t.source.TimeScale))
}

// mulDiv is a*b/c, rounded towards zero and limited to 64 bits.
func mulDiv(a, b int64, c uint64) int64 {
	negative := a < 0
	if negative {
		a = -a
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= c {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, c)
	v := int64(min(q, math.MaxInt64))
	if negative {
		v = -v
	}
	return v
}

// offset is where the movie begins, in the time of the survey.
func (t *track) offset(v *survey) int64 { return int64(t.origin - v.begin) }

// shown is how long the track is shown.
func (v *survey) shown(t *track) int64 {
	end := v.end
	if t.end != endless {
		end = min(end, int64(t.end-v.begin))
	}
	return max(end-max(v.first, t.offset(v)), 0)
}

// coded is a sample with its times, from the first sample of its track.
type coded struct {
	sample
	decode, present int64 // ticks of the stream
	delta           int64 // until the next one is decoded
	format          int
	piece           int   // which of the pieces of the track, from 0
	offset          int64 // of the piece in the file, where it is the first sample of it
	first           bool
}

// walk calls visit with each sample of a track, in order.
func (m *movie) walk(number int, visit func(*coded)) error {
	var last coded
	var begin manifest.Ticks
	pieces, format, some := 0, -1, false
	err := m.journal.each(func(r *record) error {
		if r.track != number {
			return nil
		}
		switch r.kind {
		case recordFormat:
			format++
		case recordFragment:
			if !some {
				begin = r.t + manifest.Ticks(r.decode)
			}
			at := int64(r.t-begin) + r.decode
			if len(r.samples) == 0 {
				return nil
			}
			if format < 0 || at < 0 || at > math.MaxInt64/4 {
				return errRecord
			}
			for i, s := range r.samples {
				now := coded{sample: s, decode: at, present: at + int64(s.composition),
					format: format, piece: pieces, offset: r.offset, first: i == 0}
				if some {
					// Fragments may overlap, by as much as servers like: time goes on all
					// the same, and is right again as soon as it can be.
					now.decode = max(now.decode, last.decode+1)
					last.delta = now.decode - last.decode
					visit(&last)
				}
				last, some = now, true
				at += int64(s.duration)
			}
			last.aux = bytes.Clone(last.aux) // it was of a payload that is read over
			pieces++
		}
		return nil
	})
	if err == nil && some {
		last.delta = int64(last.duration)
		visit(&last)
	}
	return err
}

// survey reads the journal once for each track.
func (m *movie) survey() error {
	m.surveys = make([]survey, len(m.tracks))
	for i, t := range m.tracks {
		v := &m.surveys[i]
		begun := false
		err := m.journal.each(func(r *record) error {
			switch {
			case r.track != i:
			case r.kind == recordFormat:
				f := r.format
				v.formats = append(v.formats, f)
				if f.Encryption != nil {
					v.protection.is, v.protection.ivSize = true, f.Encryption.IVSize
				}
			case r.kind == recordFragment && !begun:
				v.begin, begun = r.t+manifest.Ticks(r.decode), true
			}
			return nil
		})
		if err != nil {
			return err
		}
		v.first, v.cover = math.MaxInt64, math.MinInt64
		err = m.walk(i, func(s *coded) {
			v.samples++
			if s.first {
				v.chunks++
			}
			if s.sync {
				v.keys++
			}
			v.length = s.decode + s.delta
			v.first = min(v.first, s.present)
			if s.present <= t.offset(v) {
				v.cover = max(v.cover, s.present)
			}
			v.end = max(v.end, s.present+s.delta)
			v.gap = max(v.gap, s.delta)
			v.shift = max(v.shift, s.decode-s.present)
			v.offsets = v.offsets || s.present != s.decode
			v.protection.mapped = v.protection.mapped || s.mapped || v.protection.is && s.aux == nil
		})
		if err != nil {
			return err
		}
		if v.protection.is {
			if err := m.walk(i, func(s *coded) { v.protection.largest = max(v.protection.largest, len(v.auxiliaryOf(s))) }); err != nil {
				return err
			}
		}
		// A table holds differences of 32 bits, and a track a time scale of 32 bits.
		// That of sound is its sampling rate: players count in samples what an edit
		// list leaves out.
		scale := t.source.TimeScale
		if t.kind == platform.Audio && t.made.SampleRate > 0 {
			scale = uint64(t.made.SampleRate)
		}
		for scale > math.MaxUint32 || mulDiv(v.gap, int64(scale), t.source.TimeScale) > math.MaxUint32 {
			scale /= 10
		}
		if v.scale = uint32(scale); scale == 0 {
			return fmt.Errorf("%s: a gap of %v is longer than a track can hold", t.name(), t.time(v.gap))
		}
	}
	m.snap()
	return nil
}

// snap has the movie begin with a picture, the one that is shown where it was to
// begin: players differ in what they do with a part of one.
func (m *movie) snap() {
	for i, t := range m.tracks {
		v := &m.surveys[i]
		if t.kind != platform.Video || v.samples == 0 {
			continue
		}
		if early := t.offset(v) - v.cover; v.cover > math.MinInt64 && early > 0 {
			for _, other := range m.tracks {
				by := manifest.Ticks(mulDiv(early, int64(other.source.TimeScale), t.source.TimeScale))
				other.origin -= min(by, other.origin)
			}
		}
		return
	}
}
