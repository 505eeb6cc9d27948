package origin

import (
	"encoding/binary"

	"smoothplay/player/fragment"
)

// uuidSenc is the type of the sample encryption box, PIFF 1.1 5.3.2.
const uuidSenc = "\xa2\x39\x4f\x52\x5a\x9b\x4f\x14\xa2\x44\x6c\x42\x7c\x64\x8d\xf4"

// samples are some of the samples of a fragment, with other durations.
type samples struct {
	parsed       fragment.Fragment
	kept         []int // indexes into its samples, ascending
	durations    []uint32
	compositions []int32
}

// media returns their bytes, one after the other.
func (s *samples) media() []byte {
	n := 0
	for _, i := range s.kept {
		n += len(s.parsed.Samples[i].Data)
	}
	out := make([]byte, 0, n)
	for _, i := range s.kept {
		out = append(out, s.parsed.Samples[i].Data...)
	}
	return out
}

// trun returns the body of a trun box that states everything, with an offset to
// be filled in: ISO/IEC 14496-12 8.8.8, version 1.
func (s *samples) trun() []byte {
	out := make([]byte, 12, 12+16*len(s.kept))
	binary.BigEndian.PutUint32(out, 1<<24|0xf01)
	binary.BigEndian.PutUint32(out[4:], uint32(len(s.kept)))
	for k, i := range s.kept {
		from := &s.parsed.Samples[i]
		out = binary.BigEndian.AppendUint32(out, s.durations[k])
		out = binary.BigEndian.AppendUint32(out, uint32(len(from.Data)))
		out = binary.BigEndian.AppendUint32(out, from.Flags)
		out = binary.BigEndian.AppendUint32(out, uint32(s.compositions[k]))
	}
	return out
}

// perSample picks from the body of a full box with a byte for each sample.
func (s *samples) perSample(body []byte) []byte {
	if len(body) < 4 {
		return body
	}
	out := append([]byte(nil), body[:4]...)
	for _, i := range s.kept {
		if 4+i < len(body) {
			out = append(out, body[4+i])
		}
	}
	return out
}

// encryption writes a sample encryption box anew; body is the old one.
func (s *samples) encryption(body []byte) []byte {
	e := s.parsed.Encryption
	if e == nil || len(body) < 4 {
		return body
	}
	flags := binary.BigEndian.Uint32(body)
	out := append([]byte(nil), body[:4]...)
	if flags&1 != 0 { // algorithm, size of the IVs, key
		out = append(out, body[4:min(24, len(body))]...)
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(s.kept)))
	for _, i := range s.kept {
		sample := &e.Samples[i]
		out = append(out, sample.IV...)
		if flags&2 != 0 {
			out = binary.BigEndian.AppendUint16(out, uint16(len(sample.Subsamples)))
			for _, sub := range sample.Subsamples {
				out = binary.BigEndian.AppendUint16(out, uint16(sub.Clear))
				out = binary.BigEndian.AppendUint32(out, sub.Encrypted)
			}
		}
	}
	return out
}
