package piff

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"smoothplay/platform"
)

// Samples of a fragment of 1.5 MB: 50 pictures of 30 KB, each in four slices, and
// 87 pieces of sound of 350 bytes.
const (
	pictures    = 50
	pictureSize = 30000
	sounds      = 87
	soundSize   = 350
)

var (
	slicesOfPicture = []platform.Subsample{{Clear: 5, Encrypted: 7495}, {Clear: 5, Encrypted: 7495}, {Clear: 5, Encrypted: 7495}, {Clear: 5, Encrypted: 7495}}
	blocksOfPicture = []platform.Subsample{{Clear: 12, Encrypted: 7488}, {Clear: 12, Encrypted: 7488}, {Clear: 12, Encrypted: 7488}, {Clear: 12, Encrypted: 7488}}
)

func benchmark(b *testing.B, n, size int, p platform.SampleProtection) {
	d := newDecrypter(b, make([]byte, 16))
	data := make([]byte, n*size)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for at := 0; at < len(data); at += size {
			s := platform.Sample{Data: data[at : at+size]}
			if err := d.Decrypt(&s, p); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkVideoCTR(b *testing.B) {
	benchmark(b, pictures, pictureSize, platform.SampleProtection{Scheme: platform.AESCTR, IV: make([]byte, 8), Subsamples: slicesOfPicture})
}

// BenchmarkVideoCTRPlain is what BenchmarkVideoCTR is measured by: a loop over the
// standard library alone.
func BenchmarkVideoCTRPlain(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	data, iv := make([]byte, pictures*pictureSize), make([]byte, 16)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for at := 0; at < len(data); at += pictureSize {
			sample, stream := data[at:at+pictureSize], cipher.NewCTR(block, iv)
			for _, s := range slicesOfPicture {
				stream.XORKeyStream(sample[s.Clear:s.Clear+s.Encrypted], sample[s.Clear:s.Clear+s.Encrypted])
				sample = sample[s.Clear+s.Encrypted:]
			}
		}
	}
}

func BenchmarkSoundCTR(b *testing.B) {
	benchmark(b, sounds, soundSize, platform.SampleProtection{Scheme: platform.AESCTR, IV: make([]byte, 8)})
}

func BenchmarkSoundCTRPlain(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	data, iv := make([]byte, sounds*soundSize), make([]byte, 16)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for at := 0; at < len(data); at += soundSize {
			cipher.NewCTR(block, iv).XORKeyStream(data[at:at+soundSize], data[at:at+soundSize])
		}
	}
}

func BenchmarkVideoCBC(b *testing.B) {
	benchmark(b, pictures, pictureSize, platform.SampleProtection{Scheme: platform.AESCBC, IV: make([]byte, 16), Subsamples: blocksOfPicture})
}

func BenchmarkVideoCBCPlain(b *testing.B) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		b.Fatal(err)
	}
	data, iv := make([]byte, pictures*pictureSize), make([]byte, 16)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for at := 0; at < len(data); at += pictureSize {
			sample, mode := data[at:at+pictureSize], cipher.NewCBCDecrypter(block, iv)
			for _, s := range blocksOfPicture {
				mode.CryptBlocks(sample[s.Clear:s.Clear+s.Encrypted], sample[s.Clear:s.Clear+s.Encrypted])
				sample = sample[s.Clear+s.Encrypted:]
			}
		}
	}
}

func BenchmarkVideoCBCS(b *testing.B) {
	benchmark(b, pictures, pictureSize, platform.SampleProtection{Scheme: platform.AESCBCS, IV: make([]byte, 16), Subsamples: slicesOfPicture, Crypt: 1, Skip: 9})
}
