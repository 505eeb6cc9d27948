package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// Movie is the presentation that is fetched: one video stream with its sizes. It
// is not changed by a session, any number of them may share it.
type Movie struct {
	Name   string
	Chunk  time.Duration
	Levels []heuristics.Level // ascending in BitrateBPS
	// Bits are the sizes of the fragments by chunk and level, in bits.
	Bits   [][]int64
	stream *timeline.Stream
}

const (
	maxMovie  = 64 << 20 // bytes of JSON
	maxLevels = 100
	maxChunks = 1 << 17
	maxBits   = 1 << 40 // of a fragment
)

// NewMovie checks and completes a movie.
func NewMovie(name string, chunk time.Duration, levels []heuristics.Level, bits [][]int64) (*Movie, error) {
	m := &Movie{Name: name, Chunk: chunk, Levels: levels, Bits: bits}
	if chunk < 50*time.Millisecond || chunk > 10*time.Minute {
		return nil, fmt.Errorf("%w: fragments of %v", ErrTrace, chunk)
	}
	if len(levels) == 0 || len(levels) > maxLevels || len(bits) == 0 || len(bits) > maxChunks {
		return nil, fmt.Errorf("%w: %d levels and %d fragments, want 1 to %d and 1 to %d", ErrTrace, len(levels), len(bits), maxLevels, maxChunks)
	}
	for i, l := range levels {
		if l.BitrateBPS <= 0 || i > 0 && l.BitrateBPS < levels[i-1].BitrateBPS {
			return nil, fmt.Errorf("%w: level %d has %d bit/s, want levels ascending from above 0", ErrTrace, i, l.BitrateBPS)
		}
	}
	for i, sizes := range bits {
		if len(sizes) != len(levels) {
			return nil, fmt.Errorf("%w: fragment %d has %d sizes for %d levels", ErrTrace, i, len(sizes), len(levels))
		}
		for q, n := range sizes {
			if n <= 0 || n > maxBits {
				return nil, fmt.Errorf("%w: fragment %d of level %d has %d bits", ErrTrace, i, q, n)
			}
		}
	}
	snapshot, err := timeline.New(&manifest.Presentation{TimeScale: 1e9, Streams: []manifest.Stream{{
		Type: "video", TimeScale: 1e9, Runs: []manifest.Run{{D: manifest.Ticks(chunk), Count: uint64(len(bits))}},
	}}})
	if err != nil {
		return nil, fmt.Errorf("lay out %s: %w", name, err)
	}
	m.stream = snapshot.Stream(0)
	return m, nil
}

// bytes is the size of a fragment.
func (m *Movie) bytes(chunk, q int) int64 { return inBytes(float64(m.Bits[chunk][q])) }

// Lasting is the movie cut, or begun again and again, so that it lasts d, in
// whole fragments; d of 0: as it is.
func (m *Movie) Lasting(d time.Duration) (*Movie, error) {
	n := int((d + m.Chunk - 1) / m.Chunk)
	if d <= 0 || n == len(m.Bits) {
		return m, nil
	}
	if n > maxChunks {
		return nil, fmt.Errorf("%w: %v are more than %d fragments", ErrTrace, d, maxChunks)
	}
	bits := make([][]int64, n)
	for i := range bits {
		bits[i] = m.Bits[i%len(m.Bits)]
	}
	return NewMovie(m.Name, m.Chunk, m.Levels, bits)
}

// ConstantMovie has fragments of exactly their nominal size.
func ConstantMovie(name string, chunk time.Duration, chunks int, bps ...int64) (*Movie, error) {
	levels := make([]heuristics.Level, len(bps))
	sizes := make([]int64, len(bps))
	for i, b := range bps {
		levels[i].BitrateBPS = b
		sizes[i] = int64(math.Round(float64(b) * chunk.Seconds()))
	}
	bits := make([][]int64, min(max(chunks, 0), maxChunks+1))
	for i := range bits {
		bits[i] = sizes
	}
	return NewMovie(name, chunk, levels, bits)
}

// BuiltIn is a movie of ten minutes with a usual ladder, from 350 kbit/s at
// 320x180 to 6 Mbit/s at 1920x1080, in fragments of 2 s and nominal size.
func BuiltIn() *Movie {
	m, err := ConstantMovie("built-in", 2*time.Second, 300, 350_000, 700_000, 1_200_000, 2_000_000, 3_500_000, 6_000_000)
	if err != nil {
		panic(err) // it is always the same
	}
	for q, width := range []int{320, 480, 640, 960, 1280, 1920} {
		m.Levels[q].Width, m.Levels[q].Height = width, width*9/16
	}
	return m
}

// ReadMovie reads sizes as Sabre keeps them: segment_duration_ms, bitrates_kbps
// and segment_sizes_bits[fragment][level].
func ReadMovie(name string, r io.Reader) (*Movie, error) {
	var file struct {
		Chunk    float64     `json:"segment_duration_ms"`
		Bitrates []float64   `json:"bitrates_kbps"`
		Bits     [][]float64 `json:"segment_sizes_bits"`
	}
	text, err := readAll(r, maxMovie)
	if err != nil {
		return nil, fmt.Errorf("read the sizes %s: %w", name, err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("read the sizes %s: %w: %w", name, ErrTrace, err)
	}
	if len(file.Bitrates) > maxLevels || len(file.Bits) > maxChunks {
		return nil, fmt.Errorf("read the sizes %s: %w: more than %d levels or %d fragments", name, ErrTrace, maxLevels, maxChunks)
	}
	levels := make([]heuristics.Level, len(file.Bitrates))
	for i, kbps := range file.Bitrates {
		levels[i].BitrateBPS = int64(math.Round(min(max(kbps, 0), 1e9) * 1000))
	}
	bits := make([][]int64, len(file.Bits))
	for i, sizes := range file.Bits {
		if len(sizes) != len(levels) {
			return nil, fmt.Errorf("read the sizes %s: %w: fragment %d has %d sizes for %d levels", name, ErrTrace, i, len(sizes), len(levels))
		}
		bits[i] = make([]int64, len(sizes))
		for q, n := range sizes {
			bits[i][q] = int64(math.Round(min(max(n, 0), 2*maxBits)))
		}
	}
	chunk := time.Duration(math.Round(min(max(file.Chunk, 0), 1e9) * 1e6))
	m, err := NewMovie(name, chunk, levels, bits)
	if err != nil {
		return nil, fmt.Errorf("read the sizes %s: %w", name, err)
	}
	return m, nil
}

// readAll reads all of r, at most limit bytes.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%w: more than %d MiB", ErrTrace, limit>>20)
	}
	return text, err
}
