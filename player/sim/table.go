package sim

// Line is what sessions of one policy have in common, on average: one line of a
// table.
type Line struct {
	Ladder     string
	BufferS    float64
	Policy     string
	Group      string // "": of all groups
	Sessions   int
	MeanKbps   float64
	StallShare float64
	Stalls     float64
	Switches   float64
	Reversals  float64
	QoE        float64
	// Share is the part of the optimum's QoE, and Normalised where the QoE lies
	// between always-lowest, 0, and the optimum, 1; Known: both are known, for
	// every session.
	Share, Normalised float64
	Known             bool
	// Lost is the share of the pictures that were lost, and CappedS how long was
	// played under a cap; both 0 without a Device.
	Lost, CappedS float64
}

// setting is what sessions must have in common to be averaged.
type setting struct {
	ladder string
	buffer float64
}

func settingOf(r Row) setting { return setting{r.Ladder, r.BufferS} }

// Table averages sessions: by ladder and buffer, policy, and group, each in the
// order in which they come. The first line of a policy is over all its groups;
// a single group has no line of its own. known may be nil.
func Table(rows []Row, known Baselines) []Line {
	var lines []Line
	for _, s := range distinct(rows, settingOf) {
		here := only(rows, settingOf, s)
		groups := distinct(here, Row.group)
		for _, policy := range distinct(here, Row.policy) {
			mine := only(here, Row.policy, policy)
			lines = append(lines, average(mine, "", known))
			for _, g := range groups {
				if part := only(mine, Row.group, g); len(groups) > 1 && len(part) > 0 {
					lines = append(lines, average(part, g, known))
				}
			}
		}
	}
	return lines
}

func (r Row) group() string  { return r.Group }
func (r Row) policy() string { return r.Policy }

// distinct lists what of gives for rows, once each, in order.
func distinct[K comparable](rows []Row, of func(Row) K) []K {
	var keys []K
	seen := map[K]bool{}
	for _, r := range rows {
		if k := of(r); !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// only lists the rows for which of gives k.
func only[K comparable](rows []Row, of func(Row) K, k K) []Row {
	var some []Row
	for _, r := range rows {
		if of(r) == k {
			some = append(some, r)
		}
	}
	return some
}

// average is the line of sessions of one policy; there is at least one.
func average(rows []Row, group string, known Baselines) Line {
	first := rows[0]
	l := Line{Ladder: first.Ladder, BufferS: first.BufferS, Policy: first.Policy, Group: group, Sessions: len(rows), Known: true}
	var best, least float64
	var pictures, lost int64
	for _, r := range rows {
		l.MeanKbps += r.MeanKbps
		l.StallShare += r.StallShare
		l.Stalls += float64(r.Stalls)
		l.Switches += float64(r.Switches)
		l.Reversals += float64(r.Reversals)
		l.QoE += r.QoE
		l.CappedS += r.CappedS
		pictures, lost = pictures+r.Pictures, lost+r.Lost
		optimum, ok := known.Find(r, Optimum)
		lowest, too := known.Find(r, Lowest)
		l.Known = l.Known && ok && too
		best += optimum.QoE
		least += lowest.QoE
	}
	if l.Known = l.Known && best > least; l.Known {
		l.Share, l.Normalised = l.QoE/best, (l.QoE-least)/(best-least)
	}
	n := float64(len(rows))
	for _, v := range []*float64{&l.MeanKbps, &l.StallShare, &l.Stalls, &l.Switches, &l.Reversals, &l.QoE, &l.CappedS} {
		*v /= n
	}
	if pictures > 0 {
		l.Lost = float64(lost) / float64(pictures)
	}
	return l
}
