// Package httpclient is the default HTTP client of smoothplay: a [platform.Doer]
// on net/http for hosts with a network stack of their own. It keeps connections
// alive over HTTP/1.1 and 2, bounds every wait (to connect, for the first byte,
// between two reads of a body), follows a bounded number of redirects without
// carrying secrets to another site, keeps cookies, and takes proxies, TLS roots
// and a client certificate from a [Config]. A device with its own stack replaces
// it as a whole through platform.Device.HTTP.
//
// A [Link] slows a client down to a rate and a delay that change over time, so
// that any URL can be played as over a bad network. All answers of all clients
// that were given the same Link share its capacity, as transfers of one
// household do.
//
//	request --> headers, cookies --> [Link: one round trip] --> proxy, TLS, host
//	                 ^                 and one more to connect         |
//	                 | redirects                                       v
//	answer <-- idle timeout <-- [Link: bytes at the rate of the moment] <-- body
package httpclient
