// Package buffer holds the coded samples of one track between fetching and
// decoding, as received: a [Queue] of [Fragment]s with one reader.
//
//	fetcher --Push--> [ behind | current | ahead ] --Next--> decode loop
//	                     ^ kept for short seeks back
//
// What was played stays for a while, so that a seek back, and any seek inside
// what is buffered, asks the network for nothing. Samples carry no epoch while
// they wait; they are stamped with it when they leave ([Entry.Epoch]).
package buffer
