package platform

import (
	"fmt"
	"image"
	"strconv"
	"time"
)

// Kind tells video, audio and text apart.
type Kind uint8

// The kinds of stream.
const (
	Video Kind = iota
	Audio
	Text
)

// String returns "video", "audio" or "text".
func (k Kind) String() string {
	switch k {
	case Video:
		return "video"
	case Audio:
		return "audio"
	case Text:
		return "text"
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Codec names a codec by a stable word.
type Codec string

// The codecs that Smooth Streaming presentations carry.
const (
	H264        Codec = "h264"
	HEVC        Codec = "hevc"
	VC1         Codec = "vc1"  // Advanced Profile
	WMV3        Codec = "wmv3" // Simple and Main Profile
	AAC         Codec = "aac"
	WMA1        Codec = "wma1"
	WMA2        Codec = "wma2"
	WMAPro      Codec = "wmapro"
	WMALossless Codec = "wmalossless"
	AC3         Codec = "ac3"
	EAC3        Codec = "eac3"
	DTS         Codec = "dts"
	Opus        Codec = "opus"
	MP3         Codec = "mp3"
	PCMCodec    Codec = "pcm"
	TTML        Codec = "ttml"
	WebVTT      Codec = "webvtt"
)

// Format is all that a decoder needs to know of a level. It is immutable once
// made; two levels share one *Format only when they are the same.
type Format struct {
	Kind   Kind
	Codec  Codec
	FourCC string // as the manifest gives it, for messages

	// Config configures the decoder: avcC or hvcC where samples are
	// length-prefixed NAL units, Annex B parameter sets where NALLength is 0,
	// AudioSpecificConfig for AAC, the bytes after WAVEFORMATEX for WMA, the
	// sequence headers of VC-1. Empty: the samples configure themselves.
	Config []byte
	// NALLength is the size in bytes of the length before each NAL unit of
	// H.264 and HEVC samples; 0: Annex B start codes.
	NALLength int

	Width, Height int // pixels, as coded; 0: not known
	// AspectWidth:AspectHeight is the shape in which the picture is to be
	// shown; 0:0: square pixels or as the stream itself says.
	AspectWidth, AspectHeight int

	SampleRate    int // Hz; for HE-AAC what the manifest says
	Channels      int
	BitsPerSample int
	BlockAlign    int // bytes of a packet for WMA and PCM

	BitrateBPS int64 // decoders of WMA read their frames by it
}

// Sample is one coded access unit.
type Sample struct {
	PTS, DTS, Duration time.Duration // on the timeline of the item
	Key                bool          // decoding can begin here
	// Disposable: no other sample refers to this one, so that it may be left
	// out when it is not to be shown.
	Disposable bool
	// Data are the coded bytes, clear; nil where Secure is set.
	Data []byte
	// Secure is a handle of the port's own for bytes that live in protected
	// memory; nil where Data is set.
	Secure any
	// Format is set on the first sample and wherever the format changes.
	Format *Format
}

// PixelFormat says how a Picture is laid out.
type PixelFormat uint8

// The pixel formats.
const (
	I420    PixelFormat = iota // 8 bits, planes Y U V, chroma halved both ways
	NV12                       // 8 bits, planes Y and UV
	I420P10                    // 10 bits in 16-bit little-endian words, planes Y U V
	Surface                    // opaque: see Picture.Surface
)

// Matrix is the colour matrix of a picture.
type Matrix uint8

// The colour matrices. MatrixUnknown: BT.709 from 720 lines up, else BT.601.
const (
	MatrixUnknown Matrix = iota
	BT601
	BT709
	BT2020
)

// Picture is one decoded picture. It belongs to whoever holds it, who calls
// Release exactly once; Planes must not be written or used after that.
type Picture struct {
	PTS           time.Duration // on the timeline of the item
	Duration      time.Duration // 0: not known
	Width, Height int           // visible pixels
	// AspectWidth:AspectHeight is the shape to show it in; 0:0: as Width:Height.
	AspectWidth, AspectHeight int
	Format                    PixelFormat
	Planes                    [3][]byte // each of Strides[i] bytes a row
	Strides                   [3]int
	Matrix                    Matrix
	FullRange                 bool
	Interlaced                bool
	// Surface is an opaque handle that decoder and sink of one port agree on,
	// where Format is Surface.
	Surface any
	// Key: decoded from a key sample.
	Key bool
	// Source is the Format of the sample that the picture was decoded from.
	Source *Format
	// Free returns the memory to the decoder; nil: nothing to return. Set by
	// the decoder, called by Release only, from any goroutine.
	Free func()
}

// Release gives the memory of the picture back. Releasing nil, or a picture
// that was released before, does nothing.
func (p *Picture) Release() {
	if p == nil || p.Free == nil {
		return
	}
	free := p.Free
	p.Free = nil
	free()
}

// Frame is what the screen shows at one instant.
type Frame struct {
	Picture  *Picture  // the main picture
	Insets   []Inset   // small pictures above it, in drawing order
	Overlays []Overlay // captions and on-screen display, above the insets
}

// Inset is a small picture in the main one; At is in shares (0 to 1) of the
// main picture's width and height. Picture stays valid as the main one does: until
// a Show of a Frame without it has returned, or Close.
type Inset struct {
	Picture                     *Picture
	AtX, AtY, AtWidth, AtHeight float64
}

// Overlay is an RGBA image (premultiplied alpha) to draw with its upper left
// corner at (X, Y), in pixels of a canvas of CanvasWidth x CanvasHeight that is
// stretched over the area of the main picture. ID changes whenever the pixels
// do, so that a sink uploads each image once.
type Overlay struct {
	Image                     *image.RGBA
	X, Y                      int
	CanvasWidth, CanvasHeight int
	ID                        uint64
}

// PCMFormat describes decoded sound: signed 16-bit native-endian samples,
// interleaved. Channel order is that of WAVEFORMATEXTENSIBLE.
type PCMFormat struct {
	Rate     int // frames a second
	Channels int
}

// FrameBytes is the size of one frame, in bytes.
func (f PCMFormat) FrameBytes() int { return 2 * f.Channels }

// Bytes is the number of bytes that d lasts, in whole frames, rounded down.
func (f PCMFormat) Bytes(d time.Duration) int {
	whole, rest := d/time.Second, d%time.Second
	frames := int64(whole)*int64(f.Rate) + int64(rest)*int64(f.Rate)/int64(time.Second)
	return int(frames) * f.FrameBytes()
}

// Duration is the time that n bytes last.
func (f PCMFormat) Duration(n int) time.Duration {
	if f.Rate == 0 || f.Channels == 0 {
		return 0
	}
	frames, rate := int64(n/f.FrameBytes()), int64(f.Rate)
	return time.Duration(frames/rate)*time.Second + time.Duration(frames%rate*int64(time.Second)/rate)
}

// PCM is a piece of decoded sound.
type PCM struct {
	PTS  time.Duration // of the first frame, on the timeline of the item
	Data []byte        // whole frames
}

// Load is how busy a device is; shares are from 0 to 1 over all its cores.
type Load struct {
	Device    float64 // of everything that runs
	Process   float64 // of this process
	Throttled bool    // the processor is held down (heat, power, a quota)
	Pressure  float64 // share of time in which work waited for a processor; 0 also where not known
}

// KeyRequest names a key that a presentation needs.
type KeyRequest struct {
	KID [16]byte // in the order of its text form (big-endian)
	// Systems are the protection headers of the presentation as read.
	Systems []ProtectionSystem
	// ManifestURL is where the presentation came from.
	ManifestURL string
}

// ProtectionSystem is one protection header: a system and its private data.
type ProtectionSystem struct {
	SystemID [16]byte
	Data     []byte
}

// KeyResult is either a clear key or a Decrypter that never shows it.
type KeyResult struct {
	Key       []byte          `json:"-"` // 16 bytes, or nil
	Decrypter SampleDecrypter // or nil
	// MaxWidth and MaxHeight bound the pictures that the licence allows; 0: no
	// bound.
	MaxWidth, MaxHeight int
	// Expires is when the key may no longer be used; zero: never.
	Expires time.Time
}

// Format writes what the result is and never the key, whatever the verb.
func (r KeyResult) Format(f fmt.State, _ rune) {
	what := "no key"
	switch {
	case r.Decrypter != nil:
		what = "decrypter"
	case len(r.Key) > 0:
		what = "clear key"
	}
	fmt.Fprintf(f, "{%s", what)
	if r.MaxWidth > 0 || r.MaxHeight > 0 {
		fmt.Fprintf(f, ", pictures up to %dx%d", r.MaxWidth, r.MaxHeight)
	}
	if !r.Expires.IsZero() {
		fmt.Fprintf(f, ", until %s", r.Expires.Format(time.RFC3339))
	}
	fmt.Fprint(f, "}")
}

// SampleDecrypter decrypts samples inside the device.
type SampleDecrypter interface {
	// Decrypt replaces s.Data (encrypted) by clear Data or by a Secure handle.
	// The tracks that share a key call it at the same time, each from its own
	// goroutine. An error that wraps ErrKeyRefused takes the key back: an output
	// was plugged in, say, that the licence does not allow.
	Decrypt(s *Sample, p SampleProtection) error
	// Close follows the last Decrypt.
	Close() error
}

// SampleProtection says how one sample is encrypted (PIFF 1.1 5.3.2).
type SampleProtection struct {
	Scheme     ProtectionScheme
	KID        [16]byte
	IV         []byte      // 8 or 16 bytes
	Subsamples []Subsample // empty: the whole sample
	// Of each Crypt + Skip blocks of 16 bytes the first Crypt are encrypted
	// (ISO/IEC 23001-7 9.6), with AESCBCS only; 0 and 0: every block is.
	Crypt, Skip uint8
}

// ProtectionScheme is how samples are encrypted.
type ProtectionScheme uint8

// The schemes. Cleartext also marks clear samples in a protected stream.
const (
	Cleartext ProtectionScheme = iota
	AESCTR
	AESCBC
	// AESCBCS is 'cbcs' of ISO/IEC 23001-7 10.4: block chaining that begins anew
	// with each subsample, in a pattern.
	AESCBCS
)

// Subsample is a clear range followed by an encrypted one, in bytes.
type Subsample struct {
	Clear, Encrypted uint32
}
