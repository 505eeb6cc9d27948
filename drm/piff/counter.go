package piff

import (
	"crypto/cipher"
	"encoding/binary"
)

// counter is AES in counter mode as PIFF 1.1 5.3.2 has it: the second half of the
// counter block counts blocks and wraps without touching the first half, where
// cipher.NewCTR would carry. The key stream goes on from one range of a sample to
// the next, within a block, too.
//
// A cipher.Stream cannot be set to another vector, so that each sample takes a new
// one (512 bytes). Making the key stream block by block instead allocates nothing
// and is slower from some 250 bytes on, which is less than most samples have.
type counter struct {
	block  cipher.Block
	iv     [16]byte // the counter block, where it begins or begins again
	stream cipher.Stream
	left   uint64 // bytes until stream would carry
}

// begin makes a stream from iv on.
func (c *counter) begin() {
	c.stream = cipher.NewCTR(c.block, c.iv[:])
	c.left = 1 << 62 // more than any sample has
	if until := -binary.BigEndian.Uint64(c.iv[8:]); until != 0 && until < c.left/16 {
		c.left = until * 16
	}
	clear(c.iv[8:]) // to begin again with
}

// xor decrypts or encrypts the next range of the sample.
func (c *counter) xor(b []byte) {
	for uint64(len(b)) > c.left {
		c.stream.XORKeyStream(b[:c.left], b[:c.left])
		b = b[c.left:]
		c.begin()
	}
	c.stream.XORKeyStream(b, b)
	c.left -= uint64(len(b))
}
