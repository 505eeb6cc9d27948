// Package sim plays sessions over recorded links, as fast as the CPU goes: the
// same schedule, bandwidth estimate, render load and switching policy as the
// player, on a model of the network, the buffer and the device instead of
// sockets and decoders. It reads no clock and starts no goroutine, and equal
// configurations give equal results to the bit.
//
//	Link (trace) --+
//	Movie (sizes) -+-> Run: schedule.Next -> Policy.Decide -> transfer -> buffer -+-> Result, Row
//	Device (load) -+    ^                    ^ Abandon? at each progress        | +-> events
//	                    +----------------------------- Transfers, Buffered <----+
//	Rows -> Table (by policy and group), Compare (paired)
//	events of a player -> Replay (each decision again), ReadRecorded -> Movie, Config
//
// The model is that of Sabre (UMass-LIDS/sabre), so that results can be laid
// beside published ones segment for segment: a request waits for the latency,
// then drains the rate of the trace; one request at a time; playing begins with
// the first fragment and goes on with each fragment after a stall. What a real
// player does beyond it (gathering some buffer after a stall, waiting at a live
// edge, sound on the same link, a device that renders too slowly) can be switched
// on in Config; a Policy that is a Replacer replaces what is buffered.
package sim
