package origin

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// Whatever manifest lies in a folder, the live one that is made of it is one
// that can be read, with the same streams; nothing that is asked for panics.
func FuzzLiveManifest(f *testing.F) {
	for _, s := range []string{
		`<SmoothStreamingMedia MajorVersion="2" Duration="9" IsLive="true"><StreamIndex Type="video" Chunks="2" Url="QualityLevels({bitrate})/Fragments(video={start time})">
<QualityLevel Bitrate="1" FourCC="H264" MaxWidth="2" MaxHeight="2" CodecPrivateData=""/><c t="0" d="20000000"/><c d="20000000"/></StreamIndex>
<StreamIndex Type="audio" TimeScale="48000" Url="QualityLevels({bitrate})/Fragments(audio={start time})"><QualityLevel Bitrate="2"/><c t="7" d="96000" r="2"/></StreamIndex></SmoothStreamingMedia>`,
		`<SmoothStreamingMedia MajorVersion="2"><StreamIndex Type="audio" Url="Q({bitrate})/Fragments(a={start time})"><QualityLevel Bitrate="1"/><c d="5" r="3"/></StreamIndex></SmoothStreamingMedia>`,
		`<SmoothStreamingMedia MajorVersion='2' TimeScale="0"><StreamIndex Type="video"/><StreamIndex Type="text"><c t="9" d="1"><f>eA==</f></c></StreamIndex></SmoothStreamingMedia>`,
		`<SmoothStreamingMedia MajorVersion="2"><StreamIndex Type="video" TimeScale="1" Url="QualityLevels({bitrate})/Fragments(v={start time})"><QualityLevel Bitrate="1"/><c t="18446744073709551615" d="1"/></StreamIndex></SmoothStreamingMedia>`,
		"\xff\xfe<\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := fstest.MapFS{"x/Manifest": file(data)}
		now := time.Now()
		o := newOrigin(t, Config{Folders: map[string]fs.FS{"": files}, NoDemo: true,
			Live: &Live{Start: now.Add(-time.Minute), Gaps: []Gap{{From: now.Add(-30 * time.Second), To: now.Add(-20 * time.Second)}}}})
		rec := get(t, o, "/x.isml/Manifest")
		get(t, o, "/x.isml/QualityLevels(1)/Fragments(v=18446744073709551615)")
		get(t, o, "/x.isml/QualityLevels(1)/Fragments(video=0)")
		if rec.Code != 200 {
			return
		}
		source, err := manifest.Parse(data, manifest.Limits{})
		if err != nil {
			return
		}
		p, err := manifest.Parse(rec.Body.Bytes(), manifest.Limits{})
		if err != nil {
			t.Fatalf("the manifest cannot be read: %v\n%s", err, rec.Body)
		}
		// A stream whose chunks make no sense is there, without any.
		if !p.Live || len(p.Streams) < len(source.Streams) {
			t.Errorf("live is %v, %d streams instead of %d\n%s", p.Live, len(p.Streams), len(source.Streams), rec.Body)
		}
	})
}

// Whatever lies in a media file, what is made of it has the times that it is to
// have, as many samples as before or less, and no panic.
func FuzzRetiming(f *testing.F) {
	o := newOrigin(f, Config{})
	f.Add(body(f, o, firstVideo)[:4000], uint64(1<<60), uint64(20_000_000), uint8(0))
	for i := range uint8(8) {
		f.Add(madeFragment(0, 5, 100), uint64(7), uint64(450), i)
	}
	f.Fuzz(func(t *testing.T, data []byte, at, d uint64, bits uint8) {
		r := retiming{
			live: true, t: at, d: d, sequence: 9,
			fit: bits&1 != 0, keys: bits&2 != 0, version0: bits&4 != 0, next: []announced{{at + 1, 2}, {3, d}},
		}
		moof, media, err := r.apply(data)
		if err != nil {
			return
		}
		var before, after fragment.Fragment
		if before.Parse(data, fragment.Options{}) != nil {
			return
		}
		if err := after.Parse(cutOut(moof, media, whole), fragment.Options{}); err != nil {
			t.Fatalf("what is made cannot be read: %v", err)
		}
		if !after.HasTime || after.Time != at || after.Duration != d || len(after.Next) != 2 || after.Next[1] != (fragment.Announced{Time: 3, Duration: d}) {
			t.Errorf("the times are %d for %d, %v", after.Time, after.Duration, after.Next)
		}
		if len(after.Samples) > len(before.Samples) || len(after.Media) > len(before.Media) {
			t.Errorf("%d samples became %d", len(before.Samples), len(after.Samples))
		}
		if r.fit && d <= math.MaxInt32 && uint64(after.Length()) != d {
			t.Errorf("the samples last %d, not %d", after.Length(), d)
		}
	})
}

// A day of an event, as seen by a viewer who takes every fragment and refreshes
// the manifest, leaves nothing in the memory.
func TestMemoryStaysFlat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := liveOrigin(t, Live{Window: 2 * time.Minute}, "")
		gap, _ := ParseFaults("encoder-gap,404@edge:10%")
		step := func() {
			p := liveManifest(t, o, demoLive)
			for i := range p.Streams {
				list := listed(&p.Streams[i])
				body := func(c span) { status(t, o, urlOf(demoLive, &p.Streams[i], 0, c.t)) }
				body(list[0])
				body(list[len(list)-1])
			}
		}
		used := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		for range 30 {
			step()
			time.Sleep(2 * time.Second)
		}
		before := used()
		for hour := range 24 {
			for range 30 {
				step()
				time.Sleep(2 * time.Minute)
			}
			if hour%6 == 5 { // things happen
				o.AddFaults(gap)
				time.Sleep(10 * time.Second)
				o.EndFaults("")
			}
		}
		if after := used(); after > before+before/20+64<<10 {
			t.Errorf("%d bytes in use, after a day %d", before, after)
		}
	})
}

// What ffmpeg -f smoothstreaming writes is live, too: streams that begin at
// different times, with B-frames, sound that ends when it pleases.
func TestFFmpegFolderLive(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("skipped: ffmpeg is not installed")
	}
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x90:r=25:d=4",
		"-f", "lavfi", "-i", "sine=r=44100:d=4.3", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25", "-c:a", "aac",
		"-f", "smoothstreaming", "-min_frag_duration", "1000000", filepath.Join(dir, "x.ism")).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	bubble(t, func(t *testing.T) {
		o := newOrigin(t, Config{Folders: map[string]fs.FS{"": os.DirFS(dir)}, Live: &Live{Window: 20 * time.Second}})
		p := liveManifest(t, o, "/x.isml/")
		for i := range p.Streams {
			s := &p.Streams[i]
			list := listed(s)
			if n := contiguous(list); n != 1 || len(list) < 15 {
				t.Errorf("%s: %d fragments in %d parts", s.Type, len(list), n)
			}
			for _, c := range list {
				f := parsed(t, s, body(t, o, urlOf("/x.isml/", s, 0, c.t)))
				// ffmpeg's own figures are off by a tick or two.
				if off := f.Length() - int64(c.d); f.Time != c.t || f.Duration != c.d || off < -2 || off > 2 {
					t.Errorf("%s: at %d for %d: says %d for %d, its samples last %d", s.Type, c.t, c.d, f.Time, f.Duration, f.Length())
				}
			}
		}
	})
}

// What the manifest lists where it lists what is announced.
func TestListAnnounced(t *testing.T) {
	for _, mode := range []Mode{Complete, Promise} {
		bubble(t, func(t *testing.T) {
			o := liveOrigin(t, Live{Epoch: midnight, Mode: mode, ListAnnounced: true, End: midnight.Add(2 * time.Minute)}, "")
			at(time.Minute)
			s, last := newest(t, o, 0)
			want := uint64(58_0000000)
			if mode == Promise {
				want = 62_0000000
			}
			if last.t != want {
				t.Errorf("%s: the last one listed is %v", mode, last)
			}
			for back, want := range []int{412, 412, 200, 200} {
				if got := status(t, o, urlOf(demoLive, s, 0, last.t-uint64(back)*last.d)); got != want {
					t.Errorf("%s: %d before the last one listed: %d", mode, back, got)
				}
			}
			at(3 * time.Minute)
			if _, last := newest(t, o, 0); last.t != 118_0000000 {
				t.Errorf("%s: at the end the last one is %v", mode, last)
			}
		})
	}
}

// A manifest in UTF-16 becomes one in UTF-8; what is not understood stays.
func TestLiveFormKeepsWhatItDoesNotKnow(t *testing.T) {
	const text = `<?xml version="1.0" encoding="utf-16"?><!-- made by hand -->
<SmoothStreamingMedia MajorVersion="2" MinorVersion="1" Duration="5" IsLive="true" LookaheadCount="7" Vendor="a &amp; b" TimeScale="1000">
 <Protection><ProtectionHeader SystemID="9A04F079-9840-4286-AB92-E65BE0885F95">AAAA</ProtectionHeader></Protection>
 <StreamIndex Type="video" Chunks="2" Extra='"1"' Url="QualityLevels({bitrate})/Fragments(video={start time})">
  <QualityLevel Index="0" Bitrate="1" FourCC="H264" MaxWidth="2" MaxHeight="2" CodecPrivateData="00"><CustomAttributes><Attribute Name="a" Value="b"/></CustomAttributes></QualityLevel>
  <c t="0" d="2000" />
  <c d="2000"></c>
 </StreamIndex>
 <Unknown/>
</SmoothStreamingMedia>`
	wide := []byte{0xff, 0xfe}
	for _, c := range text {
		wide = append(wide, byte(c), byte(c>>8))
	}
	form, err := newLiveForm(wide)
	if err != nil {
		t.Fatal(err)
	}
	if len(form.root) != 4 || form.scale != 1000 || len(form.streams) != 1 || len(listed(&form.streams[0].Stream)) != 2 {
		t.Errorf("root %v, scale %d, streams %+v", form.root, form.scale, form.streams)
	}
	all := strings.Join(form.pieces, "[list]")
	for _, want := range []string{
		`<Protection><ProtectionHeader SystemID="9A04F079-9840-4286-AB92-E65BE0885F95">AAAA</ProtectionHeader></Protection>`,
		`Extra="&#34;1&#34;"`, `<Attribute Name="a" Value="b"/>`, "[list]</StreamIndex>", "<Unknown/>", `Chunks="0"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is missing in\n%s", want, all)
		}
	}
	if strings.Contains(all, "<c ") || bytes.ContainsRune([]byte(all), 0) {
		t.Errorf("chunks are left in\n%s", all)
	}
}
