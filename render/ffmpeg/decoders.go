//go:build cgo

package ffmpeg

import (
	"fmt"
	"runtime"
	"strconv"

	"smoothplay/platform"
)

// Decoders opens decoders of FFmpeg. The zero value is ready to use; it may be
// copied, and used from any goroutine.
type Decoders struct {
	// Threads is how many pictures are decoded at the same time; each thread
	// beyond the first delays the pictures by one and holds one more in memory.
	// 0: one as long as it is in time, else up to one for each processor, four at
	// most.
	Threads int
}

var _ platform.Decoders = Decoders{}

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func (d Decoders) pace() pace {
	if d.Threads > 0 {
		return pace{max: d.Threads, fixed: true}
	}
	return pace{max: min(4, runtime.NumCPU())}
}

// Supports reports nil where this build of FFmpeg has a decoder for the codec
// of f.
func (d Decoders) Supports(f platform.Format) error {
	_, err := find(&f)
	return err
}

// OpenVideo opens a decoder for f. What it returns is also a platform.Effort, a
// platform.Threads and a platform.PathNamer.
func (d Decoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	if f.Kind != platform.Video {
		return nil, fmt.Errorf("%s stream where video was expected: %w", f.Kind, platform.ErrUnsupported)
	}
	p := d.pace()
	c, err := openCodec(f, p.threads(f.Width*f.Height), nil)
	if err != nil {
		return nil, err
	}
	return &videoDecoder{pace: p, codec: c, source: &c.format, pool: &framePool{}}, nil
}

// OpenAudio opens a decoder for f that delivers PCM as out says: 1 to 8
// channels, 1 to 384,000 frames a second.
func (d Decoders) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	if f.Kind != platform.Audio {
		return nil, fmt.Errorf("%s stream where audio was expected: %w", f.Kind, platform.ErrUnsupported)
	}
	if out.Rate < 1 || out.Rate > 384000 || out.Channels < 1 || out.Channels > 8 {
		return nil, fmt.Errorf("PCM of %d Hz and %d channels: %w", out.Rate, out.Channels, platform.ErrUnsupported)
	}
	c, err := openCodec(f, 1, nil)
	if err != nil {
		return nil, err
	}
	return newAudioDecoder(c, out), nil
}
