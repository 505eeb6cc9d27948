//go:build cgo

package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/drm/piff"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
	"smoothplay/render/ffmpeg"
	"smoothplay/testdata/demo"
)

// demoKeys encrypt sound and most levels of the demo, and the highest one.
var demoKeys = []origin.ContentKey{
	{KID: [16]byte{7}, Key: [16]byte([]byte("no secret at all"))},
	{KID: [16]byte{9}, Key: [16]byte([]byte("none here either"))},
}

// lockedDemo serves the demo encrypted, with keys that rotate every seven seconds;
// live, as an event, where that is not nil.
func lockedDemo(t *testing.T, scheme origin.Scheme, live *origin.Live) http.Handler {
	t.Helper()
	o, err := origin.New(origin.Config{Live: live, Protect: &origin.Protect{Scheme: scheme, Keys: demoKeys, Rotate: 7 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func demoLicenses() platform.KeyProvider {
	return &clearkey.Server{URL: "http://test" + origin.ClearKeyPath}
}

// untroubled asserts that nothing went wrong, and that keys rotated.
func (w *watched) untroubled(keys int) {
	w.t.Helper()
	if codes := w.codes(); codes != "" {
		w.t.Errorf("it tells of %s", codes)
	}
	obtained := 0
	for _, k := range event.Bodies[event.Key](w.Events) {
		if k.Result == "obtained" {
			obtained++
		}
	}
	if obtained < keys {
		w.t.Errorf("%d keys were obtained, at least %d are needed", obtained, keys)
	}
}

// Encrypted in any scheme, with keys that rotate and one of its own for the highest
// level, the demo shows every picture once and in order while levels change.
func TestRealProtected(t *testing.T) {
	for _, scheme := range origin.Schemes {
		t.Run(string(scheme), func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{
					Handler: lockedDemo(t, scheme, nil), Link: "50M", Keys: demoLicenses(),
					Config: func(c *player.Config) { little(c); c.NewPolicy = following(every) },
				}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			w.onePiece(24 * time.Second)
			w.inSync(0.9)
			w.untroubled(7)
			if levels := w.levels(); !slices.Equal(levels, every) {
				t.Errorf("the levels shown are %v, want %v", levels, every)
			}
		})
	}
}

// Nor do seeks and changes of the language, close to rotations and not, change what
// is seen and heard.
func TestRealProtectedSeeksLanguages(t *testing.T) {
	for _, scheme := range origin.Schemes {
		t.Run(string(scheme), func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{
					Handler: lockedDemo(t, scheme, nil), Link: "50M", Keys: demoLicenses(), Config: little,
					Script: []playertest.Step{
						playertest.SelectAudio(2*time.Second, 1),
						playertest.Seek(4*time.Second, 13*time.Second+900*time.Millisecond),
						playertest.SelectAudio(6*time.Second, 0),
						playertest.Seek(8*time.Second, 6*time.Second+900*time.Millisecond),
						playertest.SelectAudio(8*time.Second+time.Millisecond, 1),
					},
				}
			})
			w.completed()
			checkRuns(t, w, []time.Duration{13*time.Second + 900*time.Millisecond, 6*time.Second + 900*time.Millisecond})
			w.inSync(0.9)
			w.untroubled(4)
			if last := w.anchors[len(w.anchors)-1]; last.language != "deu" {
				t.Errorf("in the end %q is heard", last.language)
			}
		})
	}
}

// An encrypted event shows every picture in order, over rotations, a seek back into
// the window and a change of the language.
func TestRealEventProtected(t *testing.T) {
	for _, scheme := range origin.Schemes {
		t.Run(string(scheme), func(t *testing.T) {
			live := origin.Live{Epoch: atEvent(-2 * time.Hour), Start: atEvent(-time.Hour), Window: 10 * time.Minute}
			w := watchEvent(t, playertest.Scenario{
				Handler: lockedDemo(t, scheme, &live), Link: "50M", Keys: demoLicenses(), For: 50 * time.Second,
				Script: []playertest.Step{
					playertest.SelectAudio(12*time.Second, 1),
					playertest.Seek(25*time.Second, 3*time.Minute+time.Second),
				},
			})
			if w.Err != nil {
				t.Error(w.Err)
			}
			w.untroubled(7)
			lengths, _ := w.eventRuns()
			total := 0
			for _, n := range lengths {
				total += n
			}
			if len(lengths) != 2 || total < 47*demo.FrameRate {
				t.Errorf("%d pictures were shown in stretches of %v", total, lengths)
			}
			if w.Summary.Stalls > 0 || w.Summary.AudioGaps > 0 {
				t.Errorf("%d stalls, %d gaps in the sound", w.Summary.Stalls, w.Summary.AudioGaps)
			}
			w.eventInSync(0.8)
		})
	}
}

// What hardware decrypts is decoded behind its door, in every scheme: no clear byte
// of a protected sample is in Go's hands, and every picture is right.
func TestRealProtectedInHardware(t *testing.T) {
	for _, scheme := range origin.Schemes {
		t.Run(string(scheme), func(t *testing.T) {
			inner, err := piff.New(demoKeys[0].Key[:])
			if err != nil {
				t.Fatal(err)
			}
			vault := &platformtest.Vault{Inner: inner}
			o, err := origin.New(origin.Config{Protect: &origin.Protect{Scheme: scheme, Keys: demoKeys[:1]}})
			if err != nil {
				t.Fatal(err)
			}
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{
					Handler: o, Link: "50M", Config: little,
					Keys:     &platformtest.Keys{Results: map[[16]byte]platform.KeyResult{demoKeys[0].KID: {Decrypter: vault}}},
					Decoders: &platformtest.VaultDecoders{Decoders: ffmpeg.Decoders{}, Vault: vault},
				}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			w.inSync(0.9)
			w.untroubled(1)
			decrypted, opened, closed := vault.Counts()
			if least := demo.Frames + 24*rate/1024; decrypted < least || opened < least || closed != 1 {
				t.Errorf("%d samples were decrypted, %d opened, want %d; closed %d times", decrypted, opened, least, closed)
			}
		})
	}
}
