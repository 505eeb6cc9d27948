package buffer

import (
	"context"
	"testing"
	"time"

	"smoothplay/platform"
)

// shotsOf are shots of a fragment, one for each list of samples.
func shotsOf(f *Fragment, lists ...[]int) (shots []Shot) {
	for _, list := range lists {
		shots = append(shots, Shot{Fragment: f, Decode: list, Show: []time.Duration{f.Samples[list[len(list)-1]].PTS}})
	}
	return shots
}

// reelFragment is a fragment of ten samples that says when it is freed.
func reelFragment(chunk int, freed *int) *Fragment {
	f := &Fragment{Chunk: chunk, Start: time.Duration(chunk) * time.Second, End: time.Duration(chunk+1) * time.Second,
		Format: &platform.Format{}, Bytes: 10, Free: func() { *freed++ }}
	for i := range 10 {
		f.Samples = append(f.Samples, platform.Sample{PTS: f.Start + time.Duration(i)*100*time.Millisecond, Key: i == 0})
	}
	return f
}

func TestShotsAreDeliveredInTheOrderAdded(t *testing.T) {
	q := New(0)
	var freed, kept int
	q.Restart(1, 0)
	held := reelFragment(7, &kept)
	q.Push(held)
	q.Wind(2, 9*time.Second)
	first := reelFragment(9, &freed)
	q.Add(shotsOf(first, []int{0, 3}, []int{0, 1}))
	q.Add(shotsOf(q.Held(7), []int{0}))
	q.EndShots()
	if q.Held(8) != nil {
		t.Error("what is not held was found")
	}
	ctx := context.Background()
	for i, want := range []struct {
		pts   time.Duration
		final bool
	}{{9000, false}, {9300, true}, {9000, false}, {9100, true}, {7000, true}} {
		e, err := q.Next(ctx)
		if err != nil || e.End || e.Epoch != 2 || e.Sample.PTS != want.pts*time.Millisecond || e.Final != want.final || len(e.Show) != 1 {
			t.Fatalf("entry %d: %+v, %v", i, e, err)
		}
		if i < 4 && freed != 0 {
			t.Errorf("freed before entry %d", i)
		}
	}
	if e, _ := q.Next(ctx); !e.End || freed != 1 || kept != 0 {
		t.Errorf("end %v, %d freed, %d of those held", e.End, freed, kept)
	}
	// What is held is read as before.
	if !q.Seek(3, 7*time.Second) {
		t.Fatal("what was held is gone")
	}
	if e, _ := q.Next(ctx); e.Epoch != 3 || e.Show != nil || e.Sample.PTS != 7*time.Second {
		t.Errorf("%+v", e)
	}
	q.Restart(4, 0)
	q.Stop()
	if kept != 1 {
		t.Errorf("what was held was freed %d times", kept)
	}
}

// TestShotsAreDropped: a new epoch drops the shots, but for the sample in use.
func TestShotsAreDropped(t *testing.T) {
	q := New(0)
	var a, b int
	q.Wind(1, 0)
	q.Add(shotsOf(reelFragment(1, &a), []int{0, 1}))
	q.Add(shotsOf(reelFragment(2, &b), []int{0}))
	if _, err := q.Next(context.Background()); err != nil {
		t.Fatal(err)
	}
	q.Wind(2, 0)
	if a != 0 || b != 1 {
		t.Errorf("freed: %d in use, %d not", a, b)
	}
	q.Stop()
	if a != 1 {
		t.Errorf("what was in use was freed %d times", a)
	}
}
