// Package playertest runs whole sessions in a synctest bubble: the real player
// and net/http at both ends, over an in-memory network with a shaped link, with
// commands at set times, and an event log that is compared with a golden one.
//
//	Scenario --Run--> [ bubble: Origin <- net.Pipe -> Player -> capture sinks ] --> Result
//
// A simulated hour takes about a second. Everything that wakes at a time does so
// at an instant of its own, so that equal scenarios give equal logs: Run plays
// short ones three times and compares.
//
// It is imported by tests alone.
package playertest
