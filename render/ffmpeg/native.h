//go:build cgo

// The few calls into FFmpeg that go-astiav v0.16.0 does not offer: setting what
// WMA needs, flushing, sending bytes of Go in a padded packet, changing the
// effort between packets, decoding in hardware, deinterlacing, and
// resampling. See native.go for what each does.
#ifndef SMOOTHPLAY_NATIVE_H
#define SMOOTHPLAY_NATIVE_H

#include <libavcodec/avcodec.h>
#include <libswresample/swresample.h>

void sp_set_audio(AVCodecContext *ctx, int rate, int channels, int block_align, int bits, int64_t bit_rate);
int sp_send(AVCodecContext *ctx, AVPacket *packet, const uint8_t *data, int size, int64_t pts, int key);
void sp_set_effort(AVCodecContext *ctx, int skip_frame, int skip_loop_filter);
void sp_use_hardware(AVCodecContext *ctx, int format);
int sp_fetch(AVFrame *to, const AVFrame *from);
void sp_deinterlace(AVFrame *to, const AVFrame *from, const AVFrame *before);
int64_t sp_plane_size(const AVFrame *frame, int plane, int rows);

SwrContext *sp_swr_open(const AVFrame *from, int rate, int channels);
int sp_swr_convert(SwrContext *swr, uint8_t *out, int room, const AVFrame *from);

#endif
