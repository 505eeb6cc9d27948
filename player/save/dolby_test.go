package save

import (
	"bytes"
	"encoding/hex"
	"testing"

	"smoothplay/platform"
)

func TestDescribed(t *testing.T) {
	for _, c := range []struct {
		name, sample string
		codec        platform.Codec
		bps          int64
		want         string // "": none
	}{
		{"stereo of 192 kbit/s", "0b7700001440400000", platform.AC3, 192000, "101140"},
		{"5.1 of 384 kbit/s", "0b7700001c40e10000", platform.AC3, 384000, "103dc0"},
		{"5.1, enhanced", "0b7702ff3f800000" + "", platform.EAC3, 384000, "0c00200f00"},
		{"cut short", "0b7700001440", platform.AC3, 0, ""},
		{"no sync", "ffff00001440400000", platform.AC3, 0, ""},
		{"the other one", "0b7702ff3f800000", platform.AC3, 0, ""},
		{"the other one", "0b7700001440400000", platform.EAC3, 0, ""},
		{"another codec", "0b7700001440400000", platform.AAC, 0, ""},
	} {
		data, err := hex.DecodeString(c.sample)
		if err != nil {
			t.Fatal(err)
		}
		own, ok := described(&platform.Format{Codec: c.codec, BitrateBPS: c.bps}, data)
		if ok != (c.want != "") || ok && hex.EncodeToString(own.Config) != c.want {
			t.Errorf("%s: %+v, want %s", c.name, own, c.want)
		}
	}
	// An independent frame of 4 words with one that depends on it.
	two := bytes.Join([][]byte{{0x0b, 0x77, 0, 3, 0x3f, 0x80, 0, 0}, {0x0b, 0x77, 0x40, 3, 0x34, 0x80, 0, 0}}, nil)
	if own, ok := described(&platform.Format{Codec: platform.EAC3}, two); !ok || hex.EncodeToString(own.Config) != "0000200f0202" {
		t.Errorf("%+v", own)
	}
	if _, ok := described(&platform.Format{Codec: platform.EAC3, Config: []byte{1}}, two); ok {
		t.Error("what the manifest says is not taken")
	}
}

// FuzzDescribed holds that no sample breaks it, and that what it makes is of the
// length that its kind has.
func FuzzDescribed(f *testing.F) {
	f.Add([]byte{0x0b, 0x77, 0, 0, 0x14, 0x40, 0x40, 0, 0})
	f.Add([]byte{0x0b, 0x77, 2, 0xff, 0x3f, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, codec := range []platform.Codec{platform.AC3, platform.EAC3} {
			own, ok := described(&platform.Format{Codec: codec, BitrateBPS: 1e12}, data)
			if ok && (codec == platform.AC3 && len(own.Config) != 3 || codec == platform.EAC3 && (len(own.Config) < 5 || len(own.Config) > 2+8*4)) {
				t.Errorf("%x", own.Config)
			}
		}
	})
}
