package linux

import (
	"bytes"
	"io/fs"
	"path"
)

// maxDepth bounds how far up control groups are looked at.
const maxDepth = 16

// mounts are where version 2 is found: alone, or beside version 1.
var mounts = []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"}

// groupReading is what the tightest quota and the use of its group said.
type groupReading struct {
	cores     float64 // that the quota allows; 0: there is none
	used      uint64  // microseconds, by all in the group
	throttled uint64  // microseconds in which the group was held down
}

// groups returns the folders of this process's control group and of those above
// it, which may hold a quota of theirs; nil without control groups of version 2.
func (f *files) groups() []string {
	own := f.ownGroup()
	for _, mount := range mounts {
		for _, name := range []string{own, "/"} { // a container may see its own as the root
			folder := path.Join(mount, name)
			if _, err := fs.Stat(f.root, path.Join(folder, "cpu.stat")); err != nil {
				continue
			}
			var all []string
			for folder != mount && len(all) < maxDepth {
				all = append(all, folder)
				folder = path.Dir(folder)
			}
			return append(all, mount)
		}
	}
	return nil
}

// ownGroup is the path of this process's control group, from "/".
func (f *files) ownGroup() string {
	b, err := f.read("proc/self/cgroup")
	if err != nil {
		return "/"
	}
	for line := range bytes.Lines(b) {
		if name, ok := bytes.CutPrefix(line, []byte("0::")); ok {
			return path.Clean("/" + string(bytes.TrimRight(name, "\n")))
		}
	}
	return "/"
}

// takeGroups reads the group with the tightest quota.
func (f *files) takeGroups(groups []string) groupReading {
	var tightest groupReading
	var folder string
	for _, g := range groups {
		b, err := f.read(g + "/cpu.max")
		if err != nil {
			continue
		}
		if cores := parseMax(b); cores > 0 && (folder == "" || cores < tightest.cores) {
			tightest.cores, folder = cores, g
		}
	}
	if folder == "" {
		return tightest
	}
	b, err := f.read(folder + "/cpu.stat")
	if err != nil {
		return groupReading{}
	}
	tightest.used, _ = named(b, "usage_usec", "")
	tightest.throttled, _ = named(b, "throttled_usec", "")
	return tightest
}

// parseMax reads "quota period" as a number of processors; 0: "max", no quota.
func parseMax(b []byte) float64 {
	quota, rest := word(b)
	period, _ := word(rest)
	q, ok := parse(quota)
	p, also := parse(period)
	if !ok || !also || p == 0 {
		return 0
	}
	return float64(q) / float64(p)
}
