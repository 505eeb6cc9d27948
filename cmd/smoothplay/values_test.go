package main

import (
	"slices"
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	for text, want := range map[string]int64{
		"2.5M": 2_500_000, "350k": 350_000, "350K": 350_000, "800000": 800_000, "8Mbit/s": 8_000_000,
		"1.5 Mbps": 1_500_000, "1G": 1_000_000_000, "0": 0, ".5m": 500_000, "64 b/s": 64,
	} {
		var r rateValue
		if err := r.Set(text); err != nil || int64(r) != want {
			t.Errorf("%q: got %d (%v), want %d", text, r, err, want)
		}
	}
	for _, text := range []string{"", "M", "-1", "1e6", "NaN", "Inf", "2.5.1M", "2.5X", "99999999999999999999", "1MM", "0x10"} {
		var r rateValue
		if err := r.Set(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, r)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"8MB": 8_000_000, "64MiB": 64 << 20, "500k": 500_000, "1.5G": 1_500_000_000, "123": 123, "7B": 7, "2KiB": 2048,
	} {
		var s sizeValue
		if err := s.Set(text); err != nil || int64(s) != want {
			t.Errorf("%q: got %d (%v), want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "MB", "-8MB", "8Mb", "8 TB", "1e3", "9999999999G"} {
		var s sizeValue
		if err := s.Set(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, s)
		}
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "90": 90 * time.Second, "1:05:00": time.Hour + 5*time.Minute, "1:30": 90 * time.Second,
		"1m30s": 90 * time.Second, "50ms": 50 * time.Millisecond, "2:03.5": 123500 * time.Millisecond, "0": 0, "0.04": 40 * time.Millisecond,
		"90:00": 90 * time.Minute,
	} {
		var v timeValue
		if err := v.Set(text); err != nil || time.Duration(v) != want {
			t.Errorf("%q: got %v (%v), want %v", text, time.Duration(v), err, want)
		}
	}
	for _, text := range []string{"", "-5", "-5s", "1:60", "1:2:3:4", "1.5:00", "x", "1:", "10000h", "99999999999", "1e3", "5 s"} {
		var v timeValue
		if err := v.Set(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, time.Duration(v))
		}
	}
}

func TestPictureSizes(t *testing.T) {
	for text, want := range map[string]boxValue{"1280x720": {1280, 720}, "720p": {0, 720}} {
		var b boxValue
		if err := b.Set(text); err != nil || b != want || b.String() != text {
			t.Errorf("%q: got %v (%v), want %v", text, b, err, want)
		}
	}
	for _, text := range []string{"", "720", "x", "0x720", "1280x", "1280x-1", "70000x1", "p", "1x2x3", "1280x720p"} {
		var b boxValue
		if err := b.Set(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, b)
		}
	}
}

func TestVolumes(t *testing.T) {
	for text, want := range map[string]float64{"0": 0, "100": 1, "55%": .55} {
		var v volumeValue
		if err := v.Set(text); err != nil || float64(v) != want {
			t.Errorf("%q: got %v (%v), want %v", text, v, err, want)
		}
	}
	for _, text := range []string{"", "101", "-1", "loud"} {
		var v volumeValue
		if err := v.Set(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, v)
		}
	}
}

// What a flag prints as its value must read back as the same value.
func TestValuesReadBack(t *testing.T) {
	for _, text := range []string{"2.5M", "350k", "64", "8M"} {
		var a, b rateValue
		if a.Set(text) != nil || b.Set(a.String()) != nil || a != b {
			t.Errorf("rate %q: %q", text, a.String())
		}
	}
	for _, text := range []string{"8MB", "64MiB", "17"} {
		var a, b sizeValue
		if a.Set(text) != nil || b.Set(a.String()) != nil || a != b {
			t.Errorf("size %q: %q", text, a.String())
		}
	}
	for _, text := range []string{"1:05:00", "50ms", "90"} {
		var a, b timeValue
		if a.Set(text) != nil || b.Set(a.String()) != nil || a != b {
			t.Errorf("time %q: %q", text, a.String())
		}
	}
	for _, text := range []string{"0,2,4", "1M-3M", "-720p", "800k"} {
		var a, b levelsValue
		if a.Set(text) != nil || b.Set(a.String()) != nil || !slices.Equal(a, b) {
			t.Errorf("levels %q: %q", text, a.String())
		}
	}
}
