package linux

import (
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

// device is the state of a made-up device, as its kernel would tell it.
type device struct {
	cores      int
	busy, idle uint64 // ticks of all cores
	process    uint64 // ticks
	files      fstest.MapFS
}

func newDevice(cores int) *device {
	d := &device{cores: cores, busy: 27_776, idle: 138_616, process: 1_234, files: fstest.MapFS{}}
	d.pass(0, 0, 0)
	return d
}

func (d *device) put(name, content string) {
	d.files[name] = &fstest.MapFile{Data: []byte(content + "\n")}
}

// pass lets time pass: seconds, of which shares of all cores were busy, and used
// by the process.
func (d *device) pass(seconds, busy, process float64) {
	ticks := seconds * 100 * float64(d.cores)
	d.busy += uint64(math.Round(ticks * busy))
	d.idle += uint64(math.Round(ticks * (1 - busy)))
	d.process += uint64(math.Round(ticks * process))
	// A third of the busy time in each of user, system and softirq; a tenth of
	// the idle time waits for disks.
	user, system := d.busy/3, d.busy/3
	wait := d.idle / 10
	var stat strings.Builder
	fmt.Fprintf(&stat, "cpu  %d 0 %d %d %d 0 %d 0 %d 0\n", user, system, d.idle-wait, wait, d.busy-user-system, user)
	for i := range d.cores {
		fmt.Fprintf(&stat, "cpu%d 9909 0 2846 70461 44 0 15 10 0 0\n", i)
	}
	stat.WriteString("intr 1293823 0 9 0 0 0 0 0 0 1 0 0 0 144 0 0\nctxt 2431823\nbtime 1732270000\nprocesses 13005\nprocs_running 3\nprocs_blocked 0\nsoftirq 722342 0 132223 12 1212 0 0 2 282828 0 306065\n")
	d.put("proc/stat", stat.String())
	// The name of the program may be anything.
	d.put("proc/self/stat", fmt.Sprintf("13005 (a) R (b 1 2 3) S 12996 12996 10044 0 -1 4194304 100 0 0 0 %d %d 77 88 20 0 11 0 83566 3133440 397 18446744073709551615 1 1 0 0", d.process/2, d.process-d.process/2))
}

// pressure lets work wait for a processor.
func (d *device) pressure(us int) {
	d.put("proc/pressure/cpu", fmt.Sprintf("some avg10=1.10 avg60=1.80 avg300=4.36 total=%d\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=99999999", us))
}

// group makes a control group; quota in microseconds of each 100 ms, or "max".
func (d *device) group(folder, quota string, used, throttled int) {
	d.put(folder+"/cpu.max", quota+" 100000")
	d.put(folder+"/cpu.stat", fmt.Sprintf("usage_usec %d\nuser_usec 1\nsystem_usec 2\nnr_periods 50\nnr_throttled 9\nthrottled_usec %d\nnr_bursts 0\nburst_usec 0", used, throttled))
}

// oldGroup makes a control group of version 1; accounts is its folder where time
// is counted.
func (d *device) oldGroup(folder, accounts, quota string, used, throttled int) {
	if quota == "max" {
		quota = "-1"
	}
	d.put(folder+"/cpu.cfs_quota_us", quota)
	d.put(folder+"/cpu.cfs_period_us", "100000")
	d.put(folder+"/cpu.stat", fmt.Sprintf("nr_periods 31\nnr_throttled 31\nthrottled_time %d\nnr_bursts 0\nburst_time 0", 1000*throttled))
	d.put(accounts+"/cpuacct.usage", fmt.Sprint(1000*used))
}

func expectLoad(t *testing.T, m *Meter, want platform.Load) {
	t.Helper()
	got, err := m.Load()
	if err != nil {
		t.Fatal(err)
	}
	near := func(a, b float64) bool { return math.Abs(a-b) < 0.011 } // a tick or two
	if !near(got.Device, want.Device) || !near(got.Process, want.Process) || !near(got.Pressure, want.Pressure) || got.Throttled != want.Throttled {
		t.Errorf("load %+v\nwant %+v", got, want)
	}
}

func TestLoad(t *testing.T) {
	for _, cores := range []int{1, 2, 4, 16} {
		t.Run(fmt.Sprint(cores, " cores"), func(t *testing.T) {
			d := newDevice(cores)
			d.pressure(42_555_528)
			m := newMeter(d.files)
			d.pass(1, 0.5, 0.25)
			d.pressure(42_555_528 + 300_000)
			expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25, Pressure: 0.3})
			d.pass(2, 0, 0) // the figures are of the time since the last call only
			expectLoad(t, m, platform.Load{})
			d.pass(0.5, 1, 1)
			d.pressure(42_555_528 + 300_000 + 500_000)
			expectLoad(t, m, platform.Load{Device: 1, Process: 1, Pressure: 1})
		})
	}
}

func TestLoadWithoutPressure(t *testing.T) {
	d := newDevice(4)
	m := newMeter(d.files)
	d.pass(1, 0.5, 0.25)
	expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25})
}

func TestLoadAtOnce(t *testing.T) {
	d := newDevice(4)
	m := newMeter(d.files)
	expectLoad(t, m, platform.Load{})
	d.pass(1, 0.5, 0.25)
	for range 3 { // no time passes between: the same again
		expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25})
	}
}

func TestLoadNeverLeavesItsRange(t *testing.T) {
	d := newDevice(2)
	m := newMeter(d.files)
	d.pass(1, 0.1, 5) // the clocks of device and process differ
	expectLoad(t, m, platform.Load{Device: 1, Process: 1})
	d.idle -= 3 // it does go back
	d.pass(0.1, 1, 0)
	expectLoad(t, m, platform.Load{Device: 1})
	d.process = 0
	d.pass(1, 0.5, 0)
	expectLoad(t, m, platform.Load{Device: 0.5})
}

// TestLoadUnderQuota has half a processor out of four: a process that uses all
// of that is at 1, however idle the rest is.
func TestLoadUnderQuota(t *testing.T) {
	for name, test := range map[string]struct {
		cgroup, folder string
		others         map[string]string // quotas of the groups above
	}{
		"own group": {"0::/system.slice/player.service", "sys/fs/cgroup/system.slice/player.service", map[string]string{
			"sys/fs/cgroup/system.slice": "max",
		}},
		"a group above": {"0::/box/app/player", "sys/fs/cgroup/box", map[string]string{
			"sys/fs/cgroup/box/app": "900000", "sys/fs/cgroup/box/app/player": "max",
		}},
		"container that sees the root":    {"0::/", "sys/fs/cgroup", nil},
		"container whose path is outside": {"0::/../../docker/abc", "sys/fs/cgroup", nil},
		"beside version 1":                {"9:name=systemd:/\n2:cpuacct:/\n1:cpu:/\n0::/player", "sys/fs/cgroup/unified/player", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(4)
			d.put("proc/self/cgroup", test.cgroup)
			for folder, quota := range test.others {
				d.group(folder, quota, 1, 2)
			}
			d.group(test.folder, "50000", 1_000_000, 70_000)
			m := newMeter(d.files)

			d.pass(1, 0.2, 0.0625)
			d.group(test.folder, "50000", 1_250_000, 70_000)
			expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.5})

			d.pass(1, 0.2, 0.0625) // a neighbour in the group takes the other half
			d.group(test.folder, "50000", 1_750_000, 470_000)
			expectLoad(t, m, platform.Load{Device: 1, Process: 0.5, Throttled: true})

			d.pass(1, 0.2, 0)
			d.group(test.folder, "50000", 1_750_000, 480_000) // a hundredth of the time does not count
			expectLoad(t, m, platform.Load{Device: 0.2})

			d.pass(1, 0.2, 0.1)
			d.group(test.folder, "max", 2_150_000, 480_000) // the quota was lifted
			expectLoad(t, m, platform.Load{Device: 0.2, Process: 0.1})
		})
	}
}

// TestLoadUnderQuotaOfVersion1 is the same with the control groups of older
// kernels.
func TestLoadUnderQuotaOfVersion1(t *testing.T) {
	for name, test := range map[string]struct{ cgroup, folder, accounts string }{
		"apart":               {"3:cpuacct:/box/player\n2:cpu:/box/player\n0::/", "sys/fs/cgroup/cpu/box/player", "sys/fs/cgroup/cpuacct/box/player"},
		"together":            {"3:cpu,cpuacct:/player\n2:memory:/x", "sys/fs/cgroup/cpu,cpuacct/player", "sys/fs/cgroup/cpu,cpuacct/player"},
		"beside version 2":    {"1:cpu:/player\n0::/player", "sys/fs/cgroup/cpu/player", "sys/fs/cgroup/cpuacct/player"},
		"container at a root": {"1:cpu:/docker/abc", "sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(4)
			d.put("proc/self/cgroup", test.cgroup)
			d.put("sys/fs/cgroup/unified/cpu.stat", "usage_usec 1") // nothing is bounded there
			d.oldGroup(test.folder, test.accounts, "50000", 1_000_000, 70_000)
			m := newMeter(d.files)

			d.pass(1, 0.2, 0.0625)
			d.oldGroup(test.folder, test.accounts, "50000", 1_250_000, 70_000)
			expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.5})

			d.pass(1, 0.2, 0.0625)
			d.oldGroup(test.folder, test.accounts, "50000", 1_750_000, 470_000)
			expectLoad(t, m, platform.Load{Device: 1, Process: 0.5, Throttled: true})

			d.pass(1, 0.2, 0.1)
			d.oldGroup(test.folder, test.accounts, "max", 2_150_000, 480_000)
			expectLoad(t, m, platform.Load{Device: 0.2, Process: 0.1})
		})
	}
}

func TestQuotaAboveTheDeviceIsNone(t *testing.T) {
	d := newDevice(2)
	d.put("proc/self/cgroup", "0::/player")
	d.group("sys/fs/cgroup/player", "400000", 0, 0)
	m := newMeter(d.files)
	d.pass(1, 0.5, 0.25)
	d.group("sys/fs/cgroup/player", "400000", 500_000, 0)
	expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25})
}

func TestThrottled(t *testing.T) {
	const thermal, policy = "sys/class/thermal/", "sys/devices/system/cpu/cpufreq/policy0/"
	for name, test := range map[string]struct {
		board map[string]string // at first
		then  map[string]string
		want  bool
	}{
		"a cooling device of the processor is on": {
			map[string]string{thermal + "cooling_device0/type": "thermal-cpufreq-0", thermal + "cooling_device0/cur_state": "0"},
			map[string]string{thermal + "cooling_device0/cur_state": "2"}, true},
		"a fan is on": {
			map[string]string{thermal + "cooling_device0/type": "pwm-fan", thermal + "cooling_device0/cur_state": "0"},
			map[string]string{thermal + "cooling_device0/cur_state": "2"}, false},
		"an idle powerclamp": {
			map[string]string{thermal + "cooling_device9/type": "intel_powerclamp", thermal + "cooling_device9/cur_state": "0"},
			map[string]string{thermal + "cooling_device9/cur_state": "-1"}, false},
		"a zone past its passive trip": {
			zoneFiles("critical 95000", "passive 80000", "active 60000"),
			map[string]string{thermal + "thermal_zone0/temp": "80500"}, true},
		"a zone past its active trip": { // a fan goes on
			zoneFiles("active 60000", "passive 80000"),
			map[string]string{thermal + "thermal_zone0/temp": "75000"}, false},
		"an empty trip of the firmware": {
			zoneFiles("passive 0", "critical 95000"),
			map[string]string{thermal + "thermal_zone0/temp": "50000"}, false},
		"zones do not count where cooling devices tell": {
			with(zoneFiles("passive 60000"), thermal+"cooling_device0/type", "Processor", thermal+"cooling_device0/cur_state", "0"),
			map[string]string{thermal + "thermal_zone0/temp": "90000"}, false},
		"the highest clock has gone down": {
			map[string]string{policy + "scaling_max_freq": "1500000", policy + "cpuinfo_max_freq": "1800000"},
			map[string]string{policy + "scaling_max_freq": "600000"}, true},
		"the maker allows less than the chip can": {
			map[string]string{policy + "scaling_max_freq": "1200000", policy + "cpuinfo_max_freq": "1800000"},
			nil, false},
		"garbage": {
			map[string]string{policy + "scaling_max_freq": "fast", thermal + "cooling_device0/type": "cpu", thermal + "cooling_device0/cur_state": "99999999999999999999"},
			nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(4)
			for file, content := range test.board {
				d.put(file, content)
			}
			m := newMeter(d.files)
			d.pass(1, 0.5, 0.25)
			expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25})
			for file, content := range test.then {
				d.put(file, content)
			}
			d.pass(1, 0.5, 0.25)
			expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25, Throttled: test.want})
			for file, content := range test.board {
				d.put(file, content)
			}
			d.pass(1, 0.5, 0.25)
			expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25})
		})
	}
}

// zoneFiles is a thermal zone at 45 degrees with trips "type temperature".
func zoneFiles(trips ...string) map[string]string {
	const dir = "sys/class/thermal/thermal_zone0/"
	all := map[string]string{dir + "type": "soc-thermal", dir + "temp": "45000"}
	for i, trip := range trips {
		kind, degrees, _ := strings.Cut(trip, " ")
		all[fmt.Sprintf("%strip_point_%d_type", dir, i)] = kind
		all[fmt.Sprintf("%strip_point_%d_temp", dir, i)] = degrees
	}
	return all
}

func with(files map[string]string, more ...string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

func TestLoadWithoutProc(t *testing.T) {
	for name, root := range map[string]fs.FS{
		"nothing":          fstest.MapFS{},
		"only the process": fstest.MapFS{"proc/self/stat": {Data: []byte("1 (x) R 1 1 1 0 -1 1 1 0 0 0 5 5 0 0")}},
		"only the device":  fstest.MapFS{"proc/stat": {Data: []byte("cpu  1 2 3 4\ncpu0 1 2 3 4\n")}},
		"empty files":      fstest.MapFS{"proc/stat": {}, "proc/self/stat": {}},
		"zeros":            fstest.MapFS{"proc/stat": {Data: []byte("cpu  0 0 0 0\ncpu0 0 0 0 0\n")}, "proc/self/stat": {Data: []byte("1 (x) R 1 1 1 0 -1 1 1 0 0 0 5 5 0 0")}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeter(root)
			for range 2 {
				_, err := m.Load()
				if err == nil || !strings.Contains(err.Error(), "proc/") || !strings.Contains(err.Error(), "Device.Load") {
					t.Errorf("Load returned %v, which does not say what and what to do", err)
				}
			}
		})
	}
}

// TestLoadBeginsLate has files that appear after New.
func TestLoadBeginsLate(t *testing.T) {
	d := newDevice(4)
	hidden := d.files["proc/stat"]
	delete(d.files, "proc/stat")
	m := newMeter(d.files)
	if _, err := m.Load(); err == nil {
		t.Error("Load without proc/stat returned no error")
	}
	d.files["proc/stat"] = hidden
	expectLoad(t, m, platform.Load{})
	d.pass(1, 0.5, 0.25)
	expectLoad(t, m, platform.Load{Device: 0.5, Process: 0.25})
}

func TestWhatIsReadIsBounded(t *testing.T) {
	d := newDevice(400)
	d.put("proc/self/cgroup", "0::"+strings.Repeat("/deep", 1000))
	d.group("sys/fs/cgroup"+strings.Repeat("/deep", 1000), "100000", 1, 1)
	for i := range 1000 {
		d.put(fmt.Sprintf("sys/class/thermal/cooling_device%d/type", i), "cpu")
		d.put(fmt.Sprintf("sys/class/thermal/cooling_device%d/cur_state", i), "0")
		d.put(fmt.Sprintf("sys/devices/system/cpu/cpufreq/policy%d/scaling_max_freq", i), "1")
	}
	d.put("proc/pressure/cpu", strings.Repeat("none ", 1<<20))
	m := newMeter(d.files)
	if len(m.groups) != maxDepth+1 || len(m.throttle.coolers) != maxFound || len(m.throttle.clocks) != maxFound {
		t.Errorf("%d groups, %d coolers, %d clocks", len(m.groups), len(m.throttle.coolers), len(m.throttle.clocks))
	}
	size := len(m.files.buf)
	d.pass(1, 0.5, 0)
	expectLoad(t, m, platform.Load{Device: 0.5})
	if len(m.files.buf) != size {
		t.Errorf("the buffer has grown from %d to %d bytes", size, len(m.files.buf))
	}
}

func FuzzLoad(f *testing.F) {
	d := newDevice(4)
	d.pressure(1000)
	seed := func(name string) []byte { return d.files[name].Data }
	f.Add(seed("proc/stat"), seed("proc/self/stat"), seed("proc/pressure/cpu"), []byte("50000 100000"), []byte("0::/a"))
	f.Add([]byte("cpu 1 1 1 1\ncpu0"), []byte(") 1 1 1 1 1 1 1 1 1 1 1 1 1 1"), []byte("some total="), []byte("max"), []byte("0::/../.."))
	f.Fuzz(func(t *testing.T, stat, self, pressure, quota, cgroup []byte) {
		d := newDevice(4)
		m := newMeter(d.files)
		for name, content := range map[string][]byte{
			"proc/stat": stat, "proc/self/stat": self, "proc/pressure/cpu": pressure, "sys/fs/cgroup/cpu.max": quota,
			"sys/fs/cgroup/cpu.stat": stat, "proc/self/cgroup": cgroup, "sys/class/thermal/cooling_device0/type": quota,
		} {
			d.files[name] = &fstest.MapFile{Data: content}
		}
		for _, m := range []*Meter{m, newMeter(d.files)} {
			l, err := m.Load()
			if err != nil {
				continue
			}
			for _, share := range []float64{l.Device, l.Process, l.Pressure} {
				if !(share >= 0 && share <= 1) {
					t.Errorf("load %+v", l)
				}
			}
		}
	})
}

// TestMeterTakesTheExam examines the meter on the machine at hand.
func TestMeterTakesTheExam(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc on " + runtime.GOOS)
	}
	platformtest.TestLoadMeter(t, func(*testing.T) platform.LoadMeter { return New() })
}

func TestUsage(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Usage is known on Linux only")
	}
	cpu, peak := Usage()
	if cpu < 0 || peak < 1<<20 || peak > 1<<36 {
		t.Fatalf("used %v and %d bytes", cpu, peak)
	}
	big := make([]byte, 64<<20)
	for at := 0; at < len(big); at += 4096 {
		big[at] = 1
	}
	for begin := time.Now(); ; { // getrusage counts in ticks on some kernels
		more, higher := Usage()
		if more > cpu && higher >= peak+32<<20 {
			break
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("before: %v, %d bytes; after 64 MB were written: %v, %d bytes", cpu, peak, more, higher)
		}
	}
	runtime.KeepAlive(big)
}

func TestPeak(t *testing.T) {
	for _, test := range []struct {
		status string
		want   int64
	}{
		{"Name:\tplayer\nVmPeak:\t  999999 kB\nVmHWM:\t   83456 kB\nVmRSS:\t   70000 kB\n", 83456 << 10},
		{"Name:\tplayer\n", 0},
		{"VmHWM:", 0},
		{"", 0},
	} {
		if got := peakFrom(fstest.MapFS{"proc/self/status": {Data: []byte(test.status)}}); got != test.want {
			t.Errorf("%q: %d, want %d", test.status, got, test.want)
		}
	}
	if got := peakFrom(fstest.MapFS{}); got != 0 {
		t.Errorf("without a file: %d", got)
	}
}

func BenchmarkLoad(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("there is no /proc on " + runtime.GOOS)
	}
	m := New()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Load(); err != nil {
			b.Fatal(err)
		}
	}
}
