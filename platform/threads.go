package platform

// Threads is a VideoDecoder that spreads its work over processors as it sees
// fit: a level that is too much for one thread may not be for all.
type Threads interface {
	// Threads returns how many threads decode and how many would, at most, for a
	// format that needs them; both are at least 1. It is called by the goroutine
	// that calls Decode.
	Threads() (now, most int)
}
