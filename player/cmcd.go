package player

import (
	"strings"

	"smoothplay/platform"
	"smoothplay/player/cmcd"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/timeline"
)

// CMCD says what requests tell servers of the session, see package cmcd.
type CMCD struct {
	Mode cmcd.Mode // cmcd.Off: nothing
	// Session names the session; "": a random UUID. Content names the
	// presentation; "": it is not told. At most 64 characters each.
	Session, Content string
}

// enough is how many times the highest bitrate that may be played is more than
// a server need deliver (rtp). It leaves room to fill the buffer, and to see that
// the link carries more.
const enough = 5

// cmcdOf is what is told of a fragment of t at level q; bps is what the link is
// thought to carry.
func (l *loop) cmcdOf(t *track, chunk timeline.Chunk, q int, bps int64) cmcd.Media {
	pos := l.position()
	buffered, _ := t.buffered(pos)
	d := cmcd.Media{
		Bitrate: cmcd.Kbps(t.levels[q].source.BitrateBPS), Duration: cmcd.Millis(chunk.Duration),
		Object: cmcd.Video, Stream: cmcd.OnDemand, Starved: t.starved, Startup: l.urgent(),
		Buffer: cmcd.Millis100(buffered), Deadline: cmcd.Millis100(chunk.Start - pos),
		Throughput: cmcd.Kbps100(bps),
	}
	if t.kind == platform.Audio {
		d.Object = cmcd.Audio
	}
	if l.snap.Live() {
		d.Stream = cmcd.Live
	}
	for i := range t.levels {
		if l.allowed(t, i) {
			d.Top = cmcd.Kbps(t.levels[i].source.BitrateBPS)
		}
	}
	return d
}

// urgent tells whether playing waits for media.
func (l *loop) urgent() bool {
	return l.state == event.Opening || l.state == event.Buffering || l.state == event.Seeking
}

// fragmentExtra is what the request for a fragment carries; nil: nothing.
func (l *loop) fragmentExtra(t *track, chunk timeline.Chunk, q int, url string) *fetch.Extra {
	starved := t.starved
	t.starved = false // it is told once
	if l.cfg.CMCD.Mode == cmcd.Off {
		return nil
	}
	d := cmcd.Data{Media: l.cmcdOf(t, chunk, q, l.bandwidth.During(nil).BPS)}
	d.Starved = starved
	if next := chunk.Index + 1; next < t.stream.Limit() {
		d.Next = relative(url, l.chunkURL(t, q, t.stream.Chunk(next)))
	}
	if !d.Startup {
		d.Limit = cmcd.Kbps100(enough * d.Top * 1000)
	}
	return l.extra(d)
}

// manifestExtra is what the request for a manifest carries; nil: nothing.
func (l *loop) manifestExtra() *fetch.Extra {
	if l.cfg.CMCD.Mode == cmcd.Off {
		return nil
	}
	return l.extra(cmcd.Data{Media: cmcd.Media{Object: cmcd.Manifest, Startup: l.urgent()}})
}

// extra adds what is the same for every request of the session.
func (l *loop) extra(d cmcd.Data) *fetch.Extra {
	d.Format, d.Session, d.Content = cmcd.Smooth, l.cfg.CMCD.Session, l.cfg.CMCD.Content
	d.Halted = l.state != event.Playing
	if l.cfg.CMCD.Mode == cmcd.Header {
		return &fetch.Extra{Header: d.Header()}
	}
	return &fetch.Extra{Query: d.Query()}
}

// starve notes that the buffer of the track of a kind has run out.
func (l *loop) starve(kind string) {
	for _, t := range l.tracks {
		if t.kind.String() == kind {
			t.starved = true
		}
	}
}

// relative is the path of another URL as seen from one; "" where the two have
// not the same folder.
func relative(from, to string) string {
	folder := from[:strings.LastIndexByte(from, '/')+1]
	path, ok := strings.CutPrefix(to, folder)
	if !ok || strings.ContainsAny(path, "/?") {
		return ""
	}
	return path
}

// textExtra is fragmentExtra for text.
func (l *loop) textExtra(chunk timeline.Chunk) *fetch.Extra {
	if l.cfg.CMCD.Mode == cmcd.Off {
		return nil
	}
	d := cmcd.Media{Object: cmcd.Text, Stream: cmcd.OnDemand, Duration: cmcd.Millis(chunk.Duration)}
	if l.snap.Live() {
		d.Stream = cmcd.Live
	}
	return l.extra(cmcd.Data{Media: d})
}
