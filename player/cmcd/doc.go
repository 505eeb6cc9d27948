// Package cmcd writes Common Media Client Data, version 1 (CTA-5004): what a
// player tells a content delivery network with each request, so that its logs can
// be read by session and it can tell urgent requests from others.
//
// The package is pure. A [Data] holds the figures in the units of the standard;
// [Kbps], [Kbps100] and [Millis100] round as it demands. A server finds them in
// the query of a URL or in four headers; [Parse] reads both back.
//
//	Data --Query--> CMCD=bl%3D4000%2Cbr%3D1500%2Cd%3D2000...
//	     --Header-> CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status
package cmcd
