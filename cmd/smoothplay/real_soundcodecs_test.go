//go:build cgo

package main

import (
	endian "encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// bare is CodecPrivateData as the encoder gives it, more the other attributes.
func bare(fourCC, more string) func([]byte, int) string {
	return func(extra []byte, packet int) string {
		return fmt.Sprintf(`FourCC="%s" PacketSize="%d" CodecPrivateData="%X" %s`, fourCC, packet, extra, more)
	}
}

// whole puts a WAVEFORMATEX before what the encoder gives, and says nothing else.
func whole(fourCC string, tag, channels, rate, bits int) func([]byte, int) string {
	return func(extra []byte, packet int) string {
		le := endian.LittleEndian
		b := le.AppendUint16(nil, uint16(tag))
		b = le.AppendUint16(b, uint16(channels))
		b = le.AppendUint32(b, uint32(rate))
		b = le.AppendUint32(b, 16000)
		b = le.AppendUint16(b, uint16(packet))
		b = le.AppendUint16(b, uint16(bits))
		b = le.AppendUint16(b, uint16(len(extra)))
		return fmt.Sprintf(`FourCC="%s" CodecPrivateData="%s"`, fourCC, hex.EncodeToString(append(b, extra...)))
	}
}

// voices are the frequencies of the channels of a test sound, in the order of
// WAVEFORMATEXTENSIBLE, so far apart that codecs keep them apart.
var voices = []float64{500, 800, 1100, 60, 1700, 2000, 2300, 2600}

// chord writes three seconds in which each channel has a voice of its own.
func chord(layout string, channels, rate int) []string {
	expr := ""
	for _, hz := range voices[:channels] {
		expr += fmt.Sprintf("0.1*sin(2*PI*%g*t)|", hz)
	}
	return []string{"-nostdin", "-y", "-f", "lavfi", "-i", fmt.Sprintf("aevalsrc=%s:c=%s:s=%d:d=3", expr[:len(expr)-1], layout, rate)}
}

// strength is the amplitude of a frequency in sound, in shares of full scale.
func strength(pcm []int16, hz float64, rate int) float64 {
	var re, im float64
	for i, v := range pcm {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re, im = re+float64(v)*c, im+float64(v)*s
	}
	return 2 * math.Hypot(re, im) / float64(len(pcm)) / 32768
}

// hear plays what handler serves on a device of two channels, asserts that it
// sounds without a gap for as long as it should, but for so many stretches of
// silence, and returns both sides of its middle second.
func hear(t *testing.T, handler http.Handler, length time.Duration, rate int, silence int64) (sides [2][]int16) {
	t.Helper()
	ears := &null.AudioSink{Format: platform.PCMFormat{Rate: rate, Channels: 2}}
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Handler: handler, Path: "/x.ism/Manifest", Audio: ears}
	})
	w.completed()
	for _, e := range event.Bodies[event.Error](w.Events) {
		t.Errorf("%s: %s", e.Code, e.Message)
	}
	if len(w.Heard) != 1 || w.Summary.AudioGaps != silence || w.Sound.Underruns != 0 {
		t.Fatalf("the sound has %d pieces, %d gaps and %d underruns", len(w.Heard), w.Summary.AudioGaps, w.Sound.Underruns)
	}
	data := w.Heard[0].Data
	if heard := time.Duration(len(data)/4) * time.Second / time.Duration(rate); (heard - length).Abs() > 150*time.Millisecond {
		t.Errorf("%v were heard, want %v", heard, length)
	}
	data = data[len(data)/8*4-2*rate:][:4*rate] // the second in the middle
	for i := 0; i < len(data); i += 2 {
		sides[i/2%2] = append(sides[i/2%2], int16(endian.NativeEndian.Uint16(data[i:])))
	}
	return sides
}

// Every codec of sound plays without a gap, and every channel is heard on its
// side.
func TestRealSoundCodecs(t *testing.T) {
	const rate = 48000
	pcm24 := []string{"-c:a", "pcm_s24le", "-f", "mov"}
	none := func(fourCC, more string) func([]byte, int) string {
		return func([]byte, int) string { return fmt.Sprintf(`FourCC="%s" %s`, fourCC, more) }
	}
	for _, c := range []struct {
		name       string
		layout     string
		channels   int
		encode     []string
		attributes func([]byte, int) string
		silence    int64 // 1: the first frame of the encoder is not heard
	}{
		{"AACL", "stereo", 2, []string{"-c:a", "aac"}, bare("AACL", ""), 0},
		{"AACL, empty", "stereo", 2, []string{"-c:a", "aac"}, none("AACL", ""), 0},
		{"AACP, empty", "mono", 1, []string{"-c:a", "aac"}, none("AACP", ""), 0},
		{"AACH, LC inside", "stereo", 2, []string{"-c:a", "aac"}, bare("AACH", ""), 0},
		{"AAC, 5.1", "5.1", 6, []string{"-c:a", "aac", "-b:a", "448k"}, bare("AACL", ""), 0},
		{"AAC, 5.1, empty", "5.1", 6, []string{"-c:a", "aac", "-b:a", "448k"}, none("AACL", ""), 0},
		{"AAC, 7.1", "7.1", 8, []string{"-c:a", "aac", "-b:a", "640k"}, bare("AACL", ""), 0},
		{"WMA 2", "stereo", 2, []string{"-c:a", "wmav2", "-b:a", "128k", "-f", "asf"}, bare("WMA2", `AudioTag="353"`), 1},
		{"WMA 2, whole WAVEFORMATEX", "stereo", 2, []string{"-c:a", "wmav2", "-b:a", "128k", "-f", "asf"}, whole("WMA2", 353, 2, rate, 16), 1},
		{"AC-3", "stereo", 2, []string{"-c:a", "ac3"}, none("AC-3", ""), 0},
		{"AC-3, 5.1", "5.1", 6, []string{"-c:a", "ac3", "-b:a", "448k"}, none("AC-3", ""), 0},
		{"E-AC-3, 5.1", "5.1", 6, []string{"-c:a", "eac3", "-b:a", "448k"}, none("EC-3", ""), 0},
		{"MP3", "stereo", 2, []string{"-c:a", "libmp3lame", "-b:a", "192k"}, none("", `AudioTag="85"`), 0},
		{"PCM of 16 bits", "stereo", 2, []string{"-c:a", "pcm_s16le", "-f", "mov"}, none("PCM", `AudioTag="1" BitsPerSample="16"`), 0},
		{"PCM of 24 bits, 7.1", "7.1", 8, pcm24, none("", `AudioTag="1" BitsPerSample="24"`), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "coded.mp4")
			tool(t, "ffmpeg", slices.Concat(chord(c.layout, c.channels, rate), c.encode, []string{path})...)
			sides := hear(t, remux(t, path, "a:0", c.attributes, nil), 3*time.Second, rate, c.silence)
			for channel, hz := range voices[:c.channels] {
				left, right := strength(sides[0], hz, rate), strength(sides[1], hz, rate)
				mixed := c.channels == 1 || channel == 2 // in the middle
				switch {
				case channel == 3: // low effects need not be heard
				case mixed && (left < 0.015 || math.Abs(left-right) > left/10),
					!mixed && channel%2 == 0 && (left < 0.015 || right > left/5),
					!mixed && channel%2 == 1 && (right < 0.015 || left > right/5):
					t.Errorf("channel %d: %.3f on the left, %.3f on the right", channel, left, right)
				}
			}
		})
	}
}

// What no free encoder makes plays from files of Windows Media.
func TestRealWindowsMedia(t *testing.T) {
	wvc1 := "elephants-dream-wvc1-wmav2-320x180-60s.wmv"
	wmv3 := "elephants-dream-wmv3-2xwmav2-en-fr-320x240-30s.wmv"
	for _, c := range []struct {
		name, file, fourCC string
		pictures           int
	}{
		{"WVC1", wvc1, "WVC1", 1440},
		{"WMV3", wmv3, "WMV3", 721},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := platformtest.Shared(t, "corpus/windows-media/"+c.file)
			served := remux(t, file, "v:0", bare(c.fourCC, ""), nil)
			w := watch(t, func(cam *camera) playertest.Scenario {
				cam.marks = false
				return playertest.Scenario{Handler: served, Path: "/x.ism/Manifest"}
			})
			w.completed()
			if len(w.pictures) != c.pictures || w.Summary.PicturesDropped != 0 || w.Summary.PicturesDecoded != int64(c.pictures) {
				t.Errorf("%d pictures shown, %d decoded, %d dropped, want %d", len(w.pictures), w.Summary.PicturesDecoded, w.Summary.PicturesDropped, c.pictures)
			}
			for i := 1; i < len(w.pictures); i++ {
				if w.pictures[i].frame <= w.pictures[i-1].frame {
					t.Errorf("the picture of %v follows that of %v", time.Duration(w.pictures[i].frame), time.Duration(w.pictures[i-1].frame))
				}
			}
		})
	}
	for _, c := range []struct {
		name, file string
		attributes func([]byte, int) string
		rate       int
	}{
		{"WMA 2", wvc1, bare("WMA2", `AudioTag="353"`), 44100},
		{"WMA Pro 5.1", "bbb-wmapro9-5.1-44k.wma", bare("WMAP", `AudioTag="354" BitsPerSample="16"`), 44100},
		{"WMA Pro 5.1, whole WAVEFORMATEX", "bbb-wmapro9-5.1-44k.wma", whole("WMAP", 354, 6, 44100, 16), 44100},
		{"WMA Pro, 24 bits, under the misprinted tag", "bbb-wmapro10-stereo-96k.wma", bare("WMAP", `AudioTag="353"`), 96000},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := platformtest.Shared(t, "corpus/windows-media/"+c.file)
			want := tool(t, "ffmpeg", "-nostdin", "-i", file, "-map", "0:a:0", "-ac", "2", "-ar", fmt.Sprint(c.rate), "-f", "s16le", "-")
			length := time.Duration(len(want)/4) * time.Second / time.Duration(c.rate)
			sides := hear(t, remux(t, file, "a:0", c.attributes, nil), length, c.rate, 0)
			if !slices.ContainsFunc(sides[0], func(v int16) bool { return v > 500 || v < -500 }) {
				t.Error("the sound is silent")
			}
			if at := likeliest([]byte(want), sides[0], c.rate); at < 0 {
				t.Error("the sound is not that which FFmpeg decodes of the file")
			}
		})
	}
}

// likeliest is where in stereo sound the left channel is part, give or take a
// rounding, near its middle; -1: nowhere.
func likeliest(stereo []byte, part []int16, rate int) int {
	all := left(stereo)
	middle := (len(all) - len(part)) / 2
	for at := max(0, middle-rate); at <= min(middle+rate, len(all)-len(part)); at++ {
		same := true
		for i := 0; i < len(part) && same; i += 97 {
			d := int(all[at+i]) - int(part[i])
			same = d >= -4 && d <= 4
		}
		if same {
			return at
		}
	}
	return -1
}
