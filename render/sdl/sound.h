//go:build cgo

// The queue of one sound device, and the clock that its thread keeps. See
// sound.go.
#ifndef SMOOTHPLAY_SDL_SOUND_H
#define SMOOTHPLAY_SDL_SOUND_H

#include <stdint.h>

typedef struct sp_sound sp_sound;

sp_sound *sp_sound_new(int rate, int frame_bytes, int block_frames, int64_t capacity, int64_t latency);
void sp_sound_free(sp_sound *s);
void sp_sound_fill(void *sound, uint8_t *to, int size); // the callback of SDL
int64_t sp_sound_write(sp_sound *s, const uint8_t *from, int64_t size);
int64_t sp_sound_delay(sp_sound *s);
void sp_sound_pause(sp_sound *s, int on);
void sp_sound_flush(sp_sound *s);
void sp_sound_gain(sp_sound *s, float gain);
uint64_t sp_sound_calls(sp_sound *s);

#endif
