package report_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"smoothplay/player/report"
)

// link is one on which there is something to decide.
const link = "8M:30s,1M:30s,4M:30s,300k:25s,8M:15s"

// file writes the page of some runs to a file and returns its path.
func file(t *testing.T, runs []report.Series) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, page(t, runs), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// charts of a page, as ids of their figures.
var chartsOf = []string{"bitrate", "lanes", "buffer", "frames"}

// place is the middle of a chart in the window, at a share of its width.
func (b *browser) place(chart string, share float64) (x, y float64) {
	b.t.Helper()
	var r struct{ X, Y, W, H float64 }
	b.eval(`(() => { const r = document.querySelector("#`+chart+` .u-over").getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height} })()`, &r)
	return r.X + r.W*share, r.Y + r.H/2
}

// text is the text of an element; "" where it is hidden or not there.
func (b *browser) text(selector string) (text string) {
	b.t.Helper()
	b.eval(`(e => e && e.offsetParent ? e.innerText : "")(document.querySelector(`+quote(selector)+`))`, &text)
	return text
}

func quote(s string) string { return "`" + s + "`" }

// drawn is how many colours a chart has, and which share of its points are not
// of the colour of most.
func (b *browser) drawn(chart string) (colours int, share float64) {
	b.t.Helper()
	var got struct {
		Colours int
		Share   float64
	}
	b.eval(`(() => {
		const own = document.querySelector("#`+chart+` canvas"), c = new OffscreenCanvas(own.width, own.height);
		const ctx = c.getContext("2d", {willReadFrequently: true});
		ctx.drawImage(own, 0, 0);
		const d = new Uint32Array(ctx.getImageData(0, 0, c.width, c.height).data.buffer), n = new Map();
		for (const p of d) n.set(p, (n.get(p) || 0) + 1);
		return {Colours: n.size, Share: 1 - Math.max(...n.values()) / d.length};
	})()`, &got)
	return got.Colours, got.Share
}

// view is the range of time that a chart shows.
func (b *browser) view() (from, to float64) {
	b.t.Helper()
	var got []float64
	b.eval("view", &got)
	return got[0], got[1]
}

// wide is the width of the page.
func (b *browser) wide() (wide float64) {
	b.t.Helper()
	b.eval("document.documentElement.scrollWidth", &wide)
	return wide
}

func TestOneRunInABrowser(t *testing.T) {
	b := startBrowser(t)
	path := file(t, series("one run", session(t, "throughput", link)))
	b.window(1280, 1000, false)
	b.open(path)
	for _, chart := range chartsOf {
		if colours, share := b.drawn(chart + "-0"); colours < 10 || share < .03 {
			t.Errorf("%s is as good as blank: %d colours, %.3f of it drawn", chart, colours, share)
		}
	}
	b.screenshot("one-light", true)

	t.Run("hover says why", func(t *testing.T) {
		if got := b.text(".box"); got != "" {
			t.Errorf("before the mouse is there: %q", got)
		}
		x, y := b.place("bitrate-0", .3)
		b.mouse("mouseMoved", x, y)
		got := b.text(".box")
		for _, want := range []string{
			`(?m)^0:\d\d\.\d`, `shown\s+[\d.]+ [Mk]bit/s · \d+×\d+`, `downloaded\s+[\d.]+ [Mk]bit/s`, `estimate\s+[\d.]+ [Mk]bit/s ± \d+ %`,
			`buffer\s+video [\d.]+ s, audio [\d.]+ s`, `pictures/s\s+[\d.]+ of 25.0`,
			`(?m)^(hold|bandwidth|abandon)`, `(nothing to change|the link allows more|would come too late)`,
			`decided\s+0:\d\d\.\d\d`, `video\s+chunk \d+ at \d:\d\d`, `buffer\s+[\d.]+ s of 20 s`, `candidates and scores\s+350 kbit/s\s+-?[\d.]+`,
		} {
			if !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
		b.screenshot("one-hover", false)
	})
	t.Run("keys step, zoom and let go", func(t *testing.T) {
		_, end := b.view()
		b.key("ArrowRight")
		before := b.text(".box h4")
		b.key("ArrowRight")
		if after := b.text(".box h4"); after == before || b.text("#live") == "" {
			t.Errorf("the next decision is at %q after %q, told as %q", after, before, b.text("#live"))
		}
		b.key("+")
		b.key("+")
		if from, to := b.view(); to-from > end/3.9 || from < 0 || to > end {
			t.Errorf("after two + the view is %v to %v of %v", from, to, end)
		}
		b.key("0")
		if from, to := b.view(); from != 0 || to != end {
			t.Errorf("after 0 the view is %v to %v of %v", from, to, end)
		}
		b.key("Escape")
		if got := b.text(".box"); got != "" {
			t.Errorf("after escape: %q", got)
		}
	})
	t.Run("dragging zooms all charts", func(t *testing.T) {
		x0, y := b.place("buffer-0", .25)
		x1, _ := b.place("buffer-0", .5)
		b.mouse("mouseMoved", x0, y)
		b.mouse("mousePressed", x0, y)
		b.mouse("mouseMoved", (x0+x1)/2, y)
		b.mouse("mouseMoved", x1, y)
		b.mouse("mouseReleased", x1, y)
		var scales [][]float64
		b.eval("charts.map(u => [u.scales.x.min, u.scales.x.max])", &scales)
		var end float64
		b.eval("limits.end", &end)
		for i, s := range scales {
			if s[0] < .24*end || s[0] > .26*end || s[1] < .49*end || s[1] > .51*end {
				t.Errorf("chart %d shows %v of %v", i, s, end)
			}
		}
		b.screenshot("one-zoomed", false)
		b.key("0")
	})
	t.Run("a click pins the box, a legend hides a line", func(t *testing.T) {
		x, y := b.place("lanes-0", .6)
		b.mouse("mouseMoved", x, y)
		b.mouse("mousePressed", x, y)
		b.mouse("mouseReleased", x, y)
		pinned := b.text(".box h4")
		b.mouse("mouseMoved", x-100, y)
		if got := b.text(".box h4"); got != pinned || got == "" {
			t.Errorf("%q, pinned at %q", got, pinned)
		}
		b.key("Escape")
		colours := func() (n int) { n, _ = b.drawn("bitrate-0"); return n }
		before := colours()
		b.eval(`document.querySelectorAll("#bitrate-0 .key").forEach(k => k.click())`, nil)
		b.painted()
		if after := colours(); after >= before/2 {
			t.Errorf("%d colours with all lines hidden, %d before", after, before)
		}
	})
	b.mustBeQuiet(path)
}

func TestTwoRunsInABrowser(t *testing.T) {
	b := startBrowser(t)
	path := file(t, append(series("today.jsonl", session(t, "throughput", link)), series("yesterday.jsonl", session(t, "bola-e", link))...))
	for _, size := range []struct {
		name          string
		width, height int
		dark          bool
	}{{"two-light", 1280, 1000, false}, {"two-dark", 1920, 1080, true}} {
		b.window(size.width, size.height, size.dark)
		b.open(path)
		b.screenshot(size.name, true)
		for _, chart := range chartsOf {
			for _, column := range []string{"-0", "-1"} {
				if colours, share := b.drawn(chart + column); colours < 10 || share < .03 {
					t.Errorf("%s%s is as good as blank: %d colours, %.3f of it drawn", chart, column, colours, share)
				}
			}
			var same bool
			b.eval(`(([a, b]) => a.top === b.top && a.width === b.width && a.height === b.height)(["-0", "-1"].map(i => document.querySelector("#`+chart+`" + i + " canvas").getBoundingClientRect()))`, &same)
			if !same {
				t.Errorf("%d wide: the two charts %s are not aligned", size.width, chart)
			}
		}
		if wide := b.wide(); wide > float64(size.width) {
			t.Errorf("the page is %v wide in a window of %d", wide, size.width)
		}
		var axes []float64
		b.eval(`charts.filter(u => u.spec.id === "bitrate").map(u => u.scales.y.max)`, &axes)
		if axes[0] != axes[1] {
			t.Errorf("the axes end at %v", axes)
		}
		x, y := b.place("bitrate-1", .5)
		b.mouse("mouseMoved", x, y)
		var boxes []string
		b.eval(`[...document.querySelectorAll(".box h4")].map(e => e.textContent)`, &boxes)
		if len(boxes) != 2 || boxes[0][:5] != boxes[1][:5] {
			t.Errorf("the boxes are at %q", boxes)
		}
		b.screenshot(size.name+"-hover", false)
	}
	if got := b.text(".figures"); !regexp.MustCompile(`Stalls\s+1\s+0\s+−1 \(−100 %\)\s*better`).MatchString(got) {
		t.Errorf("no comparison of stalls in\n%s", got)
	}
	pdf := b.print("two")
	if n := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); n < 2 || n > 6 {
		t.Errorf("printed on %d pages", n)
	}
	b.mustBeQuiet(path)
}

func TestASlowDeviceInABrowser(t *testing.T) {
	b := startBrowser(t)
	slow := series("slow device", play(t, "throughput", "20M", 3000)) // ns for each byte
	if len(slow[0].Caps) < 2 {
		t.Fatalf("the device was not capped: %+v", slow[0].Caps)
	}
	runs := append(slow, series("fast device", session(t, "bola-e", link))...)
	path := file(t, append(runs, series("third", session(t, "fixed", link))...))
	b.window(1280, 1000, false)
	b.open(path)
	b.screenshot("slow", true)
	if got := b.text("#frames-0 figcaption"); !strings.Contains(got, "render cap") {
		t.Errorf("no cap in the legend: %q", got)
	}
	// Of three runs, the reader chooses.
	b.eval(`(s => { s.value = "2"; s.dispatchEvent(new Event("change")) })(document.querySelectorAll("#pickers select")[1])`, nil)
	b.painted()
	if got := b.text(".run:nth-child(2) h2"); !strings.Contains(got, "third") {
		t.Errorf("chose the third run and see %q", got)
	}
	b.eval(`(s => { s.value = ""; s.dispatchEvent(new Event("change")) })(document.querySelectorAll("#pickers select")[1])`, nil)
	b.painted()
	var n int
	b.eval(`document.querySelectorAll(".run").length`, &n)
	if n != 1 {
		t.Errorf("%d runs after the other was taken away", n)
	}
	b.mustBeQuiet(path)
}

func TestHostilePagesInABrowser(t *testing.T) {
	b := startBrowser(t)
	b.window(1280, 1000, false)
	for name, runs := range map[string][]report.Series{"hostile": hostileRun(), "empty": make([]report.Series, 2)} {
		path := file(t, runs)
		b.heard = nil
		b.open(path)
		x, y := b.place("bitrate-0", .15)
		b.mouse("mouseMoved", x, y)
		b.key("ArrowRight")
		b.screenshot(name, true)
		var got struct{ Title, Head string }
		b.eval(`({Title: document.title, Head: document.querySelector("h2").textContent})`, &got)
		if strings.HasPrefix(got.Title, "broken") || name == "hostile" && !strings.Contains(got.Head, hostile[0]) {
			t.Errorf("title %q, heading %q", got.Title, got.Head)
		}
		if wide := b.wide(); wide > 1280 {
			t.Errorf("%s: the page is %v wide in a window of 1280", name, wide)
		}
		b.mustBeQuiet(path)
	}
}
