// Package exchange carries messages between the device and licence servers, for
// the packages that know what is in them. [Post] sends one and reads an answer of
// bounded size, whatever its status: servers put what went wrong into the body. A
// [Batch] makes one exchange of many: those who need keys of the same header at the
// same time wait for one answer, and the keys it brings beyond those are kept for
// whoever asks next.
//
// Nothing here waits to try again, or knows what time it is: package drm decides
// when a key is asked for again. No error holds a query, a user name, a header or a
// body.
//
//	Key(A) --+                      +--> A
//	Key(B) --+--> [Batch] -- one [Post] --> licence server
//	Key(C) --+                      +--> B, C, and D for later
package exchange
