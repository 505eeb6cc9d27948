package save

import (
	"errors"
	"slices"
	"testing"
	"time"
)

const tick = 10_000_000

// Streams of other time scales and begins keep their times, from an encoder's
// clock far away, with pictures out of order.
func TestTimes(t *testing.T) {
	const far = 1_700_000_000
	offsets := []int32{800_000, 1_600_000, 0, 0} // shown as 0 2 3 1
	f := fake{
		video(tick, fakeChunk{t: far*tick + 400_000, d: 1_600_000, samples: 4, offsets: offsets}, fakeChunk{t: far*tick + 2_000_000, d: 1_600_000, samples: 4, offsets: offsets}),
		audio(48000, steady(far*48000, 2048, 4, 2)...),
	}
	path := target(t)
	s, err := run(t, f, Config{URL: fakeURL, Output: path})
	must(t, err)
	m := decode(t, path)
	times, end := presented(t, m, m.Moov.Traks[0])
	near(t, "video", times, .12, .24, .12, .16, .28, .40, .28, .32)
	near(t, "its end", []float64{end}, .44)
	times, end = presented(t, m, m.Moov.Traks[1])
	const frame = 1024. / 48000
	near(t, "audio", times, 0, frame, 2*frame, 3*frame, 4*frame, 5*frame, 6*frame, 7*frame)
	near(t, "its end", []float64{end}, 8*frame)
	if got := s.Tracks[0].Start; got != 120*time.Millisecond {
		t.Errorf("the video begins at %v", got)
	}
	mdia := m.Moov.Traks[1].Mdia
	if mdia.Mdhd.GetLanguage() != "eng" || mdia.Elng == nil || mdia.Elng.Language != "en-US" {
		t.Errorf("language %q, %+v", mdia.Mdhd.GetLanguage(), mdia.Elng)
	}
}

// Offsets below 0 are made up for by the edit list.
func TestNegativeOffsets(t *testing.T) {
	f := fake{video(1000, fakeChunk{t: 1000, d: 200, samples: 5, offsets: []int32{0, 80, -40, -80, 40}})}
	path := target(t)
	_, err := run(t, f, Config{URL: fakeURL, Output: path})
	must(t, err)
	m := decode(t, path)
	times, _ := presented(t, m, m.Moov.Traks[0])
	near(t, "video", times, 0, .12, .04, .04, .20)
	if m.Moov.Traks[0].Mdia.Minf.Stbl.Ctts.Version != 0 {
		t.Error("the table has negative offsets, which not all players read")
	}
}

// A hole in the timeline is one in the file, however long; fragments that overlap
// do not turn time back.
func TestHolesAndOverlaps(t *testing.T) {
	f := fake{
		video(tick, fakeChunk{t: 0, d: 2 * tick, samples: 2}, fakeChunk{t: 3 * tick, d: tick, samples: 1}, fakeChunk{t: 4000 * tick, d: 2 * tick, samples: 2}),
		audio(48000, fakeChunk{t: 0, d: 96000, samples: 4}, fakeChunk{t: 90000, d: 96000, samples: 4}, fakeChunk{t: 72001 + 90000, d: 96000, samples: 4}),
	}
	path := target(t)
	_, err := run(t, f, Config{URL: fakeURL, Output: path})
	must(t, err)
	m := decode(t, path)
	times, end := presented(t, m, m.Moov.Traks[0])
	near(t, "video", times, 0, 1, 3, 4000, 4001)
	near(t, "its end", []float64{end}, 4002)
	times, _ = presented(t, m, m.Moov.Traks[1])
	if !slices.IsSorted(times) || len(times) != 12 {
		t.Errorf("audio: %v", times)
	}
	near(t, "audio", times[len(times)-3:], (162001+24000)/48000., (162001+48000)/48000., (162001+72000)/48000.)
}

// A range begins with the picture that is shown there, and ends where it was
// asked to; what is decoded before is not shown.
func TestRange(t *testing.T) {
	f := fake{
		video(tick, steady(5*tick, 2*tick, 10, 50)...),
		audio(48000, steady(5*48000, 96000, 10, 100)...),
	}
	path := target(t)
	s, err := run(t, f, Config{URL: fakeURL, Output: path, From: Place{Offset: 4930 * time.Millisecond}, To: 9 * time.Second})
	must(t, err)
	m := decode(t, path)
	times, end := presented(t, m, m.Moov.Traks[0])
	// The picture of 4.92 s is the 24th of the third fragment.
	near(t, "the first ones", times[:3], -.92, -.88, -.84)
	near(t, "the end", []float64{times[len(times)-1], end}, 4.04, 4.08)
	times, end = presented(t, m, m.Moov.Traks[1])
	near(t, "sound", []float64{times[0], times[len(times)-1], end}, -.92, 4.06, 4.08)
	if s.Duration != 4080*time.Millisecond || s.Fragments != 6 {
		t.Errorf("%+v", s)
	}

	for _, c := range []Config{
		{From: Place{Offset: 20 * time.Second}},
		{From: Place{Offset: 5 * time.Second}, To: 5 * time.Second},
		{Languages: []string{"fr"}}, {Angles: []string{"left"}},
	} {
		c.URL, c.Output = fakeURL, target(t)
		_, err := run(t, f, c)
		wants(t, err, ErrChoice)
	}
	_, err = run(t, f, Config{URL: fakeURL, Output: target(t), NoVideo: true, NoAudio: true})
	wants(t, err, ErrNothing)
}

// What could not be had is a gap with the right times, told as such.
func TestMissing(t *testing.T) {
	path := target(t)
	s, err := run(t, withFaults(t, "404@video:3-4,truncated@50%@audio_eng:5"), Config{Output: path, Languages: []string{"en"}})
	var incomplete *IncompleteError
	if !errors.As(err, &incomplete) || incomplete.Pieces != 3 || s == nil || len(s.Missing) != 3 {
		t.Fatalf("%v: %+v", err, s)
	}
	if one := s.Missing[0]; one.Start != 6*time.Second || one.Duration != 2*time.Second || one.T != 6*tick || one.Reason == "" || one.Damaged {
		t.Errorf("%+v", one)
	}
	if one := s.Missing[2]; one.Name != "audio audio_eng eng 64k" || !one.Damaged {
		t.Errorf("%+v", one)
	}
	m := decode(t, path)
	times, end := presented(t, m, m.Moov.Traks[0])
	slices.Sort(times)
	if len(times) != 500 {
		t.Fatalf("%d pictures", len(times))
	}
	near(t, "around the gap", times[148:152], 5.92, 5.96, 10, 10.04)
	near(t, "its end", []float64{end}, 24)
	times, end = presented(t, m, m.Moov.Traks[1])
	near(t, "the sound", []float64{times[0], times[len(times)-1], end}, 0, 23.978667, 24)
	if n := len(times); n <= 1125-94 || n >= 1125 {
		t.Errorf("%d samples of sound", n)
	}
}

// With the tables in front the media are the same.
func TestFastStart(t *testing.T) {
	f := fake{
		video(tick, steady(0, 2*tick, 5, 50)...),
		audio(48000, steady(0, 96000, 5, 100)...),
	}
	behind, front := target(t), target(t)
	for path, fast := range map[string]bool{behind: false, front: true} {
		_, err := run(t, f, Config{URL: fakeURL, Output: path, FastStart: fast})
		must(t, err)
	}
	a, b := decode(t, behind), decode(t, front)
	if b.Moov.StartPos > b.Mdat.StartPos || a.Moov.StartPos < a.Mdat.StartPos {
		t.Fatal("the tables are in the wrong place")
	}
	dataA, dataB := read(t, behind), read(t, front)
	for i := range a.Moov.Traks {
		startsA, startsB := a.Moov.Traks[i].Mdia.Minf.Stbl.Stco.ChunkOffset, b.Moov.Traks[i].Mdia.Minf.Stbl.Stco.ChunkOffset
		if len(startsA) != 5 || len(startsB) != 5 {
			t.Fatalf("%v %v", startsA, startsB)
		}
		for k := range startsA {
			same(t, dataA[startsA[k]:startsA[k]+300], dataB[startsB[k]:startsB[k]+300])
		}
	}
}
