package event

import (
	"cmp"
	"slices"
	"time"
)

// End is how a session ended.
type End string

// The ends.
const (
	Completed  End = "completed" // played to the end
	WasStopped End = "stopped"   // by a command, or its time was up
	HasFailed  End = "failed"    // see Error
)

// Summary is a session in figures. Two Summaries merge into one; percentiles
// survive that because they come from fixed histograms. A Summary that went
// through JSON merges like any other.
type Summary struct {
	URL      string        `json:"url"` // redacted
	Sessions int           `json:"sessions"`
	End      End           `json:"end"`
	Error    *SummaryError `json:"error,omitempty"`
	Failures int           `json:"failures,omitempty"` // sessions whose End is HasFailed

	Startup      time.Duration `json:"startup_ns"`  // Run to first picture; merged: the mean; 0: none
	ManifestTime time.Duration `json:"manifest_ns"` // Run to manifest parsed; merged: the mean
	Played       time.Duration `json:"played_ns"`   // time spent playing, stalls left out
	Stalls       int           `json:"stalls"`
	Stalled      time.Duration `json:"stalled_ns"`

	MeanBitrateBPS int64          `json:"mean_bitrate_bps"` // nominal, by time shown
	Levels         []SummaryLevel `json:"levels"`           // ascending in bitrate
	SwitchesUp     int            `json:"switches_up"`      // on the screen
	SwitchesDown   int            `json:"switches_down"`
	// Reversals are switches that undo the direction of the one before within
	// five fragments.
	Reversals int           `json:"reversals"`
	Capped    time.Duration `json:"capped_ns"` // playing while render load held the level down

	PicturesDecoded  int64     `json:"pictures_decoded"`
	PicturesShown    int64     `json:"pictures_shown"`
	PicturesDropped  int64     `json:"pictures_dropped"`
	PicturesRepeated int64     `json:"pictures_repeated"`
	AudioGaps        int64     `json:"audio_gaps"`
	AVOffset         Histogram `json:"av_offset_ns,omitzero"` // distance of picture and sound, without sign

	Seeks    int       `json:"seeks"`
	SeekTime Histogram `json:"seek_ns,omitzero"` // of each that was not overtaken

	AngleChanges int       `json:"angle_changes,omitempty"` // to another camera angle
	AngleTime    Histogram `json:"angle_ns,omitzero"`       // from the command to the picture

	Buffer         Histogram `json:"buffer_ns,omitzero"` // media ahead of the playhead while playing
	Fragments      int64     `json:"fragments"`          // received
	Retries        int64     `json:"retries"`
	FragmentErrors int64     `json:"fragment_errors"`
	Bytes          int64     `json:"bytes"`        // received, manifests too
	WastedBytes    int64     `json:"wasted_bytes"` // of them never played: broken, abandoned, discarded

	LiveLatency Histogram `json:"live_latency_ns,omitzero"` // of what is shown, behind the encoder, following the edge
	// RateChanges are changes of the speed of playing, such as those that keep a
	// live session at its distance from the edge.
	RateChanges int `json:"rate_changes,omitempty"`
	Failovers   int `json:"failovers,omitempty"` // changes to another origin, and back
	// MediaTime is where a live session ended, on the encoder's clock: a later one
	// can go on from there; merged: the latest. 0: it was not live.
	MediaTime time.Duration `json:"media_time_ns,omitempty"`

	CPU          time.Duration `json:"cpu_ns,omitempty"`         // 0: not measured
	PeakRSSBytes int64         `json:"peak_rss_bytes,omitempty"` // 0: not measured
}

// SummaryError is what ended a session that failed.
type SummaryError struct {
	Stage   Stage  `json:"stage"`
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// SummaryLevel is what was shown and fetched of one level. Levels are told
// apart by bitrate and size, so that those of several items add up.
type SummaryLevel struct {
	BitrateBPS int64         `json:"bitrate_bps"`
	Width      int           `json:"width"`
	Height     int           `json:"height"`
	Shown      time.Duration `json:"shown_ns"`
	Fragments  int64         `json:"fragments"` // received
}

// Merge returns the Summary of what a and b cover together: counts and times
// add up, peaks are the higher one, Startup and ManifestTime are means, and the
// end is the worse of the two. A zero Summary changes nothing.
func Merge(a, b Summary) Summary {
	if a.Sessions == 0 {
		a, b = b, a
	}
	if b.Sessions == 0 {
		return a
	}
	m := a
	if b.URL != a.URL {
		m.URL = "" // of several
	}
	if badness(b.End) > badness(a.End) {
		m.End = b.End
	}
	m.Error = cmp.Or(a.Error, b.Error)
	m.Sessions = a.Sessions + b.Sessions
	m.Failures += b.Failures
	mean := func(x, y time.Duration) time.Duration {
		if x == 0 || y == 0 {
			return x + y
		}
		return (x*time.Duration(a.Sessions) + y*time.Duration(b.Sessions)) / time.Duration(m.Sessions)
	}
	m.Startup = mean(a.Startup, b.Startup)
	m.ManifestTime = mean(a.ManifestTime, b.ManifestTime)
	m.Played += b.Played
	m.Stalls += b.Stalls
	m.Stalled += b.Stalled
	m.Levels = slices.Clone(a.Levels)
	for _, l := range b.Levels {
		to := &m.Levels[m.level(l.BitrateBPS, l.Width, l.Height)]
		to.Shown += l.Shown
		to.Fragments += l.Fragments
	}
	m.finishLevels()
	m.SwitchesUp += b.SwitchesUp
	m.SwitchesDown += b.SwitchesDown
	m.Reversals += b.Reversals
	m.Capped += b.Capped
	m.PicturesDecoded += b.PicturesDecoded
	m.PicturesShown += b.PicturesShown
	m.PicturesDropped += b.PicturesDropped
	m.PicturesRepeated += b.PicturesRepeated
	m.AudioGaps += b.AudioGaps
	m.AVOffset = a.AVOffset.Merge(b.AVOffset)
	m.Seeks += b.Seeks
	m.SeekTime = a.SeekTime.Merge(b.SeekTime)
	m.AngleChanges += b.AngleChanges
	m.AngleTime = a.AngleTime.Merge(b.AngleTime)
	m.Buffer = a.Buffer.Merge(b.Buffer)
	m.Fragments += b.Fragments
	m.Retries += b.Retries
	m.FragmentErrors += b.FragmentErrors
	m.Bytes += b.Bytes
	m.WastedBytes += b.WastedBytes
	m.LiveLatency = a.LiveLatency.Merge(b.LiveLatency)
	m.RateChanges += b.RateChanges
	m.Failovers += b.Failovers
	m.MediaTime = max(a.MediaTime, b.MediaTime)
	m.CPU += b.CPU
	m.PeakRSSBytes = max(a.PeakRSSBytes, b.PeakRSSBytes)
	return m
}

// badness orders the ends from best to worst.
func badness(e End) int { return slices.Index([]End{Completed, WasStopped, HasFailed}, e) }

// level is the index of a level in s.Levels, where it is added at the end if
// need be.
func (s *Summary) level(bps int64, width, height int) int {
	i := slices.IndexFunc(s.Levels, func(l SummaryLevel) bool {
		return l.BitrateBPS == bps && l.Width == width && l.Height == height
	})
	if i < 0 {
		i = len(s.Levels)
		s.Levels = append(s.Levels, SummaryLevel{BitrateBPS: bps, Width: width, Height: height})
	}
	return i
}

// finishLevels orders the levels and computes the mean bitrate.
func (s *Summary) finishLevels() {
	slices.SortFunc(s.Levels, func(a, b SummaryLevel) int {
		return cmp.Or(cmp.Compare(a.BitrateBPS, b.BitrateBPS), cmp.Compare(a.Width, b.Width), cmp.Compare(a.Height, b.Height))
	})
	var bits, seconds float64
	for _, l := range s.Levels {
		bits += float64(l.BitrateBPS) * l.Shown.Seconds()
		seconds += l.Shown.Seconds()
	}
	s.MeanBitrateBPS = 0
	if seconds > 0 {
		s.MeanBitrateBPS = int64(bits/seconds + 0.5)
	}
}
