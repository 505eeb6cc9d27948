// Package event is the one typed event stream of a session: what happened, in
// order, for the screen, for measurements, for tests and for the simulator
// alike. Only the control loop of the player makes events, so Seq has no gaps
// and At never decreases. An [Event] carries one [Body], a struct for each kind.
//
//	control loop -- Event --> Sink: Tee --+--> Summarizer -> Summary
//	                                      +--> Async -> JSONL -> file
//	                                      +--> Recorder (tests)
//
// Written as JSON, one object a line, the stream is the measurement format: the
// names of types and fields are stable, and fields may be added. Durations are
// nanoseconds (_ns), rates bits per second (_bps), sizes bytes (_bytes or
// bytes). [Summary] is the whole session in figures; Summaries merge.
package event
