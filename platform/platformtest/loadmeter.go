package platformtest

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
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
	examine(t, slices.Concat(loadMeterRules, networkRules), open, nil)
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

// networkRules hold for a meter that is a [platform.NetworkNamer].
var networkRules = []rule[OpenLoadMeter]{
	{"same-network",
		"the same text whenever the device is there",
		namedNetwork(func(m platform.NetworkNamer, again platform.NetworkNamer) error {
			first := m.Network()
			return together(4, func(int) error {
				for _, n := range []platform.NetworkNamer{m, again} {
					if name := n.Network(); name != first {
						return fmt.Errorf("the network was called %q, then %q", first, name)
					}
				}
				return nil
			})
		})},
	{"opaque-network",
		"The name is opaque and reveals neither addresses nor places.",
		namedNetwork(func(m, _ platform.NetworkNamer) error {
			name := strings.ToLower(m.Network())
			interfaces, err := net.Interfaces()
			if err != nil {
				return unexamined("the addresses of this machine are not known: " + err.Error())
			}
			for _, i := range interfaces {
				addresses, _ := i.Addrs()
				telling := []string{i.HardwareAddr.String(), strings.ReplaceAll(i.HardwareAddr.String(), ":", "")}
				for _, a := range addresses {
					ip, _, _ := strings.Cut(a.String(), "/")
					telling = append(telling, ip)
				}
				for _, text := range telling {
					if text != "" && strings.Contains(name, text) {
						return fmt.Errorf("the network is called %q, with an address of this machine in it", name)
					}
				}
			}
			return anyAddress(name)
		})},
}

// namedNetwork is a check of two meters that name networks.
func namedNetwork(check func(m, again platform.NetworkNamer) error) func(*testing.T, OpenLoadMeter) error {
	return func(t *testing.T, open OpenLoadMeter) error {
		m, ok := open(t).(platform.NetworkNamer)
		if !ok {
			return unexamined("the meter does not tell networks apart")
		}
		return check(m, open(t).(platform.NetworkNamer))
	}
}

// addresses look like this, in whatever text.
var addresses = regexp.MustCompile(`([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(\d{1,3}\.){3}\d{1,3}`)

func anyAddress(name string) error {
	if found := addresses.FindString(name); found != "" {
		return fmt.Errorf("the network is called %q, with the address %s in it", name, found)
	}
	return nil
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
