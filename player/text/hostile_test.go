package text

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
)

// Documents that are made to cost much end soon, with what they had before the
// bound, and hold little memory.
func TestHostileDocuments(t *testing.T) {
	const open = `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling">`
	body := func(s string) string { return open + "<body><div>" + s + "</div></body></tt>" }
	var chain strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&chain, `<style xml:id="s%d" style="s%d s%d s%d"/>`, i, i+1, i+2, i+3)
	}
	for name, test := range map[string]struct {
		doc      string
		tooLarge bool
	}{
		"deep":                 {open + strings.Repeat("<div>", 100000), true},
		"deep and foreign":     {body(`<x xmlns="urn:x">` + strings.Repeat("<y>", 100000)), false},
		"many elements":        {body(strings.Repeat("<p>a</p>", 100000)), true},
		"many cues":            {body(strings.Repeat(`<p end="1s">a</p>`, maxCues+5)), true},
		"many attributes":      {body("<p " + strings.Repeat(`color="red" `, 100000) + `end="1s">a</p>`), false},
		"many references":      {body(`<p style="` + strings.Repeat("a ", 500000) + `" end="1s">a</p>`), false},
		"styles of styles":     {open + "<head><styling>" + chain.String() + `</styling></head><body><p style="s0" end="1s">a</p></body></tt>`, false},
		"spans in all times":   {body("<p>" + strings.Repeat("text ", 1000) + spans(20000) + "</p>"), true},
		"set in all times":     {body("<p>a" + sets(30000) + "</p>"), true},
		"text in all times":    {body("<p>" + strings.Repeat("text ", 100000) + spans(1000) + "</p>"), true},
		"breaks":               {body("<p>" + strings.Repeat("a<br/>", 20000) + "</p>"), false},
		"an entity of itself":  {`<!DOCTYPE tt [<!ENTITY a "&a;&a;">]>` + body("<p end='1s'>&a;</p>"), false},
		"one picture, often":   {body(strings.Repeat(`<div backgroundImage="#i"/>`, 4000) + `<metadata><image xmlns="smpte" xml:id="i">` + strings.Repeat("A", 100000) + `</image></metadata>`), false},
		"numbers":              {body(`<p begin="99999999999999999999h" end="1e9s" tts:fontSize="1e300%">a</p><p dur="99999999:00:00" tts:origin="NaN% Inf%" tts:extent="9999999px -5px">b</p>`), false},
		"tags that never end":  {"WEBVTT\n\n00:00.000 --> 00:01.000\n" + strings.Repeat("<b>", 100000), false},
		"many cues of WebVTT":  {"WEBVTT\n" + strings.Repeat("\n00:00.000 --> 00:01.000\na\n", maxCues+5), true},
		"too large altogether": {strings.Repeat(" ", maxDocument+1), true},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			cues, _, err := decode([]byte(test.doc), "", 0)
			runtime.GC()
			runtime.ReadMemStats(&after)
			if errors.Is(err, ErrTooLarge) != test.tooLarge {
				t.Errorf("error %v", err)
			}
			if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > int64(16*len(test.doc))+16<<20 {
				t.Errorf("%d bytes became %d", len(test.doc), held)
			}
			check(t, cues)
		})
	}
}

func spans(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<span begin="%ds">b</span>`, i)
	}
	return b.String()
}

func sets(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<set begin="%ds" color="red"/>`, i)
	}
	return b.String()
}

// check holds cues against what a port may rely on.
func check(t *testing.T, cues []platform.Cue) {
	t.Helper()
	if len(cues) > maxCues+1 {
		t.Errorf("%d cues", len(cues))
	}
	for _, c := range cues {
		if c.Begin < 0 || c.End <= c.Begin {
			t.Fatalf("a cue from %v to %v", c.Begin, c.End)
		}
		var all strings.Builder
		for _, r := range c.Runs {
			all.WriteString(r.Text)
			if s := r.Style; s.Size < 0 || s.Size > 1 || s.Outline > 0.05 {
				t.Fatalf("a style with size %v, outline %v", s.Size, s.Outline)
			}
		}
		plain := strings.Map(func(r rune) rune {
			if isEmbedding(r) {
				return -1
			}
			return r
		}, all.String())
		if c.Runs != nil && plain != strings.Map(func(r rune) rune {
			if isEmbedding(r) {
				return -1
			}
			return r
		}, c.Text) {
			t.Fatalf("the runs %q are not the text %q", plain, c.Text)
		}
		if r := c.Region; r != nil {
			for _, n := range []float64{r.X, r.Y, r.Width, r.Height} {
				if !(n >= -2 && n <= 2) {
					t.Fatalf("a region at %v %v of %v %v", r.X, r.Y, r.Width, r.Height)
				}
			}
		}
	}
}

// Found by FuzzWebVTT: line 71 was below the picture, in a region that ended before
// it began.
func TestWebVTTLinesBeyondThePicture(t *testing.T) {
	for line, want := range map[string][2]float64{"71": {1 - vttLine, 1}, "-71": {0, vttLine}, "3": {3 * vttLine, 1}, "-1": {0, 1}} {
		cues, err := readWebVTT("WEBVTT\n\n00:00.000 --> 00:01.000 line:" + line + "\na\n")
		if err != nil || len(cues) != 1 {
			t.Fatalf("%d cues, error %v", len(cues), err)
		}
		if r := cues[0].Region; math.Abs(r.Y-want[0]) > 1e-9 || math.Abs(r.Y+r.Height-want[1]) > 1e-9 {
			t.Errorf("line %s: from %v to %v, not %v", line, r.Y, r.Y+r.Height, want)
		}
		check(t, cues)
	}
}

func FuzzTTML(f *testing.F) {
	for _, data := range corpus(f, "testdata/cues/*.ttml") {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		cues, _ := readTTML(data)
		check(t, cues)
	})
}

func FuzzWebVTT(f *testing.F) {
	for _, data := range corpus(f, "testdata/cues/*.vtt") {
		f.Add(string(data))
	}
	f.Add("WEBVTT\n\n00:00.000 --> 00:01.000 line:-1 position:10%,start size:50% align:end vertical:rl\n<c.red.bg_blue><b>a</b> &lt;<v Me>b</c>\n")
	f.Fuzz(func(t *testing.T, data string) {
		if len(data) > 1<<16 {
			return
		}
		cues, _ := readWebVTT(data)
		check(t, cues)
	})
}

func FuzzTrack(f *testing.F) {
	for _, data := range corpus(f, "testdata/cues/*.*t*") {
		f.Add(data, int64(time.Second), int64(2*time.Second))
	}
	f.Add([]byte(box("vttc", box("payl", "a"))), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, data []byte, start, duration int64) {
		if len(data) > 1<<16 {
			return
		}
		at, d := time.Duration(max(start, 0)), time.Duration(max(duration, 0))
		at, d = min(at, Forever/4), min(d, Forever/4)
		var track Track
		frag := Fragment{Start: at, Duration: d, Samples: []Sample{{Start: at, Duration: d, Data: data}}}
		_ = track.Add(frag)
		once := held(&track)
		check(t, track.At(at))
		_ = track.Add(frag)
		if track.base.absolute == false && held(&track) != once {
			t.Errorf("read twice it is\n%s\nnot\n%s", held(&track), once)
		}
		for i := range track.cues {
			if i > 0 && track.cues[i].Begin < track.cues[i-1].Begin {
				t.Error("the cues are out of order")
			}
		}
	})
}
