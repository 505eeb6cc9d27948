// Package player plays Smooth Streaming presentations on a platform.Device.
//
//	p, err := player.New(device, player.Config{URL: "http://host/movie.ism/Manifest"})
//	...
//	err = p.Run(ctx) // plays until the end, ctx is done, or a fatal error
//
// [Player.Run] owns every goroutine of the session. One of them, the control
// loop, owns all state: commands, transfers and news of the pipeline arrive in
// its inbox as messages, it decides, and it alone makes events. The other
// methods of a Player may be called from any goroutine; they put a message into
// the inbox.
//
//	manifest -> timeline -> schedule + policy -> transfers -> buffer -> pipeline
//	                              ^                 |                     |
//	                              +---- inbox <-----+---------------------+
package player
