package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"smoothplay/player/save"
)

// saveProgress is the status line of save: how far it is, how fast, how long still.
type saveProgress struct {
	began time.Time

	mu    sync.Mutex
	now   save.Progress // guarded by mu
	first save.Progress // the one it began with, guarded by mu
	some  bool          // guarded by mu
}

// take takes how far it is.
func (p *saveProgress) take(now save.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.some {
		p.first, p.some = now, true
	}
	p.now = now
}

// where is the position up to which the media are there.
func (p *saveProgress) where() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return clock(p.now.Position.Truncate(time.Second))
}

// line is "12:30  42%  8.31 Mbit/s  18.2x  41.3 MB  left 0:51".
func (p *saveProgress) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.some {
		return "reading the manifest"
	}
	return p.text(time.Since(p.began))
}

func (p *saveProgress) text(elapsed time.Duration) string {
	now := p.now
	parts := []string{clock(now.Position.Truncate(time.Second))}
	if now.Total > 0 {
		parts = append(parts, fmt.Sprintf("%.0f%%", 100*min(now.Done.Seconds()/now.Total.Seconds(), 1)))
	}
	if s := elapsed.Seconds(); s > 0 && now.Fetched > 0 {
		parts = append(parts, rateText(int64(float64(now.Fetched)*8/s)),
			fmt.Sprintf("%.1fx", (now.Position-p.first.Position).Seconds()/s))
	}
	parts = append(parts, sizeText(now.Bytes))
	if done := now.Done - p.first.Done; now.Total > 0 && done > 0 && !now.Waiting {
		left := time.Duration(float64(elapsed) * float64(now.Total-now.Done) / float64(done))
		parts = append(parts, "left "+clock(left.Truncate(time.Second)))
	}
	if now.Missing > 0 {
		parts = append(parts, fmt.Sprintf("%d missing", now.Missing))
	}
	if now.Waiting {
		parts = append(parts, "waiting for more")
	}
	return strings.Join(parts, "  ")
}

// saveText is what was saved, for people; of a mirror nobody looked into samples.
func saveText(s *save.Summary, mirror bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s", s.Output, sizeText(s.Bytes))
	if !mirror {
		fmt.Fprintf(&b, "  %s", clock(s.Duration))
	}
	if sec := s.Elapsed.Seconds(); sec > 0 {
		fmt.Fprintf(&b, "  in %s, %s", seconds(s.Elapsed.Round(100*time.Millisecond)), rateText(int64(float64(s.Fetched)*8/sec)))
	}
	if s.Resumed {
		b.WriteString(", gone on with")
	}
	b.WriteByte('\n')
	for i, t := range s.Tracks {
		fmt.Fprintf(&b, "  %d  %s", i+1, t.Kind)
		if t.Name != "" && t.Name != t.Kind {
			fmt.Fprintf(&b, " %s", printable(t.Name))
		}
		if t.Language != "" {
			fmt.Fprintf(&b, " %s", printable(t.Language))
		}
		fmt.Fprintf(&b, "  %s %s", t.Codec, rateText(t.BitrateBPS))
		if t.Width > 0 {
			fmt.Fprintf(&b, " %dx%d", t.Width, t.Height)
		}
		if !mirror {
			fmt.Fprintf(&b, "  %d samples, %s from %s on", t.Samples, seconds(t.Duration), seconds(t.Start))
		}
		if t.Protected {
			b.WriteString(", encrypted")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
