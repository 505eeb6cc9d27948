package sdl

import (
	"math"

	"smoothplay/platform"
)

// matrixOf resolves MatrixUnknown by the height of the picture.
func matrixOf(p *platform.Picture) platform.Matrix {
	switch {
	case p.Matrix != platform.MatrixUnknown:
		return p.Matrix
	case p.Height >= 720:
		return platform.BT709
	}
	return platform.BT601
}

// colours are the factors from Y'CbCr to RGB as native.c wants them: results in
// 32nds, from luma times 257 and from chroma (less 128) times 256, by the upper
// half of a 16-bit product.
type colours struct {
	y, bias              int16 // bias: black level less the half that rounds
	redV, greenU, greenV int16
	blueU                int16
}

// coloursOf derives the factors from the luma weights of the matrix (BT.601,
// BT.709, BT.2020: Kr and Kb) and the range (BT.709 3.5: 16 to 235, 16 to 240).
func coloursOf(m platform.Matrix, fullRange bool) colours {
	kr, kb := 0.299, 0.114
	switch m {
	case platform.BT709:
		kr, kb = 0.2126, 0.0722
	case platform.BT2020:
		kr, kb = 0.2627, 0.0593
	}
	kg := 1 - kr - kb
	luma, chroma, black := 255.0/219, 255.0/224, 16.0
	if fullRange {
		luma, chroma, black = 1, 1, 0
	}
	const half = 16 // of 32
	fixed := func(v float64) int16 { return int16(math.Round(v)) }
	return colours{
		y:      fixed(luma * 8192 * 256 / 257),
		bias:   fixed(black*luma*32) - half,
		redV:   fixed(2 * (1 - kr) * chroma * 8192),
		greenU: fixed(-2 * kb * (1 - kb) / kg * chroma * 8192),
		greenV: fixed(-2 * kr * (1 - kr) / kg * chroma * 8192),
		blueU:  fixed(2 * (1 - kb) * chroma * 8192),
	}
}
