package policy

import "smoothplay/heuristics"

// Fixed plays one level, come what may: for comparisons, and for whoever wants
// it. It gives way to limits only.
const Fixed = "fixed"

type fixed struct{ level int }

func newFixed(cfg Config) heuristics.Policy { return fixed{max(cfg.Level, 0)} }

func (fixed) Name() string { return Fixed }

func (f fixed) Decide(in *heuristics.Input) heuristics.Decision {
	if in.Running != nil {
		return heuristics.Decision{Level: in.Running.Level, Reason: heuristics.ReasonHold}
	}
	want := min(f.level, len(in.Levels)-1)
	d := heuristics.Decision{Level: atMost(in, want), Reason: heuristics.ReasonHold}
	switch {
	case len(in.Levels) == 1:
		d.Reason = heuristics.ReasonOnly
	case d.Level != want:
		d.Reason = limitOn(in, want)
	case in.Current < 0:
		d.Reason = heuristics.ReasonStart
	}
	return d
}
