// Package text turns the fragments of a text stream into cues with their styles
// and places: TTML in all its namespaces (DFXP, SMPTE-TT with pictures, stpp),
// WebVTT as text and in MP4 (wvtt), and what a manifest carries inline. What the
// bytes are is seen from the bytes; what the manifest says is a hint. Documents
// are hostile until read: their size, depth and number of cues are bounded, and
// of a broken one what came before the fault is kept.
//
// A [Track] holds the cues of one stream on the timeline of the item. It puts
// right what fragments do to captions: times that are relative to the fragment or
// not, the same cue repeated in the next fragment, which must not blink, and
// fragments that come twice or late. It is pure and belongs to one goroutine.
//
//	fragment -> samples --Add--> what is it? -> TTML   -> tree -> times, styles --+
//	                                |--> WebVTT text, wvtt boxes ----------------+
//	                                                                             v
//	        screen, events <--At, Next, Begun-- [ cues, sorted and merged ] <-- relative to what?
package text
