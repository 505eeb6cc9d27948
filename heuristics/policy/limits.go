package policy

import "smoothplay/heuristics"

// allowed reports whether limits of user and protection leave level q.
func allowed(in *heuristics.Input, q int) bool {
	return q >= len(in.Allowed) || in.Allowed[q]
}

// usable reports whether q is allowed and the device renders it.
func usable(in *heuristics.Input, q int) bool {
	return q <= in.RenderCap && allowed(in, q)
}

// lowest is the lowest allowed level, even where the device renders none of
// those allowed: something must be played.
func lowest(in *heuristics.Input) int {
	for q := range in.Levels {
		if allowed(in, q) {
			return q
		}
	}
	return 0
}

// atMost is the highest usable level that is not above q, or the lowest one.
func atMost(in *heuristics.Input, q int) int {
	for q = min(q, len(in.Levels)-1); q >= 0; q-- {
		if usable(in, q) {
			return q
		}
	}
	return lowest(in)
}

// limitOn is the reason why q cannot be chosen.
func limitOn(in *heuristics.Input, q int) heuristics.Reason {
	if !allowed(in, q) {
		return heuristics.ReasonUserLimit
	}
	return heuristics.ReasonRenderCap
}
