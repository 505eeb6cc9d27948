package platformtest

import (
	"errors"
	"fmt"
	"testing"

	"smoothplay/platform"
)

// OpenDecoders makes the decoders of a device and formats that they support, of
// video, audio or both.
type OpenDecoders func(t *testing.T) (d platform.Decoders, supported []platform.Format)

// TestDecoders examines an implementation of [platform.Decoders]; the decoders
// it opens take the exams of their own.
func TestDecoders(t *testing.T, open OpenDecoders, opts ...Option) {
	t.Helper()
	examine(t, decodersRules, open, opts)
}

// impossible are formats that no device decodes.
var impossible = []platform.Format{
	{Kind: platform.Video, Codec: "none such", FourCC: "NONE", Width: 640, Height: 360},
	{Kind: platform.Audio, Codec: "none such", FourCC: "NONE", SampleRate: 48000, Channels: 2},
	{Kind: platform.Text, Codec: platform.TTML, FourCC: "DFXP"},
	{Kind: platform.Video},
}

var decodersRules = []rule[OpenDecoders]{
	{"unsupported-is-said",
		"Supports reports nil, or an error that wraps ErrUnsupported and says why f cannot be decoded.",
		func(t *testing.T, open OpenDecoders) error {
			d, _ := open(t)
			for _, f := range impossible {
				if err := d.Supports(f); !errors.Is(err, platform.ErrUnsupported) {
					return fmt.Errorf("Supports(%v %q) returned %v", f.Kind, f.Codec, err)
				}
			}
			return nil
		}},
	{"unsupported-is-not-opened",
		"ErrUnsupported is returned, possibly wrapped, by Decoders for a format the device cannot decode",
		func(t *testing.T, open OpenDecoders) error {
			d, supported := open(t)
			var other []platform.Format // pictures for the audio decoder, sound for the other
			for _, f := range supported {
				f.Kind = platform.Video + platform.Audio - f.Kind
				other = append(other, f)
			}
			for _, f := range append(other, impossible...) {
				var err error
				if f.Kind == platform.Audio {
					_, err = d.OpenAudio(f, stereo)
				} else {
					_, err = d.OpenVideo(f)
				}
				if !errors.Is(err, platform.ErrUnsupported) {
					return fmt.Errorf("opening a decoder for %v %q returned %v", f.Kind, f.Codec, err)
				}
			}
			return nil
		}},
	{"supported-is-opened",
		"It is asked before a level or stream is offered, and must be quick.",
		func(t *testing.T, open OpenDecoders) error {
			d, supported := open(t)
			if len(supported) == 0 {
				return errors.New("of the exam: a format that is supported is needed")
			}
			for _, f := range supported {
				if err := openAndClose(d, f); err != nil {
					return err
				}
			}
			return nil
		}},
	{"any-goroutine",
		"Its methods may be called from any goroutine.",
		func(t *testing.T, open OpenDecoders) error {
			d, supported := open(t)
			return together(8, func(i int) error {
				_ = d.Supports(impossible[i%len(impossible)])
				return openAndClose(d, supported[i%len(supported)])
			})
		}},
}

func openAndClose(d platform.Decoders, f platform.Format) error {
	if err := d.Supports(f); err != nil {
		return fmt.Errorf("Supports(%v %q): %w", f.Kind, f.Codec, err)
	}
	var decoder interface{ Close() error }
	var err error
	if f.Kind == platform.Video {
		decoder, err = d.OpenVideo(f)
	} else {
		decoder, err = d.OpenAudio(f, stereo)
	}
	if err != nil {
		return fmt.Errorf("opening a decoder for %v %q, which is supported: %w", f.Kind, f.Codec, err)
	}
	return decoder.Close()
}
