package ffmpeg

/*
#cgo CFLAGS: -O3
#cgo pkg-config: libavcodec libavutil libswresample
#include "native.h"
*/
import "C"

import (
	"unsafe"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

// Version names the libavcodec in use, as "59.37.100".
func Version() string {
	v := uint32(C.avcodec_version())
	return itoa(v>>16) + "." + itoa(v>>8&0xff) + "." + itoa(v&0xff)
}

// nativeContext is the AVCodecContext of ctx: the first field of its struct in
// go-astiav v0.16.0, which has no accessor; TestNativeContext watches over it.
func nativeContext(ctx *astiav.CodecContext) *C.AVCodecContext {
	return *(**C.AVCodecContext)(unsafe.Pointer(ctx))
}

func nativePacket(p *astiav.Packet) *C.AVPacket {
	return *(**C.AVPacket)(unsafe.Pointer(p))
}

func nativeFrame(f *astiav.Frame) *C.AVFrame { return (*C.AVFrame)(f.UnsafePointer()) }

func setAudio(ctx *astiav.CodecContext, f *platform.Format) {
	C.sp_set_audio(nativeContext(ctx), C.int(f.SampleRate), C.int(f.Channels), C.int(f.BlockAlign), C.int(f.BitsPerSample), C.int64_t(f.BitrateBPS))
}

// send copies data into a padded packet and returns 0 or the error of FFmpeg.
func send(ctx *astiav.CodecContext, p *astiav.Packet, data []byte, pts int64, key bool) astiav.Error {
	flag := C.int(0)
	if key {
		flag = 1
	}
	return astiav.Error(C.sp_send(nativeContext(ctx), nativePacket(p), (*C.uint8_t)(unsafe.SliceData(data)), C.int(len(data)), C.int64_t(pts), flag))
}

// sendEnd tells the decoder that no more data follow: it gives out what it holds.
func sendEnd(ctx *astiav.CodecContext) {
	C.avcodec_send_packet(nativeContext(ctx), nil)
}

// receive is CodecContext.ReceiveFrame without the allocation for "not yet".
func receive(ctx *astiav.CodecContext, f *astiav.Frame) astiav.Error {
	return astiav.Error(C.avcodec_receive_frame(nativeContext(ctx), nativeFrame(f)))
}

func flush(ctx *astiav.CodecContext) { C.avcodec_flush_buffers(nativeContext(ctx)) }

// setEffort may be called between packets; with frame threads it takes effect
// one picture later.
func setEffort(ctx *astiav.CodecContext, e platform.EffortLevel) {
	frame, filter := C.int(C.AVDISCARD_DEFAULT), C.int(C.AVDISCARD_DEFAULT)
	if e >= platform.EffortNoLoopFilter {
		filter = C.AVDISCARD_ALL
	}
	switch {
	case e >= platform.EffortKeys:
		frame = C.AVDISCARD_NONKEY
	case e >= platform.EffortReferences:
		frame = C.AVDISCARD_NONREF
	}
	C.sp_set_effort(nativeContext(ctx), frame, filter)
}

// useHardware makes ctx, which has its device, decode into a pixel format of the
// hardware.
func useHardware(ctx *astiav.CodecContext, format astiav.PixelFormat) {
	C.sp_use_hardware(nativeContext(ctx), C.int(format))
}

func inHardware(f *astiav.Frame) bool { return nativeFrame(f).hw_frames_ctx != nil }

// fetch copies a picture in the hardware to an empty frame.
func fetch(to, from *astiav.Frame) error {
	if rc := C.sp_fetch(nativeFrame(to), nativeFrame(from)); rc < 0 {
		return astiav.Error(rc)
	}
	return nil
}

// copyProperties copies what is not the picture itself.
func copyProperties(to, from *astiav.Frame) error {
	if rc := C.av_frame_copy_props(nativeFrame(to), nativeFrame(from)); rc < 0 {
		return astiav.Error(rc)
	}
	return nil
}

// deinterlace writes the picture of from to to, which has its size and format;
// before is the picture before it, or from itself where there was none.
func deinterlace(to, from, before *astiav.Frame) {
	C.sp_deinterlace(nativeFrame(to), nativeFrame(from), nativeFrame(before))
}

// plane is a view, not a copy, of rows rows of a plane of f, and its stride.
func plane(f *astiav.Frame, index, rows int) ([]byte, int) {
	c := nativeFrame(f)
	n := C.sp_plane_size(c, C.int(index), C.int(rows))
	return unsafe.Slice((*byte)(c.data[index]), int(n)), int(c.linesize[index])
}

func bidirectional(f *astiav.Frame) bool { return nativeFrame(f).pict_type == C.AV_PICTURE_TYPE_B }

func interlaced(f *astiav.Frame) bool { return nativeFrame(f).interlaced_frame != 0 }

// colours returns the matrix of f and whether it has the full range.
func colours(f *astiav.Frame) (astiav.ColorSpace, bool) {
	c := nativeFrame(f)
	return astiav.ColorSpace(c.colorspace), c.color_range == C.AVCOL_RANGE_JPEG
}

func channels(f *astiav.Frame) int { return int(nativeFrame(f).ch_layout.nb_channels) }

func channelMask(f *astiav.Frame) uint64 {
	layout := &nativeFrame(f).ch_layout
	if layout.order != C.AV_CHANNEL_ORDER_NATIVE {
		return 0
	}
	return *(*uint64)(unsafe.Pointer(&layout.u))
}

// resampler converts frames of one input format to interleaved 16-bit samples.
type resampler struct{ c *C.SwrContext }

// openResampler converts from the format of f to out; ok is false where FFmpeg
// cannot.
func openResampler(f *astiav.Frame, out platform.PCMFormat) (r resampler, ok bool) {
	r.c = C.sp_swr_open(nativeFrame(f), C.int(out.Rate), C.int(out.Channels))
	return r, r.c != nil
}

func (r *resampler) close() {
	if r.c != nil {
		C.swr_free(&r.c)
	}
}

// restart forgets what the resampler holds.
func (r *resampler) restart() {
	if r.c != nil {
		C.swr_init(r.c)
	}
}

// pending bounds the number of frames that converting n more frames gives out.
func (r *resampler) pending(n int) int { return int(C.swr_get_out_samples(r.c, C.int(n))) }

// convert writes frames to out, which has room for room of them, and returns how
// many, or the error of FFmpeg. A nil f takes out what the resampler held back.
func (r *resampler) convert(out []byte, room int, f *astiav.Frame) int {
	var from *C.AVFrame
	if f != nil {
		from = nativeFrame(f)
	}
	return int(C.sp_swr_convert(r.c, (*C.uint8_t)(unsafe.SliceData(out)), C.int(room), from))
}
