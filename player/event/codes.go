package event

// Stage is the part of the way of the data in which something went wrong.
type Stage string

// The stages.
const (
	StageNetwork  Stage = "network"
	StageManifest Stage = "manifest"
	StageFragment Stage = "fragment"
	StageDRM      Stage = "drm"
	StageDecode   Stage = "decode"
	StageRender   Stage = "render"
	StageUsage    Stage = "usage"
)

// Code is a stable word for what went wrong.
type Code string

// Codes of the stage network.
const (
	HostUnknown      Code = "host_unknown"      // the name does not resolve
	Unreachable      Code = "unreachable"       // no route, or the network is gone
	Refused          Code = "refused"           // nothing listens there
	Timeout          Code = "timeout"           // to connect, to answer or to go on
	ConnectionLost   Code = "connection_lost"   // broken within an answer
	TLSFailed        Code = "tls_failed"        // certificate or handshake
	ProxyFailed      Code = "proxy_failed"      // the proxy said no
	HTTPStatus       Code = "http_status"       // a status with no word of its own here
	NotFound         Code = "not_found"         // 404, 410
	NotYetThere      Code = "not_yet_there"     // 412, or 404 at the live edge
	AccessDenied     Code = "access_denied"     // 401, 403, 407
	ServerError      Code = "server_error"      // 5xx
	RedirectLoop     Code = "redirect_loop"     // too many redirects
	AnswerTooLarge   Code = "answer_too_large"  // beyond the limit for its kind
	AnswerUnreadable Code = "answer_unreadable" // broken content encoding
)

// Codes of the stage manifest.
const (
	NotAManifest      Code = "not_a_manifest"     // some other file
	ManifestMalformed Code = "manifest_malformed" // against [MS-SSTR] beyond repair
	ManifestTooLarge  Code = "manifest_too_large" // a bound was hit
	ManifestKind      Code = "manifest_kind"      // well-formed, of a kind not supported (composite)
	NothingToPlay     Code = "nothing_to_play"    // no stream that this device can play
	LiveNotBegun      Code = "live_not_begun"     // a live presentation of which nothing is there yet
	LiveStalled       Code = "live_stalled"       // a live presentation that does not go on
	LiveRestarted     Code = "live_restarted"     // the encoder counts its time anew
	ClockStepped      Code = "clock_stepped"      // the device was suspended, or its clock set, during a live presentation
)

// Codes of the stage fragment.
const (
	FragmentMalformed Code = "fragment_malformed"  // boxes that contradict each other
	FragmentTruncated Code = "fragment_truncated"  // shorter than it says
	FragmentOtherTime Code = "fragment_other_time" // of another time than asked for
	FragmentTooLarge  Code = "fragment_too_large"  // a bound was hit
	FragmentSkipped   Code = "fragment_skipped"    // could not be had on any level; playing goes on after it
)

// Codes of the stage drm.
const (
	NoKeyProvider   Code = "no_key_provider"  // protected, and no way to get keys is configured
	KeyNotFound     Code = "key_not_found"    // the provider does not know the key
	KeyDenied       Code = "key_denied"       // the licence server refused
	KeyUnreachable  Code = "key_unreachable"  // the licence server could not be asked
	KeyExpired      Code = "key_expired"      // the licence ran out
	DecryptFailed   Code = "decrypt_failed"   // a sample could not be decrypted
	HeaderMalformed Code = "header_malformed" // a protection header that cannot be read
	OutputForbidden Code = "output_forbidden" // the licence forbids this screen or size
)

// Codes of the stage decode.
const (
	CodecUnsupported Code = "codec_unsupported" // the device decodes none of the levels
	DecoderFailed    Code = "decoder_failed"    // could not be opened, or broke for good
	SampleLost       Code = "sample_lost"       // one sample could not be decoded
	ConfigMalformed  Code = "config_malformed"  // CodecPrivateData that configures nothing
)

// Codes of the stage render.
const (
	DisplayLost   Code = "display_lost"   // it was there and is gone
	DisplayFailed Code = "display_failed" // could not be opened
	SoundLost     Code = "sound_lost"     // device vanished; a clock took over
	SoundFailed   Code = "sound_failed"   // device could not be opened; a clock took over
	TextLost      Code = "text_lost"      // a caption could not be drawn
)

// Codes of the stage usage.
const (
	BadArgument  Code = "bad_argument"
	BadURL       Code = "bad_url"
	NoSuchFile   Code = "no_such_file"
	NotSupported Code = "not_supported" // not by this version
	NotLive      Code = "not_live"      // there is no edge to go to
	Internal     Code = "internal"      // a fault of the program itself
)

// stages groups the codes.
var stages = map[Stage][]Code{
	StageNetwork: {HostUnknown, Unreachable, Refused, Timeout, ConnectionLost, TLSFailed, ProxyFailed, HTTPStatus, NotFound,
		NotYetThere, AccessDenied, ServerError, RedirectLoop, AnswerTooLarge, AnswerUnreadable},
	StageManifest: {NotAManifest, ManifestMalformed, ManifestTooLarge, ManifestKind, NothingToPlay, LiveNotBegun, LiveStalled, LiveRestarted, ClockStepped},
	StageFragment: {FragmentMalformed, FragmentTruncated, FragmentOtherTime, FragmentTooLarge, FragmentSkipped},
	StageDRM: {NoKeyProvider, KeyNotFound, KeyDenied, KeyUnreachable, KeyExpired, DecryptFailed, HeaderMalformed,
		OutputForbidden},
	StageDecode: {CodecUnsupported, DecoderFailed, SampleLost, ConfigMalformed},
	StageRender: {DisplayLost, DisplayFailed, SoundLost, SoundFailed, TextLost},
	StageUsage:  {BadArgument, BadURL, NoSuchFile, NotSupported, NotLive, Internal},
}

// Stage is the stage that c belongs to; "" for a code this version does not
// know.
func (c Code) Stage() Stage {
	for stage, codes := range stages {
		for _, code := range codes {
			if code == c {
				return stage
			}
		}
	}
	return ""
}
