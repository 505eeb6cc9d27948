//go:build cgo

#include "native.h"

#include <SDL.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline int clip(int v)
{
    v = v < 0 ? 0 : v;
    return v > 255 ? 255 : v;
}

// One row from pixel x on, x even, in blocks whose loops the compiler turns into
// vectors. It computes what the SSE2 code computes, to the bit.
static void row_portable(const sp_planes *p, const uint8_t *restrict y, const uint8_t *u, const uint8_t *v,
                         uint8_t *to, int x, int width, sp_colours k)
{
    enum { BLOCK = 128 };
    int16_t red[BLOCK], green[BLOCK], blue[BLOCK];
    const int step = p->v ? 1 : 2;
    for (; x < width; x += BLOCK) {
        const int n = width - x < BLOCK ? width - x : BLOCK;
        for (int i = 0; i < (n + 1) / 2; i++) {
            int cu = (u[(x / 2 + i) * step] - 128) * 256, cv = (v[(x / 2 + i) * step] - 128) * 256;
            red[2 * i] = red[2 * i + 1] = cv * k.red_v >> 16;
            green[2 * i] = green[2 * i + 1] = (cu * k.green_u >> 16) + (cv * k.green_v >> 16);
            blue[2 * i] = blue[2 * i + 1] = cu * k.blue_u >> 16;
        }
        uint32_t *restrict q = (uint32_t *)to + x;
        for (int i = 0; i < n; i++) {
            int luma = (int)((uint32_t)(y[x + i] * 257) * (uint16_t)k.y >> 16) - k.bias;
            q[i] = 0xff000000u | (uint32_t)clip((luma + red[i]) >> 5) << 16 |
                   (uint32_t)clip((luma + green[i]) >> 5) << 8 | (uint32_t)clip((luma + blue[i]) >> 5);
        }
    }
}

#ifdef __SSE2__
// Sixteen pixels at a time; returns how many of the row it has done.
static int row_sse2(const sp_planes *p, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                    uint8_t *to, int width, sp_colours k)
{
    const __m128i zero = _mm_setzero_si128(), opaque = _mm_set1_epi8(-1), middle = _mm_set1_epi16((short)0x8000);
    const __m128i ky = _mm_set1_epi16(k.y), bias = _mm_set1_epi16(k.bias);
    const __m128i rv = _mm_set1_epi16(k.red_v), gu = _mm_set1_epi16(k.green_u);
    const __m128i gv = _mm_set1_epi16(k.green_v), bu = _mm_set1_epi16(k.blue_u);
    int x = 0;
    for (; x + 16 <= width; x += 16) {
        __m128i cu, cv; // less 128, times 256
        if (p->v) {
            cu = _mm_unpacklo_epi8(zero, _mm_loadl_epi64((const __m128i *)(u + x / 2)));
            cv = _mm_unpacklo_epi8(zero, _mm_loadl_epi64((const __m128i *)(v + x / 2)));
        } else {
            __m128i uv = _mm_loadu_si128((const __m128i *)(u + x));
            cu = _mm_slli_epi16(uv, 8);
            cv = _mm_slli_epi16(_mm_srli_epi16(uv, 8), 8);
        }
        cu = _mm_xor_si128(cu, middle);
        cv = _mm_xor_si128(cv, middle);
        __m128i luma = _mm_loadu_si128((const __m128i *)(y + x));
        __m128i y0 = _mm_sub_epi16(_mm_mulhi_epu16(_mm_unpacklo_epi8(luma, luma), ky), bias);
        __m128i y1 = _mm_sub_epi16(_mm_mulhi_epu16(_mm_unpackhi_epi8(luma, luma), ky), bias);
        __m128i r = _mm_mulhi_epi16(cv, rv), b = _mm_mulhi_epi16(cu, bu);
        __m128i g = _mm_add_epi16(_mm_mulhi_epi16(cu, gu), _mm_mulhi_epi16(cv, gv));
#define CHANNEL(c) _mm_packus_epi16( \
            _mm_srai_epi16(_mm_add_epi16(y0, _mm_unpacklo_epi16(c, c)), 5), \
            _mm_srai_epi16(_mm_add_epi16(y1, _mm_unpackhi_epi16(c, c)), 5))
        r = CHANNEL(r);
        g = CHANNEL(g);
        b = CHANNEL(b);
#undef CHANNEL
        __m128i bg0 = _mm_unpacklo_epi8(b, g), bg1 = _mm_unpackhi_epi8(b, g);
        __m128i ra0 = _mm_unpacklo_epi8(r, opaque), ra1 = _mm_unpackhi_epi8(r, opaque);
        __m128i *q = (__m128i *)(to + 4 * (ptrdiff_t)x);
        _mm_storeu_si128(q, _mm_unpacklo_epi16(bg0, ra0));
        _mm_storeu_si128(q + 1, _mm_unpackhi_epi16(bg0, ra0));
        _mm_storeu_si128(q + 2, _mm_unpacklo_epi16(bg1, ra1));
        _mm_storeu_si128(q + 3, _mm_unpackhi_epi16(bg1, ra1));
    }
    return x;
}
#endif

#if defined(__x86_64__) && defined(__GNUC__)
#define WITH_AVX2
#include <immintrin.h>
// As row_sse2, thirty-two pixels at a time. Each half of a register is the
// upper or lower sixteen, so that only the stores change the order.
__attribute__((target("avx2")))
static int row_avx2(const sp_planes *p, const uint8_t *y, const uint8_t *u, const uint8_t *v,
                    uint8_t *to, int width, sp_colours k)
{
    const __m256i zero = _mm256_setzero_si256(), opaque = _mm256_set1_epi8(-1), middle = _mm256_set1_epi16((short)0x8000);
    const __m256i ky = _mm256_set1_epi16(k.y), bias = _mm256_set1_epi16(k.bias);
    const __m256i rv = _mm256_set1_epi16(k.red_v), gu = _mm256_set1_epi16(k.green_u);
    const __m256i gv = _mm256_set1_epi16(k.green_v), bu = _mm256_set1_epi16(k.blue_u);
    int x = 0;
    for (; x + 32 <= width; x += 32) {
        __m256i cu, cv;
        if (p->v) {
            cu = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(u + x / 2)));
            cv = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(v + x / 2)));
            cu = _mm256_unpacklo_epi8(zero, _mm256_permute4x64_epi64(cu, 0x50));
            cv = _mm256_unpacklo_epi8(zero, _mm256_permute4x64_epi64(cv, 0x50));
        } else {
            __m256i uv = _mm256_loadu_si256((const __m256i *)(u + x));
            cu = _mm256_slli_epi16(uv, 8);
            cv = _mm256_slli_epi16(_mm256_srli_epi16(uv, 8), 8);
        }
        cu = _mm256_xor_si256(cu, middle);
        cv = _mm256_xor_si256(cv, middle);
        __m256i luma = _mm256_loadu_si256((const __m256i *)(y + x));
        __m256i y0 = _mm256_sub_epi16(_mm256_mulhi_epu16(_mm256_unpacklo_epi8(luma, luma), ky), bias);
        __m256i y1 = _mm256_sub_epi16(_mm256_mulhi_epu16(_mm256_unpackhi_epi8(luma, luma), ky), bias);
        __m256i r = _mm256_mulhi_epi16(cv, rv), b = _mm256_mulhi_epi16(cu, bu);
        __m256i g = _mm256_add_epi16(_mm256_mulhi_epi16(cu, gu), _mm256_mulhi_epi16(cv, gv));
#define CHANNEL(c) _mm256_packus_epi16( \
            _mm256_srai_epi16(_mm256_add_epi16(y0, _mm256_unpacklo_epi16(c, c)), 5), \
            _mm256_srai_epi16(_mm256_add_epi16(y1, _mm256_unpackhi_epi16(c, c)), 5))
        r = CHANNEL(r);
        g = CHANNEL(g);
        b = CHANNEL(b);
#undef CHANNEL
        __m256i bg0 = _mm256_unpacklo_epi8(b, g), bg1 = _mm256_unpackhi_epi8(b, g);
        __m256i ra0 = _mm256_unpacklo_epi8(r, opaque), ra1 = _mm256_unpackhi_epi8(r, opaque);
        __m256i a0 = _mm256_unpacklo_epi16(bg0, ra0), a1 = _mm256_unpackhi_epi16(bg0, ra0);
        __m256i a2 = _mm256_unpacklo_epi16(bg1, ra1), a3 = _mm256_unpackhi_epi16(bg1, ra1);
        __m256i *q = (__m256i *)(to + 4 * (ptrdiff_t)x);
        _mm256_storeu_si256(q, _mm256_permute2x128_si256(a0, a1, 0x20));
        _mm256_storeu_si256(q + 1, _mm256_permute2x128_si256(a2, a3, 0x20));
        _mm256_storeu_si256(q + 2, _mm256_permute2x128_si256(a0, a1, 0x31));
        _mm256_storeu_si256(q + 3, _mm256_permute2x128_si256(a2, a3, 0x31));
    }
    return x;
}
#endif

void sp_convert(sp_planes p, uint8_t *to, int stride, int width, int height, sp_colours k, int vectors)
{
    int best = SP_PORTABLE;
#ifdef __SSE2__
    best = SP_SSE2;
#endif
#ifdef WITH_AVX2
    if (__builtin_cpu_supports("avx2"))
        best = SP_AVX2;
#endif
    if (vectors > best)
        vectors = best;
    for (int row = 0; row < height; row++, to += stride) {
        const uint8_t *y = p.y + (ptrdiff_t)row * p.y_stride;
        const uint8_t *u = p.u + (ptrdiff_t)(row / 2) * p.u_stride;
        const uint8_t *v = p.v ? p.v + (ptrdiff_t)(row / 2) * p.v_stride : u + 1;
        int done = 0;
#ifdef __SSE2__
        if (vectors == SP_SSE2)
            done = row_sse2(&p, y, u, v, to, width, k);
#endif
#ifdef WITH_AVX2
        if (vectors == SP_AVX2)
            done = row_avx2(&p, y, u, v, to, width, k);
#endif
        row_portable(&p, y, u, v, to, done, width, k);
    }
}

void sp_blend(const uint8_t *from, int from_stride, uint8_t *to, ptrdiff_t offset, int stride, const int32_t *spans, int height)
{
    to += offset;
    for (int row = 0; row < height; row++, from += from_stride, to += stride) {
        for (ptrdiff_t i = 4 * (ptrdiff_t)spans[2 * row]; i < 4 * (ptrdiff_t)spans[2 * row + 1]; i += 4) {
            unsigned rest = 255 - from[i + 3];
            for (int c = 0; c < 3; c++) { // by 255, rounded
                unsigned v = to[i + c] * rest + 128;
                v = from[i + c] + ((v + (v >> 8)) >> 8);
                to[i + c] = v > 255 ? 255 : v;
            }
        }
    }
}

int sp_scale(struct SwsContext *sws, sp_planes from, int height, sp_planes to)
{
    const uint8_t *in[4] = {from.y, from.u, from.v, NULL};
    uint8_t *out[4] = {(uint8_t *)to.y, (uint8_t *)to.u, (uint8_t *)to.v, NULL};
    int in_stride[4] = {from.y_stride, from.u_stride, from.v_stride, 0};
    int out_stride[4] = {to.y_stride, to.u_stride, to.v_stride, 0};
    return sws_scale(sws, in, in_stride, 0, height, out, out_stride);
}

// The name of the OpenGL in use by the current context; NULL: none.
const char *sp_gl_renderer(void)
{
    const unsigned char *(*get)(unsigned) = (const unsigned char *(*)(unsigned))SDL_GL_GetProcAddress("glGetString");
    return get ? (const char *)get(0x1F01) : NULL; // GL_RENDERER
}

// Whether a window manager has put a frame around the window.
int sp_has_borders(void *window)
{
    int top = 0, left = 0, bottom = 0, right = 0;
    SDL_GetWindowBordersSize(window, &top, &left, &bottom, &right);
    return top || left || bottom || right;
}
