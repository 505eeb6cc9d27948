//go:build cgo

package ffmpeg

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

// videoIDs and audioIDs are the codecs that are opened by their Format alone.
var videoIDs = map[platform.Codec]astiav.CodecID{
	platform.H264: astiav.CodecIDH264,
	platform.HEVC: astiav.CodecIDHevc,
	platform.VC1:  astiav.CodecIDVc1,
	platform.WMV3: astiav.CodecIDWmv3,
}

var audioIDs = map[platform.Codec]astiav.CodecID{
	platform.AAC:         astiav.CodecIDAac,
	platform.WMA1:        astiav.CodecIDWmav1,
	platform.WMA2:        astiav.CodecIDWmav2,
	platform.WMAPro:      astiav.CodecIDWmapro,
	platform.WMALossless: astiav.CodecIDWmalossless,
	platform.AC3:         astiav.CodecIDAc3,
	platform.EAC3:        astiav.CodecIDEac3,
	platform.DTS:         astiav.CodecIDDts,
	platform.Opus:        astiav.CodecIDOpus,
	platform.MP3:         astiav.CodecIDMp3,
}

// pcmIDs are the kinds of PCM by their bits a sample.
var pcmIDs = map[int]astiav.CodecID{
	8:  astiav.CodecIDPcmU8,
	16: astiav.CodecIDPcmS16Le,
	24: astiav.CodecIDPcmS24Le,
	32: astiav.CodecIDPcmS32Le,
}

// find names the decoder of FFmpeg for f.
func find(f *platform.Format) (*astiav.Codec, error) {
	var id astiav.CodecID
	var ok bool
	switch {
	case f.Kind == platform.Video:
		id, ok = videoIDs[f.Codec]
	case f.Kind == platform.Audio && f.Codec == platform.PCMCodec:
		id, ok = pcmIDs[f.BitsPerSample]
	case f.Kind == platform.Audio:
		id, ok = audioIDs[f.Codec]
	}
	if ok {
		if c := astiav.FindDecoder(id); c != nil {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s codec %q (FourCC %q, %d bits a sample): %w", f.Kind, f.Codec, f.FourCC, f.BitsPerSample, platform.ErrUnsupported)
}

// quiet silences FFmpeg once for the process: its messages are written by the
// stream, and what matters of them comes back as errors.
var quiet = sync.OnceFunc(func() { astiav.SetLogLevel(astiav.LogLevelQuiet) })

// codec is an open decoder of FFmpeg for one format. Not safe for concurrent use.
type codec struct {
	ctx     *astiav.CodecContext
	packet  *astiav.Packet
	format  platform.Format // that it was opened for
	threads int
	lengths int // size of NAL lengths to replace by start codes; 0: none
	scratch []byte
	drained bool // it was told the end; flush before the next sample
}

// frameSink receives the frames of a codec.
type frameSink interface {
	// frame returns the frame to decode into, the same until take was called.
	frame() *astiav.Frame
	// take consumes the frame. stop ends receiving; lost does not.
	take() (lost, stop error)
}

// openCodec opens a decoder on some hardware; nil: in software.
func openCodec(f platform.Format, threads int, on *way) (*codec, error) {
	quiet()
	var decoder *astiav.Codec
	var inside astiav.PixelFormat
	var err error
	if on == nil {
		decoder, err = find(&f)
	} else {
		decoder, inside, err = on.find(&f)
	}
	if err != nil {
		return nil, err
	}
	c := &codec{ctx: astiav.AllocCodecContext(decoder), packet: astiav.AllocPacket(), format: f, threads: threads}
	if c.ctx == nil || c.packet == nil {
		return nil, errors.New("open " + decoder.Name() + ": out of memory")
	}
	options := astiav.NewDictionary()
	defer options.Free()
	if err := c.configure(options, threads); err != nil {
		c.close()
		return nil, err
	}
	if on != nil {
		if err := on.attach(c.ctx, inside); err != nil {
			c.close()
			return nil, err
		}
	}
	if err := c.ctx.Open(decoder, options); err != nil {
		c.close()
		return nil, fmt.Errorf("open %s with %d bytes of configuration: %s", decoder.Name(), len(f.Config), err)
	}
	return c, nil
}

// configure sets what the format says, and bounds what the stream may ask for.
func (c *codec) configure(options *astiav.Dictionary, threads int) error {
	f := &c.format
	if err := c.ctx.SetExtraData(f.Config); err != nil {
		return err
	}
	if f.Kind == platform.Audio {
		setAudio(c.ctx, f)
		c.ctx.SetThreadCount(1)
		return nil
	}
	c.ctx.SetWidth(f.Width)
	c.ctx.SetHeight(f.Height)
	c.ctx.SetThreadCount(threads)
	c.ctx.SetThreadType(astiav.ThreadTypeFrame)
	if f.NALLength > 0 && (len(f.Config) == 0 || bytes.HasPrefix(f.Config, startCode) || bytes.HasPrefix(f.Config, startCode[1:])) {
		c.lengths = min(f.NALLength, 4)
	}
	if f.Codec == platform.H264 {
		// Where the stream does not say how far its pictures are reordered,
		// FFmpeg guesses, and loses pictures each time that it learns better.
		// "strict" makes it wait as long as the level of the stream allows.
		if err := options.Set("strict", "1", 0); err != nil {
			return err
		}
	}
	return options.Set("max_pixels", strconv.FormatInt(maxPixels(f), 10), 0)
}

// maxPixels bounds the pictures that the samples may ask for: 1080p, or four
// times what the format says where that is more.
func maxPixels(f *platform.Format) int64 {
	const floor, ceiling = 1920 * 1088, 8192 * 4352
	if f.Width <= 0 || f.Height <= 0 {
		return ceiling
	}
	return min(max(4*int64(f.Width)*int64(f.Height), floor), ceiling)
}

// decodesAlike reports whether a decoder opened for a can go on with samples of b.
func decodesAlike(a, b *platform.Format) bool {
	return a.Codec == b.Codec && bytes.Equal(a.Config, b.Config) && a.NALLength == b.NALLength &&
		a.Width == b.Width && a.Height == b.Height &&
		a.SampleRate == b.SampleRate && a.Channels == b.Channels &&
		a.BitsPerSample == b.BitsPerSample && a.BlockAlign == b.BlockAlign &&
		(a.BitrateBPS == b.BitrateBPS || !isWMA(a.Codec)) // which reads its frames by it
}

func isWMA(c platform.Codec) bool {
	return c == platform.WMA1 || c == platform.WMA2 || c == platform.WMAPro || c == platform.WMALossless
}

// decode sends one sample under its number and hands every frame that is ready
// to sink. lost says that a sample could not be decoded; stop is an error of
// sink. Only one of them is not nil.
func (c *codec) decode(data []byte, number int64, key bool, sink frameSink) (lost, stop error) {
	if c.drained {
		c.flush()
	}
	if len(data) == 0 {
		return errors.New("the sample is empty"), nil
	}
	if len(data) > math.MaxInt32-64 {
		return fmt.Errorf("the sample has %d bytes", len(data)), nil
	}
	if c.lengths > 0 {
		var err error
		if c.scratch, err = appendAnnexB(c.scratch[:0], data, c.lengths); err != nil {
			return err, nil
		}
		data = c.scratch
	}
	rc := send(c.ctx, c.packet, data, number, key)
	if rc == astiav.ErrEagain { // a sink has stopped before it had taken all
		if lost, stop = c.receive(sink); stop != nil {
			return nil, stop
		}
		rc = send(c.ctx, c.packet, data, number, key)
	}
	if rc < 0 {
		lost = errors.Join(lost, errors.New(rc.Error()))
	}
	late, stop := c.receive(sink)
	if stop != nil {
		return nil, stop
	}
	return errors.Join(lost, late), nil
}

// drain hands every frame still held to sink. The next sample flushes.
func (c *codec) drain(sink frameSink) (lost, stop error) {
	if !c.drained {
		sendEnd(c.ctx)
		c.drained = true
	}
	return c.receive(sink)
}

// maxFailures bounds the errors of one call: each stands for a sample that a
// frame thread had waiting.
const maxFailures = 64

func (c *codec) receive(sink frameSink) (lost, stop error) {
	for failures := 0; failures < maxFailures; {
		f := sink.frame()
		if f == nil {
			return errors.New("out of memory for a frame"), nil
		}
		switch rc := receive(c.ctx, f); {
		case rc >= 0:
			failed, stop := sink.take()
			if stop != nil {
				return nil, stop
			}
			if failed != nil {
				lost = failed
			}
		case rc == astiav.ErrEagain || rc == astiav.ErrEof:
			return lost, nil
		default:
			failures++
			lost = errors.New(rc.Error())
		}
	}
	return lost, nil
}

func (c *codec) flush() {
	flush(c.ctx)
	c.drained = false
}

func (c *codec) close() {
	c.ctx.Free()
	c.packet.Free()
}
