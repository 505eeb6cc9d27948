package pipeline

import (
	"context"
	"slices"
	"time"

	"smoothplay/platform"
	"smoothplay/player/buffer"
)

// album holds the pictures of a shot until their turn to be shown.
type album struct {
	show     []time.Duration // that are still to come, in their order
	pictures []*platform.Picture
}

// clear lets go of all pictures.
func (a *album) clear() {
	for _, p := range a.pictures {
		p.Release()
	}
	*a = album{}
}

// decodeShot decodes a sample of a shot. Pictures are delivered as soon as all that
// are shown before them were: forwards at once, backwards with the last sample.
func (v *Video) decodeShot(ctx context.Context, e *buffer.Entry) error {
	s := &e.Sample
	v.locked = v.locked && !s.Key
	if v.album.show == nil {
		v.album.show = e.Show
	}
	var err error
	if !v.locked {
		err = v.give(ctx, e, func(p *platform.Picture) error { return v.collect(ctx, p) })
	}
	if !e.Final {
		return err
	}
	if drained := v.drain(func(p *platform.Picture) error { return v.collect(ctx, p) }); err == nil {
		err = drained
	}
	for len(v.album.show) > 0 && err == nil {
		v.album.show = v.album.show[1:] // one that did not come
		err = v.flip(ctx)
	}
	v.album.clear()
	return err
}

// collect takes a picture of a shot.
func (v *Video) collect(ctx context.Context, p *platform.Picture) error {
	v.failed = 0
	if !slices.Contains(v.album.show, p.PTS) {
		p.Release()
		return nil
	}
	v.album.pictures = append(v.album.pictures, p)
	return v.flip(ctx)
}

// flip delivers the pictures whose turn it is.
func (v *Video) flip(ctx context.Context) error {
	a := &v.album
	for len(a.show) > 0 {
		i := slices.IndexFunc(a.pictures, func(p *platform.Picture) bool { return p.PTS == a.show[0] })
		if i < 0 {
			return nil
		}
		p := a.pictures[i]
		a.pictures = slices.Delete(a.pictures, i, i+1)
		a.show = a.show[1:]
		v.begun = true
		if err := v.send(ctx, picture{epoch: v.epoch, Picture: p, wound: true}); err != nil {
			return err
		}
	}
	return nil
}
