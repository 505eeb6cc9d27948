package main

import "smoothplay/platform"

const barLeft, barRight, barMiddle = .03, .97, .95

func barShare(x float64) float64 { return min(max((x-barLeft)/(barRight-barLeft), 0), 1) }
func onBar(x, y float64) bool {
	return x > barLeft-.01 && x < barRight+.01 && y > barMiddle-.03 && y < barMiddle+.03
}

type osd struct{}

func newOSD() *osd                                                          { return &osd{} }
func (o *osd) draw(d display, width, height int) ([]platform.Overlay, bool) { return nil, false }
