// Command make makes the demo presentation: it draws the pictures, composes the
// sound, has FFmpeg encode both, and writes the Smooth Streaming files beside
// demo.go.
//
//	go run ./testdata/demo/make
//
// It needs ffmpeg (with libx264) and espeak-ng. The same versions of these make
// the same files.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
)

const (
	fps     = 25
	seconds = 24
	frames  = fps * seconds

	// The beat of each second: at picture 10 (0.4 s) the hand stands upright, a
	// square turns white for 3 pictures and a beep of 100 ms begins. No
	// fragment and no second begins there, so that a seek to a whole second
	// meets a whole beat.
	beatFrame   = 10
	flashFrames = 3

	fragmentSeconds = 2

	grainLuma = 1.2 // standard deviation of the film grain
)

func isFlash(n int) bool { return n%fps >= beatFrame && n%fps < beatFrame+flashFrames }

// level is one quality level of the video.
type level struct {
	width, height int
	bitrate       int // bits per second, in the manifest and in fact
	accent        color.RGBA
}

var ladder = []level{
	{320, 180, 250_000, color.RGBA{0xff, 0x6b, 0x4a, 0xff}},
	{480, 270, 500_000, color.RGBA{0xff, 0xb6, 0x40, 0xff}},
	{640, 360, 900_000, color.RGBA{0x5a, 0xd2, 0x7a, 0xff}},
	{1280, 720, 1_700_000, color.RGBA{0x4d, 0xb5, 0xff, 0xff}},
}

func main() {
	still := flag.Int("still", -1, "write picture `N` of each level as a PNG file into the folder, and nothing else")
	text := flag.Bool("text", false, "write the captions, put them into the manifests that are there, and nothing else")
	dir := flag.String("dir", "testdata/demo", "the `folder` to write to")
	flag.Parse()
	var err error
	switch {
	case *still >= 0:
		err = writeStills(*dir, *still)
	case *text:
		err = makeText(*dir)
	default:
		err = makeAll(*dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "make the demo presentation:", err)
		os.Exit(1)
	}
}

func makeAll(dir string) error {
	tmp, err := os.MkdirTemp("", "demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	var video, audio []*track
	files := map[string][]byte{}
	for i, l := range languages {
		t, err := encodeAudio(l, tmp)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		audio = append(audio, t)
		if files[audioFile(l)], err = writeISMV(t, audioID(i), l.name); err != nil {
			return err
		}
	}
	for i, l := range ladder {
		t, err := encodeVideo(i, tmp)
		if err != nil {
			return fmt.Errorf("%dx%d: %w", l.width, l.height, err)
		}
		video = append(video, t)
		if files[videoFile(t)], err = writeISMV(t, videoID(i), "und"); err != nil {
			return err
		}
	}
	ismc, ism := manifests(video, audio)
	files["demo.ismc"], files["demo.ism"] = []byte(ismc), []byte(ism)
	total := 0
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
		total += len(data)
	}
	fmt.Printf("%d files, %d bytes\n", len(files), total)
	return makeText(dir)
}

// makeText writes the captions, and puts them into the manifests.
func makeText(dir string) error {
	ismc, err := os.ReadFile(filepath.Join(dir, "demo.ismc"))
	if err != nil {
		return err
	}
	ism, err := os.ReadFile(filepath.Join(dir, "demo.ism"))
	if err != nil {
		return err
	}
	client, server := captioned(string(ismc), string(ism))
	files := map[string][]byte{"demo.ismc": []byte(client), "demo.ism": []byte(server)}
	for i, w := range texts {
		if files[textFile(w)], err = writeISMT(w, textID(i)); err != nil {
			return fmt.Errorf("captions in %s: %w", w.name, err)
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeStills writes one picture of each level, to look at.
func writeStills(dir string, n int) error {
	for i, l := range ladder {
		yuv := newPainter(ladder, i).paint(n)
		size := l.width * l.height
		var buf bytes.Buffer
		if err := png.Encode(&buf, &image.YCbCr{
			Y: yuv[:size], Cb: yuv[size : size*5/4], Cr: yuv[size*5/4:],
			YStride: l.width, CStride: l.width / 2,
			SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, l.width, l.height),
		}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("still_%d.png", l.bitrate)), buf.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
