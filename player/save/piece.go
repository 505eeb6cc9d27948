package save

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// sample is what the tables of the file need to know of one sample. Times are in
// ticks of the stream.
type sample struct {
	size        uint32
	duration    uint32
	composition int32
	sync        bool
	aux         []byte // of an encrypted sample: see auxiliary; nil: it is clear
	mapped      bool   // aux has subsamples
}

// piece is one fragment on its way from the server to the file.
type piece struct {
	item item
	name string        // of the file in a mirror
	done chan struct{} // closed when the rest is set

	body    *fetch.Body
	samples []sample
	media   []byte // of all samples, aliasing body or not
	format  *platform.Format
	// encryption is how the samples are encrypted; nil: they are clear.
	encryption *encryption
	// decode is the time of the first sample, from the chunk's.
	decode int64
	// reason says why it is missing, or damaged where there are samples.
	reason string
	// fatal ends the save.
	fatal error
}

func (p *piece) release() { p.body.Release() }

// get fetches a piece, as often as the rules of package fetch say.
func (s *saver) get(ctx context.Context, p *piece) {
	defer close(p.done)
	var class fetch.Class
	attempt := 0
	began := time.Now()
	for {
		r := s.client.Fragment(ctx, fetch.Job{URL: p.item.url}, nil)
		err := r.Err
		if err == nil {
			p.body.Release()
			p.body = r.Body
			if err = s.unpack(ctx, p); err == nil || p.fatal != nil {
				return
			}
		}
		failure := fetch.Failure{Class: fetch.ClassOf(err), Status: r.Status, Live: s.live,
			NearEdge: p.item.nearEdge, ChunkDuration: p.item.chunk.Duration, RetryAfter: r.RetryAfter}
		if errors.Is(err, fragment.ErrTruncated) {
			failure.Class = fetch.Truncated
		}
		if failure.Class != class {
			class, attempt = failure.Class, 0
		}
		attempt++
		failure.Attempt = attempt
		action := fetch.Next(failure, rand.Float64())
		late := time.Since(began) > s.cfg.Patience
		switch {
		case ctx.Err() != nil:
			p.fatal = ctx.Err()
			return
		case action.Kind == fetch.Fail, late && class != fetch.Status:
			p.fatal = fmt.Errorf("%s at %v: %w; the same save goes on from there later", p.item.track.name(), p.item.chunk.Start, err)
			return
		case action.Kind != fetch.Retry && action.Kind != fetch.Wait, late:
			p.reason = err.Error()
			return
		}
		if sleep(ctx, action.After) != nil {
			p.fatal = ctx.Err()
			return
		}
	}
}

// unpack reads the body of p. After an error p has the samples that could be read
// all the same.
func (s *saver) unpack(ctx context.Context, p *piece) error {
	t, chunk := p.item.track, p.item.chunk
	p.samples, p.media, p.encryption = p.samples[:0], nil, nil
	var f fragment.Fragment
	if s.mirror != nil {
		return p.usable(&f)
	}
	err := f.Parse(p.body.Bytes(), fragment.Options{Kind: t.kind, FragmentDuration: uint64(chunk.D)})
	if err == nil && p.item.isOther(&f) {
		return fmt.Errorf("asked for the fragment at %d, received the one at %d", chunk.T, f.Time)
	}
	if f.Encryption != nil && len(f.Samples) > 0 {
		switch {
		case s.cfg.Decrypt != nil:
			if p.fatal = s.cfg.Decrypt(ctx, p.item.snap.Presentation(), t.stream, &f); p.fatal != nil {
				return p.fatal
			}
			f.Encryption = nil
		case rewriteFor(t) != nil || !p.protect(f.Encryption, s.kid, s.hasKID):
			p.fatal = fmt.Errorf("%s at %v: %w", t.name(), chunk.Start, ErrProtected)
			return p.fatal
		}
	}
	p.take(&f)
	if len(p.samples) > 0 && undescribed(p.format) {
		if f.Encryption != nil {
			p.fatal = fmt.Errorf("%s at %v: %w: its description is in samples alone", t.name(), chunk.Start, ErrProtected)
			return p.fatal
		}
		p.samples, p.media = p.samples[:0], nil
		return fmt.Errorf("its samples are not %s", p.format.Codec)
	}
	if err == nil && f.Damaged {
		err = fmt.Errorf("%w: %d samples came", fragment.ErrTruncated, len(p.samples))
	}
	return err
}

// take takes over the samples of a fragment.
func (p *piece) take(f *fragment.Fragment) {
	t := p.item.track
	p.format = t.made
	rewrite := rewriteFor(t)
	left := len(f.Samples)
	if t.end != endless {
		left = untilEnd(f.Samples, int64(t.end-p.item.chunk.T))
	}
	size := 0
	for i := range f.Samples[:left] {
		s := &f.Samples[i]
		if len(s.Data) == 0 {
			continue // it holds its time only
		}
		if rewrite != nil {
			s.Data = rewrite(s.Data)
			p.media = append(p.media, s.Data...)
		}
		if len(p.samples) == 0 {
			p.decode = s.Decode
			if own, ok := fragment.ConfigFromSample(p.format, s.Data); ok && s.Sync && f.Encryption == nil {
				p.format = own
			} else if own, ok := described(p.format, s.Data); ok && f.Encryption == nil {
				p.format = own
			}
		}
		// A sample that was left out lengthens the one before.
		duration := s.Duration
		if i+1 < len(f.Samples) && f.Samples[i+1].Decode > s.Decode {
			duration = uint32(f.Samples[i+1].Decode - s.Decode)
		}
		one := sample{size: uint32(len(s.Data)), duration: duration, composition: s.Composition, sync: s.Sync}
		if f.Encryption != nil {
			one.aux, one.mapped = auxiliary(&f.Encryption.Samples[i], len(s.Data))
		}
		p.samples = append(p.samples, one)
		size += len(s.Data)
	}
	if rewrite == nil {
		p.media = f.Media[:size] // samples are contiguous in it
	}
}

// untilEnd is how many samples begin before end, counted in ticks from the
// chunk: what follows the last of them is needed by nobody.
func untilEnd(samples []fragment.Sample, end int64) int {
	for i, s := range slices.Backward(samples) {
		if s.Decode+int64(s.Composition) < end {
			return i + 1
		}
	}
	return 0
}

// isOther reports whether a fragment says that it is another chunk of the stream
// than the one asked for. On demand its own time may be nonsense, so that only a
// perfect match counts against it ([MS-SSTR] 2.2.4.4).
func (it *item) isOther(f *fragment.Fragment) bool {
	at := manifest.Ticks(f.Time)
	if !f.HasTime || at == 0 || at == it.chunk.T {
		return false
	}
	stream := it.snap.Stream(it.track.stream)
	pos := stream.Position(at)
	if (pos - it.chunk.Start).Abs() < it.chunk.Duration/2 {
		return false
	}
	i := stream.At(pos + time.Microsecond)
	return i < stream.Limit() && stream.Chunk(i).T == at
}

// rewriteFor is what must be done to the samples of a track, which are otherwise
// in MP4 as in fragments; nil: nothing.
func rewriteFor(t *track) func([]byte) []byte {
	switch {
	case strings.EqualFold(t.level.FourCC, "AVCB"):
		return lengthPrefixed
	case t.made.Codec == platform.VC1:
		return startCoded
	}
	return nil
}

// startCoded puts the start code of a frame before a sample of VC-1 that has
// none, as ASF leaves it out and SMPTE RP 2025 wants it.
func startCoded(data []byte) []byte {
	if startCode(data[:min(len(data), 3)]) == 0 {
		return data
	}
	return append([]byte{0, 0, 1, 0x0d}, data...)
}

// lengthPrefixed rewrites a sample with start codes to one with a length of four
// bytes before each NAL unit.
func lengthPrefixed(data []byte) []byte {
	out := make([]byte, 0, len(data)+16)
	for len(data) > 0 {
		i := startCode(data)
		if i < 0 {
			break
		}
		data = data[i+3:]
		unit := data
		if n := startCode(data); n >= 0 {
			unit = data[:n]
		}
		data = data[len(unit):]
		for len(unit) > 0 && unit[len(unit)-1] == 0 { // belongs to the next start code
			unit = unit[:len(unit)-1]
		}
		n := len(unit)
		out = append(append(out, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), unit...)
	}
	return out
}

// startCode is where 00 00 01 stands in data; -1: nowhere.
func startCode(data []byte) int {
	for i := 0; i+2 < len(data); i++ {
		if data[i] == 0 && data[i+1] == 0 && data[i+2] == 1 {
			return i
		}
	}
	return -1
}
