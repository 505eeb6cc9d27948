//go:build cgo

package ffmpeg

import "bytes"

// vuiFlagCleared rewrites an SPS of x264 (High Profile, 4:2:0, frames only, POC
// type 0 or 2) to end before its VUI (H.264 7.3.2.1.1).
func vuiFlagCleared(sps []byte) []byte {
	raw := bytes.ReplaceAll(sps[1:], []byte{0, 0, 3}, []byte{0, 0})
	b := bitReader{data: raw, at: 24}
	b.ue() // seq_parameter_set_id
	if profile := raw[0]; profile >= 100 {
		b.ue() // chroma_format_idc
		b.ue() // bit_depth_luma_minus8
		b.ue() // bit_depth_chroma_minus8
		b.u(2) // transform bypass, scaling matrix
	}
	b.ue() // log2_max_frame_num_minus4
	if b.ue() == 0 {
		b.ue() // log2_max_pic_order_cnt_lsb_minus4
	}
	b.ue() // max_num_ref_frames
	b.u(1) // gaps_in_frame_num
	b.ue() // pic_width
	b.ue() // pic_height
	if b.u(1) == 0 {
		b.u(1)
	}
	b.u(1)           // direct_8x8_inference
	if b.u(1) == 1 { // frame_cropping
		b.ue()
		b.ue()
		b.ue()
		b.ue()
	}
	flag := b.at
	if b.u(1) == 0 {
		return nil
	}
	out := bytes.Clone(raw[:flag/8+2])
	for i := flag; i < len(out)*8; i++ {
		out[i/8] &^= 0x80 >> (i % 8)
	}
	stop := flag + 1 // rbsp_stop_one_bit
	out[stop/8] |= 0x80 >> (stop % 8)
	out = out[:stop/8+1]
	var escaped []byte
	zeros := 0
	for _, c := range out {
		if zeros == 2 && c <= 3 {
			escaped, zeros = append(escaped, 3), 0
		}
		if escaped = append(escaped, c); c == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return append([]byte{sps[0]}, escaped...)
}

type bitReader struct {
	data []byte
	at   int
}

func (b *bitReader) u(n int) (v int) {
	for range n {
		v = v<<1 | int(b.data[b.at/8]>>(7-b.at%8)&1)
		b.at++
	}
	return v
}

func (b *bitReader) ue() int {
	zeros := 0
	for b.u(1) == 0 {
		zeros++
	}
	return 1<<zeros - 1 + b.u(zeros)
}
