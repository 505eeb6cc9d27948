package httpclient

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"smoothplay/platform/platformtest"
)

func TestParseShape(t *testing.T) {
	tests := []struct {
		in   string
		want Shape
	}{
		{"8M:30s,1M:30s", Shape{{30 * time.Second, 8e6, 0}, {30 * time.Second, 1e6, 0}}},
		{"2.5M", Shape{{0, 2.5e6, 0}}},
		{"800k:10", Shape{{10 * time.Second, 800e3, 0}}},
		{" 1g:1m30s:50ms , max:250ms", Shape{{90 * time.Second, 1e9, 50 * time.Millisecond}, {250 * time.Millisecond, Unlimited, 0}}},
		{"0:4s,64000", Shape{{4 * time.Second, 0, 0}, {0, 64000, 0}}},
	}
	for _, tt := range tests {
		got, err := ParseShape(tt.in)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %v, %v, want %v", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{
		"", ",", "8M:30s,", "8M,1M", "8X:1s", "8M:", "8M:0s,1M", "8M:-1s", "-8M:1s", "8M:1s:1s:1s",
		"8M:25h", "8M:1ns", "0:1s", "0", "8M:1s,0", "NaN:1s", "Inf", "2000G", "8M:1s:2m", "M", "8M:NaN", "8M:1e300",
	} {
		if got, err := ParseShape(in); err == nil {
			t.Errorf("%q: got %v, want an error", in, got)
		} else if !strings.HasPrefix(err.Error(), "shape: ") {
			t.Errorf("%q: the message does not say where: %v", in, err)
		}
	}
}

func TestParseTrace(t *testing.T) {
	const in = "\ufeffduration_ms,bandwidth_kbps,latency_ms\r\n202,365,50\r\n\r\n# a tunnel\n114.5,0,50\n1000,0.5"
	want := Shape{
		{202 * time.Millisecond, 365e3, 50 * time.Millisecond},
		{114500 * time.Microsecond, 0, 50 * time.Millisecond},
		{time.Second, 500, 0},
	}
	got, err := ParseTrace(strings.NewReader(in))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for in, where := range map[string]string{
		"":                          "no step",
		"duration_ms,kbps\n":        "no step",
		"100,1\nname,1\n":           "line 2",
		"100\n":                     "line 1",
		"1,2,3,4\n":                 "line 1",
		"0,1,1\n":                   "line 1",
		"1,NaN,1\n":                 "line 1",
		"1,-1,1\n":                  "line 1",
		"100,0\n":                   "dead all the time",
		"1,1\n0.0001,1\n":           "step 2",
		strings.Repeat("1", 10_000): "token too long",
	} {
		if _, err := ParseTrace(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), where) {
			t.Errorf("%.20q: got error %v, want one that says %q", in, err, where)
		}
	}
}

func TestParseTraceOfRealNetworks(t *testing.T) {
	dir := platformtest.Shared(t, "traces")
	files, err := filepath.Glob(filepath.Join(dir, "*__*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces in %s: %v", dir, err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		shape, err := ParseTrace(f)
		if err != nil || len(shape) < 2 {
			t.Errorf("%s: %d steps, %v", filepath.Base(file), len(shape), err)
		}
	}
}

// usable fails where a link cannot follow what a parser accepted.
func usable(t *testing.T, shape Shape) {
	l, err := NewLink(shape, 0)
	if err != nil {
		t.Fatalf("a parsed shape is refused: %v", err)
	}
	var at time.Duration
	for range 50 {
		next := l.finish(at, 1e5)
		if next < at {
			t.Fatalf("time runs back from %v to %v", at, next)
		}
		if next == never {
			return
		}
		at = next
	}
}

func FuzzParseShape(f *testing.F) {
	for _, s := range []string{"8M:30s,1M:30s", "2.5M", "0:4s,max", "1k:1ms:50ms,0:24h", "1e3:1s,0x10:1", ":,:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if shape, err := ParseShape(s); err == nil {
			usable(t, shape)
		}
	})
}

func FuzzParseTrace(f *testing.F) {
	for _, s := range []string{"duration_ms,bandwidth_kbps,latency_ms\n202,365,50\n", "1,1\n2,0,3\n", "#\n\n86400000,0\n1,0.001\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if shape, err := ParseTrace(strings.NewReader(s)); err == nil {
			if len(shape) > len(s)/3 {
				t.Fatalf("%d steps from %d bytes", len(shape), len(s))
			}
			usable(t, shape)
		}
	})
}
