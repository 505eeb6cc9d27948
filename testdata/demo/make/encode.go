package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/Eyevinn/mp4ff/mp4"
)

// sample is one coded access unit.
type sample struct {
	data    []byte
	pts     int // video: in pictures, relative to the first in display order
	key     bool
	discard bool // video: no other picture refers to it
}

// track is what the encoder made of a level or a language.
type track struct {
	video    bool
	samples  []sample
	sps, pps [][]byte // video
	bitrate  int      // as stated in the manifest
}

// measured is the average bitrate of the fragments, boxes and all.
func (t *track) measured() float64 {
	fragments, _, err := t.fragments(1)
	if err != nil {
		panic(err)
	}
	bytes := 0
	for _, f := range fragments {
		bytes += len(f)
	}
	return 8 * float64(bytes) / seconds
}

// encodeVideo encodes a level in two passes, and again with a corrected target
// until the average is within 1 % of what the manifest states.
func encodeVideo(index int, dir string) (*track, error) {
	l := ladder[index]
	target := l.bitrate * 98 / 100 // boxes and overshoot
	for attempt := 1; ; attempt++ {
		for pass := 1; pass <= 2; pass++ {
			if pass == 1 && attempt > 1 {
				continue // the statistics hold for any target
			}
			if err := runX264(index, pass, target, dir); err != nil {
				return nil, err
			}
		}
		t, err := readTrack(filepath.Join(dir, "video.mp4"))
		if err != nil {
			return nil, err
		}
		if err := checkVideo(t); err != nil {
			return nil, err
		}
		got := t.measured()
		fmt.Printf("%dx%d: asked for %d, got %.0f bit/s\n", l.width, l.height, target, got)
		if attempt == 4 || honest(got, l.bitrate) {
			t.bitrate = l.bitrate
			return t, nil
		}
		target = int(float64(target) * float64(l.bitrate) / got)
	}
}

func runX264(index, pass, target int, dir string) error {
	l := ladder[index]
	matrix := "smpte170m"
	if l.height >= 720 {
		matrix = "bt709"
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", l.width, l.height), "-r", fmt.Sprint(fps), "-i", "-",
		"-c:v", "libx264", "-profile:v", "high", "-preset", "slow", "-tune", "animation", "-threads", "1",
		"-b:v", fmt.Sprint(target), "-pass", fmt.Sprint(pass), "-passlogfile", filepath.Join(dir, "pass"),
		"-color_range", "tv", "-colorspace", matrix, "-color_primaries", matrix, "-color_trc", matrix,
		"-x264-params", fmt.Sprintf("keyint=%d:min-keyint=%d:scenecut=0:open-gop=0:bframes=3:b-pyramid=none:ref=3:vbv-maxrate=%d:vbv-bufsize=%d",
			fps*fragmentSeconds, fps*fragmentSeconds, target*14/10/1000, target*14/10/1000),
		"-movflags", "frag_keyframe+empty_moov+default_base_moof", "-video_track_timescale", fmt.Sprint(fps),
		filepath.Join(dir, "video.mp4"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := newPainter(ladder, index)
	for n := range frames {
		if _, err := in.Write(p.paint(n)); err != nil {
			break // ffmpeg says why
		}
	}
	in.Close()
	return cmd.Wait()
}

// checkVideo makes sure of what the files promise: closed groups of pictures,
// one a fragment, and every picture once.
func checkVideo(t *track) error {
	if len(t.samples) != frames {
		return fmt.Errorf("%d pictures instead of %d", len(t.samples), frames)
	}
	const group = fps * fragmentSeconds
	for i, s := range t.samples {
		if s.key != (i%group == 0) {
			return fmt.Errorf("sample %d: key is %v", i, s.key)
		}
		if s.pts/group != i/group {
			return fmt.Errorf("sample %d: picture %d lies outside its fragment", i, s.pts)
		}
		if s.key && s.pts != i {
			return fmt.Errorf("sample %d: key picture is shown at %d", i, s.pts)
		}
	}
	return nil
}

// encodeAudio encodes a language, again with a corrected target until the
// average is within 1 % of what the manifest states. The first access unit, which
// only primes the decoder, is left out: the second one begins at time 0.
func encodeAudio(l language, dir string) (*track, error) {
	pcm, err := compose(l)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "audio.mp4")
	target := l.bitrate
	for attempt := 1; ; attempt++ {
		// The fast coder: the default one distorts the beeps beyond recognition.
		cmd := exec.Command("ffmpeg", "-v", "error", "-y",
			"-f", "s16le", "-ar", fmt.Sprint(rate), "-ac", fmt.Sprint(channels), "-i", "-",
			"-c:a", "aac", "-profile:a", "aac_low", "-aac_coder", "fast", "-b:a", fmt.Sprint(target),
			"-movflags", "frag_keyframe+empty_moov+default_base_moof", file)
		cmd.Stdin, cmd.Stderr = bytes.NewReader(pcm), os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, err
		}
		t, err := readTrack(file)
		if err != nil {
			return nil, err
		}
		const units = seconds * rate / frameAAC
		if len(t.samples) < units+1 {
			return nil, fmt.Errorf("%d access units instead of %d", len(t.samples), units+1)
		}
		t.samples, t.bitrate = t.samples[1:units+1], l.bitrate
		got := t.measured()
		fmt.Printf("%s: asked for %d, got %.0f bit/s\n", l.name, target, got)
		if attempt == 6 || honest(got, l.bitrate) {
			return t, nil
		}
		target = int(float64(target) * float64(l.bitrate) / got)
	}
}

// honest reports whether a bitrate may be stated as another.
func honest(got float64, stated int) bool {
	off := got/float64(stated) - 1
	return off > -0.01 && off < 0.01
}

// readTrack reads the samples of a fragmented MP4 file with one track.
func readTrack(file string) (*track, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f, err := mp4.DecodeFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	t := &track{}
	trak := f.Init.Moov.Trak
	if avc := trak.Mdia.Minf.Stbl.Stsd.AvcX; avc != nil {
		t.video = true
		t.sps, t.pps = avc.AvcC.SPSnalus, avc.AvcC.PPSnalus
	}
	first := int64(-1)
	for _, seg := range f.Segments {
		for _, frag := range seg.Fragments {
			full, err := frag.GetFullSamples(f.Init.Moov.Mvex.Trex)
			if err != nil {
				return nil, err
			}
			for _, s := range full {
				out := sample{data: s.Data, key: s.IsSync()}
				if t.video {
					pts := int64(s.DecodeTime) + int64(s.CompositionTimeOffset)
					if first < 0 {
						first = pts // the key picture of a closed group is shown first
					}
					out.pts = int(pts - first)
					out.discard = disposable(s.Data)
				}
				t.samples = append(t.samples, out)
			}
		}
	}
	if len(t.samples) == 0 {
		return nil, fmt.Errorf("%s: %w", file, io.ErrUnexpectedEOF)
	}
	return t, nil
}

// disposable reports whether nal_ref_idc is 0 in all slices of an access unit.
func disposable(au []byte) bool {
	for len(au) > 4 {
		n := int(au[0])<<24 | int(au[1])<<16 | int(au[2])<<8 | int(au[3])
		if kind := au[4] & 0x1f; (kind == 1 || kind == 5) && au[4]&0x60 != 0 {
			return false
		}
		au = au[min(4+n, len(au)):]
	}
	return true
}
