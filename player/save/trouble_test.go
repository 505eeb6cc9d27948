package save

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/origin"
)

// What goes wrong for a moment costs time and nothing else.
func TestRetries(t *testing.T) {
	whole, path := target(t), target(t)
	_, err := run(t, newOrigin(t, origin.Config{}), Config{Output: whole, Levels: level(0)})
	must(t, err)
	s, err := run(t, withFaults(t, "503@every:3,cut@50%@every:5,garbage@every:7,die@5s-40s"), Config{Output: path, Levels: level(0)})
	must(t, err)
	same(t, read(t, path), read(t, whole))
	if s.Elapsed < time.Second {
		t.Errorf("all went well: %v", s.Elapsed)
	}
}

// A server that is gone is waited for, and then the save ends, to be gone on with.
func TestGivesUpAndGoesOn(t *testing.T) {
	whole := target(t)
	_, err := run(t, newOrigin(t, origin.Config{}), Config{Output: whole, Levels: level(0)})
	must(t, err)
	for _, fault := range []string{"die@1ms-10h", "503@1ms-10h", "404@1ms-10h", "401@1ms-10h"} {
		path := target(t)
		faults, err := origin.ParseFaults(fault)
		must(t, err)
		o := newOrigin(t, origin.Config{})
		some := false
		cfg := Config{Output: path, Levels: level(0), Progress: func(p Progress) {
			if !some && p.Fragments == 5 {
				some = true
				o.AddFaults(faults)
				time.Sleep(2 * time.Millisecond)
			}
		}}
		s, err := run(t, o, cfg)
		if err == nil || s != nil || !strings.Contains(err.Error(), "goes on from there") {
			t.Fatalf("%s: %v, %+v", fault, err, s)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: there is a file", fault)
		}
		o.EndFaults("")
		cfg.Progress = nil
		s, err = run(t, o, cfg)
		must(t, err)
		if !s.Resumed {
			t.Errorf("%s: begun anew", fault)
		}
		same(t, read(t, path), read(t, whole))
	}
}

// What is made of clips of others is refused, and the error says what to do.
func TestCompositeIsRefused(t *testing.T) {
	composite := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0"><Clip Url="a.ism/Manifest" ClipBegin="0" ClipEnd="9">` +
			`<StreamIndex Type="video" Url="a"><QualityLevel Bitrate="1" FourCC="H264"/><c t="0" d="9"/></StreamIndex></Clip></SmoothStreamingMedia>`))
	})
	_, err := run(t, composite, Config{Output: target(t)})
	wants(t, err, ErrComposite)
}

// Where nothing at all can be had there is no file, and an error that says why.
func TestNothingThere(t *testing.T) {
	path := target(t)
	_, err := run(t, withFaults(t, "404@fragment:1"), Config{Output: path, NoAudio: true, To: 10 * time.Second})
	wants(t, err, ErrNothing)
	if !strings.Contains(err.Error(), "404") {
		t.Errorf("it does not say why: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	must(t, err)
	if len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	_, err = run(t, http.NotFoundHandler(), Config{Output: path})
	var e *fetch.Error
	if !errors.As(err, &e) || e.Status != http.StatusNotFound {
		t.Errorf("%v", err)
	}
	_, err = run(t, newOrigin(t, origin.Config{}), Config{Output: filepath.Join(path, "no", "such")})
	wants(t, err, os.ErrNotExist)
}

// No more is asked for at a time than was agreed.
func TestPolite(t *testing.T) {
	o := newOrigin(t, origin.Config{})
	var now, most atomic.Int64
	counting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(50 * time.Millisecond)
		o.ServeHTTP(w, r)
		now.Add(-1)
	})
	for _, parallel := range []int{0, 1, 2} {
		most.Store(0)
		_, err := run(t, counting, Config{Output: target(t), Levels: allLevels, Parallel: parallel})
		must(t, err)
		want := int64(parallel)
		if parallel == 0 {
			want = usualParallel
		}
		if most.Load() != want {
			t.Errorf("%d at a time, want %d", most.Load(), want)
		}
	}
}

// A protected presentation stays so, unless there is something that decrypts.
func TestProtected(t *testing.T) {
	f := fake{video(tick, steady(0, 2*tick, 3, 50)...)}
	f[0].chunks[0].encrypted, f[0].chunks[1].encrypted = true, true
	protected := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/Manifest") {
			text := strings.Replace(f.manifest(), "</SmoothStreamingMedia>", `<Protection><ProtectionHeader SystemID="9A04F079-9840-4286-AB92-E65BE0885F95">AAAA</ProtectionHeader></Protection></SmoothStreamingMedia>`, 1)
			w.Write([]byte(text))
			return
		}
		f.ServeHTTP(w, r)
	})
	path := target(t)
	_, err := run(t, protected, Config{URL: fakeURL, Output: path})
	wants(t, err, ErrProtected) // nobody says with which key
	os.Remove(path + ".part")
	os.Remove(path + ".part.log")

	// Kept as it is: every sample is listed with what decrypts it.
	kid := [16]byte{15: 7}
	s, err := run(t, protected, Config{URL: fakeURL, Output: path, Protection: func(*manifest.Presentation) ([16]byte, bool, []platform.ProtectionSystem) {
		return kid, true, []platform.ProtectionSystem{{SystemID: [16]byte{1}, Data: []byte("header")}}
	}})
	must(t, err)
	if !s.Tracks[0].Protected {
		t.Errorf("%+v", s)
	}
	m := decode(t, path)
	stbl := m.Moov.Traks[0].Mdia.Minf.Stbl
	if m.Moov.Pssh == nil || string(m.Moov.Pssh.Data) != "header" {
		t.Error("the header of the protection system is missing")
	}
	sinf := stbl.Stsd.Encv.Sinf
	if sinf.Frma.DataFormat != "avc1" || sinf.Schm.SchemeType != "cenc" || sinf.Schi.Tenc.DefaultKID.String() != "00000000-0000-0000-0000-000000000007" {
		t.Errorf("%+v", sinf)
	}
	if !slices.ContainsFunc(stbl.Children, func(b mp4.Box) bool { return b.Type() == "senc" }) ||
		stbl.Saiz == nil || stbl.Saiz.SampleCount != 150 || stbl.Saio == nil {
		t.Fatalf("%+v, %+v", stbl.Children, stbl.Saiz)
	}
	data := read(t, path)
	for n := range 150 { // an IV of 8 bytes, a map of one part
		at := int(stbl.Saio.Offset[0]) + n*16
		want := []byte{0, 0, 0, 0, 0, 0, 0, byte(n % 50), 0, 1, 0, 4, 0, 0, 0, 2}
		if n >= 100 { // the last fragment is clear
			want = []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0}
		}
		if !bytes.Equal(data[at:at+16], want) || stbl.Saiz.SampleInfo[n] != 16 {
			t.Fatalf("sample %d: %x", n, data[at:at+16])
		}
	}

	// Decrypted, it is clear.
	path = target(t)
	var seen atomic.Int64
	s, err = run(t, protected, Config{URL: fakeURL, Output: path, Decrypt: func(_ context.Context, p *manifest.Presentation, stream int, f *fragment.Fragment) error {
		seen.Add(1)
		return nil
	}})
	must(t, err)
	if m := decode(t, path); s.Tracks[0].Protected || seen.Load() != 2 || m.Moov.Traks[0].Mdia.Minf.Stbl.Stsd.AvcX == nil {
		t.Errorf("%+v, %d", s, seen.Load())
	}
}
