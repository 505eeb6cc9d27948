package pipeline

import "time"

const (
	// longest is how much written sound a device may hold back at most.
	longest = 10 * time.Second
	// same is the difference up to which sound counts as following the sound
	// before it.
	same = 30 * time.Millisecond
)

// written knows which media time each moment of the sound written to a device
// stands for, also where its rate has changed on the way.
type written struct {
	pieces []piece // ascending; never empty after reset
}

// piece is sound of one rate.
type piece struct {
	until time.Duration // of sound, since the reset
	media time.Duration // at its end
	rate  float64
}

// reset forgets all; the next sound begins at media.
func (w *written) reset(media time.Duration) {
	w.pieces = append(w.pieces[:0], piece{0, media, 1})
}

// add notes that took of sound was written, at a rate.
func (w *written) add(took time.Duration, rate float64) {
	last := &w.pieces[len(w.pieces)-1]
	if last.rate != rate && took > 0 {
		w.pieces = append(w.pieces, piece{last.until, last.media, rate})
		last = &w.pieces[len(w.pieces)-1]
	}
	last.until += took
	last.media += scaled(took, rate)
	if len(w.pieces) > 2 && w.pieces[1].until < last.until-longest {
		w.pieces = append(w.pieces[:0], w.pieces[1:]...)
	}
}

// end moves the media time at which what was written ends.
func (w *written) end(media time.Duration) {
	last := &w.pieces[len(w.pieces)-1]
	if d := media - last.media; d <= same && d >= -same {
		last.media = media
		return
	}
	w.pieces = append(w.pieces, piece{last.until, media, last.rate})
}

// heard is the media time that is heard while delay of what was written is not
// yet, and its rate.
func (w *written) heard(delay time.Duration) (media time.Duration, rate float64) {
	at := w.pieces[len(w.pieces)-1].until - delay
	for i := len(w.pieces) - 1; ; i-- {
		p := &w.pieces[i]
		if i == 0 || at >= w.pieces[i-1].until {
			return p.media - scaled(p.until-at, p.rate), p.rate
		}
	}
}

// scaled is d of real time as media time.
func scaled(d time.Duration, rate float64) time.Duration {
	if rate == 1 {
		return d
	}
	return time.Duration(float64(d) * rate)
}
