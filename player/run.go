package player

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"smoothplay/platform/httpclient"
	"smoothplay/platform/null"
)

// Run plays until the presentation ends, ctx is done, Stop is called or an error
// is fatal. It owns every goroutine of the session: when it returns, none is
// left. It is called once. The error is nil at the end and after Stop, ctx.Err()
// when ctx ended it, else an *Error.
func (p *Player) Run(ctx context.Context) error {
	err := errors.New("player: Run was called before")
	p.once.Do(func() { err = p.run(ctx) })
	return err
}

func (p *Player) run(ctx context.Context) error {
	began := time.Now()
	dev, err := completed(p.dev)
	if err != nil {
		return err
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	group, inner := errgroup.WithContext(inner)
	l := newLoop(p, dev, began)
	l.spawn = func(work func(context.Context)) context.CancelFunc {
		workCtx, stop := context.WithCancel(inner)
		group.Go(func() error {
			defer stop()
			work(workCtx)
			return nil // workers post their errors to the inbox
		})
		return stop
	}
	close(p.running)
	err = l.run(ctx)
	cancel()
	if werr := group.Wait(); werr != nil {
		return werr
	}
	l.finish()
	l.rememberLast()
	close(p.ended)
	return err
}

// completed puts in what nil fields of a Device stand for.
func completed(d Device) (Device, error) {
	if d.HTTP == nil {
		client, err := httpclient.New(httpclient.Config{})
		if err != nil {
			return d, err
		}
		d.HTTP = client
	}
	if d.Decoders == nil {
		d.Decoders = &null.Decoders{}
	}
	if d.Video == nil {
		d.Video = &null.VideoSink{}
	}
	if d.Audio == nil {
		d.Audio = &null.AudioSink{}
	}
	return d, nil
}
