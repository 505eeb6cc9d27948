package heuristics

import (
	"reflect"
	"testing"
	"time"
)

// TestCloneSharesNoMemory, also with fields to come: every slice and pointer of
// an Input must be another one in its clone.
func TestCloneSharesNoMemory(t *testing.T) {
	in := &Input{Levels: make([]Level, 2), Allowed: make([]bool, 2), Sizes: make([]int64, 2), Transfers: make([]Transfer, 2), Running: &Transfer{Bytes: 7, Marks: make([]Mark, 1)}, Held: make([]Held, 1)}
	in.Transfers[0].Marks = make([]Mark, 1)
	c := in.Clone()
	if !reflect.DeepEqual(*in, c) {
		t.Fatalf("got %+v, want %+v", c, *in)
	}
	a, b := reflect.ValueOf(*in), reflect.ValueOf(c)
	for i := range a.NumField() {
		switch f := a.Field(i); f.Kind() {
		case reflect.Slice, reflect.Pointer:
			if f.IsNil() {
				t.Errorf("%s: fill it in this test", a.Type().Field(i).Name)
			} else if f.UnsafePointer() == b.Field(i).UnsafePointer() {
				t.Errorf("%s is shared", a.Type().Field(i).Name)
			}
		}
	}
	in.Transfers[0].Marks[0].Bytes, in.Running.Marks[0].Bytes = 1, 1
	if c.Transfers[0].Marks[0].Bytes != 0 || c.Running.Marks[0].Bytes != 0 {
		t.Error("Marks are shared")
	}
	d := Decision{Candidates: []Candidate{{Level: 1}}}
	e := d.Clone()
	d.Candidates[0].Level = 2
	if e.Candidates[0].Level != 1 {
		t.Error("Candidates are shared")
	}
}

func TestNoteMarksASecondApart(t *testing.T) {
	var x Transfer
	for body := time.Duration(0); body <= 10*time.Second; body += 300 * time.Millisecond {
		x.Body, x.Bytes = body, int64(body/time.Millisecond)
		x.Note()
	}
	if len(x.Marks) != 8 || x.Marks[0] != (Mark{1200 * time.Millisecond, 1200}) || x.Marks[7].Body != 9600*time.Millisecond {
		t.Errorf("got %v", x.Marks)
	}
	for range 1000 {
		x.Body += time.Minute
		x.Note()
	}
	if len(x.Marks) != maxMarks {
		t.Errorf("%d marks, want %d at most", len(x.Marks), maxMarks)
	}
}
