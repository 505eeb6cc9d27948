package text

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
)

// ttml is a document with a paragraph for each "begin end text".
func ttml(cues ...string) []byte {
	var b strings.Builder
	b.WriteString(`<tt xmlns="http://www.w3.org/ns/ttml"><body><div>`)
	for _, c := range cues {
		f := strings.SplitN(c, " ", 3)
		fmt.Fprintf(&b, `<p begin="%s" end="%s">%s</p>`, f[0], f[1], f[2])
	}
	b.WriteString(`</div></body></tt>`)
	return []byte(b.String())
}

// fragment is one of duration seconds at second start with one document.
func fragment(start, duration int, cues ...string) Fragment {
	at, d := ms(1000*start), ms(1000*duration)
	return Fragment{Start: at, Duration: d, Samples: []Sample{{Start: at, Duration: d, Data: ttml(cues...)}}}
}

// held writes what a track holds.
func held(t *Track) string {
	var all []string
	for _, e := range t.cues {
		all = append(all, fmt.Sprintf("%v-%v %s", e.Begin, e.End, e.Text))
	}
	return strings.Join(all, ", ")
}

func TestTimesOfFragmentsAndPresentations(t *testing.T) {
	for _, test := range []struct {
		name      string
		fragments []Fragment
		want      string
	}{
		{"relative", []Fragment{fragment(0, 2, "0s 1s a"), fragment(2, 2, "1s 2s b"), fragment(4, 2, "1.5s 3s c")},
			"0s-1s a, 3s-4s b, 5.5s-7s c"},
		{"absolute", []Fragment{fragment(0, 2, "0s 1s a"), fragment(2, 2, "3s 4s b"), fragment(4, 2, "5.5s 7s c")},
			"0s-1s a, 3s-4s b, 5.5s-7s c"},
		{"absolute from the middle", []Fragment{fragment(100, 2, "99.5s 101s a"), fragment(102, 2, "102s 103s b")},
			"1m39.5s-1m41s a, 1m42s-1m43s b"},
		{"relative from the middle", []Fragment{fragment(100, 2, "0.5s 1s a"), fragment(102, 2, "0s 2s b")},
			"1m40.5s-1m41s a, 1m42s-1m44s b"},
		// 1 s is in the fragment either way.
		{"ambiguous", []Fragment{fragment(1, 2, "1s 2s a")}, "2s-3s a"},
		{"ambiguous in a stream that is absolute", []Fragment{fragment(10, 2, "10s 11s a"), fragment(1, 2, "1s 2s b")},
			"1s-2s b, 10s-11s a"},
		{"a stream that changes its mind", []Fragment{fragment(10, 2, "10s 11s a"), fragment(20, 2, "1s 2s b")},
			"10s-11s a, 21s-22s b"},
		{"a cue that goes on after its fragment", []Fragment{fragment(4, 2, "1s 9s a")}, "5s-13s a"},
		{"the whole presentation in each fragment", []Fragment{
			fragment(2, 2, "0s 1s a", "2s 3s b", "60s 61s c"), fragment(4, 2, "0s 1s a", "2s 3s b", "60s 61s c")},
			"0s-1s a, 2s-3s b, 1m0s-1m1s c"},
		{"no duration", []Fragment{fragment(10, 0, "1s 2s a"), fragment(10, 0, "10s 11s b")}, "10s-11s b, 11s-12s a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var track Track
			for _, f := range test.fragments {
				if err := track.Add(f); err != nil {
					t.Fatal(err)
				}
			}
			if got := held(&track); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

// A cue that the next fragment repeats must not blink, whatever the order in which
// fragments come, and however often.
func TestCuesOverFragmentBoundaries(t *testing.T) {
	fragments := []Fragment{
		fragment(0, 2, "1s 2s long", "1.5s 2s short"),
		fragment(2, 2, "0s 2s long"),
		fragment(4, 2, "0.02s 1s long", "1.5s 2s again"),
		fragment(6, 2, "0s 1s other", "1.2s 2s again"),
	}
	const want = "1s-5s long, 1.5s-2s short, 5.5s-6s again, 6s-7s other, 7.2s-8s again"
	for seed := range uint64(50) {
		order := rand.New(rand.NewPCG(seed, 1)).Perm(2 * len(fragments))
		var track Track
		for _, i := range order {
			if err := track.Add(fragments[i%len(fragments)]); err != nil {
				t.Fatal(err)
			}
		}
		if got := held(&track); got != want {
			t.Fatalf("order %v: %s, want %s", order, got, want)
		}
		if shown := track.At(2 * time.Second); len(shown) != 1 || shown[0].Text != "long" {
			t.Fatalf("at the boundary: %v", shown)
		}
	}
}

func TestAtNextBegun(t *testing.T) {
	var track Track
	if track.At(0) != nil || track.Next(0) != Forever || track.Begun(-time.Hour, time.Hour) != nil {
		t.Error("an empty track shows something")
	}
	if err := track.Add(fragment(0, 10, "1s 4s a", "2s 3s b", "2s 5s c", "8s 9s d")); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[int]string{0: "; 1s", 1000: "a; 2s", 1999: "a; 2s", 2000: "a b c; 3s", 3000: "a c; 4s", 4500: "c; 5s",
		5000: "; 8s", 8500: "d; 9s", 9000: "; forever", 99000: "; forever"} {
		var words []string
		for _, c := range track.At(ms(at)) {
			words = append(words, c.Text)
		}
		next := "forever"
		if n := track.Next(ms(at)); n != Forever {
			next = n.String()
		}
		if got := strings.Join(words, " ") + "; " + next; got != want {
			t.Errorf("at %d ms: %q, want %q", at, got, want)
		}
	}
	if a, b := track.At(ms(2100)), track.At(ms(2900)); &a[0] != &b[0] {
		t.Error("the same answer is another slice")
	}
	if n := testing.AllocsPerRun(100, func() { track.At(ms(2500)); track.Next(ms(2600)) }); n != 0 {
		t.Errorf("asking again allocates %v times", n)
	}
	begun := track.Begun(ms(1000), ms(2000))
	if len(begun) != 2 || begun[0].Text != "b" || begun[1].Text != "c" {
		t.Errorf("begun: %v", begun)
	}
	track.Forget(ms(4000))
	if got := held(&track); got != "2s-5s c, 8s-9s d" {
		t.Errorf("after Forget: %s", got)
	}
}

// What Next says holds for every instant: At changes there and not before.
func TestNextIsWhenAtChanges(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		var track Track
		var cues []string
		for i := range 1 + random.IntN(12) {
			begin := random.IntN(50)
			cues = append(cues, fmt.Sprintf("%dms %dms cue %d", begin, begin+1+random.IntN(20), i))
		}
		if err := track.Add(fragment(0, 1, cues...)); err != nil {
			t.Fatal(err)
		}
		for at := range 80 {
			here, until := slices.Clone(track.At(ms(at))), track.Next(ms(at))
			if until <= ms(at) {
				t.Fatalf("%v: the next change after %d ms is at %v", cues, at, until)
			}
			for then := ms(at); then < min(until, ms(80)); then += ms(1) {
				if fmt.Sprint(track.At(then)) != fmt.Sprint(here) {
					t.Fatalf("%v: at %v it is not as at %d ms", cues, then, at)
				}
			}
		}
	}
}

func TestEndsThatNobodyStates(t *testing.T) {
	var track Track
	f := fragment(4, 2)
	f.Samples[0].Data = []byte(`<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1s">open</p></body></tt>`)
	f.Samples[0].Duration = 0
	payload := Fragment{Start: ms(9000), Duration: ms(500), Samples: []Sample{{Start: ms(9000), Data: []byte("Chapter 1\r\nThe sea")}}}
	if err := errors.Join(track.Add(f), track.Add(payload)); err != nil {
		t.Fatal(err)
	}
	if got := held(&track); got != "5s-6s open, 9s-9.5s Chapter 1\nThe sea" {
		t.Error(got)
	}
}

// box makes a box of MP4.
func box(kind string, content ...string) string {
	body := strings.Join(content, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))) + kind + body
}

func TestWebVTTInMP4(t *testing.T) {
	one := box("vttc", box("iden", "1"), box("sttg", "line:10% align:start"), box("payl", "<i>One</i> &lt;"))
	two := box("vttc", box("payl", "Two"))
	at := func(start, duration int, data string) Sample {
		return Sample{Start: ms(start), Duration: ms(duration), Data: []byte(data)}
	}
	var track Track
	err := track.Add(Fragment{Codec: platform.WebVTT, Start: ms(1000), Duration: ms(3000), Samples: []Sample{
		at(1000, 500, box("vtte")), at(1500, 500, one), at(2000, 500, one+two), at(2500, 1500, two),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := track.Add(Fragment{Start: ms(4000), Duration: ms(1000), Samples: []Sample{at(4000, 1000, two)}}); err != nil {
		t.Fatal(err)
	}
	if got, want := held(&track), "1.5s-2.5s One <, 2s-5s Two"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if c := track.At(ms(2000))[0]; c.Region == nil || c.Region.Y != 0.1 || c.Align != platform.AlignStart || !c.Runs[0].Style.Italic {
		t.Errorf("settings and tags: %+v %+v", c, c.Region)
	}
	for _, broken := range []string{one[:len(one)-3], one + "123", box("vttc", box("payl", "x")+"\x00\x00\x00\x01payl")} {
		cues, _ := readBoxes([]byte(broken), time.Second)
		if len(cues) > 1 {
			t.Errorf("%q made %d cues", broken, len(cues))
		}
	}
}

func TestWhatIsNoText(t *testing.T) {
	for name, data := range map[string]string{
		"html": "<html><body>404</body></html>", "binary": "\x00\x01\x02", "nothing in it": "<", "plain text of a stream of TTML": "plain",
	} {
		_, _, err := decode([]byte(data), platform.TTML, 0)
		if !errors.Is(err, ErrUnknown) && name != "nothing in it" || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if cues, _, err := decode([]byte(" \n"), platform.TTML, 0); cues != nil || err != nil {
		t.Errorf("an empty sample: %v %v", cues, err)
	}
}

func TestEncodings(t *testing.T) {
	const doc = `<?xml version="1.0" encoding="utf-16"?><tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1s" end="2s">é日</p></body></tt>`
	utf16 := func(order binary.AppendByteOrder, mark bool) string {
		var b []byte
		if mark {
			b = order.AppendUint16(b, 0xfeff)
		}
		for _, r := range doc {
			b = order.AppendUint16(b, uint16(r))
		}
		return string(b)
	}
	for name, data := range map[string]string{
		"UTF-8 with a mark": "\xef\xbb\xbf" + doc, "UTF-16LE": utf16(binary.LittleEndian, true), "UTF-16BE": utf16(binary.BigEndian, true),
		"UTF-16LE without a mark": utf16(binary.LittleEndian, false), "UTF-16BE without a mark": utf16(binary.BigEndian, false),
	} {
		if cues, _, err := decode([]byte(data), "", 0); err != nil || len(cues) != 1 || cues[0].Text != "é日" {
			t.Errorf("%s: %v %v", name, cues, err)
		}
	}
	latin := strings.Replace(strings.Replace(doc, "utf-16", "iso-8859-1", 1), "é日", "\xe9", 1)
	if cues, _, err := decode([]byte(latin), "", 0); err != nil || len(cues) != 1 || cues[0].Text != "é" {
		t.Errorf("Latin 1: %v %v", cues, err)
	}
}

// A track keeps at most so many cues, the latest.
func TestTrackIsBounded(t *testing.T) {
	var track Track
	for i := range maxTrackCues/1000 + 3 {
		var cues []string
		for n := range 1000 {
			cues = append(cues, fmt.Sprintf("%dms %dms %d %d", n, n+1, i, n))
		}
		if err := track.Add(fragment(i, 1, cues...)); err != nil {
			t.Fatal(err)
		}
	}
	if track.Len() != maxTrackCues {
		t.Errorf("%d cues are held", track.Len())
	}
	if len(track.At(ms(1500))) != 0 || len(track.At(ms(6500))) == 0 {
		t.Error("the latest were forgotten")
	}
}

func BenchmarkAdd(b *testing.B) {
	f := fragment(10, 2, "0s 1s One line of a caption", "1s 2s and another<br/>with two lines")
	b.ReportAllocs()
	for b.Loop() {
		var track Track
		if err := track.Add(f); err != nil {
			b.Fatal(err)
		}
	}
}
