// Package linux tells how busy a Linux device is, from the files in which the
// kernel says so: a [platform.LoadMeter] that steers quality, and the figures of
// the process for the Summary. It is pure Go and needs no rights.
//
//	/proc/stat             busy and idle time of all processors --+
//	/proc/self/stat        time of this process                   |   Load
//	/proc/pressure/cpu     time in which work waited              +-> shares since
//	/sys/fs/cgroup         quota, use and throttling (version 2)  |   the last call
//	/sys/class/thermal     cooling devices and passive trips      |
//	/sys/devices/.../cpufreq  the highest clock allowed          --+
//
//	/proc/net/route, /proc/net/arp  interface and gateway -> the name of the network
//
// Only /proc/stat and /proc/self/stat must exist; what else a kernel, container
// or board lacks is left out. The package builds on every system; where there is
// no /proc, Load returns an error that says so.
package linux
