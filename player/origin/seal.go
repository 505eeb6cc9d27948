package origin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"smoothplay/drm/piff"
	"smoothplay/platform"
	"smoothplay/player/fragment"
)

// sealing encrypts one fragment.
type sealing struct {
	scheme    Scheme
	kid       [16]byte
	named     bool // the fragment names kid
	noIV      bool // the last sample has no initialisation vector, where each has its own; else none has
	encrypter *piff.Encrypter
	format    *platform.Format
	iv        [16]byte // of the first sample
}

// maxClear is how many bytes a clear range has at most.
const maxClear = 1<<16 - 1

// apply returns the moof box and the payload of the mdat box of data, encrypted.
// data is changed.
func (s *sealing) apply(data []byte) (moof, media []byte, err error) {
	var f fragment.Fragment
	if err := f.Parse(data, fragment.Options{Kind: s.format.Kind}); err != nil {
		return nil, nil, err
	}
	if f.Encryption != nil {
		return nil, nil, errors.New("it is encrypted already")
	}
	var old []byte
	for b := range boxes(data) {
		switch {
		case b.kind == "moof" && old == nil:
			old = b.body
		case b.kind == "mdat" && media == nil:
			media = b.body
		}
	}
	all := make([]platform.SampleProtection, len(f.Samples))
	for i := range f.Samples {
		all[i] = s.protection(i, f.Samples[i].Data)
		if err := s.encrypter.Encrypt(f.Samples[i].Data, &all[i]); err != nil {
			return nil, nil, fmt.Errorf("sample %d: %w", i, err)
		}
	}
	moof, err = s.moof(old, all)
	return moof, media, err
}

// protection says how sample i is encrypted.
func (s *sealing) protection(i int, data []byte) platform.SampleProtection {
	p := platform.SampleProtection{KID: s.kid, Subsamples: s.ranges(data)}
	iv := s.iv
	switch s.scheme {
	case SchemeCTR, SchemeCENC:
		p.Scheme = platform.AESCTR
		p.IV = binary.BigEndian.AppendUint64(nil, binary.BigEndian.Uint64(iv[:])+uint64(i))
	case SchemeCBC:
		p.Scheme = platform.AESCBC
		binary.BigEndian.PutUint64(iv[8:], binary.BigEndian.Uint64(iv[8:])+uint64(i))
		p.IV = bytes.Clone(iv[:])
	case SchemeCBCS:
		p.Scheme, p.IV = platform.AESCBCS, bytes.Clone(iv[:])
		if s.format.Kind == platform.Video {
			p.Crypt, p.Skip = 1, 9
		}
	}
	return p
}

// ranges is the subsample map of NAL units: their lengths and the beginnings of
// slices stay clear, and all that is no slice; nil: the whole sample is encrypted.
func (s *sealing) ranges(data []byte) []platform.Subsample {
	size := s.format.NALLength
	if size <= 0 || s.format.Codec != platform.H264 && s.format.Codec != platform.HEVC {
		return nil
	}
	var all []platform.Subsample
	held := 0 // clear bytes before the next encrypted range
	for len(data) > size {
		n := 0
		for _, b := range data[:size] {
			n = n<<8 | int(b)
		}
		n = min(n, len(data)-size)
		open := size + n
		if n > 0 && s.slice(data[size]) && n >= 96+16 {
			open = size + 96 + (n-96)%16 // whole blocks are encrypted, as every mode can
		}
		for held += open; held > maxClear; held -= maxClear {
			all = append(all, platform.Subsample{Clear: maxClear})
		}
		if locked := size + n - open; locked > 0 {
			all = append(all, platform.Subsample{Clear: uint32(held), Encrypted: uint32(locked)})
			held = 0
		}
		data = data[size+n:]
	}
	held += len(data)
	if held > 0 || len(all) == 0 {
		all = append(all, platform.Subsample{Clear: uint32(min(held, maxClear))}) // what is left over is clear
	}
	return all
}

// slice reports whether a NAL unit that begins with b carries a slice.
func (s *sealing) slice(b byte) bool {
	if s.format.Codec == platform.HEVC {
		return b>>1&0x3f < 32
	}
	return b&0x1f == 1 || b&0x1f == 5
}

// moof writes the moof box anew, with what says how the samples are encrypted.
func (s *sealing) moof(old []byte, all []platform.SampleProtection) ([]byte, error) {
	out := openBox(nil, "moof")
	var offsets []offset
	saio := 0 // where the offset in the saio box stands, and of what
	first := 0
	trafs := 0
	for b := range boxes(old) {
		if b.kind != "traf" {
			out = writeBox(out, b.kind, b.body)
			continue
		}
		if trafs++; trafs > 1 {
			return nil, errors.New("a fragment of several tracks")
		}
		start := len(out)
		out, offsets = (&retiming{}).traf(out, b.body, nil)
		if s.scheme == SchemeCBCS || s.scheme == SchemeCENC && s.named {
			out = s.groups(out, len(all))
		}
		out, first = s.senc(out, all)
		if s.scheme == SchemeCENC || s.scheme == SchemeCBCS {
			out = s.saiz(out, all)
			saio = len(out) + 16
			out = writeBox(out, "saio", []byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0})
		}
		closeBox(out, start)
	}
	if trafs == 0 {
		return nil, errors.New("a fragment of no track")
	}
	closeBox(out, 0)
	if saio > 0 {
		binary.BigEndian.PutUint32(out[saio:], uint32(first))
	}
	for _, o := range offsets {
		binary.BigEndian.PutUint32(out[o.at:], uint32(int64(len(out)+8)+int64(o.value)-int64(offsets[0].value)))
	}
	return out, nil
}

// senc writes the sample encryption box; first is where its entries begin.
func (s *sealing) senc(out []byte, all []platform.SampleProtection) (_ []byte, first int) {
	start := len(out)
	kind := uuidSenc
	if s.scheme == SchemeCENC || s.scheme == SchemeCBCS {
		kind = "senc"
	}
	out = openBox(out, kind)
	flags := uint32(0)
	maps := len(all) > 0 && all[0].Subsamples != nil
	if maps {
		flags |= 2
	}
	named := kind == uuidSenc && (s.named || s.scheme == SchemeCBC)
	if named {
		flags |= 1
	}
	out = binary.BigEndian.AppendUint32(out, flags)
	if named {
		algorithm, size := uint32(1), byte(8)
		if s.scheme == SchemeCBC {
			algorithm, size = 2, 16
		}
		out = binary.BigEndian.AppendUint32(out, algorithm<<8|uint32(size))
		out = append(out, s.kid[:]...)
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(all)))
	first = len(out)
	for i := range all {
		if s.scheme != SchemeCBCS && !(s.noIV && i == len(all)-1) {
			out = append(out, all[i].IV...)
		}
		if maps {
			out = binary.BigEndian.AppendUint16(out, uint16(len(all[i].Subsamples)))
			for _, r := range all[i].Subsamples {
				out = binary.BigEndian.AppendUint16(out, uint16(r.Clear))
				out = binary.BigEndian.AppendUint32(out, r.Encrypted)
			}
		}
	}
	closeBox(out, start)
	return out, first
}

// saiz writes the sizes of the entries of senc, ISO/IEC 14496-12 8.7.8.
func (s *sealing) saiz(out []byte, all []platform.SampleProtection) []byte {
	body := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 0, 0}, uint32(len(all)))
	for i := range all {
		n := 0
		if s.scheme != SchemeCBCS {
			n = len(all[i].IV)
		}
		if all[i].Subsamples != nil {
			n += 2 + 6*len(all[i].Subsamples)
		}
		body = append(body, byte(min(n, 255)))
	}
	return writeBox(out, "saiz", body)
}

// groups writes the sample group that names the key and, with SchemeCBCS, the
// pattern and the IV.
func (s *sealing) groups(out []byte, samples int) []byte {
	p := s.protection(0, nil)
	entry := append([]byte{0, p.Crypt<<4 | p.Skip, 1, 8}, s.kid[:]...)
	if s.scheme == SchemeCBCS {
		entry[3] = 0
		if s.noIV {
			p.IV = nil
		}
		entry = append(append(entry, byte(len(p.IV))), p.IV...)
	}
	sgpd := binary.BigEndian.AppendUint32([]byte("\x01\x00\x00\x00seig"), uint32(len(entry)))
	sgpd = append(binary.BigEndian.AppendUint32(sgpd, 1), entry...)
	out = writeBox(out, "sgpd", sgpd)
	sbgp := binary.BigEndian.AppendUint32([]byte("\x00\x00\x00\x00seig\x00\x00\x00\x01"), uint32(samples))
	return writeBox(out, "sbgp", binary.BigEndian.AppendUint32(sbgp, 0x10001))
}

// readAll reads a body and closes it.
func readAll(c *content) ([]byte, error) {
	defer c.Close()
	if c.size > maxFragment {
		return nil, fmt.Errorf("an answer of %d bytes: more than %d", c.size, maxFragment)
	}
	data := make([]byte, c.size)
	_, err := io.ReadFull(c, data)
	return data, err
}

// cutOf is a part of a whole fragment.
func cutOf(data []byte, p part) ([]byte, error) {
	start, end, err := locate(bytes.NewReader(data), 0, int64(len(data)), p)
	if err != nil {
		return nil, err
	}
	return data[start:end], nil
}
