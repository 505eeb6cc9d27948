package main

import (
	"errors"
	"fmt"
	"os"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
)

// smoothPolicy makes policies with the settings in a file; nil: there is none.
func (f *sessionFlags) smoothPolicy() (func() heuristics.Policy, error) {
	if f.policyConfig == "" {
		return nil, nil
	}
	if f.policy != policy.Smooth2009 {
		return nil, errors.New("--policy-config holds the settings of one policy: give --policy " + policy.Smooth2009 + ", too")
	}
	file, err := os.Open(f.policyConfig)
	if err != nil {
		return nil, fmt.Errorf("--policy-config: %w", err)
	}
	defer file.Close()
	settings, err := policy.ReadSmoothConfig(file)
	if err != nil {
		return nil, fmt.Errorf("--policy-config: %s: %w", f.policyConfig, err)
	}
	return func() heuristics.Policy {
		p, _ := policy.New(policy.Smooth2009, policy.Config{Smooth: settings}) // there is one of this name
		return p
	}, nil
}
