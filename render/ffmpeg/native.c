//go:build cgo

#include "native.h"

#include <libavutil/channel_layout.h>
#include <libavutil/hwcontext.h>
#include <libavutil/opt.h>
#include <string.h>

void sp_set_audio(AVCodecContext *ctx, int rate, int channels, int block_align, int bits, int64_t bit_rate)
{
    ctx->sample_rate = rate;
    ctx->bit_rate = bit_rate;
    ctx->block_align = block_align;
    ctx->bits_per_coded_sample = bits;
    av_channel_layout_uninit(&ctx->ch_layout);
    if (channels > 0)
        av_channel_layout_default(&ctx->ch_layout, channels);
}

// av_new_packet adds the zeroed padding that the bit readers of libavcodec run
// into; frame threads keep references, hence the copy.
int sp_send(AVCodecContext *ctx, AVPacket *packet, const uint8_t *data, int size, int64_t pts, int key)
{
    int rc = av_new_packet(packet, size);
    if (rc < 0)
        return rc;
    memcpy(packet->data, data, size);
    packet->pts = pts;
    if (key)
        packet->flags |= AV_PKT_FLAG_KEY;
    rc = avcodec_send_packet(ctx, packet);
    av_packet_unref(packet);
    return rc;
}

void sp_set_effort(AVCodecContext *ctx, int skip_frame, int skip_loop_filter)
{
    ctx->skip_frame = skip_frame;
    ctx->skip_loop_filter = skip_loop_filter;
}

// Only the pixel format of the hardware is accepted: where that cannot be had,
// decoding fails, and whoever asked for the hardware decides what to do.
static enum AVPixelFormat hardware_format(AVCodecContext *ctx, const enum AVPixelFormat *list)
{
    for (; *list != AV_PIX_FMT_NONE; list++)
        if (*list == (enum AVPixelFormat)(intptr_t)ctx->opaque)
            return *list;
    return AV_PIX_FMT_NONE;
}

void sp_use_hardware(AVCodecContext *ctx, int format)
{
    ctx->opaque = (void *)(intptr_t)format;
    ctx->get_format = hardware_format;
}

int sp_fetch(AVFrame *to, const AVFrame *from)
{
    int rc = av_hwframe_transfer_data(to, from, 0);
    return rc < 0 ? rc : av_frame_copy_props(to, from);
}

// The bytes of a plane that are safe to read: rows whole rows, or less where
// cropping moved the plane so far that the last row ends with the buffer.
int64_t sp_plane_size(const AVFrame *frame, int plane, int rows)
{
    int64_t size = (int64_t)frame->linesize[plane] * rows;
    AVBufferRef *buffer = av_frame_get_plane_buffer((AVFrame *)frame, plane);
    if (!buffer || frame->linesize[plane] < 0)
        return 0;
    int64_t room = buffer->data + buffer->size - frame->data[plane];
    return size < room ? size : room;
}

// The layout that WAVEFORMATEXTENSIBLE and SDL mean by a number of channels.
static void layout_of(AVChannelLayout *layout, int channels)
{
    if (channels == 4)
        *layout = (AVChannelLayout)AV_CHANNEL_LAYOUT_QUAD;
    else if (channels == 3)
        *layout = (AVChannelLayout)AV_CHANNEL_LAYOUT_SURROUND;
    else
        av_channel_layout_default(layout, channels);
}

SwrContext *sp_swr_open(const AVFrame *from, int rate, int channels)
{
    SwrContext *swr = NULL;
    AVChannelLayout in = {0}, out = {0};
    layout_of(&out, channels);
    if (from->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&in, from->ch_layout.nb_channels);
    else if (av_channel_layout_copy(&in, &from->ch_layout) < 0)
        return NULL;
    if (swr_alloc_set_opts2(&swr, &out, AV_SAMPLE_FMT_S16, rate,
                            &in, from->format, from->sample_rate, 0, NULL) < 0 ||
        swr_init(swr) < 0)
        swr_free(&swr);
    av_channel_layout_uninit(&in);
    av_channel_layout_uninit(&out);
    return swr;
}

int sp_swr_convert(SwrContext *swr, uint8_t *out, int room, const AVFrame *from)
{
    if (!from)
        return swr_convert(swr, &out, room, NULL, 0);
    return swr_convert(swr, &out, room, (const uint8_t **)from->extended_data, from->nb_samples);
}
