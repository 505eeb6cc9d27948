package origin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"smoothplay/platform"
	"smoothplay/player/fragment"
)

// uuidTfrf is the type of the box that announces followers, [MS-SSTR] 2.2.4.5.
const uuidTfrf = "\xd4\x80\x7e\xf2\xca\x39\x46\x95\x8e\x54\x26\xcb\x9e\x46\xa7\x9f"

// retiming is what becomes of a fragment in an event, or of its key frames. The
// media bytes stay what they are.
type retiming struct {
	kind     platform.Kind
	live     bool // the times below are written
	sequence uint32
	t, d     uint64
	next     []announced // nil: no tfrf box
	version0 bool        // 32-bit times where they fit
	fit      bool        // the samples are cut and the last is stretched, so that they last d
	keys     bool        // samples at which decoding can begin alone, each lasting until the next
}

// apply returns the moof box that a fragment gets, and the payload of its mdat
// box. data is the whole fragment; the payload may alias it.
func (r *retiming) apply(data []byte) (moof, payload []byte, err error) {
	var old, media []byte
	for b := range boxes(data) {
		switch {
		case b.kind == "moof" && old == nil:
			old = b.body
		case b.kind == "mdat" && old != nil && media == nil:
			media = b.body
		}
	}
	if old == nil || media == nil {
		return nil, nil, errors.New("no moof box with an mdat box behind it")
	}
	var run *samples
	if r.fit || r.keys {
		if run, err = r.choose(data); err != nil {
			return nil, nil, err
		}
		if run != nil {
			media = run.media()
		}
	}
	moof, err = r.moof(old, run)
	return moof, media, err
}

// moof writes the moof box anew: run are the samples where they are not those of
// old.
func (r *retiming) moof(old []byte, run *samples) ([]byte, error) {
	out := openBox(nil, "moof")
	var offsets []offset
	trafs := 0
	for b := range boxes(old) {
		switch b.kind {
		case "mfhd":
			at := len(out)
			out = writeBox(out, b.kind, b.body)
			if r.live && len(b.body) >= 8 {
				binary.BigEndian.PutUint32(out[at+12:], r.sequence)
			}
		case "traf":
			if trafs++; trafs > 1 {
				return nil, errors.New("a fragment of several tracks")
			}
			out, offsets = r.traf(out, b.body, run)
		default:
			out = writeBox(out, b.kind, b.body)
		}
	}
	if trafs == 0 || run != nil && len(offsets) == 0 {
		return nil, errors.New("a fragment of no track, or without a trun box in it")
	}
	closeBox(out, 0)
	for _, o := range offsets {
		// Where the media begin is the first trun's affair, whatever it said before:
		// encoders are known to be wrong about it.
		binary.BigEndian.PutUint32(out[o.at:], uint32(int64(len(out)+8)+int64(o.value)-int64(offsets[0].value)))
	}
	return out, nil
}

// offset is where a trun box says at which byte its samples begin.
type offset struct {
	at    int
	value int32
}

// traf writes a traf box: as it was, but for its times, and for its samples
// where run has others.
func (r *retiming) traf(out, old []byte, run *samples) ([]byte, []offset) {
	start := len(out)
	out = openBox(out, "traf")
	var offsets []offset
	written := false
	for b := range boxes(old) {
		switch b.kind {
		case "tfhd":
			out = writeBox(out, b.kind, withoutBase(b.body))
		case "trun":
			body := b.body
			if run != nil {
				if written {
					continue
				}
				body, written = run.trun(), true
			}
			if len(body) >= 12 && body[3]&1 != 0 {
				offsets = append(offsets, offset{len(out) + 8 + 8, int32(binary.BigEndian.Uint32(body[8:]))})
			}
			out = writeBox(out, b.kind, body)
		case uuidTfxd, uuidTfrf:
			if !r.live {
				out = writeBox(out, b.kind, b.body)
			}
		case "tfdt":
			if r.live {
				out = writeBox(out, b.kind, binary.BigEndian.AppendUint64([]byte{1, 0, 0, 0}, r.t))
				continue
			}
			out = writeBox(out, b.kind, b.body)
		case "sdtp":
			if run != nil {
				b.body = run.perSample(b.body)
			}
			out = writeBox(out, b.kind, b.body)
		case uuidSenc, "senc":
			if run != nil {
				b.body = run.encryption(b.body)
			}
			out = writeBox(out, b.kind, b.body)
		case "saiz", "saio", "sbgp", "subs":
			if run == nil { // they are about samples that are not there any more
				out = writeBox(out, b.kind, b.body)
			}
		default:
			out = writeBox(out, b.kind, b.body)
		}
	}
	if r.live {
		out = r.times(out)
	}
	closeBox(out, start)
	return out, offsets
}

// withoutBase takes base_data_offset out of the body of a tfhd box: an offset in
// a file that a viewer does not have, which PIFF 1.1 forbids.
func withoutBase(b []byte) []byte {
	if len(b) < 16 || b[3]&1 == 0 {
		return b
	}
	b = slices.Concat(b[:8], b[16:])
	b[3] &^= 1
	return b
}

// times writes tfxd and tfrf.
func (r *retiming) times(out []byte) []byte {
	write := func(kind string, list []announced, counted bool) {
		version, wide := []byte{1, 0, 0, 0}, !r.version0
		for _, a := range list {
			wide = wide || max(a.t, a.d) > math.MaxUint32
		}
		if !wide {
			version = []byte{0, 0, 0, 0}
		}
		if counted {
			version = append(version, byte(len(list)))
		}
		for _, a := range list {
			for _, v := range []uint64{a.t, a.d} {
				if wide {
					version = binary.BigEndian.AppendUint64(version, v)
				} else {
					version = binary.BigEndian.AppendUint32(version, uint32(v))
				}
			}
		}
		out = writeBox(out, kind, version)
	}
	write(uuidTfxd, []announced{{r.t, r.d}}, false)
	if r.next != nil {
		write(uuidTfrf, r.next[:min(len(r.next), 255)], true)
	}
	return out
}

// openBox begins a box, whose size closeBox puts in.
func openBox(out []byte, kind string) []byte {
	if len(kind) == 16 {
		return append(append(out, "\x00\x00\x00\x00uuid"...), kind...)
	}
	return append(append(out, "\x00\x00\x00\x00"...), kind...)
}

func closeBox(out []byte, start int) {
	binary.BigEndian.PutUint32(out[start:], uint32(len(out)-start))
}

func writeBox(out []byte, kind string, body []byte) []byte {
	start := len(out)
	out = append(openBox(out, kind), body...)
	closeBox(out, start)
	return out
}

// wholeSamples counts the samples of a fragment that lie within its first d
// ticks; what rounding adds is forgiven.
func wholeSamples(samples []fragment.Sample, d uint64) int {
	for i, s := range samples {
		if s.Decode+int64(s.Duration-s.Duration/16) > int64(min(d, math.MaxInt64)) {
			return i
		}
	}
	return len(samples)
}

// choose returns the samples that r wants; nil: all, as they are.
func (r *retiming) choose(data []byte) (*samples, error) {
	s := &samples{}
	if err := s.parsed.Parse(data, fragment.Options{Kind: r.kind, FragmentDuration: r.d}); err != nil {
		return nil, fmt.Errorf("its samples: %w", err)
	}
	all := s.parsed.Samples
	n, end := len(all), s.parsed.Length()
	if r.fit {
		n = wholeSamples(all, r.d)
		if n == 0 && r.kind == platform.Text {
			n = 1 // one document, however long it lasts
		}
		end = int64(min(r.d, math.MaxInt64))
	}
	for i := range n {
		if !r.keys || all[i].Sync {
			s.kept = append(s.kept, i)
		}
	}
	if len(s.kept) == 0 {
		return nil, errors.New("none of its samples fits")
	}
	if len(s.kept) == len(all) && end == s.parsed.Length() {
		return nil, nil
	}
	decode := int64(0)
	for k, i := range s.kept {
		until := end
		if k+1 < len(s.kept) {
			until = all[s.kept[k+1]].Decode
		}
		d := max(until-decode, 0)
		shift := all[i].Decode - decode // presented when it was before
		if d > math.MaxUint32 || shift > math.MaxInt32 {
			return nil, errors.New("a sample that lasts too long")
		}
		s.durations = append(s.durations, uint32(d))
		s.compositions = append(s.compositions, all[i].Composition+int32(shift))
		decode += d
	}
	return s, nil
}
