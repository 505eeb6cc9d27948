// Package fetch asks servers for manifests and fragments. Each call is one
// attempt: it bounds every wait and every size, reads a fragment into memory
// that is used again, reports how the bytes arrive, and returns an [*Error] that
// says what went wrong, where, and what to do. It asks a [platform.Renewer] for
// a new address or new headers when a server answers 401 or 403, and knows which
// hosts may be told the user's headers.
//
// What follows from a failure is not decided here but by whoever owns the
// session, with the tables of retry.go: [Next] for a fragment, [NextManifest]
// for the manifest at opening. They are pure.
//
//	URL ----> Client.Manifest ---> Manifest{Body, URL}    the base from then on
//	                                                      +--> Body, from a pool
//	Job ----> Client.Fragment ---> Result{Status, times} -+
//	              |    ^                                  +--> *Error ---> Next ---> Action
//	   Progress <-+    |
//	                   v
//	             platform.Doer
package fetch
