package buffer

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
)

const second = time.Second

// fragment makes a fragment of two seconds with four samples, the first of them
// a key sample, that counts in freed when it is freed.
func fragment(n int, f *platform.Format, freed *[]int) *Fragment {
	frag := &Fragment{
		Chunk: n, Start: time.Duration(n) * 2 * second, End: time.Duration(n+1) * 2 * second,
		Format: f, Bytes: 100, Free: func() { *freed = append(*freed, n) },
	}
	for i := range 4 {
		frag.Samples = append(frag.Samples, platform.Sample{
			PTS: frag.Start + time.Duration(i)*second/2, Duration: second / 2, Key: i == 0,
		})
	}
	return frag
}

// filled is a queue of n fragments, in epoch 1 at 0.
func filled(n int) (*Queue, *[]int) {
	freed := new([]int)
	q := New(4 * second)
	q.Restart(1, 0)
	format := &platform.Format{}
	for i := range n {
		q.Push(fragment(i, format, freed))
	}
	return q, freed
}

func next(t *testing.T, q *Queue) Entry {
	t.Helper()
	e, err := q.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSamplesComeInOrderWithTheirFormatOnce(t *testing.T) {
	q, _ := filled(0)
	var freed []int
	low, high := &platform.Format{Width: 1}, &platform.Format{Width: 2}
	for i, f := range []*platform.Format{low, low, high} {
		q.Push(fragment(i, f, &freed))
	}
	q.SetEnded(true)
	var formats []int
	for i := range 12 {
		e := next(t, q)
		if want := time.Duration(i) * second / 2; e.Sample.PTS != want || e.Epoch != 1 {
			t.Fatalf("sample %d: PTS %v in epoch %d, want %v in 1", i, e.Sample.PTS, e.Epoch, want)
		}
		if e.Sample.Format != nil {
			formats = append(formats, i)
		}
	}
	if !slices.Equal(formats, []int{0, 8}) {
		t.Errorf("the format is told at samples %v, want 0 and 8", formats)
	}
	if e := next(t, q); !e.End {
		t.Errorf("after the last sample: %+v, want the end", e)
	}
}

func TestSeekInsideGoesToTheKeySampleAndKeepsEverything(t *testing.T) {
	q, freed := filled(3)
	next(t, q)
	if !q.Seek(2, 5*second) {
		t.Fatal("5s is held and Seek says it is not")
	}
	e := next(t, q)
	if e.Epoch != 2 || e.Start != 5*second || e.Sample.PTS != 4*second || e.Sample.Format != nil {
		t.Errorf("after Seek(5s): %+v, want the key sample at 4s, in the format told before", e)
	}
	if !q.Seek(3, second) || next(t, q).Sample.PTS != 0 {
		t.Error("a seek back into what was read does not find it")
	}
	if q.Seek(4, 6*second) {
		t.Error("Seek(6s) succeeds though nothing is held from 6s on")
	}
	if q.Epoch() != 3 {
		t.Errorf("a failed Seek changed the epoch to %d", q.Epoch())
	}
	q.SetEnded(true)
	if !q.Seek(4, 6*second) {
		t.Error("the end of an ended track is not held")
	}
	if len(*freed) > 0 {
		t.Errorf("seeks freed %v", *freed)
	}
}

func TestMemoryIsFreedOnceAndNotUnderTheReader(t *testing.T) {
	q, freed := filled(3)
	next(t, q) // the reader holds fragment 0
	q.Restart(2, 0)
	if !slices.Equal(*freed, []int{1, 2}) {
		t.Errorf("Restart freed %v, want 1 and 2: 0 is in use", *freed)
	}
	if r := q.Range(); r.Bytes != 0 || r.Fragments != 0 {
		t.Errorf("after Restart: %+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.Next(ctx); err == nil {
		t.Error("Next found something in an empty queue")
	}
	if !slices.Equal(*freed, []int{1, 2, 0}) {
		t.Errorf("freed %v, want 0 as well once the reader asked again", *freed)
	}
}

func TestTrimKeepsTheTimeBehindAndWhatWasNotRead(t *testing.T) {
	q, freed := filled(6)
	for range 4*4 + 1 { // into fragment 4
		next(t, q)
	}
	q.TrimBehind(9 * second) // keeps from 5s on
	if !slices.Equal(*freed, []int{0, 1}) {
		t.Errorf("freed %v, want 0 and 1", *freed)
	}
	q.TrimBehind(time.Hour)
	if !slices.Equal(*freed, []int{0, 1, 2, 3}) {
		t.Errorf("freed %v: what is being read or was not read must stay", *freed)
	}
	if e := next(t, q); e.Sample.PTS != 8*second+second/2 {
		t.Errorf("reading goes on at %v", e.Sample.PTS)
	}
}

func TestShedFreesOnlyWhatWasPlayed(t *testing.T) {
	q, freed := filled(5)
	for range 3*4 + 1 {
		next(t, q)
	}
	if n := q.Shed(5*second, 50); n != 100 || !slices.Equal(*freed, []int{0}) {
		t.Errorf("Shed(50 bytes) freed %d bytes, %v", n, *freed)
	}
	if n := q.Shed(5*second, 1000); n != 100 || !slices.Equal(*freed, []int{0, 1}) {
		t.Errorf("Shed(1000 bytes) freed %d bytes, %v: fragment 2 is still being played", n, *freed)
	}
}

func TestNextWaitsForAFragmentAndForAnEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, freed := filled(0)
		got := make(chan Entry, 1)
		read := func() {
			e, err := q.Next(t.Context())
			if err == nil {
				got <- e
			}
		}
		go read()
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("an empty queue gave something")
		}
		q.Push(fragment(0, &platform.Format{}, freed))
		if e := <-got; e.Sample.PTS != 0 {
			t.Errorf("got %v", e.Sample.PTS)
		}
		for range 3 {
			go read()
			<-got
		}
		go read()
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("the queue gave an end that was not told")
		}
		q.SetEnded(true)
		if e := <-got; !e.End {
			t.Error("the end did not come")
		}
		go read()
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("the end came twice")
		}
		q.Seek(2, second)
		if e := <-got; e.Epoch != 2 {
			t.Errorf("epoch %d after a seek", e.Epoch)
		}
	})
}

func TestBeyondCountsWhatWasNotPlayed(t *testing.T) {
	q, _ := filled(3)
	for at, want := range map[time.Duration]int64{-1: 300, 0: 200, second: 200, 2 * second: 100, 5 * second: 0} {
		if n := q.Beyond(at); n != want {
			t.Errorf("beyond %v: %d bytes, want %d", at, n, want)
		}
	}
}

func TestTruncateLeavesWhatIsBeingRead(t *testing.T) {
	q, freed := filled(4)
	q.SetEnded(true)
	for range 4 + 1 { // into fragment 1
		next(t, q)
	}
	if n := q.Truncate(0); n != 200 || !slices.Equal(*freed, []int{3, 2}) {
		t.Errorf("Truncate(0) dropped %d bytes, freed %v; want 200 bytes of 3 and 2", n, *freed)
	}
	if r := q.Range(); r.End != 4*second || r.Ended {
		t.Errorf("after Truncate: %+v, want what ends at 4s, to be continued", r)
	}
	q.Push(fragment(2, &platform.Format{}, freed))
	for want := 2*second + second/2; want <= 4*second; want += second / 2 {
		if e := next(t, q); e.Sample.PTS != want {
			t.Errorf("sample at %v, want %v", e.Sample.PTS, want)
		}
	}
}
