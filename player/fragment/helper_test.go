package fragment

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"smoothplay/platform/platformtest"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func u32(v ...uint32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

func u64(v ...uint64) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint64(b, x)
	}
	return b
}

// mp4Box writes a box of the given type around the parts.
func mp4Box(kind string, parts ...[]byte) []byte {
	p := slices.Concat(parts...)
	return slices.Concat(u32(uint32(8+len(p))), []byte(kind), p)
}

// uuidBox writes a uuid box that begins as a full box of the given version and flags.
func uuidBox(id [16]byte, version byte, flags uint32, parts ...[]byte) []byte {
	return mp4Box("uuid", id[:], u32(uint32(version)<<24|flags), slices.Concat(parts...))
}

func tfhd(flags uint32, fields ...uint32) []byte {
	return mp4Box("tfhd", u32(flags, 1), u32(fields...))
}

// trunBox writes a version 0 trun box; the count is that of the entries, and
// data_offset, where flagged, comes first.
func trunBox(flags uint32, count int, fields ...uint32) []byte {
	return mp4Box("trun", u32(flags, uint32(count)), u32(fields...))
}

// moofMdat writes a whole fragment of one traf box with these children.
func moofMdat(media []byte, children ...[]byte) []byte {
	return slices.Concat(
		mp4Box("moof", mp4Box("mfhd", u32(0, 7)), mp4Box("traf", children...)),
		mp4Box("mdat", media))
}

// small is the complete fragment of 8.7 of the protocol notes; its data_offset is
// right, or short by the tfrf box that was inserted later.
func small(t testing.TB, right bool) []byte {
	b := unhex(t, "000000c96d6f6f66000000106d6668640000000000000007000000b17472616600000014746668640000002000000042010100000000003c7472756e00000b0500000003000000d10200000000061a80000000040000000000061a8000000003000c350000061a8000000002fff9e5800000002c757569646d1d9b0542d544e680e2141daff757b2010000000000000001312d000000000000124f800000002d75756964d4807ef2ca3946958e5426cb9e46a79f01000000010000000001437c800000000000124f80000000116d646174414141414242424343")
	if !right {
		at := 8 + 16 + 8 + 20 + 8 + 8
		if binary.BigEndian.Uint32(b[at:]) != 0xd1 {
			t.Fatal("data_offset is not where it was")
		}
		binary.BigEndian.PutUint32(b[at:], 0xa4)
	}
	return b
}

// shared returns a file of ../shared beside the repository, and skips the test
// where that folder is missing.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(platformtest.Shared(t, ""), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
