package origin

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// bubble runs a test in simulated time, which begins at midnight, 1 January 2000
// UTC.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// at waits until an instant of the bubble, counted from its beginning.
func at(d time.Duration) { time.Sleep(time.Until(midnight.Add(d))) }

var midnight = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// liveOrigin serves the demo live.
func liveOrigin(t testing.TB, live Live, faults string) *Origin {
	t.Helper()
	list, err := ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	return newOrigin(t, Config{Live: &live, Faults: list})
}

const demoLive = "/demo.isml/"

// liveManifest returns the manifest as a player reads it.
func liveManifest(t testing.TB, h http.Handler, base string) *manifest.Presentation {
	t.Helper()
	p, err := manifest.Parse(body(t, h, base+"Manifest"), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Warnings) > 0 {
		t.Errorf("the manifest draws warnings: %q", p.Warnings)
	}
	return p
}

// span is a chunk: when it begins, and how long it lasts.
type span struct{ t, d uint64 }

func listed(s *manifest.Stream) []span {
	var list []span
	for _, r := range s.Runs {
		for k := range r.Count {
			list = append(list, span{uint64(r.T) + k*uint64(r.D), uint64(r.D)})
		}
	}
	return list
}

// urlOf is the path of a fragment at the n-th level of a stream.
func urlOf(base string, s *manifest.Stream, level int, t uint64) string {
	return manifest.ChunkURL(base, s, &s.Levels[level], manifest.Ticks(t))
}

// parsed is a fragment as a player reads it.
func parsed(t testing.TB, s *manifest.Stream, data []byte) *fragment.Fragment {
	t.Helper()
	f := &fragment.Fragment{}
	if err := f.Parse(data, fragment.Options{Kind: kindOf(s.Type)}); err != nil {
		t.Fatal(err)
	}
	if f.Warnings != 0 || f.Damaged {
		t.Errorf("%s: a fragment draws warnings: %v", s.Name, f.Warnings)
	}
	return f
}

func status(t testing.TB, h http.Handler, path string) int {
	t.Helper()
	return get(t, h, path).Code
}

func TestLiveManifest(t *testing.T) {
	root := func(o *Origin) string {
		text := string(body(t, o, demoLive+"Manifest"))
		_, text, _ = strings.Cut(text, "<SmoothStreamingMedia ")
		text, _, _ = strings.Cut(text, ">")
		return text
	}
	const head = `MajorVersion="2" MinorVersion="0" TimeScale="10000000" `
	bubble(t, func(t *testing.T) {
		for _, c := range []struct {
			live Live
			want string
		}{
			{Live{}, head + `Duration="0" IsLive="TRUE" LookAheadFragmentCount="2" DVRWindowLength="0" CanSeek="TRUE" CanPause="TRUE"`},
			{Live{Window: time.Minute, LookAhead: -1, LookAheadName: "LookaheadCount", NoSeek: true, NoPause: true, Duration: 90 * time.Minute},
				head + `Duration="54000000000" IsLive="TRUE" LookaheadCount="0" DVRWindowLength="600000000" CanSeek="FALSE" CanPause="FALSE"`},
			{Live{LookAhead: 3, LookAheadName: "-", Repeat: true},
				strings.Replace(head, `MinorVersion="0"`, `MinorVersion="2"`, 1) + `Duration="0" IsLive="TRUE" DVRWindowLength="0" CanSeek="TRUE" CanPause="TRUE"`},
			{Live{Start: midnight.Add(-time.Minute), End: midnight, Window: time.Minute, Duration: time.Hour}, head + `Duration="600000000" IsLive="FALSE"`},
			{Live{Start: midnight.Add(-time.Minute), End: midnight.Add(-time.Second), Ending: EndAbsent}, head + `Duration="580000000"`},
			{Live{Start: midnight.Add(-time.Minute), End: midnight, Ending: EndSilent},
				head + `Duration="0" IsLive="TRUE" LookAheadFragmentCount="2" DVRWindowLength="0" CanSeek="TRUE" CanPause="TRUE"`},
		} {
			if got := root(liveOrigin(t, c.live, "")); got != c.want {
				t.Errorf("%+v:\ngot  %s\nwant %s", c.live, got, c.want)
			}
		}
	})
}

// What stands in the manifest of a short window: t on the first c alone, all else
// as the packager wrote it; and the same with repetitions told together.
func TestLiveChunkList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		live := Live{Epoch: midnight, Window: 6 * time.Second}
		at(time.Minute)
		text := string(body(t, liveOrigin(t, live, ""), demoLive+"Manifest"))
		_, video, _ := strings.Cut(text, "<StreamIndex ")
		video, _, _ = strings.Cut(video, "</StreamIndex>")
		if want := `<c t="500000000" d="20000000"/>
<c d="20000000"/>
<c d="20000000"/>
`; !strings.HasSuffix(video, want) || strings.Count(video, "<c ") != 3 {
			t.Errorf("got %s\nwant %s", video, want)
		}
		if strings.Contains(text, " n=\"") || !strings.Contains(text, `Chunks="0"`) || !strings.Contains(text, "CodecPrivateData=\"000000016764000CACD1") {
			t.Errorf("the manifest is\n%s", text)
		}
		live.Repeat = true
		if text := string(body(t, liveOrigin(t, live, ""), demoLive+"Manifest")); !strings.Contains(text, `<c t="500000000" d="20000000" r="3"/>`) {
			t.Errorf("with repetitions the manifest is\n%s", text)
		}
	})
}

// Through the hours, what the clock says is there, and nothing else: the window
// is full to its edges, and each answer has the status that IIS gives it.
func TestLiveGrows(t *testing.T) {
	const tick = 10_000_000
	for _, mode := range []Mode{Complete, Promise} {
		bubble(t, func(t *testing.T) {
			live := Live{Window: 30 * time.Second, Mode: mode, Delay: 500 * time.Millisecond}
			o := liveOrigin(t, live, "")
			for step := range 60 {
				at(time.Duration(step)*(4*time.Minute+1717*time.Millisecond) + time.Second)
				p := liveManifest(t, o, demoLive)
				for i := range p.Streams {
					s := &p.Streams[i]
					list := listed(s)
					for k := 1; k < len(list); k++ {
						if list[k].t != list[k-1].t+list[k-1].d {
							t.Fatalf("%s: chunk %d at %d does not follow on %d+%d", s.Name, k, list[k].t, list[k-1].t, list[k-1].d)
						}
					}
					first, last := list[0], list[len(list)-1]
					// Complete by now are those that ended half a second ago; held back
					// are the two that the last one announces.
					now := time.Now().Add(-live.Delay)
					age := time.Duration(uint64(now.UnixNano())/100-last.t-last.d) * 100
					held := time.Duration(0)
					if mode == Complete {
						held = 4 * time.Second
					}
					if age < held-60*time.Millisecond || age > held+2060*time.Millisecond {
						t.Errorf("step %d: the newest of %s ended %v ago", step, s.Name, age)
					}
					if reach := last.t + last.d - first.t; reach < 30*tick || reach > 33*tick {
						t.Errorf("step %d: the window of %s reaches %d ticks back", step, s.Name, reach)
					}
					for level := range s.Levels {
						for _, c := range []struct {
							t      uint64
							status int
						}{
							{first.t, 200}, {last.t, 200}, {last.t + last.d, 412}, {last.t + 1, 412}, {last.t + 3600*tick, 412},
							{first.t - 1, 404}, {first.t - 20*tick, 404}, {first.t + 1, 404}, {0, 404},
						} {
							if got := status(t, o, urlOf(demoLive, s, level, c.t)); got != c.status {
								t.Errorf("step %d: %s at %d, window %d to %d: %d, want %d", step, s.Name, c.t, first.t, last.t, got, c.status)
							}
						}
					}
				}
			}
		})
	}
}

func TestLiveStatus(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Epoch: midnight}, "")
		at(time.Minute)
		for _, c := range []struct {
			path          string
			status        int
			kind, caching string
		}{
			{"Manifest", 200, "text/xml", "public, max-age=1"},
			{"manifest(format=smooth)", 200, "text/xml", "public, max-age=1"},
			{"QualityLevels(250000)/Fragments(video=0)", 200, "video/mp4", "public, max-age=3600"},
			{"QualityLevels(250000)/FragmentInfo(video=0)", 200, "video/mp4", "public, max-age=3600"},
			{"QualityLevels(250000)/KeyFrames(video=0)", 200, "video/mp4", "public, max-age=3600"},
			{"QualityLevels(250000)/RawFragments(video=0)", 200, "video/mp4", "public, max-age=3600"},
			{"QualityLevels(64000)/Fragments(audio_eng=240000000)", 200, "audio/mp4", "public, max-age=3600"},
			{"QualityLevels(250000)/Fragments(video=600000000)", 412, "", "no-store"},
			{"QualityLevels(250000)/FragmentInfo(video=18446744073709551615)", 412, "", "no-store"},
			{"QualityLevels(250001)/Fragments(video=0)", 404, "", "no-store"},
			{"QualityLevels(250001)/Fragments(video=600000000)", 404, "", "no-store"},
			{"QualityLevels(250000)/Fragments(text=0)", 404, "", "no-store"},
			{"QualityLevels(250000)/Fragments(video=1)", 404, "", "no-store"},
			{"QualityLevels(250000)/Fragments(video=18446744073709551616)", 400, "", "no-store"},
			{"QualityLevels(250000)/Fragments(video=-1)", 400, "", "no-store"},
			{"QualityLevels(250000)/Fragment(video=0)", 400, "", "no-store"},
			{"QualityLevels(high)/Fragments(video=0)", 400, "", "no-store"},
		} {
			rec := get(t, o, demoLive+c.path)
			if rec.Code != c.status || c.kind != "" && rec.Header().Get("Content-Type") != c.kind || rec.Header().Get("Cache-Control") != c.caching {
				t.Errorf("%s: %d, %v", c.path, rec.Code, rec.Header())
			}
			if c.status == 412 && rec.Body.Len() > 0 {
				t.Errorf("%s: a body of %d bytes", c.path, rec.Body.Len())
			}
			if want := time.Now().UTC().Format(http.TimeFormat); rec.Header().Get("Date") != want {
				t.Errorf("%s: the Date is %q, want %q", c.path, rec.Header().Get("Date"), want)
			}
		}
		if to := get(t, o, "/demo.isml").Header().Get("Location"); to != demoLive+"Manifest" {
			t.Errorf("/demo.isml leads to %q", to)
		}
		body(t, o, firstVideo) // on demand as ever
	})
}

// Whoever goes from fragment to fragment as each announces its followers comes
// along all of the timeline: what is announced is what comes, its samples follow
// each other without gap or overlap, and their bytes are those of the
// presentation.
func TestLiveChain(t *testing.T) {
	for _, c := range []struct {
		name string
		live Live
	}{
		{"complete", Live{}},
		{"promise", Live{Mode: Promise, LookAhead: 3}},
		{"version 0", Live{Epoch: midnight.Add(-time.Minute), Version0: true, LookAhead: 1}},
		{"small timestamps", Live{Epoch: midnight}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				at(30 * time.Second)
				o := liveOrigin(t, c.live, "")
				source := demoPresentation(t, o)
				p := liveManifest(t, o, demoLive)
				for i := range p.Streams {
					s := &p.Streams[i]
					list := listed(s)
					follow(t, o, s, &source.Streams[i], i%len(s.Levels), list[len(list)-1], cmp.Or(c.live.LookAhead, 2), c.live.Version0)
				}
			})
		})
	}
}

func follow(t *testing.T, o *Origin, s, source *manifest.Stream, level int, c span, ahead int, version0 bool) {
	t.Helper()
	originals := map[string]bool{} // media of the presentation
	for _, c := range listed(source) {
		originals[string(body(t, o, strings.Replace(urlOf("/demo.ism/", source, level, c.t), "Fragments", "RawFragments", 1)))] = true
	}
	promised := []span{c}
	var sequence uint32
	for n := range 40 { // three repetitions
		c := promised[0]
		url := urlOf(demoLive, s, level, c.t)
		waited := 0
		for ; status(t, o, url) == 412 && waited < 100; waited++ {
			time.Sleep(100 * time.Millisecond)
		}
		data := body(t, o, url)
		f := parsed(t, s, data)
		if !f.HasTime || f.Time != c.t || f.Duration != c.d || uint64(f.Length()) != c.d {
			t.Errorf("%s %d: announced %v, came %d for %d, its samples last %d", s.Name, n, c, f.Time, f.Duration, f.Length())
		}
		checkDemoFragment(t, url, data, s.Type == "video", c.t, c.d) // a second opinion
		if !originals[string(f.Media)] {
			t.Errorf("%s %d: not the media of the presentation", s.Name, n)
		}
		if len(f.Next) != ahead || f.Next[0].Time != c.t+c.d {
			t.Errorf("%s %d at %d for %d announces %v", s.Name, n, c.t, c.d, f.Next)
		}
		if n > 0 && f.Sequence != sequence+1 {
			t.Errorf("%s %d: sequence number %d after %d", s.Name, n, f.Sequence, sequence)
		}
		if wide := bytes.Contains(data, []byte(uuidTfrf+"\x01")); wide == version0 && c.t < 1<<31 {
			t.Errorf("%s %d: a 64-bit tfrf box is %v", s.Name, n, wide)
		}
		info := body(t, o, strings.Replace(url, "Fragments", "FragmentInfo", 1))
		if !bytes.Equal(info, data[:len(info)]) || string(data[len(info)+4:len(info)+8]) != "mdat" {
			t.Errorf("%s %d: FragmentInfo is not the moof box", s.Name, n)
		}
		sequence = f.Sequence
		var next []span
		for _, a := range f.Next {
			next = append(next, span{a.Time, a.Duration})
		}
		if k := len(promised) - 1; k > 0 && !slices.Equal(promised[1:], next[:k]) {
			t.Errorf("%s %d announces %v, before that it was %v", s.Name, n, next, promised[1:])
		}
		promised = next
	}
}

// Two origins of one event that were started at other times, one of which was
// asked for other things before, answer alike.
func TestOriginsAgree(t *testing.T) {
	bubble(t, func(t *testing.T) {
		gap := Gap{From: midnight.Add(70 * time.Minute), To: midnight.Add(70*time.Minute + 7*time.Second)}
		live := Live{Window: time.Minute, Gaps: []Gap{gap}}
		a := liveOrigin(t, live, "")
		get(t, a, demoLive+"Manifest")
		at(70*time.Minute + 20*time.Second)
		b := liveOrigin(t, live, "")
		for range 30 {
			time.Sleep(1300 * time.Millisecond)
			if !bytes.Equal(body(t, a, demoLive+"Manifest"), body(t, b, demoLive+"Manifest")) {
				t.Fatal("other manifests")
			}
			p := liveManifest(t, a, demoLive)
			for i := range p.Streams {
				s := &p.Streams[i]
				for _, c := range listed(s) {
					url := urlOf(demoLive, s, 0, c.t)
					if !bytes.Equal(body(t, a, url), body(t, b, url)) {
						t.Fatalf("%s: other fragments", url)
					}
				}
			}
		}
	})
}

// The presentation is found by the name that it has on demand.
func TestLivePlaces(t *testing.T) {
	files := demoFiles(t)
	src := newOrigin(t, Config{})
	data := body(t, src, "/demo.ism/Manifest")
	p := demoPresentation(t, src)
	for _, path := range fragmentPaths(p) {
		files["show/"+strings.TrimPrefix(path, "/demo.ism/")] = file(body(t, src, path))
	}
	files["show/Manifest"] = file(data)
	files["event.isml"] = files["demo.ism"]
	o := newOrigin(t, Config{Folders: map[string]fs.FS{"": files, "at": files}, NoDemo: true, Live: &Live{}})
	for path, want := range map[string]int{
		"/demo.isml/Manifest": 200, "/DEMO.ISML/manifest": 200, "/at/demo.isml/Manifest": 200,
		"/event.isml/Manifest": 200, "/show.isml/Manifest": 200, "/at/show.isml/Manifest": 200,
		"/show/live.isml/Manifest": 200, "/at/show/live.isml/Manifest": 200,
		"/none.isml/Manifest": 404, "/live.isml/Manifest": 404, // several in the folder
		"/demo.ism/Manifest": 200, "/show/Manifest": 200,
	} {
		if got := status(t, o, path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	for _, base := range []string{"/at/demo.isml/", "/show.isml/", "/show/live.isml/"} {
		p := liveManifest(t, o, base)
		if !p.Live {
			t.Errorf("%s is not live", base)
		}
		for i := range p.Streams {
			s := &p.Streams[i]
			parsed(t, s, body(t, o, urlOf(base, s, 0, listed(s)[0].t)))
		}
	}
}

func TestKeyFrames(t *testing.T) {
	o := newOrigin(t, Config{Live: &Live{}})
	p := liveManifest(t, o, demoLive)
	s := &p.Streams[0]
	for _, url := range []string{urlOf(demoLive, s, 1, listed(s)[3].t), video("500000", 3)} {
		all := parsed(t, s, body(t, o, url))
		keys := parsed(t, s, body(t, o, strings.Replace(url, "Fragments", "KeyFrames", 1)))
		if len(keys.Samples) != 1 || keys.Length() != all.Length() || !bytes.Equal(keys.Samples[0].Data, all.Samples[0].Data) ||
			keys.Samples[0].Composition != all.Samples[0].Composition || !keys.Samples[0].Sync {
			t.Errorf("%s: %d key frames for %d ticks", url, len(keys.Samples), keys.Length())
		}
		if keys.Time != all.Time || len(keys.Next) != len(all.Next) {
			t.Errorf("%s: the key frames are at %d", url, keys.Time)
		}
	}
	sound := urlOf(demoLive, &p.Streams[1], 0, listed(&p.Streams[1])[0].t)
	if !bytes.Equal(body(t, o, sound), body(t, o, strings.Replace(sound, "Fragments", "KeyFrames", 1))) {
		t.Error("of sound, every sample can be decoded alone")
	}
}

func TestEnding(t *testing.T) {
	for _, c := range []struct {
		ending       Ending
		mode         Mode
		live         bool
		beyond, tail int // status, and what the last fragment announces
	}{
		{EndClosed, Complete, false, 404, 0},
		{EndClosed, Promise, false, 404, 0},
		{EndAbsent, Complete, false, 404, 0},
		{EndSilent, Complete, true, 412, 0},
		{EndSilent, Promise, true, 412, 2},
		{EndLost, Complete, true, 404, 0},
		{EndLost, Promise, true, 404, 2},
	} {
		bubble(t, func(t *testing.T) {
			name := fmt.Sprint(c.ending, " ", c.mode)
			o := liveOrigin(t, Live{Epoch: midnight, Window: 20 * time.Second, End: midnight.Add(61 * time.Second), Ending: c.ending, Mode: c.mode}, "")
			at(60900 * time.Millisecond)
			if p := liveManifest(t, o, demoLive); !p.Live {
				t.Errorf("%s: ended before its time", name)
			}
			at(61 * time.Second)
			want := body(t, o, demoLive+"Manifest")
			at(time.Hour)
			if !bytes.Equal(body(t, o, demoLive+"Manifest"), want) {
				t.Errorf("%s: the manifest changes after the end", name)
			}
			p := liveManifest(t, o, demoLive)
			if p.Live != c.live || (p.Duration > 0) == c.live {
				t.Errorf("%s: live is %v, its duration %d", name, p.Live, p.Duration)
			}
			for i := range p.Streams {
				s := &p.Streams[i]
				list := listed(s)
				last := list[len(list)-1]
				if end := last.t + last.d; end < 58_0000000 || end > 61_0000000 {
					t.Errorf("%s: %s ends at %d", name, s.Name, end)
				}
				for k, c2 := range list {
					f := parsed(t, s, body(t, o, urlOf(demoLive, s, 0, c2.t)))
					announces := max(c.tail, min(2, len(list)-1-k))
					if len(f.Next) != announces {
						t.Errorf("%s: %s announces %d followers where %d come", name, s.Name, len(f.Next), len(list)-1-k)
					}
				}
				if got := status(t, o, urlOf(demoLive, s, 0, last.t+last.d)); got != c.beyond {
					t.Errorf("%s: beyond the end it is %d", name, got)
				}
			}
		})
	}
}

// Before the event there is a manifest without chunks, and nothing to ask for.
func TestBeforeTheStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Epoch: midnight, Start: midnight.Add(10 * time.Second)}, "")
		first := func() []span {
			return listed(&liveManifest(t, o, demoLive).Streams[0])
		}
		for second := range 16 {
			at(time.Duration(second) * time.Second)
			if list := first(); len(list) > 0 {
				t.Errorf("after %d s there is %v", second, list)
			}
		}
		for time, want := range map[string]int{"80000000": 404, "100000000": 412, "120000000": 412} {
			if got := status(t, o, demoLive+"QualityLevels(250000)/Fragments(video="+time+")"); got != want {
				t.Errorf("at %s: %d, want %d", time, got, want)
			}
		}
		at(16 * time.Second)
		if list := first(); len(list) != 1 || list[0].t != 100_000_000 {
			t.Errorf("after 16 s there is %v", list)
		}
	})
}

func TestLiveRefusesNonsense(t *testing.T) {
	now := time.Now()
	for want, live := range map[string]Live{
		"255":         {LookAhead: 256},
		"attribute":   {LookAheadName: "a b"},
		"mode":        {Mode: "sometimes"},
		"no such end": {Ending: "never"},
		"before":      {Epoch: now, Start: now.Add(-1)},
		"too far":     {Epoch: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), Start: now},
		"ends":        {Start: now, End: now},
		"negative":    {Window: -1},
	} {
		if _, err := New(Config{Live: &live}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", live, err, want)
		}
	}
}

// What one fragment of an event costs.
func BenchmarkLiveFragment(b *testing.B) {
	o := newOrigin(b, Config{Live: &Live{}})
	p := liveManifest(b, o, demoLive)
	path := urlOf(demoLive, &p.Streams[0], 3, listed(&p.Streams[0])[0].t)
	b.SetBytes(int64(len(body(b, o, path))))
	b.ReportAllocs()
	r := newRequest(path)
	for b.Loop() {
		o.ServeHTTP(&discard{header: http.Header{}}, r)
	}
}

func BenchmarkLiveManifest(b *testing.B) {
	o := newOrigin(b, Config{Live: &Live{Window: 30 * time.Minute}})
	r := newRequest(demoLive + "Manifest")
	b.SetBytes(int64(len(body(b, o, demoLive+"Manifest"))))
	b.ReportAllocs()
	for b.Loop() {
		o.ServeHTTP(&discard{header: http.Header{}}, r)
	}
}

// Something else may serve the presentation; the origin makes it live all the
// same, finds parts of its fragments, and lets faults happen.
func TestHandlers(t *testing.T) {
	src := newOrigin(t, Config{})
	asked := 0
	var other http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		r.URL.Path = strings.Replace(r.URL.Path, "/a/show.ism/", "/demo.ism/", 1)
		src.ServeHTTP(w, r)
	})
	faults, err := ParseFaults("404@video:3")
	if err != nil {
		t.Fatal(err)
	}
	o := newOrigin(t, Config{Handlers: map[string]http.Handler{"/a/show.ism": other}, NoDemo: true, Live: &Live{}, Faults: faults})
	const here = "/a/show.ism/QualityLevels(250000)/"
	for noun, path := range map[string]string{"Fragments": firstVideo, "FragmentInfo": "", "RawFragments": "", "KeyFrames": ""} {
		path = cmp.Or(path, strings.Replace(firstVideo, "Fragments", noun, 1))
		if !bytes.Equal(body(t, o, here+noun+"(video=0)"), body(t, src, path)) {
			t.Errorf("%s: not what the handler serves", noun)
		}
	}
	if !bytes.Equal(body(t, o, "/A/Show.ism/manifest"), body(t, src, "/demo.ism/Manifest")) {
		t.Error("not the manifest that the handler serves")
	}
	p := liveManifest(t, o, "/a/show.isml/")
	for i := range p.Streams {
		s := &p.Streams[i]
		c := listed(s)[1]
		if f := parsed(t, s, body(t, o, urlOf("/a/show.isml/", s, 0, c.t))); f.Time != c.t || len(f.Next) != 2 {
			t.Errorf("%s: %+v", s.Name, f)
		}
	}
	for path, want := range map[string]int{
		here + "Fragments(video=60000000)": 404, here + "Fragments(video=1)": 404, "/a/other.ism/Manifest": 404,
		"/demo.ism/Manifest": 404, "/a/show.isml/QualityLevels(1)/Fragments(video=0)": 404,
	} {
		if got := status(t, o, path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if asked == 0 {
		t.Error("nobody was asked")
	}
	for _, handlers := range []map[string]http.Handler{{"": other}, {"x": nil}} {
		if _, err := New(Config{Handlers: handlers}); err == nil {
			t.Errorf("%v: no error", handlers)
		}
	}
}
