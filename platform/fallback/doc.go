// Package fallback decodes video with the hardware of a device where that works,
// and in software where it does not: a decoder of the hardware that does not open,
// or fails midway, is replaced by one in software, and no picture is lost or shown
// twice.
//
//	sample ---> kept, from a key sample on
//	  |            |
//	  v            | again, when the hardware has failed
//	hardware       v
//	  |         software
//	  |            | without the pictures that the hardware had delivered
//	  +-----> picture
//
// What is kept are the coded samples from the latest key sample on whose picture,
// and so every picture before it, was delivered: about a fragment.
package fallback
