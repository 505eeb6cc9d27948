package text

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
)

var update = flag.Bool("update", false, "write the golden lists of cues anew")

// TestGolden reads the documents in testdata/cues and compares what comes out
// with the list beside each.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/cues/*.*t*")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if ext := filepath.Ext(file); ext != ".ttml" && ext != ".vtt" {
			continue
		}
		seen++
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cues, _, err := decode(data, "", 0)
			got := list(cues, err)
			golden := file + ".cues"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	if seen < 10 {
		t.Errorf("%d documents were read", seen)
	}
}

// list writes cues for people: a line for times and words, and one for each thing
// that is stated.
func list(cues []platform.Cue, err error) string {
	var b strings.Builder
	for _, c := range cues {
		end := "forever"
		if c.End != Forever {
			end = c.End.String()
		}
		fmt.Fprintf(&b, "%v - %s %q\n", c.Begin, end, c.Text)
		if c.Align != platform.AlignCenter || c.Direction != 0 || c.LineHeight != 0 || c.NoWrap {
			align := [...]string{"center", "start", "end", "left", "right"}[c.Align]
			direction := [...]string{"auto", "left to right", "right to left"}[c.Direction]
			fmt.Fprintf(&b, "    align %s, direction %s, line height %.4f, wrap %v\n", align, direction, c.LineHeight, !c.NoWrap)
		}
		for _, r := range c.Runs {
			fmt.Fprintf(&b, "    run %q%s\n", r.Text, describe(r.Style))
		}
		if r := c.Region; r != nil {
			at := [...]string{"bottom", "center", "top"}[r.Display]
			fmt.Fprintf(&b, "    region %.4f %.4f, %.4f x %.4f, padding %.4f %.4f %.4f %.4f, %s, background %02x, layer %d\n",
				r.X, r.Y, r.Width, r.Height, r.PaddingTop, r.PaddingRight, r.PaddingBottom, r.PaddingLeft,
				at, r.Background, r.Layer)
		}
		if c.Image != nil {
			fmt.Fprintf(&b, "    image of %d bytes, opacity %.2f\n", len(c.Image.PNG), c.Image.Opacity)
		}
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

func describe(s platform.CueStyle) string {
	var b strings.Builder
	add := func(yes bool, format string, value ...any) {
		if yes {
			fmt.Fprintf(&b, " "+format, value...)
		}
	}
	add(s.Colour.A+s.Colour.R > 0, "colour %02x", s.Colour)
	add(s.Background.A > 0, "on %02x", s.Background)
	add(s.Family != "", "family %q", s.Family)
	add(s.Size != 0, "size %.4f", s.Size)
	add(s.Bold, "bold")
	add(s.Italic, "italic")
	add(s.Underline, "underline")
	add(s.LineThrough, "through")
	add(s.OverLine, "over")
	add(s.Hidden, "hidden")
	add(s.Outline != 0, "outline %.4f %02x", s.Outline, s.OutlineColour)
	return b.String()
}

// ms is a time in milliseconds.
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
