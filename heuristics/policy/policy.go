package policy

import (
	"fmt"
	"slices"
	"strings"

	"smoothplay/heuristics"
)

// Default is the policy for whoever has no other wish.
const Default = Foresight

// Config tunes a policy. The zero Config is right for all but Fixed.
type Config struct {
	// Level is the level that Fixed plays; beyond the highest: that one.
	Level int
	// Smooth are the knobs of Smooth2009.
	Smooth SmoothConfig
}

// policies are all policies by name.
var policies = map[string]func(Config) heuristics.Policy{
	Audio:      newAudio,
	BolaE:      newBolaE,
	Fixed:      newFixed,
	Foresight:  newForesight,
	RobustMPC:  newRobustMPC,
	Smooth2009: newSmooth2009,
	Throughput: newThroughput,
}

// New returns a policy by name, for one track of one session; "" is Default. The
// error of an unknown name lists those there are.
func New(name string, cfg Config) (heuristics.Policy, error) {
	if name == "" {
		name = Default
	}
	make, ok := policies[name]
	if !ok {
		return nil, fmt.Errorf("no switching policy is called %q: choose one of %s", name, strings.Join(Names(), ", "))
	}
	return make(cfg), nil
}

// Names lists the policies for video in alphabetical order.
func Names() []string {
	names := make([]string, 0, len(policies))
	for name := range policies {
		if name != Audio {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
