package heuristics

import (
	"reflect"
	"testing"
)

// TestCloneSharesNoMemory, also with fields to come: every slice and pointer of
// an Input must be another one in its clone.
func TestCloneSharesNoMemory(t *testing.T) {
	in := &Input{Levels: make([]Level, 2), Allowed: make([]bool, 2), Sizes: make([]int64, 2), Transfers: make([]Transfer, 2), Running: &Transfer{Bytes: 7}}
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
	d := Decision{Candidates: []Candidate{{Level: 1}}}
	e := d.Clone()
	d.Candidates[0].Level = 2
	if e.Candidates[0].Level != 1 {
		t.Error("Candidates are shared")
	}
}
