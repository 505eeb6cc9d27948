package save

import (
	"math"
	"os"
)

// tables writes the sample tables of a track, ISO/IEC 14496-12 8.5 to 8.7, each
// from a reading of the journal of its own.
type tables struct {
	*boxWriter
	m      *movie
	number int
	track  *track
	v      *survey
	shift  int64 // of the media in the file
}

// walk is movie.walk, whose error is kept.
func (w *tables) walk(visit func(*coded)) {
	if w.err == nil {
		w.err = w.m.walk(w.number, visit)
	}
}

// ticks converts a time of the survey to the nearest one of the track.
func (w *tables) ticks(t int64) int64 {
	scale := w.track.source.TimeScale
	whole := mulDiv(t, int64(w.v.scale), scale)
	// What is left over is less than a tick of the track; twice it decides.
	if rest := mulDiv(t, 2*int64(w.v.scale), scale) - 2*whole; rest != 0 {
		whole += rest
	}
	return whole
}

// pairs writes a table of equal values that follow each other: how many, and what.
func (w *tables) pairs(kind string, value func(*coded) uint32) {
	w.table(kind, func(count *uint32) {
		var run, same uint32
		flush := func() {
			if run > 0 {
				w.u32(run, same)
				*count++
			}
		}
		w.walk(func(s *coded) {
			v := value(s)
			if run > 0 && v == same {
				run++
				return
			}
			flush()
			run, same = 1, v
		})
		flush()
	})
}

// write writes all of them.
func (w *tables) write() {
	w.pairs("stts", func(s *coded) uint32 {
		return uint32(w.ticks(s.decode+s.delta) - w.ticks(s.decode))
	})
	if w.v.offsets {
		w.pairs("ctts", func(s *coded) uint32 {
			return uint32(w.ticks(s.present+w.v.shift) - w.ticks(s.decode))
		})
	}
	if w.v.keys < w.v.samples {
		w.table("stss", func(count *uint32) {
			n := uint32(0)
			w.walk(func(s *coded) {
				n++
				if s.sync {
					w.u32(n)
					*count++
				}
			})
		})
	}
	w.chunks()
	w.box("stsz", func() {
		w.u32(0, 0, uint32(w.v.samples))
		w.walk(func(s *coded) { w.u32(s.size) })
	})
	w.encrypted()
	if w.large() {
		w.table("co64", func(count *uint32) {
			w.starts(func(at int64) { w.u64(uint64(at)); *count++ })
		})
		return
	}
	w.table("stco", func(count *uint32) {
		w.starts(func(at int64) { w.u32(uint32(at)); *count++ })
	})
}

// chunks writes how many samples each fragment has: stsc.
func (w *tables) chunks() {
	w.table("stsc", func(count *uint32) {
		var chunk, samples, format uint32
		var wasSamples, wasFormat uint32
		flush := func() {
			if chunk > 0 && (samples != wasSamples || format != wasFormat) {
				w.u32(chunk, samples, format+1)
				*count++
				wasSamples, wasFormat = samples, format
			}
		}
		w.walk(func(s *coded) {
			if s.first {
				flush()
				chunk, samples, format = chunk+1, 0, uint32(s.format)
			}
			samples++
		})
		flush()
	})
}

// starts calls visit with where each fragment is in the file.
func (w *tables) starts(visit func(int64)) {
	w.walk(func(s *coded) {
		if s.first {
			visit(s.offset + w.shift)
		}
	})
}

// large reports whether offsets take 64 bits, tables in front of the media
// included.
func (w *tables) large() bool {
	const room = 512 << 20
	return w.m.end > math.MaxUint32-room
}

// write writes the movie box into a file from an offset on, for media that are
// moved by shift, and returns where it ends.
func (m *movie) write(file *os.File, at, shift int64) (end int64, err error) {
	w := newBoxWriter(file, at)
	m.header(w, shift)
	return w.close()
}
