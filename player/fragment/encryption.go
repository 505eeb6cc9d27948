package fragment

import (
	"encoding/binary"
	"slices"

	"smoothplay/platform"
)

// Encryption is how the samples of one fragment are encrypted, PIFF 1.1 5.3.2.
// The precedence is: what the sample encryption box itself states, else a 'seig'
// sample group, else the defaults of the presentation.
type Encryption struct {
	// Algorithm is the AlgorithmID stated: 1 AES-CTR, 2 AES-CBC; 0: not stated,
	// the default (AES-CTR) holds.
	Algorithm uint32
	IVSize    int // 8 or 16 bytes; 0: all samples share one
	// Pattern: a 'seig' group states a constant IV or a pattern, which 'cbcs' alone
	// has. Of each Crypt + Skip blocks the first Crypt are encrypted; 0 and 0: all.
	Pattern     bool
	Crypt, Skip uint8
	// KID is the key that the fragment names, big-endian as in its text form,
	// where HasKID; else the presentation's holds.
	KID    [16]byte
	HasKID bool
	// Samples has one entry for each of Fragment.Samples.
	Samples []SampleEncryption
}

// SampleEncryption is how one sample is encrypted.
type SampleEncryption struct {
	IV []byte // IVSize bytes or the one of all, aliasing the body
	// Subsamples cover the sample from its start; what they leave over is clear.
	// Empty: the whole sample is encrypted.
	Subsamples []platform.Subsample
}

// Protection says how sample i is encrypted, in the words of the porting layer;
// kid is the presentation's key, for a fragment that names none.
func (e *Encryption) Protection(i int, kid [16]byte) platform.SampleProtection {
	s := &e.Samples[i]
	p := platform.SampleProtection{Scheme: platform.AESCTR, KID: kid, IV: s.IV, Subsamples: s.Subsamples}
	switch {
	case e.Algorithm == 2:
		p.Scheme = platform.AESCBC
	case e.Pattern:
		p.Scheme, p.Crypt, p.Skip = platform.AESCBCS, e.Crypt, e.Skip
	}
	if e.HasKID {
		p.KID = e.KID
	}
	return p
}

// readEncryption reads the sample encryption box of t, if there is one. Samples
// are placed already.
func (f *Fragment) readEncryption(data []byte, t traf) error {
	b := t.senc
	if b.kind == 0 {
		return f.readConstant(data, t)
	}
	p := data[b.body:b.end]
	if len(p) < 8 {
		return b.fail("%d bytes long, at least 8 needed", len(p))
	}
	flags := binary.BigEndian.Uint32(p)
	p = p[4:]

	e := &f.encryption
	known := false
	var constant []byte
	switch {
	case flags&1 != 0:
		if len(p) < 24 {
			return b.fail("too short for its override of the defaults")
		}
		e.Algorithm, e.IVSize = binary.BigEndian.Uint32(p)>>8, int(p[3])
		e.KID, e.HasKID = [16]byte(p[4:]), true
		p = p[20:]
		if e.Algorithm == 0 {
			return nil // stated to be clear
		}
		if e.Algorithm > 2 {
			return b.fail("AlgorithmID %d is not known", e.Algorithm)
		}
		if e.IVSize == 0 {
			e.IVSize = 8
		}
		known = true
	case t.sgpd.kind != 0:
		g, err := readSeig(data, t)
		if err != nil {
			return err
		}
		if g.found && !g.protected {
			return nil
		}
		if g.found {
			e.take(g)
			constant, known = g.constant, true
		}
	}
	if known && e.IVSize != 8 && e.IVSize != 16 && constant == nil || e.Algorithm == 2 && e.IVSize != 16 {
		return b.fail("initialisation vectors of %d bytes", e.IVSize)
	}

	count := binary.BigEndian.Uint32(p)
	p = p[4:]
	if count == 0 {
		return nil // clear
	}
	if uint64(count) != uint64(t.total) {
		return b.fail("is for %d samples, trun lists %d", count, t.total)
	}
	if flags&2 == 0 {
		if !known && len(p) == 0 {
			return nil // no vectors: clear
		}
		if !known {
			e.IVSize = len(p) / t.total
		}
		if constant != nil {
			f.shareIV(constant)
			return nil
		}
		if e.IVSize != 8 && e.IVSize != 16 || len(p) < e.IVSize*t.total {
			return b.fail("%d bytes cannot be %d initialisation vectors", len(p), count)
		}
		f.encrypted()
		for i := range f.Samples {
			e.Samples = append(e.Samples, SampleEncryption{IV: p[i*e.IVSize:][:e.IVSize:e.IVSize]})
		}
		return nil
	}
	entries := -1
	if known {
		entries = f.countSubsamples(p, e.IVSize, t.total, false)
	} else {
		for _, e.IVSize = range [...]int{8, 16} {
			if entries = f.countSubsamples(p, e.IVSize, t.total, true); entries >= 0 {
				break
			}
		}
	}
	if entries < 0 {
		return b.fail("its ranges do not fit the %d samples", count)
	}
	f.encrypted()
	f.readSubsamples(p, entries, constant)
	return nil
}

// readConstant takes a fragment without a sample encryption box whose samples are
// encrypted whole with one IV, as sound in 'cbcs' is.
func (f *Fragment) readConstant(data []byte, t traf) error {
	if t.sgpd.kind == 0 {
		return nil
	}
	g, err := readSeig(data, t)
	if err != nil || !g.found || !g.protected || g.constant == nil {
		return err
	}
	f.encryption.take(g)
	f.shareIV(g.constant)
	return nil
}

// take takes what a group states.
func (e *Encryption) take(g seig) {
	e.IVSize, e.KID, e.HasKID = g.ivSize, g.kid, true
	e.Crypt, e.Skip = g.crypt, g.skip
	e.Pattern = g.constant != nil || g.crypt != 0 || g.skip != 0
}

// shareIV marks all samples as encrypted whole with one IV.
func (f *Fragment) shareIV(iv []byte) {
	f.encrypted()
	for range f.Samples {
		f.encryption.Samples = append(f.encryption.Samples, SampleEncryption{IV: iv})
	}
}

// encrypted marks f as encrypted and makes room for its samples.
func (f *Fragment) encrypted() {
	e := &f.encryption
	if cap(e.Samples) < len(f.Samples) {
		e.Samples = make([]SampleEncryption, 0, len(f.Samples))
	}
	f.Encryption = e
}

// countSubsamples counts the ranges of total samples in p, or returns -1 where p
// is too short, the ranges of a sample exceed it, or, if exact, p is too long.
func (f *Fragment) countSubsamples(p []byte, ivSize, total int, exact bool) int {
	n := 0
	for i := range total {
		if len(p) < ivSize+2 {
			return -1
		}
		entries := int(binary.BigEndian.Uint16(p[ivSize:]))
		p = p[ivSize+2:]
		if len(p) < 6*entries {
			return -1
		}
		sum := uint64(0)
		for k := range entries {
			sum += uint64(binary.BigEndian.Uint16(p[6*k:])) + uint64(binary.BigEndian.Uint32(p[6*k+2:]))
		}
		if i < len(f.Samples) { // those behind a cut are not looked at
			if sum > uint64(len(f.Samples[i].Data)) {
				return -1
			}
			n += entries
		}
		p = p[6*entries:]
	}
	if exact && len(p) > 0 {
		return -1
	}
	return n
}

// readSubsamples fills encryption.Samples from p, which countSubsamples has
// checked and found to hold n ranges; constant, if not nil, is the IV of all.
func (f *Fragment) readSubsamples(p []byte, n int, constant []byte) {
	e := &f.encryption
	f.subsamples = slices.Grow(f.subsamples[:0], n)
	for range f.Samples {
		s := SampleEncryption{IV: p[:e.IVSize:e.IVSize]}
		if constant != nil {
			s.IV = constant
		}
		entries := int(binary.BigEndian.Uint16(p[e.IVSize:]))
		p = p[e.IVSize+2:]
		from := len(f.subsamples)
		for range entries {
			f.subsamples = append(f.subsamples, platform.Subsample{
				Clear: uint32(binary.BigEndian.Uint16(p)), Encrypted: binary.BigEndian.Uint32(p[2:])})
			p = p[6:]
		}
		if to := len(f.subsamples); to > from {
			s.Subsamples = f.subsamples[from:to:to]
		}
		e.Samples = append(e.Samples, s)
	}
}

// seig is an entry of a 'seig' sample group, ISO/IEC 23001-7 6.
type seig struct {
	found, protected bool
	crypt, skip      uint8
	ivSize           int
	kid              [16]byte
	constant         []byte // IV of all samples, where ivSize is 0; nil: none
}

// readSeig finds the group that all samples of the fragment belong to.
func readSeig(data []byte, t traf) (seig, error) {
	group := uint32(1)
	if t.sbgp.kind != 0 {
		var err error
		if group, err = readSbgp(t.sbgp, data[t.sbgp.body:t.sbgp.end], t.total); err != nil {
			return seig{}, err
		}
		if group == 0 {
			return seig{}, nil
		}
		group &= 0xffff // 0x10001: the first of this fragment
	}
	b, p := t.sgpd, data[t.sgpd.body:t.sgpd.end]
	version, p := p[0], p[8:] // the caller of readSeig has seen the type
	length := uint32(20)
	for field := byte(1); field <= min(version, 2); field++ { // default_length, default index
		if len(p) < 4 {
			return seig{}, b.fail("too short")
		}
		if field == 1 {
			length = binary.BigEndian.Uint32(p)
		}
		p = p[4:]
	}
	if len(p) < 4 {
		return seig{}, b.fail("too short")
	}
	count := binary.BigEndian.Uint32(p)
	p = p[4:]
	if count == 0 && t.sbgp.kind == 0 {
		return seig{}, nil
	}
	if group == 0 || group > count {
		return seig{}, b.fail("has no group %d", group)
	}
	for i := uint32(1); ; i++ { // at least 20 bytes each, so it ends
		n := length
		if n == 0 && len(p) >= 4 {
			n, p = binary.BigEndian.Uint32(p), p[4:]
		}
		if n < 20 || uint64(n) > uint64(len(p)) {
			return seig{}, b.fail("too short for %d groups", count)
		}
		if i == group {
			g := seig{found: true, crypt: p[1] >> 4, skip: p[1] & 15, protected: p[2] != 0, ivSize: int(p[3]), kid: [16]byte(p[4:])}
			if g.protected && g.ivSize == 0 {
				size := 0
				if n > 20 {
					size = int(p[20])
				}
				if size != 8 && size != 16 || int(n) < 21+size {
					return seig{}, b.fail("has neither an IV for each sample nor one for all")
				}
				g.constant = p[21 : 21+size : 21+size]
			}
			return g, nil
		}
		p = p[n:]
	}
}

// readSbgp returns the group of all samples; a key that changes within a fragment
// is refused.
func readSbgp(b box, p []byte, total int) (uint32, error) {
	head := 8
	if p[0] == 1 {
		head = 12 // grouping_type_parameter
	}
	if len(p) < head+4 {
		return 0, b.fail("too short")
	}
	runs := p[head+4:]
	group, covered := uint32(0), uint64(0)
	for i := range binary.BigEndian.Uint32(p[head:]) {
		if len(runs) < 8 {
			return 0, b.fail("too short")
		}
		g := binary.BigEndian.Uint32(runs[4:])
		if i > 0 && g != group {
			return 0, b.fail("the key changes within the fragment, which is not supported")
		}
		group = g
		covered += uint64(binary.BigEndian.Uint32(runs))
		runs = runs[8:]
	}
	if group != 0 && covered < uint64(total) {
		return 0, b.fail("the key changes within the fragment, which is not supported")
	}
	return group, nil
}

// maxSystems bounds the protection headers taken from one fragment.
const maxSystems = 16

// readPssh reads a protection header, PIFF 1.1 5.3.1 or ISO/IEC 23001-7 8.1.
func (f *Fragment) readPssh(p []byte) {
	if len(p) < 24 || len(f.Systems) >= maxSystems {
		f.Warnings |= WarnSystem
		return
	}
	s := platform.ProtectionSystem{SystemID: [16]byte(p[4:])}
	version, p := p[0], p[20:]
	if version > 0 { // a list of key IDs stands before the data
		n := uint64(binary.BigEndian.Uint32(p)) * 16
		if n+8 > uint64(len(p)) {
			f.Warnings |= WarnSystem
			return
		}
		p = p[4+n:]
	}
	n := binary.BigEndian.Uint32(p)
	if uint64(n) > uint64(len(p)-4) {
		f.Warnings |= WarnSystem
		return
	}
	s.Data = p[4 : 4+n : 4+n]
	f.Systems = append(f.Systems, s)
}
