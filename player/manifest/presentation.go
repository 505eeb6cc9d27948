package manifest

// Ticks is a time exactly as the manifest writes it, in units of the stream's
// TimeScale. It is echoed to the digit in request URLs, and converted to
// time.Duration only in package timeline.
type Ticks uint64

// Presentation is a parsed client manifest, [MS-SSTR] 2.2.2.1. It is plain
// data, immutable after Parse.
type Presentation struct {
	MajorVersion, MinorVersion uint32
	TimeScale                  uint64 // ticks a second of Duration and DVRWindow; never 0
	Duration                   Ticks  // 0: not known (live), or to be computed from the streams
	Live                       bool
	// LookAhead is the number of following fragments that each fragment
	// announces; -1: not stated.
	LookAhead int
	DVRWindow Ticks // 0: unlimited
	// CanSeek and CanPause are nil where the manifest does not say.
	CanSeek, CanPause *bool
	LogURL            string
	Attributes        []Attribute // root CustomAttributes
	Protections       []Protection
	// Streams are all there is to choose from. Of a composite presentation they
	// have no Runs: its Clips have.
	Streams []Stream
	// Clips are what a composite presentation plays, one after the other; nil for
	// all others.
	Clips []Clip
	// Warnings name what was dropped or repaired while parsing, for probe: at
	// most 65 lines, most with the line of the manifest.
	Warnings []string
}

// Protection is one ProtectionHeader, [MS-SSTR] 2.2.2.2, kept as read.
type Protection struct {
	SystemID string // as written
	Data     string // the text of the element, white space included
}

// Attribute is a name and value of CustomAttributes, in document order.
type Attribute struct{ Name, Value string }

// ClipTimeScale is what the times of clips count, a second: 100 ns each.
const ClipTimeScale = 10_000_000

// Clip is a piece of another presentation in a composite manifest.
type Clip struct {
	URL        string // of that presentation's manifest, see ClipURL; "": this one's
	Begin, End Ticks  // on its clock, of ClipTimeScale; Begin is before End
	// Streams are those of the Presentation, by index: what they are in this clip.
	// Each has as many Levels there, by index the nearest of the clip.
	Streams []Stream
}

// Stream is a StreamIndex, [MS-SSTR] 2.2.2.3.
type Stream struct {
	Type      string // "video", "audio" or "text", lower case
	Subtype   string // as written
	Name      string // "" where absent: callers show Type
	Language  string // as written; "" where absent
	TimeScale uint64 // ticks a second; never 0
	// URL is the template, literal but for its placeholders (see ChunkURL);
	// "" for streams whose content is embedded.
	URL                         string
	Base                        string // the effective URL of the manifest that it was merged from; "": that of the presentation
	Parent                      string // ParentStreamIndex: this stream is sparse
	ManifestOutput              bool   // payloads are in the manifest, see Inline
	MaxWidth, MaxHeight         int    // of a video: the largest of its levels where not stated
	DisplayWidth, DisplayHeight int
	Attributes                  []Attribute
	// Levels are in document order; empty only for text, whose content may be
	// embedded or absent.
	Levels []Level
	Runs   []Run // ascending in T, not overlapping in T
	// Inline are payloads carried in the manifest, by chunk index.
	Inline []Payload
	// Markers are embedded script commands, markers and samples, [MS-SSTR]
	// 2.2.2.3.1, in document order.
	Markers []Marker
}

// Level is a QualityLevel, [MS-SSTR] 2.2.2.5.
type Level struct {
	Index int
	// Bitrate is the decimal number as written, for URLs; BitrateBPS its value.
	Bitrate       string
	BitrateBPS    int64
	NominalBPS    int64 // NominalBitrate; 0: not given
	Width, Height int
	FourCC        string // upper case; falls back to the stream's, "" if neither
	CodecData     []byte // CodecPrivateData, decoded; nil: absent, empty or broken
	WaveFormatEx  []byte // WaveFormatEx attribute of version 1, decoded
	SamplingRate  int
	Channels      int
	BitsPerSample int
	PacketSize    int
	AudioTag      int
	NALLength     int // NALUnitLengthField, default 4
	FrameRate     float64
	URL           string // per-level template; "" : the stream's
	Attributes    []Attribute
}

// Run is Count consecutive chunks of equal duration: the k-th begins at
// T + k*D.
type Run struct {
	T, D  Ticks
	Count uint64 // at least 1
}

// Payload is the inline content of one chunk.
type Payload struct {
	Chunk int // index over all runs
	Level int // Index of the level it belongs to; -1: not said
	Data  []byte
}

// Marker is one embedded command or marker.
type Marker struct {
	Element string // "ScriptCommand", "Marker" or "Sample"
	Time    Ticks  // 100 ns units unless the stream has a TimeScale
	Type    string
	Value   string
}
