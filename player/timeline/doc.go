// Package timeline knows where the chunks of a presentation lie: position to
// chunk and back, the zero point that all streams share, the end. A [Snapshot]
// is immutable and free for any number of readers; what changes a live
// timeline makes a new one.
//
// Streams count time each in its own unit, from an origin that is the
// encoder's affair, and begin at different times. Session position 0 is the
// zero point: the earliest begin of a video or audio stream. Every time is
// converted with 128-bit arithmetic and rounded down to the nanosecond as seen
// from the stream's origin, so equal instants of different streams get equal
// positions and contiguous chunks share their boundary to the nanosecond.
// Memory grows with the runs of equal durations, not with the chunks.
//
//	manifest.Presentation -> New -> Snapshot -> Stream -> Chunk
//
//	raw Ticks   --- Position, Offset --->   time.Duration
//	            <-------- Ticks ---------   from the zero point
package timeline
