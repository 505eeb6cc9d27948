// Package overlay draws captions and the on-screen display to RGBA images:
// outlined or boxed text, a progress bar, a panel of rows. It is pure Go, brings
// its own font, and knows nothing of windows: what it returns goes into the
// Overlays of a platform.Frame. Captions are shaped, run in the direction of their
// script, and find fonts of the device for what the built-in one cannot write.
//
// Sizes are shares of the canvas, so that text is as large on a telephone as on
// a television set, seen from where one sits. What was drawn is kept: asking for
// the same again returns the same image under the same ID, and a sink uploads
// nothing.
//
//	cues --> Captions (a platform.TextDrawer) --> stacks: the cues of a region
//	            | shaper: fonts, directions, lines      | places, colours, edges
//	            v                                       v
//	          Fonts of the device                     platform.Overlay
//
//	Text      --+
//	Progress  --+--> Painter --> platform.Overlay
//	Panel     --+      | typeface: glyphs of a size
package overlay
