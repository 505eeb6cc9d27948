package fetch

import (
	"math/rand/v2"
	"testing"
)

func TestSizeClass(t *testing.T) {
	last := 0
	for n := 1; n < 1<<26; n += 1 + n/100 {
		got := sizeClass(n)
		if got < n || got < last {
			t.Fatalf("sizeClass(%d) = %d, after %d", n, got, last)
		}
		if n > 32<<10 && got-n > n/4 {
			t.Fatalf("sizeClass(%d) = %d: wastes more than a quarter", n, got)
		}
		last = got
	}
}

func TestPool(t *testing.T) {
	p := pool{limit: 1 << 20}
	a := p.get(300_000)
	p.put(a)
	if b := p.get(200_000); &b[0] != &a[0] {
		t.Error("a buffer of a size near to it was not used again")
	}
	p.put(a)
	if b := p.get(20_000); &b[0] == &a[0] {
		t.Error("a buffer far too large was given out")
	}
	if b := p.get(400_000); len(b) < 400_000 {
		t.Error("a buffer too small was given out")
	}
	small := p.get(1)
	p.put(small)
	large := p.get(1 << 20)
	p.put(large)
	if len(p.spare) != 1 || &p.spare[0][0] != &large[0] {
		t.Error("the oldest did not make room")
	}
	p.put(make([]byte, 2<<20))
	if len(p.spare) != 1 {
		t.Error("a buffer beyond the limit was kept")
	}
}

func TestPoolKeepsItsBounds(t *testing.T) {
	p := pool{limit: 4 << 20}
	random := rand.New(rand.NewPCG(1, 2))
	var out [][]byte
	for range 20_000 {
		if len(out) > 0 && random.IntN(2) == 0 {
			p.put(out[len(out)-1])
			out = out[:len(out)-1]
		} else {
			n := 1 << random.IntN(22)
			b := p.get(n)
			if len(b) < n || len(b) != cap(b) {
				t.Fatalf("get(%d): length %d, capacity %d", n, len(b), cap(b))
			}
			out = append(out, b)
		}
		var held int64
		for _, b := range p.spare {
			held += int64(cap(b))
		}
		if held != p.held || held > p.limit || len(p.spare) > maxSpare {
			t.Fatalf("holds %d bytes in %d buffers, counts %d", held, len(p.spare), p.held)
		}
	}
}
