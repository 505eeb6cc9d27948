package fragment

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/hevc"

	"smoothplay/platform"
	"smoothplay/player/manifest"
)

type mLevel = manifest.Level

func stream(kind string) *manifest.Stream { return &manifest.Stream{Type: kind, TimeScale: 10000000} }

func level(fourCC string, data []byte, set ...func(*mLevel)) *mLevel {
	l := &mLevel{FourCC: fourCC, CodecData: data, BitrateBPS: 300000, NALLength: 4}
	for _, s := range set {
		s(l)
	}
	return l
}

// Parameter sets of 8.9 of the protocol notes and of the collection of vectors.
const (
	sps224 = "6764000dac2ca50e11bff040003f0520c0c0c800001f480005dc0300001c1200038273f8c7180000e090001c139fc638768489458000"
	avc224 = "000000016764000DAC2CA50E11BFF040003F0520C0C0C800001F480005DC0300001C1200038273F8C7180000E090001C139FC63876848945800000000168E9093525"
	avc400 = "000000016742800d8d6506476ffc03800385a828282a00000300020000030065c0000249e00036ed3f89f076860a960000000168c92352"
	hevc2k = "0000000140010C01FFFF01600000030090000003000003009695980900000001420101016000000300900000030000030096A001E020064165959A4930BC05A80808082000007D20000BB801000000014401C172B66240"
	vc1720 = "250000010FD3FE27F1678A27F859E80C9082E948C1CD400000010E5A67F840"
)

func TestAVC(t *testing.T) {
	for _, c := range []struct {
		name, cpd, want string
		w, h            int
	}{
		{"8.9 High", avc224, "0164000dffe100356764000dac2ca50e11bff040003f0520c0c0c800001f480005dc0300001c1200038273f8c7180000e090001c139fc638768489458001000568e9093525", 224, 128},
		{"8.9 Baseline", avc400, "0142800dffe1002b6742800d8d6506476ffc03800385a828282a00000300020000030065c0000249e00036ed3f89f076860a9601000468c92352", 400, 224},
		{"3-byte start codes", strings.ReplaceAll(avc400, "00000001", "000001"), "0142800dffe1002b6742800d8d6506476ffc03800385a828282a00000300020000030065c0000249e00036ed3f89f076860a9601000468c92352", 400, 224},
		{"PPS first, both twice", "0000000168c92352" + avc400 + avc400[len(avc400)-16:], "0142800dffe1002b6742800d8d6506476ffc03800385a828282a00000300020000030065c0000249e00036ed3f89f076860a9601000468c92352", 400, 224},
		{"trailing zeros", avc400 + "000000", "0142800dffe1002b6742800d8d6506476ffc03800385a828282a00000300020000030065c0000249e00036ed3f89f076860a9601000468c92352", 400, 224},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, warnings, err := FormatOf(stream("video"), level("AVC1", unhex(t, c.cpd)))
			if err != nil || len(warnings) > 0 {
				t.Fatal(err, warnings)
			}
			if got := hex.EncodeToString(f.Config); got != c.want {
				t.Errorf("Config %s, want %s", got, c.want)
			}
			if f.Kind != platform.Video || f.Codec != platform.H264 || f.NALLength != 4 || f.FourCC != "AVC1" || f.BitrateBPS != 300000 {
				t.Errorf("%+v", f)
			}
			checkAVC(t, f, c.w, c.h)
		})
	}
}

// checkAVC asks mp4ff what it reads in the avcC record of f.
func checkAVC(t *testing.T, f *platform.Format, w, h int) {
	t.Helper()
	r, err := avc.DecodeAVCDecConfRec(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.SPSnalus) != 1 || len(r.PPSnalus) != 1 {
		t.Errorf("%d SPS, %d PPS", len(r.SPSnalus), len(r.PPSnalus))
	}
	sps, err := avc.ParseSPSNALUnit(r.SPSnalus[0], true)
	if err != nil {
		t.Fatal(err)
	}
	if f.Width != int(sps.Width) || f.Height != int(sps.Height) || w != 0 && (f.Width != w || f.Height != h) {
		t.Errorf("%dx%d, mp4ff has %dx%d, want %dx%d", f.Width, f.Height, sps.Width, sps.Height, w, h)
	}
	if r.AVCProfileIndication != byte(sps.Profile) || r.AVCLevelIndication != byte(sps.Level) {
		t.Errorf("profile %d level %d", r.AVCProfileIndication, r.AVCLevelIndication)
	}
}

// checkHEVC asks mp4ff what it reads in the hvcC record of f.
func checkHEVC(t *testing.T, f *platform.Format, sets, depth int, cicp []byte) {
	t.Helper()
	r, err := hevc.DecodeHEVCDecConfRec(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []hevc.NaluType{hevc.NALU_VPS, hevc.NALU_SPS, hevc.NALU_PPS} {
		if len(r.GetNalusForType(kind)) != 1 {
			t.Errorf("%d of %s", len(r.GetNalusForType(kind)), kind)
		}
	}
	if sets != 0 && len(r.NaluArrays) != sets {
		t.Errorf("%d arrays, want %d", len(r.NaluArrays), sets)
	}
	sps, err := hevc.ParseSPSNALUnit(r.GetNalusForType(hevc.NALU_SPS)[0])
	if err != nil {
		t.Fatal(err)
	}
	p := sps.ProfileTierLevel
	if strconv.IntSize == 32 { // there mp4ff loses these 48 bits
		p.GeneralConstraintIndicatorFlags = r.GeneralConstraintIndicatorFlags
	}
	if r.GeneralProfileSpace != p.GeneralProfileSpace || r.GeneralTierFlag != p.GeneralTierFlag || r.GeneralProfileIDC != p.GeneralProfileIDC ||
		r.GeneralProfileCompatibilityFlags != p.GeneralProfileCompatibilityFlags ||
		r.GeneralConstraintIndicatorFlags != p.GeneralConstraintIndicatorFlags || r.GeneralLevelIDC != p.GeneralLevelIDC ||
		r.ChromaFormatIDC != sps.ChromaFormatIDC || r.BitDepthLumaMinus8 != sps.BitDepthLumaMinus8 || r.BitDepthChromaMinus8 != sps.BitDepthChromaMinus8 ||
		r.NumTemporalLayers != sps.MaxSubLayersMinus1+1 || r.TemporalIDNested == 1 != sps.TemporalIDNestingFlag {
		t.Errorf("hvcC %+v\nSPS %+v", r, sps)
	}
	if w, h := sps.ImageSize(); f.Width != int(w) || f.Height != int(h) || w == 0 {
		t.Errorf("%dx%d, mp4ff has %dx%d", f.Width, f.Height, w, h)
	}
	if depth != 0 && int(r.BitDepthLumaMinus8)+8 != depth {
		t.Errorf("%d bits, want %d", r.BitDepthLumaMinus8+8, depth)
	}
	if cicp != nil && cicp[0] != 2 { // 2: not specified
		got := []byte{sps.VUI.ColourPrimaries, sps.VUI.TransferCharacteristics, sps.VUI.MatrixCoefficients}
		if !bytes.Equal(got, cicp) {
			t.Errorf("colours %v, want %v", got, cicp)
		}
	}
}

func TestHEVC(t *testing.T) {
	for _, fourCC := range []string{"HVC1", "hev1", "DVHE"} {
		f, warnings, err := FormatOf(stream("video"), level(fourCC, unhex(t, hevc2k)))
		if err != nil || len(warnings) > 0 {
			t.Fatal(err, warnings)
		}
		if f.Codec != platform.HEVC || f.Width != 3840 || f.Height != 1600 || f.NALLength != 4 {
			t.Errorf("%+v", f)
		}
		checkHEVC(t, f, 3, 8, []byte{1, 1, 1})
	}
	// Without the VPS, which may be in the samples.
	f, warnings, err := FormatOf(stream("video"), level("HVC1", unhex(t, hevc2k[strings.Index(hevc2k, "000000014201"):])))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if r, err := hevc.DecodeHEVCDecConfRec(f.Config); err != nil || len(r.NaluArrays) != 2 {
		t.Error(err, r)
	}
}

func TestVideoFormats(t *testing.T) {
	avcC := "0142800dfde1002b6742800d8d6506476ffc03800385a828282a00000300020000030065c0000249e00036ed3f89f076860a9601000468c92352"
	for _, c := range []struct {
		name   string
		fourCC string
		cpd    string
		set    func(*manifest.Stream, *mLevel)
		want   platform.Format // Config apart
		config string
		warn   string // part of the warnings; "": none
		err    string
	}{
		{name: "length size of 2", fourCC: "H264", cpd: avc400, set: func(s *manifest.Stream, l *mLevel) { l.NALLength = 2 },
			want: platform.Format{Codec: platform.H264, NALLength: 2, Width: 400, Height: 224}, config: avcC},
		{name: "length size not given", fourCC: "H264", cpd: avc400, set: func(s *manifest.Stream, l *mLevel) { l.NALLength = 0 },
			want: platform.Format{Codec: platform.H264, NALLength: 4, Width: 400, Height: 224}, config: "0142800dff" + avcC[10:]},
		{name: "length size impossible", fourCC: "H264", cpd: avc400, set: func(s *manifest.Stream, l *mLevel) { l.NALLength = 9 },
			want: platform.Format{Codec: platform.H264, NALLength: 4, Width: 400, Height: 224}, config: "0142800dff" + avcC[10:], warn: "NALUnitLengthField 9"},
		{name: "Annex B", fourCC: "AVCB", cpd: avc400,
			want: platform.Format{Codec: platform.H264, Width: 400, Height: 224}, config: avc400},
		{name: "nothing", fourCC: "H264", want: platform.Format{Codec: platform.H264, NALLength: 4}, warn: "no CodecPrivateData"},
		{name: "already a record", fourCC: "H264", cpd: avcC, want: platform.Format{Codec: platform.H264, NALLength: 2}, config: avcC, warn: "record"},
		{name: "VC-1 data under AVC1", fourCC: "AVC1", cpd: vc1720, want: platform.Format{Codec: platform.H264, NALLength: 4}, warn: "no h264 parameter sets"},
		{name: "PPS missing", fourCC: "AVC1", cpd: avc400[:len(avc400)-16], want: platform.Format{Codec: platform.H264, NALLength: 4}, warn: "no h264 parameter sets"},
		{name: "size of the manifest", fourCC: "H264", cpd: avc400, set: func(s *manifest.Stream, l *mLevel) { l.Width, l.Height = 400, 228 },
			want: platform.Format{Codec: platform.H264, NALLength: 4, Width: 400, Height: 228}, config: "0142800dff" + avcC[10:], warn: "400x228, the sequence parameter set 400x224"},
		{name: "unreadable SPS", fourCC: "H264", cpd: "0000000167ffffff0000000168ffffff", want: platform.Format{Codec: platform.H264, NALLength: 4},
			config: "01ffffffffe1000467ffffff01000468ffffff", warn: "cannot be read"},
		{name: "display size", fourCC: "H264", cpd: avc400, set: func(s *manifest.Stream, l *mLevel) {
			s.MaxWidth, s.MaxHeight, s.DisplayWidth, s.DisplayHeight = 720, 576, 1024, 576
		}, want: platform.Format{Codec: platform.H264, NALLength: 4, Width: 400, Height: 224, AspectWidth: 16, AspectHeight: 9}, config: "0142800dff" + avcC[10:]},
		{name: "no FourCC, H.264", cpd: avc400, want: platform.Format{Codec: platform.H264, NALLength: 4, Width: 400, Height: 224}, config: "0142800dff" + avcC[10:], warn: "taken as h264"},
		{name: "no FourCC, VC-1", cpd: vc1720, want: platform.Format{Codec: platform.VC1, Width: 1280, Height: 720}, config: vc1720[2:], warn: "taken as vc1"},
		{name: "no FourCC, Subtype", cpd: vc1720, set: func(s *manifest.Stream, l *mLevel) { s.Subtype = "WVC1" },
			want: platform.Format{Codec: platform.VC1, Width: 1280, Height: 720}, config: vc1720[2:], warn: "taken as vc1"},
		{name: "no FourCC, no data", err: "no FourCC"},
		{name: "unknown", fourCC: "JPEG", err: `video codec "JPEG": not known`},
		{name: "VC-1", fourCC: "wvc1", cpd: vc1720, set: func(s *manifest.Stream, l *mLevel) { l.Width, l.Height = 1280, 720 },
			want: platform.Format{Codec: platform.VC1, Width: 1280, Height: 720}, config: vc1720[2:]},
		{name: "VC-1, whole media type", fourCC: "WVC1", cpd: strings.Repeat("28", 88) + vc1720, want: platform.Format{Codec: platform.VC1, Width: 1280, Height: 720}, config: vc1720[2:]},
		{name: "VC-1, no entry point", fourCC: "WVC1", cpd: vc1720[:42], want: platform.Format{Codec: platform.VC1, Width: 1280, Height: 720}, config: vc1720[2:42], warn: "0000010E"},
		{name: "VC-1, no header", fourCC: "WVC1", cpd: "25", err: "0000010F"},
		{name: "WMV3", fourCC: "WMV3", cpd: "4ef1080100", set: func(s *manifest.Stream, l *mLevel) { l.Width, l.Height = 320, 240 },
			want: platform.Format{Codec: platform.WMV3, Width: 320, Height: 240}, config: "4ef1080100"},
		{name: "WMV3, whole header", fourCC: "WMV3", cpd: "28000000" + strings.Repeat("00", 36) + "4e211a01", set: func(s *manifest.Stream, l *mLevel) { l.Width, l.Height = 320, 240 },
			want: platform.Format{Codec: platform.WMV3, Width: 320, Height: 240}, config: "4e211a01"},
		{name: "WMV3, no size", fourCC: "WMV3", cpd: "4ef1080100", err: "MaxWidth"},
		{name: "WMV3, no data", fourCC: "WMV3", cpd: "4ef1", err: "takes 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, l := stream("video"), level(c.fourCC, unhex(t, c.cpd))
			if c.set != nil {
				c.set(s, l)
			}
			f, warnings, err := FormatOf(s, l)
			if c.err != "" {
				var e *UnsupportedError
				if !errors.As(err, &e) || !errors.Is(err, platform.ErrUnsupported) || !strings.Contains(err.Error(), c.err) || f != nil {
					t.Fatalf("%v, want an UnsupportedError that says %q", err, c.err)
				}
				if e.FourCC != c.fourCC {
					t.Errorf("FourCC %q", e.FourCC)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkFormat(t, f, c.want, c.fourCC, c.config, warnings, c.warn)
			if len(f.Config) > 0 && len(l.CodecData) > 0 { // nothing is shared with the manifest
				before := bytes.Clone(f.Config)
				clear(l.CodecData)
				if !bytes.Equal(before, f.Config) {
					t.Error("Config aliases the manifest")
				}
			}
		})
	}
}

func checkFormat(t *testing.T, f *platform.Format, want platform.Format, fourCC, config string, warnings []string, warn string) {
	t.Helper()
	if got := hex.EncodeToString(f.Config); got != strings.ToLower(config) {
		t.Errorf("Config %s, want %s", got, config)
	}
	want.Config, want.FourCC, want.BitrateBPS = f.Config, fourCC, f.BitrateBPS
	if !equalFormats(*f, want) {
		t.Errorf("%+v\nwant %+v", *f, want)
	}
	all := strings.Join(warnings, "\n")
	if warn == "" && all != "" || !strings.Contains(all, warn) {
		t.Errorf("warnings %q, want %q", warnings, warn)
	}
}

func equalFormats(a, b platform.Format) bool {
	same := bytes.Equal(a.Config, b.Config)
	a.Config, b.Config = nil, nil
	return same && a.Kind == b.Kind && a.Codec == b.Codec && a.FourCC == b.FourCC && a.NALLength == b.NALLength &&
		a.Width == b.Width && a.Height == b.Height && a.AspectWidth == b.AspectWidth && a.AspectHeight == b.AspectHeight &&
		a.SampleRate == b.SampleRate && a.Channels == b.Channels && a.BitsPerSample == b.BitsPerSample && a.BlockAlign == b.BlockAlign
}

// The table of 8.8 of the protocol notes.
func TestAudioSpecificConfig(t *testing.T) {
	for rate, want := range map[int][3]string{
		96000: {"1008", "1010", "1030"}, 88200: {"1088", "1090", "10b0"}, 64000: {"1108", "1110", "1130"},
		48000: {"1188", "1190", "11b0"}, 44100: {"1208", "1210", "1230"}, 32000: {"1288", "1290", "12b0"},
		24000: {"1308", "1310", "1330"}, 22050: {"1388", "1390", "13b0"}, 16000: {"1408", "1410", "1430"},
		12000: {"1488", "1490", "14b0"}, 11025: {"1508", "1510", "1530"}, 8000: {"1588", "1590", "15b0"},
		7350: {"1608", "1610", "1630"},
	} {
		for i, channels := range []int{1, 2, 6} {
			f, _, err := FormatOf(stream("audio"), level("AACL", nil, func(l *mLevel) { l.SamplingRate, l.Channels = rate, channels }))
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(f.Config); got != want[i] {
				t.Errorf("%d Hz, %d channels: %s, want %s", rate, channels, got, want[i])
			}
			if asc, err := aac.DecodeAudioSpecificConfig(bytes.NewReader(f.Config)); err != nil || asc.SamplingFrequency != rate || int(asc.ChannelConfiguration) != channels {
				t.Errorf("mp4ff reads %+v, %v", asc, err)
			}
		}
	}
	for _, c := range []struct {
		name, fourCC   string
		rate, channels int
		want           string
	}{
		{"escape", "AACL", 37800, 2, "178049d410"},
		{"7.1", "AACL", 48000, 8, "11b8"},
		{"HE, core rate", "AACH", 24000, 2, "2b118800"},
		{"HE, core rate", "AACH", 22050, 2, "2b920800"},
		{"HE, core rate, mono", "AACH", 24000, 1, "2b098800"},
		{"HE, output rate", "AACH", 48000, 2, "2b118800"},
		{"HE, output rate", "AACH", 44100, 2, "2b920800"},
	} {
		f, warnings, err := FormatOf(stream("audio"), level(c.fourCC, nil, func(l *mLevel) { l.SamplingRate, l.Channels = c.rate, c.channels }))
		if err != nil || len(warnings) > 0 {
			t.Fatal(err, warnings)
		}
		if got := hex.EncodeToString(f.Config); got != c.want || f.SampleRate != c.rate || f.Channels != c.channels {
			t.Errorf("%s: %s, want %s; %+v", c.name, got, c.want, f)
		}
	}
	for in, want := range map[string][2]int{ // rate, channels
		"1210": {44100, 2}, "121056e500": {44100, 2}, "131056e598": {24000, 2}, "2b118800": {24000, 2}, "eb098800": {24000, 1},
		"178049d410": {37800, 2}, "11b8": {48000, 8}, "1180": {48000, 0},
	} {
		rate, channels, ok := readASC(unhex(t, in))
		if !ok || rate != want[0] || channels != want[1] {
			t.Errorf("%s: %d Hz, %d channels, %v", in, rate, channels, ok)
		}
	}
	for _, in := range []string{"", "12", "0000", "1690", "17", "1270"} {
		if _, _, ok := readASC(unhex(t, in)); ok {
			t.Errorf("%q passes for an AudioSpecificConfig", in)
		}
	}
}

// 8.10 of the protocol notes.
func TestWaveFormat(t *testing.T) {
	for in, want := range map[string]waveFormat{
		"6101020044AC0000853E00009D0B10000A00008800000F0000000000":                 {0x161, 2, 44100, 16005, 2973, 16, unhex(t, "008800000f0000000000")},
		"6201020044AC0000451F0000CF05100012001000030000000000000000000000E00042C0": {0x162, 2, 44100, 8005, 1487, 16, unhex(t, "1000030000000000000000000000e00042c0")},
		"6101020080bb0000803e0000561510000a00008800000f0000000000":                 {0x161, 2, 48000, 16000, 5462, 16, unhex(t, "008800000f0000000000")},
	} {
		got, ok := wholeWaveFormat(unhex(t, in))
		extra := bytes.Equal(got.extra, want.extra)
		if got.tag != want.tag || got.channels != want.channels || got.rate != want.rate || got.bytesPerSecond != want.bytesPerSecond ||
			got.blockAlign != want.blockAlign || got.sampleBits != want.sampleBits || !extra || !ok {
			t.Errorf("%s: %+v", in, got)
		}
	}
	for _, in := range []string{"1000030000000000000000000000E00042C0", "10003f0600000000000000000000e0000000", "008800000F0000000000"} {
		if _, ok := wholeWaveFormat(unhex(t, in)); ok {
			t.Errorf("%s passes for a whole WAVEFORMATEX", in)
		}
	}
}

func TestAudioFormats(t *testing.T) {
	const pro, wma2 = "1000030000000000000000000000E00042C0", "008800000F0000000000"
	cd := func(l *mLevel) { l.SamplingRate, l.Channels, l.BitsPerSample, l.PacketSize = 44100, 2, 16, 4459 }
	tagged := func(tag int) func(*mLevel) { return func(l *mLevel) { cd(l); l.AudioTag = tag } }
	format := func(codec platform.Codec) platform.Format {
		return platform.Format{Kind: platform.Audio, Codec: codec, SampleRate: 44100, Channels: 2, BitsPerSample: 16, BlockAlign: 4459}
	}
	for _, c := range []struct {
		name    string
		fourCC  string
		subtype string
		cpd     string
		set     func(*mLevel)
		want    platform.Format
		config  string
		warn    string
		err     string
	}{
		{name: "AAC", fourCC: "AACL", cpd: "1210", set: tagged(255), want: format(platform.AAC), config: "1210"},
		{name: "AAC, rate and channels from the data", fourCC: "AACL", cpd: "1190", set: func(l *mLevel) {}, want: platform.Format{Kind: platform.Audio, Codec: platform.AAC, SampleRate: 48000, Channels: 2}, config: "1190"},
		{name: "AAC, broken data", fourCC: "AACL", cpd: "12", set: cd, want: format(platform.AAC), config: "1210", warn: "no AudioSpecificConfig"},
		{name: "AAC, whole WAVEFORMATEX", fourCC: "AACL", cpd: "ff00020044ac0000803e0000040010000200" + "1210", set: tagged(255),
			want:   func() platform.Format { f := format(platform.AAC); f.BlockAlign = 4; return f }(),
			config: "1210", warn: "PacketSize is 4459 in the manifest and 4 in WAVEFORMATEX"},
		{name: "AAC, HEAACWAVEINFO", fourCC: "AACH", cpd: "0000290000000000000000001310", set: tagged(0x1610), want: format(platform.AAC), config: "1310"},
		{name: "AAC, channels unknown", fourCC: "AACL", set: func(l *mLevel) { l.SamplingRate = 44100 }, want: platform.Format{Kind: platform.Audio, Codec: platform.AAC, SampleRate: 44100, Channels: 2}, config: "1210", warn: "Channels is 0"},
		{name: "AAC, nothing known", fourCC: "AACL", set: func(l *mLevel) {}, err: "SamplingRate"},
		{name: "nothing but the data", cpd: "1210", set: func(l *mLevel) {}, want: platform.Format{Kind: platform.Audio, Codec: platform.AAC, SampleRate: 44100, Channels: 2}, config: "1210", warn: "taken as aac"},
		{name: "tag alone", cpd: pro, set: tagged(354), want: format(platform.WMAPro), config: pro},
		{name: "Subtype of version 1", subtype: "WmaPro", cpd: pro, set: cd, want: format(platform.WMAPro), config: pro, warn: "taken as wmapro"},
		{name: "MP3 announced as WMAP", fourCC: "WMAP", set: tagged(85), want: format(platform.MP3), warn: "contradicts"},
		{name: "extensible tag names nothing", fourCC: "EC-3", cpd: "00063F000000af87fba7022dfb42a4d405cd93843bdd07000F00", set: tagged(65534), want: format(platform.EAC3), config: "07000f00"},
		{name: "EC-3, whole WAVEFORMATEX", fourCC: "EC-3", cpd: "feff060080bb00000000000001000000" + "1a00" + "00063F000000af87fba7022dfb42a4d405cd93843bdd07000F00", set: func(l *mLevel) {},
			want: platform.Format{Kind: platform.Audio, Codec: platform.EAC3, SampleRate: 48000, Channels: 6, BlockAlign: 1}, config: "07000f00"},
		{name: "EC-3, channels by mask", fourCC: "EC-3", cpd: "00063F000000af87fba7022dfb42a4d405cd93843bdd07000F00", set: func(l *mLevel) { l.SamplingRate = 48000 },
			want: platform.Format{Kind: platform.Audio, Codec: platform.EAC3, SampleRate: 48000, Channels: 6}, config: "07000f00"},
		{name: "EC-3, other GUID", fourCC: "EC-3", cpd: "00063F000000ff87fba7022dfb42a4d405cd93843bdd07000F00", set: cd, want: format(platform.EAC3), warn: "ignored"},
		{name: "AC-3", fourCC: "AC-3", set: cd, want: format(platform.AC3)},
		{name: "DTS", fourCC: "DTSC", cpd: "00", set: cd, want: format(platform.DTS)},
		{name: "Opus", fourCC: "Opus", cpd: "0102", set: cd, want: format(platform.Opus), config: "0102"},
		{name: "PCM", fourCC: "PCM", set: tagged(1), want: func() platform.Format { f := format(platform.PCMCodec); f.BlockAlign = 4; return f }()},
		{name: "PCM, incomplete", fourCC: "PCM", set: func(l *mLevel) { l.Channels = 2 }, err: "PCM needs"},
		{name: "WMA Pro", fourCC: "WMAP", cpd: pro, set: tagged(354), want: format(platform.WMAPro), config: pro},
		{name: "WMA Pro under the misprinted tag", fourCC: "WMAP", cpd: pro, set: tagged(353), want: format(platform.WMAPro), config: pro, warn: "those of wmapro"},
		{name: "WMA 2", fourCC: "WMA2", cpd: wma2, set: tagged(353), want: format(platform.WMA2), config: wma2},
		{name: "WMA 2 under WMAP", fourCC: "WMAP", cpd: wma2, set: cd, want: format(platform.WMA2), config: wma2, warn: "those of wma2"},
		{name: "WMA lossless", fourCC: "WMAP", cpd: pro, set: tagged(355), want: format(platform.WMALossless), config: pro, warn: "contradicts"},
		{name: "WMA Pro, no data", fourCC: "WMAP", set: tagged(354), err: "needs 18 bytes"},
		{name: "WMA Pro, no PacketSize", fourCC: "WMAP", cpd: pro, set: func(l *mLevel) { l.SamplingRate, l.Channels = 44100, 2 }, err: "PacketSize"},
		{name: "WAVEFORMATEX of version 1", subtype: "WmaPro", set: func(l *mLevel) {
			l.WaveFormatEx = unhex(t, "6201020044AC0000451F0000CF05100012001000030000000000000000000000E00042C0")
		}, want: platform.Format{Kind: platform.Audio, Codec: platform.WMAPro, SampleRate: 44100, Channels: 2, BitsPerSample: 16, BlockAlign: 1487}, config: pro},
		{name: "whole WAVEFORMATEX in CodecPrivateData", fourCC: "WMA2", cpd: "6101020044AC0000853E00009D0B10000A00" + wma2, set: func(l *mLevel) { l.BitrateBPS = 0 },
			want: platform.Format{Kind: platform.Audio, Codec: platform.WMA2, SampleRate: 44100, Channels: 2, BitsPerSample: 16, BlockAlign: 2973}, config: wma2},
		{name: "unknown", fourCC: "XYZW", set: cd, err: `audio codec "XYZW": not known`},
		{name: "unknown, unknown tag", fourCC: "XYZW", set: tagged(7), err: `audio codec "XYZW" (AudioTag 7): not known`},
		{name: "unknown, known tag", fourCC: "XYZW", set: tagged(85), want: format(platform.MP3), warn: "taken as mp3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, l := stream("audio"), level(c.fourCC, unhex(t, c.cpd), c.set)
			s.Subtype = c.subtype
			f, warnings, err := FormatOf(s, l)
			if c.err != "" {
				var e *UnsupportedError
				if !errors.As(err, &e) || !errors.Is(err, platform.ErrUnsupported) || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v, want an UnsupportedError that says %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkFormat(t, f, c.want, c.fourCC, c.config, warnings, c.warn)
			if f.BitrateBPS == 0 {
				t.Error("no bitrate")
			}
		})
	}
}

func TestTextFormats(t *testing.T) {
	for _, c := range []struct {
		fourCC, subtype string
		want            platform.Codec
		warn, err       string
	}{
		{"TTML", "CAPT", platform.TTML, "", ""},
		{"dfxp", "", platform.TTML, "", ""},
		{"WVTT", "SUBT", platform.WebVTT, "", ""},
		{"", "subt", platform.TTML, "taken as TTML", ""},
		{"", "SCMD", "", "", `Subtype "SCMD" is not timed text`},
		{"ABCD", "CAPT", "", "", `text codec "ABCD": not known`},
	} {
		s := stream("text")
		s.Subtype = c.subtype
		f, warnings, err := FormatOf(s, level(c.fourCC, nil))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || !errors.Is(err, platform.ErrUnsupported) {
				t.Errorf("%q %q: %v", c.fourCC, c.subtype, err)
			}
			continue
		}
		if err != nil || f.Codec != c.want || f.Kind != platform.Text || !strings.Contains(strings.Join(warnings, " "), c.warn) {
			t.Errorf("%q %q: %+v %v %v", c.fourCC, c.subtype, f, warnings, err)
		}
	}
	if _, _, err := FormatOf(stream("metadata"), level("", nil)); !errors.Is(err, platform.ErrUnsupported) {
		t.Error(err)
	}
	if _, _, err := FormatOf(stream("video"), level("H264", make([]byte, maxCodecData+1))); !errors.Is(err, platform.ErrUnsupported) {
		t.Error(err)
	}
}

// sample joins NAL units with length prefixes, or start codes where length is 0.
func sample(length int, nals ...[]byte) []byte {
	var b []byte
	for _, nal := range nals {
		if length == 0 {
			b = append(b, 0, 0, 0, 1)
		} else {
			b = append(b, u32(uint32(len(nal)))[4-length:]...)
		}
		b = append(b, nal...)
	}
	return b
}

func TestConfigFromSample(t *testing.T) {
	sps, pps, idr := unhex(t, "6742800d8d6506476ffc03800385a828282a00000300020000030065c0000249e00036ed3f89f076860a96"), unhex(t, "68c92352"), []byte{0x65, 1, 2, 3}
	for _, length := range []int{0, 1, 2, 4} {
		before := platform.Format{Codec: platform.H264, NALLength: length, FourCC: "H264", BitrateBPS: 5}
		f := before
		data := sample(length, []byte{9, 0x10}, sps, pps, idr)
		n, ok := ConfigFromSample(&f, data)
		if !ok {
			t.Fatalf("length %d: no parameter sets", length)
		}
		if n.Width != 400 || n.Height != 224 || n.BitrateBPS != 5 || n.NALLength != length || !equalFormats(f, before) {
			t.Errorf("length %d: %+v from %+v", length, n, f)
		}
		if length > 0 {
			if n.Config[4] != 0xfc|byte(length-1) || !bytes.Contains(n.Config, sps) {
				t.Errorf("length %d: Config %x", length, n.Config)
			}
		} else if !bytes.Equal(n.Config, sample(0, sps, pps)) {
			t.Errorf("Annex B: Config %x", n.Config)
		}
		if inside(data, n.Config) {
			t.Error("Config aliases the sample")
		}
		if again, ok := ConfigFromSample(n, data); !ok || again != n {
			t.Error("the same parameter sets make another Format")
		}
	}
	hvc := unhex(t, hevc2k)
	f, ok := ConfigFromSample(&platform.Format{Codec: platform.HEVC, NALLength: 4}, toLength(hvc))
	if !ok || f.Width != 3840 {
		t.Fatalf("%+v", f)
	}
	checkHEVC(t, f, 3, 8, nil)

	for name, c := range map[string]struct {
		f    platform.Format
		data []byte
	}{
		"no sets":        {platform.Format{Codec: platform.H264, NALLength: 4}, sample(4, idr)},
		"no PPS":         {platform.Format{Codec: platform.H264, NALLength: 4}, sample(4, sps, idr)},
		"too short sets": {platform.Format{Codec: platform.H264, NALLength: 4}, sample(4, sps[:3], pps)},
		"wrong codec":    {platform.Format{Codec: platform.VC1}, sample(0, sps, pps)},
		"wrong length":   {platform.Format{Codec: platform.H264, NALLength: 5}, sample(4, sps, pps)},
		"empty":          {platform.Format{Codec: platform.H264, NALLength: 4}, nil},
		"cut":            {platform.Format{Codec: platform.H264, NALLength: 4}, sample(4, sps, pps)[:10]},
	} {
		if n, ok := ConfigFromSample(&c.f, c.data); ok || n != nil {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// toLength turns Annex B into 4-byte lengths.
func toLength(data []byte) []byte {
	var nals [][]byte
	r := nalReader{data: data}
	for nal := r.next(); nal != nil; nal = r.next() {
		nals = append(nals, nal)
	}
	return sample(4, nals...)
}

func TestDisposable(t *testing.T) {
	hevcConfig := func(layers byte) []byte {
		c := make([]byte, 23)
		c[0], c[21] = 1, layers<<3|3
		return c
	}
	for _, c := range []struct {
		name   string
		codec  platform.Codec
		config []byte
		nals   []string
		want   bool
	}{
		{"B", platform.H264, nil, []string{"0601", "0142", "0142"}, true},
		{"IDR", platform.H264, nil, []string{"6742", "68c9", "6588"}, false},
		{"P", platform.H264, nil, []string{"4188"}, false},
		{"one slice is referred to", platform.H264, nil, []string{"0142", "2142"}, false},
		{"no slice", platform.H264, nil, []string{"0601", "0910"}, false},
		{"nothing", platform.H264, nil, nil, false},
		{"TRAIL_N", platform.HEVC, hevcConfig(1), []string{"460150", "0001af"}, true},
		{"TRAIL_R", platform.HEVC, hevcConfig(1), []string{"0201af"}, false},
		{"RASL_N", platform.HEVC, hevcConfig(1), []string{"1001af"}, true},
		{"RSV_VCL_N14", platform.HEVC, hevcConfig(1), []string{"1c01af"}, true},
		{"IDR_N_LP", platform.HEVC, hevcConfig(1), []string{"2801af"}, false},
		{"BLA_W_LP", platform.HEVC, hevcConfig(1), []string{"2001af"}, false},
		{"lower of two layers", platform.HEVC, hevcConfig(2), []string{"0001af"}, false},
		{"higher of two layers", platform.HEVC, hevcConfig(2), []string{"0402af"}, true},
		{"layers not known", platform.HEVC, nil, []string{"0001af"}, false},
		{"mixed", platform.HEVC, hevcConfig(1), []string{"0001af", "0201af"}, false},
		{"short slice", platform.HEVC, hevcConfig(1), []string{"00"}, false},
		{"other codec", platform.VC1, nil, []string{"0142"}, false},
	} {
		for _, length := range []int{0, 1, 2, 3, 4} {
			var nals [][]byte
			for _, s := range c.nals {
				nals = append(nals, unhex(t, s))
			}
			if length == 0 && c.name == "short slice" {
				continue // cannot be told from trailing zeros
			}
			f := &platform.Format{Codec: c.codec, Config: c.config, NALLength: length}
			want := c.want && (c.codec != platform.HEVC || length > 0) // hvcC goes with lengths only
			data := sample(length, nals...)
			if got := Disposable(f, data); got != want {
				t.Errorf("%s, length %d: %v", c.name, length, got)
			}
			if length > 0 && want {
				if Disposable(f, data[:len(data)-1]) || Disposable(f, append(slices.Clone(data), 0)) && length > 1 {
					t.Errorf("%s, length %d: sure of damaged data", c.name, length)
				}
			}
		}
	}
	if Disposable(&platform.Format{Codec: platform.H264, NALLength: -1}, []byte{1, 1}) {
		t.Error("negative length")
	}
	f := &platform.Format{Codec: platform.H264, NALLength: 4}
	data := sample(4, []byte{0x06, 1}, []byte{0x01, 0x42})
	if n := testing.AllocsPerRun(100, func() { Disposable(f, data) }); n > 0 {
		t.Errorf("%.0f allocations", n)
	}
}

// The reader leaves out emulation prevention and never runs past its end.
func TestBitReader(t *testing.T) {
	r := bitReader{data: []byte{0, 0, 3, 1, 0, 0, 3}}
	if v := r.bits(24); v != 1 {
		t.Errorf("%#x", v)
	}
	if v := r.bits(16); v != 0 || r.failed {
		t.Errorf("%#x %v", v, r.failed)
	}
	if r.bits(8); !r.failed {
		t.Error("read beyond the end")
	}
	r = bitReader{data: []byte{0, 0, 3, 1}, plain: true}
	if v := r.bits(32); v != 0x301 {
		t.Errorf("%#x", v)
	}
	for in, want := range map[string]uint64{"80": 0, "40": 1, "60": 2, "20": 3, "00000000ffffffff80": 1<<33 - 2} {
		r := bitReader{data: unhex(t, in), plain: true}
		if v := r.golomb(); v != want || r.failed {
			t.Errorf("%s: %d %v, want %d", in, v, r.failed, want)
		}
	}
	for _, in := range []string{"", "00", "0000000000ffffffff"} {
		r := bitReader{data: unhex(t, in), plain: true}
		if v := r.golomb(); v != 0 || !r.failed {
			t.Errorf("%q: %d", in, v)
		}
	}
}

// bitString packs the ones and zeros of the parts, filled up with zeros.
func bitString(parts ...string) []byte {
	s := strings.Join(parts, "")
	s += strings.Repeat("0", (8-len(s)%8)%8)
	b := make([]byte, len(s)/8)
	for i := range s {
		b[i/8] |= (s[i] - '0') << (7 - i%8)
	}
	return b
}

// What a hostile sequence parameter set asks for is not done. mp4ff v0.51.0 panics
// at the first (makeslice: len out of range).
func TestHostileParameterSets(t *testing.T) {
	head := "01000010" + "00000000" + "00001101" + "1" + "1" // profile 66, level 13, id 0
	for name, nal := range map[string][]byte{
		"endless reference cycle": append([]byte{0x67}, bitString(head, "010", "0", "1", "1", strings.Repeat("0", 62)+"1"+strings.Repeat("0", 62))...),
		"long reference cycle":    append([]byte{0x67}, bitString(head, "010", "0", "1", "1", "0000000010000000000")...),
		"huge size":               append([]byte{0x67}, bitString(head, "1", "1", "1", "0", strings.Repeat("0", 20)+"1"+strings.Repeat("1", 20), "1", "1", "1", "0", "0")...),
		"scaling lists":           append([]byte{0x67}, bitString("01100100"+"00000000"+"00001101"+"1", "00100"+"0", "1", "1", "0", "1", strings.Repeat("1", 12), strings.Repeat("010", 9))...),
		"cropped to nothing":      append([]byte{0x67}, bitString(head, "1", "1", "1", "0", "1", "1", "1", "1", "1", "0001000", "0001000", "1", "1", "0")...),
		"chroma format 4":         append([]byte{0x67}, bitString("01100100"+"00000000"+"00001101"+"1", "00101", strings.Repeat("1", 40))...),
		"ends early":              append([]byte{0x67}, bitString(head)...),
	} {
		if p := readAVC(nal); p != (picture{}) {
			t.Errorf("%s: %v", name, p)
		}
	}
	// A sound one, so that the above fail for their own reasons: 1 x 1 macroblock.
	if p := readAVC(append([]byte{0x67}, bitString(head, "1", "1", "1", "0", "1", "1", "1", "1", "0", "0")...)); p != (picture{16, 16}) {
		t.Errorf("%v, want 16x16", p)
	}

	sound := toLength(unhex(t, hevc2k))
	r := nalReader{data: sound, length: 4}
	r.next()
	sps := r.next()
	if p := readHEVC(sps).picture; p != (picture{3840, 1600}) {
		t.Fatal(p)
	}
	for n := 4; n < 24; n++ { // cut in the head
		if p := readHEVC(sps[:n]).picture; p != (picture{}) {
			t.Errorf("%d bytes: %v", n, p)
		}
	}
	for _, sub := range []byte{7 << 1} { // eight sub-layers: one too many
		b := bytes.Clone(sps)
		b[2] |= sub
		if p := readHEVC(b).picture; p != (picture{}) {
			t.Errorf("%v", p)
		}
	}
}

// Interlaced and 4:2:2 and 4:4:4 pictures are cropped in their own units, as mp4ff
// has it.
func TestSizes(t *testing.T) {
	high := func(chroma string) string {
		return "01100100" + "00000000" + "00101000" + "1" + chroma + "1" + "1" + "0" + "0" + "1" + "1" + "1" + "1" + "0"
	}
	size := "0001001" + "00100" // (8+1)*16 x (3+1)*16
	crop := "1" + "010" + "011" + "010" + "1"
	for name, nal := range map[string][]byte{
		"4:2:0":             bitString(high("010"), size, "1", "1", crop, "0"),
		"4:2:0, interlaced": bitString(high("010"), size, "0", "1", "1", crop, "0"),
		"4:2:2":             bitString(high("011"), size, "1", "1", crop, "0"),
		"4:2:2, interlaced": bitString(high("011"), size, "0", "1", "1", crop, "0"),
		"4:4:4":             bitString(high("00100"+"0"), size, "1", "1", crop, "0"),
		"scaling lists":     bitString("01100100"+"00000000"+"00101000"+"1"+"010"+"1"+"1"+"0", "1", "1"+strings.Repeat("010"+"011", 8), "00000", "1"+"000010001", "0", "1", "1", "1", "1", "0", size, "1", "1", crop, "0"),
		"reference cycle":   bitString("01000010"+"00000000"+"00101000"+"1", "1", "010", "0", "1", "1", "011", "1", "010", "1", "0", size, "1", "1", crop, "0"),
		"monochrome":        bitString(high("1"), size, "1", "1", crop, "0"),
	} {
		nal = append([]byte{0x67}, nal...)
		sps, err := avc.ParseSPSNALUnit(nal, false)
		if err != nil {
			t.Fatal(name, err)
		}
		if p := readAVC(nal); p.width != int(sps.Width) || p.height != int(sps.Height) || p.width == 0 || p.width >= 144 {
			t.Errorf("%s: %v, mp4ff has %dx%d", name, p, sps.Width, sps.Height)
		}
	}
}

// Temporal sub-layers put more between the level and the size.
func TestHEVCSubLayers(t *testing.T) {
	tier := strings.Repeat("10", 44)
	nal := append([]byte{0x42, 0x01}, bitString("0000", "010", "0", tier, "01011101", // three sub-layers
		"11"+"01", strings.Repeat("0", 12), tier, "01011010", "01011011", // two of them described
		"1", "010", "00000000110010001", "0000000001011010001", "1"+"1"+"010"+"1"+"011", "1", "1", // 400 x 720 less 2 and 4
		"1", "0", "1", "1", "1", "111111", "0", "0", "0", "0", "1", "0", "0", "0", "0", "0", "1")...)
	f, warnings, err := FormatOf(stream("video"), level("HVC1", sample(0, nal, []byte{0x44, 1, 2, 3})))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	r, err := hevc.DecodeHEVCDecConfRec(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	sps, err := hevc.ParseSPSNALUnit(nal)
	if err != nil {
		t.Fatal(err)
	}
	w, h := sps.ImageSize()
	if f.Width != int(w) || f.Height != int(h) || w != 398 || h != 716 || r.NumTemporalLayers != 3 || hevcLayers(f) != 3 || r.GeneralLevelIDC != 0x5d {
		t.Errorf("%dx%d, mp4ff has %dx%d; %+v", f.Width, f.Height, w, h, r)
	}
}
