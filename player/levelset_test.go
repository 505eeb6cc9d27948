package player

import (
	"slices"
	"strings"
	"testing"

	"smoothplay/heuristics"
)

// ladder is 350k 320x180, 800k 640x360, 1.5M 960x540, 1.8M 960x540, 3M 1280x720.
var ladder = []heuristics.Level{
	{BitrateBPS: 350_000, Width: 320, Height: 180}, {BitrateBPS: 800_000, Width: 640, Height: 360},
	{BitrateBPS: 1_500_000, Width: 960, Height: 540}, {BitrateBPS: 1_800_000, Width: 960, Height: 540},
	{BitrateBPS: 3_000_000, Width: 1280, Height: 720},
}

func indices(in []bool) []int {
	var list []int
	for i, on := range in {
		if on {
			list = append(list, i)
		}
	}
	return list
}

func TestParseLevels(t *testing.T) {
	for text, want := range map[string][]int{
		"0":              {0},
		"0,2,4":          {0, 2, 4},
		" 1 , 3":         {1, 3},
		"1-3":            {1, 2, 3},
		"3-":             {3, 4},
		"-1":             {0, 1},
		"2,0-1":          {0, 1, 2},
		"1M-3M":          {2, 3, 4},
		"1.4m-1.6m":      {2},
		"800k-1500000":   {1, 2},
		"-1M":            {0, 1},
		"1M-":            {2, 3, 4},
		"900k":           {1}, // the nearest
		"1":              {1},
		"999k":           {1},
		"100M":           {4},
		"1000":           {0}, // a rate
		"540p":           {2, 3},
		"360p-540p":      {1, 2, 3},
		"-360p":          {0, 1},
		"720p-":          {4},
		"0,720p,1.5M":    {0, 2, 4},
		"2.5G,0":         {0, 4},
		"360p,360p,1":    {1},
		"0-4":            {0, 1, 2, 3, 4},
		"4-100":          {4},
		"1.75M-99000000": {3, 4},
	} {
		set, err := ParseLevels(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		in, err := set.Match(ladder)
		if got := indices(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is the levels %v, want %v (%v)", text, got, want, err)
		}
		again, err := ParseLevels(set.String())
		if err != nil || !slices.Equal(set, again) {
			t.Errorf("%q is written as %q, which is read as %v (%v)", text, set, again, err)
		}
	}
}

func TestParseLevelsRefuses(t *testing.T) {
	for _, text := range []string{
		"", ",", "0,", "-", "a", "p", "M", "--", "1-2-3", "3-1", "2M-1M", "1-720p", "1M-3", "0x1", "1e3", "+1", "1.5", "1..5M", ".5M",
		"9999999999999999999", "99999999999M", "NaN", "1 M", "720 p", "-0p-", "1/2",
	} {
		if set, err := ParseLevels(text); err == nil {
			t.Errorf("%q is read as %v", text, set)
		} else if !strings.Contains(err.Error(), "write it as") {
			t.Errorf("%q: %v does not say how to write it", text, err)
		}
	}
}

func TestMatchNamesTheLevelsThereAre(t *testing.T) {
	for _, text := range []string{"5", "7-9", "4M-5M", "1080p", "0,5"} {
		set, err := ParseLevels(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = set.Match(ladder); err == nil || !strings.Contains(err.Error(), "4: 3000k 1280x720") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLeaves(t *testing.T) {
	set := func(text string) LevelSet {
		s, err := ParseLevels(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct {
		name   string
		limits Limits
		want   []int
	}{
		{"nothing", Limits{}, []int{0, 1, 2, 3, 4}},
		{"rates", Limits{MinBPS: 800_000, MaxBPS: 1_799_999}, []int{1, 2}},
		{"the size", Limits{MaxWidth: 960}, []int{0, 1, 2, 3}},
		{"a set", Limits{Levels: set("0,2,4")}, []int{0, 2, 4}},
		{"a set and a rate", Limits{Levels: set("0,2,4"), MaxBPS: 2_000_000}, []int{0, 2}},
		{"a contradiction", Limits{Levels: set("4"), MaxBPS: 2_000_000}, []int{0}},
		{"a set of another presentation", Limits{Levels: set("7")}, []int{0, 1, 2, 3, 4}},
		{"a set that is there in part", Limits{Levels: set("1,7")}, []int{1}},
		{"a small window", Limits{FitWidth: 200, FitHeight: 100}, []int{0}},
		{"a window of the size of a level", Limits{FitWidth: 640, FitHeight: 360}, []int{0, 1}},
		{"a pixel more, which rounding makes", Limits{FitWidth: 641, FitHeight: 360}, []int{0, 1}},
		{"a larger one", Limits{FitWidth: 700, FitHeight: 400}, []int{0, 1, 2, 3}},
		{"one with bars at the sides", Limits{FitWidth: 2000, FitHeight: 500}, []int{0, 1, 2, 3}},
		{"one with bars above and below", Limits{FitWidth: 320, FitHeight: 2000}, []int{0}},
		{"larger than all", Limits{FitWidth: 3840, FitHeight: 2160}, []int{0, 1, 2, 3, 4}},
		{"not known", Limits{FitWidth: 640}, []int{0, 1, 2, 3, 4}},
		{"of those left the one that covers", Limits{FitWidth: 600, FitHeight: 300, Levels: set("0,2-4")}, []int{0, 2, 3}},
		{"a fixed level larger than the window", Limits{FitWidth: 200, FitHeight: 100, Levels: set("4")}, []int{4}},
	} {
		if got := indices(c.limits.Leaves(ladder)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	unknown := []heuristics.Level{{BitrateBPS: 1}, {BitrateBPS: 2}}
	if got := indices(Limits{FitWidth: 640, FitHeight: 360, MaxWidth: 100}.Leaves(unknown)); len(got) != 2 {
		t.Errorf("of levels whose size is not known %v are left", got)
	}
	if got := (Limits{}).Leaves(nil); len(got) != 0 {
		t.Errorf("of no levels %v are left", got)
	}
}

func FuzzParseLevels(f *testing.F) {
	for _, text := range []string{"0,2,4", "1M-3M", "-720p", "800k-", "99999999999999999999p", "0.0005M"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := ParseLevels(text)
		if err != nil {
			return
		}
		again, err := ParseLevels(set.String())
		if err != nil || !slices.Equal(set, again) {
			t.Errorf("%q is %#v, written as %q, read as %#v (%v)", text, set, set.String(), again, err)
		}
		if left := (Limits{Levels: set}).Leaves(ladder); len(indices(left)) == 0 {
			t.Errorf("%q leaves nothing", text)
		}
	})
}
