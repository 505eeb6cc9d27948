package piff

import (
	"encoding/binary"

	"smoothplay/platform"
)

// Verdict is what can be said of a sample, or of a key.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota // nothing in it tells
	Sound                    // it is what it should be
	Unsound                  // it is noise: the key is wrong, or the bytes are damaged
)

// String returns "undecided", "sound" or "unsound".
func (v Verdict) String() string {
	switch v {
	case Sound:
		return "sound"
	case Unsound:
		return "unsound"
	}
	return "undecided"
}

// Look judges a decrypted sample by its form: lengths of NAL units that add up,
// and a slice header that can begin a picture. A whole sample of noise passes
// once in some ten thousand; one of which only the slices were encrypted every
// second time to every fifteenth, so that one sample that passes proves little,
// and one that does not much. AAC is judged by how its first element begins. What
// is neither that nor H.264 or HEVC with lengths is Undecided.
func Look(data []byte, f *platform.Format) Verdict {
	v, _ := look(data, f)
	return v
}

// look is Look, and says where what it judged begins.
func look(data []byte, f *platform.Format) (verdict Verdict, at int) {
	if f != nil && f.Codec == platform.AAC {
		return lookAAC(data), 0
	}
	if f == nil || f.NALLength <= 0 || f.NALLength > 4 || f.Codec != platform.H264 && f.Codec != platform.HEVC || len(data) == 0 {
		return Undecided, 0
	}
	size := len(data)
	for len(data) > 0 {
		if len(data) < f.NALLength {
			return Unsound, 0
		}
		n := uint64(0)
		for _, b := range data[:f.NALLength] {
			n = n<<8 | uint64(b)
		}
		data = data[f.NALLength:]
		if n > uint64(len(data)) {
			return Unsound, 0
		}
		begins := size - len(data)
		nal := data[:n]
		data = data[n:]
		if len(nal) == 0 {
			continue // some encoders write such
		}
		if nal[0]&0x80 != 0 { // forbidden_zero_bit
			return Unsound, 0
		}
		if verdict == Undecided {
			at = begins
			if f.Codec == platform.H264 {
				verdict = lookAVC(nal)
			} else {
				verdict = lookHEVC(nal)
			}
		}
	}
	return verdict, at
}

// lookAAC judges how the first element of a raw data block begins, ISO/IEC 14496-3
// 4.4.2.1: it is not the end, and a reserved bit of a channel's ics_info is 0.
func lookAAC(data []byte) Verdict {
	if len(data) < 8 {
		return Undecided // an encoder with nothing to say
	}
	b := binary.BigEndian.Uint32(data)
	switch element := b >> 29; {
	case element == 3, element == 7: // a channel of low frequencies, the end
		return Unsound
	case element > 1: // no single channel, and no pair
		return Undecided
	case element == 1 && b>>24&1 == 1: // common_window: ics_info follows
		b <<= 8
	case element == 1:
		b <<= 16 // global_gain
	default:
		b <<= 15
	}
	if b>>31 == 1 {
		return Unsound
	}
	return Sound
}

// lookAVC judges the header of the first slice of a picture, ITU-T H.264 7.3.3;
// Undecided: nal is no slice.
func lookAVC(nal []byte) Verdict {
	kind := nal[0] & 0x1f
	if kind != 1 && kind != 5 { // slices without partitions
		return Undecided
	}
	r := bits{data: nal[1:]}
	first, slice, pps := r.exp(), r.exp(), r.exp()
	switch {
	case r.short, first != 0, slice > 9, pps > 255:
		return Unsound
	case kind == 5 && slice%5 != 2 && slice%5 != 4: // a picture to begin with has I or SI slices
		return Unsound
	}
	return Sound
}

// lookHEVC is lookAVC for ITU-T H.265 7.3.6.1.
func lookHEVC(nal []byte) Verdict {
	kind := nal[0] >> 1 & 0x3f
	if kind > 31 || kind > 9 && kind < 16 || kind > 21 { // reserved, or no slice
		return Undecided
	}
	if len(nal) < 3 || nal[1]&7 == 0 {
		return Unsound
	}
	r := bits{data: nal[2:]}
	if r.bit() != 1 { // first_slice_segment_in_pic_flag
		return Unsound
	}
	if kind >= 16 {
		r.bit()
	}
	if pps := r.exp(); r.short || pps > 63 {
		return Unsound
	}
	return Sound
}

// bits reads the few bits that begin a slice. Emulation prevention cannot touch
// them: the first is set wherever they matter.
type bits struct {
	data  []byte
	pos   int
	short bool
}

func (r *bits) bit() uint32 {
	if r.pos>>3 >= len(r.data) {
		r.short = true
		return 0
	}
	b := r.data[r.pos>>3] >> (7 - r.pos&7) & 1
	r.pos++
	return uint32(b)
}

// exp reads an Exp-Golomb code of at most 33 bits.
func (r *bits) exp() uint32 {
	zeros := 0
	for r.bit() == 0 && !r.short {
		if zeros++; zeros > 16 {
			r.short = true
		}
	}
	v := uint32(1)
	for range zeros {
		v = v<<1 | r.bit()
	}
	return v - 1
}

// Judge decides from the first samples after a key whether the key is right. The
// zero Judge has seen nothing. It serves one track and one key, and is not safe
// for concurrent use.
type Judge struct{ sound, unsound int }

// Enough samples of one sort decide. A right key yields no unsound sample but
// where bytes are damaged; of a wrong one's, more than half are unsound.
const (
	enoughUnsound = 3
	enoughSound   = 24
)

// Sample looks at a sample that was encrypted as p says, and is not any more;
// nothing is looked at once the verdict is reached. What was clear all the time
// says nothing for the key.
func (j *Judge) Sample(data []byte, f *platform.Format, p *platform.SampleProtection) {
	if j.Verdict() != Undecided {
		return
	}
	v, at := look(data, f)
	if v == Sound && !covers(p.Subsamples, at+1) {
		v = Undecided
	}
	j.count(v)
}

// covers reports whether the byte at an offset was encrypted.
func covers(maps []platform.Subsample, at int) bool {
	for _, s := range maps {
		if at -= int(s.Clear); at < 0 {
			return false
		}
		if at -= int(s.Encrypted); at < 0 {
			return true
		}
	}
	return len(maps) == 0
}

// Decoded says what became of a sample that was decrypted: for codecs whose
// samples do not show it. A decoder that fails on the very first samples fails
// because of the key.
func (j *Judge) Decoded(err error) {
	if j.Verdict() != Undecided {
		return
	}
	if err != nil {
		j.count(Unsound)
	} else {
		j.count(Sound)
	}
}

func (j *Judge) count(v Verdict) {
	switch v {
	case Sound:
		j.sound++
	case Unsound:
		j.unsound++
	}
}

// Verdict is Unsound where the key is wrong, Sound where it is right, and
// Undecided until enough samples were seen.
func (j *Judge) Verdict() Verdict {
	switch {
	case j.unsound >= enoughUnsound && j.unsound*4 >= j.sound+j.unsound:
		return Unsound
	case j.sound >= enoughSound:
		return Sound
	}
	return Undecided
}
