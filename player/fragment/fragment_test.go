package fragment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"smoothplay/platform"
)

// line dumps a sample in one line.
func (s Sample) line() string {
	sync := "-"
	if s.Sync {
		sync = "S"
	}
	return fmt.Sprintf("%q %d%+d/%d %s", s.Data, s.Decode, s.Composition, s.Duration, sync)
}

func lines(f *Fragment) string {
	var out []string
	for _, s := range f.Samples {
		out = append(out, s.line())
	}
	return strings.Join(out, "; ")
}

// inside reports whether b aliases data.
func inside(data, b []byte) bool {
	if len(b) == 0 {
		return true
	}
	from, at := uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return at >= from && at+uintptr(len(b)) <= from+uintptr(len(data))
}

func TestSmallFragment(t *testing.T) {
	for _, right := range []bool{true, false} {
		data := small(t, right)
		var f Fragment
		if err := f.Parse(data, Options{}); err != nil {
			t.Fatal(err)
		}
		if got, want := lines(&f), `"AAAA" 0+0/400000 S; "BBB" 400000+800000/400000 -; "CC" 800000-400000/400000 -`; got != want {
			t.Errorf("right=%v: samples %s, want %s", right, got, want)
		}
		if !f.HasTime || f.Time != 20000000 || f.Duration != 1200000 {
			t.Errorf("tfxd %v %d %d", f.HasTime, f.Time, f.Duration)
		}
		if want := []Announced{{21200000, 1200000}}; !slices.Equal(f.Next, want) {
			t.Errorf("tfrf %v, want %v", f.Next, want)
		}
		if f.TrackID != 66 || f.Sequence != 7 || string(f.Media) != "AAAABBBCC" || f.Damaged || f.Encryption != nil || f.HasDecodeTime {
			t.Errorf("%+v", f)
		}
		if want := map[bool]Warning{true: 0, false: WarnOffset}[right]; f.Warnings != want {
			t.Errorf("right=%v: warnings %q", right, f.Warnings)
		}
		if f.Length() != 1200000 {
			t.Errorf("length %d", f.Length())
		}
		for i, s := range f.Samples {
			if !inside(data, s.Data) {
				t.Errorf("sample %d was copied", i)
			}
		}
	}
}

// The boxes of 8.6 of the protocol notes.
func TestTimeBoxes(t *testing.T) {
	type want struct {
		time, duration uint64
		next           []Announced
	}
	for _, c := range []struct {
		name, hex string
		want      want
	}{
		{"live tfxd", "0000002c757569646d1d9b0542d544e680e2141daff757b2010000000004642d9bfeadd20000000001312d00", want{1236046960307666, 20000000, nil}},
		{"live tfrf", "0000003d75756964d4807ef2ca3946958e5426cb9e46a79f01000000020004642d9d2fdad20000000001312d000004642d9e6107d20000000001312d00", want{next: []Announced{{1236046980307666, 20000000}, {1236047000307666, 20000000}}}},
		{"FFmpeg tfxd", "0000002c757569646d1d9b0542d544e680e2141daff757b20100000000000000000c35000000000001312d00", want{800000, 20000000, nil}},
		{"FFmpeg tfrf", "0000003d75756964d4807ef2ca3946958e5426cb9e46a79f010000000200000000013d62000000000001312d0000000000026e8f000000000001312d00", want{next: []Announced{{20800000, 20000000}, {40800000, 20000000}}}},
		{"tfxd v0", "00000024757569646d1d9b0542d544e680e2141daff757b20000000001312d0001317b20", want{20000000, 20020000, nil}},
		{"tfxd v1", "0000002c757569646d1d9b0542d544e680e2141daff757b201000000000dddebf35a126e0000000001312d00", want{3903180167058030, 20000000, nil}},
		{"tfxd v2", "0000002c757569646d1d9b0542d544e680e2141daff757b202000000000dddebf35a126e0000000001312d00", want{3903180167058030, 20000000, nil}},
		{"tfrf v0", "0000002575756964d4807ef2ca3946958e5426cb9e46a79f00000000010262a82001312d00", want{next: []Announced{{40020000, 20000000}}}},
		{"tfrf v1", "0000003d75756964d4807ef2ca3946958e5426cb9e46a79f0100000002000dddebf48b3f6e0000000001312d00000dddebf5bc6c6e0000000001312d00", want{next: []Announced{{3903180187058030, 20000000}, {3903180207058030, 20000000}}}},
		{"tfrf of none", "0000001d75756964d4807ef2ca3946958e5426cb9e46a79f0100000000", want{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.hex)
			run := trunBox(0x200, 1, 2)
			for place, data := range map[string][]byte{
				"after trun":  moofMdat([]byte("AA"), tfhd(0), run, b),
				"before trun": moofMdat([]byte("AA"), b, tfhd(0), run),
				"in moof":     slices.Concat(mp4Box("moof", b, mp4Box("traf", tfhd(0), run)), mp4Box("mdat", []byte("AA"))),
			} {
				var f Fragment
				if err := f.Parse(data, Options{}); err != nil {
					t.Fatal(place, err)
				}
				if f.Time != c.want.time || f.Duration != c.want.duration || f.HasTime != (c.want.duration != 0) || !slices.Equal(f.Next, c.want.next) {
					t.Errorf("%s: %d %d %v, want %v", place, f.Time, f.Duration, f.Next, c.want)
				}
				if f.Warnings&WarnTime != 0 {
					t.Errorf("%s: warnings %q", place, f.Warnings)
				}
			}
		})
	}
}

func TestTolerance(t *testing.T) {
	media := []byte("AAABBC")
	sizes := []uint32{3, 2, 1}
	three := trunBox(0x200, 3, sizes...)
	cases := []struct {
		name string
		data []byte
		o    Options
		want string
		warn Warning
	}{
		{"data_offset absent", moofMdat(media, tfhd(0x8, 10), three), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"trun before tfhd", moofMdat(media, three, tfhd(0x8, 10)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"base_data_offset ignored", moofMdat(media, tfhd(0x9, 0x7fffffff, 0xffffffff, 10), three), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"all fields of tfhd", moofMdat(media, tfhd(0x3b, 0, 0, 1, 10, 2, 0x10000), trunBox(0, 3)), Options{}, `"AA" 0+0/10 S; "AB" 10+0/10 -; "BC" 20+0/10 -`, 0},
		{"boxes around", slices.Concat(mp4Box("styp", []byte("msix")), mp4Box("sidx"), mp4Box("moof", mp4Box("mfhd", u32(0, 1)), mp4Box("free", media), mp4Box("traf", mp4Box("free"), tfhd(0x8, 10), mp4Box("abcd", media), three)), mp4Box("free"), mp4Box("mdat", media), mp4Box("mfra")), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"several trun", moofMdat(media, tfhd(0x8, 10), trunBox(0x201, 1, 0, 3), trunBox(0x201, 2, 3, 2, 1)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnOffset},
		{"trailing bytes", moofMdat(append(media[:6:6], "junk"...), tfhd(0x8, 10), three), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"trun too long", moofMdat(media, tfhd(0x8, 10), trunBox(0x200, 3, 3, 2, 1, 99, 99)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"trun outside traf", slices.Concat(mp4Box("moof", mp4Box("traf", tfhd(0x8, 10)), three), mp4Box("mdat", media)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"mdat first", slices.Concat(mp4Box("mdat", media), mp4Box("moof", mp4Box("traf", tfhd(0x8, 10), three))), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnOrder},
		{"mdat of another before", slices.Concat(mp4Box("mdat", []byte("zz")), moofMdat(media, tfhd(0x8, 10), three)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"second moof", slices.Concat(moofMdat(media, tfhd(0x8, 10), three), moofMdat(media, tfhd(0x8, 10), three)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnExtra},
		{"second traf", slices.Concat(mp4Box("moof", mp4Box("traf", tfhd(0x8, 10), three), mp4Box("traf", tfhd(0), three)), mp4Box("mdat", media)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnExtra},
		{"mdat to the end", slices.Concat(mp4Box("moof", mp4Box("traf", tfhd(0x8, 10), three)), u32(0), []byte("mdat"), media), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"64-bit size", slices.Concat(mp4Box("moof", mp4Box("traf", tfhd(0x8, 10), three)), u32(1), []byte("mdat"), u64(22), media), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"mdat cut behind the last sample", moofMdat(append(media[:6:6], "junk"...), tfhd(0x8, 10), three)[:8+8+16+8+20+28+8+6], Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},

		{"audio is all sync", moofMdat(media, tfhd(0x28, 10, 0x10000), three), Options{Kind: platform.Audio}, `"AAA" 0+0/10 S; "BB" 10+0/10 S; "C" 20+0/10 S`, 0},
		{"IIS never marks non-sync", moofMdat(media, tfhd(0x28, 10, 0x4001), trunBox(0x204, 3, 0x4002, 3, 2, 1)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"first is sync in any case", moofMdat(media, tfhd(0x8, 10), trunBox(0x204, 3, 0x01010000, 3, 2, 1)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"explicit flags mark a key frame", moofMdat(media, tfhd(0x8, 10), trunBox(0x600, 3, 3, 0x02000000, 2, 0x02000000, 1, 0x02010000)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 S; "C" 20+0/10 -`, 0},
		{"default flags mark none", moofMdat(media, tfhd(0x28, 10, 0x02000000), three), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, 0},
		{"sdtp marks a key frame", moofMdat(media, tfhd(0x8, 10), mp4Box("sdtp", u32(0), []byte{0x24, 0x14, 0x24}), three), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 S`, 0},
		{"short sdtp", moofMdat(media, tfhd(0x8, 10), three, mp4Box("sdtp", u32(0), []byte{0x24})), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnDepends},

		{"durations from the manifest", moofMdat(media, tfhd(0), three), Options{FragmentDuration: 20}, `"AAA" 0+0/6 S; "BB" 6+0/7 -; "C" 13+0/7 -`, WarnDurations},
		{"durations from tfxd", moofMdat(media, tfhd(0), three, uuidBox(uuidTfxd, 0, 0, u32(5, 30))), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnDurations},
		{"durations all zero", moofMdat(media, tfhd(0), trunBox(0x300, 3, 0, 3, 0, 2, 0, 1)), Options{FragmentDuration: 30}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnDurations},
		{"no duration anywhere", moofMdat(media, tfhd(0), three), Options{}, `"AAA" 0+0/0 S; "BB" 0+0/0 -; "C" 0+0/0 -`, WarnDurations},
		{"absurd duration", moofMdat(media, tfhd(0), three), Options{FragmentDuration: 1 << 63}, `"AAA" 0+0/0 S; "BB" 0+0/0 -; "C" 0+0/0 -`, 0},
		{"one sample without size", moofMdat(media, tfhd(0x8, 10), trunBox(0, 1)), Options{Kind: platform.Text}, `"AAABBC" 0+0/10 S`, WarnSizes},
		{"empty sample", moofMdat(media, tfhd(0x8, 10), trunBox(0x200, 3, 3, 0, 3)), Options{}, `"AAA" 0+0/10 S; "" 10+0/10 -; "BBC" 20+0/10 -`, 0},

		{"tfxd too short", moofMdat(media, tfhd(0x8, 10), three, uuidBox(uuidTfxd, 1, 0, u32(5, 30))), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnTime},
		{"tfrf without count", moofMdat(media, tfhd(0x8, 10), three, uuidBox(uuidTfrf, 0, 0)), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnTime},
		{"tfxd empty", moofMdat(media, tfhd(0x8, 10), three, mp4Box("uuid", uuidTfxd[:])), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnTime},
		{"tfrf too short", moofMdat(media, tfhd(0x8, 10), three, uuidBox(uuidTfrf, 0, 0, []byte{2}, u32(5, 30))), Options{}, `"AAA" 0+0/10 S; "BB" 10+0/10 -; "C" 20+0/10 -`, WarnTime},
	}
	var f Fragment // one for all: nothing may be left of the last
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := f.Parse(c.data, c.o); err != nil {
				t.Fatal(err)
			}
			if got := lines(&f); got != c.want {
				t.Errorf("samples\n%s, want\n%s", got, c.want)
			}
			if f.Warnings != c.warn {
				t.Errorf("warnings %q, want %q", f.Warnings, c.warn)
			}
			if f.Damaged {
				t.Error("damaged")
			}
		})
	}
}

func TestDependencies(t *testing.T) {
	var f Fragment
	data := moofMdat([]byte("AB"), tfhd(0x8, 10), mp4Box("sdtp", u32(0), []byte{0x26, 0x28}), trunBox(0x600, 2, 1, 0x02400000, 1, 0x01800000))
	if err := f.Parse(data, Options{}); err != nil {
		t.Fatal(err)
	}
	if s := f.Samples[0]; s.DependsOn != 2 || s.DependedOn != 1 || s.Flags != 0x02400000 {
		t.Errorf("%+v", s)
	}
	if s := f.Samples[1]; s.DependsOn != 2 || s.DependedOn != 2 { // sdtp wins
		t.Errorf("%+v", s)
	}
	data = moofMdat([]byte("AB"), tfhd(0x8, 10), trunBox(0x600, 2, 1, 0x02400000, 1, 0x01800000))
	if err := f.Parse(data, Options{}); err != nil {
		t.Fatal(err)
	}
	if s := f.Samples[1]; s.DependsOn != 1 || s.DependedOn != 2 || s.Sync {
		t.Errorf("%+v", s)
	}
}

func TestDecodeTime(t *testing.T) {
	run := trunBox(0x200, 1, 2)
	for _, c := range []struct {
		box  []byte
		want uint64
		has  bool
	}{
		{mp4Box("tfdt", u32(0, 77)), 77, true},
		{mp4Box("tfdt", u32(1<<24), u64(1289430514831666)), 1289430514831666, true},
		{mp4Box("tfdt", u32(1<<24, 77)), 0, false},
		{mp4Box("tfdt"), 0, false},
	} {
		var f Fragment
		if err := f.Parse(moofMdat([]byte("AA"), tfhd(0), c.box, run), Options{}); err != nil {
			t.Fatal(err)
		}
		if f.DecodeTime != c.want || f.HasDecodeTime != c.has || (f.Warnings&WarnTime == 0) != c.has {
			t.Errorf("%x: %d %v %q", c.box, f.DecodeTime, f.HasDecodeTime, f.Warnings)
		}
	}
}

func TestTruncated(t *testing.T) {
	data := small(t, true)
	whole := len(data)
	for n := range whole {
		var f Fragment
		err := f.Parse(data[:n], Options{})
		if n == 0 {
			if !errors.Is(err, ErrNotFragment) {
				t.Errorf("empty: %v", err)
			}
			continue
		}
		if !errors.Is(err, ErrTruncated) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		want := 0
		for _, end := range []int{whole - 5, whole - 2} {
			if n >= end {
				want++
			}
		}
		if len(f.Samples) != want || f.Damaged != (n >= 201) {
			t.Fatalf("%d bytes: %d samples, damaged %v", n, len(f.Samples), f.Damaged)
		}
		if want > 0 && string(f.Samples[0].Data) != "AAAA" {
			t.Fatalf("%d bytes: %s", n, lines(&f))
		}
		if n >= 201 && !f.HasTime {
			t.Fatalf("%d bytes: the complete moof was not used", n)
		}
	}
}

// An mdat box that is complete and too small is the server's last word.
func TestSamplesBeyondMedia(t *testing.T) {
	var f Fragment
	data := moofMdat([]byte("AAAB"), tfhd(0x8, 10), trunBox(0x200, 3, 3, 2, 1))
	if err := f.Parse(data, Options{}); err != nil {
		t.Fatal(err)
	}
	// The third would fit but for the second: what follows a hole is not to be trusted.
	if got := lines(&f); got != `"AAA" 0+0/10 S` || !f.Damaged {
		t.Errorf("%s, damaged %v", got, f.Damaged)
	}
	err := f.Parse(moofMdat([]byte("A"), tfhd(0x8, 10), trunBox(0x200, 2, 3, 2)), Options{})
	if !errors.Is(err, ErrNoSamples) || !f.Damaged {
		t.Errorf("%v, damaged %v", err, f.Damaged)
	}
}

func TestNotFragment(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want string
	}{
		"HTML":     {"<!DOCTYPE html><html><body>gone", "markup"},
		"manifest": {"\xef\xbb\xbf<?xml version=\"1.0\"?><SmoothStreamingMedia/>", "markup"},
		"JSON":     {"{\"error\":404}", "JSON"},
		"gzip":     {"\x1f\x8b\x08\x00\x00\x00\x00\x00", "gzip"},
		"empty":    {"", "empty"},
		"header":   {string(mp4Box("ftyp", []byte("isml"))), "header"},
		"garbage":  {"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "no moof"},
	} {
		t.Run(name, func(t *testing.T) {
			var f Fragment
			err := f.Parse([]byte(c.data), Options{})
			if !errors.Is(err, ErrNotFragment) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestBoxErrors(t *testing.T) {
	media := []byte("AAABBC")
	three := trunBox(0x200, 3, 3, 2, 1)
	raw := func(size uint32, kind string, rest ...byte) []byte {
		return slices.Concat(u32(size), []byte(kind), rest)
	}
	for name, c := range map[string]struct {
		data   []byte
		box    string
		offset int
	}{
		"trun goes beyond traf":    {moofMdat(media, tfhd(0), raw(99, "trun")), `"trun"`, 48},
		"traf goes beyond moof":    {slices.Concat(mp4Box("moof", raw(99, "traf")), mp4Box("mdat", media)), `"traf"`, 8},
		"size smaller than header": {moofMdat(media, tfhd(0), raw(7, "trun")), `"traf"`, 24},
		"rest of a header":         {moofMdat(media, tfhd(0), three, []byte{0, 0}), `"traf"`, 24},
		"uuid without type":        {moofMdat(media, tfhd(0), raw(12, "uuid", 1, 2, 3, 4)), `"traf"`, 24},
		"empty trun":               {moofMdat(media, tfhd(0), mp4Box("trun")), `"trun"`, 48},
		"trun without offset":      {moofMdat(media, tfhd(0), trunBox(0x1, 1)), `"trun"`, 48},
		"trun without flags":       {moofMdat(media, tfhd(0), trunBox(0x5, 1, 0)), `"trun"`, 48},
		"short table":              {moofMdat(media, tfhd(0), trunBox(0x200, 3, 3, 2)), `"trun"`, 48},
		"no sizes":                 {moofMdat(media, tfhd(0), trunBox(0x100, 3, 3, 2, 1)), `"trun"`, 48},
		"billions of samples":      {moofMdat(media, tfhd(0x10, 1), trunBox(0, -1)), `"trun"`, 52},
		"empty tfhd":               {moofMdat(media, mp4Box("tfhd"), three), `"tfhd"`, 32},
		"short tfhd":               {moofMdat(media, tfhd(0x38, 1), three), `"tfhd"`, 32},
		"tfxd goes beyond traf":    {moofMdat(media, tfhd(0), raw(99, "uuid", uuidTfxd[:]...)), "uuid tfxd", 48},
		"tfrf goes beyond traf":    {moofMdat(media, tfhd(0), raw(99, "uuid", uuidTfrf[:]...)), "uuid tfrf", 48},
		"senc goes beyond traf":    {moofMdat(media, tfhd(0), raw(99, "uuid", uuidSenc[:]...)), "uuid senc", 48},
		"pssh goes beyond traf":    {moofMdat(media, tfhd(0), raw(99, "uuid", uuidPssh[:]...)), "uuid pssh", 48},
		"other uuid":               {moofMdat(media, tfhd(0), raw(99, "uuid", make([]byte, 16)...)), "uuid 00000000000000000000000000000000", 48},
		"64-bit size cut":          {moofMdat(media, tfhd(0), raw(1, "trun")), `"traf"`, 24},
		"64-bit size too large":    {moofMdat(media, tfhd(0), raw(1, "trun"), u64(1<<63)), `"trun"`, 48},
		"moof with 64-bit size":    {slices.Concat(u32(1), []byte("moof"), u64(24), raw(7, "traf")), `"moof"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var f Fragment
			err := f.Parse(c.data, Options{})
			var e *BoxError
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want a BoxError", err)
			}
			if e.Box != c.box || e.Offset != c.offset || e.Reason == "" || errors.Is(err, ErrTruncated) {
				t.Errorf("%s at %d: %s; want %s at %d", e.Box, e.Offset, e.Reason, c.box, c.offset)
			}
			if len(f.Samples) > 0 || f.Encryption != nil {
				t.Error("samples left after an error")
			}
		})
	}
}

func TestNoSamples(t *testing.T) {
	for name, data := range map[string][]byte{
		"no trun":  moofMdat(nil, tfhd(0x10000), uuidBox(uuidTfxd, 0, 0, u32(5, 30))),
		"no traf":  slices.Concat(mp4Box("moof", uuidBox(uuidTfxd, 0, 0, u32(5, 30))), mp4Box("mdat")),
		"count 0":  moofMdat(nil, tfhd(0), trunBox(0x200, 0), uuidBox(uuidTfxd, 0, 0, u32(5, 30))),
		"no mdat":  mp4Box("moof", uuidBox(uuidTfxd, 0, 0, u32(5, 30))),
		"no sizes": moofMdat(nil, tfhd(0), trunBox(0, 0), uuidBox(uuidTfxd, 0, 0, u32(5, 30))),
	} {
		var f Fragment
		if err := f.Parse(data, Options{}); !errors.Is(err, ErrNoSamples) || f.Time != 5 {
			t.Errorf("%s: %v, time %d", name, err, f.Time)
		}
	}
}

func TestSampleLimit(t *testing.T) {
	run := trunBox(0x200, 3, 1, 1, 1)
	data := moofMdat([]byte("ABC"), tfhd(0), run)
	var f Fragment
	if err := f.Parse(data, Options{MaxSamples: 3}); err != nil {
		t.Error(err)
	}
	var e *BoxError
	if err := f.Parse(data, Options{MaxSamples: 2}); !errors.As(err, &e) {
		t.Errorf("%v, want a BoxError", err)
	}
	// Over several trun boxes together.
	data = moofMdat([]byte("ABC"), tfhd(0x10, 1), trunBox(0, 2), trunBox(0, 1<<31-1))
	if err := f.Parse(data, Options{}); !errors.As(err, &e) {
		t.Errorf("%v, want a BoxError", err)
	}
}

// Nothing of one fragment shows in the next, not even through spare capacity.
func TestReuse(t *testing.T) {
	var f Fragment
	big := moofMdat([]byte("ABCDEFGH"), tfhd(0x10, 1), trunBox(0, 8),
		uuidBox(uuidSenc, 0, 2, u32(8), bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 0, 0, 0, 0, 0, 1}, 8)),
		uuidBox(uuidTfxd, 0, 0, u32(5, 30)), uuidBox(uuidPssh, 0, 0, make([]byte, 16), u32(0)))
	if err := f.Parse(big, Options{}); err != nil {
		t.Fatal(err)
	}
	if f.Encryption == nil || len(f.Encryption.Samples) != 8 || len(f.Systems) != 1 {
		t.Fatalf("%+v", f)
	}
	samples, entries := f.Samples, f.Encryption.Samples
	if err := f.Parse(moofMdat([]byte("Z"), tfhd(0x10, 1), trunBox(0, 1)), Options{}); err != nil {
		t.Fatal(err)
	}
	if f.Encryption != nil || f.HasTime || f.Time != 0 || len(f.Systems) != 0 || len(f.Samples) != 1 {
		t.Errorf("left over: %+v", f)
	}
	for _, s := range samples[1:] {
		if s.Data != nil {
			t.Error("the old body is still referred to by Samples")
		}
	}
	for _, s := range entries {
		if s.IV != nil {
			t.Error("the old body is still referred to by Encryption.Samples")
		}
	}
}

// A sample's slice ends where the sample does: appending to it copies.
func TestSamplesDoNotOverlap(t *testing.T) {
	data := small(t, true)
	before := bytes.Clone(data)
	var f Fragment
	if err := f.Parse(data, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, s := range f.Samples {
		_ = append(s.Data, 0xff)
	}
	_ = append(f.Media, 0xff)
	if !bytes.Equal(data, before) {
		t.Error("appending to a sample wrote into the next")
	}
}

func TestWarningString(t *testing.T) {
	if s := (WarnOffset | WarnTime).String(); s != "data_offset ignored, unreadable tfxd, tfrf or tfdt" {
		t.Error(s)
	}
	if s := Warning(0).String(); s != "" {
		t.Error(s)
	}
	for i := range warningTexts {
		if Warning(1<<i).String() == "" {
			t.Errorf("warning %d has no text", i)
		}
	}
	if Warning(1<<len(warningTexts)) != WarnSystem<<1 {
		t.Error("a warning has no text")
	}
}

// live builds a fragment as a live server sends it: n samples with all fields,
// tfxd and two announcements.
func live(n, size int) []byte {
	fields := []uint32{0}
	for i := range n {
		flags := uint32(0x01010000)
		if i == 0 {
			flags = 0x02000000
		}
		fields = append(fields, 333333, uint32(size+i), flags, 666666)
	}
	media := make([]byte, n*size+n*(n-1)/2)
	return moofMdat(media, tfhd(0x38, 0, 0, 0), trunBox(0xf01, n, fields...),
		uuidBox(uuidTfxd, 1, 0, u64(1236046960307666, 20000000)),
		uuidBox(uuidTfrf, 1, 0, []byte{2}, u64(1236046980307666, 20000000, 1236047000307666, 20000000)))
}

// protected is live with the ranges of encrypted video.
func protected(n, size int) []byte {
	b := live(n, size)
	moof := int(binary.BigEndian.Uint32(b))
	var entries [][]byte
	for i := range n {
		entries = append(entries, u64(uint64(i)), []byte{0, 1, 0, 5}, u32(uint32(size+i-5)))
	}
	senc := uuidBox(uuidSenc, 0, 2, u32(uint32(n)), slices.Concat(entries...))
	b = slices.Insert(b, moof, senc...)
	binary.BigEndian.PutUint32(b, uint32(moof+len(senc)))
	binary.BigEndian.PutUint32(b[24:], uint32(moof+len(senc)-24))
	return b
}

func TestAllocations(t *testing.T) {
	for name, data := range map[string][]byte{"clear": live(60, 100), "protected": protected(60, 100)} {
		if got := testing.AllocsPerRun(100, func() {
			f := new(Fragment)
			if err := f.Parse(data, Options{}); err != nil {
				t.Fatal(err)
			}
		}); got > 4 { // the Fragment, and three slices
			t.Errorf("%s: a fresh Fragment takes %.0f allocations", name, got)
		}
		var f Fragment
		if got := testing.AllocsPerRun(100, func() {
			if err := f.Parse(data, Options{}); err != nil {
				t.Fatal(err)
			}
		}); got > 0 {
			t.Errorf("%s: a used Fragment takes %.0f allocations", name, got)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, data := range map[string][]byte{"clear": live(60, 25000), "protected": protected(60, 25000)} {
		b.Run(name, func(b *testing.B) {
			var f Fragment
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Parse(data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/fresh", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var f Fragment
				if err := f.Parse(data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
