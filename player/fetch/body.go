package fetch

import (
	"slices"
	"sync"
)

// Body is what a fragment's answer carried. It belongs to one owner at a time.
type Body struct {
	bytes []byte
	pool  *pool
}

// Bytes are the bytes received. They are valid until Release.
func (b *Body) Bytes() []byte { return b.bytes }

// Release gives the memory back for a later fragment; nothing may use the bytes
// after it. Releasing twice, or a nil Body, does nothing.
func (b *Body) Release() {
	if b == nil || b.bytes == nil {
		return
	}
	b.pool.put(b.bytes)
	b.bytes = nil
}

// pool keeps buffers for later bodies. Fragments of one level differ in size, so
// sizes are rounded up to steps of a quarter to an eighth, and a buffer of up to
// twice the size will do.
type pool struct {
	limit int64 // of held

	mu    sync.Mutex
	spare [][]byte // the latest last
	held  int64    // sum of their capacities
}

// maxSpare bounds the number of buffers, which are searched one by one.
const maxSpare = 32

// get returns a buffer of at least n bytes, as long as it goes.
func (p *pool) get(n int) []byte {
	p.mu.Lock()
	best := -1
	for i, b := range p.spare {
		if cap(b) >= n && cap(b) <= 2*n+64<<10 && (best < 0 || cap(b) < cap(p.spare[best])) {
			best = i
		}
	}
	if best < 0 {
		p.mu.Unlock()
		return make([]byte, sizeClass(n))
	}
	b := p.spare[best]
	p.drop(best)
	p.mu.Unlock()
	return b[:cap(b)]
}

// put takes a buffer back. Where there is no room the oldest ones go: levels
// change, and with them the sizes that are wanted.
func (p *pool) put(b []byte) {
	size := int64(cap(b))
	if size == 0 || size > p.limit {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.spare == nil {
		p.spare = make([][]byte, 0, maxSpare)
	}
	for len(p.spare) == maxSpare || p.held+size > p.limit {
		p.drop(0)
	}
	p.spare = append(p.spare, b)
	p.held += size
}

func (p *pool) drop(i int) {
	p.held -= int64(cap(p.spare[i]))
	p.spare = slices.Delete(p.spare, i, i+1)
}

// sizeClass rounds n up to one of four sizes between two powers of two, the
// smallest being 16 KiB.
func sizeClass(n int) int {
	step := 4 << 10
	for n > 8*step {
		step *= 2
	}
	return max((n+step-1)/step*step, 16<<10)
}
