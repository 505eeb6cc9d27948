package linux

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	maxFound = 64 // of each kind
	maxTrips = 12 // of a thermal zone

	// coldTrip is, in millidegrees, below what a trip is an empty entry of the
	// firmware.
	coldTrip = 30_000
)

// throttle knows where the kernel says that the processor is held down. What it
// looks at is found once.
type throttle struct {
	coolers []string // cooling devices of the processor: cur_state is above 0
	zones   []zone   // where there are none: a zone is past a passive trip
	clocks  []clock  // the highest clock allowed has gone down
}

// zone is a thermal zone that slows the processor down when it is hot.
type zone struct {
	file string
	trip int64 // millidegrees
}

// clock is the highest frequency that a group of processors may run at.
type clock struct {
	file    string
	highest int64 // kHz, seen so far: a maker may allow less than the chip can
}

// findThrottle looks at what there is.
func (f *files) findThrottle() throttle {
	var t throttle
	for _, dir := range f.list("sys/class/thermal", "cooling_device") {
		b, err := f.read(dir + "/type")
		if err == nil && coolsProcessor(string(bytes.TrimSpace(b))) {
			t.coolers = append(t.coolers, dir+"/cur_state")
		}
	}
	if t.coolers == nil {
		for _, dir := range f.list("sys/class/thermal", "thermal_zone") {
			if trip, ok := f.passiveTrip(dir); ok {
				t.zones = append(t.zones, zone{dir + "/temp", trip})
			}
		}
	}
	for _, dir := range f.list("sys/devices/system/cpu/cpufreq", "policy") {
		file := dir + "/scaling_max_freq"
		if highest, ok := f.number(file); ok {
			t.clocks = append(t.clocks, clock{file, highest})
		}
	}
	return t
}

// on tells whether the processor is held down now.
func (t *throttle) on(f *files) bool {
	held := false
	for _, name := range t.coolers {
		state, _ := f.number(name)
		held = held || state > 0
	}
	for _, z := range t.zones {
		degrees, ok := f.number(z.file)
		held = held || ok && degrees >= z.trip
	}
	for i := range t.clocks {
		c := &t.clocks[i]
		now, ok := f.number(c.file)
		c.highest = max(c.highest, now)
		held = held || ok && now < c.highest
	}
	return held
}

// coolsProcessor tells by its type whether a cooling device slows the processor
// down: "Processor", "thermal-cpufreq-0", "cpu-idle-0", "intel_powerclamp".
func coolsProcessor(kind string) bool {
	kind = strings.ToLower(kind)
	for _, part := range []string{"processor", "cpu", "powerclamp"} {
		if strings.Contains(kind, part) {
			return true
		}
	}
	return false
}

// passiveTrip is the lowest temperature at which a zone slows something down.
func (f *files) passiveTrip(dir string) (lowest int64, ok bool) {
	for i := range maxTrips {
		b, err := f.read(fmt.Sprintf("%s/trip_point_%d_type", dir, i))
		if err != nil {
			break
		}
		if string(bytes.TrimSpace(b)) != "passive" {
			continue
		}
		trip, read := f.number(fmt.Sprintf("%s/trip_point_%d_temp", dir, i))
		if read && trip >= coldTrip && (!ok || trip < lowest) {
			lowest, ok = trip, true
		}
	}
	return lowest, ok
}

// list returns the entries of a folder whose names begin with prefix, a bounded
// number.
func (f *files) list(dir, prefix string) []string {
	entries, err := fs.ReadDir(f.root, dir)
	if err != nil {
		return nil
	}
	var all []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			all = append(all, path.Join(dir, e.Name()))
		}
	}
	return slices.Clip(all[:min(len(all), maxFound)])
}
