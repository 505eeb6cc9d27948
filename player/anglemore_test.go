package player_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// TestAnglesLive changes the angle at the edge of a live presentation and behind it.
func TestAnglesLive(t *testing.T) {
	for _, form := range []string{"streams", "attributes"} {
		t.Run(form, func(t *testing.T) {
			r := playLive(t, "angles "+form, true, func() playertest.Scenario {
				show := stadium(form == "attributes")
				show.Angles[3].Begins = 0
				o, err := origin.New(origin.Config{
					Handlers: map[string]http.Handler{"show.ism": show}, NoDemo: true,
					Live: &origin.Live{Epoch: epochOf, Start: into(-time.Hour), Window: windowOf},
				})
				if err != nil {
					t.Fatal(err)
				}
				return playertest.Scenario{
					Handler: hosts{"test": o}, Path: "/show.isml/Manifest", For: 60 * time.Second,
					Script: []playertest.Step{
						playertest.SelectAngle(10*sec, "left"), playertest.SelectAngle(20*sec, "goal"), playertest.SelectAngle(25*sec, "main"),
						playertest.Pause(30 * sec), playertest.SelectAngle(31*sec, "crane"), playertest.Play(33 * sec),
						playertest.SelectAngle(40*sec, "right"),
					},
				}
			})
			got := takes(r.Shown)
			if len(got) != 1 || fmt.Sprint(got[0].angles) != "[0 1 3 0 4 2]" {
				t.Errorf("shown was %v", got)
			}
			for _, c := range changes(r) {
				t.Logf("%+v", c)
				if c.Elapsed > 3*sec {
					t.Errorf("the change to %s took %v", c.To, c.Elapsed)
				}
			}
			if r.Summary.Stalls > 0 {
				t.Errorf("%d stalls", r.Summary.Stalls)
			}
		})
	}
}

// TestAnglesProtected changes the angle where everything is encrypted.
func TestAnglesProtected(t *testing.T) {
	for _, form := range []string{"streams", "attributes"} {
		t.Run(form, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				o, err := origin.New(origin.Config{
					Handlers: map[string]http.Handler{"show.ism": stadium(form == "attributes")}, NoDemo: true,
					Protect: &origin.Protect{Keys: lockKeys[:1], LicenseURL: "http://test" + origin.PlayReadyPath},
				})
				if err != nil {
					t.Fatal(err)
				}
				return playertest.Scenario{
					Handler: o, Keys: toyKeys(), Decoders: clearOnly(),
					Script: []playertest.Step{
						playertest.SelectAngle(9*sec, "left"), playertest.SelectAngle(15*sec, "goal"), playertest.Pause(20 * sec),
						playertest.SelectAngle(21*sec, "crane"), playertest.Play(22 * sec),
					},
				}
			})
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if got := fmt.Sprint(takes(r.Shown)); got != "[0s-40s [0 1 3 4]]" {
				t.Errorf("shown was %s", got)
			}
			noTrouble(t, r)
			playertest.Golden(t, "angles/protected_"+form, r.Events)
		})
	}
}

// single are decoders of a device that has room for one picture decoder.
type single struct {
	*null.Decoders
	mu   sync.Mutex
	open bool
}

func (s *single) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		return nil, errors.New("no room for another decoder")
	}
	d, err := s.Decoders.OpenVideo(f)
	s.open = err == nil
	return &singleDecoder{d, s}, err
}

type singleDecoder struct {
	platform.VideoDecoder
	of *single
}

func (d *singleDecoder) Close() error {
	d.of.mu.Lock()
	defer d.of.mu.Unlock()
	d.of.open = false
	return d.VideoDecoder.Close()
}

// TestAnglesOneDecoder: where there is no second decoder the old picture stays until
// the new angle is decoded, and the sound goes on.
func TestAnglesOneDecoder(t *testing.T) {
	mk := func() playertest.Scenario {
		return playertest.Scenario{
			Handler:  stadium(false),
			Decoders: &single{Decoders: &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 11 * time.Microsecond }}},
			Script: []playertest.Step{
				playertest.SelectAngle(10*sec, "left"), playertest.SelectAngle(15*sec, "goal"),
				{At: 18 * sec, Do: func(s *playertest.Session) { s.Must(s.Player.ShowInsets(s.Ctx, true)) }},
				playertest.Pause(20 * sec), playertest.SelectAngle(21*sec, "crane"), playertest.Play(22 * sec),
			},
		}
	}
	r := playertest.Run(t, mk())
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	var angles []int
	for i, s := range r.Shown {
		if a := angleOf(s); len(angles) == 0 || angles[len(angles)-1] != a {
			angles = append(angles, a)
		}
		if i > 0 && s.PTS-r.Shown[i-1].PTS > 200*time.Millisecond {
			t.Errorf("after the picture of %v comes that of %v", r.Shown[i-1].PTS, s.PTS)
		}
	}
	if fmt.Sprint(angles) != "[0 1 3 4]" {
		t.Errorf("the angles %v were shown", angles)
	}
	if n := r.Sound.Underruns + r.Summary.AudioGaps; n > 1 { // the pause is one
		t.Errorf("%d gaps in the sound", n)
	}
}

// TestAngleThatBegins later than the others is refused before, and left where it has
// nothing; the name of none is an error.
func TestAngleThatBegins(t *testing.T) {
	var before, wrong error
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: stadium(false),
			Config:  func(c *player.Config) { c.Angle = "goal" },
			Script: []playertest.Step{
				{At: 5 * sec, Do: func(s *playertest.Session) { before = s.Player.SelectVideo(s.Ctx, "goal") }},
				{At: 6 * sec, Do: func(s *playertest.Session) { wrong = s.Player.SelectVideo(s.Ctx, "nowhere") }},
				playertest.SelectAngle(12*sec, "goal"),
				playertest.Seek(15*sec, 2*sec),
			},
		}
	})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if before == nil || !strings.Contains(before.Error(), "from 8s to 40s") {
		t.Errorf("before it begins: %v", before)
	}
	if wrong == nil || !strings.Contains(wrong.Error(), `"main", "left", "right", "goal", "crane"`) {
		t.Errorf("one that is not there: %v", wrong)
	}
	list := changes(r)
	if len(list) != 2 || list[0].To != "goal" || list[1].To == "goal" || list[1].Cause != "not_there" {
		t.Errorf("changes %+v", list)
	}
	playertest.Golden(t, "angles/later", r.Events)
	// A name that is not there ends a session that asks for it.
	r = playertest.Run(t, playertest.Scenario{Handler: stadium(false), Config: func(c *player.Config) { c.Angle = "nowhere" }})
	if r.Err == nil || !strings.Contains(r.Err.Error(), "nowhere") {
		t.Errorf("an unknown angle to begin with: %v", r.Err)
	}
}
