package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// triedBack is how many chunks before the newest one are asked for where that is
// not there yet.
const triedBack = 4

// edgeReport is what probe finds out at the edge of a live presentation.
type edgeReport struct {
	Edge   time.Duration `json:"edge_ns"`   // end of what all streams list
	Window time.Duration `json:"window_ns"` // that they list, up to the edge
	// MediaTime is the edge on the encoder's clock.
	MediaTime time.Duration `json:"media_time_ns"`
	// Behind is how far the edge is behind the clock of this machine; nil: the
	// encoder does not count from 1970.
	Behind  *time.Duration     `json:"behind_clock_ns,omitempty"`
	Streams []edgeStreamReport `json:"streams"`
}

// edgeStreamReport is what the newest fragment of a stream says.
type edgeStreamReport struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// NotYet counts the newest chunks listed whose fragments are not there yet.
	NotYet   int           `json:"not_yet"`
	Duration time.Duration `json:"fragment_ns"` // of the newest fragment that is there
	// Announced are the followers that it announces (tfrf), Ahead how long they are
	// together.
	Announced int           `json:"announced"`
	Ahead     time.Duration `json:"announced_ns"`
	// Info: the server answers FragmentInfo, which keeps a paused session up to
	// date. InfoError says why not.
	Info      bool   `json:"fragment_info"`
	InfoError string `json:"fragment_info_error,omitempty"`
	Error     string `json:"error,omitempty"` // why nothing could be found out
}

// probeEdge looks at the newest fragment of each stream of a live presentation
// whose manifest came from base.
func probeEdge(ctx context.Context, client *fetch.Client, base string, snap *timeline.Snapshot, now time.Time) *edgeReport {
	r := &edgeReport{}
	p := snap.Presentation()
	some, start := false, time.Duration(0)
	for i := range p.Streams {
		s, t := &p.Streams[i], snap.Stream(i)
		if t.Len() == 0 || s.Parent != "" || len(s.Levels) == 0 || s.Type != "video" && s.Type != "audio" {
			continue
		}
		if !some || t.End() < r.Edge {
			r.Edge = t.End()
		}
		if !some || t.Start() > start {
			start = t.Start()
		}
		some = true
		r.Streams = append(r.Streams, probeNewest(ctx, client, base, s, t))
	}
	if !some {
		return nil
	}
	r.Window, r.MediaTime = max(r.Edge-start, 0), snap.Zero()+r.Edge
	if isInstant(r.MediaTime) {
		behind := now.Sub(time.Unix(0, int64(r.MediaTime)))
		r.Behind = &behind
	}
	return r
}

// probeNewest asks for the newest fragment of a stream at its lowest level, and
// for what FragmentInfo says of it.
func probeNewest(ctx context.Context, client *fetch.Client, base string, s *manifest.Stream, t *timeline.Stream) edgeStreamReport {
	r := edgeStreamReport{Kind: s.Type, Name: s.Name}
	if r.Name == "" {
		r.Name = s.Type
	}
	lowest := &s.Levels[0]
	for i := range s.Levels {
		if s.Levels[i].BitrateBPS < lowest.BitrateBPS {
			lowest = &s.Levels[i]
		}
	}
	for back := range min(triedBack, t.Len()) {
		c := t.Chunk(t.Limit() - 1 - back)
		url := manifest.ChunkURL(base, s, lowest, c.T)
		next, err := announcedBy(ctx, client, url)
		if failure := (*fetch.Error)(nil); errors.As(err, &failure) && (failure.Status == http.StatusNotFound || failure.Status == http.StatusPreconditionFailed) {
			r.NotYet, r.Error = back+1, err.Error()
			continue
		}
		if err != nil {
			r.Error = err.Error()
			return r
		}
		r.Error, r.Duration, r.Announced = "", c.Duration, len(next)
		for _, a := range next {
			r.Ahead += ticks(manifest.Ticks(a.Duration), s.TimeScale)
		}
		if info, ok := manifest.InfoURL(url); !ok {
			r.InfoError = "the URLs of its fragments are not the usual ones"
		} else if _, err := announcedBy(ctx, client, info); err != nil {
			r.InfoError = err.Error()
		} else {
			r.Info = true
		}
		return r
	}
	return r
}

// announcedBy are the followers that an answer announces.
func announcedBy(ctx context.Context, client *fetch.Client, url string) ([]fragment.Announced, error) {
	result := client.Fragment(ctx, fetch.Job{URL: url}, nil)
	if result.Err != nil {
		return nil, result.Err
	}
	defer result.Body.Release()
	var f fragment.Fragment
	if err := f.Parse(result.Body.Bytes(), fragment.Options{Kind: platform.Video}); err != nil && !f.HasTime && len(f.Next) == 0 {
		return nil, err // that of FragmentInfo holds no media
	}
	return f.Next, nil
}

// writeText writes r below the facts of the presentation.
func (r *edgeReport) writeText(b *strings.Builder) {
	fmt.Fprintf(b, "edge at %s", mediaTime(r.MediaTime))
	if r.Behind != nil {
		fmt.Fprintf(b, ", %.1f s behind this machine's clock", r.Behind.Seconds())
	}
	fmt.Fprintf(b, ", %s listed before it\n", clock(r.Window.Round(time.Second)))
	for _, s := range r.Streams {
		fmt.Fprintf(b, "  %s %s: %s\n", s.Kind, printable(s.Name), s.text())
	}
}

// text is what was found out, for people.
func (s edgeStreamReport) text() string {
	if s.Error != "" {
		return "the newest fragment cannot be had: " + printable(s.Error)
	}
	facts := []string{"newest fragment of " + seconds(s.Duration)}
	if s.NotYet > 0 {
		facts[0] += fmt.Sprintf(" (%d listed after it, not there yet)", s.NotYet)
	}
	if s.Announced > 0 {
		facts = append(facts, fmt.Sprintf("announces %d followers of %s (tfrf)", s.Announced, seconds(s.Ahead)))
	} else {
		facts = append(facts, "announces no followers (tfrf)")
	}
	if s.Info {
		facts = append(facts, "FragmentInfo works")
	} else {
		facts = append(facts, "no FragmentInfo: "+printable(s.InfoError))
	}
	return strings.Join(facts, ", ")
}
