package origin

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"smoothplay/player/manifest"
	"smoothplay/testdata/demo"
)

const firstVideo = "/demo.ism/QualityLevels(250000)/Fragments(video=0)"

func TestRoutes(t *testing.T) {
	files := demoFiles(t)
	o := newOrigin(t, Config{Folders: map[string]fs.FS{"": fstest.MapFS{}, "Live/Here": files}})
	for _, c := range []struct {
		path   string
		status int
		mime   string
	}{
		{"/demo.ism/Manifest", 200, "text/xml"},
		{"/demo.ism/manifest", 200, "text/xml"},
		{"/DEMO.ISM/MANIFEST", 200, "text/xml"},
		{"/demo.ism/Manifest(format=smooth)", 200, "text/xml"},
		{"/demo.ism/Manifest?token=1", 200, "text/xml"},
		{"/live/here/demo.ism/Manifest", 200, "text/xml"},
		{"/Live/Here/Manifest", 200, "text/xml"}, // the folder's one .ism file
		{"/Live/Here/QualityLevels(250000)/Fragments(video=0)", 200, "video/mp4"},
		{firstVideo, 200, "video/mp4"},
		{"/demo.ism/qualitylevels(250000)/fragments(VIDEO=0)", 200, "video/mp4"},
		{"/demo.ism/QualityLevels(250000,Compatibility=Desktop)/Fragments(video=0)", 200, "video/mp4"},
		{"/demo.ism/QualityLevels(250000)/FragmentInfo(video=0)", 200, "video/mp4"},
		{"/demo.ism/QualityLevels(250000)/RawFragments(video=0)", 200, "video/mp4"},
		{"/demo.ism/QualityLevels(250000)/KeyFrames(video=0)", 200, "video/mp4"},
		{"/demo.ism/QualityLevels250000/Fragmentsvideo=0", 200, "video/mp4"},
		{"/demo.ism/Fragments(audio_eng=0)", 200, "audio/mp4"},
		{"/demo.ism/QualityLevels(64000)/Fragments(audio=0)", 200, "audio/mp4"}, // by type
		{"/demo.ism", 302, ""},
		{"/demo.ism/", 302, ""},
		{"/demo.ismc", 302, ""},
		{"/Live/Here", 302, ""},
		{"/", 302, ""}, // one .ism file in the folder of the demo

		{"/demo.ismv", 404, ""},
		{"/demo_250000.ismv", 404, ""},
		{"/other.ism/Manifest", 404, ""},
		{"/live/demo.ism/Manifest", 404, ""},
		{"/demo.ism/QualityLevels(250000)/Fragments(video=1)", 404, ""},
		{"/demo.ism/QualityLevels(250001)/Fragments(video=0)", 404, ""},
		{"/demo.ism/QualityLevels(250000)/Fragments(text=0)", 404, ""},
		{"/demo.ism/QualityLevels(250000)/Fragments(video=240000000)", 404, ""},
		{"/demo.ism/QualityLevels(250000)/KeyFrames(video=1)", 404, ""},
		{"/demo.isml/Manifest", 404, ""}, // nothing is live
		{"/demo.ism/QualityLevels(250000)/Fragments(video=99999999999999999999)", 400, ""},
		{"/demo.ism/QualityLevels(9999999999999999999)/Fragments(video=0)", 400, ""},
		{"/demo.ism/QualityLevels(high)/Fragments(video=0)", 400, ""},
		{"/demo.ism/QualityLevels(250000)/Fragments(video=now)", 400, ""},
		{"/demo.ism/QualityLevels(250000)/Pieces(video=0)", 400, ""},
		{"/demo.ism/QualityLevels(250000)", 400, ""},
		{"/../../etc/Manifest", 404, ""},
	} {
		rec := get(t, o, c.path)
		if rec.Code != c.status || c.mime != "" && rec.Header().Get("Content-Type") != c.mime {
			t.Errorf("%s: %d %q, want %d %q", c.path, rec.Code, rec.Header().Get("Content-Type"), c.status, c.mime)
		}
		if rec.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: no CORS header", c.path)
		}
		if c.status == 302 && !strings.HasSuffix(rec.Header().Get("Location"), "/Manifest") {
			t.Errorf("%s: redirected to %q", c.path, rec.Header().Get("Location"))
		}
	}
}

func TestManifestIsSentAsItIs(t *testing.T) {
	want, err := fs.ReadFile(demo.FS, "demo.ismc")
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, newOrigin(t, Config{}), "/demo.ism/Manifest"); !bytes.Equal(got, want) {
		t.Error("the manifest was changed")
	}
}

func TestNounsArePartsOfOneFragment(t *testing.T) {
	o := newOrigin(t, Config{})
	fragment := body(t, o, firstVideo)
	info := body(t, o, strings.Replace(firstVideo, "Fragments", "FragmentInfo", 1))
	raw := body(t, o, strings.Replace(firstVideo, "Fragments", "RawFragments", 1))
	kinds, whole := topBoxes(t, fragment)
	if fmt.Sprint(kinds) != "[moof mdat]" {
		t.Fatalf("the fragment consists of %v", kinds)
	}
	if !bytes.Equal(info, whole[0]) {
		t.Error("FragmentInfo is not the moof box")
	}
	if !bytes.Equal(raw, whole[1][8:]) {
		t.Error("RawFragments is not the payload of the mdat box")
	}
}

func TestMethods(t *testing.T) {
	o := newOrigin(t, Config{})
	want := fmt.Sprint(len(body(t, o, firstVideo)))
	rec := do(t, o, http.MethodHead, firstVideo)
	if rec.Code != 200 || rec.Body.Len() != 0 || rec.Header().Get("Content-Length") != want {
		t.Errorf("HEAD: %d, %d bytes, Content-Length %q, want %s", rec.Code, rec.Body.Len(), rec.Header().Get("Content-Length"), want)
	}
	if rec := do(t, o, http.MethodOptions, firstVideo); rec.Code != 204 {
		t.Errorf("OPTIONS: %d", rec.Code)
	}
	if rec := do(t, o, http.MethodPost, firstVideo); rec.Code != 405 || rec.Header().Get("Allow") == "" {
		t.Errorf("POST: %d, Allow %q", rec.Code, rec.Header().Get("Allow"))
	}
	r := httptest.NewRequest(http.MethodGet, firstVideo, nil)
	r.Header.Set("Range", "bytes=4-7")
	part := httptest.NewRecorder()
	o.ServeHTTP(part, r)
	if part.Code != 206 || part.Body.String() != "moof" {
		t.Errorf("Range: %d %q", part.Code, part.Body)
	}
}

// Every way in which packagers write the same presentation serves the same.
func TestWaysToWriteAPresentation(t *testing.T) {
	reference := newOrigin(t, Config{})
	for _, c := range []struct {
		name   string
		change func(t *testing.T, files fstest.MapFS)
	}{
		{"without an index at the end", func(t *testing.T, files fstest.MapFS) {
			for name, f := range files {
				if strings.Contains(name, ".ism") && bytes.HasSuffix([]byte(name), []byte("v")) {
					f.Data = without(t, f.Data, "mfra")
				}
			}
		}},
		{"with an index that points nowhere", func(t *testing.T, files fstest.MapFS) {
			f := files["demo_250000.ismv"]
			i := bytes.LastIndex(f.Data, []byte("tfra"))
			f.Data = bytes.Clone(f.Data)
			f.Data[i+4+4+4+4+4+15]++ // the first offset
		}},
		{"all tracks in one file", func(t *testing.T, files fstest.MapFS) {
			var all []byte
			for name, f := range files {
				if strings.HasSuffix(name, "v") || strings.HasSuffix(name, "a") {
					all = append(all, without(t, without(t, f.Data, "mfra"), "moov")...)
					edit(t, files, "demo.ism", name, "all.ismv")
					delete(files, name)
				}
			}
			files["all.ismv"] = &fstest.MapFile{Data: all}
		}},
		{"names in other letters", func(t *testing.T, files fstest.MapFS) {
			files["DEMO.ISMC"] = files["demo.ismc"]
			delete(files, "demo.ismc")
			edit(t, files, "demo.ism", "demo_eng.isma", "Demo_ENG.isma")
		}},
		{"without the name of the client manifest", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "demo.ism", `<meta name="clientManifestRelativePath" content="demo.ismc" />`, "")
		}},
		{"server manifest in UTF-16", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "demo.ism", "utf-8", "utf-16")
			out := []byte{0xff, 0xfe}
			for _, u := range utf16.Encode([]rune(string(files["demo.ism"].Data))) {
				out = append(out, byte(u), byte(u>>8))
			}
			files["demo.ism"].Data = out
		}},
		{"boxes between the fragments", func(t *testing.T, files fstest.MapFS) {
			f := files["demo_250000.ismv"]
			kinds, raw := topBoxes(t, without(t, f.Data, "mfra"))
			var out []byte
			for i := range raw {
				if kinds[i] == "moof" {
					out = append(out, 0, 0, 0, 12, 'f', 'r', 'e', 'e', 1, 2, 3, 4)
				}
				out = append(out, raw[i]...)
			}
			f.Data = out
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := demoFiles(t)
			c.change(t, files)
			o := folderOrigin(t, files)
			compareAll(t, reference, o)
		})
	}
}

// compareAll asks both origins for the demo's manifest and every fragment.
func compareAll(t *testing.T, want, got http.Handler) {
	t.Helper()
	data := body(t, want, "/demo.ism/Manifest")
	if !bytes.Equal(body(t, got, "/demo.ism/Manifest"), data) {
		t.Error("another manifest")
	}
	p, err := manifest.Parse(data, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range fragmentPaths(p) {
		if !bytes.Equal(body(t, got, path), body(t, want, path)) {
			t.Errorf("%s: another fragment", path)
		}
	}
}

// fragmentPaths returns the path of every fragment of the demo presentation.
func fragmentPaths(p *manifest.Presentation) []string {
	var paths []string
	for i := range p.Streams {
		s := &p.Streams[i]
		for j := range s.Levels {
			for _, run := range s.Runs {
				for k := range run.Count {
					url := manifest.ChunkURL("http://x/demo.ism/", s, &s.Levels[j], run.T+manifest.Ticks(k)*run.D)
					paths = append(paths, strings.TrimPrefix(url, "http://x"))
				}
			}
		}
	}
	return paths
}

// Without a client manifest one is made that says the same of streams, levels
// and chunks.
func TestManifestIsMade(t *testing.T) {
	files := demoFiles(t)
	want, err := manifest.Parse(files["demo.ismc"].Data, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	delete(files, "demo.ismc")
	o := folderOrigin(t, files)
	got, err := manifest.Parse(body(t, o, "/demo.ism/Manifest"), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Duration != want.Duration || len(got.Warnings) > 0 || len(got.Streams) != len(want.Streams) {
		t.Errorf("duration %d, %d streams, warnings %q", got.Duration, len(got.Streams), got.Warnings)
	}
	for i, s := range want.Streams {
		g := got.Streams[i]
		if g.Type != s.Type || g.Name != s.Name || g.Language != s.Language || g.URL != s.URL || fmt.Sprint(g.Runs) != fmt.Sprint(s.Runs) {
			t.Errorf("stream %q: got %+v", s.Name, g)
		}
		for j, l := range s.Levels {
			m := g.Levels[j]
			if m.BitrateBPS != l.BitrateBPS || m.FourCC != l.FourCC || m.Width != l.Width || m.Height != l.Height ||
				!bytes.Equal(m.CodecData, l.CodecData) || m.SamplingRate != l.SamplingRate || m.Channels != l.Channels {
				t.Errorf("stream %q, level %d:\ngot  %+v\nwant %+v", s.Name, j, m, l)
			}
		}
	}
	for _, path := range fragmentPaths(got) {
		body(t, o, path)
	}
}

// A file that is missing takes its level with it, and nothing else.
func TestMissingFile(t *testing.T) {
	files := demoFiles(t)
	delete(files, "demo_900000.ismv")
	o := folderOrigin(t, files)
	if rec := get(t, o, "/demo.ism/QualityLevels(900000)/Fragments(video=0)"); rec.Code != 404 {
		t.Errorf("missing level: %d", rec.Code)
	}
	body(t, o, firstVideo)
	body(t, o, "/demo.ism/Manifest")
}

func TestBrokenPresentations(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(files fstest.MapFS)
	}{
		{"no XML", "server manifest", func(f fstest.MapFS) { f["demo.ism"].Data = []byte("\x00\x01") }},
		{"no tracks", "no video", func(f fstest.MapFS) { f["demo.ism"].Data = []byte("<smil/>") }},
		{"no files", "nothing to serve", func(f fstest.MapFS) {
			for name := range f {
				if !strings.HasSuffix(name, ".ism") {
					delete(f, name)
				}
			}
		}},
		{"no fragments", "no fragments", func(f fstest.MapFS) {
			for name := range f {
				if !strings.HasSuffix(name, ".ism") {
					f[name].Data = f[name].Data[:100]
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := demoFiles(t)
			c.change(files)
			rec := get(t, folderOrigin(t, files), "/demo.ism/Manifest")
			if rec.Code < 400 || !strings.Contains(rec.Body.String(), c.want) {
				t.Errorf("%d %q, want an error that says %q", rec.Code, rec.Body, c.want)
			}
		})
	}
}

// A folder laid out as served needs no index: each file is an answer.
func TestLaidOutFolder(t *testing.T) {
	src := newOrigin(t, Config{})
	data := body(t, src, "/demo.ism/Manifest")
	p, err := manifest.Parse(data, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	served := fstest.MapFS{"vod/Manifest": {Data: data}}
	flat := fstest.MapFS{"flat/Manifest_Regular.xml": {Data: data}}
	for _, path := range fragmentPaths(p) {
		fragment := &fstest.MapFile{Data: body(t, src, path)}
		served["vod/"+strings.TrimPrefix(path, "/demo.ism/")] = fragment
		r, _ := parseRequest(path)
		if strings.HasPrefix(r.stream, "audio") {
			flat[fmt.Sprintf("flat/Fragments(%s=%d).mp4", r.stream, r.time)] = fragment
		} else {
			flat[fmt.Sprintf("flat/%d-Fragments(%s=%d).mp4", r.bitrate, r.stream, r.time)] = fragment
		}
	}
	for _, c := range []struct {
		folder, manifest string
		files            fstest.MapFS
	}{{"vod", "Manifest", served}, {"flat", "Manifest_Regular.xml", flat}} {
		o := folderOrigin(t, c.files)
		if !bytes.Equal(body(t, o, "/"+c.folder+"/"+c.manifest), data) {
			t.Errorf("%s: another manifest", c.folder)
		}
		for _, path := range fragmentPaths(p) {
			there := "/" + c.folder + strings.TrimPrefix(path, "/demo.ism")
			if !bytes.Equal(body(t, o, there), body(t, src, path)) {
				t.Errorf("%s: another fragment", there)
			}
		}
		info := "/" + c.folder + "/QualityLevels(250000)/FragmentInfo(video=0)"
		if rec := get(t, o, info); c.folder == "vod" && !bytes.HasPrefix(rec.Body.Bytes()[4:], []byte("moof")) {
			t.Errorf("%s: %d", info, rec.Code)
		}
		if rec := get(t, o, "/"+c.folder+"/QualityLevels(250000)/Fragments(video=1)"); rec.Code != 404 {
			t.Errorf("%s: a fragment that is not there: %d", c.folder, rec.Code)
		}
	}
}

func TestRestoreStarts(t *testing.T) {
	const before = `<StreamIndex Type="video" Url="QualityLevels({bitrate})/Fragments(video={start time})">
<QualityLevel Index="0" /><c n="0" d="5" /><c n="1" d="5" /></StreamIndex>
<StreamIndex Type="audio" Url="QualityLevels({bitrate})/Fragments(audio={start_time})"><c n="0" t="0" d="7" /></StreamIndex>
<StreamIndex Type="text" Url="QualityLevels({bitrate})/Fragments(text={start time})"><c d="9" /></StreamIndex>`
	want := strings.Replace(before, `<c n="0" d="5"`, `<c t="800000" n="0" d="5"`, 1)
	first := func(stream string) (uint64, bool) {
		return map[string]uint64{"video": 800000, "audio": 3, "text": 0}[stream], true
	}
	if got := string(restoreStarts([]byte(before), first)); got != want {
		t.Errorf("got %s", got)
	}
	if got := string(restoreStarts([]byte("no manifest"), first)); got != "no manifest" {
		t.Errorf("got %q", got)
	}
}

// What ffmpeg -f smoothstreaming writes plays as it is, although its manifest
// leaves out the times at which its streams begin.
func TestFFmpegFolder(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("skipped: ffmpeg is not installed")
	}
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x90:r=25:d=4",
		"-f", "lavfi", "-i", "sine=d=4", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25", "-c:a", "aac",
		"-f", "smoothstreaming", "-min_frag_duration", "1000000", filepath.Join(dir, "x.ism")).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	o := folderOrigin(t, os.DirFS(dir))
	p, err := manifest.Parse(body(t, o, "/x.ism/Manifest"), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range p.Streams {
		s := &p.Streams[i]
		for _, run := range s.Runs {
			for k := range run.Count {
				url := manifest.ChunkURL("http://x/x.ism/", s, &s.Levels[0], run.T+manifest.Ticks(k)*run.D)
				body(t, o, strings.TrimPrefix(url, "http://x"))
				n++
			}
		}
	}
	if n < 4 {
		t.Errorf("%d fragments", n)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	for _, cfg := range []Config{{NoDemo: true}, {Folders: map[string]fs.FS{"x": nil}}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v: no error", cfg)
		}
	}
}

func TestAccess(t *testing.T) {
	var log []Access
	o := newOrigin(t, Config{Access: func(a Access) { log = append(log, a) }})
	n := len(body(t, o, firstVideo+"?token=secret"))
	get(t, o, "/nothing")
	o.SetFaults(Faults{{Kind: "500"}})
	get(t, o, firstVideo)
	if len(log) != 3 {
		t.Fatalf("%d lines", len(log))
	}
	if a := log[0]; a.Status != 200 || a.Bytes != int64(n) || a.Path != firstVideo || a.Method != "GET" || a.Err != nil || a.Fault != "" {
		t.Errorf("first: %+v", a)
	}
	if a := log[1]; a.Status != 404 || !errors.Is(a.Err, fs.ErrNotExist) {
		t.Errorf("second: %+v", a)
	}
	if a := log[2]; a.Status != 500 || a.Fault != "500" {
		t.Errorf("third: %+v", a)
	}
}
