package sim

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const ms20 = 20 * time.Millisecond

// TestReadLink reads each form, told apart without being told.
func TestReadLink(t *testing.T) {
	sec := time.Second
	for _, c := range []struct {
		name, text string
		want       []Period
	}{
		{"CSV", "duration_ms,bandwidth_kbps,latency_ms\n1000,500,100\n500.5,0,80\n",
			[]Period{{sec, 500_000, 100 * time.Millisecond}, {500500 * time.Microsecond, 0, 80 * time.Millisecond}}},
		{"CSV with other columns, another order, a mark and line ends of Windows",
			"\ufeffwhen,bandwidth_kbps, duration_ms\r\nx,250,1000\r\n\r\ny,1.5,2000\r\n",
			[]Period{{sec, 250_000, ms20}, {2 * sec, 1500, ms20}}},
		{"CSV without the last line end, and a period of no time", "\ufeffduration_ms,bandwidth_kbps\n0,9\n1000,8",
			[]Period{{sec, 8000, ms20}}},
		{"JSON of Sabre", ` [{"duration_ms": 1000, "bandwidth_kbps": 700.5, "latency_ms": 20}, {"duration_ms": 2000, "bandwidth_kbps": 0, "latency_ms": 30}]`,
			[]Period{{sec, 700_500, ms20}, {2 * sec, 0, 30 * time.Millisecond}}},
		// Two packets up to 100 ms, none up to 200 ms, three up to 250 ms.
		{"Mahimahi", "10\n100\n201\n201\n250\n",
			[]Period{{100 * time.Millisecond, 240_000, ms20}, {100 * time.Millisecond, 0, ms20}, {50 * time.Millisecond, 720_000, ms20}}},
		{"Mahimahi with CRLF and space", "  5\r\n10\r\n", []Period{{10 * time.Millisecond, 2_400_000, ms20}}},
		{"Mahimahi of one packet", "0\n", []Period{{time.Millisecond, 12_000_000, ms20}}},
	} {
		l, err := ReadLink("l", "g", strings.NewReader(c.text), ms20)
		if err != nil || !reflect.DeepEqual(l.Periods, c.want) || l.Name != "l" || l.Group != "g" {
			t.Errorf("%s: %+v, %v", c.name, l, err)
		}
	}
}

func TestReadLinkRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":              "",
		"space":                " \n\n",
		"another CSV":          "group,file,policy\na,b,c\n",
		"no capacity at all":   "duration_ms,bandwidth_kbps\n1000,0\n",
		"heading alone":        "duration_ms,bandwidth_kbps\n",
		"negative rate":        "duration_ms,bandwidth_kbps\n1000,-1\n",
		"not a number":         "duration_ms,bandwidth_kbps\n1000,NaN\n",
		"infinite":             "duration_ms,bandwidth_kbps\n1000,Inf\n",
		"short line":           "duration_ms,bandwidth_kbps\n1000\n",
		"JSON of another kind": `[{"a":1}]`,
		"broken JSON":          `[{"duration_ms":1000`,
		"an object":            `{"segment_duration_ms":2000}`,
		"going back":           "10\n5\n",
		"a fraction":           "10.5\n",
		"far away":             "99999999999\n",
		"HTML":                 "<html>",
	} {
		if l, err := ReadLink("l", "", strings.NewReader(text), 0); !errors.Is(err, ErrTrace) {
			t.Errorf("%s: %+v, %v", name, l, err)
		}
	}
}

// A pause of days is one period.
func TestMahimahiPause(t *testing.T) {
	l, err := ReadLink("l", "", strings.NewReader("1\n1000000000\n"), 0)
	if err != nil || len(l.Periods) != 3 || l.Periods[1].Duration != 999_999_800*time.Millisecond {
		t.Errorf("%+v, %v", l, err)
	}
}

// A link that is far too slow, in periods without number, ends the session.
func TestSlowLinkEnds(t *testing.T) {
	slow := &Link{Name: "slow", Periods: []Period{{Duration: time.Millisecond, BPS: 1e-9, Latency: 1000 * time.Second}}}
	m := movie(t, 3, 1_000_000)
	if _, err := Run(Config{Movie: m, Link: slow, Policy: always(0)}); !errors.Is(err, ErrEndless) {
		t.Errorf("%v", err)
	}
	fine := &Link{Name: "fine", Periods: []Period{{Duration: time.Nanosecond, BPS: 1e6}}}
	if _, err := Run(Config{Movie: m, Link: fine, Policy: always(0)}); !errors.Is(err, ErrTrace) {
		t.Errorf("%v", err)
	}
}

func TestReadMovieRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":     "",
		"no sizes":    `{"segment_duration_ms":2000,"bitrates_kbps":[100]}`,
		"ragged":      `{"segment_duration_ms":2000,"bitrates_kbps":[100,200],"segment_sizes_bits":[[1]]}`,
		"descending":  `{"segment_duration_ms":2000,"bitrates_kbps":[200,100],"segment_sizes_bits":[[1,2]]}`,
		"no size":     `{"segment_duration_ms":2000,"bitrates_kbps":[100],"segment_sizes_bits":[[0]]}`,
		"no duration": `{"bitrates_kbps":[100],"segment_sizes_bits":[[5]]}`,
		"endless":     `{"segment_duration_ms":1e300,"bitrates_kbps":[100],"segment_sizes_bits":[[5]]}`,
	} {
		if m, err := ReadMovie("m", strings.NewReader(text)); !errors.Is(err, ErrTrace) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// FuzzReadLink reads traces from anywhere: those that are taken can be simulated.
func FuzzReadLink(f *testing.F) {
	f.Add("duration_ms,bandwidth_kbps,latency_ms\n1000,500,100\n")
	f.Add(`[{"duration_ms":1000,"bandwidth_kbps":700,"latency_ms":20}]`)
	f.Add("10\n100\n201\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ReadLink("fuzz", "", strings.NewReader(text), ms20)
		if err != nil {
			if !errors.Is(err, ErrTrace) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		n := newNetwork(l)
		n.end = 1e6
		for range 10 {
			n.wait()
			n.receive(1000, newsBits, newsTime)
			n.idle(100)
		}
	})
}

func FuzzReadMovie(f *testing.F) {
	f.Add(`{"segment_duration_ms":2000,"bitrates_kbps":[100,200],"segment_sizes_bits":[[100,200],[1,2]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ReadMovie("fuzz", strings.NewReader(text))
		if err == nil && (len(m.Bits) == 0 || m.stream.Len() != len(m.Bits)) {
			t.Errorf("%+v", m)
		}
	})
}

func FuzzReadBaselines(f *testing.F) {
	f.Add(known)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := ReadBaselines(strings.NewReader(text)); err != nil && !errors.Is(err, ErrTrace) {
			t.Error(err)
		}
	})
}
