package sdl

/*
#include <stdlib.h>
#include "sound.h"
*/
import "C"

import (
	"time"
	"unsafe"

	"github.com/veandco/go-sdl2/sdl"

	"smoothplay/platform"
)

// soundQueue is the queue between Write and the thread of a sound device.
type soundQueue struct{ c *C.sp_sound }

func newSoundQueue(f platform.PCMFormat, block int, queue, latency time.Duration) soundQueue {
	return soundQueue{C.sp_sound_new(C.int(f.Rate), C.int(f.FrameBytes()), C.int(block), C.int64_t(f.Bytes(queue)), C.int64_t(latency))}
}

// callback is what SDL calls for more sound, with data.
func (q soundQueue) callback() (f sdl.AudioCallback, data unsafe.Pointer) {
	return sdl.AudioCallback(C.sp_sound_fill), unsafe.Pointer(q.c)
}

func (q soundQueue) free() { C.sp_sound_free(q.c) }

func (q soundQueue) write(b []byte) int {
	return int(C.sp_sound_write(q.c, (*C.uint8_t)(unsafe.SliceData(b)), C.int64_t(len(b))))
}

func (q soundQueue) delay() time.Duration { return time.Duration(C.sp_sound_delay(q.c)) }

func (q soundQueue) pause(on bool) {
	flag := C.int(0)
	if on {
		flag = 1
	}
	C.sp_sound_pause(q.c, flag)
}

func (q soundQueue) flush() { C.sp_sound_flush(q.c) }

func (q soundQueue) gain(g float64) { C.sp_sound_gain(q.c, C.float(g)) }

// calls counts how often the device has asked for sound.
func (q soundQueue) calls() uint64 { return uint64(C.sp_sound_calls(q.c)) }
