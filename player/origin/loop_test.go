package origin

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"smoothplay/player/manifest"
)

// part is a stream of a presentation made for a test.
type partOf struct {
	attrs  string // of the StreamIndex
	kind   string // and noun
	scale  uint64
	start  uint64
	sample uint32 // its duration
	per    int    // samples of a fragment
	total  int    // samples of the stream
}

// made returns a presentation laid out as served. Each sample holds its number.
func made(parts ...partOf) fstest.MapFS {
	files := fstest.MapFS{}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0" TimeScale="10000000">`)
	for _, p := range parts {
		fmt.Fprintf(&b, `<StreamIndex Type="%s" Name="%s" TimeScale="%d" %s Url="QualityLevels({bitrate})/Fragments(%s={start time})">`, p.kind, p.kind, p.scale, p.attrs, p.kind)
		fmt.Fprintf(&b, `<QualityLevel Index="0" Bitrate="1000" FourCC="AACL" CodecPrivateData="1210" SamplingRate="44100" Channels="2" BitsPerSample="16" PacketSize="4" AudioTag="255" />`)
		t := p.start
		for n := 0; n < p.total; n += p.per {
			count := min(p.per, p.total-n)
			d := uint64(count) * uint64(p.sample)
			fmt.Fprintf(&b, `<c t="%d" d="%d"/>`, t, d)
			files[fmt.Sprintf("made/QualityLevels(1000)/Fragments(%s=%d)", p.kind, t)] = file(madeFragment(n, count, p.sample))
			t += d
		}
		b.WriteString("</StreamIndex>")
	}
	b.WriteString("</SmoothStreamingMedia>")
	files["made/Manifest"] = file([]byte(b.String()))
	return files
}

func madeFragment(first, count int, duration uint32) []byte {
	run := u32(0xb01, uint32(count), 0) // duration, size and composition offset
	run[1] = 0
	var media []byte
	for i := range count {
		run = append(run, u32(duration, 8, uint32(i%3)*duration)...)
		media = binary.BigEndian.AppendUint64(media, uint64(first+i))
	}
	traf := mkbox("traf", mkbox("tfhd", u32(1, 9), u64(4711)), mkbox("trun", run), mkbox("sdtp", u32(0), make([]byte, count)))
	return append(mkbox("moof", mkbox("mfhd", u32(0, 1)), traf), mkbox("mdat", media)...)
}

// Streams that do not end together, nor begin together, nor count in the same
// units, are joined without gap or overlap in their times, whole samples each,
// and after thousands of repetitions are as far from each other as at first.
func TestLoopJoinsUnevenStreams(t *testing.T) {
	const video, audio = "video", "audio"
	for _, c := range []struct {
		name   string
		parts  []partOf
		loop   time.Duration // that results
		hole   bool          // one stream is too short
		sample time.Duration // of the sound
	}{
		{"sound is longer", []partOf{{"", video, 10_000_000, 0, 400_000, 50, 250}, {"", audio, 44_100, 0, 1024, 86, 500}}, 10 * time.Second, false, 0},
		{"sound is shorter", []partOf{{"", video, 10_000_000, 0, 400_000, 50, 250}, {"", audio, 44_100, 0, 1024, 86, 400}}, 8 * time.Second, false, 0},
		{"sound is a little shorter", []partOf{{"", video, 10_000_000, 0, 400_000, 50, 250}, {"", audio, 44_100, 0, 1024, 86, 428}}, 10 * time.Second, false, 0},
		{"pictures begin later", []partOf{{"", video, 90_000, 7200, 3600, 50, 230}, {"", audio, 44_100, 0, 1024, 86, 500}}, 9200 * time.Millisecond, false, 0},
		{"sound begins later", []partOf{{"", video, 25, 1000, 1, 50, 250}, {"", audio, 48_000, 1_930_000, 1024, 94, 500}}, 10 * time.Second, false, 0},
		{"times that do not divide", []partOf{{"", video, 30_000, 0, 1001, 60, 300}, {"", audio, 44_100, 0, 1024, 100, 500}}, 10010 * time.Millisecond, false, 0},
		{"nothing but sound", []partOf{{"", audio, 48_000, 0, 1024, 86, 300}}, 6400 * time.Millisecond, false, 0},
		{"one sample too many", []partOf{{"", video, 48_000, 0, 1920, 16, 48}, {"", audio, 48_000, 0, 1024, 45, 91}}, 1920 * time.Millisecond, false, 0},
		{"hardly any sound", []partOf{{"", video, 10_000_000, 0, 400_000, 50, 250}, {"", audio, 44_100, 0, 1024, 86, 40}}, 10 * time.Second, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				o := newOrigin(t, Config{Folders: map[string]fs.FS{"": made(c.parts...)}, Live: &Live{Window: 5 * c.loop}})
				joins := map[string]time.Duration{}
				for range 3 { // now, and after a million seconds each
					p := liveManifest(t, o, "/made.isml/")
					for i := range p.Streams {
						s := &p.Streams[i]
						join := checkJoins(t, o, s, c.loop, c.hole && s.Type == audio)
						if before, ok := joins[s.Type]; ok && (join-before).Abs() > time.Second/time.Duration(s.TimeScale)+1 {
							t.Errorf("%s: repetitions began at %v, and now at %v", s.Type, before, join)
						}
						joins[s.Type] = join
					}
					time.Sleep(c.loop * time.Duration(1e15/int64(c.loop)))
				}
			})
		})
	}
}

// checkJoins reads all that is listed of a stream, and returns when within the
// length of a loop repetitions begin.
func checkJoins(t *testing.T, o *Origin, s *manifest.Stream, loop time.Duration, hole bool) (join time.Duration) {
	t.Helper()
	list := listed(s)
	last, joined := uint64(0), 0
	for k, c := range list {
		if k > 0 && c.t != list[k-1].t+list[k-1].d && !hole {
			t.Errorf("%s: %v after %v", s.Type, c, list[k-1])
		}
		f := parsed(t, s, body(t, o, urlOf("/made.isml/", s, 0, c.t)))
		if f.Time != c.t || f.Duration != c.d || uint64(f.Length()) != c.d {
			t.Errorf("%s: the fragment at %d for %d says %d for %d, its samples last %d", s.Type, c.t, c.d, f.Time, f.Duration, f.Length())
		}
		for i, sample := range f.Samples {
			n := binary.BigEndian.Uint64(sample.Data)
			switch {
			case n == 0:
				joined++
				join = time.Duration(c.t%s.TimeScale)*time.Second/time.Duration(s.TimeScale) + time.Duration(c.t/s.TimeScale)*time.Second
				join %= loop
			case (k > 0 || i > 0) && n != last+1:
				t.Errorf("%s: sample %d follows on %d", s.Type, n, last)
			}
			if usual := f.Samples[0].Duration; i == len(f.Samples)-1 && len(f.Samples) > 1 {
				if short, long := usual-usual/10, 2*usual; s.Type == "audio" && !hole && (sample.Duration < short || sample.Duration > max(long, usual+uint32(s.TimeScale/slack))) {
					t.Errorf("%s: the last sample of a fragment lasts %d instead of %d", s.Type, sample.Duration, usual)
				}
			}
			if want := int32(f.Samples[0].Duration) * int32(n%1); sample.Composition < want {
				t.Errorf("%s: composition offset %d", s.Type, sample.Composition)
			}
			last = n
		}
	}
	if joined < 4 {
		t.Errorf("%s: %d repetitions in five times their length", s.Type, joined)
	}
	return join
}

// What depends on video or sound follows them: a sparse stream has what lies
// within the loop, its content in the manifest where the packager put it there,
// no announcements, and is pointed at by the fragments of its parent.
func TestSparseStream(t *testing.T) {
	files := made(partOf{"", "video", 10_000_000, 0, 400_000, 50, 250})
	const ads = `<StreamIndex Type="text" Name="ads" Subtype="DATA" ParentStreamIndex="video" ManifestOutput="TRUE" Url="QualityLevels({bitrate})/Fragments(ads={start time})">
<QualityLevel Index="0" Bitrate="0" FourCC=""/><c t="10000000" d="20000000"><f>b25l</f></c><c t="55000000" d="10000000"><f>dHdv</f></c><c t="990000000" d="1"><f>bmV2ZXI=</f></c></StreamIndex>`
	manifest := strings.Replace(string(files["made/Manifest"].Data), "</SmoothStreamingMedia>", ads+"</SmoothStreamingMedia>", 1)
	files["made/Manifest"] = file([]byte(manifest))
	for _, t := range []int{10_000_000, 55_000_000} {
		files[fmt.Sprintf("made/QualityLevels(0)/Fragments(ads=%d)", t)] = file(madeFragment(t, 1, 1))
	}
	bubble(t, func(t *testing.T) {
		o := newOrigin(t, Config{Folders: map[string]fs.FS{"": files}, Live: &Live{Epoch: midnight, Window: 20 * time.Second}})
		at(35*time.Second - 1)
		p := liveManifest(t, o, "/made.isml/") // pictures up to 30 s
		s := &p.Streams[1]
		if got := fmt.Sprint(listed(s)); got != "[{110000000 20000000} {155000000 10000000} {210000000 20000000} {255000000 10000000}]" {
			t.Errorf("there is %s", got)
		}
		content := ""
		for _, inline := range s.Inline {
			content += string(inline.Data) + " "
		}
		if content != "one two one two " {
			t.Errorf("the manifest contains %q", content)
		}
		f := parsed(t, s, body(t, o, urlOf("/made.isml/", s, 0, 255_000_000)))
		if f.Time != 255_000_000 || f.Duration != 10_000_000 || len(f.Next) > 0 {
			t.Errorf("a fragment at %d for %d announces %v", f.Time, f.Duration, f.Next)
		}
		for time, want := range map[int]string{
			200_000_000: "video/mp4;ChildTrack=\"ads=210000000\"",
			240_000_000: "video/mp4;ChildTrack=\"ads=255000000\"",
			260_000_000: "video/mp4;ChildTrack=\"ads=255000000\"",
		} {
			rec := get(t, o, urlOf("/made.isml/", &p.Streams[0], 0, uint64(time)))
			if got := rec.Header().Get("Content-Type"); got != want {
				t.Errorf("at %d: %d, %q, want %q", time, rec.Code, got, want)
			}
		}
		if got := status(t, o, urlOf("/made.isml/", s, 0, 310_000_000)); got != 412 {
			t.Errorf("the next one is %d", got)
		}
	})
}

func TestCannotLoop(t *testing.T) {
	video := partOf{"", "video", 10_000_000, 0, 400_000, 50, 250}
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"no chunk":     {made(partOf{"", "video", 10_000_000, 0, 400_000, 50, 0}), "has a chunk"},
		"no time":      {made(partOf{"", "video", 10_000_000, 0, 0, 50, 50}), "no time"},
		"fine scale":   {made(partOf{"", "video", 10_000_000_000, 0, 400_000, 50, 50}), "time scale"},
		"no manifest":  {fstest.MapFS{"made/Manifest": file([]byte("hello"))}, "no whole"},
		"other root":   {fstest.MapFS{"made/Manifest": file([]byte("<MPD><Period/></MPD>"))}, "MPD"},
		"broken sound": {broken(made(video, partOf{"", "audio", 44_100, 0, 1024, 86, 500}), "audio=440320"), "has to be cut"},
	} {
		o := newOrigin(t, Config{Folders: map[string]fs.FS{"": c.files}, NoDemo: true, Live: &Live{}})
		rec := get(t, o, "/made.isml/Manifest")
		if rec.Code != 500 || !strings.Contains(rec.Body.String(), c.want) {
			t.Errorf("%s: %d %q, want %q", name, rec.Code, rec.Body, c.want)
		}
	}
}

func broken(files fstest.MapFS, which string) fstest.MapFS {
	for name, f := range files {
		if strings.Contains(name, which) {
			f.Data = []byte("broken")
		}
	}
	return files
}

// The conversions of time are those of arithmetic without bounds.
func TestConvert(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		v, from, to := random.Uint64()>>random.UintN(64), random.Uint64N(maxScale)+1, random.Uint64N(maxScale)+1
		got := convert(v, from, to)
		if got == 1<<64-1 {
			continue
		}
		// v/from in [got/to, (got+1)/to)
		if (instant{v, from}).before(instant{got, to}) || !(instant{v, from}).before(instant{got + 1, to}) {
			t.Fatalf("%d/%d is %d/%d", v, from, got, to)
		}
	}
	if convert(1<<63, 1, 2) != 1<<64-1 || convert(1<<63, 2, 1) != 1<<62 {
		t.Error("what is too large does not saturate")
	}
}
