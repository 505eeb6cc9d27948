package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/player/sim"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	traces  []string
	shape   string
	latency timeValue

	sizes    string
	bitrates []string
	fragment timeValue
	length   timeValue
	learned  bool

	policies     []string
	buffers      []string
	resume, live timeValue
	load         string

	baselines string
	compare   string
	asJSON    bool
	events    string
	report    string
	against   string

	replay, like string
}

func simulateCommand(e *env) *cobra.Command {
	flags := simulateFlags{fragment: timeValue(2 * time.Second), latency: timeValue(40 * time.Millisecond)}
	cmd := &cobra.Command{
		Use:   "simulate TRACE...",
		Short: "Try switching policies on recorded links, as fast as the processor goes",
		Long: `simulate plays sessions over recorded links without any media, with the same
scheduling and switching as the player, and says how good each policy was.

A TRACE is a file, or a folder of them: CSV with the heading
duration_ms,bandwidth_kbps,latency_ms, the JSON of Sabre, or Mahimahi's lines of
milliseconds; the form is found out. Beside the traces may lie:

  index.csv      which group and ladder a trace belongs to (columns file, group,
                 ladder)
  LADDER2s.json  the sizes of the fragments of a ladder, in the form of --sizes
  baselines.csv  what others reached on the same traces; with the rows of the
                 policies "optimum" and "lowest" the table shows the share of the
                 optimum and where between the two a policy lies

QoE-lin is the mean over the fragments of Mbit/s, less the change of Mbit/s, less
4.3 for each second without a picture, the start included (on a ladder that ends
at 6 Mbit/s; more on a higher one).

With --replay it makes each decision of an event log of measure or play again:
its own policy must give the same answers (exit status 1 otherwise), another one
(--policy) shows what it would have done. With --like it plays the session of an
event log again over a trace, and lays both beside each other.`,
		Example: `  smoothplay simulate traces/ --buffer 25s,10s
  smoothplay simulate --compare foresight,bola-e traces/ --json > sessions.jsonl
  smoothplay simulate --shape 8M:30s,1M:30s --policy throughput
  smoothplay simulate link.csv --decode-load 1:60s,3:60s --report run.html
  smoothplay simulate --replay run.jsonl
  smoothplay simulate --like run.jsonl lab.csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.traces = append(flags.traces, args...)
			return simulate(cmd.Context(), e, &flags)
		},
	}
	addFlags(cmd, "Links", func(f *pflag.FlagSet) {
		f.StringArrayVar(&flags.traces, "trace", nil, "a `TRACE` too; repeatable")
		f.StringVar(&flags.shape, "shape", "", "a link as well: `\"8M:30s,1M:30s\"`, and so on")
		f.Var(&flags.latency, "latency", "`time` to the first byte where the trace does not say")
	})
	addFlags(cmd, "Movie", func(f *pflag.FlagSet) {
		f.StringVar(&flags.sizes, "sizes", "", "sizes of the fragments in `FILE`: JSON with segment_duration_ms, bitrates_kbps and segment_sizes_bits[fragment][level] (default: by the ladder of the trace, or a built-in movie)")
		f.StringSliceVar(&flags.bitrates, "bitrates", nil, "`rates` of levels with fragments of nominal size: 350k,700k,1.5M")
		f.Var(&flags.fragment, "fragment", "`time` that a fragment of --bitrates lasts")
		f.Var(&flags.length, "for", "play this `time`: the movie is cut, or begins again")
		f.BoolVar(&flags.learned, "learned-sizes", false, "policies learn the sizes of fragments, as from Smooth Streaming manifests, and are not told them")
	})
	addFlags(cmd, "Player", func(f *pflag.FlagSet) {
		f.StringSliceVar(&flags.policies, "policy", nil, "switching policies, by `name`: "+strings.Join(policy.Names(), ", ")+"; fixed:2 is the third level (default "+strings.Join(usualPolicies(), ",")+")")
		f.StringSliceVar(&flags.buffers, "buffer", []string{"25s"}, "`times` to gather ahead")
		f.Var(&flags.resume, "resume", "`time` to gather after a stall (default: a fragment)")
		f.Var(&flags.live, "live", "play live, this `time` behind the edge")
		f.StringVar(&flags.load, "decode-load", "", "decode on a device whose highest level takes half of the time, times the factors of `FILE` (CSV: t_ms,load_factor) or of \"1:60s,2.5:30s\"")
	})
	addFlags(cmd, "Results", func(f *pflag.FlagSet) {
		f.StringVar(&flags.baselines, "baselines", "", "what others reached, in `FILE` (default: baselines.csv beside the traces)")
		f.StringVar(&flags.compare, "compare", "", "paired differences of two `A,B` with their 95 % interval: policies, or baseline:NAME")
		f.BoolVar(&flags.asJSON, "json", false, "write a JSON object a session, with the levels chosen")
		f.StringVar(&flags.events, "events", "", "write every event of the sessions to `FILE`, as measure does")
		f.StringVar(&flags.report, "report", "", "draw the sessions over time in `FILE`.html, a page that opens offline, two side by side")
		f.StringVar(&flags.against, "against", "", "a log of `EVENTS`, of measure or simulate, to be drawn beside them")
	})
	addFlags(cmd, "Sessions that were played", func(f *pflag.FlagSet) {
		f.StringVar(&flags.replay, "replay", "", "make the decisions of the event log `EVENTS` again")
		f.StringVar(&flags.like, "like", "", "simulate the session of the event log `EVENTS`: its levels, sizes, sound, buffer, length and policy")
	})
	return cmd
}

// usualPolicies are those that are simulated where nothing else is asked for.
func usualPolicies() []string {
	names := []string{policy.Default, policy.BolaE, policy.Throughput}
	slices.Sort(names[1:])
	return slices.Compact(names)
}

func simulate(ctx context.Context, e *env, flags *simulateFlags) error {
	switch {
	case flags.replay != "" && flags.like != "":
		return usageError{errors.New("--replay and --like exclude each other")}
	case flags.replay != "":
		return replayLog(e, flags)
	case flags.like != "":
		return simulateLike(e, flags)
	}
	plan, err := planOf(e, flags)
	if err != nil {
		return err
	}
	return plan.run(ctx, e, flags)
}

// contender is a policy that takes part.
type contender struct {
	name   string // as asked for
	policy string
	config policy.Config
}

func (c contender) new() heuristics.Policy {
	p, _ := policy.New(c.policy, c.config) // the name was checked
	return p
}

// contenderOf reads the name of a policy; fixed may have a level: fixed:2.
func contenderOf(name string) (contender, error) {
	c := contender{name: name, policy: name}
	if level, ok := strings.CutPrefix(name, policy.Fixed+":"); ok {
		n, err := strconv.Atoi(level)
		if err != nil || n < 0 {
			return c, usageError{fmt.Errorf("--policy %s: write the level as a number from 0 on", name)}
		}
		c.policy, c.config.Level = policy.Fixed, n
	}
	if _, err := policy.New(c.policy, c.config); err != nil {
		return c, usageError{fmt.Errorf("--policy: %w", err)}
	}
	return c, nil
}

// plan is what is to be simulated.
type plan struct {
	contenders []contender
	buffers    []time.Duration
	links      []course
	known      sim.Baselines // nil: nothing
	compare    [2]string     // "": nothing
	device     *sim.Device
}

// course is a link and the movie to be played over it.
type course struct {
	link  *sim.Link
	movie *sim.Movie
}

// baselinePrefix marks a policy of the baselines in --compare.
const baselinePrefix = "baseline:"

func planOf(e *env, flags *simulateFlags) (*plan, error) {
	p := &plan{}
	names := flags.policies
	if flags.compare != "" {
		a, b, ok := strings.Cut(flags.compare, ",")
		a, b = strings.TrimSpace(a), strings.TrimSpace(b)
		if !ok || a == "" || b == "" || strings.Contains(b, ",") {
			return nil, usageError{errors.New("--compare: name two policies: A,B")}
		}
		p.compare = [2]string{a, b}
		for _, name := range p.compare {
			if !strings.HasPrefix(name, baselinePrefix) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		names = usualPolicies()
	}
	for i, name := range names {
		c, err := contenderOf(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names[:i], name) {
			p.contenders = append(p.contenders, c)
		}
	}
	for _, text := range flags.buffers {
		d, err := parseTime(text)
		if err != nil || d <= 0 {
			return nil, usageError{fmt.Errorf("--buffer: %q is not a time such as 25s", text)}
		}
		p.buffers = append(p.buffers, d)
	}
	var err error
	if p.device, err = deviceOf(flags.load); err != nil {
		return nil, usageError{err}
	}
	return p, p.findLinks(e, flags)
}
