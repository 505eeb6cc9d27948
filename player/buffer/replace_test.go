package buffer

import (
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
)

func chunks(list []Unread) []int {
	var n []int
	for _, u := range list {
		n = append(n, u.Chunk)
	}
	return n
}

func TestReplacePutsAFragmentInThePlaceOfAnother(t *testing.T) {
	q, freed := filled(4)
	q.held[2].Gap = true
	for range 4 + 1 { // into fragment 1
		next(t, q)
	}
	if got := chunks(q.Unread(0, nil)); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("unread: %v, want 2 and 3", got)
	}
	if got := chunks(q.Unread(5*second, nil)); !slices.Equal(got, []int{3}) {
		t.Errorf("unread from 5s: %v, want 3", got)
	}
	var other []int
	better := fragment(2, &platform.Format{Width: 2}, &other)
	better.Bytes, better.Level = 300, 1
	if n, ok := q.Replace(better); !ok || n != 100 || !slices.Equal(*freed, []int{2}) {
		t.Errorf("Replace: %d bytes, %t, freed %v; want 100 bytes of 2", n, ok, *freed)
	}
	if r := q.Range(); r.Bytes != 600 || r.Fragments != 4 || r.End != 8*second {
		t.Errorf("after Replace: %+v", r)
	}
	if u := q.Unread(0, nil)[0]; u.Chunk != 2 || u.Level != 1 || u.Start != 4*second || u.End != 6*second {
		t.Errorf("after Replace unread begins with %+v", u)
	}
	var formats []int
	for i := range 11 {
		e := next(t, q)
		if want := 2*second + time.Duration(i+1)*second/2; e.Sample.PTS != want {
			t.Errorf("reading goes on at %v, want %v", e.Sample.PTS, want)
		}
		if e.Sample.Format != nil {
			formats = append(formats, e.Fragment.Chunk)
		}
		if e.Fragment.Chunk == 2 && !e.Fragment.Gap {
			t.Error("what is missing before the fragment was forgotten")
		}
	}
	if !slices.Equal(formats, []int{2, 3}) {
		t.Errorf("the format is told with %v, want with 2, and with 3 where it changes back", formats)
	}
}

func TestReplaceLeavesWhatIsReadAndWhatIsNotThere(t *testing.T) {
	q, freed := filled(3)
	for range 4 + 1 { // into fragment 1
		next(t, q)
	}
	var other []int
	for _, chunk := range []int{0, 1, 3, 7} {
		if n, ok := q.Replace(fragment(chunk, &platform.Format{}, &other)); ok || n != 0 {
			t.Errorf("fragment %d was replaced", chunk)
		}
	}
	elsewhere := fragment(2, &platform.Format{}, &other)
	elsewhere.Item = 1
	if _, ok := q.Replace(elsewhere); ok {
		t.Error("a fragment of another item was replaced")
	}
	if len(*freed)+len(other) > 0 {
		t.Errorf("freed %v and %v", *freed, other)
	}
	if r := q.Range(); r.Bytes != 300 {
		t.Errorf("%+v", r)
	}
}

// TestReplaceUnderTheReader: after a seek back the reader may still hold a sample
// of a fragment that was not read in this epoch.
func TestReplaceUnderTheReader(t *testing.T) {
	q, freed := filled(3)
	for range 4 + 1 {
		next(t, q)
	}
	q.Seek(2, 0) // the reader holds a sample of fragment 1
	var other []int
	if _, ok := q.Replace(fragment(1, &platform.Format{}, &other)); !ok {
		t.Fatal("fragment 1 was not replaced")
	}
	if len(*freed) > 0 {
		t.Errorf("freed %v under the reader", *freed)
	}
	next(t, q)
	if !slices.Equal(*freed, []int{1}) || len(other) > 0 {
		t.Errorf("freed %v and %v once the reader went on, want 1", *freed, other)
	}
}
