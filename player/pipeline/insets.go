package pipeline

import (
	"slices"
	"time"

	"smoothplay/platform"
)

// Where insets are, in shares of the main picture: a column at its right side,
// from the top.
const (
	insetShare  = 0.19
	insetMargin = 0.025
)

// MaxInsets is how many small pictures there is room for.
const MaxInsets = 4

// inset is a video of which a small picture is shown in the main one.
type inset struct {
	video   *Video
	on      *platform.Picture // shown; nil: none yet
	epoch   uint64            // of on
	pending *picture          // its time has not come
}

// SetInsets shows small pictures of other videos, which run and were made Beside
// p, at most MaxInsets. They change with the main picture. What decodes slower
// than it is shown stands still meanwhile. It may be called from any goroutine.
func (p *Presenter) SetInsets(videos []*Video) {
	videos = slices.Clone(videos[:min(len(videos), MaxInsets)])
	p.ask(func(w *wishes) { w.insets = videos })
}

// arrangeInsets takes the list of SetInsets.
func (p *Presenter) arrangeInsets(videos []*Video) {
	had := p.insets
	p.insets = nil
	for _, v := range videos {
		if v == p.video || v == p.next {
			continue
		}
		i := slices.IndexFunc(had, func(in *inset) bool { return in.video == v })
		if i < 0 {
			p.insets = append(p.insets, &inset{video: v})
			continue
		}
		p.insets = append(p.insets, had[i])
	}
	p.dropInsets(had)
}

// dropInsets lets go of those of had that are no insets any more.
func (p *Presenter) dropInsets(had []*inset) {
	for _, in := range had {
		if slices.Contains(p.insets, in) {
			continue
		}
		in.pending.release()
		if in.on != nil {
			p.retired = append(p.retired, in.on)
		}
	}
	if len(p.retired) > 0 {
		p.repeat()
	}
}

// renewInsets shows new small pictures while the main one stands.
func (p *Presenter) renewInsets() {
	if len(p.insets) == 0 || p.clock.Running() {
		return
	}
	if p.advanceInsets(p.epoch, max(p.pts, p.clock.Position(time.Now()))) {
		p.repeat()
	}
}

// repeat shows the last picture again, with what stands in it now.
func (p *Presenter) repeat() {
	p.screen.repeat(p.drawn)
	p.releaseRetired()
}

// advanceInsets takes the small pictures of the instant pos in an epoch, and reports
// whether one changed. Those of an earlier epoch are of another place: they go.
func (p *Presenter) advanceInsets(epoch uint64, pos time.Duration) (changed bool) {
	for _, in := range p.insets {
		if in.on != nil && in.epoch != epoch {
			p.retired = append(p.retired, in.on)
			in.on, changed = nil, true
		}
		for {
			if in.pending == nil {
				select {
				case pic := <-in.video.pictures:
					in.pending = &pic
				default:
				}
			}
			pic := in.pending
			if pic == nil || pic.Picture != nil && pic.epoch == in.video.queue.Epoch() && (pic.epoch != epoch || pic.PTS > pos+aligned) {
				break
			}
			in.pending = nil
			if pic.Picture == nil || pic.epoch != in.video.queue.Epoch() {
				pic.release()
				continue
			}
			if in.on != nil {
				p.retired = append(p.retired, in.on)
			}
			in.on, in.epoch, changed = pic.Picture, pic.epoch, true
		}
	}
	return changed
}

// drawn are the insets of a frame with the main picture given.
func (p *Presenter) drawn(main *platform.Picture) []platform.Inset {
	var list []platform.Inset
	for i, in := range p.insets {
		if in.on != nil {
			list = append(list, place(i, in.on, main))
		}
	}
	return list
}

// place is where the i-th inset is: as large as there is room for, in its own
// shape.
func place(i int, small, main *platform.Picture) platform.Inset {
	width, height := insetShare, insetShare
	if ratio := shape(small) / shape(main); ratio > 1 {
		height /= ratio
	} else {
		width *= ratio
	}
	return platform.Inset{
		Picture: small, AtX: 1 - insetMargin - width, AtY: insetMargin + float64(i)*(insetShare+insetMargin),
		AtWidth: width, AtHeight: height,
	}
}

// shape is the width of a picture as shown, for its height.
func shape(p *platform.Picture) float64 {
	if p.AspectWidth > 0 && p.AspectHeight > 0 {
		return float64(p.AspectWidth) / float64(p.AspectHeight)
	}
	return float64(max(p.Width, 1)) / float64(max(p.Height, 1))
}

func (p *Presenter) releaseRetired() {
	for _, pic := range p.retired {
		pic.Release()
	}
	p.retired = p.retired[:0]
}
