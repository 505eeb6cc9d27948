package linux

import (
	"bytes"
	"io/fs"
	"path"
	"strings"
)

// maxDepth bounds how far up control groups are looked at.
const maxDepth = 16

// mounts are where version 2 is found: alone, or beside version 1; oldMounts where
// version 1 has its quotas.
var (
	mounts    = []string{"sys/fs/cgroup", "sys/fs/cgroup/unified"}
	oldMounts = []string{"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"}
)

// groupReading is what the tightest quota and the use of its group said.
type groupReading struct {
	cores     float64 // that the quota allows; 0: there is none
	used      uint64  // microseconds, by all in the group
	throttled uint64  // microseconds in which the group was held down
}

// groups returns the folders of this process's control groups and of those above
// them, which may hold a quota of theirs; nil without control groups.
func (f *files) groups() []string {
	var all []string
	for _, mount := range mounts {
		if found := f.groupsIn(mount, f.ownGroup("")); found != nil {
			all = found
			break
		}
	}
	for _, mount := range oldMounts {
		if found := f.groupsIn(mount, f.ownGroup("cpu")); found != nil {
			return append(all, found...)
		}
	}
	return all
}

// groupsIn returns the folders from that of the group own up to the mount.
func (f *files) groupsIn(mount, own string) []string {
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
	return nil
}

// ownGroup is the path of this process's control group, from "/": of version 2
// where controller is "", else of the hierarchy of that controller of version 1.
func (f *files) ownGroup(controller string) string {
	b, err := f.read("proc/self/cgroup")
	if err != nil {
		return "/"
	}
	for line := range bytes.Lines(b) {
		_, line, _ = bytes.Cut(line, []byte(":"))
		controllers, name, _ := bytes.Cut(line, []byte(":"))
		for one := range bytes.SplitSeq(controllers, []byte(",")) {
			if string(one) == controller {
				return path.Clean("/" + string(bytes.TrimRight(name, "\n")))
			}
		}
	}
	return "/"
}

// takeGroups reads the group with the tightest quota.
func (f *files) takeGroups(groups []string) groupReading {
	var tightest groupReading
	var folder string
	for _, g := range groups {
		if cores := f.quota(g); cores > 0 && (folder == "" || cores < tightest.cores) {
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
	var known bool
	if tightest.used, known = named(b, "usage_usec", ""); known {
		tightest.throttled, _ = named(b, "throttled_usec", "")
		return tightest
	}
	// Version 1, in nanoseconds.
	held, _ := named(b, "throttled_time", "")
	tightest.throttled = held / 1000
	for _, accounts := range []string{folder, strings.Replace(folder, "/cpu/", "/cpuacct/", 1)} {
		if used, ok := f.number(accounts + "/cpuacct.usage"); ok && used > 0 {
			tightest.used = uint64(used) / 1000
			break
		}
	}
	return tightest
}

// quota is the number of processors that a group allows; 0: as many as there are.
func (f *files) quota(group string) float64 {
	if b, err := f.read(group + "/cpu.max"); err == nil {
		return parseMax(b)
	}
	quota, ok := f.number(group + "/cpu.cfs_quota_us")
	period, also := f.number(group + "/cpu.cfs_period_us")
	if !ok || !also || quota <= 0 || period <= 0 {
		return 0
	}
	return float64(quota) / float64(period)
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
