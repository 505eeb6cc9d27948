//go:build cgo

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"smoothplay/player/playertest"
	"smoothplay/testdata/demo"
)

// twoAngles serves the demo as two camera angles, which the levels in its pictures
// tell apart: "close" has the two lower ones, "wide" the two higher ones.
type twoAngles struct {
	demo      http.Handler
	oneStream bool
}

var (
	videoOfDemo = regexp.MustCompile(`(?s)<StreamIndex Type="video".*?</StreamIndex>`)
	levelOfDemo = regexp.MustCompile(`(?s)<QualityLevel Index="(\d)"[^>]*?/?>(?:\s*</QualityLevel>)?`)
)

func (a twoAngles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.NewReplacer(",CameraAngle=wide", "", ",CameraAngle=close", "", "wide=", "video=", "close=", "video=").Replace(r.URL.Path)
	inner := r.Clone(r.Context())
	inner.URL = &url.URL{Path: path}
	if !strings.HasSuffix(path, "/Manifest") {
		a.demo.ServeHTTP(w, inner)
		return
	}
	got := httptest.NewRecorder()
	a.demo.ServeHTTP(got, inner)
	body := videoOfDemo.ReplaceAllFunc(got.Body.Bytes(), func(stream []byte) []byte {
		if a.oneStream {
			stream = bytes.ReplaceAll(stream, []byte("({bitrate})"), []byte("({bitrate},{CustomAttributes})"))
			return levelOfDemo.ReplaceAllFunc(stream, func(level []byte) []byte {
				head, _, _ := bytes.Cut(bytes.TrimRight(level, "/>"), []byte(">"))
				return []byte(string(head) + `><CustomAttributes><Attribute Name="CameraAngle" Value="` + angleOfLevel(level) + `"/></CustomAttributes></QualityLevel>`)
			})
		}
		var both []byte
		for _, name := range []string{"wide", "close"} {
			own := bytes.Replace(stream, []byte(`Name="video"`), []byte(`Name="`+name+`"`), 1)
			own = bytes.Replace(own, []byte("(video="), []byte("("+name+"="), 1)
			both = append(both, levelOfDemo.ReplaceAllFunc(own, func(level []byte) []byte {
				if angleOfLevel(level) != name {
					return nil
				}
				return level
			})...)
		}
		return both
	})
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write(body)
}

func angleOfLevel(level []byte) string {
	if n, _ := strconv.Atoi(string(levelOfDemo.FindSubmatch(level)[1])); n >= 2 {
		return "wide"
	}
	return "close"
}

// TestRealAngles changes between two angles while playing:
// every frame counter comes in order, and no sound is lost.
func TestRealAngles(t *testing.T) {
	for form, one := range map[string]bool{"streams": false, "attributes": true} {
		t.Run(form, func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{
					Handler: twoAngles{demoWith(t, ""), one},
					Script: []playertest.Step{
						playertest.SelectAngle(5*time.Second, "close"), playertest.SelectAngle(8500*time.Millisecond, "wide"),
						playertest.SelectAngle(11*time.Second, "close"), playertest.SelectAngle(11300*time.Millisecond, "wide"),
						playertest.SelectAngle(17*time.Second, "close"),
					},
				}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			w.onePiece(demo.Frames * period)
			w.inSync(.99)
			var angles []string
			for _, p := range w.pictures {
				name := "close"
				if p.level >= 2 {
					name = "wide"
				}
				if len(angles) == 0 || angles[len(angles)-1] != name {
					angles = append(angles, name)
				}
			}
			want := "wide close wide close wide close"
			if one {
				want = "close wide close wide close" // whose lowest level is listed first
			}
			if got := strings.Join(angles, " "); got != want {
				t.Errorf("the angles %s were shown, want %s", got, want)
			}
		})
	}
}
