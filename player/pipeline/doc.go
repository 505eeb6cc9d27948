// Package pipeline decodes, times and plays what the queues of package buffer
// hold: a decode loop for each track, one presenter for pictures, one feeder
// for sound, and the media clock that keeps them together.
//
//	buffer.Queue -> DecodeVideo -> pictures (a few) -> Presenter -> platform.VideoSink
//	                                                      | waits for
//	                                                    Clock
//	                                                      ^ follows
//	buffer.Queue -> DecodeAudio -> PCM (a few)     -> Feeder -> platform.AudioSink
//
// Nothing here knows the player. Its control loop calls down (Flush, Play,
// Hold); what happened goes into a [Monitor], which the loop empties whenever
// it is told that there is news. The presenter and the feeder never wait for
// the loop.
//
// The sound device is the master clock: the feeder tells the [Clock] what is
// being heard, and the clock runs on by itself where there is no sound. After
// every start, seek and change of presentation the pipeline holds: the first
// picture is shown as soon as it is decoded, sound is queued but silent, until
// the loop lets both go.
package pipeline
