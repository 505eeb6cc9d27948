// Package policy holds the named switching policies, a file each. [New] makes
// one by its name.
//
//	Input -> which levels may be chosen at all (limits.go)
//	      -> which of them the link carries, and in time -> Decision
//
// The default is Foresight, in four files: the decisions, what it believes of the
// link, the plan on it, and the replacement of what is buffered.
//
// All are for video, but for Audio, which chooses between bitrates of sound.
//
// A policy keeps what it must remember between decisions and nothing else: no
// clock, no randomness. After its first decision it allocates nothing.
package policy
