// Package clearkey provides keys that are no secret to whoever plays: those that a
// tester has at hand ([Keys]: pairs on the command line or in a file, or the
// published seed of PlayReady's test content), and those of a W3C Clear Key licence
// server ([Server], JSON over HTTP). Both are a [platform.KeyProvider]; several
// together are a drm.FirstOf.
//
// Keys, seeds and tokens show in no error and in nothing that is printed.
//
//	KID:KEY, file, seed --> [Keys] ----------------------------+
//	                                                           +--> Key(KID)
//	KIDs of the headers --> [Server] -- {"kids":[...]} --> URL |
//	                            ^------ {"keys":[...]} ----+---+
package clearkey
