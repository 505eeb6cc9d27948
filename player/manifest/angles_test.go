package manifest

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"smoothplay/platform/platformtest"
)

func level(angle string) Level {
	l := Level{}
	if angle != "" {
		l.Attributes = []Attribute{{"hardwareProfile", "1"}, {"cameraangle", angle}}
	}
	return l
}

func TestAngles(t *testing.T) {
	video := func(name string, angles ...string) Stream {
		s := Stream{Type: "video", Name: name}
		for _, a := range angles {
			s.Levels = append(s.Levels, level(a))
		}
		return s
	}
	for _, c := range []struct {
		name    string
		streams []Stream
		want    []Angle
	}{
		{"none", []Stream{{Type: "audio", Levels: make([]Level, 1)}}, nil},
		{"one", []Stream{video("", "", "")}, []Angle{{"video", 0, []int{0, 1}}}},
		{"streams", []Stream{video("left", "", ""), {Type: "audio", Levels: make([]Level, 1)}, video("right", "")},
			[]Angle{{"left", 0, []int{0, 1}}, {"right", 2, []int{0}}}},
		{"attributes", []Stream{video("video", "A", "B", "A", "B", "B")}, []Angle{{"A", 0, []int{0, 2}}, {"B", 0, []int{1, 3, 4}}}},
		{"both, and levels without", []Stream{video("main", "A", ""), video("a", "")},
			[]Angle{{"A", 0, []int{0}}, {"main", 0, []int{1}}, {"a (2)", 1, []int{0}}}},
		{"same names", []Stream{video("x", ""), video("X (2)", ""), video("X", "")},
			[]Angle{{"x", 0, []int{0}}, {"X (2)", 1, []int{0}}, {"X (3)", 2, []int{0}}}},
		{"thumbnails", []Stream{video("x", ""), {Type: "video", Subtype: "zoet", Levels: make([]Level, 1)}}, []Angle{{"x", 0, []int{0}}}},
	} {
		if got := (&Presentation{Streams: c.streams}).Angles(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAnglesOfMicrosoftsExample(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(platformtest.Shared(t, "corpus"), "microsoft-docs", "multiple-camera-angles.1.xml"))
	if err != nil {
		t.Skip(err)
	}
	p, err := Parse(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	angles := p.Angles()
	if len(angles) < 2 || angles[0].Name != "Camera1" || len(angles[0].Levels) != 7 || angles[1].Name != "Camera2" {
		t.Errorf("%+v", angles)
	}
}
