package piff

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"sync"

	"smoothplay/platform"
)

// Decrypter decrypts samples with one content key; it is the
// [platform.SampleDecrypter] of clear keys. Any number of goroutines may use it.
// It never prints its key.
type Decrypter struct{ c coder }

// New makes a Decrypter of a key of 16 bytes, which it does not keep: the caller
// may wipe it. The error is an [ErrKeySize].
func New(key []byte) (*Decrypter, error) {
	block, err := newBlock(key)
	if err != nil {
		return nil, err
	}
	return &Decrypter{coder{block: block, mode: func(iv []byte) cipher.BlockMode { return cipher.NewCBCDecrypter(block, iv) }}}, nil
}

func newBlock(key []byte) (cipher.Block, error) {
	if len(key) != 16 {
		return nil, ErrKeySize(len(key))
	}
	return aes.NewCipher(key)
}

// Decrypt implements [platform.SampleDecrypter]: s.Data is decrypted in place,
// so that doing it twice brings the encrypted bytes back (counter mode) or
// garbage. Only p decides what is encrypted; p.KID is not looked at. The error is
// an *[Error], and then s.Data is as it was.
func (d *Decrypter) Decrypt(s *platform.Sample, p platform.SampleProtection) error {
	return d.c.apply(s.Data, &p)
}

// DecryptBytes is Decrypt for the bytes of a sample alone.
func (d *Decrypter) DecryptBytes(data []byte, p *platform.SampleProtection) error {
	return d.c.apply(data, p)
}

// Close does nothing: the key goes with the Decrypter.
func (d *Decrypter) Close() error { return nil }

// Format writes the same whatever the verb, and no key.
func (d *Decrypter) Format(f fmt.State, _ rune) { fmt.Fprint(f, "{AES-128 decrypter}") }

// Encrypter is the inverse of [Decrypter], for servers and tests. In block
// chaining it leaves clear what a Decrypter takes as clear.
type Encrypter struct{ c coder }

// NewEncrypter makes an Encrypter of a key of 16 bytes, see [New].
func NewEncrypter(key []byte) (*Encrypter, error) {
	block, err := newBlock(key)
	if err != nil {
		return nil, err
	}
	return &Encrypter{coder{block: block, mode: func(iv []byte) cipher.BlockMode { return cipher.NewCBCEncrypter(block, iv) }}}, nil
}

// Encrypt encrypts a sample in place as p says. The error is an *[Error], and
// then data is as it was.
func (e *Encrypter) Encrypt(data []byte, p *platform.SampleProtection) error {
	return e.c.apply(data, p)
}

// Format writes the same whatever the verb, and no key.
func (e *Encrypter) Format(f fmt.State, _ rune) { fmt.Fprint(f, "{AES-128 encrypter}") }

// coder goes through the ranges of a sample in one direction.
type coder struct {
	block cipher.Block
	mode  func(iv []byte) cipher.BlockMode // block chaining
	work  sync.Pool                        // of *scratch: what one sample needs
}

// scratch is what one call works with: on the heap, since it passes through the
// interfaces of package cipher, and used again.
type scratch struct {
	counter counter
	iv      [16]byte
	chain   cipher.BlockMode // nil until needed
}

// apply decrypts or encrypts data in place. Nothing is changed before all that p
// says was found to fit.
func (c *coder) apply(data []byte, p *platform.SampleProtection) error {
	if err := check(len(data), p); err != nil || p.Scheme == platform.Cleartext || len(data) == 0 {
		return err
	}
	w, _ := c.work.Get().(*scratch)
	if w == nil {
		w = new(scratch)
	}
	w.iv = [16]byte{}
	copy(w.iv[:], p.IV)
	if p.Scheme == platform.AESCTR {
		w.counter.block, w.counter.iv = c.block, w.iv
		w.counter.begin()
		ranges(data, p.Subsamples, w.counter.xor)
	} else {
		c.chained(w, data, p)
	}
	c.work.Put(w)
	return nil
}

// ranges calls do with each encrypted range of a sample, in order.
func ranges(data []byte, subsamples []platform.Subsample, do func([]byte)) {
	if len(subsamples) == 0 {
		do(data)
		return
	}
	for _, s := range subsamples {
		data = data[s.Clear:]
		do(data[:s.Encrypted])
		data = data[s.Encrypted:]
	}
}

// check holds p against a sample of the given size.
func check(size int, p *platform.SampleProtection) error {
	if p.Scheme == platform.Cleartext {
		return nil
	}
	if p.Scheme > platform.AESCBCS {
		return fail("AlgorithmID", "stands for a scheme that is not known (%d)", p.Scheme)
	}
	switch n := len(p.IV); {
	case n == 0:
		return fail("InitializationVector", "is missing")
	case n != 16 && (n != 8 || p.Scheme == platform.AESCBC):
		return fail("IV_size", "is %d bytes, which this mode of AES cannot use", n)
	}
	if (p.Crypt != 0 || p.Skip != 0) && p.Scheme != platform.AESCBCS {
		return fail("crypt_byte_block", "is set, and only 'cbcs' has a pattern")
	}
	if p.Crypt == 0 && p.Skip != 0 {
		return fail("crypt_byte_block", "is 0 while %d blocks are to be skipped", p.Skip)
	}
	covered := uint64(0)
	for _, s := range p.Subsamples {
		covered += uint64(s.Clear) + uint64(s.Encrypted)
	}
	if covered > uint64(size) {
		return fail("BytesOfClearData and BytesOfEncryptedData", "are %d bytes together, the sample has %d", covered, size)
	}
	return nil
}
