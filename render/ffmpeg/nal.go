package ffmpeg

import (
	"encoding/binary"
	"errors"
)

var (
	startCode    = []byte{0, 0, 0, 1}
	errNALLength = errors.New("the length of a NAL unit runs past the end of the sample")
)

// appendAnnexB appends the NAL units of sample, each behind a length of size
// bytes, with start codes in place of the lengths. It serves streams without
// avcC or hvcC, whose parameter sets are in the samples: only the configuration
// could tell FFmpeg that lengths are to be read.
func appendAnnexB(to, sample []byte, size int) ([]byte, error) {
	for len(sample) > 0 {
		if len(sample) < size {
			return to, errNALLength
		}
		var word [4]byte
		copy(word[4-size:], sample[:size])
		n := int64(binary.BigEndian.Uint32(word[:]))
		sample = sample[size:]
		if n > int64(len(sample)) {
			return to, errNALLength
		}
		to = append(append(to, startCode...), sample[:n]...)
		sample = sample[n:]
	}
	return to, nil
}
