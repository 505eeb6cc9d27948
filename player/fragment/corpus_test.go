package fragment

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

// Every real fragment parses to what an independent dump of it says.
func TestCorpus(t *testing.T) {
	var files map[string]struct {
		Size, Samples, Bytes int
		Seq, Track           uint32
		Dur                  int64
		Trun                 string
		TfhdFlags            string `json:"tfhd_flags"`
		Cts                  []int32
		Tfdt                 *uint64
		Tfxd                 []uint64
		Tfrf                 [][]uint64
		FirstFlags           string `json:"first_flags"`
		SencFlags            *int   `json:"senc_flags"`
		Mdat                 int
		DataOffset           int `json:"data_offset"`
		MdatOff              int `json:"mdat_off_from_moof"`
	}
	if err := json.Unmarshal(shared(t, "corpus/vectors/fragments_expected.json"), &files); err != nil {
		t.Fatal(err)
	}
	if len(files) < 40 {
		t.Fatalf("only %d files listed", len(files))
	}
	var f Fragment
	for name, want := range files {
		data := shared(t, "corpus/"+name)
		kind := platform.Video
		if strings.Contains(name, "audio") || name == "gstreamer/mss-fragment.m4f" || strings.Contains(name, "tfdt") {
			kind = platform.Audio
		}
		if err := f.Parse(data, Options{Kind: kind}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		total, lowest, highest, sync := 0, int32(0), int32(0), 0
		for i, s := range f.Samples {
			total += len(s.Data)
			if i == 0 {
				lowest, highest = s.Composition, s.Composition
			}
			lowest, highest = min(lowest, s.Composition), max(highest, s.Composition)
			if s.Sync {
				sync++
			}
			if !inside(data, s.Data) {
				t.Errorf("%s: sample %d was copied", name, i)
			}
		}
		if len(f.Samples) != want.Samples || f.Length() != want.Dur || total != want.Bytes || len(f.Media) != want.Mdat ||
			f.Sequence != want.Seq || f.TrackID != want.Track || f.Damaged {
			t.Errorf("%s: %d samples of %d ticks and %d bytes, sequence %d, track %d, damaged %v; want %+v",
				name, len(f.Samples), f.Length(), total, f.Sequence, f.TrackID, f.Damaged, want)
		}
		if len(want.Cts) == 2 && (lowest != want.Cts[0] || highest != want.Cts[1]) || len(want.Cts) == 0 && (lowest != 0 || highest != 0) {
			t.Errorf("%s: composition offsets %d to %d, want %v", name, lowest, highest, want.Cts)
		}
		if f.HasDecodeTime != (want.Tfdt != nil) || want.Tfdt != nil && f.DecodeTime != *want.Tfdt {
			t.Errorf("%s: tfdt %v %d, want %v", name, f.HasDecodeTime, f.DecodeTime, want.Tfdt)
		}
		if f.HasTime != (want.Tfxd != nil) || want.Tfxd != nil && !slices.Equal([]uint64{f.Time, f.Duration}, want.Tfxd) {
			t.Errorf("%s: tfxd %v %d %d, want %v", name, f.HasTime, f.Time, f.Duration, want.Tfxd)
		}
		if !slices.EqualFunc(f.Next, want.Tfrf, func(a Announced, b []uint64) bool { return a.Time == b[0] && a.Duration == b[1] }) {
			t.Errorf("%s: tfrf %v, want %v", name, f.Next, want.Tfrf)
		}
		if (f.Encryption != nil) != (want.SencFlags != nil) {
			t.Errorf("%s: encrypted %v", name, f.Encryption != nil)
		}
		if want.FirstFlags != "" {
			if flags, err := strconv.ParseUint(want.FirstFlags, 16, 32); err != nil || f.Samples[0].Flags != uint32(flags) {
				t.Errorf("%s: first flags %#x, want %s", name, f.Samples[0].Flags, want.FirstFlags)
			}
		}
		wantWarnings := Warning(0)
		if want.DataOffset != want.MdatOff {
			wantWarnings = WarnOffset
		}
		if f.Warnings != wantWarnings {
			t.Errorf("%s: warnings %q", name, f.Warnings)
		}
		wantSync := map[platform.Kind]int{platform.Video: 1, platform.Audio: want.Samples}[kind]
		if name == "dashjs/mss_moof.mp4" {
			wantSync = 2 // the 41st is marked too: an I picture with a recovery point
		}
		if sync != wantSync {
			t.Errorf("%s: %d sync samples, want %d", name, sync, wantSync)
		}
	}
}

// mp4ff reads the same out of every sound fragment.
func TestSecondOpinion(t *testing.T) {
	fixtures := map[string][]byte{
		"8.7":                     small(t, true),
		"live":                    live(60, 100),
		"default size":            moofMdat([]byte("AAABBC"), tfhd(0x38, 10, 2, 0x10000), trunBox(0x1, 3, 8+16+8+28+20+8)),
		"first flags and several": moofMdat([]byte("AAABBC"), tfhd(0x8, 10), trunBox(0x205, 1, 116, 0x02000000, 3), trunBox(0x201, 2, 119, 2, 1)),
	}
	t.Run("fixtures", func(t *testing.T) {
		for name, data := range fixtures {
			compare(t, name, data)
		}
	})
	t.Run("corpus", func(t *testing.T) {
		n := 0
		dir := filepath.Join(platformtest.Shared(t, ""), "corpus")
		for _, pattern := range []string{"rx-player/Smooth_static/media/*.mp4", "gstreamer/*.m4f", "dashjs/mss_moof_tfdt.mp4", "mp4ff/PIFF/*/*_dec.m*"} {
			names, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				data, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, filepath.Base(name), data)
				n++
			}
		}
		if n < 40 {
			t.Errorf("only %d files compared", n)
		}
	})
}

func compare(t *testing.T, name string, data []byte) {
	t.Helper()
	file, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		t.Errorf("%s: mp4ff: %v", name, err)
		return
	}
	if len(file.Segments) == 0 || len(file.Segments[0].Fragments) == 0 {
		t.Errorf("%s: mp4ff finds no fragment", name)
		return
	}
	var trex *mp4.TrexBox
	if file.Init != nil {
		trex = file.Init.Moov.Mvex.Trex
	}
	want, err := file.Segments[0].Fragments[0].GetFullSamples(trex)
	if err != nil {
		t.Errorf("%s: mp4ff: %v", name, err)
		return
	}
	var f Fragment
	if err := f.Parse(data, Options{}); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if len(f.Samples) != len(want) || len(want) == 0 {
		t.Errorf("%s: %d samples, mp4ff has %d", name, len(f.Samples), len(want))
		return
	}
	for i, s := range f.Samples {
		w := want[i]
		if !bytes.Equal(s.Data, w.Data) || s.Duration != w.Dur || s.Flags != w.Flags || s.Composition != w.CompositionTimeOffset ||
			uint64(s.Decode)+f.DecodeTime != w.DecodeTime {
			t.Errorf("%s: sample %d is %d+%d/%d %#x of %d bytes, mp4ff has %d+%d/%d %#x of %d", name, i,
				s.Decode, s.Composition, s.Duration, s.Flags, len(s.Data),
				w.DecodeTime, w.CompositionTimeOffset, w.Dur, w.Flags, len(w.Data))
			return
		}
	}
}

// The vectors and ranges are right if the protected files decrypt to their clear twins.
func TestCorpusDecrypts(t *testing.T) {
	for _, c := range []struct{ name, clear, key string }{
		{"audio/segment-1.0001.m4s", "audio/segment-1.0001_dec.m4s", "602a9289bfb9b1995b75ac63f123fc86"},
		{"video/complseg-1.0001.mp4", "video/complseg-1.0001_dec.mp4", "602a9289bfb9b1995b75ac63f123fc86"},
		{"wma_piff_scheme/audio.mp4", "wma_piff_scheme/audio_dec.mp4", "0b17cd8bfc86557341c77bbc6e4fe9a3"},
	} {
		block, err := aes.NewCipher(unhex(t, c.key))
		if err != nil {
			t.Fatal(err)
		}
		var f, clear Fragment
		if err := f.Parse(shared(t, "corpus/mp4ff/PIFF/"+c.name), Options{}); err != nil {
			t.Fatal(err)
		}
		if err := clear.Parse(shared(t, "corpus/mp4ff/PIFF/"+c.clear), Options{}); err != nil {
			t.Fatal(err)
		}
		for i, s := range f.Samples {
			p := f.Encryption.Protection(i, [16]byte{})
			stream := cipher.NewCTR(block, append(slices.Clone(p.IV), make([]byte, 16-len(p.IV))...))
			out := bytes.Clone(s.Data)
			if len(p.Subsamples) == 0 {
				stream.XORKeyStream(out, out)
			}
			rest := out
			for _, r := range p.Subsamples {
				rest = rest[r.Clear:]
				stream.XORKeyStream(rest[:r.Encrypted], rest[:r.Encrypted])
				rest = rest[r.Encrypted:]
			}
			if !bytes.Equal(out, clear.Samples[i].Data) {
				t.Errorf("%s: sample %d does not decrypt", c.name, i)
				break
			}
		}
	}
}

// The parameter sets of a real key frame, cut and disposed of as mp4ff has it.
func TestCorpusDisposable(t *testing.T) {
	var f Fragment
	disposable := 0
	for _, level := range []string{"300000", "1100000", "5000000"} {
		if err := f.Parse(shared(t, "corpus/rx-player/Smooth_static/media/"+level+"-Fragments(video=0).mp4"), Options{}); err != nil {
			t.Fatal(err)
		}
		format := &platform.Format{Codec: platform.H264, NALLength: 4}
		for i, s := range f.Samples {
			want := false
			nals, err := avc.GetNalusFromSample(s.Data)
			if err != nil {
				t.Fatal(err)
			}
			for _, nal := range nals {
				if kind := avc.GetNaluType(nal[0]); kind <= avc.NALU_IDR {
					want = nal[0]>>5&3 == 0
				}
			}
			got := Disposable(format, s.Data)
			if got != want {
				t.Errorf("%s: sample %d: disposable %v", level, i, got)
			}
			if got {
				disposable++
			}
		}
	}
	if disposable == 0 {
		t.Error("no disposable sample in streams with B-frames")
	}
}

// Every list of parameters in the collection maps to what it is known to mean.
func TestCorpusCodecPrivateData(t *testing.T) {
	var vectors []struct {
		Name, FourCC, CPD, SPS, PPS, Dec3, ASC string
		NALOrder                               []int `json:"nal_order"`
		Width, Height                          int
		CICP                                   []byte
		BitDepth                               int `json:"bit_depth"`
		AudioTag, Rate, Channels               int
		PacketSize                             int `json:"packet_size"`
		ASCLen                                 int `json:"asc_len"`
		ASCFirst                               int `json:"asc_first5bits"`
		ExtRateIndex                           int `json:"ext_rate_index"`
	}
	if err := json.Unmarshal(shared(t, "corpus/vectors/codec_private_data.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 14 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			kind := "audio"
			if slices.Contains([]string{"H264", "HVC1", "DVHE", "WVC1"}, v.FourCC) {
				kind = "video"
			}
			cpd := unhex(t, v.CPD)
			f, warnings, err := FormatOf(stream(kind), level(v.FourCC, cpd, func(l *mLevel) {
				l.AudioTag, l.SamplingRate, l.Channels, l.PacketSize = v.AudioTag, v.Rate, v.Channels, v.PacketSize
			}))
			if err != nil {
				t.Fatal(err, warnings)
			}
			if len(warnings) > 0 {
				t.Errorf("warnings %q", warnings)
			}
			if v.Width != 0 && (f.Width != v.Width || f.Height != v.Height) {
				t.Errorf("%dx%d, want %dx%d", f.Width, f.Height, v.Width, v.Height)
			}
			contains := func(field, want string) {
				if !strings.Contains(hex.EncodeToString(f.Config), want) {
					t.Errorf("Config %x lacks %s %s", f.Config, field, want)
				}
			}
			contains("SPS", v.SPS)
			contains("PPS", v.PPS)
			contains("ASC", v.ASC)
			if v.Dec3 != "" && hex.EncodeToString(f.Config) != v.Dec3 {
				t.Errorf("Config %x, want dec3 %s", f.Config, v.Dec3)
			}
			switch v.FourCC {
			case "H264":
				checkAVC(t, f, v.Width, v.Height)
			case "HVC1", "DVHE":
				checkHEVC(t, f, len(v.NALOrder), v.BitDepth, v.CICP)
			case "WVC1":
				if f.Codec != platform.VC1 || !bytes.HasSuffix(cpd, f.Config) || !bytes.HasPrefix(f.Config, vc1Sequence) {
					t.Errorf("%s, Config %x", f.Codec, f.Config)
				}
			case "WMAP":
				if f.Codec != platform.WMAPro || !bytes.Equal(f.Config, cpd) || f.BlockAlign != v.PacketSize || f.BitsPerSample != 16 {
					t.Errorf("%+v", f)
				}
			case "EC-3":
				if f.Codec != platform.EAC3 || f.Channels == 0 {
					t.Errorf("%+v", f)
				}
			case "AACH":
				if len(f.Config) != v.ASCLen || int(f.Config[0]>>3) != v.ASCFirst || int(f.Config[1]&7)<<1|int(f.Config[2]>>7) != v.ExtRateIndex {
					t.Errorf("Config %x", f.Config)
				}
			}
		})
	}
}

// A fragment of the wrong kind of file: a whole .isma begins with a header, and
// its first fragment is found behind it.
func TestCorpusWholeFile(t *testing.T) {
	var f Fragment
	if err := f.Parse(shared(t, "corpus/mp4ff/bbb5s_aac.isma"), Options{Kind: platform.Audio}); err != nil || len(f.Samples) == 0 {
		t.Error(err)
	}
	if err := f.Parse(shared(t, "corpus/mp4ff/subslister/sample_short.ismt"), Options{Kind: platform.Text}); err != nil || f.Warnings != WarnExtra {
		t.Error(err, f.Warnings)
	}
	if err := f.Parse(shared(t, "corpus/dashjs/manifest.xml"), Options{}); !errors.Is(err, ErrNotFragment) {
		t.Error(err)
	}
}
