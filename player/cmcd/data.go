package cmcd

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// Mode is the way in which data goes with a request.
type Mode string

// The modes.
const (
	Off    Mode = ""
	Query  Mode = "query"  // one argument, CMCD, last in the query of the URL
	Header Mode = "header" // up to four headers
)

// ParseMode reads "query", "header" or "off".
func ParseMode(text string) (Mode, error) {
	switch m := Mode(text); m {
	case Query, Header, Off:
		return m, nil
	case "off":
		return Off, nil
	}
	return Off, fmt.Errorf("%q is no way to send CMCD: query, header or off", text)
}

// ObjectType is what a request asks for (key ot).
type ObjectType string

// The object types that Smooth Streaming has: its fragments need no
// initialization.
const (
	Manifest ObjectType = "m"
	Audio    ObjectType = "a"
	Video    ObjectType = "v"
	Text     ObjectType = "tt"
	Key      ObjectType = "k"
	Other    ObjectType = "o"
)

// media tells whether the object type has a bitrate and a buffer.
func (o ObjectType) media() bool { return o == Audio || o == Video || o == "av" }

// StreamType is the kind of a presentation (key st).
type StreamType string

// The stream types.
const (
	OnDemand StreamType = "v"
	Live     StreamType = "l"
)

// Media is what is told of one fragment, in the form that events have it, too.
// Zero fields are left out, but for Buffer and Deadline of audio and video.
type Media struct {
	Bitrate    int64      `json:"br,omitempty"`  // of the object, nominal, kbit/s
	Buffer     int64      `json:"bl"`            // ahead of the playhead, of this kind of object; ms, to 100
	Starved    bool       `json:"bs,omitempty"`  // that buffer was empty at some time since the request before
	Duration   int64      `json:"d,omitempty"`   // of the object, ms
	Deadline   int64      `json:"dl"`            // from now until its first sample is due; ms, to 100
	Throughput int64      `json:"mtp,omitempty"` // as measured, kbit/s, to 100
	Object     ObjectType `json:"ot,omitempty"`
	Stream     StreamType `json:"st,omitempty"`
	Startup    bool       `json:"su,omitempty"` // urgent: to start, to seek, or after a stall
	Top        int64      `json:"tb,omitempty"` // highest bitrate that may be played, kbit/s
}

// Data is all that is told with one request. Zero fields are left out.
type Data struct {
	Media
	Next    string  // path of the object after this one, relative to the URL asked for (nor)
	Limit   int64   // throughput that is enough, kbit/s, to 100 (rtp)
	Rate    float64 // of playing (pr); 1 is left out, as the standard wishes
	Halted  bool    // nothing plays: pr=0
	Format  string  // of streaming (sf); see Smooth
	Session string  // see NewSession (sid); at most 64 characters
	Content string  // which presentation (cid); at most 64 characters
}

// Smooth is the streaming format of this player (key sf).
const Smooth = "s"

// maxID is how many characters of a session or content count.
const maxID = 64

// Kbps is a rate in bits per second as br and tb tell it: whole kbit/s.
func Kbps(bps int64) int64 { return (max(bps, 0) + 500) / 1000 }

// Kbps100 is a rate in bits per second as mtp and rtp tell it: kbit/s, to the
// nearest 100.
func Kbps100(bps int64) int64 { return (max(bps, 0) + 50_000) / 100_000 * 100 }

// Millis is a time as d tells it: whole milliseconds.
func Millis(d time.Duration) int64 {
	return int64(max(d, 0).Round(time.Millisecond) / time.Millisecond)
}

// Millis100 is a time as bl and dl tell it: milliseconds, to the nearest 100.
func Millis100(d time.Duration) int64 {
	const unit = 100 * time.Millisecond
	return int64(max(d, 0).Round(unit)/unit) * 100
}

// NewSession makes a random UUID of version 4 (RFC 9562 5.4) for a session.
func NewSession(r *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
