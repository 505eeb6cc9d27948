// Package demo holds the built-in demo presentation: 24 s of a moving test card
// at four levels from 320x180 to 1280x720, with sound in two languages, so that
// anything that plays can be tried from the binary alone, and tests have
// something to count.
//
// Each picture says which it is and from which level, for a person in large
// text and for a program as a bar code along the upper edge
// (platform/platformtest reads it). Each second at 0.4 s the hand stands
// upright, a square turns white for three pictures, and a beep of 100 ms
// begins: 1000 Hz in English (eng), 1500 Hz in German (deu); then a voice says
// the second. Pictures are shown from exactly 0 s on, 25 a second, in closed
// groups of 2 s with B-frames; the first sample of sound is heard at 0 s too.
//
// It has captions in English, Arabic and Japanese, of 2.6 s each from 0.5 s on,
// every 3 s; beside them are parts of free fonts with the characters that they take.
//
// The files are as packagers write them: demo.ism (server manifest), demo.ismc
// (client manifest), one .ismv for each level, one .isma for each language, one
// .ismt for each language of the captions.
// Command make beside this file makes them.
package demo

import "embed"

// FS holds the files of the presentation.
//
//go:embed *.ism *.ismc *.ismv *.isma *.ismt
var FS embed.FS

// Fonts holds fonts with what the captions take beyond Latin letters.
//
//go:embed fonts/*.ttf
var Fonts embed.FS

// What a program needs to know of the content.
const (
	FrameRate = 25  // pictures a second
	Frames    = 600 // pictures in all, numbered from 0
	Levels    = 4   // numbered from 0, the lowest

	// BeatFrame is the picture of each second (n % FrameRate) in which the
	// flash is lit and the beep begins; FlashFrames is for how many pictures.
	BeatFrame, FlashFrames = 10, 3
	// BeepEngHz and BeepDeuHz are the pitch of the beep in each language.
	BeepEngHz, BeepDeuHz = 1000, 1500
)
