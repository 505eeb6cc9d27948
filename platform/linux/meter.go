package linux

import (
	"fmt"
	"io/fs"
	"os"
	"time"

	"smoothplay/platform"
)

const (
	// tick is the unit of /proc/stat and /proc/self/stat: USER_HZ is 100 on
	// every architecture that Go knows.
	tick = 10 * time.Millisecond
	// throttledFrom is the share of time from which a held down quota counts.
	throttledFrom = 0.05
)

// Meter is a [platform.LoadMeter]. Where a quota of a control group leaves this
// process less than all processors, that is the device it has: Process and
// Device are shares of it, and being held down by it is Throttled.
//
// It reads some twenty small files a call into one buffer, and keeps nothing
// that grows. Not safe for concurrent use.
type Meter struct {
	files    files
	groups   []string // folders of the control groups that may hold a quota
	throttle throttle
	last     reading
	load     platform.Load // of the last call
}

// reading is what the counters said at one instant.
type reading struct {
	valid       bool
	cores       int
	total, idle uint64 // ticks of all cores together
	process     uint64 // ticks
	pressure    uint64 // microseconds
	group       groupReading
}

// New returns a meter whose first Load covers the time since now.
func New() *Meter { return newMeter(os.DirFS("/")) }

func newMeter(root fs.FS) *Meter {
	m := &Meter{files: files{root: root, buf: make([]byte, 32<<10)}}
	m.groups = m.files.groups()
	m.throttle = m.files.findThrottle()
	m.last, _ = m.files.take(m.groups)
	return m
}

// Load implements [platform.LoadMeter]. Calls within 10 ms return the same.
func (m *Meter) Load() (platform.Load, error) {
	now, err := m.files.take(m.groups)
	if err != nil {
		return platform.Load{}, fmt.Errorf("linux: load of the device: %w (leave Device.Load nil where there is no /proc)", err)
	}
	was := m.last
	if !was.valid {
		m.last = now
		return platform.Load{}, nil
	}
	cores := float64(now.cores)
	total := float64(since(now.total, was.total)) // ticks of all cores
	if total < cores {
		return m.load, nil
	}
	elapsed := total / cores * float64(tick/time.Microsecond)

	l := platform.Load{
		Device:   1 - float64(since(now.idle, was.idle))/total,
		Process:  float64(since(now.process, was.process)) / total,
		Pressure: float64(since(now.pressure, was.pressure)) / elapsed,
	}
	if quota := now.group.cores; quota > 0 && quota < cores {
		l.Process *= cores / quota
		if was.group.cores > 0 {
			l.Device = max(l.Device, float64(since(now.group.used, was.group.used))/(elapsed*quota))
			held := float64(since(now.group.throttled, was.group.throttled)) / elapsed
			l.Throttled = held >= throttledFrom
		}
	}
	l.Throttled = m.throttle.on(&m.files) || l.Throttled
	l.Device, l.Process, l.Pressure = share(l.Device), share(l.Process), share(l.Pressure)
	l.Device = max(l.Device, l.Process) // the clocks of both differ by a tick
	m.last, m.load = now, l
	return l, nil
}

// since is the growth of a counter; some go back a little now and then.
func since(now, was uint64) uint64 {
	if now < was {
		return 0
	}
	return now - was
}

func share(x float64) float64 { return min(max(x, 0), 1) }
