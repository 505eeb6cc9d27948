package sim

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const known = `group,file,ladder,buffer_cap_s,policy,mean_kbps,stall_s,stalls,switches,reversals,startup_s,qoe_lin
slow,a,hd,25,optimum,900,0,0,3,0,0.5,2
slow,a,hd,25,lowest,230,1,1,0,0,0.5,0.5
fast,b,hd,25,optimum,4000,0,0,3,0,0.5,4
fast,b,hd,25,lowest,230,0,0,0,0,0.5,0.5
slow,a,hd,10,optimum,900,0,0,3,0,0.5,1
`

func TestTable(t *testing.T) {
	baselines, err := ReadBaselines(strings.NewReader(known))
	if err != nil {
		t.Fatal(err)
	}
	row := func(group, file, policy string, buffer, kbps, qoe float64, switches int) Row {
		return Row{Group: group, File: file, Ladder: "hd", BufferS: buffer, Policy: policy, MeanKbps: kbps, QoE: qoe, Switches: switches, StallShare: .1, Pictures: 10, Lost: 1}
	}
	rows := []Row{
		row("slow", "a", "x", 25, 800, 1.5, 4), row("fast", "b", "x", 25, 3000, 3, 6),
		row("slow", "a", "y", 25, 700, 1, 0), row("slow", "a", "x", 10, 600, .5, 8),
	}
	lines := Table(rows, baselines)
	type short struct {
		policy, group         string
		buffer                float64
		n                     int
		kbps, switches, share float64
		normalised            float64
		known                 bool
	}
	var got []short
	for _, l := range lines {
		got = append(got, short{l.Policy, l.Group, l.BufferS, l.Sessions, l.MeanKbps, l.Switches, l.Share, l.Normalised, l.Known})
		if math.Abs(l.StallShare-.1) > 1e-12 || math.Abs(l.Lost-.1) > 1e-12 {
			t.Errorf("%+v", l)
		}
	}
	want := []short{
		{"x", "", 25, 2, 1900, 5, .75, .7, true},
		{"x", "slow", 25, 1, 800, 4, .75, 1 / 1.5, true},
		{"x", "fast", 25, 1, 3000, 6, .75, 2.5 / 3.5, true},
		{"y", "", 25, 1, 700, 0, .5, .5 / 1.5, true},
		{"y", "slow", 25, 1, 700, 0, .5, .5 / 1.5, true},
		{"x", "", 10, 1, 600, 8, 0, 0, false}, // the lowest is not known
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if lines := Table(rows[:1], nil); len(lines) != 1 || lines[0].Known {
		t.Errorf("%+v", lines)
	}
}

func TestCompare(t *testing.T) {
	var a, b []Row
	for i := range 40 {
		r := Row{File: string(rune('a' + i)), Ladder: "hd", BufferS: 25, Group: []string{"slow", "fast"}[i%2], QoE: float64(i%7) / 10}
		b = append(b, r)
		r.QoE += .5 + float64(i%3-1)/10 // .4 to .6 more
		r.Switches = 2
		if i < 39 { // the last has no partner
			a = append(a, r)
		}
	}
	all := Compare(a, b)
	if len(all) != len(figures)+2 {
		t.Fatalf("%d differences: %+v", len(all), all)
	}
	d := all[0]
	if d.Figure != "qoe_lin" || d.Sessions != 39 || d.Group != "" || math.Abs(d.Mean-.5) > 1e-9 {
		t.Errorf("%+v", d)
	}
	// The standard error of the mean of .4, .5 and .6 over 39 pairs is .0131.
	if math.Abs(d.Low-(.5-1.96*.0131)) > .004 || math.Abs(d.High-(.5+1.96*.0131)) > .004 {
		t.Errorf("interval %v to %v", d.Low, d.High)
	}
	if s := all[4]; s.Figure != "switches" || s.Low != 2 || s.High != 2 {
		t.Errorf("%+v", s)
	}
	if all[6].Group != "slow" || all[6].Sessions != 20 || all[7].Group != "fast" || all[7].Sessions != 19 {
		t.Errorf("%+v", all[6:])
	}
	if again := Compare(a, b); !reflect.DeepEqual(all, again) {
		t.Error("the same sessions differ otherwise the second time")
	}
	if none := Compare(a, nil); len(none) != 0 {
		t.Errorf("%+v", none)
	}
}

func TestReadBaselines(t *testing.T) {
	baselines, err := ReadBaselines(strings.NewReader(known))
	if err != nil {
		t.Fatal(err)
	}
	r, ok := baselines.Find(Row{File: "a", Ladder: "hd", BufferS: 25}, Lowest)
	if want := (Row{Group: "slow", File: "a", Ladder: "hd", BufferS: 25, Policy: "lowest", MeanKbps: 230, StallS: 1, Stalls: 1, StartupS: .5, QoE: .5}); !ok || !reflect.DeepEqual(r, want) {
		t.Errorf("%+v, %v", r, ok)
	}
	if _, ok := baselines.Find(Row{File: "a", Ladder: "uhd", BufferS: 25}, Lowest); ok {
		t.Error("found on another ladder")
	}
	for name, text := range map[string]string{
		"empty":      "",
		"no heading": "slow,a,hd,25,optimum,2\n",
		"ragged":     "file,ladder,buffer_cap_s,policy,qoe_lin\na,hd\n",
		"no number":  "file,ladder,buffer_cap_s,policy,qoe_lin\na,hd,25,x,good\n",
		"NaN":        "file,ladder,buffer_cap_s,policy,qoe_lin\na,hd,25,x,NaN\n",
	} {
		if _, err := ReadBaselines(strings.NewReader(text)); !errors.Is(err, ErrTrace) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAveragesAsPublished holds Table against averages published with the
// baselines.
func TestAveragesAsPublished(t *testing.T) {
	f, err := os.Open(filepath.Join(traces(t), "baselines.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	baselines, err := ReadBaselines(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for _, b := range baselinesOf(t) {
		if r, ok := baselines.Find(Row{File: b.file, Ladder: b.ladder, BufferS: float64(b.buffer)}, b.policy); ok && b.policy == "bolae" && b.ladder == "hd" && b.buffer == 25 {
			rows = append(rows, r)
		}
	}
	l := Table(rows, baselines)[0]
	if l.Sessions != 81 || math.Round(l.MeanKbps) != 2614 || math.Abs(l.QoE-2.191) > .0005 || math.Abs(l.Share-.832) > .0005 ||
		math.Abs(l.Normalised-.825) > .0005 || math.Round(l.Switches) != 90 || math.Abs(l.Stalls-2.8) > .05 {
		t.Errorf("%+v", l)
	}
}

func baselinesOf(t *testing.T) []baseline { return baselines(t, traces(t)) }
