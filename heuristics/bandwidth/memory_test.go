package bandwidth

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2020, 6, 1, 12, 0, 0, 0, time.UTC)

func TestMemoryAges(t *testing.T) {
	was := Estimate{BPS: 8_000_000, Error: .2, TTFB: 30 * ms}
	var m Memory
	m.Learn("home", was, noon)
	for _, test := range []struct {
		age   time.Duration
		error float64 // below 0: forgotten
	}{
		{0, .2}, {9 * time.Minute, .2}, {10 * time.Minute, .2},
		// ln(6)/ln(144) = 0.361 of the way from 0.2 to 1.
		{time.Hour, .488}, {12 * time.Hour, .888}, {24 * time.Hour, 1},
		{24*time.Hour + time.Second, -1}, {-30 * time.Second, .2}, {-2 * time.Minute, -1}, {1e6 * time.Hour, -1},
	} {
		got := m.Recall("home", noon.Add(test.age))
		if test.error < 0 {
			if got != (Estimate{}) {
				t.Errorf("after %v: %+v, want nothing", test.age, got)
			}
			continue
		}
		if got.BPS != was.BPS || got.TTFB != was.TTFB || math.Abs(got.Error-test.error) > 1e-3 {
			t.Errorf("after %v: %+v, want an uncertainty of %.3f", test.age, got, test.error)
		}
	}
	if got := m.Recall("office", noon); got != (Estimate{}) {
		t.Errorf("of another network: %+v", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m Memory
	for i := range 100 {
		m.Learn(fmt.Sprint("network ", i), Estimate{BPS: int64(i + 1), Error: 1. / 3, TTFB: time.Hour}, noon.Add(time.Duration(i)*time.Second))
		m.Learn("home", Estimate{BPS: 7}, noon)
	}
	m.Learn("home", Estimate{}, noon) // knows nothing
	text := m.Encode()
	if len(text) > maxMemory/2 {
		t.Errorf("%d bytes", len(text))
	}
	if strings.Contains(string(text), "home") {
		t.Errorf("it holds a name: %s", text)
	}
	back, err := DecodeMemory(text)
	if err != nil || !slices.Equal(back.links, m.links) {
		t.Errorf("%v: %+v", err, back)
	}
	for i, want := range map[int]bool{0: false, 68: false, 69: true, 99: true} {
		if got := back.Recall(fmt.Sprint("network ", i), noon.Add(2*time.Minute)); (got.BPS == int64(i+1)) != want {
			t.Errorf("network %d: %+v, want it known: %v", i, got, want)
		}
	}
	if got := back.Recall("home", noon); got.BPS != 7 {
		t.Errorf("home: %+v", got)
	}
}

func TestDecodeMemory(t *testing.T) {
	good := `{"key":"0123456789abcdef","bandwidth_bps":5,"error":0.5,"ttfb_ns":1,"at_s":7}`
	for _, test := range []struct {
		name, text string
		links      int
		ok         bool
	}{
		{"nothing", ``, 0, false},
		{"empty", `{}`, 0, true},
		{"one", `{"links":[` + good + `]}`, 1, true},
		{"one twice", `{"links":[` + good + `,` + good + `]}`, 1, true},
		{"unknown fields", `{"version":2,"links":[` + good + `]}`, 1, true},
		{"out of range", `{"links":[` + strings.Replace(good, `"bandwidth_bps":5`, `"bandwidth_bps":-5`, 1) + `,` +
			strings.Replace(good, `0.5`, `1.5`, 1) + `,` + strings.Replace(good, `"at_s":7`, `"at_s":0`, 1) + `,` +
			strings.Replace(good, `0123`, `wxyz`, 1) + `,` + strings.Replace(good, `0123`, ``, 1) + `,` + good + `]}`, 1, true},
		{"cut", `{"links":[` + good, 0, false},
		{"another type", `[1,2]`, 0, false},
		{"too long", `{"links":[]}` + strings.Repeat(" ", maxMemory), 0, false},
	} {
		m, err := DecodeMemory([]byte(test.text))
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrMemory) || len(m.links) != test.links {
			t.Errorf("%s: %d links, %v", test.name, len(m.links), err)
		}
	}
}

func FuzzDecodeMemory(f *testing.F) {
	var m Memory
	m.Learn("home", Estimate{BPS: 5e6, Error: .1, TTFB: ms}, noon)
	f.Add(string(m.Encode()))
	f.Add(`{"links":[{"key":"0123456789abcdef","bandwidth_bps":1e99}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := DecodeMemory([]byte(text))
		if err != nil {
			return
		}
		for _, l := range m.links {
			if !l.valid() {
				t.Errorf("took %+v", l)
			}
		}
		again, err := DecodeMemory(m.Encode())
		if err != nil || !slices.Equal(again.links, m.links) {
			t.Errorf("%v: %+v became %+v", err, m, again)
		}
		m.Learn("home", Estimate{BPS: 1e6, Error: .3}, noon)
		if got := m.Recall("home", noon); got.BPS != 1e6 {
			t.Errorf("learned, and recalled %+v", got)
		}
	})
}
