package fragment

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"smoothplay/platform"
)

// describe dumps what is known of the encryption of f.
func describe(f *Fragment) string {
	e := f.Encryption
	if e == nil {
		return "clear"
	}
	out := fmt.Sprintf("alg %d", e.Algorithm)
	if e.HasKID {
		out += fmt.Sprintf(" kid %x", e.KID)
	}
	if e.Pattern {
		out += fmt.Sprintf(" pattern %d:%d", e.Crypt, e.Skip)
	}
	for _, s := range e.Samples {
		out += fmt.Sprintf("; %x", s.IV)
		for _, r := range s.Subsamples {
			out += fmt.Sprintf(" %d+%d", r.Clear, r.Encrypted)
		}
	}
	return out
}

// seigGroup writes an sgpd box of version 1 with one 'seig' entry.
func seigGroup(protected, ivSize byte, kid []byte) []byte {
	return mp4Box("sgpd", u32(1<<24), []byte("seig"), u32(20, 1), []byte{0, 0, protected, ivSize}, kid)
}

// constantGroup is a seigGroup with a pattern and an IV for all samples.
func constantGroup(pattern byte, kid, iv []byte) []byte {
	size := uint32(21 + len(iv))
	return mp4Box("sgpd", u32(1<<24), []byte("seig"), u32(size, 1), []byte{0, pattern, 1, 0}, kid, []byte{byte(len(iv))}, iv)
}

func sbgp(runs ...uint32) []byte {
	return mp4Box("sbgp", u32(0), []byte("seig"), u32(uint32(len(runs)/2)), u32(runs...))
}

func TestEncryption(t *testing.T) {
	kid := unhex(t, "09e367028f33436ca5dd60ffe6671e70")
	fragment := func(sizes []uint32, boxes ...[]byte) []byte {
		total := uint32(0)
		for _, n := range sizes {
			total += n
		}
		children := append([][]byte{tfhd(0x8, 10), trunBox(0x200, len(sizes), sizes...)}, boxes...)
		return moofMdat(make([]byte, total), children...)
	}
	// The boxes of 8.6 of the protocol notes.
	flags0 := unhex(t, "0000003075756964a2394f525a9b4f14a2446c427c648df40000000000000002f4b31077753e8b90f4b31077753e8b91")
	flags2 := unhex(t, "0000004675756964a2394f525a9b4f14a2446c427c648df40000000200000002f4b31077753f69940001000500001e67f4b31077753f69950002000500000966000900000020")
	flags3 := unhex(t, "0000004c75756964a2394f525a9b4f14a2446c427c648df4000000030000011009e367028f33436ca5dd60ffe6671e700000000100112233445566770000000000000000000100050000000b")
	iv8, iv16 := []byte("12345678"), []byte("1234567890123456")
	iso := func(flags uint32, parts ...[]byte) []byte {
		return mp4Box("senc", u32(flags), slices.Concat(parts...))
	}
	override := func(alg uint32, ivSize byte, parts ...[]byte) []byte {
		return uuidBox(uuidSenc, 0, 1, u32(alg<<8|uint32(ivSize)), kid, slices.Concat(parts...))
	}

	for _, c := range []struct {
		name string
		data []byte
		want string // or "error: " and a part of it
	}{
		{"no box", fragment([]uint32{2}), "clear"},
		{"flags 0", fragment([]uint32{10, 234}, flags0), "alg 0; f4b31077753e8b90; f4b31077753e8b91"},
		{"flags 2", fragment([]uint32{7788, 2452}, flags2), "alg 0; f4b31077753f6994 5+7783; f4b31077753f6995 5+2406 9+32"},
		{"flags 3", fragment([]uint32{16}, flags3), "alg 1 kid 09e367028f33436ca5dd60ffe6671e70; 00112233445566770000000000000000 5+11"},
		{"remainder is clear", fragment([]uint32{20}, flags3), "alg 1 kid 09e367028f33436ca5dd60ffe6671e70; 00112233445566770000000000000000 5+11"},
		{"ranges exceed the sample", fragment([]uint32{15}, flags3), "error: ranges"},
		{"ranges exceed, IV size unknown", fragment([]uint32{7787, 2452}, flags2), "error: ranges"},

		{"16-byte vectors, by size", fragment([]uint32{2, 2}, iso(0, u32(2), iv16, iv16)), "alg 0; 31323334353637383930313233343536; 31323334353637383930313233343536"},
		{"16-byte vectors, by ranges", fragment([]uint32{9}, iso(2, u32(1), iv16, []byte{0, 1, 0, 5, 0, 0, 0, 4})), "alg 0; 31323334353637383930313233343536 5+4"},
		{"no ranges: the whole sample", fragment([]uint32{9}, iso(2, u32(1), iv8, []byte{0, 0})), "alg 0; 3132333435363738"},
		{"count 0", fragment([]uint32{9}, iso(0, u32(0))), "clear"},
		{"no vectors", fragment([]uint32{9}, iso(0, u32(1))), "clear"},
		{"odd size of vectors", fragment([]uint32{9}, iso(0, u32(1), iv8[:7])), "error: vectors"},
		{"count too small", fragment([]uint32{9, 9}, iso(0, u32(1), iv8)), "error: 1 samples, trun lists 2"},
		{"count too large", fragment([]uint32{9}, iso(0, u32(1<<31), iv8)), "error: 2147483648 samples"},
		{"ranges cut", fragment([]uint32{9}, iso(2, u32(1), iv8, []byte{0, 2, 0, 5, 0, 0, 0, 4})), "error: ranges"},
		{"trailing bytes behind the ranges", fragment([]uint32{9}, iso(2, u32(1), iv8, []byte{0, 1, 0, 5, 0, 0, 0, 4, 0})), "error: ranges"},
		{"box too short", fragment([]uint32{9}, iso(0)), "error: at least 8"},
		{"override too short", fragment([]uint32{9}, iso(1, u32(0, 0))), "error: override"},
		{"uuid wins over senc", fragment([]uint32{9}, iso(0, u32(1), iv16), override(1, 8, u32(1), iv8)), "alg 1 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"uuid wins, the other way round", fragment([]uint32{9}, override(1, 8, u32(1), iv8), iso(0, u32(1), iv16)), "alg 1 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},

		{"override: clear", fragment([]uint32{9}, override(0, 0, u32(1), iv8)), "clear"},
		{"override: IV size 0 is 8", fragment([]uint32{9}, override(1, 0, u32(1), iv8)), "alg 1 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"override: CBC", fragment([]uint32{9}, override(2, 16, u32(1), iv16)), "alg 2 kid 09e367028f33436ca5dd60ffe6671e70; 31323334353637383930313233343536"},
		{"override: CBC with half a vector", fragment([]uint32{9}, override(2, 8, u32(1), iv8)), "error: vectors of 8"},
		{"override: unknown algorithm", fragment([]uint32{9}, override(7, 8, u32(1), iv8)), "error: AlgorithmID 7"},
		{"override: odd IV size", fragment([]uint32{9}, override(1, 9, u32(1), iv8)), "error: vectors of 9"},
		{"override: trailing bytes", fragment([]uint32{9}, override(1, 8, u32(1), iv8, iv8)), "alg 1 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},

		{"group", fragment([]uint32{9}, sbgp(1, 0x10001), seigGroup(1, 8, kid), iso(0, u32(1), iv8)), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"group of the specification", fragment([]uint32{9}, unhex(t, "0000002C736770640100000073656967000000140000000100000108"+"5748356D82C0405481BCFD89452EFFED"), iso(0, u32(1), iv8)), "alg 0 kid 5748356d82c0405481bcfd89452effed; 3132333435363738"},
		{"group: clear", fragment([]uint32{9}, sbgp(1, 0x10001), seigGroup(0, 0, kid), iso(0, u32(1), iv8)), "clear"},
		{"group: none of the samples", fragment([]uint32{9}, sbgp(1, 0), seigGroup(1, 16, kid), iso(0, u32(1), iv8)), "alg 0; 3132333435363738"},
		{"group: key changes", fragment([]uint32{9, 9}, sbgp(1, 0x10001, 1, 0), seigGroup(1, 8, kid), iso(0, u32(2), iv8, iv8)), "error: key changes"},
		{"group: not all samples", fragment([]uint32{9, 9}, sbgp(1, 0x10001), seigGroup(1, 8, kid), iso(0, u32(2), iv8, iv8)), "error: key changes"},
		{"group: missing", fragment([]uint32{9}, sbgp(1, 0x10002), seigGroup(1, 8, kid), iso(0, u32(1), iv8)), "error: no group 2"},
		{"group: entries with their own lengths", fragment([]uint32{9}, sbgp(1, 0x10002), mp4Box("sgpd", u32(1<<24), []byte("seig"), u32(0, 2, 21), make([]byte, 21), u32(20), []byte{0, 0, 1, 8}, kid), iso(0, u32(1), iv8)), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"group: box of version 2", fragment([]uint32{9}, mp4Box("sgpd", u32(2<<24), []byte("seig"), u32(20, 1, 1), []byte{0, 0, 1, 8}, kid), iso(0, u32(1), iv8)), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"group: box of version 0", fragment([]uint32{9}, mp4Box("sgpd", u32(0), []byte("seig"), u32(1), []byte{0, 0, 1, 8}, kid), iso(0, u32(1), iv8)), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"group: box without entries", fragment([]uint32{9}, mp4Box("sgpd", u32(0), []byte("seig"), u32(0)), iso(0, u32(1), iv8)), "alg 0; 3132333435363738"},
		{"group: mapped with a parameter", fragment([]uint32{9}, mp4Box("sbgp", u32(1<<24), []byte("seig"), u32(0, 1, 1, 0x10001)), seigGroup(1, 8, kid), iso(0, u32(1), iv8)), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"group: constant vector", fragment([]uint32{9}, sbgp(1, 0x10001), seigGroup(1, 0, kid), iso(0, u32(1), iv8)), "error: neither an IV"},
		{"group: constant vector of 3 bytes", fragment([]uint32{9}, sbgp(1, 0x10001), constantGroup(0x19, kid, []byte("abc"))), "error: neither an IV"},
		{"group: constant vector and pattern", fragment([]uint32{9}, sbgp(1, 0x10001), constantGroup(0x19, kid, iv8), iso(2, u32(1), []byte{0, 1, 0, 4, 0, 0, 0, 5})), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70 pattern 1:9; 3132333435363738 4+5"},
		{"group: constant vector, no map", fragment([]uint32{9}, sbgp(1, 0x10001), constantGroup(0, kid, iv8), iso(0, u32(1))), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70 pattern 0:0; 3132333435363738"},
		{"group: constant vector, no box", fragment([]uint32{9}, sbgp(1, 0x10001), constantGroup(0, kid, iv8)), "alg 0 kid 09e367028f33436ca5dd60ffe6671e70 pattern 0:0; 3132333435363738"},
		{"group: heads of boxes cut", fragment([]uint32{9}, mp4Box("sgpd", u32(1<<24), []byte("seig")), iso(0, u32(1), iv8)), "error: too short"},
		{"group: count cut", fragment([]uint32{9}, mp4Box("sgpd", u32(0), []byte("seig")), iso(0, u32(1), iv8)), "error: too short"},
		{"group: head of sbgp cut", fragment([]uint32{9}, mp4Box("sbgp", u32(0), []byte("seig")), seigGroup(1, 8, kid), iso(0, u32(1), iv8)), "error: too short"},
		{"group: override wins", fragment([]uint32{9}, sbgp(1, 0x10001), seigGroup(1, 16, make([]byte, 16)), override(1, 8, u32(1), iv8)), "alg 1 kid 09e367028f33436ca5dd60ffe6671e70; 3132333435363738"},
		{"group: short sbgp", fragment([]uint32{9}, mp4Box("sbgp", u32(0), []byte("seig"), u32(2, 1, 1)), seigGroup(1, 8, kid), iso(0, u32(1), iv8)), "error: too short"},
		{"group: short sgpd", fragment([]uint32{9}, mp4Box("sgpd", u32(1<<24), []byte("seig"), u32(20, 1, 1)), iso(0, u32(1), iv8)), "error: too short"},
		{"group of another type", fragment([]uint32{9}, mp4Box("sgpd", u32(1<<24), []byte("roll"), u32(2, 1)), iso(0, u32(1), iv8)), "alg 0; 3132333435363738"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f Fragment
			err := f.Parse(c.data, Options{})
			if part, isError := strings.CutPrefix(c.want, "error: "); isError {
				var e *BoxError
				if !errors.As(err, &e) || !strings.Contains(err.Error(), part) {
					t.Fatalf("error %v, want a BoxError that says %q", err, part)
				}
				if len(f.Samples) > 0 || f.Encryption != nil {
					t.Error("encrypted samples left after an error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(&f); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if e := f.Encryption; e != nil {
				if len(e.Samples) != len(f.Samples) {
					t.Errorf("%d entries for %d samples", len(e.Samples), len(f.Samples))
				}
				for _, s := range e.Samples {
					if !inside(c.data, s.IV) {
						t.Error("vector was copied")
					}
				}
			}
		})
	}
}

// The samples that arrived of a protected fragment can be decrypted.
func TestEncryptionOfTruncated(t *testing.T) {
	data := protected(3, 20)
	var f Fragment
	if err := f.Parse(data[:len(data)-10], Options{}); !errors.Is(err, ErrTruncated) {
		t.Fatal(err)
	}
	if got, want := describe(&f), "alg 0; 0000000000000000 5+15; 0000000000000001 5+16"; got != want || len(f.Samples) != 2 {
		t.Errorf("%s of %d samples, want %s", got, len(f.Samples), want)
	}
}

func TestProtection(t *testing.T) {
	presentation, own := [16]byte{1}, [16]byte{2}
	e := Encryption{Samples: []SampleEncryption{{IV: []byte("12345678"), Subsamples: []platform.Subsample{{Clear: 5, Encrypted: 7}}}}}
	p := e.Protection(0, presentation)
	if p.Scheme != platform.AESCTR || p.KID != presentation || string(p.IV) != "12345678" || len(p.Subsamples) != 1 {
		t.Errorf("%+v", p)
	}
	e.Algorithm, e.KID, e.HasKID = 2, own, true
	if p := e.Protection(0, presentation); p.Scheme != platform.AESCBC || p.KID != own {
		t.Errorf("%+v", p)
	}
}

func TestProtectionHeaders(t *testing.T) {
	piff := unhex(t, "0000003475756964d08a4f1810f34a82b6c832d8aba183d3000000009a04f07998404286ab92e65be0885f9500000004deadbeef")
	id := [16]byte(unhex(t, "9a04f07998404286ab92e65be0885f95"))
	run := trunBox(0x200, 1, 2)
	for _, c := range []struct {
		name string
		box  []byte
		data string
		ok   bool
	}{
		{"PIFF", piff, "deadbeef", true},
		{"version 0", mp4Box("pssh", u32(0), id[:], u32(2), []byte{1, 2}), "0102", true},
		{"version 1", mp4Box("pssh", u32(1<<24), id[:], u32(2), make([]byte, 32), u32(2), []byte{1, 2}), "0102", true},
		{"no data", mp4Box("pssh", u32(0), id[:], u32(0)), "", true},
		{"too short", mp4Box("pssh", u32(0), id[:]), "", false},
		{"data cut", mp4Box("pssh", u32(0), id[:], u32(3), []byte{1, 2}), "", false},
		{"too many key IDs", mp4Box("pssh", u32(1<<24), id[:], u32(1<<31), u32(0)), "", false},
	} {
		for place, data := range map[string][]byte{
			"moof": slices.Concat(mp4Box("moof", mp4Box("traf", tfhd(0x8, 10), run), c.box), mp4Box("mdat", []byte("AA"))),
			"traf": moofMdat([]byte("AA"), c.box, tfhd(0x8, 10), run),
		} {
			var f Fragment
			if err := f.Parse(data, Options{}); err != nil {
				t.Fatal(err)
			}
			if !c.ok {
				if len(f.Systems) != 0 || f.Warnings != WarnSystem {
					t.Errorf("%s in %s: %v %q", c.name, place, f.Systems, f.Warnings)
				}
				continue
			}
			if len(f.Systems) != 1 || f.Systems[0].SystemID != id || !bytes.Equal(f.Systems[0].Data, unhex(t, c.data)) || f.Warnings != 0 {
				t.Errorf("%s in %s: %v %q", c.name, place, f.Systems, f.Warnings)
			}
		}
	}
	// No more than a few are kept.
	var f Fragment
	data := slices.Concat(mp4Box("moof", bytes.Repeat(piff, 100), mp4Box("traf", tfhd(0x8, 10), run)), mp4Box("mdat", []byte("AA")))
	if err := f.Parse(data, Options{}); err != nil || len(f.Systems) != maxSystems {
		t.Errorf("%v, %d headers", err, len(f.Systems))
	}
}
