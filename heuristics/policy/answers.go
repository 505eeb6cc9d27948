package policy

import "smoothplay/heuristics"

// first answers the questions to which all policies have the same answer; not ok
// where the policy has to think.
func first(in *heuristics.Input) (d heuristics.Decision, ok bool) {
	switch {
	case len(in.Levels) == 1:
		return heuristics.Decision{Reason: heuristics.ReasonOnly}, true
	case in.Current < 0 && in.StartLevel >= 0:
		return heuristics.Decision{Level: atMost(in, in.StartLevel), Reason: heuristics.ReasonStart}, true
	case in.Current < 0:
		return heuristics.Decision{Level: lowest(in), Reason: heuristics.ReasonStart}, true
	}
	return d, false
}

// within answers with level q, or what limits leave of it, and says why.
func within(in *heuristics.Input, q int, why heuristics.Reason) heuristics.Decision {
	d := heuristics.Decision{Level: atMost(in, q), Reason: why}
	switch {
	case d.Level != q:
		d.Reason = limitOn(in, q)
	case q == in.Current:
		d.Reason = heuristics.ReasonHold
	}
	return d
}

// goesOn answers that the running transfer goes on.
func goesOn(in *heuristics.Input) heuristics.Decision {
	return heuristics.Decision{Level: in.Running.Level, Reason: heuristics.ReasonHold}
}
