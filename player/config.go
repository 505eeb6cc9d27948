package player

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/cmcd"
	"smoothplay/player/event"
)

// Config says what to play and how. The zero value of each field is usable. It
// must not be changed after it was given to New.
type Config struct {
	// URL of the manifest; a URL that ends in .ism or .isml gets its /Manifest.
	URL string
	// Fallbacks are the URLs of the same presentation at other origins, best first,
	// for when the first cannot be reached, fails or stands still.
	Fallbacks []string
	// Merge are the URLs of manifests whose text and audio streams and markers are
	// added to those of URL, on the same clock. What does not come within 5 s is left
	// out, with an event.
	Merge []string
	// Start is the position to begin at.
	Start time.Duration
	// End is the position to end at, exactly, of what is not live; where it is set,
	// nothing before Start is played either: seeks stay between the two. 0: the
	// whole presentation. It bounds URL alone, not what Player.Open changes to.
	End time.Duration
	// Rate is the rate to begin at, see Player.SetRate; 0: 1.
	Rate float64
	// Paused: show the first picture and wait.
	Paused bool
	// Loop: begin again at the end.
	Loop bool
	// KeepOpen: at the end stay on the last picture, ready for a seek, until Stop.
	KeepOpen bool
	// NoVideo and NoAudio leave a kind of stream out: nothing of it is fetched.
	NoVideo, NoAudio bool
	// Passthrough gives AC-3 and E-AC-3 undecoded to a sound device that takes them,
	// see platform.Passthrough. Their volume is that of the device: only muting has
	// an effect.
	Passthrough bool
	// AudioLanguages are wanted in this order, each as in Status.FindAudio; the
	// first audio stream that is no description where none matches.
	AudioLanguages []string
	// TextLanguages are the captions wanted, likewise; no captions where none
	// matches.
	TextLanguages []string

	// Subscribe names the text streams whose fragments reach the application as
	// they are, in event.Datum: by Name or Subtype, "sparse" for those with a parent
	// that are no captions, "*" for all; nil: sparse.
	Subscribe []string
	// OnDatum receives each event.Datum as well, from the control loop: it must not
	// block. nil: nobody.
	OnDatum func(event.Datum)
	// Angle is the name of the camera angle to begin with; "": the first.
	Angle string
	// Angles says which other angles are fetched too, to be there at once.
	Angles AnglesAhead

	// Clips are scheduled from the beginning, see Player.ScheduleClip.
	Clips []Clip
	// SeekOverClips lets seeks pass over clips that were not played; else they are
	// played first.
	SeekOverClips bool

	// Policy names the switching policy of video, see heuristics/policy; "": the
	// default. AudioPolicy names that of audio; "": audio.
	Policy, AudioPolicy string
	// Limits bound the levels of video.
	Limits Limits
	// Live says how live presentations are played; those that Player.Open changes to
	// are joined at the edge.
	Live Live

	BufferAhead  time.Duration // to gather at most; 0: 30 s
	BufferStart  time.Duration // to begin with; 0: 1 s
	BufferResume time.Duration // to go on with after a stall; 0: 4 s
	BufferBehind time.Duration // to keep for seeks back; 0: 10 s
	BufferBytes  int64         // over all queues; 0: 64 MiB

	// Network names the network, whose bandwidth is remembered in Device.Store; "":
	// as the device calls it, else by the server.
	Network string

	// Header is sent with every request; AppendQuery puts the query of the
	// manifest's URL on every fragment's.
	Header      http.Header
	AppendQuery bool
	// CMCD says what requests tell servers of the session; the zero CMCD:
	// nothing.
	CMCD CMCD

	// Events receives every event, in order, from the control loop; nil: nobody.
	// Handle must not block: see event.Async.
	Events event.Sink
	// GaugesEvery is how often event.Gauges is made; 0: never.
	GaugesEvery time.Duration
	// Logger is for developers; nil: silent.
	Logger *slog.Logger
	// Usage tells the CPU time and the peak memory of the process for the
	// Summary; nil: left out.
	Usage func() (cpu time.Duration, peakRSSBytes int64)
	// Versions are told in session_started.
	Versions map[string]string
	// Random jitters retries and names sessions; nil: a source of its own.
	Random *rand.Rand

	// NewPolicy, when not nil, makes the policy of video instead of Policy.
	NewPolicy func() heuristics.Policy
}

// withDefaults fills in what zero values stand for.
func (c Config) withDefaults() Config {
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	set(&c.BufferAhead, 30*time.Second)
	set(&c.BufferStart, time.Second)
	set(&c.BufferResume, 4*time.Second)
	set(&c.BufferBehind, 10*time.Second)
	c.BufferStart = min(c.BufferStart, c.BufferAhead)
	c.BufferResume = min(c.BufferResume, c.BufferAhead)
	if c.BufferBytes == 0 {
		c.BufferBytes = 64 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Events == nil {
		c.Events = event.Tee()
	}
	if c.Random == nil {
		c.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if c.CMCD.Mode != cmcd.Off && c.CMCD.Session == "" {
		c.CMCD.Session = cmcd.NewSession(c.Random)
	}
	return c
}

// effective is the part of a Config that session_started tells.
type effective struct {
	Start        time.Duration `json:"start_ns"`
	Rate         float64       `json:"rate,omitempty"` // 0: as usual
	Paused       bool          `json:"paused"`
	Loop         bool          `json:"loop"`
	KeepOpen     bool          `json:"keep_open"`
	NoVideo      bool          `json:"no_video"`
	NoAudio      bool          `json:"no_audio"`
	Languages    []string      `json:"audio_languages,omitempty"`
	Texts        []string      `json:"text_languages,omitempty"`
	Policy       string        `json:"policy"`
	AudioPolicy  string        `json:"audio_policy,omitempty"`
	MinBPS       int64         `json:"min_bps"`
	MaxBPS       int64         `json:"max_bps"`
	StartBPS     int64         `json:"start_bps"`
	MaxWidth     int           `json:"max_width"`
	MaxHeight    int           `json:"max_height"`
	FitWidth     int           `json:"fit_width,omitempty"`
	FitHeight    int           `json:"fit_height,omitempty"`
	Levels       string        `json:"levels,omitempty"`
	BufferAhead  time.Duration `json:"buffer_ahead_ns"`
	BufferStart  time.Duration `json:"buffer_start_ns"`
	BufferResume time.Duration `json:"buffer_resume_ns"`
	BufferBehind time.Duration `json:"buffer_behind_ns"`
	BufferBytes  int64         `json:"buffer_bytes"`
	AppendQuery  bool          `json:"append_query"`
	CMCD         cmcd.Mode     `json:"cmcd,omitempty"`
	Live         *Live         `json:"live,omitempty"` // nil: as usual
	Fallbacks    []string      `json:"fallbacks,omitempty"`
	Passthrough  bool          `json:"passthrough,omitempty"`
	Angle        string        `json:"angle,omitempty"`
	Angles       AnglesAhead   `json:"angles,omitzero"`
	End          time.Duration `json:"end_ns,omitempty"`
	Merge        []string      `json:"merge,omitempty"`
}

func (c Config) effective() effective {
	var live *Live
	if c.Live != (Live{}) {
		live = &c.Live
	}
	rate := c.Rate
	if rate == 1 {
		rate = 0
	}
	var fallbacks []string
	for _, url := range c.Fallbacks {
		fallbacks = append(fallbacks, event.RedactURL(url))
	}
	var merge []string
	for _, url := range c.Merge {
		merge = append(merge, event.RedactURL(url))
	}
	return effective{
		c.Start, rate, c.Paused, c.Loop, c.KeepOpen, c.NoVideo, c.NoAudio, c.AudioLanguages, c.TextLanguages, c.Policy, c.AudioPolicy,
		c.Limits.MinBPS, c.Limits.MaxBPS, c.Limits.StartBPS, c.Limits.MaxWidth, c.Limits.MaxHeight,
		c.Limits.FitWidth, c.Limits.FitHeight, c.Limits.Levels.String(),
		c.BufferAhead, c.BufferStart, c.BufferResume, c.BufferBehind, c.BufferBytes, c.AppendQuery,
		c.CMCD.Mode, live, fallbacks, c.Passthrough, c.Angle, c.Angles, c.End, merge,
	}
}
