// Package marker tells what a manifest says of places on the timeline (chapters,
// markers, script commands: [Of]), and which places a playhead passes, in the order
// and the direction of travel ([Line]).
//
// It decides purely: it reads no clock and does nothing itself.
package marker
