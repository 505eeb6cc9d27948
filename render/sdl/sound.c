//go:build cgo

#include "sound.h"

#include <SDL.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The device takes a block at a time, not quite regularly. line is the instant
// at which frame 0 would have been taken had all been taken evenly, so that
// frame n is taken at line + n / rate; each block moves it a little towards what
// was seen. What is heard follows from it without steps.
enum {
    SMOOTHING = 16,        // blocks over which an early or late one is levelled out
    JUMP = 40 * 1000000,   // ns from the line that are no jitter any more
};

struct sp_sound {
    int rate, frame;            // frames a second, bytes a frame
    int64_t block, latency;     // ns
    SDL_mutex *lock;            // guards what follows
    uint8_t *ring;
    int64_t capacity;           // bytes, whole frames
    int64_t written, taken;     // bytes since the beginning
    int paused, running;        // running: the line is known, and the queue has not run dry since
    int64_t line;
    int64_t called;             // when the callback ran last, ns
    uint64_t calls;
    int64_t held;               // while paused: what the device holds in time, ns
    float gain, target;
};

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t lasts(const sp_sound *s, int64_t bytes)
{
    int64_t frames = bytes / s->frame;
    return frames / s->rate * 1000000000 + frames % s->rate * 1000000000 / s->rate;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high) { return v < low ? low : v > high ? high : v; }

sp_sound *sp_sound_new(int rate, int frame_bytes, int block_frames, int64_t capacity, int64_t latency)
{
    sp_sound *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->rate = rate;
    s->frame = frame_bytes;
    s->block = (int64_t)block_frames * 1000000000 / rate;
    s->latency = s->block + latency;
    s->capacity = capacity / frame_bytes * frame_bytes;
    s->paused = 1;
    s->held = s->latency;
    s->gain = s->target = 1;
    s->called = now();
    s->ring = malloc(s->capacity);
    s->lock = SDL_CreateMutex();
    if (!s->ring || !s->lock) {
        sp_sound_free(s);
        return NULL;
    }
    return s;
}

void sp_sound_free(sp_sound *s)
{
    if (s->lock)
        SDL_DestroyMutex(s->lock);
    free(s->ring);
    free(s);
}

// Copies n bytes between the ring, from position at on, and b.
static void ring_copy(sp_sound *s, int64_t at, uint8_t *b, int64_t n, int out)
{
    while (n > 0) {
        int64_t from = at % s->capacity, part = s->capacity - from < n ? s->capacity - from : n;
        if (out)
            memcpy(b, s->ring + from, part);
        else
            memcpy(s->ring + from, b, part);
        at += part;
        b += part;
        n -= part;
    }
}

// Scales n bytes from the gain so far to the one wanted, without a click.
static void scale(sp_sound *s, uint8_t *to, int64_t n)
{
    if (s->gain == 1 && s->target == 1)
        return;
    int16_t *v = (int16_t *)to;
    int64_t frames = n / s->frame, channels = s->frame / 2;
    float step = frames ? (s->target - s->gain) / frames : 0;
    for (int64_t i = 0; i < frames; i++) {
        s->gain += step;
        for (int64_t c = 0; c < channels; c++)
            v[i * channels + c] = (int16_t)(v[i * channels + c] * s->gain);
    }
    s->gain = s->target;
}

void sp_sound_fill(void *sound, uint8_t *to, int size)
{
    sp_sound *s = sound;
    SDL_LockMutex(s->lock);
    int64_t t = now(), n = 0;
    s->called = t;
    s->calls++;
    if (!s->paused) {
        n = s->written - s->taken;
        if (n > size)
            n = size / s->frame * s->frame;
        if (n > 0) {
            int64_t line = t - lasts(s, s->taken);
            if (!s->running || llabs(line - s->line) > JUMP)
                s->line = line;
            else
                s->line += (line - s->line) / SMOOTHING;
            s->running = 1;
            ring_copy(s, s->taken, to, n, 1);
            scale(s, to, n);
            s->taken += n;
        }
        if (n < size)
            s->running = 0;
    }
    SDL_UnlockMutex(s->lock);
    memset(to + n, 0, size - n);
}

int64_t sp_sound_write(sp_sound *s, const uint8_t *from, int64_t size)
{
    SDL_LockMutex(s->lock);
    int64_t n = s->capacity - (s->written - s->taken);
    if (n > size)
        n = size;
    n = n / s->frame * s->frame;
    ring_copy(s, s->written, (uint8_t *)from, n, 0);
    s->written += n;
    SDL_UnlockMutex(s->lock);
    return n;
}

// The time until the last byte written is heard; the lock is held.
static int64_t delay(const sp_sound *s)
{
    int64_t queued = lasts(s, s->written - s->taken), t = now();
    if (s->paused)
        return s->held + queued;
    if (!s->running && queued) // nothing before it plays on: it waits for the next block
        return clamp(s->called + s->block - t, 0, s->block) + s->latency + queued;
    if (!s->taken)
        return 0;
    // What is queued was not heard, however late the device is to take it.
    return clamp(s->line + lasts(s, s->written) + s->latency - t, queued, INT64_MAX);
}

int64_t sp_sound_delay(sp_sound *s)
{
    SDL_LockMutex(s->lock);
    int64_t d = s->paused && s->written == s->taken && !s->taken ? 0 : delay(s);
    SDL_UnlockMutex(s->lock);
    return d;
}

void sp_sound_pause(sp_sound *s, int on)
{
    SDL_LockMutex(s->lock);
    if (on && !s->paused) {
        s->held = delay(s) - lasts(s, s->written - s->taken);
        s->paused = 1;
        s->running = 0;
    }
    if (!on)
        s->paused = 0;
    SDL_UnlockMutex(s->lock);
}

void sp_sound_flush(sp_sound *s)
{
    SDL_LockMutex(s->lock);
    s->written = s->taken = 0;
    s->running = 0;
    s->held = s->latency;
    SDL_UnlockMutex(s->lock);
}

void sp_sound_gain(sp_sound *s, float gain)
{
    SDL_LockMutex(s->lock);
    s->target = gain;
    if (s->paused) // nothing is heard that could click
        s->gain = gain;
    SDL_UnlockMutex(s->lock);
}

uint64_t sp_sound_calls(sp_sound *s)
{
    SDL_LockMutex(s->lock);
    uint64_t n = s->calls;
    SDL_UnlockMutex(s->lock);
    return n;
}
