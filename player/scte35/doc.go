// Package scte35 reads what sparse streams say of programmes and breaks: splice
// information by ANSI/SCTE 35, in binary or as XML, and the acquired signals of
// CableLabs in which Azure Media Services wraps it. It is pure.
package scte35
