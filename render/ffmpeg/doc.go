// Package ffmpeg decodes video and sound with FFmpeg 5.1 through go-astiav:
// [Decoders], in software, takes H.264, HEVC, VC-1, WMV3, AAC (LC and HE), the WMA
// family, AC-3, E-AC-3, DTS, Opus, MP3 and PCM; [Hardware] has a device decode the
// video (VAAPI, CUDA, V4L2). Pictures point into the frames of the decoder (nothing
// is copied) and stay valid after it was closed; those of two fields are made
// whole, so that no sink needs to; sound is resampled and mixed to the format that was asked for,
// on a clock without rounding drift.
//
// What go-astiav v0.16.0 does not offer is in native.c, reached through native.go
// alone. Without cgo the package is empty: a port without FFmpeg brings
// decoders of its own.
//
//	         Sample                                Sample
//	           | Format changed: drain, reopen       |
//	           v                                     v
//	codec   send ---> libavcodec ---> receive     the same
//	           |                         |           |
//	history  PTS, duration, source ----> +           v
//	                                     v        resampler  ---> PCM
//	framePool  <--- Release ------  *Picture         ^
//	                                              pcmClock: PTS from frames counted
package ffmpeg
