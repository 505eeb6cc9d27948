// Package origin is a Smooth Streaming origin server for tests, quality
// assurance and playing from disk, as net/http/httptest is for net/http. An
// [Origin] is an http.Handler. It serves presentations as packagers write them
// (a server manifest .ism that names .ismv and .isma files, with or without a
// client manifest .ismc), folders that hold a presentation as it is served (a
// Manifest file beside QualityLevels(...) folders, as FFmpeg writes it), and the
// built-in demo presentation. With a [Live] it serves each of them as an event
// without end, too: the clock says which fragments there are, and their times and
// announcements are written anew while their media stay what they are.
//
//	URL path                               folder
//	/x.ism/Manifest                        x.ismc, or made from x.ism and its files
//	/x.ism/QualityLevels(B)/Fragments(s=t) one moof and mdat of the file that x.ism names
//	  |
//	  v
//	[Link] -> faults -> route -> index of the file (mfra, or a scan of its moofs) -> bytes
//	  rate    404 cut       |         ^
//	  delay   die ...       |         | the chunk that it repeats
//	            \           v         |
//	             +---> /x.isml: event at this moment -> manifest; tfxd, tfrf and bytes
//	                        window, look-ahead, gaps, end
//
// The link, the access log and the faults are for trying a client: [ParseFaults]
// reads what shall go wrong, such as "404@every:7" or "encoder-gap@60s-90s"; they
// can be switched while it serves. [Local] answers file:// URLs the same way, in
// the process and without a socket, so that whatever plays from a server plays
// from a folder.
package origin
