package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/render/sdl"
)

// fourLevels are levels as a manifest may list them, one of them left out.
var fourLevels = []event.TrackLevel{
	{Level: 3, BitrateBPS: 3_000_000, Width: 1280, Height: 720}, {Level: -1, BitrateBPS: 9_000_000, Width: 3840, Height: 2160},
	{Level: 2, BitrateBPS: 1_500_000, Width: 960, Height: 540}, {Level: 0, BitrateBPS: 350_000, Width: 320, Height: 180},
	{Level: 1, BitrateBPS: 800_000, Width: 640, Height: 360},
}

func TestCapByKeys(t *testing.T) {
	odd, err := player.ParseLevels("0,2")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		limits player.Limits
		press  string
		want   string // highest bitrates set
		says   string
	}{
		{"down", player.Limits{}, "[", "1500000", "at most 3/4 1.50 Mbit/s 960x540"},
		{"down to the lowest", player.Limits{}, "[[[[", "1500000 800000 350000 350000", "at most 1/4 350 kbit/s 320x180"},
		{"down and up again", player.Limits{}, "[[]]", "1500000 800000 1500000 0", "any level"},
		{"up where nothing is capped", player.Limits{}, "]", "0", "any level"},
		{"below a limit from the beginning", player.Limits{MaxBPS: 2_000_000}, "[]]", "800000 2000000 2000000", "any level"},
		{"in a set", player.Limits{Levels: odd}, "[]", "350000 0", "any level"},
		{"of one", player.Limits{MaxBPS: 400_000}, "[", "", "there is no other level"},
	} {
		withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
			s.status.Levels = fourLevels
			u.limits = test.limits
			for _, k := range test.press {
				act(press(string(k)))
			}
			var got []string
			for _, line := range s.log {
				fields := strings.Fields(line)
				got = append(got, fields[1])
				if fields[0] != "limits" || fields[3] != "now" {
					t.Errorf("%s: %q", test.name, line)
				}
			}
			if text := strings.Join(got, " "); text != test.want {
				t.Errorf("%s: %q, want %q", test.name, text, test.want)
			}
			if says := u.display(time.Now()).message; says != test.says {
				t.Errorf("%s: it says %q, want %q", test.name, says, test.says)
			}
			if !slices.Equal(s.status.Limits.Levels, test.limits.Levels) {
				t.Errorf("%s: the set of levels was lost", test.name)
			}
		})
	}
}

func TestLevelsFollowTheWindow(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		s.status.Levels = fourLevels
		u.fit(640, 360) // nobody asked for that
		u.fits = true
		for _, size := range [][2]int{{640, 360}, {640, 360}, {0, 0}, {1280, 720}} {
			u.fit(size[0], size[1])
			act(press("F12")) // lets commands be carried out
		}
		act(press("["))
		want := []string{"limits 0 640x360 buffer_end", "limits 0 1280x720 buffer_end", "limits 1500000 1280x720 now"}
		if !slices.Equal(s.log, want) {
			t.Errorf("got %q, want %q", s.log, want)
		}
	})
}

func TestLimitText(t *testing.T) {
	for want, allowed := range map[string][]bool{
		"":                                {true, true, true, true},
		"at most 2/4 800 kbit/s 640x360":  {true, true, false, false},
		"only 3/4 1.50 Mbit/s 960x540":    {false, false, true, false},
		"levels 1, 3, 4 of 4":             {true, false, true, true},
		"levels 2, 3 of 4":                {false, true, true, false},
		"only 1/4 350 kbit/s 320x180":     {true, false, false, false},
		"at most 3/4 1.50 Mbit/s 960x540": {true, true, true, false},
	} {
		s := player.Status{Levels: fourLevels, Allowed: allowed, RenderCap: 3}
		if got := limitText(s); got != want {
			t.Errorf("%v: %q, want %q", allowed, got, want)
		}
		if line := statusLine(s, ""); want != "" && !strings.Contains(line, want) {
			t.Errorf("the status line %q does not say %q", line, want)
		}
		row := slices.ContainsFunc(statistics(s), func(r [2]string) bool { return r[0] == "limit" && r[1] == want })
		if row != (want != "") {
			t.Errorf("%v: statistics %q", allowed, statistics(s))
		}
	}
	if got := limitText(player.Status{}); got != "" {
		t.Errorf("before anything is known: %q", got)
	}
}
