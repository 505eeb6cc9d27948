// Package renderload finds the highest level that a device renders in time. It
// looks at how long pictures take and how many come too late, once a second,
// and answers with a cap for the switching policy: a bound, not a vote. It reads
// no clock.
//
//	Observation (a second) -> settled? -> measured load by level --+
//	                                                               +-> cap, reason
//	                     dropped pictures -> offence -> back-off --+
//
// Load leads and dropped pictures lag: a decoder that needs 0.85 of the time
// there is loses its level before a picture is lost. What was capped is tried
// again after 20 s, and after each failure twice as long, up to 15 minutes: a
// passing burden costs little, and a slow device is not asked again and again.
package renderload
