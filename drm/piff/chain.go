package piff

import "smoothplay/platform"

// setIV is what the block modes of package cipher have beside their interface;
// crypto/tls relies on it, too. Without it a mode is made for each sample.
type setIV interface{ SetIV([]byte) }

// start sets the chain of w to begin with the vector of the sample.
func (c *coder) start(w *scratch) {
	if s, ok := w.chain.(setIV); ok {
		s.SetIV(w.iv[:])
		return
	}
	w.chain = c.mode(w.iv[:])
}

// chained is AES in block-chaining mode. Only whole blocks are encrypted: what is
// left over at the end of a range stays clear. The chain goes on from one range
// to the next (PIFF 1.1 5.3.2; 'cbc1' of ISO/IEC 23001-7 10.2); that of 'cbcs'
// begins anew with each, and skips blocks (10.4).
func (c *coder) chained(w *scratch, data []byte, p *platform.SampleProtection) {
	each := p.Scheme == platform.AESCBCS
	crypt, skip := 16*int(p.Crypt), 16*int(p.Skip)
	if !each {
		c.start(w)
	}
	ranges(data, p.Subsamples, func(b []byte) {
		if each {
			c.start(w)
		}
		if skip == 0 {
			b = b[:len(b)&^15]
			w.chain.CryptBlocks(b, b)
			return
		}
		for len(b) >= 16 {
			n := min(crypt, len(b)&^15)
			w.chain.CryptBlocks(b[:n], b[:n])
			b = b[min(n+skip, len(b)):]
		}
	})
}
