package player_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"smoothplay/player/playertest"
)

// filmed is a presentation with a stream of thumbnails: a JPEG of its own grey for
// each 10 s.
type filmed struct{ playertest.Presentation }

func (f *filmed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/Manifest"):
		inner := httptest.NewRecorder()
		f.Presentation.ServeHTTP(inner, r)
		_, _ = w.Write([]byte(strings.Replace(inner.Body.String(), "</SmoothStreamingMedia>",
			`<StreamIndex Type="video" Subtype="ZOET" Name="film" Url="QualityLevels({bitrate})/Fragments(film={start time})">`+
				`<QualityLevel Bitrate="1000" FourCC="JPEG" MaxWidth="64" MaxHeight="36" CodecPrivateData=""/><c t="0" d="200000000" r="2"/></StreamIndex></SmoothStreamingMedia>`, 1)))
	case strings.Contains(r.URL.Path, "(film="):
		first := 0
		if strings.Contains(r.URL.Path, "film=200000000") {
			first = 2
		}
		_, _ = w.Write(filmFragment(first))
	default:
		f.Presentation.ServeHTTP(w, r)
	}
}

// filmFragment holds two JPEGs of 10 s each; [MS-SSTR] 2.2.4.
func filmFragment(first int) []byte {
	box := func(name string, body []byte) []byte {
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
	}
	run, media := []byte{0, 0, 3, 0, 0, 0, 0, 2}, []byte(nil)
	for i := range 2 {
		m := image.NewGray(image.Rect(0, 0, 64, 36))
		for n := range m.Pix {
			m.Pix[n] = color.Gray{Y: uint8(40 * (first + i))}.Y
		}
		var b bytes.Buffer
		_ = jpeg.Encode(&b, m, nil)
		run = binary.BigEndian.AppendUint32(run, 100_000_000)
		run = binary.BigEndian.AppendUint32(run, uint32(b.Len()))
		media = append(media, b.Bytes()...)
	}
	traf := append(box("tfhd", []byte{0, 2, 0, 0, 0, 0, 0, 1}), box("trun", run)...)
	return append(box("moof", append(box("mfhd", make([]byte, 8)), box("traf", traf)...)), box("mdat", media)...)
}

// TestThumbnailsOfAFilm: each is the JPEG that covers the place.
func TestThumbnailsOfAFilm(t *testing.T) {
	f := &filmed{*playertest.Default()}
	f.Length = 40 * time.Second
	playertest.Run(t, playertest.Scenario{Handler: f, For: 6 * time.Second, Script: []playertest.Step{{At: 2 * time.Second, Do: func(s *playertest.Session) {
		for _, at := range []time.Duration{0, 15, 9, 39, 25, 100} {
			got, err := s.Player.Thumbnail(s.Ctx, at*time.Second)
			if err != nil {
				t.Errorf("at %d s: %v", at, err)
				continue
			}
			n := min(at/10, 3)
			if grey := color.GrayModel.Convert(got.Image.At(30, 20)).(color.Gray).Y; int(grey) < int(40*n)-3 || int(grey) > int(40*n)+3 {
				t.Errorf("at %d s: grey %d, want %d", at, grey, 40*n)
			}
			if got.Start != n*10*time.Second || got.End != (n+1)*10*time.Second {
				t.Errorf("at %d s: it stands for %v to %v", at, got.Start, got.End)
			}
		}
	}}}})
}
