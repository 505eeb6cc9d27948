package renderload

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseTrace(t *testing.T) {
	const s = time.Second
	for list, want := range map[string]Trace{
		"1.8":              {{0, 1.8}},
		"1.8:30s":          {{0, 1.8}, {30 * s, 1}},
		"1:10s,3:20s":      {{0, 1}, {10 * s, 3}, {30 * s, 1}},
		" 1 : 10s , 0.5 ":  {{0, 1}, {10 * s, .5}},
		"2:1m30s,1000:1ms": {{0, 2}, {90 * s, 1000}, {90*s + time.Millisecond, 1}},
	} {
		got, err := ParseTrace(strings.ReplaceAll(strings.ReplaceAll(list, " :", ":"), " ,", ","))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", list, got, err, want)
		}
	}
	for _, list := range []string{"", "x", "1:", "1:x", "1:0s", "1:-1s", "0:1s", "-1", "NaN", "Inf", "1001", "1,2:1s", "1:1s,", "1:9999h"} {
		if got, err := ParseTrace(list); !errors.Is(err, ErrTrace) {
			t.Errorf("%q: %v, %v", list, got, err)
		}
	}
}

func TestParseTraceCSV(t *testing.T) {
	got, err := ParseTraceCSV([]byte("t_ms,load_factor\n# a comment\n0,1\n\n1500, 2.5\r\n3000,1\n"))
	want := Trace{{0, 1}, {1500 * time.Millisecond, 2.5}, {3 * time.Second, 1}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for name, text := range map[string]string{
		"empty": "", "no heading": "0,1\n", "no lines": "t_ms,load_factor\n", "no factor": "t_ms,load_factor\n0\n",
		"times descend": "t_ms,load_factor\n5,1\n5,2\n", "below zero": "t_ms,load_factor\n-1,1\n", "no number": "t_ms,load_factor\n0,NaN\n",
		"a long line": "t_ms,load_factor\n" + strings.Repeat("0", 1<<17),
	} {
		if got, err := ParseTraceCSV([]byte(text)); !errors.Is(err, ErrTrace) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestTraceAt(t *testing.T) {
	tr := Trace{{time.Second, 2}, {3 * time.Second, 4}}
	for at, want := range map[time.Duration]float64{-1: 1, 0: 1, time.Second - 1: 1, time.Second: 2, 2 * time.Second: 2, 3 * time.Second: 4, time.Hour: 4} {
		if got := tr.At(at); got != want {
			t.Errorf("at %v: %v, want %v", at, got, want)
		}
	}
	if Trace(nil).At(0) != 1 {
		t.Error("without a trace decoding takes as long as it does")
	}
}

func FuzzTrace(f *testing.F) {
	f.Add("1:10s,3:20s")
	f.Add("t_ms,load_factor\n0,1\n1000,2\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseTrace(text)
		file, err2 := ParseTraceCSV([]byte(text))
		for _, tr := range []Trace{list, file} {
			for i, s := range tr {
				if i > 0 && s.From <= tr[i-1].From || !(tr.At(s.From) > 0 && tr.At(s.From) <= maxFactor) {
					t.Fatalf("step %d of %v", i, tr)
				}
			}
		}
		if err == nil && len(list) == 0 || err2 == nil && len(file) == 0 {
			t.Fatal("an empty trace")
		}
	})
}
