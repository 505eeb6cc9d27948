package policy

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"smoothplay/heuristics"
	"smoothplay/platform/platformtest"
)

func TestWindow(t *testing.T) {
	for _, test := range []struct {
		name    string
		w       window
		samples []float64
		want    float64
	}{
		{"mean", smoothRates, []float64{1, 2, 3}, 2},
		{"the latest three", smoothRates, []float64{1, 2, 3, 4}, 3},
		{"five times as much still counts in", smoothRates, []float64{1, 5}, 3},
		{"more begins anew", smoothRates, []float64{1, 1, 5.1}, 5.1},
		{"a fifth less still counts in", smoothRates, []float64{10, 8}, 9},
		{"less begins anew", smoothRates, []float64{10, 10, 7.9}, 7.9},
		{"buffer half as high again", smoothBuffers, []float64{10, 15}, 12.5},
		{"buffer higher", smoothBuffers, []float64{10, 15.1}, 15.1},
		{"five of a level", smoothEncoded, []float64{10, 11, 12, 11, 10, 11}, 11},
		{"a level that became more complex", smoothEncoded, []float64{10, 12.1}, 12.1},
	} {
		for _, x := range test.samples {
			test.w.add(x)
		}
		if math.Abs(test.w.mean-test.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", test.name, test.w.mean, test.want)
		}
	}
}

// fetched is one step of a session with smooth2009: a transfer at a rate in
// Mbit/s that left this much in the buffer.
type fetched struct {
	mbps, buffer float64
}

// drive feeds transfers to a policy, each of a fragment of 2 s at the level last
// chosen that took a second, and returns what was chosen after each.
func drive(p heuristics.Policy, steps []fetched) (chosen []int, last heuristics.Decision) {
	in := &heuristics.Input{Levels: ladder, Current: -1, ChunkDuration: 2 * time.Second, ChunksLeft: 100, Goal: 25 * time.Second,
		RenderCap: 4, StartLevel: -1, Playing: true}
	p.Decide(in)
	in.Current = 0
	for i, s := range steps {
		start := in.Now
		in.Now += time.Second
		in.ChunkIndex, in.SinceDiscontinuity = i+1, i+1
		in.Buffered = time.Duration(s.buffer * 1e9)
		// The media is chosen so that each fragment has its nominal rate.
		media := s.mbps * 1e6 / float64(ladder[in.Current].BitrateBPS)
		in.Transfers = append(in.Transfers, heuristics.Transfer{Level: in.Current, Bytes: int64(s.mbps * 1e6 / 8), Start: start,
			FirstByte: 100 * time.Millisecond, Body: 900 * time.Millisecond, Media: time.Duration(media * 1e9)})
		last = p.Decide(in)
		in.Current = last.Level
		chosen = append(chosen, last.Level)
	}
	return chosen, last
}

// sinking is a session that reaches the third level and then sees 1 Mbit/s and a
// buffer that shrinks by a step each time.
func sinking(from, by float64, n int) []fetched {
	all := []fetched{{9, 18}, {9, 18}}
	for i := range n {
		all = append(all, fetched{1, from - by*float64(i)})
	}
	return all
}

// TestSmooth2009Decides: the ladder is 0.35, 0.7, 1.5, 3 and 6 Mbit/s.
func TestSmooth2009Decides(t *testing.T) {
	const hold = heuristics.ReasonHold
	for _, test := range []struct {
		name   string
		steps  []fetched
		want   []int
		reason heuristics.Reason
	}{
		// 4/1.25 = 3.2 carries level 3; with 2 s in the buffer 4*2*.64/2 = 2.56
		// carries level 2. Nothing is known of the slope: one up at most. Then
		// the buffer rises by 2 s in a second: as high as it may.
		{"fills, and climbs while the buffer rises", []fetched{{4, 2}, {4, 4}, {4, 6}}, []int{1, 3, 3}, hold},
		{"fills, by what is buffered", []fetched{{4, 1}, {4, 2}}, []int{1, 2}, heuristics.ReasonBandwidth},
		{"one up at most while the buffer is steady", []fetched{{9, 6}, {9, 6.2}, {9, 6.4}}, []int{1, 2, 3}, heuristics.ReasonBandwidth},
		{"one up at most at the rate of a cache", []fetched{{25, 4}, {25, 6}, {25, 8}, {25, 10}}, []int{1, 2, 3, 4}, heuristics.ReasonBandwidth},
		// The means of the buffer are 13, 14, 15: steady from then on, and rising:
		// up by one.
		{"steady at 14.5 s", []fetched{{2, 13}, {2, 15}, {2, 17}}, []int{1, 2, 2}, hold},
		{"holds between the marks", []fetched{{2, 15}, {2, 15}, {9, 15}, {9, 15}}, []int{0, 0, 0, 0}, hold},
		{"one up above the upper mark", []fetched{{2, 18}, {2, 18}, {9, 18}, {9, 18}}, []int{1, 1, 2, 3}, heuristics.ReasonBandwidth},
		{"not to what the link does not carry", []fetched{{.6, 18}, {.6, 18}, {.6, 18}, {.6, 18}, {.6, 18}}, []int{0, 0, 0, 0, 0}, hold},
		// The mean of three is below 12 s with the 17th step of 0.39 s from 17.6 s.
		{"one down below the lower mark", sinking(17.6, .39, 18), append([]int{1, 2}, append(slices.Repeat([]int{2}, 16), 1, 0)...), heuristics.ReasonBufferLow},
		{"falling fast above the lower mark", []fetched{{9, 15}, {9, 18}, {9, 19}, {1, 16}, {1, 13.5}}, []int{0, 1, 2, 2, 2}, hold},
		{"falling fast to the lower mark", []fetched{{9, 15}, {9, 18}, {9, 19}, {1, 16}, {1, 11.9}}, []int{0, 1, 2, 2, 0}, heuristics.ReasonBufferLow},
		{"lowest below the panic mark", []fetched{{2, 15}, {2, 6.9}}, []int{0, 0}, hold},
	} {
		t.Run(test.name, func(t *testing.T) {
			chosen, last := drive(policyOf(t, Smooth2009, Config{}), test.steps)
			t.Log(chosen, last)
			for i, q := range test.want {
				if chosen[i] != q {
					t.Fatalf("chosen %v, want %v", chosen, test.want)
				}
			}
			if last.Reason != test.reason {
				t.Errorf("the reason is %q, want %q", last.Reason, test.reason)
			}
		})
	}
}

func TestSmooth2009Knobs(t *testing.T) {
	in := &heuristics.Input{Levels: ladder, Current: 0, ChunkIndex: 9, ChunkDuration: 2 * time.Second, ChunksLeft: 50, Buffered: 19 * time.Second,
		Goal: 60 * time.Second, Playing: true, SinceDiscontinuity: 9, RenderCap: 4, StartLevel: -1}
	in.Now = 10 * time.Second
	in.Transfers = rated(5)
	in.Transfers[0].Start = 9 * time.Second
	for _, test := range []struct {
		name  string
		knobs SmoothConfig
		goal  time.Duration
		delay time.Duration
		level int
	}{
		{"its own 20 s", SmoothConfig{}, time.Minute, time.Second, 0},
		{"more is wanted", SmoothConfig{MaxBufferSize: 30 * time.Second}, time.Minute, 0, 0},
		{"less is gathered", SmoothConfig{}, 10 * time.Second, 11 * time.Second, 0},
		{"at least", SmoothConfig{MinBitRate: 1_000_000, MaxBufferSize: time.Minute}, time.Minute, 0, 2},
		{"at least what there is not", SmoothConfig{MinBitRate: 1e9, MaxBufferSize: time.Minute}, time.Minute, 0, 4},
	} {
		in.Goal = test.goal
		p := policyOf(t, Smooth2009, Config{Smooth: test.knobs})
		d := p.Decide(in)
		if d.Delay != test.delay || d.Level != test.level {
			t.Errorf("%s: %+v, want level %d after %v", test.name, d, test.level, test.delay)
		}
		// Asked again after the delay it answers the same.
		later := in.Clone()
		later.Now, later.Buffered = in.Now+d.Delay, in.Buffered-d.Delay
		if again := p.Decide(&later); again.Level != d.Level || again.Delay != 0 {
			t.Errorf("%s, asked again: %+v", test.name, again)
		}
	}
	p := policyOf(t, Smooth2009, Config{Smooth: SmoothConfig{MaxBitRate: 2_000_000}})
	s := newSession(Smooth2009, constantLink(20e6))
	s.policy = p
	s.run()
	if top := s.chosen[len(s.chosen)-1]; top != 2 || s.stalls > 0 {
		t.Errorf("with at most 2 Mbit/s it ends at level %d, %d stalls: %v", top, s.stalls, s.chosen)
	}
}

// TestSmooth2009Caches: a transfer far quicker than the first ones changes
// nothing, three in a row are the link's.
func TestSmooth2009Caches(t *testing.T) {
	p := newSmooth2009(Config{}).(*smooth2009)
	in := &heuristics.Input{Levels: ladder, ChunkDuration: 2 * time.Second, Goal: 20 * time.Second, RenderCap: 4, StartLevel: -1}
	rates := []float64{1, 1, 5, 5.1, 1, 100, 100, 100} // five times as much is in the band of the mean, the 1 after it is not
	want := []float64{1, 1, 7. / 3, 7. / 3, 1, 1, 1, 100}
	for i := range rates {
		in.Transfers = rated(rates[:i+1]...)
		in.ChunkIndex, in.SinceDiscontinuity = i, i+1
		p.Decide(in)
		if got := p.rate.mean / 1e6; math.Abs(got-want[i]) > 1e-3 {
			t.Errorf("after %v: %.3f Mbit/s, want %.3f", rates[:i+1], got, want[i])
		}
	}
}

func TestSmooth2009AfterASeek(t *testing.T) {
	s := newSession(Smooth2009, constantLink(20e6))
	s.seekAt = 60
	s.run()
	if s.chosen[60] != 0 || s.chosen[59] != 4 {
		t.Errorf("around the seek: %v", s.chosen[58:70])
	}
	// 3.5 Mbit/s carry 3 without headroom, not with it.
	for _, test := range []struct {
		seek int
		want int
	}{{0, 2}, {60, 3}} {
		s := newSession(Smooth2009, constantLink(3.5e6))
		s.seekAt = test.seek
		s.chunks = 64
		s.run()
		if got := s.chosen[63]; test.seek > 0 && got != test.want || test.seek == 0 && s.chosen[4] != test.want {
			t.Errorf("seek at %d: %v", test.seek, s.chosen)
		}
	}
}

func utf16LE(text string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

const smoothXML = `<?xml version="1.0" encoding="utf-16"?>
<!-- tuned -->
<SmoothStreamingConfig version="1">
  <Heuristics>
    <Network>
      <PanicBufferFullness value="4"/>
      <LowerBufferFullness value=" 9 "></LowerBufferFullness>
      <UpperBufferFullness>15.5</UpperBufferFullness>
      <maxbuffersize unit="s" value="25"/>
      <TryImprovingBitRatePeriod value="10"/>
      <CacheBandwidthFactor Value="8"/>
      <MinBitRate BitsPerSecond="300000"/>
      <MaxBitRate BitsPerSecond="18446744073709551615"/>
    </Network>
    <Frobnicate value="x"/>
  </Heuristics>
</SmoothStreamingConfig>`

func TestReadSmoothConfig(t *testing.T) {
	full := SmoothConfig{
		PanicBufferFullness: 4 * time.Second, LowerBufferFullness: 9 * time.Second, UpperBufferFullness: 15500 * time.Millisecond,
		MaxBufferSize: 25 * time.Second, TryImprovingBitRatePeriod: 10 * time.Second, CacheBandwidthFactor: 8, MinBitRate: 300_000, MaxBitRate: 1e15,
	}
	one := SmoothConfig{PanicBufferFullness: 5 * time.Second}
	tests := []struct {
		name, text string
		want       SmoothConfig
		err        string // "": none
	}{
		{"all", smoothXML, full, ""},
		{"UTF-16", utf16LE(smoothXML), full, ""},
		{"with a mark", "\xef\xbb\xbf" + smoothXML, full, ""},
		{"one", `<x><PanicBufferFullness value="5"/></x>`, one, ""},
		{"attribute before text", `<x><PanicBufferFullness value="5">6</PanicBufferFullness></x>`, one, ""},
		{"none", `<x><y/></x>`, SmoothConfig{}, "no setting"},
		{"empty", ``, SmoothConfig{}, "no setting"},
		{"no XML", `PanicBufferFullness = 5`, SmoothConfig{}, "no setting"},
		{"broken", `<x><PanicBufferFullness value="5">`, SmoothConfig{}, "unexpected EOF"},
		{"no number", "<x>\n<PanicBufferFullness>much</PanicBufferFullness></x>", SmoothConfig{}, "line 2: PanicBufferFullness: \"much\""},
		{"negative", `<x><PanicBufferFullness value="-5"/></x>`, SmoothConfig{}, "from 0 up"},
		{"not a number", `<x><PanicBufferFullness value="NaN"/></x>`, SmoothConfig{}, "from 0 up"},
		{"too long", `<x><MaxBufferSize value="1e9"/></x>`, SmoothConfig{}, "an hour"},
		{"descending", `<x><PanicBufferFullness value="13"/></x>`, SmoothConfig{}, "must ascend"},
		{"beyond the buffer", `<x><MaxBufferSize value="15"/></x>`, SmoothConfig{}, "above MaxBufferSize"},
		{"bit rates", `<x><MinBitRate v="5"/><MaxBitRate v="4"/></x>`, SmoothConfig{}, "above MaxBitRate"},
		{"too large", "<x>" + strings.Repeat(" ", maxSmoothConfig) + "</x>", SmoothConfig{}, "64 KiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadSmoothConfig(strings.NewReader(test.text))
			if test.err == "" && err != nil || test.err != "" && (!errors.Is(err, ErrSmoothConfig) || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("got %v, want %q", err, test.err)
			}
			if got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
	if _, err := ReadSmoothConfig(brokenReader{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, os.ErrClosed }

// TestSmoothConfigOfTheCorpus: other files of the same vendor are no settings.
func TestSmoothConfigOfTheCorpus(t *testing.T) {
	dir := platformtest.Shared(t, "corpus/microsoft-docs")
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests in %s: %v", dir, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := ReadSmoothConfig(strings.NewReader(string(b))); !errors.Is(err, ErrSmoothConfig) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}

func FuzzReadSmoothConfig(f *testing.F) {
	f.Add(smoothXML)
	f.Add(utf16LE(smoothXML))
	f.Add(`<x><MinBitRate v="5"/><MaxBitRate>7</MaxBitRate></x>`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ReadSmoothConfig(strings.NewReader(text))
		if err != nil {
			if c != (SmoothConfig{}) {
				t.Errorf("an error and %+v", c)
			}
			return
		}
		if err := c.check(); err != nil {
			t.Error(err)
		}
		in := newSession(Smooth2009, constantLink(4e6)).input(2, 10, 10)
		if d := newSmooth2009(Config{Smooth: c}).Decide(in); d.Level < 0 || d.Level >= len(in.Levels) || d.Delay < 0 {
			t.Errorf("%+v leads to %+v", c, d)
		}
	})
}
