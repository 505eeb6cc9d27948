package marker

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"smoothplay/platform/platformtest"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// passes is what a line tells on the way from place to place, in seconds.
func passes(l *Line[string], back bool, to ...time.Duration) string {
	var list []string
	for _, at := range to {
		l.Pass(at*time.Second, back, func(at time.Duration, what string) { list = append(list, what) })
	}
	return fmt.Sprint(list)
}

func TestLine(t *testing.T) {
	var l Line[string]
	for _, at := range []time.Duration{5, 2, 9, 5} {
		l.Add(at*time.Second, fmt.Sprintf("%d.%d", at, len(l.list)))
	}
	for i, c := range []struct {
		jump time.Duration // -1: none
		back bool
		to   []time.Duration
		want string
	}{
		{-1, false, []time.Duration{1, 2, 2, 4}, "[2.1]"},
		{-1, false, []time.Duration{8, 7, 8}, "[5.0 5.3]"}, // a clock that is corrected
		{-1, true, []time.Duration{6, 5, 4, 5, 4}, "[5.3 5.0]"},
		{-1, false, []time.Duration{20}, "[5.0 5.3 9.2]"},
		{5, false, []time.Duration{5}, "[5.0 5.3]"},
		{5, true, []time.Duration{5}, "[5.3 5.0]"},
		{9, true, []time.Duration{0}, "[9.2 5.3 5.0 2.1]"},
		{-1, true, []time.Duration{-1}, "[]"},
	} {
		if c.jump >= 0 {
			l.Jump(c.jump*time.Second, c.back)
		}
		if got := passes(&l, c.back, c.to...); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
	l.Jump(4*time.Second, false)
	if at, ok := l.Next(false); !ok || at != 5*time.Second {
		t.Errorf("next is %v, %v", at, ok)
	}
	if at, ok := l.Next(true); !ok || at != 2*time.Second {
		t.Errorf("before is %v, %v", at, ok)
	}
	if l.Add(3*time.Second, "late") || !l.Add(4*time.Second, "now") {
		t.Error("what is added behind the playhead is said to be ahead, or the other way round")
	}
	l.Remove(func(s string) bool { return s == "2.1" || s == "5.3" })
	if got := passes(&l, false, 30); got != "[now 5.0 9.2]" {
		t.Errorf("after a removal: %s", got)
	}
}

// TestLineTellsEachOnce: on any way, each place is passed as often as it lies
// between two positions, and in order.
func TestLineTellsEachOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var l Line[time.Duration]
		var all []time.Duration
		for range random.IntN(20) {
			at := time.Duration(random.IntN(100))
			all = append(all, at)
			l.Add(at, at)
		}
		slices.Sort(all)
		pos := time.Duration(random.IntN(100))
		back := random.IntN(2) > 0
		l.Jump(pos, back)
		var got, want []time.Duration
		from := pos
		for range 10 {
			if back {
				pos -= time.Duration(random.IntN(15))
			} else {
				pos += time.Duration(random.IntN(15))
			}
			l.Pass(pos, back, func(at, _ time.Duration) { got = append(got, at) })
		}
		for _, at := range all {
			if !back && at >= from && at <= pos || back && at <= from && at >= pos {
				want = append(want, at)
			}
		}
		if back {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("from %v to %v: %v, want %v", from, pos, got, want)
		}
	}
}

const chaptered = `<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="100000000">
<StreamIndex Type="video" Url="QualityLevels({bitrate})/Fragments(video={start time})"><QualityLevel Bitrate="1" FourCC="H264" MaxWidth="1" MaxHeight="1" CodecPrivateData=""/><c t="10000000" d="20000000" r="5"/></StreamIndex>
<StreamIndex Type="text" Name="MARKERS" Subtype="CHAPTER" ParentStreamIndex="video" ManifestOutput="TRUE" Url="QualityLevels({bitrate})/Fragments(MARKERS={start time})">
<QualityLevel Index="0" Bitrate="1000"/><c t="40000000"><f>Q2hhcHRlciAx</f></c><c t="80000000" d="1"><f>Q2hhcHRlciAy</f></c></StreamIndex>
<StreamIndex Type="text" Subtype="SCMD" Name="scripts"><Content><ScriptCommand Time="60000000" Type="URL" Command="http://x"/></Content></StreamIndex>
<StreamIndex Type="text" Subtype="CHAP" Name="embedded"><Content><Marker Time="50000000" Value="middle
	one"/></Content></StreamIndex>
</SmoothStreamingMedia>`

func listOf(t *testing.T, body []byte) []Marker {
	t.Helper()
	p, err := manifest.Parse(body, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := timeline.New(p)
	if err != nil {
		t.Fatal(err)
	}
	return Of(s)
}

func TestOf(t *testing.T) {
	want := "[{3s chapter MARKERS  Chapter 1} {4s chapter embedded  middle  one} {5s script scripts URL http://x} {7s chapter MARKERS  Chapter 2}]"
	list := listOf(t, []byte(chaptered))
	if got := fmt.Sprint(list); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := len(Chapters(list)); n != 3 {
		t.Errorf("%d chapters", n)
	}
}

// The chapters of a manifest in Microsoft's documentation.
func TestOfDocumentation(t *testing.T) {
	body, err := os.ReadFile(platformtest.Shared(t, "corpus/microsoft-docs/manifest-merge.2.xml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := manifest.Parse(body, manifest.Limits{})
	if p == nil {
		t.Skip(err) // it has nothing to play
	}
	s, err := timeline.New(p)
	if err != nil {
		t.Fatal(err)
	}
	if got := Chapters(Of(s)); len(got) != 9 || got[8].Value != "Chapter 9" || got[1].At-got[0].At != 15182*time.Millisecond {
		t.Errorf("%v", got)
	}
}
