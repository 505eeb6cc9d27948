package playertest

import (
	"hash/crc64"
	"image"
	"strings"
	"sync"
	"time"

	"smoothplay/platform"
)

// Board is a screen on which captions can be read: a video sink and a text drawer
// that know each other. It records what was to be seen, and when.
type Board struct {
	// Cost is how long drawing takes.
	Cost time.Duration

	mu    sync.Mutex
	texts map[uint64]string
	seen  []Seen
	plane []platform.Overlay
	draws int
}

// Seen is what was on a Board from an instant on.
type Seen struct {
	At      time.Time
	PTS     time.Duration // of the picture
	Text    string        // of the captions, separated by a line; "": none
	Changed bool          // another picture than before
}

// Draw implements [platform.TextDrawer].
func (b *Board) Draw(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
	time.Sleep(b.Cost)
	var texts []string
	for _, c := range cues {
		texts = append(texts, c.Text)
	}
	text := strings.Join(texts, "\n")
	id := crc64.Checksum([]byte(text), crc64.MakeTable(crc64.ISO))
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.texts == nil {
		b.texts = map[uint64]string{}
	}
	b.texts[id] = text
	b.draws++
	return []platform.Overlay{{
		Image: image.NewRGBA(image.Rect(0, 0, 1, 1)), CanvasWidth: width, CanvasHeight: height, ID: id,
	}}, nil
}

// Show implements [platform.VideoSink].
func (b *Board) Show(f *platform.Frame) (time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Picture != nil {
		b.note(f.Picture.PTS, f.Overlays)
	}
	return time.Now(), nil
}

// note records what is seen. guarded by mu.
func (b *Board) note(pts time.Duration, overlays []platform.Overlay) {
	var texts []string
	for _, o := range append(overlays[:len(overlays):len(overlays)], b.plane...) {
		texts = append(texts, b.texts[o.ID])
	}
	changed := len(b.seen) == 0 || b.seen[len(b.seen)-1].PTS != pts
	b.seen = append(b.seen, Seen{time.Now(), pts, strings.Join(texts, "\n"), changed})
}

// Close implements [platform.VideoSink].
func (b *Board) Close() error { return nil }

// Seen is all that was seen, in order.
func (b *Board) Seen() []Seen {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

// Draws is how often something was drawn.
func (b *Board) Draws() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.draws
}

// Last is what is on the board.
func (b *Board) Last() Seen {
	seen := b.Seen()
	if len(seen) == 0 {
		return Seen{}
	}
	return seen[len(seen)-1]
}

// BoardWithPlane is a Board of which the captions are on a plane of their own.
type BoardWithPlane struct {
	Board
	// Frames is how many frames came with overlays, which have no business there.
	Frames int
}

// Show implements [platform.VideoSink].
func (b *BoardWithPlane) Show(f *platform.Frame) (time.Time, error) {
	if len(f.Overlays) > 0 {
		b.Frames++
	}
	return b.Board.Show(f)
}

// ShowOverlays implements [platform.OverlayPlane].
func (b *BoardWithPlane) ShowOverlays(overlays []platform.Overlay) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plane = overlays
	if n := len(b.seen); n > 0 {
		b.note(b.seen[n-1].PTS, nil)
	}
	return nil
}
