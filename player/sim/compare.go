package sim

import (
	"math/rand/v2"
	"slices"
)

// Difference is how one figure of two policies differs over the same links: the
// mean of A minus that of B, and the interval in which it lies in 95 % of all
// samples drawn from the sessions.
type Difference struct {
	Ladder   string  `json:"ladder"`
	BufferS  float64 `json:"buffer_cap_s"`
	Group    string  `json:"group,omitempty"` // "": of all groups
	Figure   string  `json:"figure"`          // of the columns of Row
	Sessions int     `json:"sessions"`        // pairs
	A        float64 `json:"a"`
	B        float64 `json:"b"`
	Mean     float64 `json:"difference"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

// figures are what Compare compares.
var figures = []struct {
	name string
	of   func(Row) float64
}{
	{"qoe_lin", func(r Row) float64 { return r.QoE }},
	{"mean_kbps", func(r Row) float64 { return r.MeanKbps }},
	{"stall_s", func(r Row) float64 { return r.StallS }},
	{"stalls", func(r Row) float64 { return float64(r.Stalls) }},
	{"switches", func(r Row) float64 { return float64(r.Switches) }},
	{"reversals", func(r Row) float64 { return float64(r.Reversals) }},
}

// Compare pairs the sessions a and b, each of one policy, by ladder, buffer and
// link: all figures over all groups, and the QoE by group. What has no partner
// is left out. Equal sessions give equal intervals.
func Compare(a, b []Row) []Difference {
	type place struct {
		setting
		file string
	}
	at := func(r Row) place { return place{settingOf(r), r.File} }
	partner := map[place]Row{}
	for _, r := range b {
		partner[at(r)] = r
	}
	var left, right []Row
	for _, r := range a {
		if other, ok := partner[at(r)]; ok {
			left, right = append(left, r), append(right, other)
		}
	}
	var all []Difference
	for _, s := range distinct(left, settingOf) {
		in := func(group string) (x, y []Row) {
			for i, r := range left {
				if settingOf(r) == s && (group == "" || r.Group == group) {
					x, y = append(x, r), append(y, right[i])
				}
			}
			return x, y
		}
		x, y := in("")
		for i := range figures {
			all = append(all, difference(x, y, "", i))
		}
		if groups := distinct(x, Row.group); len(groups) > 1 {
			for _, g := range groups {
				x, y := in(g)
				all = append(all, difference(x, y, g, 0))
			}
		}
	}
	return all
}

const (
	samples  = 10_000
	interval = 0.95
)

// difference compares one figure of pairs; there is at least one.
func difference(x, y []Row, group string, figure int) Difference {
	of := figures[figure].of
	d := Difference{Ladder: x[0].Ladder, BufferS: x[0].BufferS, Group: group, Figure: figures[figure].name, Sessions: len(x)}
	gaps := make([]float64, len(x))
	for i := range x {
		d.A += of(x[i])
		d.B += of(y[i])
		gaps[i] = of(x[i]) - of(y[i])
	}
	n := float64(len(x))
	d.A, d.B = d.A/n, d.B/n
	d.Mean = d.A - d.B
	d.Low, d.High = bootstrap(gaps)
	return d
}

// bootstrap is the interval of the mean of values by drawing from them again and
// again.
func bootstrap(values []float64) (low, high float64) {
	rnd := rand.New(rand.NewPCG(1, uint64(len(values))))
	means := make([]float64, samples)
	for i := range means {
		var sum float64
		for range values {
			sum += values[rnd.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	tail := int(samples * (1 - interval) / 2)
	return means[tail], means[samples-1-tail]
}
