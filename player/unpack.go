package player

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"smoothplay/drm"
	"smoothplay/platform"
	"smoothplay/player/buffer"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// errOtherTime says that a server answered with another fragment than the one
// asked for.
var errOtherTime = errors.New("the fragment is of another time than asked for")

// parsers are fragment.Fragments to use again.
var parsers = sync.Pool{New: func() any { return new(fragment.Fragment) }}

// unpacked is what is in the body of a fragment.
type unpacked struct {
	*buffer.Fragment
	news   *news   // what a live one says of those that follow
	cipher *cipher // nil: it is clear
}

// unpack parses the body of a fragment; said are the protection headers of the
// presentation. The samples alias the body, which is released with the fragment.
func unpack(body *fetch.Body, stream *timeline.Stream, chunk timeline.Chunk, format *platform.Format, said *drm.Protection, live bool) (u unpacked, err error) {
	stream = stream.Of(chunk)
	p := parsers.Get().(*fragment.Fragment)
	defer parsers.Put(p)
	err = p.Parse(body.Bytes(), fragment.Options{Kind: format.Kind, FragmentDuration: uint64(chunk.D)})
	if err != nil {
		return u, fmt.Errorf("reading the %v fragment at %d: %w", format.Kind, chunk.T, err)
	}
	if u.cipher, err = cipherOf(p, said, chunk.Start); err != nil {
		return u, fmt.Errorf("the %v fragment at %d: %w", format.Kind, chunk.T, err)
	}
	if t, ok := statedTime(p); ok && isOther(stream, chunk, t) {
		return u, fmt.Errorf("asked for %d, received %d: %w", chunk.T, t, errOtherTime)
	}
	if len(format.Config) == 0 && len(p.Samples) > 0 && u.cipher == nil {
		if own, ok := fragment.ConfigFromSample(format, p.Samples[0].Data); ok {
			format = own
		}
	}
	f := &buffer.Fragment{
		Chunk: chunk.Index, Start: chunk.Start, End: chunk.End(), Format: format, Cut: buffer.Cut(chunk.Cut),
		Samples: make([]platform.Sample, 0, len(p.Samples)), Bytes: int64(len(body.Bytes())), Free: body.Release,
	}
	for i := range p.Samples {
		s := &p.Samples[i]
		if len(s.Data) == 0 {
			continue // it holds its time only
		}
		shows := true
		if u.cipher != nil {
			how := u.cipher.protection(p.Encryption, i)
			f.Protection = append(f.Protection, how)
			shows = showsHeader(how, format)
		}
		decode := stream.Offset(s.Decode)
		f.Samples = append(f.Samples, platform.Sample{
			DTS:      chunk.Origin() + decode,
			PTS:      chunk.Origin() + stream.Offset(s.Decode+int64(s.Composition)),
			Duration: stream.Offset(s.Decode+int64(s.Duration)) - decode,
			Key:      s.Sync, Data: s.Data,
			Disposable: s.DependedOn == 2 || shows && fragment.Disposable(format, s.Data),
		})
	}
	leaveOut(f)
	u.Fragment = f
	if live {
		u.news = newsOf(p, chunk)
	}
	return u, nil
}

// statedTime is the time that the fragment itself states, in ticks. Servers that
// do not know write 0.
func statedTime(p *fragment.Fragment) (manifest.Ticks, bool) {
	switch {
	case p.HasTime && p.Time != 0:
		return manifest.Ticks(p.Time), true
	case p.HasDecodeTime && p.DecodeTime != 0:
		return manifest.Ticks(p.DecodeTime), true
	}
	return 0, false
}

// isOther reports whether t is the start of another chunk of the stream: on
// demand a fragment's own time may be nonsense, so that only a perfect match
// counts against it ([MS-SSTR] 2.2.4.4).
func isOther(stream *timeline.Stream, chunk timeline.Chunk, t manifest.Ticks) bool {
	if t == chunk.T {
		return false
	}
	pos := stream.Position(t)
	if (pos - chunk.Start).Abs() < chunk.Duration/2 {
		return false
	}
	i := stream.At(pos + time.Microsecond)
	return i < stream.Limit() && stream.Chunk(i).T == t
}
