package save

import (
	"encoding/binary"

	"smoothplay/platform"
)

// described returns f with the description that MP4 wants of AC-3 and E-AC-3 (the
// content of dac3 and dec3, ETSI TS 102 366 annex F), read out of a sample, where
// CodecPrivateData has none. ok is false where f needs none, or the sample is not of
// that codec.
func described(f *platform.Format, data []byte) (own *platform.Format, ok bool) {
	if !undescribed(f) {
		return nil, false
	}
	var config []byte
	switch f.Codec {
	case platform.AC3:
		config = ac3Description(data)
	case platform.EAC3:
		config = eac3Description(data, f.BitrateBPS)
	}
	if config == nil {
		return nil, false
	}
	with := *f
	with.Config = config
	return &with, true
}

// undescribed reports whether f lacks what MP4 must tell of it.
func undescribed(f *platform.Format) bool {
	switch f.Codec {
	case platform.AC3:
		return len(f.Config) != 3
	case platform.EAC3:
		return len(f.Config) == 0
	}
	return false
}

const dolbySync = 0x0b77

// field is n bits of v, whose highest bit is number 0, from bit at on.
func field(v uint64, at, n int) uint32 { return uint32(v >> (64 - at - n) & (1<<n - 1)) }

// ac3Description reads a syncframe of AC-3, ETSI TS 102 366 4.3; nil: it is none.
func ac3Description(data []byte) []byte {
	if len(data) < 8 || binary.BigEndian.Uint16(data) != dolbySync {
		return nil
	}
	v := binary.BigEndian.Uint64(data)
	rate, size, bsid, mode, acmod := field(v, 32, 2), field(v, 34, 6), field(v, 40, 5), field(v, 45, 3), field(v, 48, 3)
	if bsid > 8 || rate == 3 || size > 37 {
		return nil
	}
	at := 51 // of lfeon, behind what some channel modes have
	if acmod&1 != 0 && acmod != 1 {
		at += 2
	}
	if acmod&4 != 0 {
		at += 2
	}
	if acmod == 2 {
		at += 2
	}
	out := rate<<22 | bsid<<17 | mode<<14 | acmod<<11 | field(v, at, 1)<<10 | size>>1<<5
	return []byte{byte(out >> 16), byte(out >> 8), byte(out)}
}

// eac3Description reads the syncframes of E-AC-3 in a sample, ETSI TS 102 366 E.1.2;
// nil: there are none. Of dependent substreams it says that they carry the rear
// pair, as those of 7.1 do.
func eac3Description(data []byte, bps int64) []byte {
	type substream struct{ bits, dependent uint32 }
	var subs []substream
	for len(data) >= 8 && binary.BigEndian.Uint16(data) == dolbySync {
		v := binary.BigEndian.Uint64(data)
		kind, id, bytes := field(v, 16, 2), field(v, 18, 3), int(field(v, 21, 11)+1)*2
		rate, acmod, lfe, bsid := field(v, 32, 2), field(v, 36, 3), field(v, 39, 1), field(v, 40, 5)
		switch {
		case bsid <= 10 || bsid > 16 || kind == 3:
			return nil
		case kind == 1 && len(subs) > 0:
			subs[len(subs)-1].dependent++
		case kind != 1 && int(id) == len(subs): // else the next frames of those before
			// fscod, bsid, reserved, asvc, bsmod, acmod, lfeon, reserved: 19 bits
			subs = append(subs, substream{bits: rate<<17 | bsid<<12 | acmod<<4 | lfe<<3})
		case kind != 1 && id == 0:
			data = nil
			continue
		}
		data = data[min(bytes, len(data)):]
	}
	if len(subs) == 0 {
		return nil
	}
	const rearPair = 1 << 1
	out := binary.BigEndian.AppendUint16(nil, uint16(min(bps/1000, 1<<13-1))<<3|uint16(min(len(subs)-1, 7)))
	for _, s := range subs {
		head := s.bits<<4 | min(s.dependent, 15)
		if s.dependent > 0 {
			out = binary.BigEndian.AppendUint32(out, head<<9|rearPair)
			continue
		}
		head <<= 1
		out = append(out, byte(head>>16), byte(head>>8), byte(head))
	}
	return out
}
