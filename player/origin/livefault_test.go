package origin

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// newest is the last chunk of a stream of the live demo.
func newest(t testing.TB, h http.Handler, stream int) (*manifest.Stream, span) {
	t.Helper()
	s := &liveManifest(t, h, demoLive).Streams[stream]
	list := listed(s)
	return s, list[len(list)-1]
}

func nextOf(t testing.TB, h http.Handler, s *manifest.Stream, c span) []fragment.Announced {
	t.Helper()
	return parsed(t, s, body(t, h, urlOf(demoLive, s, 0, c.t))).Next
}

func TestStaleManifest(t *testing.T) {
	edge := func(o *Origin) time.Duration {
		_, c := newest(t, o, 0)
		return time.Duration(c.t+c.d)*100 + 4*time.Second // the look-ahead
	}
	bubble(t, func(t *testing.T) {
		at(time.Minute)
		live := Live{Epoch: midnight}
		for _, c := range []struct {
			faults string
			want   []time.Duration // after 0, 10, 20 s and so on
		}{
			{"", []time.Duration{0, 10, 20, 30, 40}},
			{"stale-manifest", []time.Duration{0, 0, 0, 0, 0}},
			{"stale-manifest@10s-30s", []time.Duration{0, 10, 10, 30, 40}},
			{"stale-manifest@-20s", []time.Duration{-20, -10, 0, 10, 20}},
			{"stale-manifest@50%", []time.Duration{0, 0, 20, 0, 40}},
			{"stale-manifest@every:2@20s", []time.Duration{0, 10, 20, 20, 40}},
		} {
			o := liveOrigin(t, live, c.faults)
			began := time.Since(midnight)
			for i, want := range c.want {
				if got := edge(o); got != began+want*time.Second {
					t.Errorf("%s after %d s: the manifest ends at %v, want %v", c.faults, 10*i, got, began+want*time.Second)
				}
				s := demoPresentation(t, o).Streams[0]
				if got := status(t, o, urlOf(demoLive, &s, 0, uint64(time.Since(midnight)/100)-6_0000000)); got != 200 {
					t.Errorf("%s after %d s: the newest fragment: %d", c.faults, 10*i, got)
				}
				time.Sleep(10 * time.Second)
			}
		}
	})
}

// What each fault does to what is announced after 100, 120, ... million ticks.
func TestTfrfFaults(t *testing.T) {
	const T, D = 100_000_000, 20_000_000
	right := []fragment.Announced{{Time: T + D, Duration: D}, {Time: T + 2*D, Duration: D}}
	for faults, want := range map[string][]fragment.Announced{
		"":                    right,
		"no-tfrf":             nil,
		"no-tfrf@video:5":     nil,
		"no-tfrf@audio":       right,
		"bad-tfrf@durations":  {{Time: T + D, Duration: D - D/10}, {Time: T + 2*D, Duration: D + D/10}},
		"bad-tfrf@times":      {{Time: T + D + D/2, Duration: D}, {Time: T + 2*D + D/2, Duration: D}},
		"bad-tfrf@order":      {right[1], right[0]},
		"bad-tfrf@duplicates": {{Time: T, Duration: D}, right[0], right[0], right[1], right[1]},
		"bad-tfrf":            {{Time: T + D + D/2, Duration: D}, {Time: T + 2*D + D/2, Duration: D}}, // chunk 5: times
	} {
		bubble(t, func(t *testing.T) {
			o := liveOrigin(t, Live{Epoch: midnight}, faults)
			at(time.Minute)
			s := &liveManifest(t, o, demoLive).Streams[0]
			f := parsed(t, s, body(t, o, urlOf(demoLive, s, 0, T)))
			if !slices.Equal(f.Next, want) {
				t.Errorf("%s: it announces %v, want %v", faults, f.Next, want)
			}
			if !f.HasTime || f.Time != T || f.Duration != D {
				t.Errorf("%s: its own time is %d for %d", faults, f.Time, f.Duration)
			}
			if bytes.Contains(body(t, o, urlOf(demoLive, s, 0, T)), []byte(uuidTfrf)) != (want != nil) {
				t.Errorf("%s: a tfrf box", faults)
			}
			// On demand there is nothing of all that.
			if !bytes.Equal(body(t, o, firstVideo), body(t, newOrigin(t, Config{}), firstVideo)) {
				t.Errorf("%s: something happened on demand", faults)
			}
		})
	}
}

// While the encoder is away nothing comes, of all levels; then the timeline goes
// on at the first fragment after the gap. What it missed never comes.
func TestEncoderGap(t *testing.T) {
	for _, mode := range []Mode{Complete, Promise} {
		bubble(t, func(t *testing.T) {
			o := liveOrigin(t, Live{Epoch: midnight, Mode: mode}, "encoder-gap@60s-75s")
			get(t, o, demoLive+"Manifest") // the first request
			held, before, announced := uint64(0), uint64(58_0000000), []fragment.Announced{{Time: 60_0000000, Duration: 2_0000000}, {Time: 62_0000000, Duration: 2_0000000}}
			if mode == Complete {
				// The two before the gap are held back until two later ones are complete.
				held, announced = 4_0000000, []fragment.Announced{{Time: 76_0000000, Duration: 2_0000000}, {Time: 78_0000000, Duration: 2_0000000}}
			}
			at(74 * time.Second)
			s, last := newest(t, o, 0)
			if last.t != before-held {
				t.Errorf("%s: in the gap the newest is %v", mode, last)
			}
			for level := range s.Levels {
				if got := status(t, o, urlOf(demoLive, s, level, 60_0000000)); got != 412 {
					t.Errorf("%s: what the gap swallows, while it lasts: %d", mode, got)
				}
			}
			at(90 * time.Second)
			s, last = newest(t, o, 0)
			if last.t != 88_0000000-held {
				t.Errorf("%s: after the gap the newest is %v", mode, last)
			}
			list := listed(s)
			if k := slices.Index(list, span{58_0000000, 2_0000000}); k < 0 || list[k+1] != (span{76_0000000, 2_0000000}) {
				t.Errorf("%s: the timeline is %v", mode, list)
			}
			if got := nextOf(t, o, s, span{58_0000000, 0}); !slices.Equal(got, announced) {
				t.Errorf("%s: the last one before the gap announces %v", mode, got)
			}
			for level := range s.Levels {
				for _, c := range []struct {
					t    uint64
					want int
				}{{58, 200}, {60, 404}, {66, 404}, {74, 404}, {76, 200}} {
					if got := status(t, o, urlOf(demoLive, s, level, c.t*1_0000000)); got != c.want {
						t.Errorf("%s: after the gap, %d s: %d", mode, c.t, got)
					}
				}
			}
			for i := range 2 { // sound has another grid
				s, _ := newest(t, o, 1+i)
				gaps := 0
				list := listed(s)
				for k := 1; k < len(list); k++ {
					if from, to := list[k-1].t+list[k-1].d, list[k].t; from != to {
						gaps++
						if from > 60_0000000 || from < 57_9000000 || to < 75_0000000 || to > 77_1000000 {
							t.Errorf("%s: a gap of %s from %d to %d", mode, s.Name, from, to)
						}
					}
				}
				if gaps != 1 {
					t.Errorf("%s: %d gaps of %s", mode, gaps, s.Name)
				}
			}
		})
	}
}

func TestEncoderGapOfOneStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Epoch: midnight}, "encoder-gap@audio_deu@10s-30s")
		get(t, o, demoLive+"Manifest")
		at(time.Minute)
		p := liveManifest(t, o, demoLive)
		for i, want := range []int{1, 1, 2} {
			if runs := contiguous(listed(&p.Streams[i])); runs != want {
				t.Errorf("%s: %d parts", p.Streams[i].Name, runs)
			}
		}
	})
}

// contiguous counts the parts of a timeline between its gaps.
func contiguous(list []span) int {
	parts := 1
	for k := 1; k < len(list); k++ {
		if list[k].t != list[k-1].t+list[k-1].d {
			parts++
		}
	}
	return parts
}

// A gap that was torn by hand stays when the encoder comes back.
func TestGapsAreRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Epoch: midnight, Window: time.Minute}, "")
		get(t, o, demoLive+"Manifest")
		for range 3 {
			time.Sleep(10 * time.Second)
			o.AddFaults(Faults{{Kind: FaultGap}})
			time.Sleep(6 * time.Second)
			if o.EndFaults(FaultGap) != 1 {
				t.Error("the fault was not in force")
			}
		}
		time.Sleep(10 * time.Second)
		list := listed(&liveManifest(t, o, demoLive).Streams[0])
		if n := contiguous(list); n != 4 {
			t.Errorf("%d parts: %v", n, list)
		}
		time.Sleep(2 * time.Hour)
		o.AddFaults(Faults{{Kind: FaultGap}})
		o.SetFaults(nil)
		if len(o.gaps) != 0 {
			t.Errorf("what left the window is remembered: %v", o.gaps)
		}
	})
}

// Where faults are replaced while the event runs, nothing happens to its past.
func TestGapBeginsNotBeforeItIsSet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Epoch: midnight, Mode: Promise}, "")
		at(30 * time.Second)
		get(t, o, demoLive+"Manifest")
		at(60 * time.Second)
		o.SetFaults(Faults{{Kind: FaultGap}})
		at(90 * time.Second)
		if _, last := newest(t, o, 0); last.t != 58_0000000 {
			t.Errorf("the newest is %v", last)
		}
	})
}

func TestClockJump(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Epoch: midnight}, "clock-jump@+30s@60s-70s,clock-jump@-20s@80s")
		get(t, o, demoLive+"Manifest")
		for _, c := range []struct{ at, want time.Duration }{{58, 58}, {60, 90}, {68, 98}, {70, 70}, {80, 60}, {100, 80}} {
			at(c.at * time.Second)
			if _, last := newest(t, o, 0); time.Duration(last.t+last.d)*100+4*time.Second != c.want*time.Second {
				t.Errorf("at %d s the newest is %v", c.at, last)
			}
			if got, want := get(t, o, "/").Header().Get("Date"), midnight.Add(c.want*time.Second).Format(http.TimeFormat); got != want {
				t.Errorf("at %d s it is %s, want %s", c.at, got, want)
			}
		}
	})
}

func TestEndAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, c := range []struct {
			faults string
			live   bool
			beyond int
		}{{"end@20s", false, 404}, {"end@20s@silent", true, 412}, {"end@20s@lost", true, 404}} {
			o := liveOrigin(t, Live{Window: time.Minute}, c.faults)
			get(t, o, demoLive+"Manifest")
			time.Sleep(19 * time.Second)
			if !liveManifest(t, o, demoLive).Live {
				t.Errorf("%s: ended before its time", c.faults)
			}
			time.Sleep(time.Minute)
			s, last := newest(t, o, 0)
			age := time.Duration(uint64(time.Now().UnixNano())/100-last.t-last.d) * 100
			if age < 59*time.Second || age > 61*time.Second {
				t.Errorf("%s: what there is ended %v ago", c.faults, age)
			}
			if got := liveManifest(t, o, demoLive).Live; got != c.live {
				t.Errorf("%s: live is %v", c.faults, got)
			}
			if got := status(t, o, urlOf(demoLive, s, 0, last.t+last.d)); got != c.beyond {
				t.Errorf("%s: beyond the end: %d", c.faults, got)
			}
		}
	})
}

func TestEdge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		at(time.Minute)
		for _, c := range []struct {
			faults string
			want   [3]string // four requests each for the newest, the one before, and so on
		}{
			{"412@edge", [3]string{"2222", "0000", "0000"}},
			{"412@edge:2", [3]string{"2222", "2222", "0000"}},
			{"412@edge:50%", [3]string{"0202", "0000", "0000"}},
			{"412@edge@every:2", [3]string{"0202", "0000", "0000"}},
			{"412@edge@audio", [3]string{"0000", "0000", "0000"}},
		} {
			o := liveOrigin(t, Live{Epoch: midnight}, c.faults)
			s, last := newest(t, o, 0)
			for back, want := range c.want {
				got := ""
				for range 4 {
					got += map[int]string{200: "0", 412: "2"}[status(t, o, urlOf(demoLive, s, 0, last.t-uint64(back)*last.d))]
				}
				if got != want {
					t.Errorf("%s: %d behind the newest: %s, want %s", c.faults, back, got, want)
				}
			}
		}
		// On demand there is no edge.
		if got := status(t, faulty(t, "412@edge"), video("250000", 11)); got != 200 {
			t.Errorf("on demand: %d", got)
		}
	})
}

// Faults by chunk count from the start of the event.
func TestFaultsByChunkOfAnEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Start: midnight, Window: time.Hour}, "404@video:12-14,503@video@fragment:10,level-gone@1700000@60s-,other-time@audio:3")
		at(time.Minute)
		p := liveManifest(t, o, demoLive)
		s := &p.Streams[0]
		for n, c := range listed(s) {
			want := 200
			switch {
			case n >= 12 && n <= 14:
				want = 404
			case (n+1)%10 == 0:
				want = 503
			}
			if got := status(t, o, urlOf(demoLive, s, 0, c.t)); got != want {
				t.Errorf("chunk %d: %d, want %d", n, got, want)
			}
		}
		time.Sleep(time.Minute)
		_, last := newest(t, o, 0)
		for level, want := range []int{200, 200, 200, 404} {
			if got := status(t, o, urlOf(demoLive, s, level, last.t)); got != want {
				t.Errorf("level %d: %d, want %d", level, got, want)
			}
		}
		sound := &p.Streams[1]
		list := listed(sound)
		if f := parsed(t, sound, body(t, o, urlOf(demoLive, sound, 0, list[3].t))); f.Time != list[4].t {
			t.Errorf("asked for %d, came %d", list[3].t, f.Time)
		}
	})
}

// A server that dies takes with it what it was sending.
func TestDieWhileAnswering(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{}, "slow@80k")
		s, last := newest(t, o, 0)
		rec := httptest.NewRecorder()
		broken := make(chan any)
		began := time.Now()
		go func() {
			defer func() { broken <- recover() }()
			o.ServeHTTP(rec, newRequest(urlOf(demoLive, s, 3, last.t)))
		}()
		time.Sleep(5 * time.Second)
		faults, _ := ParseFaults("die@2s-10s")
		o.AddFaults(faults)
		if e := <-broken; e != http.ErrAbortHandler {
			t.Errorf("it ended with %v", e)
		}
		if took := time.Since(began); took < 7*time.Second || took > 7100*time.Millisecond || rec.Body.Len() < 60_000 || rec.Body.Len() > 75_000 {
			t.Errorf("it died after %v and %d bytes", took, rec.Body.Len())
		}
		if !died(t, o, demoLive+"Manifest") {
			t.Error("it lives on")
		}
		time.Sleep(9 * time.Second)
		if died(t, o, demoLive+"Manifest") {
			t.Error("it does not come back")
		}
	})
}

func TestControl(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := newOrigin(t, Config{Live: &Live{}, Control: true})
		ask := func(method, path, text string) (int, string) {
			rec := httptest.NewRecorder()
			o.ServeHTTP(rec, httptest.NewRequest(method, path, strings.NewReader(text)))
			return rec.Code, strings.ReplaceAll(rec.Body.String(), "\n", ";")
		}
		for _, c := range []struct {
			method, path, text string
			status             int
			want               string
		}{
			{"GET", "/fault", "", 200, ""},
			{"POST", "/fault", "die@10s-20s\n412@edge:30%", 200, "die@10s-20s;412@edge:30%;"},
			{"POST", "/fault", "sneeze", 400, `fault "sneeze": no such kind`},
			{"GET", "/fault", "", 200, "die@10s-20s;412@edge:30%;"},
			{"DELETE", "/fault/412", "", 200, "die@10s-20s;"},
			{"DELETE", "/fault/412", "", 404, ""},
			{"PATCH", "/fault", "", 405, ""},
			{"GET", "/fault/die", "", 405, ""},
			{"POST", "/fault", strings.Repeat("x", maxControl+1), 400, ""},
		} {
			if code, got := ask(c.method, c.path, c.text); code != c.status || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s %s %.20q: %d %q", c.method, c.path, c.text, code, got)
			}
		}
		// Times count from the request that brought the fault.
		time.Sleep(9 * time.Second)
		if died(t, o, demoLive+"Manifest") {
			t.Error("it died too early")
		}
		time.Sleep(2 * time.Second)
		if !died(t, o, demoLive+"Manifest") {
			t.Error("it did not die")
		}
		if code, got := ask("PUT", "/fault", "no-tfrf"); code != 200 || got != "no-tfrf;" {
			t.Errorf("a dead server is controlled, too: %d %q", code, got)
		}
		if code, got := ask("DELETE", "/fault", ""); code != 200 || got != "" {
			t.Errorf("all ended: %d %q", code, got)
		}
		if code, _ := ask("GET", demoLive+"Manifest", ""); code != 200 {
			t.Errorf("afterwards the manifest is %d", code)
		}
		// Nobody controls an origin that was not told to allow it.
		shut := newOrigin(t, Config{Live: &Live{}})
		rec := httptest.NewRecorder()
		shut.ServeHTTP(rec, httptest.NewRequest("POST", "/fault", strings.NewReader("die")))
		if rec.Code != 405 || len(shut.Faults()) > 0 {
			t.Errorf("%d, %v", rec.Code, shut.Faults())
		}
	})
}

// Over a real connection, with keep-alive and all.
func TestLiveOverHTTP(t *testing.T) {
	server := httptest.NewServer(liveOrigin(t, Live{}, ""))
	defer server.Close()
	resp, err := server.Client().Get(server.URL + demoLive + "Manifest")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || int64(len(data)) != resp.ContentLength || !bytes.Contains(data, []byte(`IsLive="TRUE"`)) {
		t.Errorf("%d bytes of %d, %v", len(data), resp.ContentLength, err)
	}
}

func TestParseLiveFaults(t *testing.T) {
	for in, want := range map[string]Fault{
		"412@edge:30%":               {Kind: "412", Edge: 1, Share: 0.3},
		"412@edge":                   {Kind: "412", Edge: 1},
		"404@edge:3@video":           {Kind: "404", Edge: 3, Stream: "video"},
		"cut@50%@edge:30%":           {Kind: FaultCut, Keep: 0.5, Edge: 1, Share: 0.3},
		"404@video:30%":              {Kind: "404", Stream: "video", Share: 0.3},
		"404@video:12-":              {Kind: "404", Stream: "video", First: 12, Last: math.MaxInt, Ranged: true},
		"die@30s-60s":                {Kind: FaultDie, From: 30 * time.Second, To: time.Minute},
		"die@30s-":                   {Kind: FaultDie, From: 30 * time.Second},
		"die@0s-5s":                  {Kind: FaultDie, To: 5 * time.Second},
		"stale-manifest":             {Kind: FaultStale},
		"stale-manifest@-20s@50%":    {Kind: FaultStale, By: -20 * time.Second, Share: 0.5},
		"stale-manifest@20s":         {Kind: FaultStale, From: 20 * time.Second},
		"no-tfrf@audio":              {Kind: FaultNoTfrf, Stream: "audio"},
		"bad-tfrf":                   {Kind: FaultBadTfrf},
		"bad-tfrf@order@video":       {Kind: FaultBadTfrf, How: BadOrder, Stream: "video"},
		"encoder-gap@video@60s-90s":  {Kind: FaultGap, Stream: "video", From: time.Minute, To: 90 * time.Second},
		"clock-jump@-30s@1m":         {Kind: FaultJump, By: -30 * time.Second, From: time.Minute},
		"clock-jump":                 {Kind: FaultJump},
		"end@60s@silent":             {Kind: FaultEnd, How: "silent", From: time.Minute},
		"level-gone@1200000@30s-60s": {Kind: FaultLevelGone, Level: 1200000, From: 30 * time.Second, To: time.Minute},
	} {
		got, err := ParseFaults(in)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%q: got %+v, %v\nwant %+v", in, got, err, want)
			continue
		}
		if again, err := ParseFaults(got.String()); err != nil || again[0] != want {
			t.Errorf("%q: written as %q, read as %+v, %v", in, got, again, err)
		}
	}
	for in, want := range map[string]string{
		"encoder-gap@30%":            "encoder-gap takes",
		"encoder-gap@level:1M":       "encoder-gap takes",
		"clock-jump@video":           "clock-jump takes",
		"clock-jump@+0s":             "want every:N",
		"clock-jump@+10000h":         "want every:N",
		"end@10s-20s":                "end takes",
		"end@politely@30%":           "end takes",
		"stale-manifest@+20s":        "stale-manifest takes",
		"stale-manifest@video":       "stale-manifest takes",
		"bad-tfrf@edge:0":            "from 1 up",
		"412@edge:101%":              "from 1 up",
		"die@60s-30s":                "FROM-TO",
		"404@video:12-14@video:30%%": "chunks",
	} {
		if got, err := ParseFaults(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v, want an error that says %q", in, got, err, want)
		}
	}
}
