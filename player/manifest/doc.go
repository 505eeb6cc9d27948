// Package manifest turns the bytes of a Smooth Streaming client manifest
// ([MS-SSTR] 2.2.2) into a [Presentation], and writes the URLs that a
// presentation asks for. It is pure: no clock, no network, no state.
//
// Real servers bend the rules in many ways, and whoever sends a manifest is a
// stranger. So [Parse] reads what can be read (any of the usual encodings,
// whatever the declaration says; any letter case; names of older versions;
// wrong counts; unknown elements), repairs or drops what cannot, and keeps a
// list of what it did in [Presentation.Warnings]. What leaves no meaning is a
// [*SyntaxError] that names element, attribute and line. Every dimension of
// the input has a bound, see [Limits].
//
//	bytes -> toUTF8 -> scanner -> parser -> chunkList -> Presentation
//	         encoding  elements   meaning   c -> Run         |
//	                   and bounds                            v
//	effective manifest URL -> BaseURL -----------------> ChunkURL
package manifest
