package save

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/manifest"
)

// Summary says what was saved. It is written as JSON.
type Summary struct {
	Output   string         `json:"output"`
	URL      string         `json:"url"` // without secrets
	Bytes    int64          `json:"bytes"`
	Duration time.Duration  `json:"duration_ns"`
	Live     bool           `json:"live,omitempty"`
	Resumed  bool           `json:"resumed,omitempty"`
	Tracks   []TrackSummary `json:"tracks"`

	Fragments int `json:"fragments"`
	// Missing are the pieces that could not be had, at most 1000 of them;
	// MissingPieces and MissingMedia count all.
	Missing       []MissingPiece `json:"missing,omitempty"`
	MissingPieces int            `json:"missing_pieces"`
	MissingMedia  time.Duration  `json:"missing_ns"`

	// Fetched, in Elapsed, were the bytes of media of this run.
	Fetched int64         `json:"fetched_bytes"`
	Elapsed time.Duration `json:"elapsed_ns"`
}

// TrackSummary is one track of the file, in its order.
type TrackSummary struct {
	Kind       string        `json:"kind"`
	Name       string        `json:"name,omitempty"`
	Language   string        `json:"language,omitempty"`
	Codec      string        `json:"codec"`
	BitrateBPS int64         `json:"bitrate_bps"`
	Width      int           `json:"width,omitempty"`
	Height     int           `json:"height,omitempty"`
	Samples    int64         `json:"samples"`
	Start      time.Duration `json:"start_ns"` // from the begin of the file
	Duration   time.Duration `json:"duration_ns"`
	Protected  bool          `json:"protected,omitempty"` // its samples are encrypted
}

// MissingPiece is a fragment that could not be had, or not in full.
type MissingPiece struct {
	Track    int            `json:"track"` // index into Summary.Tracks
	Name     string         `json:"name"`
	T        manifest.Ticks `json:"t"`
	Start    time.Duration  `json:"start_ns"` // from the begin of the file
	Duration time.Duration  `json:"duration_ns"`
	Reason   string         `json:"reason"`
	Damaged  bool           `json:"damaged,omitempty"` // a part of it is there
}

// missing is such a piece while saving.
type missing struct {
	track   *track
	t, d    manifest.Ticks
	reason  string
	damaged bool
}

// missingList keeps the first ones, and counts all.
type missingList struct {
	list  []missing
	count int
	media time.Duration
	last  string // reason
}

const mostListed = 1000

func (l *missingList) add(m missing) {
	l.count++
	l.media += m.duration(m.d)
	l.last = m.reason
	if len(l.list) < mostListed {
		l.list = append(l.list, m)
	}
}

// duration converts ticks of the stream.
func (m *missing) duration(d manifest.Ticks) time.Duration {
	return m.track.time(int64(d))
}

// summary is made of a movie that was surveyed.
func (s *saver) summary(m *movie) *Summary {
	out := &Summary{
		Output: s.cfg.Output, URL: event.RedactURL(s.base), Live: s.live, Resumed: s.resumed,
		Bytes: s.out.written, Fragments: s.pieces, MissingPieces: s.missing.count, MissingMedia: s.missing.media,
		Fetched: s.fetched, Elapsed: time.Since(s.began),
	}
	for i, t := range s.tracks {
		v := &m.surveys[i]
		one := TrackSummary{Kind: t.kind.String(), Name: t.source.Name, Language: t.source.Language,
			Codec: string(t.made.Codec), BitrateBPS: t.level.BitrateBPS, Samples: v.samples,
			Width: t.made.Width, Height: t.made.Height}
		one.Protected = v.protection.is
		if v.samples > 0 {
			one.Start, one.Duration = t.time(max(v.first-t.offset(v), 0)), t.time(v.shown(t))
			out.Duration = max(out.Duration, one.Start+one.Duration)
		}
		out.Tracks = append(out.Tracks, one)
	}
	for _, piece := range s.missing.list {
		out.Missing = append(out.Missing, MissingPiece{
			Track: s.number(piece.track), Name: piece.track.name(), T: piece.t,
			Start: piece.track.time(int64(piece.t - piece.track.origin)), Duration: piece.duration(piece.d),
			Reason: piece.reason, Damaged: piece.damaged,
		})
	}
	return out
}

// trackIdentity is what a track of two saves must have in common.
type trackIdentity struct {
	Stream     int            `json:"stream"`
	Name       string         `json:"name,omitempty"`
	Language   string         `json:"language,omitempty"`
	Codec      string         `json:"codec"`
	BitrateBPS int64          `json:"bitrate_bps"`
	TimeScale  uint64         `json:"time_scale"`
	Config     string         `json:"config"` // digest
	Chunks     string         `json:"chunks"` // digest of when they begin
	Origin     manifest.Ticks `json:"origin"`
	End        manifest.Ticks `json:"end"`
}

// identity is that of this save.
func (s *saver) identity() identity {
	source := s.url
	if u, err := url.Parse(s.url); err == nil {
		u.User, u.RawQuery, u.Fragment = nil, "", "" // they change, and are secret
		source = u.String()
	}
	c := &s.cfg
	who := identity{Journal: journalKind, Source: digest(source), Live: s.live, Clear: c.Decrypt != nil,
		Range: fmt.Sprint(c.From.Of, c.From.Offset, c.To, c.For, c.Follow)}
	for _, t := range s.tracks {
		who.Tracks = append(who.Tracks, trackIdentity{
			Stream: t.stream, Name: t.source.Name, Language: t.source.Language, Codec: string(t.made.Codec),
			BitrateBPS: t.level.BitrateBPS, TimeScale: t.source.TimeScale, Config: digest(string(t.made.Config)),
			Chunks: digest(fmt.Sprint(t.source.Runs)), Origin: t.origin, End: t.end,
		})
	}
	return who
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}
