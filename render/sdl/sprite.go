package sdl

import (
	"encoding/binary"
	"image"

	"smoothplay/platform"
)

// A sprite is an overlay ready to be drawn: premultiplied B, G, R, A in the size
// that it has on the screen.
type sprite struct {
	pix           []byte
	width, height int
	spans         []int32 // of each row the first and the end of the columns not transparent
}

// makeSprite turns an image into a sprite of the size of at.
func makeSprite(m *image.RGBA, at rect) (*sprite, error) {
	return newSprite(resize(m, at.w, at.h)), nil
}

// newSprite turns RGBA of the same size into a sprite.
func newSprite(m *image.RGBA) *sprite {
	size := m.Rect.Size()
	s := &sprite{pix: make([]byte, 4*size.X*size.Y), width: size.X, height: size.Y}
	for y := range size.Y {
		in, out := m.Pix[y*m.Stride:][:4*size.X], s.pix[4*size.X*y:][:4*size.X]
		for i := 0; i < len(in); i += 4 {
			out[i], out[i+1], out[i+2], out[i+3] = in[i+2], in[i+1], in[i], in[i+3]
		}
	}
	s.measure()
	return s
}

// measure finds the spans.
func (s *sprite) measure() {
	s.spans = make([]int32, 2*s.height)
	for y := range s.height {
		row := s.pix[4*s.width*y:][:4*s.width]
		first, end := 0, s.width
		for first < end && binary.NativeEndian.Uint32(row[4*first:]) == 0 {
			first++
		}
		for end > first && binary.NativeEndian.Uint32(row[4*end-4:]) == 0 {
			end--
		}
		s.spans[2*y], s.spans[2*y+1] = int32(first), int32(end)
	}
}

// cut returns s with its spans cut to the columns from first to end.
func (s *sprite) cut(first, end int) *sprite {
	c := *s
	c.spans = make([]int32, len(s.spans))
	for i := 0; i < len(s.spans); i += 2 {
		from, to := max(s.spans[i], int32(first)), min(s.spans[i+1], int32(end))
		c.spans[i], c.spans[i+1] = from, max(from, to)
	}
	return &c
}

// spriteKey identifies what an overlay looks like on the screen. Overlays of two
// makers may have the same ID; they do not have the same image.
type spriteKey struct {
	id            uint64
	image         *image.RGBA
	width, height int
}

// cache keeps what was made of the overlays of the last frame.
type cache[T any] struct{ made map[spriteKey]T }

// renew calls get for each overlay that is to be seen, with where it goes, makes
// what is new, and frees what is no longer used.
func (c *cache[T]) renew(overlays []platform.Overlay, area rect, make_ func(*image.RGBA, rect) (T, error), use func(T, rect) error, free func(T)) error {
	old := c.made
	c.made = make(map[spriteKey]T, len(overlays))
	defer func() {
		for key, v := range old {
			if _, used := c.made[key]; !used {
				free(v)
			}
		}
	}()
	for i := range overlays {
		o := &overlays[i]
		if o.Image == nil || o.Image.Rect.Empty() || len(o.Image.Pix) < o.Image.Stride*(o.Image.Rect.Dy()-1)+4*o.Image.Rect.Dx() {
			continue
		}
		at := area.place(o)
		if at.empty() {
			continue
		}
		key := spriteKey{o.ID, o.Image, at.w, at.h}
		v, ok := old[key]
		if !ok {
			var err error
			if v, err = make_(o.Image, at); err != nil {
				return err
			}
		}
		c.made[key] = v
		if err := use(v, at); err != nil {
			return err
		}
	}
	return nil
}
