package linux

import (
	"os"
	"syscall"
	"time"
)

// Usage returns the processor time that this process has used, all its threads
// and the kernel's work for it included, and the most memory it has had resident,
// in bytes. 0 stands for what is not known. Any goroutine may ask.
//
// The peak is VmHWM: the peak of getrusage lives on through exec, so that a small
// program that a large one started would seem large.
func Usage() (cpu time.Duration, peakRSS int64) {
	peakRSS = peakFrom(os.DirFS("/"))
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, peakRSS
	}
	if peakRSS == 0 {
		peakRSS = int64(u.Maxrss) * 1024
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), peakRSS
}
