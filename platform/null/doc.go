// Package null holds decoders and sinks that need no device: they consume,
// count and keep time. A player on them fetches, switches, buffers and keeps
// its clocks exactly as it would with a screen and a loudspeaker, so that a
// presentation can be measured on a machine that has neither, and so that
// tests can say what a device does: decode slowly, run dry, vanish.
//
//	[platform.Sample] -> [Decoders] -> Picture without pixels -> [VideoSink] -> counts, a log
//	                        |
//	                        +-------> PCM of the right length -> [AudioSink] -> Delay, ranges heard
//
// Nothing here starts a goroutine. Time comes from package time alone, so that
// all of it runs in a testing/synctest bubble, where it is exact and
// deterministic. Fields that configure a value are set before its first use
// and not changed afterwards.
package null
