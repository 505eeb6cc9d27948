package httpclient

import (
	"io"
	"sync/atomic"
)

// body is the body of an answer: shaped by the link, and broken off where it
// stands still.
type body struct {
	raw   io.ReadCloser
	watch *Watch
	mine  bool  // the watch: nobody else times the reads, or stops it
	link  *Link // nil: not shaped
	over  atomic.Bool
}

func newBody(raw io.ReadCloser, w *Watch, mine bool, link *Link) *body {
	if link != nil {
		link.begin()
	}
	return &body{raw: raw, watch: w, mine: mine, link: link}
}

// Read is called by one goroutine at a time.
func (b *body) Read(p []byte) (int, error) {
	if b.mine {
		b.watch.Within(Idle, 0)
	}
	n, err := b.read(p)
	if b.mine {
		b.watch.Pause()
		if err != nil && err != io.EOF {
			err = b.watch.Why(err)
		}
	}
	if err != nil {
		b.end()
	}
	return n, err
}

func (b *body) read(p []byte) (int, error) {
	if b.link == nil {
		return b.raw.Read(p)
	}
	n, err := b.raw.Read(p[:min(len(p), b.link.quantum())])
	if n > 0 {
		if late := b.link.carry(b.watch, n, err != nil); late != nil {
			return 0, late
		}
	}
	return n, err
}

// Close makes a Read that waits fail.
func (b *body) Close() error {
	b.end()
	return b.raw.Close()
}

func (b *body) end() {
	if b.over.Swap(true) {
		return
	}
	if b.mine {
		b.watch.Stop()
	}
	if b.link != nil {
		b.link.end()
	}
}
