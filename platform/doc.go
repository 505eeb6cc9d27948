// Package platform is the porting layer: the interfaces that a device
// implements so that smoothplay runs on it, and the plain data that pass
// through them. It imports the standard library only, and it is the porting
// guide: read this comment and platform.go, fill a [Device], run the exam in
// platform/platformtest.
//
//	URL -> [Doer] -> fragments -> [KeyProvider] -> samples
//	                                                 |
//	              [VideoDecoder] <-------------------+-------------> [AudioDecoder]
//	                    |  *Picture                                       |  PCM
//	                    v                                                 v
//	   player waits for the media clock                          player writes ahead
//	                    |                                                 |
//	                    v  *Frame                                         v
//	               [VideoSink]                                      [AudioSink]
//	                                                       Delay() is the master clock
//
// A port starts small. With the zero Device the player fetches, times and
// counts and needs no screen: everything else works already. Then replace one
// field at a time, most often in this order: Decoders and Video (pictures
// appear, timed by a monotonic clock), Audio (its Delay becomes the master
// clock), HTTP where the device has its own network stack, Keys for protected
// presentations, Load and Store for better choices of quality.
//
// Every rule is written at the method it binds, and is a named subtest of
// platformtest. The player calls the methods of one decoder or sink from one
// goroutine at a time, except where a comment says otherwise. No method may
// call back into the player. Abilities beyond the required interfaces are
// optional interfaces found by type assertion ([ScheduledSink],
// [OverlayPlane], [Restyler], [Volume], [Passthrough], [AnswerInfo], [Renewer], [Effort],
// [PathNamer], [NetworkNamer]): a required interface never
// grows.
package platform
