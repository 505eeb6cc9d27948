package sim

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/event"
)

// Recorded is what an event log of a player says about a session, as far as it
// takes to simulate the same one.
type Recorded struct {
	Movie          *Movie // as far as its fragments were fetched; else their sizes are expected ones
	Policy         string // of video
	Buffer, Resume time.Duration
	OtherBPS       int64         // what sound took of the link
	Forced         bool          // as in Config
	Allowed        []bool        // by limits of the user; nil: all levels
	Played         time.Duration // of the movie
	Summary        event.Summary
}

// Config is the session again, over a link, with a policy and no listeners.
func (r *Recorded) Config(link *Link, p heuristics.Policy) Config {
	return Config{
		Movie: r.Movie, Link: link, Policy: p, Buffer: r.Buffer, Resume: r.Resume,
		Allowed: r.Allowed, For: r.Played, OtherBPS: r.OtherBPS, LearnedSizes: true, Forced: r.Forced,
	}
}

// ReadRecorded reads the log of a session that played one presentation from one
// place on, without seeks. Errors are ErrTrace or of the log.
func ReadRecorded(log iter.Seq2[event.Event, error]) (*Recorded, error) {
	r := Recorded{Buffer: defaultBuffer}
	c := collected{sizes: map[int]map[int]int64{}}
	for e, err := range log {
		if err != nil {
			return nil, err
		}
		switch b := e.Body.(type) {
		case event.SessionStarted:
			var s settings
			if json.Unmarshal(b.Config, &s) == nil {
				r.Buffer, r.Resume, r.Forced = max(s.Ahead, 0), max(s.Resume, 0), !s.Asks
			}
		case event.Manifest:
			c.duration = b.Duration
		case event.Tracks:
			c.tracks(b)
		case event.Fragment:
			c.fragment(&b)
		case event.LevelDecided:
			if b.Track == videoTrack {
				if r.Policy == "" {
					r.Allowed = b.Input.Allowed
				}
				r.Policy = b.Policy
			}
		case event.StateChanged:
			if b.To == event.Paused {
				return nil, fmt.Errorf("%w: the session of the log was paused at %v, and only one that plays on can be simulated", ErrTrace, e.At)
			}
		case event.Seek:
			return nil, fmt.Errorf("%w: the session of the log has a seek at %v, and only one that plays on can be simulated", ErrTrace, e.At)
		case event.SessionEnded:
			r.Summary = b.Summary
		}
	}
	if r.Summary.Sessions == 0 {
		return nil, fmt.Errorf("%w: the log ends before its session", ErrTrace)
	}
	r.Played = r.Summary.Played
	if c.soundTime > 0 {
		r.OtherBPS = int64(float64(c.soundBytes) * 8 / c.soundTime.Seconds())
	}
	var err error
	r.Movie, err = c.movie()
	return &r, err
}

// maxRecorded bounds the sizes of a movie made of a log.
const maxRecorded = 1 << 21

// collected is what fragments told.
type collected struct {
	duration   time.Duration // of the presentation
	levels     []heuristics.Level
	sizes      map[int]map[int]int64 // bytes by chunk and level
	chunk      time.Duration         // the longest
	first      int                   // chunk
	start      time.Duration         // of that one
	soundBytes int64
	soundTime  time.Duration
}

// tracks learns the levels of the selected video.
func (c *collected) tracks(t event.Tracks) {
	for _, s := range t.Streams {
		if s.Kind != videoTrack || !s.Selected {
			continue
		}
		c.levels = c.levels[:0]
		for i := range s.Levels {
			for _, l := range s.Levels {
				if l.Level == i {
					c.levels = append(c.levels, heuristics.Level{BitrateBPS: l.BitrateBPS, Width: l.Width, Height: l.Height})
				}
			}
		}
	}
}

func (c *collected) fragment(f *event.Fragment) {
	switch {
	case f.Outcome != event.Received:
	case f.Track != videoTrack:
		c.soundBytes += f.Bytes
		c.soundTime += f.Duration
	case f.Chunk >= 0 && f.Chunk < maxChunks && f.Level >= 0 && f.Level < len(c.levels) && f.Bytes > 0:
		if len(c.sizes) == 0 {
			c.first, c.start = f.Chunk, f.Start
		}
		if c.sizes[f.Chunk] == nil {
			c.sizes[f.Chunk] = map[int]int64{}
		}
		c.sizes[f.Chunk][f.Level] = f.Bytes
		c.chunk = max(c.chunk, f.Duration)
	}
}

// movie makes sizes of all fragments of those that came in.
func (c *collected) movie() (*Movie, error) {
	if len(c.levels) == 0 || c.chunk <= 0 {
		return nil, fmt.Errorf("%w: the log tells no levels or fragments of video", ErrTrace)
	}
	count := 0
	for i := range c.sizes {
		if i < c.first {
			return nil, fmt.Errorf("%w: fragments before the first one were fetched", ErrTrace)
		}
		count = max(count, i-c.first+1)
	}
	if c.duration > c.start {
		count = max(count, int(math.Round(float64(c.duration-c.start)/float64(c.chunk))))
	}
	if count > maxChunks || count*len(c.levels) > maxRecorded {
		return nil, fmt.Errorf("%w: %d fragments of %d levels are too many", ErrTrace, count, len(c.levels))
	}
	nominal := func(q int) float64 { return float64(c.levels[q].BitrateBPS) / 8 * c.chunk.Seconds() }
	// By how much fragments are larger than nominal, by level and over all.
	ratios, overall, known := make([]float64, len(c.levels)), 0.0, 0.0
	counts := make([]float64, len(c.levels))
	for i := range count {
		for q := range c.levels {
			if n := c.sizes[c.first+i][q]; n > 0 {
				ratios[q] += float64(n) / nominal(q)
				counts[q]++
				overall += float64(n) / nominal(q)
				known++
			}
		}
	}
	for q := range ratios {
		if counts[q] > 0 {
			ratios[q] /= counts[q]
		} else {
			ratios[q] = overall / known
		}
	}
	bits := make([][]int64, count)
	for i := range bits {
		by := c.sizes[c.first+i]
		// How much more than others the chunk takes, as the levels known of it say.
		weight := 1.0
		if len(by) > 0 {
			weight = 0
			for q := range c.levels {
				if n := by[q]; n > 0 {
					weight += float64(n) / nominal(q) / ratios[q] / float64(len(by))
				}
			}
		}
		bits[i] = make([]int64, len(c.levels))
		for q := range bits[i] {
			bits[i][q] = 8 * by[q]
			if by[q] == 0 {
				bits[i][q] = int64(math.Round(8 * nominal(q) * ratios[q] * weight))
			}
		}
	}
	return NewMovie("recorded", c.chunk, c.levels, bits)
}
