package playready

import (
	"bytes"
	"crypto/aes"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrSeed says that a key seed is too short.
var ErrSeed = errors.New("a key seed has at least 30 bytes")

// DeriveKey makes the content key of kid, whose bytes are in the order of its
// text, from a key seed, as published: SHA-256 over seed and identifier, three
// times, folded. Of a longer seed the first 30 bytes count. The error is ErrSeed.
func DeriveKey(seed []byte, kid [16]byte) (key [16]byte, err error) {
	if len(seed) < 30 {
		return key, ErrSeed
	}
	seed = seed[:30]
	id := SwapGUID(kid)
	var all []byte
	for _, part := range [][]byte{seed, id[:], seed, id[:]} {
		if all = append(all, part...); len(all) < 46 {
			continue
		}
		sum := sha256.Sum256(all)
		for i := range key {
			key[i] ^= sum[i] ^ sum[i+16]
		}
	}
	clear(all)
	return key, nil
}

// Checksum is what a header says of the key of kid, for AESCTR: the identifier, in
// the order of Windows, encrypted with the key; the first 8 bytes of it. key has 16
// bytes.
func Checksum(key []byte, kid [16]byte) ([]byte, error) {
	if len(key) != 16 {
		return nil, fmt.Errorf("a content key has 16 bytes, not %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	b := SwapGUID(kid)
	block.Encrypt(b[:], b[:])
	return b[:8], nil
}

// Verify compares key with the checksum of k. known is false where there is none
// to compare with: it was not stated, or is of another algorithm.
func (k KID) Verify(key []byte) (ok, known bool) {
	if len(k.Checksum) != 8 || k.Algorithm != "AESCTR" && k.Algorithm != "" {
		return false, false
	}
	sum, err := Checksum(key, k.ID)
	return err == nil && bytes.Equal(sum, k.Checksum), true
}
