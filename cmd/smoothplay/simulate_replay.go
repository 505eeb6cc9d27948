package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/event"
	"smoothplay/player/sim"
)

// replayLog makes the decisions of a log again.
func replayLog(e *env, flags *simulateFlags) error {
	var other contender
	switch len(flags.policies) {
	case 0:
	case 1:
		var err error
		if other, err = contenderOf(flags.policies[0]); err != nil {
			return err
		}
	default:
		return usageError{errors.New("--replay takes one --policy")}
	}
	file, err := os.Open(flags.replay)
	if err != nil {
		return usageError{fmt.Errorf("--replay: %w", err)}
	}
	defer file.Close()
	asked, differ := 0, 0
	t := table{left: 4}
	t.row("at", "chunk at", "track", "question", "logged", "reason", "replayed", "reason")
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	for d, err := range sim.Replay(event.Read(file), other.policy, other.config) {
		if err != nil {
			return fmt.Errorf("--replay %s: %w", flags.replay, err)
		}
		asked++
		if !d.Same {
			differ++
		}
		if flags.asJSON {
			if err := out.Encode(d); err != nil {
				return err
			}
			continue
		}
		if !d.Same {
			t.row(instant(d.At), instant(d.Start), d.Track, string(d.Question),
				choice(d.Logged, d.LoggedBPS), string(d.Logged.Reason), choice(d.Again, d.AgainBPS), string(d.Again.Reason))
		}
	}
	if asked == 0 {
		return fmt.Errorf("--replay %s: there are no decisions in it", flags.replay)
	}
	if !flags.asJSON {
		if differ > 0 {
			if err := t.write(e.stdout); err != nil {
				return err
			}
		}
		if err := writeReplayed(e.stdout, asked, differ, other.name); err != nil {
			return err
		}
	}
	if differ > 0 && other.name == "" {
		return fmt.Errorf("--replay %s: %d of %d decisions came out otherwise", flags.replay, differ, asked)
	}
	return nil
}

func writeReplayed(w io.Writer, asked, differ int, other string) error {
	who := "the session's own policies"
	if other != "" {
		who = other
	}
	_, err := fmt.Fprintf(w, "%d decisions: %s decided %d alike and %d otherwise\n", asked, who, asked-differ, differ)
	return err
}

// instant is an instant to the millisecond.
func instant(d time.Duration) string { return fixed(d.Seconds(), 3) + "s" }

// choice is a decision in few words.
func choice(d heuristics.Decision, bps int64) string {
	rate := rateValue(bps)
	text := rate.String()
	if bps >= 10_000 && bps%1000 != 0 {
		text = strconv.FormatInt((bps+500)/1000, 10) + "k"
	}
	switch {
	case d.Abandon:
		return "give up for " + text
	case d.Delay > 0:
		return text + " in " + d.Delay.Round(time.Millisecond).String()
	}
	return text
}
