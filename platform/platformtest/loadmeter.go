package platformtest

import (
	"fmt"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenLoadMeter makes a meter.
type OpenLoadMeter func(t *testing.T) platform.LoadMeter

// TestLoadMeter examines an implementation of [platform.LoadMeter]. It keeps a
// processor busy for half a second.
func TestLoadMeter(t *testing.T, open OpenLoadMeter) {
	t.Helper()
	examine(t, loadMeterRules, open, nil)
}

var loadMeterRules = []rule[OpenLoadMeter]{
	{"shares",
		"shares are from 0 to 1 over all its cores.",
		func(t *testing.T, open OpenLoadMeter) error {
			m := open(t)
			for range 4 {
				if _, err := load(m); err != nil {
					return err
				}
				busy(20 * time.Millisecond)
			}
			return nil
		}},
	{"at-once",
		"and of the first call the time since the meter was made",
		func(t *testing.T, open OpenLoadMeter) error {
			m := open(t)
			for range 3 { // also where no time has passed
				if _, err := load(m); err != nil {
					return err
				}
			}
			m = open(t)
			busy(200 * time.Millisecond)
			l, err := load(m)
			if err == nil && (l.Process == 0 || l.Device == 0) {
				err = fmt.Errorf("after a processor was busy for 200ms it is %+v", l)
			}
			return err
		}},
	{"since-the-last-call",
		"the figures cover the time since the last call",
		func(t *testing.T, open OpenLoadMeter) error {
			m := open(t)
			busy(200 * time.Millisecond)
			worked, err := load(m)
			if err != nil {
				return err
			}
			time.Sleep(200 * time.Millisecond)
			rested, err := load(m)
			if err == nil && rested.Process >= worked.Process {
				err = fmt.Errorf("Process is %.3f after 200ms of work and %.3f after 200ms of rest", worked.Process, rested.Process)
			}
			return err
		}},
}

func load(m platform.LoadMeter) (platform.Load, error) {
	l, err := m.Load()
	if err != nil {
		return l, err
	}
	for _, share := range []float64{l.Device, l.Process, l.Pressure} {
		if !(share >= 0 && share <= 1) {
			return l, fmt.Errorf("a share is out of range: %+v", l)
		}
	}
	return l, nil
}

var spin uint64

// busy keeps one processor busy.
func busy(d time.Duration) {
	for begin := time.Now(); time.Since(begin) < d; {
		for range 1000 {
			spin = spin*6364136223846793005 + 1
		}
	}
}
