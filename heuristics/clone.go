package heuristics

import "slices"

// Clone returns a copy of in that shares no memory with it, for whoever keeps
// an Input longer than the call that received it.
func (in *Input) Clone() Input {
	c := *in
	c.Levels = slices.Clone(in.Levels)
	c.Allowed = slices.Clone(in.Allowed)
	c.Sizes = slices.Clone(in.Sizes)
	c.Transfers = slices.Clone(in.Transfers)
	for i := range c.Transfers {
		c.Transfers[i].Marks = slices.Clone(c.Transfers[i].Marks)
	}
	if in.Running != nil {
		running := *in.Running
		running.Marks = slices.Clone(running.Marks)
		c.Running = &running
	}
	c.Held = slices.Clone(in.Held)
	return c
}

// Clone returns a copy of d that stays valid after the next Decide.
func (d Decision) Clone() Decision {
	d.Candidates = slices.Clone(d.Candidates)
	return d
}
