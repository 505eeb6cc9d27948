//go:build cgo

package main

import (
	"image"
	"net/http"
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
	"smoothplay/testdata/demo"
)

// A thumbnail is the key picture of the lowest level, by its number; that of the
// same place is not fetched again. Protected, too.
func TestRealThumbnails(t *testing.T) {
	key := origin.ContentKey{KID: [16]byte{7}, Key: [16]byte([]byte("no secret at all"))}
	for name, protect := range map[string]*origin.Protect{
		"clear": nil, "protected": {Scheme: origin.Schemes[0], Keys: []origin.ContentKey{key}},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := origin.New(origin.Config{Protect: protect})
			if err != nil {
				t.Fatal(err)
			}
			var keys platform.KeyProvider
			if protect != nil {
				keys = &clearkey.Server{URL: "http://test" + origin.ClearKeyPath}
			}
			w := watch(t, func(*camera) playertest.Scenario {
				s := playertest.Scenario{Handler: http.Handler(o), For: 20 * time.Second, Config: little, Keys: keys, Link: "50M"}
				for i, at := range []time.Duration{11500, 2000, 23999, 11100, 60000} {
					s.Script = append(s.Script, playertest.Step{At: time.Duration(2+i) * time.Second, Do: func(s *playertest.Session) {
						began := time.Now()
						got, err := s.Player.Thumbnail(s.Ctx, at*time.Millisecond)
						if err != nil {
							t.Errorf("at %v: %v", at, err)
							return
						}
						if took := time.Since(began); took > 150*time.Millisecond {
							t.Errorf("at %v: it took %v", at, took)
						}
						want := min(int(at)/2000, 11) * 2 * demo.FrameRate
						m := got.Image.(*image.YCbCr)
						if mark, ok := platformtest.ReadMark(m.Y, m.YStride, m.Rect.Dx(), m.Rect.Dy()); !ok || mark.Frame != want || mark.Level != 0 {
							t.Errorf("at %v: picture %d of level %d, want %d", at, mark.Frame, mark.Level, want)
						}
					}})
				}
				return s
			})
			n := 0
			for _, f := range event.Bodies[event.Fragment](w.Events) {
				if f.Track == "thumbnail" {
					n++
				}
			}
			if n != 4 {
				t.Errorf("%d thumbnails were fetched, want 4", n)
			}
		})
	}
}

// BenchmarkThumbnail is the time from the call to the picture, over HTTP on
// loopback.
func BenchmarkThumbnail(b *testing.B) {
	session, stop := thumbnailSession(b)
	defer stop()
	n := 0
	for b.Loop() {
		n++
		// Each is another place, until all were fetched.
		if _, err := session.Thumbnail(b.Context(), time.Duration(n%12)*2*time.Second); err != nil {
			b.Fatal(err)
		}
	}
}

func thumbnailSession(b *testing.B) (*player.Player, func()) {
	b.Helper()
	source, err := openSourceOrDemo(nil, &networkFlags{})
	if err != nil {
		b.Fatal(err)
	}
	p, err := player.New(platform.Device{HTTP: source.doer, Decoders: newDecoders(false)}, player.Config{URL: source.url, Paused: true})
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Run(b.Context()) }()
	for p.Status().State != event.Paused {
		time.Sleep(time.Millisecond)
	}
	return p, func() { _ = p.Stop(b.Context()); <-ended; source.close() }
}
