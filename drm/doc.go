// Package drm turns what a presentation says of its protection into keys. [Read]
// reads the protection headers of a manifest, of whatever systems, and says which
// keys they name and what is wrong with them; what cannot be read never stops what
// can. A [Ring] holds the keys of a session: it says when to ask for which, spreads
// requests over time where keys rotate, asks again after failures, renews keys
// before they expire, and remembers who was refused.
//
// Both decide and do nothing: there is no clock, no goroutine and no network here.
// Whoever drives a Ring tells it the time, sends the requests it returns to a
// [platform.KeyProvider] (drm/playready, drm/clearkey, a port's own, or several in a
// [FirstOf]) and brings the answers back.
//
//	ProtectionHeader --> [Read] --> [Protection] --> key requests
//	fragment: KID, pssh ---------------^                |
//	                                                    v
//	              time, [Want] ------------------> [Ring] -- Due --> KeyProvider
//	              sample <-- [Key]: decrypter, limits <-+  <-- Answer --+
package drm
