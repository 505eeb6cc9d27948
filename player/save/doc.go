// Package save writes the chosen levels and languages of a presentation, a range
// of it or a live window, to an MP4 file, without decoding anything. One level is
// one track. Samples are copied as they came, their times are those of the
// manifest, and what was missing is a gap of the right length.
//
// The file grows beside its final name: media in FILE.part, and in FILE.part.log
// a journal of every sample (size, duration, composition, key) in a few bytes.
// Pieces are fetched a few at a time and written in one order, that of the
// timeline, so that a save which was interrupted anywhere, even by kill -9, goes
// on from its journal and ends in the same bytes. Nothing that grows with the
// length of the media is held in memory: the sample tables are made at the end,
// by reading the journal once for each.
//
//	manifest -> choose tracks -> plan: which chunk next, in time --+
//	              ^                                                |  a few at a time
//	live: refresh +          fetch, parse, decrypt  <--------------+
//	                                 |  in the order of the plan
//	                                 v
//	  FILE.part      [ftyp][mdat  video  audio  video  audio  ...
//	  FILE.part.log  [who][format][fragment][fragment][missing] ...
//	                                 |  at the end
//	                                 v
//	  FILE           [ftyp][mdat .................][moov: tracks, edit lists, tables]
//
// The names of the manifest (language, name, shape of the picture) become those
// of the tracks; offsets between the streams become edit lists.
package save
