// Package bandwidth estimates the rate of the link from raw transfers, and says
// how far the estimate may be off. It reads no clock: the time is in the
// transfers.
//
//	Transfer -> rate (body time, or whole request) -+-> EWMA, half-life 3 s -+
//	                                                +-> EWMA, half-life 8 s -+-> the lower
//	running Transfer ---- counted for one answer ---+
//	earlier sessions -> Memory, by network -> seed -+
//
// The fast average notices a link that breaks down, the slow one keeps a short
// burst from counting for much: their minimum is quick downwards and patient
// upwards. Each sample weighs as much as its transfer lasted, so that an answer
// that some cache gave in a millisecond means nearly nothing. Three quick ones in
// a row are no accident, though: then the estimate follows at once. What comes
// from a cache near by, declared or not, is none of the link's, and a first byte
// that the server held back at the live edge neither.
package bandwidth
