// Package platformtest is the exam for every interface of package platform, as
// testing/fstest is for file systems: whoever writes a port calls one function
// for each interface it implements.
//
//	func TestDecoder(t *testing.T) {
//		platformtest.TestVideoDecoder(t, func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
//			d, err := mydevice.OpenVideo(format)
//			...
//			return d, samples
//		})
//	}
//
//	port -> open -> [ rule | rule | rule | ... ] -> a named subtest each
//	                    each with a fresh decoder,     --- FAIL: TestDecoder/flush-forgets
//	                    sink, ... of its own               rule: Flush forgets all input and ...
//
// Each rule of the comments in package platform is a named subtest, and a
// failure prints the sentence of the comment that was broken and what happened
// instead. Nothing asserts that a busy machine is fast: where a rule speaks of
// time, the time that the test itself lost is taken into account.
//
// Beside the exam stand what tests of a player need: small fakes ([Keys],
// [MemoryStore], [HandlerDoer]; package null has the decoders and sinks), the
// [Mark] by which a picture says what it is, and the places of files ([Root],
// [Shared]). Only tests import this package.
package platformtest
