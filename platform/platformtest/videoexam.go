package platformtest

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
)

// videoExam is a decoder under examination, the samples it is fed, and the tape
// of what came out.
type videoExam struct {
	d        platform.VideoDecoder
	groups   [][]platform.Sample // each begins with a key sample that has its Format
	formats  []*platform.Format
	formatOf map[time.Duration]*platform.Format // by PTS

	keepSamples bool // do not overwrite a sample after Decode has returned
	closed      bool // by the check
	inside      bool // a call that was given out has not returned
	stray       bool // out was called when none had
	got         []pictureSeen
}

// pictureSeen is what the exam remembers of a picture.
type pictureSeen struct {
	pts       time.Duration
	key       bool
	source    *platform.Format
	sum       uint64 // of the visible pixels
	malformed error
}

// videoRule opens a decoder for a check, closes it, and adds what only the tape
// can tell.
func videoRule(check func(x *videoExam) error) func(*testing.T, OpenVideoDecoder) error {
	return func(t *testing.T, open OpenVideoDecoder) error {
		d, samples := open(t)
		x := &videoExam{d: d, formatOf: map[time.Duration]*platform.Format{}}
		err := x.prepare(samples)
		if err == nil {
			err = check(x)
		}
		if !x.closed {
			err = errors.Join(err, d.Close())
		}
		if x.stray {
			err = errors.Join(err, errors.New("out was called when no call that was given it was under way"))
		}
		return err
	}
}

func (x *videoExam) prepare(samples []platform.Sample) error {
	var f *platform.Format
	for i, s := range samples {
		if s.Format != nil && s.Format != f {
			f = s.Format
			x.formats = append(x.formats, f)
		}
		if i == 0 && (f == nil || !s.Key) {
			return errors.New("of the exam: the first sample needs Key and Format")
		}
		if s.Key {
			s.Format = f
			x.groups = append(x.groups, nil)
		}
		last := &x.groups[len(x.groups)-1]
		*last = append(*last, s)
		x.formatOf[s.PTS] = f
	}
	if len(x.groups) < 2 {
		return errors.New("of the exam: at least two key samples are needed")
	}
	return nil
}

// all is every sample, Format set only where it changes.
func (x *videoExam) all() []platform.Sample {
	all := slices.Concat(x.groups...)
	var f *platform.Format
	for i := range all {
		if all[i].Format == f {
			all[i].Format = nil
		} else if all[i].Format != nil {
			f = all[i].Format
		}
	}
	return all
}

// later is samples moved behind all others on the timeline, by the same amount
// whatever they are; the first has its Format.
func (x *videoExam) later(samples []platform.Sample) []platform.Sample {
	var end time.Duration
	for _, g := range x.groups {
		for _, s := range g {
			end = max(end, s.PTS+s.Duration)
		}
	}
	by := end - x.groups[0][0].DTS + time.Second
	moved := slices.Clone(samples)
	for i := range moved {
		moved[i].PTS += by
		moved[i].DTS += by
		x.formatOf[moved[i].PTS] = x.formatOf[samples[i].PTS]
	}
	return moved
}

// feed decodes one sample, of which nothing is left afterwards.
func (x *videoExam) feed(s platform.Sample, out func(*platform.Picture) error) error {
	during := s
	if s.Data != nil && !x.keepSamples {
		during.Data = slices.Clone(s.Data)
	}
	x.inside = true
	err := x.d.Decode(&during, out)
	x.inside = false
	if !x.keepSamples {
		for i := range during.Data {
			during.Data[i] = 0xA5
		}
		during = platform.Sample{PTS: -1, DTS: -1}
	}
	if err != nil {
		return fmt.Errorf("Decode of the sample at %v: %w", s.PTS, err)
	}
	return nil
}

// out writes to the tape.
func (x *videoExam) out(p *platform.Picture) error {
	if !x.inside {
		x.stray = true
	}
	if p == nil {
		return errors.New("a nil picture came out")
	}
	x.got = append(x.got, see(p))
	p.Release()
	return nil
}

func (x *videoExam) decode(samples []platform.Sample) error {
	for _, s := range samples {
		if err := x.feed(s, x.out); err != nil {
			return err
		}
	}
	return nil
}

func (x *videoExam) drain() error {
	x.inside = true
	err := x.d.Drain(x.out)
	x.inside = false
	if err != nil {
		return fmt.Errorf("Drain: %w", err)
	}
	return nil
}

func (x *videoExam) play(samples []platform.Sample) error {
	if err := x.decode(samples); err != nil {
		return err
	}
	return x.drain()
}

// expect compares the tape with the pictures that samples make.
func (x *videoExam) expect(samples []platform.Sample) error {
	var want, got []time.Duration
	for _, s := range samples {
		want = append(want, s.PTS)
	}
	for _, p := range x.got {
		got = append(got, p.pts)
	}
	slices.Sort(want)
	slices.Sort(got)
	return compareTimes("picture", got, want)
}

// usable checks that the decoder decodes from a key sample after a Flush.
func (x *videoExam) usable() error {
	if err := x.d.Flush(); err != nil {
		return fmt.Errorf("Flush: %w", err)
	}
	x.got = nil
	if err := x.play(x.groups[1]); err != nil {
		return err
	}
	return x.expect(x.groups[1])
}

// pictures plays all and checks each picture with its sample.
func (x *videoExam) pictures(check func(s platform.Sample, p pictureSeen) error) error {
	all := x.all()
	if err := x.play(all); err != nil {
		return err
	}
	byPTS := map[time.Duration]platform.Sample{}
	for _, s := range all {
		byPTS[s.PTS] = s
	}
	if len(x.got) == 0 {
		return errors.New("no picture came out")
	}
	for _, p := range x.got {
		s, ok := byPTS[p.pts]
		if !ok {
			return fmt.Errorf("no sample has the PTS of the picture at %v", p.pts)
		}
		if err := check(s, p); err != nil {
			return err
		}
	}
	return nil
}

// compareTimes says which of two sorted lists of times lacks what.
func compareTimes(what string, got, want []time.Duration) error {
	if slices.Equal(got, want) {
		return nil
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got) || i < len(want) && want[i] < got[i]:
			return fmt.Errorf("%d %ss of %d; the one at %v is missing", len(got), what, len(want), want[i])
		case i >= len(want) || got[i] < want[i]:
			return fmt.Errorf("%d %ss of %d; the one at %v is too many", len(got), what, len(want), got[i])
		}
	}
	return nil
}

var seed = maphash.MakeSeed()

// see remembers a picture, and reads every byte that a sink would.
func see(p *platform.Picture) pictureSeen {
	seen := pictureSeen{pts: p.PTS, key: p.Key, source: p.Source, malformed: malformed(p)}
	if seen.malformed != nil {
		return seen
	}
	var h maphash.Hash
	h.SetSeed(seed)
	for i, plane := range p.Planes {
		width, rows := planeSize(p, i)
		for y := range rows {
			h.Write(plane[y*p.Strides[i]:][:width])
		}
	}
	seen.sum = h.Sum64()
	return seen
}

// malformed says what is wrong with the layout of a picture.
func malformed(p *platform.Picture) error {
	if p.Width <= 0 || p.Height <= 0 {
		return fmt.Errorf("the picture at %v is %d x %d", p.PTS, p.Width, p.Height)
	}
	if (p.AspectWidth == 0) != (p.AspectHeight == 0) || p.AspectWidth < 0 || p.AspectHeight < 0 {
		return fmt.Errorf("the picture at %v is to be shown as %d:%d", p.PTS, p.AspectWidth, p.AspectHeight)
	}
	if p.Format > platform.Surface {
		return fmt.Errorf("the picture at %v has the unknown pixel format %d", p.PTS, p.Format)
	}
	for i, plane := range p.Planes {
		width, rows := planeSize(p, i)
		if rows == 0 {
			continue
		}
		if stride := p.Strides[i]; stride < width || len(plane) < stride*(rows-1)+width {
			return fmt.Errorf("plane %d of the picture at %v has %d bytes, %d a row: too few for %d rows of %d bytes", i, p.PTS, len(plane), stride, rows, width)
		}
	}
	return nil
}

// planeSize is the bytes of a row, and the rows, of plane i; 0 where there is
// none.
func planeSize(p *platform.Picture, i int) (width, rows int) {
	cw, ch := (p.Width+1)/2, (p.Height+1)/2
	switch {
	case p.Format == platform.Surface || p.Format == platform.NV12 && i == 2:
		return 0, 0
	case p.Format == platform.NV12 && i == 1:
		return 2 * cw, ch
	case p.Format == platform.I420P10 && i == 0:
		return 2 * p.Width, p.Height
	case p.Format == platform.I420P10:
		return 2 * cw, ch
	case i == 0:
		return p.Width, p.Height
	}
	return cw, ch
}
