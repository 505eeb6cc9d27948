// Package fragment turns the bytes of one fragment into samples, and a level of
// a manifest into the platform.Format that configures a decoder for them. It is
// pure: no clock, no network, no copy of the media.
//
//	moof                                     [Fragment]
//	  mfhd ------------------------------->    Sequence
//	  traf
//	    tfhd  defaults, track -------+---->    TrackID
//	    trun  durations, sizes ------+---->    Samples[i] Decode Composition Duration Sync
//	    sdtp  dependencies ----------+              |
//	    uuid tfxd, tfdt ------------------>    Time Duration, DecodeTime
//	    uuid tfrf ------------------------>    Next
//	    uuid senc, senc, sgpd/sbgp ------->    Encryption
//	  uuid pssh, pssh -------------------->    Systems
//	mdat  =============================== Media == Samples[i].Data (aliases, in order)
//
// The bytes come from servers one does not know, so the parser of boxes is small,
// our own, and bounded: it allocates a few times the size of what it was given at
// the very most, whatever counts the boxes claim. It forgives what real servers
// get wrong (data_offset, sync flags, the order and place of boxes) and says so
// in Warnings; what it cannot forgive is a [BoxError] that names box and byte.
// For the same reason parameter sets are read by a bounded bit reader here:
// mp4ff's parsers can be made to panic by twenty bytes of SPS, so it only writes
// records (avcC, hvcC, AudioSpecificConfig) from values already checked, and is
// the second opinion of the tests.
package fragment
