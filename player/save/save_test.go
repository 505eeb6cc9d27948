package save

import (
	"os"
	"testing"
	"time"

	"smoothplay/player/origin"
	"smoothplay/testdata/demo"
)

// All levels and languages of the demo are in the file, with the times of the
// manifest, and nothing is left beside it.
func TestSavesAllOfIt(t *testing.T) {
	path := target(t)
	s, err := run(t, newOrigin(t, origin.Config{}), Config{Output: path, Levels: allLevels})
	must(t, err)
	if len(s.Tracks) != demo.Levels+2 || s.MissingPieces != 0 || s.Resumed {
		t.Fatalf("%+v", s)
	}
	f := decode(t, path)
	if len(f.Moov.Traks) != len(s.Tracks) {
		t.Fatalf("%d tracks", len(f.Moov.Traks))
	}
	for i, trak := range f.Moov.Traks {
		stbl := trak.Mdia.Minf.Stbl
		if got := int64(stbl.Stsz.GetNrSamples()); got != s.Tracks[i].Samples {
			t.Errorf("track %d has %d samples in the file and %d in the summary", i, got, s.Tracks[i].Samples)
		}
		if i < demo.Levels && s.Tracks[i].Samples != demo.Frames {
			t.Errorf("track %d has %d pictures", i, s.Tracks[i].Samples)
		}
	}
	for i, want := range []string{"eng", "deu"} {
		if got := f.Moov.Traks[demo.Levels+i].Mdia.Mdhd.GetLanguage(); got != want {
			t.Errorf("language %q, want %q", got, want)
		}
	}
	if want := 24 * time.Second; s.Duration != want {
		t.Errorf("duration %v, want %v", s.Duration, want)
	}
	for _, left := range []string{path + ".part", path + ".part.log"} {
		if _, err := os.Stat(left); err == nil {
			t.Errorf("%s is left", left)
		}
	}
}
