// Package playready reads what a presentation says of PlayReady, and carries
// licences between a server and the device's own licence client. It holds no
// device keys and reads no licence: what turns a challenge into a key is a [CDM]
// that the maker of the device brings.
//
// Reading: an Object is a list of records; one of them is a WRMHEADER, XML of
// version 4.0 to 4.3, that names keys and the licence server. Real ones are bare
// XML, in other encodings, with broken key identifiers or trailing bytes: what can
// be used is, and the rest is said in Warnings. Identifiers are GUIDs, which the
// header holds in the byte order of Windows and everything else in that of their
// text ([SwapGUID]).
//
//	ProtectionHeader --> [Read] --> [Header]: key identifiers, checksums, licence server
//	                                   |
//	[Provider].Key --------------------+--> [CDM].Challenge --> SOAP over HTTP --> licence server
//	      ^                                                                          |
//	      +----- keys or decrypters <-- [CDM].Response <-- answer, or [Fault] <------+
//
// Sources: the PlayReady header specification, the specification of the key seed,
// and the documentation of the test server, all by Microsoft.
package playready
