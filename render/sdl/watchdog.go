package sdl

import "time"

// A watchdog notices a device that asks for no more sound: not every driver
// says that its device is gone.
type watchdog struct {
	calls uint64
	seen  time.Time     // last look
	idle  time.Duration // looked at without a call between
}

const (
	watchdogLimit = 2 * time.Second
	// watchdogStep is the most that one look adds, so that a process or a
	// machine that slept does not find its device stuck.
	watchdogStep = 200 * time.Millisecond
)

// stuck takes the number of calls so far and reports whether the device has
// made none for too long.
func (w *watchdog) stuck(now time.Time, calls uint64) bool {
	if calls != w.calls || w.seen.IsZero() {
		w.idle = 0
	} else {
		w.idle += min(now.Sub(w.seen), watchdogStep)
	}
	w.calls, w.seen = calls, now
	return w.idle > watchdogLimit
}
