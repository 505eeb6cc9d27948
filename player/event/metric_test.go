package event

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// Every metric has a name and a value of its own, in its unit.
func TestMetrics(t *testing.T) {
	s, _ := aSession()
	s.Startup = 1500 * ms
	names := map[string]bool{}
	for _, m := range Metrics() {
		if names[m.Name] || !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(m.Name) {
			t.Errorf("the name %q", m.Name)
		}
		names[m.Name] = true
		if FindMetric(m.Name).Name != m.Name {
			t.Errorf("%s is not found", m.Name)
		}
		v, known := m.Value(&s)
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || m.Unit == UnitShare && v > 1 {
			t.Errorf("%s is %v", m.Name, v)
		}
		if !known && v != 0 {
			t.Errorf("%s is not known, and %v", m.Name, v)
		}
		// Of the same session twice, everything is as it was.
		twice := Merge(s, s)
		if w, _ := m.Value(&twice); math.Abs(w-v) > 1e-9*v {
			t.Errorf("%s is %v, merged %v", m.Name, v, w)
		}
		var none Summary
		if v, known := m.Value(&none); v != 0 || known && strings.HasSuffix(m.Name, "_share") {
			t.Errorf("%s of nothing is %v, %v", m.Name, v, known)
		}
	}
	if FindMetric("speed") != nil {
		t.Error("speed was found")
	}
	for name, want := range map[string]float64{
		"startup": 1.5e9, "switches": 2, "stalls": 1, "stall_share": .1, "mean_bitrate": 1_611_111, "dropped_share": 10. / 300,
		"av_offset_max": 30e6, "failures": 0, "cpu_share": 1. / 3, "peak_memory": 50 << 20,
	} {
		if got, known := FindMetric(name).Value(&s); !known || math.Abs(got-want) > 1e-6*want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	s.End = HasFailed
	if got, _ := FindMetric("failures").Value(&s); got != 1 {
		t.Errorf("a failed session has %v failures", got)
	}
}

func TestMetricText(t *testing.T) {
	for _, x := range []struct {
		name  string
		value float64
		want  string
	}{
		{"stalls", 2, "2"}, {"stalls", .5, "0.5"}, {"startup", 1.5e9, "1.50s"}, {"mean_bitrate", 2.5e6, "2.50 Mbit/s"},
		{"bytes", 8e6, "8.0 MB"}, {"stall_share", .0123, "1.23 %"}, {"stall_share", .5, "50 %"},
	} {
		if got := FindMetric(x.name).Text(x.value); got != x.want {
			t.Errorf("%s %v is %q, want %q", x.name, x.value, got, x.want)
		}
	}
}

func TestSeries(t *testing.T) {
	a, _ := aSession()
	a.LiveLatency = Histogram{}
	b, c := a, a
	b.Startup, b.Stalls = 300*ms, 0
	c.Startup, c.End, c.Failures = 0, HasFailed, 1
	series := NewSeries([]Summary{a, b, c})
	if series.Sessions != 3 || series.Failures != 1 || series.End != HasFailed {
		t.Errorf("got %d sessions, %d failures, %s", series.Sessions, series.Failures, series.End)
	}
	if got, want := series.Spread["startup_ns"], (Spread{1e8, 2e8, 3e8, []float64{1e8, 3e8}}); !reflect.DeepEqual(got, want) {
		t.Errorf("startup: %+v", got)
	}
	if got, want := series.Spread["stalls"], (Spread{0, 1, 1, []float64{1, 0, 1}}); !reflect.DeepEqual(got, want) {
		t.Errorf("stalls: %+v", got)
	}
	if _, ok := series.Spread["live_latency_p50_ns"]; ok {
		t.Error("what no session has is there")
	}
	text, err := json.Marshal(series)
	if err != nil {
		t.Fatal(err)
	}
	var back Series
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, series) {
		t.Errorf("%v: %s", err, text)
	}
	var one Summary
	if err := json.Unmarshal(text, &one); err != nil || !reflect.DeepEqual(one, series.Summary) {
		t.Errorf("as a Summary: %v", err)
	}
	var out bytes.Buffer
	if err := series.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sessions     3", "a session ", "\nstartup                     100ms          200ms          300ms\n",
		"\nstalls                          0              1              1\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if _, table, _ := strings.Cut(out.String(), "\na session"); strings.Contains(table, "\nswitches ") {
		t.Errorf("what does not differ is told:\n%s", out.String())
	}
	single := NewSeries([]Summary{a})
	if single.Spread != nil || !reflect.DeepEqual(single.Summary, a) {
		t.Error("a series of one is not that one")
	}
}
