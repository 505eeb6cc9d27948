package bitstream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"smoothplay/platform"
)

// frame is a sync frame with a payload that can be told.
func frame(size int, enhanced bool, code byte) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(3*i + 1)
	}
	b[0], b[1], b[4], b[5] = 0x0b, 0x77, 0x14, 8<<3|2
	if enhanced {
		b[4], b[5] = code<<4, 16<<3
	}
	return b
}

func open(t *testing.T, codec platform.Codec) (platform.AudioDecoder, *platform.Format) {
	t.Helper()
	f := &platform.Format{Kind: platform.Audio, Codec: codec, SampleRate: 48000, Channels: 6}
	carrier, ok := Carrier(f)
	if !ok {
		t.Fatal("no carrier")
	}
	d, err := Decoders{}.OpenAudio(*f, carrier)
	if err != nil {
		t.Fatal(err)
	}
	return d, f
}

func TestBursts(t *testing.T) {
	for _, c := range []struct {
		name    string
		codec   platform.Codec
		frames  [][]byte
		size    int
		head    [4]uint16
		payload []byte
	}{
		{"AC-3", platform.AC3, [][]byte{frame(768, false, 0)}, 6144, [4]uint16{0xf872, 0x4e1f, 0x0201, 8 * 768}, frame(768, false, 0)},
		{"AC-3, odd", platform.AC3, [][]byte{frame(767, false, 0)}, 6144, [4]uint16{0xf872, 0x4e1f, 0x0201, 8 * 768}, append(frame(767, false, 0), 0)},
		{"E-AC-3", platform.EAC3, [][]byte{frame(512, true, 3)}, 24576, [4]uint16{0xf872, 0x4e1f, 21, 512}, frame(512, true, 3)},
		{"E-AC-3 in thirds", platform.EAC3, [][]byte{frame(100, true, 1), frame(102, true, 1), frame(104, true, 1)}, 24576,
			[4]uint16{0xf872, 0x4e1f, 21, 306}, bytes.Join([][]byte{frame(100, true, 1), frame(102, true, 1), frame(104, true, 1)}, nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, f := open(t, c.codec)
			carrier, _ := Carrier(f)
			n := 0
			for round := range 3 {
				for i, data := range c.frames {
					at := time.Duration(round)*32*time.Millisecond + time.Duration(i)*10*time.Millisecond
					if err := d.Decode(&platform.Sample{PTS: at, Data: data}, func(p *platform.PCM) error {
						n++
						if i != len(c.frames)-1 || p.PTS != time.Duration(round)*32*time.Millisecond {
							t.Errorf("burst at %v after frame %d", p.PTS, i)
						}
						if len(p.Data) != c.size || carrier.Duration(len(p.Data)) != 32*time.Millisecond {
							t.Errorf("%d bytes, that is %v", len(p.Data), carrier.Duration(len(p.Data)))
						}
						for i, want := range c.head {
							if got := binary.NativeEndian.Uint16(p.Data[2*i:]); got != want {
								t.Errorf("word %d is %#x, want %#x", i, got, want)
							}
						}
						var payload []byte
						for i := 8; i < len(p.Data); i += 2 {
							payload = binary.BigEndian.AppendUint16(payload, binary.NativeEndian.Uint16(p.Data[i:]))
						}
						if !bytes.Equal(payload[:len(c.payload)], c.payload) || len(bytes.Trim(payload[len(c.payload):], "\x00")) > 0 {
							t.Error("the payload is not the frames followed by zeros")
						}
						return nil
					}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if n != 3 {
				t.Errorf("%d bursts", n)
			}
		})
	}
}

// Bad samples are lost, one by one, and what follows is not.
func TestBadSamples(t *testing.T) {
	d, f := open(t, platform.EAC3)
	bursts := 0
	pack := func(s platform.Sample) error {
		return d.Decode(&s, func(*platform.PCM) error { bursts++; return nil })
	}
	for _, bad := range [][]byte{nil, {0x0b}, []byte("not AC-3"), frame(24570, true, 3)} {
		if err := pack(platform.Sample{Data: bad}); err == nil {
			t.Errorf("%d bytes: no error", len(bad))
		}
	}
	if err := pack(platform.Sample{Data: frame(64, true, 3), Secure: t}); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("protected memory: %v", err)
	}
	if err := pack(platform.Sample{Data: frame(64, true, 3), Format: &platform.Format{Codec: platform.AC3}}); !errors.Is(err, platform.ErrUnsupported) {
		t.Errorf("another codec: %v", err)
	}
	pack(platform.Sample{Data: frame(64, true, 0), Format: f})
	d.Flush() // half a burst is forgotten
	if err := pack(platform.Sample{Data: frame(64, true, 3)}); err != nil || bursts != 1 {
		t.Errorf("%d bursts: %v", bursts, err)
	}
	d.Drain(nil)
	d.Close()
	if err := pack(platform.Sample{Data: frame(64, true, 3)}); !errors.Is(err, platform.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCarrier(t *testing.T) {
	for _, f := range []platform.Format{{Codec: platform.AAC, SampleRate: 48000}, {Codec: platform.AC3}, {Codec: platform.EAC3, SampleRate: 96000}} {
		if c, ok := Carrier(&f); ok {
			t.Errorf("%s of %d Hz travels in %v", f.Codec, f.SampleRate, c)
		}
		if _, err := (Decoders{}).OpenAudio(f, platform.PCMFormat{Rate: 48000, Channels: 2}); !errors.Is(err, platform.ErrUnsupported) {
			t.Errorf("%s of %d Hz: %v", f.Codec, f.SampleRate, err)
		}
	}
}

// What FFmpeg encodes is packed as FFmpeg packs it, to the bit.
func TestAsFFmpeg(t *testing.T) {
	tool, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("skipped: the ffmpeg command is not installed")
	}
	for codec, name := range map[platform.Codec]string{platform.AC3: "ac3", platform.EAC3: "eac3"} {
		raw := filepath.Join(t.TempDir(), "sound."+name)
		run := func(args ...string) []byte {
			t.Helper()
			out, err := exec.Command(tool, append([]string{"-v", "error", "-nostdin", "-y"}, args...)...).Output()
			if err != nil {
				t.Fatalf("ffmpeg %q: %v", args, err)
			}
			return out
		}
		run("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2", "-ac", "2", "-c:a", name, "-b:a", "192k", raw)
		want := run("-i", raw, "-c", "copy", "-f", "spdif", "-")
		all := run("-i", raw, "-c", "copy", "-f", name, "-")
		d, _ := open(t, codec)
		var got []byte
		for len(all) > 0 {
			size := 768 // of AC-3 at 192 kbit/s
			if codec == platform.EAC3 {
				size = 2 * (int(binary.BigEndian.Uint16(all[2:])&0x7ff) + 1)
			}
			data := all[:size]
			all = all[size:]
			if err := d.Decode(&platform.Sample{Data: data}, func(p *platform.PCM) error {
				got = append(got, p.Data...)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		words := make([]byte, 0, len(got)) // FFmpeg writes little-endian words
		for i := 0; i < len(got); i += 2 {
			words = binary.LittleEndian.AppendUint16(words, binary.NativeEndian.Uint16(got[i:]))
		}
		if len(want) == 0 || !bytes.Equal(words, want) {
			t.Errorf("%s: %d bytes are not the %d of FFmpeg", name, len(words), len(want))
		}
	}
}
