package fragment

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"unsafe"

	"smoothplay/platform"
	"smoothplay/player/manifest"
)

func FuzzParse(f *testing.F) {
	for _, data := range [][]byte{
		small(f, true), small(f, false), live(3, 10), protected(3, 10),
		moofMdat([]byte("AAABBC"), tfhd(0x3b, 0, 0, 1, 10, 2, 0x10000), trunBox(0, 3)),
		moofMdat([]byte("A"), tfhd(0x10, 0), trunBox(0, -1)),
		moofMdat([]byte("AB"), tfhd(0x8, 1), mp4Box("sdtp", u32(0), []byte{0x24, 0x14}), trunBox(0x200, 2, 1, 1), mp4Box("tfdt", u32(0, 5)),
			mp4Box("senc", u32(0, 2), u64(1, 2)), sbgp(2, 0x10001), seigGroup(1, 8, make([]byte, 16))),
		bytes.Join([][]byte{mp4Box("styp"), mp4Box("moof", mp4Box("pssh", u32(0), make([]byte, 16), u32(0)))}, nil),
	} {
		f.Add(data, byte(0), uint64(20000000))
		f.Add(data, byte(1), uint64(0))
	}
	var fragment Fragment
	f.Fuzz(func(t *testing.T, data []byte, kind byte, duration uint64) {
		before := bytes.Clone(data)
		o := Options{Kind: platform.Kind(kind % 3), FragmentDuration: duration}
		err := fragment.Parse(data, o)
		if !bytes.Equal(before, data) {
			t.Fatal("the body was written to")
		}
		checkBounds(t, &fragment, data, o)
		if err != nil {
			var e *BoxError
			if !errors.As(err, &e) && !errors.Is(err, ErrNotFragment) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrNoSamples) {
				t.Fatalf("untyped error: %v", err)
			}
			if !errors.Is(err, ErrTruncated) && len(fragment.Samples) > 0 {
				t.Fatalf("samples after %v", err)
			}
		} else if len(fragment.Samples) == 0 {
			t.Fatal("no samples and no error")
		}
		// A used Fragment and a fresh one see the same.
		var fresh Fragment
		if again := fresh.Parse(data, o); (again == nil) != (err == nil) || lines(&fresh) != lines(&fragment) || describe(&fresh) != describe(&fragment) {
			t.Fatalf("%v, %v", err, again)
		}
	})
}

// FuzzSenc reads sample encryption boxes and the groups beside them, of either form
// and of sound and pictures, in a fragment that is whole but for them.
func FuzzSenc(f *testing.F) {
	kid, iv8, iv16 := make([]byte, 16), []byte("12345678"), []byte("1234567890123456")
	ranges := []byte{0, 2, 0, 5, 0, 0, 0, 4, 0, 1, 0, 0, 0, 9}
	override := slices.Concat(u32(1<<8|8), kid)
	for _, c := range []struct {
		form     byte
		samples  byte
		senc     []byte
		sgpd     []byte
		ofSample []byte
	}{
		{0, 2, u32(0, 2), nil, nil},
		{0, 2, slices.Concat(u32(0, 2), iv8, iv8), nil, nil},
		{1, 1, slices.Concat(u32(2, 1), iv16, ranges), nil, nil},
		{0, 1, slices.Concat(u32(3), override, u32(1), iv8, ranges), nil, nil},
		{1, 1, slices.Concat(u32(2, 1), ranges), constantGroup(0x19, kid, iv16), sbgp(1, 0x10001)},
		{1, 3, slices.Concat(u32(0, 3), iv8, iv8, iv8), seigGroup(1, 8, kid), sbgp(3, 0x10001)},
		{2, 3, nil, constantGroup(0, kid, iv16), sbgp(3, 0x10001)},
	} {
		f.Add(c.form, c.samples, c.senc, c.sgpd, c.ofSample)
	}
	var fragment Fragment
	f.Fuzz(func(t *testing.T, form, samples byte, senc, sgpd, ofSamples []byte) {
		sizes := make([]uint32, samples%9+1)
		for i := range sizes {
			sizes[i] = uint32(20 * i * i)
		}
		box := mp4Box("senc", senc)
		switch form % 3 {
		case 1:
			box = mp4Box("uuid", uuidSenc[:], senc)
		case 2:
			box = nil
		}
		data := moofMdat(make([]byte, 20*9*9*9), tfhd(8, 10), trunBox(0x200, len(sizes), sizes...), sgpd, ofSamples, box)
		err := fragment.Parse(data, Options{Kind: platform.Kind(form / 3 % 2)})
		checkBounds(t, &fragment, data, Options{Kind: platform.Kind(form / 3 % 2)})
		var bad *BoxError
		if err != nil && !errors.As(err, &bad) && !errors.Is(err, ErrNotFragment) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrNoSamples) {
			t.Fatalf("untyped error: %v", err)
		}
		if e := fragment.Encryption; e != nil {
			for i := range e.Samples {
				p := e.Protection(i, [16]byte{})
				covered := uint64(0)
				for _, r := range p.Subsamples {
					covered += uint64(r.Clear) + uint64(r.Encrypted)
				}
				if p.Scheme == platform.Cleartext || covered > uint64(len(fragment.Samples[i].Data)) {
					t.Fatalf("sample %d: %+v", i, p)
				}
			}
		}
	})
}

// checkBounds asserts what must hold for any body: the samples lie in it in
// order, and all slices together are at most 1 KB and 24 times its size.
func checkBounds(t *testing.T, f *Fragment, data []byte, o Options) {
	t.Helper()
	if len(f.Samples) > o.limit(len(data)) {
		t.Fatalf("%d samples of %d bytes", len(f.Samples), len(data))
	}
	total, decode := 0, int64(0)
	for i, s := range f.Samples {
		if !inside(f.Media, s.Data) {
			t.Fatalf("sample %d is outside of Media", i)
		}
		if s.Decode != decode {
			t.Fatalf("sample %d at %d, the one before ends at %d", i, s.Decode, decode)
		}
		decode += int64(s.Duration)
		total += len(s.Data)
	}
	if total > len(f.Media) || !inside(data, f.Media) {
		t.Fatalf("%d bytes of samples in %d of media", total, len(f.Media))
	}
	ranges := 0
	if e := f.Encryption; e != nil {
		size := e.IVSize
		if size == 0 && len(e.Samples) > 0 { // one of all
			size = len(e.Samples[0].IV)
		}
		if len(e.Samples) != len(f.Samples) || len(e.Samples) > 0 && size != 8 && size != 16 {
			t.Fatalf("%d vectors of %d bytes for %d samples", len(e.Samples), size, len(f.Samples))
		}
		for i, s := range e.Samples {
			sum := uint64(0)
			for _, r := range s.Subsamples {
				sum += uint64(r.Clear) + uint64(r.Encrypted)
			}
			if sum > uint64(len(f.Samples[i].Data)) || len(s.IV) != size || !inside(data, s.IV) {
				t.Fatalf("sample %d: ranges of %d bytes, vector %x", i, sum, s.IV)
			}
			ranges += len(s.Subsamples)
		}
	}
	if len(f.Systems) > maxSystems {
		t.Fatalf("%d protection headers", len(f.Systems))
	}
	var fresh Fragment
	if fresh.Parse(data, o) == nil {
		size := cap(fresh.Samples)*int(unsafe.Sizeof(Sample{})) + cap(fresh.encryption.Samples)*int(unsafe.Sizeof(SampleEncryption{})) +
			cap(fresh.subsamples)*int(unsafe.Sizeof(platform.Subsample{})) + cap(fresh.Next)*int(unsafe.Sizeof(Announced{})) +
			cap(fresh.Systems)*int(unsafe.Sizeof(platform.ProtectionSystem{}))
		if bound := 1024*96 + 1024 + 24*len(data); size > bound {
			t.Fatalf("%d bytes held for a body of %d", size, len(data))
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, cpd := range []string{avc224, avc400, hevc2k, vc1720, "1210", "2b118800", "6101020044AC0000853E00009D0B10000A00008800000F0000000000",
		"1000030000000000000000000000E00042C0", "00063F000000af87fba7022dfb42a4d405cd93843bdd07000F00", "4ef1080100"} {
		f.Add(unhex(f, cpd), "", "video", 0)
	}
	for _, fourCC := range []string{"H264", "AVCB", "HVC1", "WVC1", "WMV3", "AACL", "AACH", "WMAP", "WMA2", "EC-3", "PCM"} {
		f.Add([]byte{1, 2, 3, 4}, fourCC, "audio", 354)
	}
	f.Fuzz(func(t *testing.T, cpd []byte, fourCC, kind string, number int) {
		for _, kind := range []string{kind, "video", "audio"} {
			s := stream(kind)
			s.DisplayWidth, s.DisplayHeight = number, 9
			l := &manifest.Level{FourCC: fourCC, CodecData: cpd, AudioTag: number, SamplingRate: number, Channels: number % 99,
				PacketSize: number, NALLength: number % 7, Width: number, Height: number, BitsPerSample: number}
			checkFormatOf(t, s, l, len(cpd))
			checkFormatOf(t, s, &manifest.Level{FourCC: fourCC, CodecData: cpd}, len(cpd))
			checkFormatOf(t, s, &manifest.Level{FourCC: fourCC, WaveFormatEx: cpd, AudioTag: number}, len(cpd))
		}
	})
}

func checkFormatOf(t *testing.T, s *manifest.Stream, l *manifest.Level, size int) {
	t.Helper()
	format, _, err := FormatOf(s, l)
	if err != nil {
		if !errors.Is(err, platform.ErrUnsupported) || format != nil {
			t.Fatalf("%v %v", format, err)
		}
		return
	}
	if format.Codec == "" || len(format.Config) > 2*size+64 || format.NALLength < 0 || format.NALLength > 4 ||
		format.AspectWidth < 0 || format.AspectHeight < 0 {
		t.Fatalf("%+v", format)
	}
	if l.Width == 0 && (format.Width < 0 || format.Width > maxDimension || format.Height < 0 || format.Height > maxDimension) {
		t.Fatalf("%dx%d", format.Width, format.Height)
	}
}

func FuzzDisposable(f *testing.F) {
	for _, length := range []int{0, 1, 2, 4} {
		f.Add(sample(length, []byte{6, 1}, []byte{0x01, 0x42}), length, true)
		f.Add(toLength(unhex(f, avc400)), length, true)
		f.Add(toLength(unhex(f, hevc2k)), length, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, length int, h264 bool) {
		format := &platform.Format{Codec: platform.HEVC, NALLength: length}
		if h264 {
			format.Codec = platform.H264
		}
		before := bytes.Clone(data)
		Disposable(format, data)
		n, ok := ConfigFromSample(format, data)
		if ok != (n != nil) || ok && len(n.Config) > 2*len(data)+64 {
			t.Fatalf("%+v %v of %d bytes", n, ok, len(data))
		}
		if ok {
			Disposable(n, data)
			if again, ok := ConfigFromSample(n, data); !ok || again != n {
				t.Fatal("the same sample makes another Format")
			}
		}
		if !bytes.Equal(before, data) {
			t.Fatal("the sample was written to")
		}
	})
}
