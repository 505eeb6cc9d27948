package bitstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"smoothplay/platform"
)

const (
	syncWord   = 0x0b77
	ac3Burst   = 1536 * 4
	eac3Burst  = 4 * 1536 * 4
	header     = 8 // Pa to Pd
	dataAC3    = 1
	dataEAC3   = 21
	blocksFull = 6 // audio blocks of 256 samples in a burst
)

// Carrier is the form of PCM in the place of which sound of format f travels; ok
// is false where there is none.
func Carrier(f *platform.Format) (c platform.PCMFormat, ok bool) {
	if f.SampleRate < 32000 || f.SampleRate > 48000 {
		return c, false
	}
	switch f.Codec {
	case platform.AC3:
		return platform.PCMFormat{Rate: f.SampleRate, Channels: 2}, true
	case platform.EAC3:
		return platform.PCMFormat{Rate: 4 * f.SampleRate, Channels: 2}, true
	}
	return c, false
}

// Decoders opens a packer in place of every decoder of sound.
type Decoders struct{ platform.Decoders }

// OpenAudio returns a packer for f, whose PCM are whole bursts; out is Carrier(f).
func (d Decoders) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	if c, ok := Carrier(&f); !ok || c != out {
		return nil, fmt.Errorf("%s of %d Hz as a bitstream in PCM of %d Hz: %w", f.Codec, f.SampleRate, out.Rate, platform.ErrUnsupported)
	}
	return &packer{codec: f.Codec}, nil
}

// packer is a platform.AudioDecoder and a platform.PathNamer.
type packer struct {
	codec  platform.Codec
	burst  []byte
	filled int // bytes of burst, header and payload so far; 0: empty
	blocks int // in it
	pts    time.Duration
	closed bool
}

// Path is "passthrough".
func (p *packer) Path() string { return "passthrough" }

// syncFrame is what the head of a sync frame says, ETSI TS 102 366 4.3 and E.1.2.
type syncFrame struct {
	mode   byte // bsmod, of AC-3
	blocks int  // audio blocks in the sample
}

func readFrame(data []byte) (s syncFrame, err error) {
	if len(data) < 6 || binary.BigEndian.Uint16(data) != syncWord {
		return s, errors.New("no sync frame of AC-3")
	}
	s = syncFrame{mode: data[5] & 7, blocks: blocksFull}
	if enhanced := data[5]>>3 > 10; enhanced && data[4]>>6 != 3 {
		s.blocks = [...]int{1, 2, 3, 6}[data[4]>>4&3]
	}
	return s, nil
}

func (p *packer) Decode(s *platform.Sample, out func(*platform.PCM) error) error {
	switch {
	case p.closed:
		return fmt.Errorf("packer: %w", platform.ErrClosed)
	case s.Secure != nil:
		return fmt.Errorf("sample in protected memory: %w", platform.ErrUnsupported)
	}
	if s.Format != nil && s.Format.Codec != p.codec {
		p.filled, p.blocks = 0, 0
		return fmt.Errorf("%s in a bitstream of %s: %w", s.Format.Codec, p.codec, platform.ErrUnsupported)
	}
	f, err := readFrame(s.Data)
	if err != nil {
		return fmt.Errorf("pack %s sample of %d bytes at %v: %w", p.codec, len(s.Data), s.PTS, err)
	}
	size := ac3Burst
	if p.codec == platform.EAC3 {
		size = eac3Burst
	}
	if p.burst == nil {
		p.burst = make([]byte, size)
	}
	if p.filled == 0 {
		clear(p.burst)
		p.filled, p.pts = header, s.PTS
	}
	if p.filled+len(s.Data) > size {
		p.filled, p.blocks = 0, 0
		return fmt.Errorf("pack %s sample of %d bytes at %v: it does not fit into its burst", p.codec, len(s.Data), s.PTS)
	}
	p.filled += copy(p.burst[p.filled:], s.Data)
	if p.blocks += f.blocks; p.blocks < blocksFull {
		return nil
	}
	p.finish(f.mode)
	return out(&platform.PCM{PTS: p.pts, Data: p.burst})
}

// finish writes the header, and the payload as words of the machine's order.
func (p *packer) finish(mode byte) {
	payload := p.filled - header
	kind, length := uint16(dataAC3)|uint16(mode)<<8, uint16(8*(payload+payload%2))
	if p.codec == platform.EAC3 {
		kind, length = dataEAC3, uint16(payload+payload%2) // in bytes
	}
	for i, word := range [...]uint16{0xf872, 0x4e1f, kind, length} {
		binary.NativeEndian.PutUint16(p.burst[2*i:], word)
	}
	for i := header; i < p.filled; i += 2 {
		binary.NativeEndian.PutUint16(p.burst[i:], binary.BigEndian.Uint16(p.burst[i:]))
	}
	p.filled, p.blocks = 0, 0
}

// Drain has nothing to deliver: part of a burst is of no use.
func (p *packer) Drain(func(*platform.PCM) error) error { return p.Flush() }

func (p *packer) Flush() error {
	p.filled, p.blocks = 0, 0
	return nil
}

func (p *packer) Close() error {
	p.closed = true
	return nil
}
