package fragment

import (
	"encoding/binary"
	"math"

	"smoothplay/platform"
)

// The flags of a trun box, [MS-SSTR] 2.2.4.7.
const (
	trunOffset      = 0x001
	trunFirstFlags  = 0x004
	trunDuration    = 0x100
	trunSize        = 0x200
	trunFlags       = 0x400
	trunComposition = 0x800
)

// trun is the head of a trun box, and its table.
type trun struct {
	flags      uint32
	count      int
	offset     int32
	firstFlags uint32
	table      []byte // count entries of the fields that flags names
}

func readTrun(b box, p []byte) (trun, error) {
	if len(p) < 8 {
		return trun{}, b.fail("%d bytes long, at least 8 needed", len(p))
	}
	r := trun{flags: binary.BigEndian.Uint32(p)}
	count := binary.BigEndian.Uint32(p[4:])
	p = p[8:]
	if r.flags&trunOffset != 0 {
		if len(p) < 4 {
			return r, b.fail("too short for its data_offset")
		}
		r.offset, p = int32(binary.BigEndian.Uint32(p)), p[4:]
	}
	if r.flags&trunFirstFlags != 0 {
		if len(p) < 4 {
			return r, b.fail("too short for its first_sample_flags")
		}
		r.firstFlags, p = binary.BigEndian.Uint32(p), p[4:]
	}
	entry := 0
	for _, field := range [...]uint32{trunDuration, trunSize, trunFlags, trunComposition} {
		if r.flags&field != 0 {
			entry += 4
		}
	}
	if need := uint64(count) * uint64(entry); need > uint64(len(p)) {
		return r, b.fail("%d samples need a table of %d bytes, %d are there", count, need, len(p))
	}
	if count > math.MaxInt32 {
		return r, b.fail("lists %d samples", count)
	}
	r.count, r.table = int(count), p[:int(count)*entry]
	return r, nil
}

// readSamples places the samples of all trun boxes one after the other from the
// start of mdat: on live servers data_offset is wrong by the boxes that were
// inserted after encoding, so it decides nothing.
func (f *Fragment) readSamples(data []byte, moof, mdat box, t traf, o Options) error {
	if cap(f.Samples) < t.total {
		f.Samples = make([]Sample, 0, t.total)
	}
	var sdtp []byte
	if t.sdtp.kind != 0 && t.sdtp.end-t.sdtp.body > 4 {
		sdtp = data[t.sdtp.body+4 : t.sdtp.end]
	}
	if sdtp != nil && len(sdtp) < t.total {
		f.Warnings |= WarnDepends
	}
	place, decode, index, timed, full := 0, int64(0), 0, false, false
	visit := func(b box) error {
		if b.kind != boxTrun {
			return nil
		}
		r, err := readTrun(b, data[b.body:b.end])
		if err != nil {
			return err
		}
		if index == 0 && r.flags&trunOffset != 0 && int64(moof.start)+int64(r.offset) != int64(mdat.body) {
			f.Warnings |= WarnOffset
		}
		fixed := t.size
		if r.flags&trunSize == 0 && fixed == 0 && r.count > 0 {
			if t.total != 1 {
				return b.fail("no sizes for %d samples, in it or in tfhd", r.count)
			}
			fixed = uint32(min(uint64(len(f.Media)), math.MaxUint32))
			f.Warnings |= WarnSizes
			full = mdat.cut
		}
		table := r.table
		for i := range r.count {
			s := Sample{Decode: decode, Duration: t.duration, Flags: t.flags}
			size := fixed
			if r.flags&trunDuration != 0 {
				s.Duration, table = binary.BigEndian.Uint32(table), table[4:]
			}
			if r.flags&trunSize != 0 {
				size, table = binary.BigEndian.Uint32(table), table[4:]
			}
			explicit := false
			if r.flags&trunFlags != 0 {
				s.Flags, table = binary.BigEndian.Uint32(table), table[4:]
				explicit = true
			}
			if i == 0 && r.flags&trunFirstFlags != 0 {
				s.Flags, explicit = r.firstFlags, true
			}
			if r.flags&trunComposition != 0 {
				s.Composition, table = int32(binary.BigEndian.Uint32(table)), table[4:]
			}
			s.DependsOn, s.DependedOn = uint8(s.Flags>>24&3), uint8(s.Flags>>22&3)
			sync := explicit && s.DependsOn == 2
			if index < len(sdtp) {
				s.DependsOn, s.DependedOn = sdtp[index]>>4&3, sdtp[index]>>2&3
				sync = sync || s.DependsOn == 2
			}
			const nonSync = 0x10000
			s.Sync = o.Kind != platform.Video || index == 0 || sync && !(explicit && s.Flags&nonSync != 0)

			decode += int64(s.Duration)
			timed = timed || s.Duration != 0
			index++
			if full = full || uint64(size) > uint64(len(f.Media)-place); full {
				continue // the times of what is missing still count
			}
			end := place + int(size)
			s.Data = f.Media[place:end:end]
			place = end
			f.Samples = append(f.Samples, s)
		}
		return nil
	}
	if err := children(data, moof, func(b box) error {
		if b.start == t.start {
			return children(data, b, visit)
		}
		return visit(b)
	}); err != nil {
		return err
	}
	if !timed {
		f.shareDuration(o.FragmentDuration, t.total)
	}
	return nil
}

// shareDuration gives each of total samples its share of the whole fragment, so
// that they add up to it exactly.
func (f *Fragment) shareDuration(whole uint64, total int) {
	if whole == 0 {
		whole = f.Duration
	}
	n := uint64(total)
	if whole/n >= math.MaxUint32 {
		return // no duration of a fragment
	}
	f.Warnings |= WarnDurations
	each, rest := whole/n, whole%n
	for i := range f.Samples {
		s, k := &f.Samples[i], uint64(i)
		s.Decode = int64(k*each + k*rest/n)
		s.Duration = uint32(each + (k+1)*rest/n - k*rest/n)
	}
}
