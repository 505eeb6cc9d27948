//go:build cgo

#include "native.h"

#include <libavutil/common.h>
#include <libavutil/frame.h>
#include <string.h>

// A row of the second field, between two of the first. The change since the
// picture before (pa, ph, pb) bounds how far a pixel may be from the mean of its
// neighbours: not at all from a change of 13 on.
static void row(uint8_t *restrict to, const uint8_t *restrict a, const uint8_t *restrict h, const uint8_t *restrict b,
                const uint8_t *restrict pa, const uint8_t *restrict ph, const uint8_t *restrict pb, int n)
{
    for (int i = 0; i < n; i++) {
        int16_t above = a[i], here = h[i], below = b[i];
        int16_t da = above > pa[i] ? above - pa[i] : pa[i] - above;
        int16_t dh = here > ph[i] ? here - ph[i] : ph[i] - here;
        int16_t db = below > pb[i] ? below - pb[i] : pb[i] - below;
        int16_t change = da > dh ? da : dh;
        change = change > db ? change : db;
        int16_t room = 255 - 20 * change, mean = (above + below + 1) >> 1;
        room = room > 0 ? room : 0;
        int16_t low = mean - room, high = mean + room;
        here = here < low ? low : here;
        to[i] = here > high ? high : here;
    }
}

// The same where no picture was before.
static void row_alone(uint8_t *restrict to, const uint8_t *restrict a, const uint8_t *restrict b, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (a[i] + b[i] + 1) >> 1;
}

void sp_deinterlace(AVFrame *to, const AVFrame *from, const AVFrame *before)
{
    const int second = from->top_field_first ? 1 : 0; // parity of its rows
    const int planes = from->format == AV_PIX_FMT_NV12 ? 2 : 3;
    for (int p = 0; p < planes; p++) {
        const int height = p ? (from->height + 1) / 2 : from->height;
        int width = p ? (from->width + 1) / 2 : from->width;
        if (p && planes == 2)
            width *= 2;
        for (int y = 0; y < height; y++) {
            const ptrdiff_t s = from->linesize[p], t = before->linesize[p];
            const uint8_t *here = from->data[p] + y * s, *past = before->data[p] + y * t;
            uint8_t *out = to->data[p] + (ptrdiff_t)y * to->linesize[p];
            // At an edge the only neighbour stands for both.
            const ptrdiff_t up = y > 0 ? -1 : 1, down = y + 1 < height ? 1 : -1;
            if (y % 2 != second || height < 2)
                memcpy(out, here, width);
            else if (before == from)
                row_alone(out, here + up * s, here + down * s, width);
            else
                row(out, here + up * s, here, here + down * s, past + up * t, past, past + down * t, width);
        }
    }
}
