package timeline

import (
	"testing"

	"smoothplay/player/manifest"
)

// A server whose manifests list what is not there yet: what was doubted is
// announced only, in this manifest and those that follow, until it arrives.
func TestDoubt(t *testing.T) {
	s := mustNew(t, event(true, 1000, 2000, 3000, 2000, 5000, 2000, 7000, 2000))
	if n := s.Stream(0).Proven(); n != 4 || s.Doubtful() != 0 {
		t.Fatalf("%d chunks are there, %d doubted", n, s.Doubtful())
	}
	s = s.Doubt(2)
	if n := s.Stream(0).Proven(); n != 2 || s.Doubtful() != 2 || s.Stream(0).Len() != 4 {
		t.Errorf("%d chunks are there, %d doubted", n, s.Doubtful())
	}
	s, _ = s.Extend(0, Known{5000, 2000}, nil)
	if n := s.Stream(0).Proven(); n != 3 {
		t.Errorf("%d chunks are there, want 3: the third has arrived", n)
	}
	fresh, _, err := s.Refresh(event(true, 3000, 2000, 5000, 2000, 7000, 2000, 9000, 2000))
	if n := fresh.Stream(0).Proven(); err != nil || n != 3 || fresh.Stream(0).Len() != 5 || fresh.Doubtful() != 2 {
		t.Errorf("%v, %d chunks of %d are there, want 3 of 5", err, n, fresh.Stream(0).Len())
	}
	// What has arrived stays, whatever a manifest lists.
	stale, _, err := s.Refresh(event(true, 1000, 2000, 3000, 2000))
	if n := stale.Stream(0).Proven(); err != nil || n != 3 {
		t.Errorf("%v, after an old manifest %d chunks are there, want 3", err, n)
	}
	// At the end all that is listed is there.
	ended, _, err := s.Refresh(event(false, 3000, 2000, 5000, 2000, 7000, 2000, 9000, 2000))
	if n := ended.Stream(0).Proven(); err != nil || n != 5 {
		t.Errorf("%v, at the end %d chunks are there, want 5", err, n)
	}
	// More is doubted than there is.
	if n := s.Doubt(100).Stream(0).Proven(); n != 0 {
		t.Errorf("%d chunks are there", n)
	}
}

// An announcement that begins within a chunk behind the end of the last one is an
// error of the server, and what stands behind it is not taken for a gap.
func TestAnnouncedBetweenTheTimes(t *testing.T) {
	for _, off := range []manifest.Ticks{200, 1000, 1900} {
		s := mustNew(t, event(true, 1000, 2000, 3000, 2000))
		s, c := s.Extend(0, Known{3000, 2000}, []Known{{5000 + off, 2000}, {7000 + off, 2000}})
		if n := s.Stream(0).Len(); n != 2 || !c.Contradictory || c.Added != 0 {
			t.Errorf("announced %d ticks late: %d chunks, %+v", off, n, c)
		}
	}
	s := mustNew(t, event(true, 1000, 2000, 3000, 2000))
	s, c := s.Extend(0, Known{3000, 2000}, []Known{{7000, 2000}, {9000, 2000}})
	if n := s.Stream(0).Len(); n != 4 || !c.Contradictory || c.Added != 2 {
		t.Errorf("behind a gap of a chunk: %d chunks, %+v", n, c)
	}
}
