package null

import (
	"errors"
	"fmt"
	"image"
	"sync/atomic"
	"time"

	"smoothplay/platform"
)

// ErrNeedKey is returned, wrapped, for a sample with which decoding cannot
// begin: the first one, and the first after Flush, Drain, a lost sample or a
// change of format, must be a key sample, as for a real decoder.
var ErrNeedKey = errors.New("decoding can begin at a key sample only")

var errClosed = errors.New("null: the decoder was closed")

// Decoders opens decoders that look at times and never at bytes. The zero
// value takes every codec that package platform names, costs no time and gives
// pictures without pixels and silence. Safe for concurrent use.
type Decoders struct {
	// Refuse says why a format cannot be decoded, with an error that wraps
	// platform.ErrUnsupported; nil, or a nil error: it can.
	Refuse func(f platform.Format) error
	// Cost is the time that decoding a sample takes, spent in time.Sleep; nil:
	// none.
	Cost func(s *platform.Sample) time.Duration
	// Fail is the error with which Decode loses a sample; nil, or a nil error:
	// it decodes. A lost video sample takes all up to the next key sample with
	// it.
	Fail func(s *platform.Sample) error
	// Reorder is how many pictures a video decoder holds back until their order
	// is certain; 0: 2, negative: none. It grows, up to 16, where a stream is
	// found to need more.
	Reorder int
	// Pixels is the size of the grey I420 picture that every Picture carries;
	// zero: pictures have the size of their format, and a Surface that is nil.
	Pixels image.Point
	// Signal gives the sound: the value of one channel at a frame, counted in
	// the rate of the output from 0 on the timeline of the item; nil: silence.
	Signal func(frame int64, channel int) int16

	held atomic.Int64
}

// Held is the number of pictures that were made and not yet released, those
// that the decoders hold back included. It is 0 after a session that lost none.
func (d *Decoders) Held() int { return int(d.held.Load()) }

// Supports implements [platform.Decoders].
func (d *Decoders) Supports(f platform.Format) error {
	kind, known := kindOf(f.Codec)
	if !known || kind != f.Kind || kind == platform.Text {
		return fmt.Errorf("null: no %v decoder for codec %q: %w", f.Kind, f.Codec, platform.ErrUnsupported)
	}
	if d.Refuse == nil {
		return nil
	}
	return d.Refuse(f)
}

// OpenVideo implements [platform.Decoders].
func (d *Decoders) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	if err := d.supports(f, platform.Video); err != nil {
		return nil, err
	}
	depth := d.Reorder
	if depth == 0 {
		depth = defaultReorder
	}
	return &videoDecoder{
		by:     d,
		source: &f,
		depth:  max(depth, 0),
		free:   func() { d.held.Add(-1) },
		planes: grey(d.Pixels),
	}, nil
}

// OpenAudio implements [platform.Decoders].
func (d *Decoders) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	if err := d.supports(f, platform.Audio); err != nil {
		return nil, err
	}
	if out.Rate <= 0 || out.Channels <= 0 {
		return nil, fmt.Errorf("null: sound of %d Hz in %d channels cannot be made", out.Rate, out.Channels)
	}
	return &audioDecoder{by: d, out: out, restart: true}, nil
}

func (d *Decoders) supports(f platform.Format, want platform.Kind) error {
	if f.Kind != want {
		return fmt.Errorf("null: a %v format given to a %v decoder: %w", f.Kind, want, platform.ErrUnsupported)
	}
	return d.Supports(f)
}

// spend passes the time that s costs and says whether it is lost.
func (d *Decoders) spend(s *platform.Sample) error {
	if d.Cost != nil {
		time.Sleep(d.Cost(s))
	}
	if d.Fail == nil {
		return nil
	}
	return d.Fail(s)
}

func kindOf(c platform.Codec) (kind platform.Kind, known bool) {
	switch c {
	case platform.H264, platform.HEVC, platform.VC1, platform.WMV3:
		return platform.Video, true
	case platform.AAC, platform.WMA1, platform.WMA2, platform.WMAPro, platform.WMALossless, platform.AC3,
		platform.EAC3, platform.DTS, platform.Opus, platform.MP3, platform.PCMCodec:
		return platform.Audio, true
	case platform.TTML, platform.WebVTT:
		return platform.Text, true
	}
	return 0, false
}
