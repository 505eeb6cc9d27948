// Package trick decides how pictures are had when playing goes fast or backwards:
// at which level, whether as whole fragments or as their key pictures alone, and
// how far apart ([Choose]); which places of a chunk are shown ([Plan.Points]); and
// which samples of a fragment are decoded for that, in which order ([Pick]).
//
// It decides purely: it reads no clock and does nothing itself.
package trick
