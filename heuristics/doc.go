// Package heuristics holds the contract of the switching heuristic: what a
// [Policy] may know ([Input]) and what it answers ([Decision]). It has no
// clock, no goroutine and does no I/O, so that player, simulator and tests
// drive the very same code.
//
//	transfers -> bandwidth  --estimate--+
//	pictures  -> renderload --cap-------+-> Input -> policy -> Decision
//	user's limits ----------------------+
//
// bandwidth estimates the link, renderload the highest level that the device
// renders in time, policy holds the named policies, a file each.
package heuristics
