//go:build cgo

package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/playertest"
	"smoothplay/testdata/demo"
)

// A range shows its pictures and no other, though both ends lie within fragments,
// at each level.
func TestRealRange(t *testing.T) {
	for _, c := range []struct{ from, to int }{{0, 33}, {110, 260}, {110, 111}, {50, 100}, {151, demo.Frames}} {
		t.Run(fmt.Sprint(c.from, "-", c.to), func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{Link: "20M", Config: func(p *player.Config) {
					p.Start, p.End = time.Duration(c.from)*period, time.Duration(c.to)*period
					p.NewPolicy = following(every)
				}}
			})
			w.completed()
			w.showed(frames(c.from, c.to))
			if c.to-c.from > 20 {
				w.onePiece(time.Duration(c.to-c.from) * period)
				w.inSync(0.5)
			}
		})
	}
}

var (
	demoStreams = regexp.MustCompile(`(?s)<StreamIndex Type="(?:video|audio)".*?</StreamIndex>`)
	twoLevels   = regexp.MustCompile(`<QualityLevel[^>]*MaxWidth="(?:480|1280)"[^>]*?(?:/>|></QualityLevel>)`)
)

// rerun serves the demo and a composite manifest of pieces of it, given in
// pictures; odd ones have half of the levels.
func rerun(t *testing.T, edges ...int) http.Handler {
	handler := demoWith(t, "")
	manifest, err := demo.FS.ReadFile("demo.ismc")
	if err != nil {
		t.Fatal(err)
	}
	streams := strings.Join(demoStreams.FindAllString(string(manifest), -1), "\n")
	var b strings.Builder
	b.WriteString(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">`)
	for i := 0; i+1 < len(edges); i += 2 {
		of := streams
		if i/2%2 == 1 {
			of = twoLevels.ReplaceAllString(of, "")
		}
		fmt.Fprintf(&b, `<Clip Url="../demo.ism/Manifest" ClipBegin="%d" ClipEnd="%d">%s</Clip>`,
			int64(edges[i])*int64(period)/100, int64(edges[i+1])*int64(period)/100, of)
	}
	b.WriteString(`</SmoothStreamingMedia>`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cuts/demo.csm" {
			_, _ = w.Write([]byte(b.String()))
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// Clips of the demo follow each other to the picture, with their sound; at every
// level, from within fragments and from their begin.
func TestRealComposite(t *testing.T) {
	cuts := []int{130, 275, 20, 100, 300, 301, 400, 560, 0, 75}
	length := 0
	for i := 0; i < len(cuts); i += 2 {
		length += cuts[i+1] - cuts[i]
	}
	w := watch(t, func(c *camera) playertest.Scenario {
		c.moved = true
		return playertest.Scenario{
			Handler: rerun(t, cuts...), Path: "/cuts/demo.csm", Link: "40M",
			Config: func(p *player.Config) { p.NewPolicy = following(every) },
		}
	})
	w.completed()
	w.showed(frames(cuts...))
	for i, p := range w.pictures {
		if p.pts != time.Duration(i)*period {
			t.Fatalf("picture %d is said to be that of %v", i, p.pts)
		}
		if i > 1 && (p.at.Sub(w.pictures[i-1].at)-period).Abs() > 5*time.Millisecond {
			t.Errorf("picture %d follows the one before by %v", i, p.at.Sub(w.pictures[i-1].at))
		}
	}
	heard, whole := w.onePiece(time.Duration(length)*period), referenceOf(t, "eng")
	at := 0
	for i := 0; i < len(cuts); i += 2 {
		// A codec that overlaps its frames needs a moment to settle in a clip, and
		// its noise is another one each time; one sample too early or too late makes
		// a difference of 2600.
		const settles, noise = rate / 20, 400
		from, n := cuts[i]*rate/demo.FrameRate, (cuts[i+1]-cuts[i])*rate/demo.FrameRate
		for k := settles; k < n; k++ {
			if d := int(heard[at+k]) - int(whole[from+k]); d > noise || d < -noise {
				t.Errorf("clip %d: the sound differs from that of the demo from %v on, of %v", i/2, time.Duration(k)*time.Second/rate, time.Duration(n)*time.Second/rate)
				break
			}
		}
		at += n
	}
}

// Seeks lead to the picture across clips.
func TestRealCompositeSeeks(t *testing.T) {
	cuts := []int{130, 275, 20, 100, 400, 560}
	all := frames(cuts...)
	places := []int{150, 144, 145, 224, 225, 0, 384, 10}
	w := watch(t, func(c *camera) playertest.Scenario {
		c.moved = true
		s := playertest.Scenario{Handler: rerun(t, cuts...), Path: "/cuts/demo.csm", Config: little}
		for i, n := range places {
			s.Script = append(s.Script, playertest.Step{At: 1300*time.Millisecond + time.Duration(i)*900*time.Millisecond, Do: func(s *playertest.Session) {
				s.Must(s.Player.Seek(s.Ctx, time.Duration(n)*period+time.Millisecond, player.Exact))
				if now := c.all(); now[len(now)-1].frame != all[n] {
					t.Errorf("sought number %d and the picture shown is %d, want %d", n, now[len(now)-1].frame, all[n])
				}
			}})
		}
		return s
	})
	w.completed()
}

// The composite that an origin serves beside the demo begins and ends its clips
// within pictures: of these, a part is shown.
func TestRealDemoComposite(t *testing.T) {
	w := watch(t, func(c *camera) playertest.Scenario {
		c.moved = true
		return playertest.Scenario{Path: "/demo.csm", Link: "20M"}
	})
	w.completed()
	w.showed(frames(130, 276, 20, 101, 400, 561))
	if len(w.Heard) != 1 || w.Summary.AudioGaps != 0 || w.Summary.Stalls != 0 {
		t.Errorf("%d pieces of sound, %d gaps, %d stalls", len(w.Heard), w.Summary.AudioGaps, w.Summary.Stalls)
	}
}
