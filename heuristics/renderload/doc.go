// Package renderload finds the highest level that a device renders in time. It
// looks at how long pictures take and how many come too late, once a second,
// and answers with a cap for the switching policy: a bound, not a vote. It reads
// no clock.
//
//	Observation (a second) -> load of the level -> burden, fitted model --+
//	                                                                      +-> cap, effort, reason
//	                 late and dropped pictures -> offence -> back-off ----+
//	Memory (earlier sessions) -> loads of the levels -> model
//
// Load leads and lost pictures lag: what a level takes is predicted from those
// that were seen, by their pixels and bits, so that a slow device does not try
// what it cannot play, and a decoder that needs 0.85 of the time there is loses
// its level before a picture is lost. What was capped is tried again after 20 s,
// and after each failure twice as long, up to 15 minutes, and only where it is
// predicted to fit; a prediction alone is put to the test now and then. Where no
// lower level is left, the decoder is told to work less, in steps.
//
// Trace and Device simulate a device that slows down, for tests and package sim.
package renderload
