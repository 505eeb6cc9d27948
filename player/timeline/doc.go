// Package timeline knows where the chunks of a presentation lie: position to
// chunk and back, the zero point that all streams share, the end. A [Snapshot]
// is immutable; what changes a live timeline makes a new one.
//
//	manifest.Presentation -> New -> Snapshot -> Stream -> Chunk
//	raw Ticks  <---------- 128-bit arithmetic ---------->  time.Duration
package timeline
