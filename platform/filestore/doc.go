// Package filestore is a [platform.Store] in a folder: a file for each value.
// What one process puts there the next one gets, also where several run at once
// or one is cut off in the middle of writing.
//
//	Put: value -> new file -> rename over the old one
//	Get: name  -> readable part + hash -> file
//
// It is made for small values that are nice to have: a value is at most 1 MiB,
// the folder holds at most 256, and beyond that the ones not put for the longest
// time go. Whoever has the folder deleted loses nothing but what was learned.
package filestore
