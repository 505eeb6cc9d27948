//go:build cgo

// What a window without a GPU does to every pixel. See native.go.
#ifndef SMOOTHPLAY_SDL_NATIVE_H
#define SMOOTHPLAY_SDL_NATIVE_H

#include <libswscale/swscale.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int16_t y, bias, red_v, green_u, green_v, blue_u; // see colour.go
} sp_colours;

typedef struct {
    const uint8_t *y, *u, *v; // v is NULL for NV12: u holds both
    int y_stride, u_stride, v_stride;
} sp_planes;

// The ways of converting, from the one that every processor has.
enum { SP_PORTABLE, SP_SSE2, SP_AVX2 };

// 4:2:0 to B, G, R, 255, by vectors or what comes nearest.
void sp_convert(sp_planes from, uint8_t *to, int stride, int width, int height, sp_colours k, int vectors);

// Premultiplied B, G, R, A over B, G, R, 255, where offset is that of column 0
// (it may be negative); spans are the first and the end of the columns to draw,
// for each row.
void sp_blend(const uint8_t *from, int from_stride, uint8_t *to, ptrdiff_t offset, int stride, const int32_t *spans, int height);

// Scales height rows of from to the planes of to, whose sizes the context has.
int sp_scale(struct SwsContext *sws, sp_planes from, int height, sp_planes to);

const char *sp_gl_renderer(void);
int sp_has_borders(void *window);

#endif
