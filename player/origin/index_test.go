package origin

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"runtime"
	"testing"
	"testing/fstest"

	"smoothplay/testdata/demo"
)

// mkbox makes a box out of parts.
func mkbox(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

func u32(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// mkfragment makes a moof and an mdat of one sample.
func mkfragment(track, duration uint32, extra ...[]byte) []byte {
	tfhd := mkbox("tfhd", u32(0, track))
	trun := mkbox("trun", u32(0x300, 1, duration, 4))
	traf := mkbox("traf", append([][]byte{tfhd, trun}, extra...)...)
	return append(mkbox("moof", mkbox("mfhd", u32(0, 1)), traf), mkbox("mdat", []byte("data"))...)
}

func index(t testing.TB, file []byte) *fileIndex {
	t.Helper()
	x, err := indexFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestScanFindsTheTime(t *testing.T) {
	tfxd := func(time uint64) []byte {
		return mkbox("uuid", []byte(uuidTfxd), u32(1<<24), u64(time), u64(10))
	}
	for _, c := range []struct {
		name string
		file []byte
		want []spot
	}{
		{"nothing says it", bytes.Join([][]byte{mkfragment(1, 10), mkfragment(1, 20), mkfragment(1, 30)}, nil),
			[]spot{{0, 10, 0}, {10, 20, 84}, {30, 30, 168}}},
		{"tfxd", append(mkfragment(1, 10, tfxd(100)), mkfragment(1, 10, tfxd(200))...),
			[]spot{{100, 100, 0}, {200, 10, 128}}},
		{"tfxd of version 0", mkfragment(1, 10, mkbox("uuid", []byte(uuidTfxd), u32(0, 7, 10))), []spot{{7, 10, 0}}},
		{"a negative tfxd counts for nothing", mkfragment(1, 10, tfxd(1<<63)), []spot{{0, 10, 0}}},
		{"tfdt", mkfragment(1, 10, mkbox("tfdt", u32(1<<24), u64(500))), []spot{{500, 10, 0}}},
		{"tfxd before tfdt", mkfragment(1, 10, tfxd(100), mkbox("tfdt", u32(0, 500))), []spot{{100, 10, 0}}},
		{"out of order", append(mkfragment(1, 10, tfxd(200)), mkfragment(1, 10, tfxd(100))...),
			[]spot{{100, 100, 128}, {200, 10, 0}}},
		{"the same time twice", append(mkfragment(1, 10, tfxd(200)), mkfragment(1, 10, tfxd(200))...), []spot{{200, 10, 0}}},
		{"the file ends within a fragment", append(mkfragment(1, 10), mkfragment(1, 10)[:30]...), []spot{{0, 10, 0}}},
	} {
		x := index(t, c.file)
		if got := x.chunks[1]; len(got) != len(c.want) || len(x.chunks) != 1 {
			t.Errorf("%s: %v, want %v", c.name, x.chunks, c.want)
		} else {
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%s: fragment %d: %v, want %v", c.name, i, got[i], c.want[i])
				}
			}
		}
	}
}

func TestIndexOfTheDemo(t *testing.T) {
	files := demoFiles(t)
	for name, f := range files {
		if name == "demo.ism" || name == "demo.ismc" {
			continue
		}
		byMfra := index(t, f.Data)
		byScan := index(t, without(t, f.Data, "mfra"))
		if len(byMfra.chunks) != 1 || len(byMfra.moov) == 0 {
			t.Fatalf("%s: %d tracks, moov of %d bytes", name, len(byMfra.chunks), len(byMfra.moov))
		}
		for id, spots := range byMfra.chunks {
			if len(spots) != 12 || spots[0].time != 0 {
				t.Errorf("%s: %v", name, spots)
			}
			for i := range spots {
				if spots[i] != byScan.chunks[id][i] {
					t.Errorf("%s, fragment %d: %v by index, %v by scan", name, i, spots[i], byScan.chunks[id][i])
				}
			}
		}
	}
}

func TestIndexRefuses(t *testing.T) {
	two := mkbox("moof", mkbox("mfhd", u32(0, 1)), mkbox("traf", mkbox("tfhd", u32(0, 1))), mkbox("traf", mkbox("tfhd", u32(0, 2))))
	huge := mkbox("moov")
	binary.BigEndian.PutUint32(huge, 1<<31)
	for name, file := range map[string][]byte{
		"empty": nil, "text": []byte("hello, this is no media file"), "two tracks in one fragment": two, "a moov beyond the end": huge,
	} {
		if x, err := indexFile(bytes.NewReader(file), int64(len(file))); err == nil {
			t.Errorf("%s: indexed as %v", name, x.chunks)
		}
	}
}

// smallFile is a media file with one fragment and an index, for fuzzing.
func smallFile(t testing.TB) []byte {
	data, err := fs.ReadFile(demo.FS, "demo_eng.isma")
	if err != nil {
		t.Fatal(err)
	}
	kinds, raw := topBoxes(t, data)
	var out []byte
	for i := range raw {
		if kinds[i] == "mdat" {
			out = append(out, mkbox("mdat", []byte("media"))...)
		} else if kinds[i] != "mfra" {
			out = append(out, raw[i]...)
		}
		if kinds[i] == "mdat" {
			break
		}
	}
	offset := uint32(bytes.Index(out, []byte("moof")) - 4)
	tfra := mkbox("tfra", u32(0, 5, 0, 1, 0, offset), []byte{1, 1, 1})
	mfra := mkbox("mfra", tfra, mkbox("mfro", u32(0, uint32(8+len(tfra)+16))))
	return append(out, mfra...)
}

func TestSmallFileHasAnIndex(t *testing.T) {
	file := smallFile(t)
	x := &fileIndex{chunks: map[uint32][]spot{}}
	if !x.readMfra(bytes.NewReader(file), int64(len(file))) {
		t.Fatal("the index does not hold")
	}
	if _, level, err := describe(index(t, file).moov, 5); err != nil || level.Private != "1190" {
		t.Errorf("%+v, %v", level, err)
	}
}

func FuzzIndex(f *testing.F) {
	file := smallFile(f)
	f.Add(file)
	f.Add(without(f, file, "mfra"))
	f.Add(mkfragment(1, 10))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, size := bytes.NewReader(file), int64(len(file))
		x, err := indexFile(r, size)
		if err != nil {
			return
		}
		total := 0
		for id, spots := range x.chunks {
			describe(x.moov, id)
			total += len(spots)
			for i, s := range spots {
				if i > 0 && s.time <= spots[i-1].time {
					t.Fatalf("track %d: times %d, %d", id, spots[i-1].time, s.time)
				}
				for _, p := range []part{whole, head, payload} {
					start, end, err := locate(r, s.offset, size, p)
					if err == nil && (start < s.offset || end > size || start > end) {
						t.Fatalf("fragment at %d: bytes %d to %d of %d", s.offset, start, end, size)
					}
				}
			}
		}
		if total > len(file)/8 {
			t.Fatalf("%d fragments in %d bytes", total, len(file))
		}
	})
}

func FuzzServerManifest(f *testing.F) {
	data, err := fs.ReadFile(demo.FS, "demo.ism")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("\xff\xfe<\x00s\x00m\x00i\x00l\x00/\x00>\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := readServerManifest(data); err == nil && (len(m.tracks) == 0 || len(m.tracks) > maxTracks) {
			t.Errorf("%d tracks", len(m.tracks))
		}
	})
}

func FuzzRequest(f *testing.F) {
	files := fstest.MapFS{}
	for _, name := range []string{"demo.ism", "demo.ismc", "demo_eng.isma"} {
		data, err := fs.ReadFile(demo.FS, name)
		if err != nil {
			f.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	o := folderOrigin(f, files)
	for _, p := range []string{"/demo.ism/Manifest", firstVideo, "/demo.ism/QualityLevels(1,a=b)/Fragments(x=1)", "//..//", "/demo.ism"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		a := o.answer(path)
		if a.body != nil {
			a.body.Close()
		} else if a.err == nil && a.location == "" {
			t.Errorf("%q: no answer", path)
		}
	})
}

// A tfra box that claims four thousand million entries costs nothing.
func TestHostileIndexIsBounded(t *testing.T) {
	tfra := mkbox("tfra", u32(0, 1, 0, 0xffffffff))
	mfra := mkbox("mfra", tfra, mkbox("mfro", u32(0, uint32(8+len(tfra)+16))))
	trun := mkbox("moof", mkbox("traf", mkbox("tfhd", u32(0, 1)), mkbox("trun", u32(0x100, 0xffffffff))))
	file := append(trun, mfra...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	index(t, file)
	runtime.ReadMemStats(&after)
	if held := after.TotalAlloc - before.TotalAlloc; held > 1<<16 {
		t.Errorf("%d bytes allocated for a file of %d", held, len(file))
	}
}
