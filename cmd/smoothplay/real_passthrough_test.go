//go:build cgo

package main

import (
	"bytes"
	endian "encoding/binary"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

var streamIndex = regexp.MustCompile(`(?s)<StreamIndex.*</StreamIndex>`)

// beside serves several streams as one presentation, in languages named a, b, c.
func beside(streams ...*remuxed) http.Handler {
	var list strings.Builder
	for i, s := range streams {
		one := streamIndex.FindString(s.manifest)
		one = strings.Replace(one, `Name="s"`, fmt.Sprintf(`Name="%c"`, 'a'+i), 1)
		list.WriteString(strings.Replace(one, `Url="Q(`, fmt.Sprintf(`Url="%d/Q(`, i), 1))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		for i, s := range streams {
			if strings.Contains(q.URL.Path, fmt.Sprintf("/%d/Q(", i)) {
				s.ServeHTTP(w, q)
				return
			}
		}
		fmt.Fprintf(w, `<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">%s</SmoothStreamingMedia>`, &list)
	})
}

// sounding encodes a sine of some seconds.
func sounding(t *testing.T, seconds int, options ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "sound.mp4")
	tool(t, "ffmpeg", slices.Concat([]string{"-nostdin", "-y", "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=48000:duration=%d", seconds), "-ac", "2"}, options, []string{path})...)
	return path
}

// burstsOf are the bursts of a file as FFmpeg packs them.
func burstsOf(t *testing.T, path string) []byte {
	t.Helper()
	return []byte(tool(t, "ffmpeg", "-nostdin", "-i", path, "-c", "copy", "-f", "spdif", "-"))
}

// words are little-endian, as FFmpeg writes them.
func words(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i+1 < len(data); i += 2 {
		out = endian.LittleEndian.AppendUint16(out, endian.NativeEndian.Uint16(data[i:]))
	}
	return out
}

// onlyWhole asserts that a bitstream holds whole bursts of those wanted, and
// silence between them, and returns their indices. What was queued when it was
// flushed ends anywhere.
func onlyWhole(t *testing.T, heard, want []byte, size int) (order []int) {
	t.Helper()
	index := map[string]int{}
	for i := 0; i+size <= len(want); i += size {
		index[string(want[i:i+size])] = i / size
	}
	for len(heard) > 0 {
		if len(heard) >= size {
			if i, ok := index[string(heard[:size])]; ok {
				order = append(order, i)
				heard = heard[size:]
				continue
			}
		} else {
			return order
		}
		if !bytes.Equal(heard[:min(4, len(heard))], make([]byte, min(4, len(heard)))) {
			t.Fatalf("after %d bursts there is something that is neither a whole burst nor silence", len(order))
		}
		heard = heard[min(4, len(heard)):]
	}
	return order
}

// A device that decodes itself is given what the encoder made, to the bit, at its
// time.
func TestRealPassthrough(t *testing.T) {
	for _, c := range []struct {
		encoder, fourCC string
		codec           platform.Codec
		times           int // the rate of the carrier
	}{{"ac3", "AC-3", platform.AC3, 1}, {"eac3", "EC-3", platform.EAC3, 4}} {
		t.Run(c.encoder, func(t *testing.T) {
			path := sounding(t, 6, "-c:a", c.encoder, "-b:a", "192k")
			want := burstsOf(t, path)
			served := remux(t, path, "a:0", func([]byte, int) string { return fmt.Sprintf(`FourCC="%s"`, c.fourCC) }, nil)
			for name, muted := range map[string]bool{"heard": false, "muted": true} {
				ears := &null.AudioSink{Bitstreams: []platform.Codec{c.codec}}
				w := watch(t, func(*camera) playertest.Scenario {
					s := playertest.Scenario{Handler: served, Path: "/x.ism/Manifest", Audio: ears, Config: func(p *player.Config) { p.Passthrough = true }}
					if muted {
						s.Script = []playertest.Step{{At: 2*time.Second + 137*time.Microsecond, Do: func(s *playertest.Session) { s.Player.Mute(s.Ctx, true) }}}
					}
					return s
				})
				w.completed()
				if got := w.paths("audio"); !slices.Equal(got, []string{"passthrough"}) {
					t.Errorf("the paths are %q", got)
				}
				if len(w.Heard) != 1 || w.Summary.AudioGaps != 0 {
					t.Fatalf("the sound has %d pieces and %d gaps", len(w.Heard), w.Summary.AudioGaps)
				}
				heard := words(w.Heard[0].Data)
				carrier := platform.PCMFormat{Rate: 48000 * c.times, Channels: 2}
				if length := carrier.Duration(len(heard)); (length-6*time.Second).Abs() > 50*time.Millisecond || len(heard) != len(want) {
					t.Errorf("%s: %v were heard, %d bytes of %d", name, length, len(heard), len(want))
				}
				if same := bytes.Equal(heard, want); same == muted {
					t.Errorf("%s: the bursts are those of FFmpeg: %v", name, same)
				}
				if tail := heard[len(heard)/2:]; muted && len(bytes.Trim(tail, "\x00")) > 0 {
					t.Error("what is muted is not silent")
				}
			}
		})
	}
}

// A seek and a change between streams of one form leave only whole bursts, and a
// change to another form configures the device anew.
func TestRealPassthroughChanges(t *testing.T) {
	ms := 137 * time.Microsecond
	first, second := sounding(t, 12, "-c:a", "ac3", "-b:a", "192k"), sounding(t, 12, "-c:a", "ac3", "-b:a", "128k")
	third := sounding(t, 12, "-c:a", "aac")
	ac3 := func([]byte, int) string { return `FourCC="AC-3"` }
	served := beside(remux(t, first, "a:0", ac3, nil), remux(t, second, "a:0", ac3, nil), remux(t, third, "a:0", bare("AACL", ""), nil))
	ears := &null.AudioSink{Bitstreams: []platform.Codec{platform.AC3}}
	choose := func(at time.Duration, n int) playertest.Step {
		return playertest.Step{At: at + ms, Do: func(s *playertest.Session) {
			if err := s.Player.SelectAudio(s.Ctx, n); err != nil {
				t.Error(err)
			}
		}}
	}
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Handler: served, Path: "/x.ism/Manifest", Audio: ears, Config: func(p *player.Config) { p.Passthrough = true }, Script: []playertest.Step{
			playertest.Seek(1500*time.Millisecond+ms, 4*time.Second+10*time.Millisecond),
			choose(3*time.Second, 1), choose(5*time.Second, 2), choose(7*time.Second, 0),
		}}
	})
	w.completed()
	for _, e := range event.Bodies[event.Error](w.Events) {
		t.Errorf("%s: %s", e.Code, e.Message)
	}
	if got := w.paths("audio"); !slices.Equal(got, []string{"passthrough", "software", "passthrough"}) {
		t.Errorf("the paths are %q", got)
	}
	if n := len(event.Bodies[event.AudioSelected](w.Events)); n != 3 {
		t.Errorf("%d changes of the stream", n)
	}
	const size = 6144
	want := append(burstsOf(t, first), burstsOf(t, second)...)
	half := len(want) / size / 2
	for i, h := range w.Heard {
		if bytes.Contains(words(h.Data), []byte{0x72, 0xf8, 0x1f, 0x4e}) {
			order := onlyWhole(t, words(h.Data), want, size)
			streams := map[bool]int{}
			for _, n := range order {
				streams[n >= half]++
			}
			t.Logf("piece %d: %d bursts, %d of the first stream and %d of the second", i, len(order), streams[false], streams[true])
		}
	}
}

// Where the device takes no bitstream, sound is decoded, and the tracks say why.
func TestRealPassthroughRefused(t *testing.T) {
	path := sounding(t, 3, "-c:a", "ac3")
	served := remux(t, path, "a:0", func([]byte, int) string { return `FourCC="AC-3"` }, nil)
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Handler: served, Path: "/x.ism/Manifest", Config: func(p *player.Config) { p.Passthrough = true }}
	})
	w.completed()
	if got := w.paths("audio"); len(got) != 1 || !strings.HasPrefix(got[0], "software (passthrough: ") {
		t.Errorf("the paths are %q", got)
	}
	if strength(w.onePiece(3*time.Second), 440, rate) < 0.05 {
		t.Error("the sound is not heard")
	}
}
