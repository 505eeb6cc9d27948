// Package slow makes the decoders of a device slower than they are, by a factor
// that changes over time: to see what a player does on a device that is busy, hot
// or old, on one that is not.
//
//	Decoders.OpenVideo -> decoder of the device -> picture, when it would be there on a slow device
//	                           took 3 ms          waits 6 ms more where the factor is 3
//
// The time is slept, not burned: other work is not slowed down. It passes in a
// synctest bubble as well as in real time. Sound is decoded as fast as ever.
package slow
