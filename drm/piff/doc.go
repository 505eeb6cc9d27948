// Package piff decrypts samples as PIFF 1.1 and ISO/IEC 23001-7 (Common
// Encryption) lay them out: AES-128 in counter mode with the 64-bit block counter
// of PIFF, in block-chaining mode, and 'cbcs' with its pattern; whole samples, or
// the encrypted ranges of a subsample map. It works in place, at the speed of
// crypto/aes, with one small allocation for a sample in counter mode and none
// otherwise. It knows no boxes: package player/fragment reads those.
//
// A wrong key is no error of a cipher: it turns samples into other bytes.
// [Judge] looks at what came out, so that a player can say "the key is wrong"
// instead of showing what a decoder makes of noise.
//
//	SampleProtection: scheme, IV, subsamples, pattern
//	        |
//	        v        clear | encrypted | clear | encrypted | clear rest
//	[Decrypter] ---->        ^^^^^^^^^           ^^^^^^^^^    one key stream, or one chain, over all ranges
//	        |
//	        v
//	clear sample ---> [Judge] ---> right, wrong, or not known yet
package piff
