package fallback

import (
	"errors"
	"slices"

	"smoothplay/platform"
)

// The most that is kept for the case that the hardware fails. Beyond it the
// pictures up to the next key sample would be lost.
const (
	maxKept      = 2000
	maxKeptBytes = 64 << 20
)

// decoder is a platform.VideoDecoder on one of the hardware or of the software.
type decoder struct {
	by     Decoders
	format *platform.Format // of the samples from now on
	effort platform.EffortLevel

	active platform.VideoDecoder // nil: none could be opened for the format
	fresh  bool                  // active was given no sample yet
	hard   bool                  // active is of the hardware
	path   string
	why    string // the path of the software, with the reason; "": what it says
	broken bool   // the hardware is not tried again
	blamed bool   // the software failed as the hardware did: the sample was to blame

	kept      []kept // only while hard is set
	keptBytes int
	over      bool // more was to be kept than there is room for
}

// kept is a sample with data of its own.
type kept struct {
	platform.Sample
	delivered bool // its picture
}

var (
	_ platform.Effort    = (*decoder)(nil)
	_ platform.Threads   = (*decoder)(nil)
	_ platform.PathNamer = (*decoder)(nil)
)

// open opens a decoder for the format, of the hardware where that may work.
func (d *decoder) open() error {
	if d.broken {
		return d.soften()
	}
	err := d.by.Hardware.Supports(*d.format)
	if err != nil {
		d.why = instead(pathOf(d.by.Hardware, "hardware"), err)
		return d.soften()
	}
	h, err := d.by.Hardware.OpenVideo(*d.format)
	if err != nil {
		d.broken, d.why = true, failed(pathOf(d.by.Hardware, "hardware"), err)
		return d.soften()
	}
	d.use(h, true, pathOf(h, "hardware"))
	return nil
}

// soften opens a decoder of the software.
func (d *decoder) soften() error {
	s, err := d.by.Software.OpenVideo(*d.format)
	if err != nil {
		d.active = nil
		return err
	}
	path := d.why
	if path == "" {
		path = pathOf(s, "software")
	}
	d.use(s, false, path)
	return nil
}

func (d *decoder) use(v platform.VideoDecoder, hard bool, path string) {
	d.active, d.fresh, d.hard, d.path = v, true, hard, path
	if e, ok := v.(platform.Effort); ok {
		e.SetEffort(d.effort)
	}
}

func (d *decoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	if err := d.prepare(s, out); err != nil {
		return err
	}
	if d.fresh && s.Format == nil { // opened between two samples of one format
		told := *s
		told.Format = d.format
		s = &told
	}
	d.fresh = false
	if !d.hard {
		return d.active.Decode(s, out)
	}
	d.keep(s)
	stop, err := d.run(func(pass func(*platform.Picture) error) error { return d.active.Decode(s, pass) }, out)
	if err == nil || stop || s.Secure != nil {
		return err
	}
	return d.replace(err, out, false)
}

// prepare makes the decoder one for the sample: another format may be one that
// only the software decodes, or that the hardware decodes again.
func (d *decoder) prepare(s *platform.Sample, out func(*platform.Picture) error) error {
	if s.Format != nil {
		d.format = s.Format
	}
	again := s.Key && d.blamed && !d.broken
	switch {
	case d.active == nil:
		return d.open()
	case s.Format == nil && !again, d.broken && !d.hard:
		return nil
	case d.hard == (d.by.Hardware.Supports(*d.format) == nil):
		return nil
	}
	stop := false
	err := d.Drain(func(p *platform.Picture) error {
		err := out(p)
		stop = stop || err != nil
		return err
	})
	d.active.Close()
	d.forget()
	if !d.broken {
		d.blamed, d.why = false, ""
	}
	if failed := d.open(); failed != nil || stop {
		return errors.Join(err, failed)
	}
	return nil
}

// run lets the hardware decode; stop says that err is one of out.
func (d *decoder) run(work func(func(*platform.Picture) error) error, out func(*platform.Picture) error) (stop bool, err error) {
	err = work(func(p *platform.Picture) error {
		d.note(p)
		e := out(p)
		stop = stop || e != nil
		return e
	})
	return stop, err
}

// keep keeps a copy of s for the case that the hardware fails.
func (d *decoder) keep(s *platform.Sample) {
	if s.Secure != nil || d.over && !s.Key {
		return
	}
	if s.Key && d.over || len(d.kept) == 0 {
		d.forget()
	}
	if len(d.kept) >= maxKept || d.keptBytes+len(s.Data) > maxKeptBytes {
		d.forget()
		d.over = true
		return
	}
	k := kept{Sample: *s}
	k.Data = append([]byte(nil), s.Data...)
	if len(d.kept) == 0 {
		k.Format = d.format
	}
	d.kept = append(d.kept, k)
	d.keptBytes += len(k.Data)
}

func (d *decoder) forget() { d.kept, d.keptBytes, d.over = nil, 0, false }

// note takes down that p is delivered: with the picture of a key sample, what was
// sent before it is done with.
func (d *decoder) note(p *platform.Picture) {
	i := find(d.kept, p, false)
	if i < 0 {
		return
	}
	d.kept[i].delivered = true
	if i == 0 || !d.kept[i].Key {
		return
	}
	for at := i; d.kept[i].Format == nil; at-- {
		d.kept[i].Format = d.kept[at].Format
	}
	for _, k := range d.kept[:i] {
		d.keptBytes -= len(k.Data)
	}
	n := copy(d.kept, d.kept[i:])
	clear(d.kept[n:])
	d.kept = d.kept[:n]
}

// find is the index of the sample that became p, of those whose picture was
// delivered or was not; -1: there is none.
func find(list []kept, p *platform.Picture, delivered bool) int {
	return slices.IndexFunc(list, func(k kept) bool { return k.PTS == p.PTS && k.delivered == delivered })
}

// replace goes on in software where the hardware has failed with why: from the
// first sample kept on, without the pictures that were delivered. drain: and up to
// the last picture.
func (d *decoder) replace(why error, out func(*platform.Picture) error, drain bool) error {
	d.active.Close()
	again, current := d.kept, d.format
	d.forget()
	if len(again) > 0 {
		d.format = again[0].Format
	}
	d.why = failed(d.path, why)
	err := d.soften()
	d.format = current
	if err != nil {
		return errors.Join(why, err)
	}
	d.fresh = len(again) == 0
	stop := false
	missing := func(p *platform.Picture) error {
		if i := find(again, p, true); i >= 0 {
			again[i].delivered = false
			p.Release()
			return nil
		}
		err := out(p)
		stop = stop || err != nil
		return err
	}
	for i := range again {
		if err = d.active.Decode(&again[i].Sample, missing); stop {
			d.broken = true
			return err
		}
	}
	d.blamed = err != nil // the latest sample, as the hardware found
	d.broken = !d.blamed
	if drain {
		return d.active.Drain(missing)
	}
	return err
}

func (d *decoder) Drain(out func(*platform.Picture) error) error {
	switch {
	case d.active == nil:
		return nil
	case !d.hard:
		return d.active.Drain(out)
	}
	stop, err := d.run(d.active.Drain, out)
	if err == nil || stop {
		return err
	}
	return d.replace(err, out, true)
}

func (d *decoder) Flush() error {
	d.forget()
	if d.active == nil {
		return nil
	}
	err := d.active.Flush()
	if err == nil || !d.hard {
		return err
	}
	d.active.Close()
	d.broken, d.why = true, failed(d.path, err)
	return d.soften()
}

func (d *decoder) Close() error {
	d.forget()
	if d.active == nil {
		return nil
	}
	return d.active.Close()
}

// SetEffort passes the effort on to a decoder that knows of it.
func (d *decoder) SetEffort(level platform.EffortLevel) {
	d.effort = level
	if e, ok := d.active.(platform.Effort); ok {
		e.SetEffort(level)
	}
}

// Threads are those of the decoder in use; 1 where it does not tell.
func (d *decoder) Threads() (now, most int) {
	if t, ok := d.active.(platform.Threads); ok {
		return t.Threads()
	}
	return 1, 1
}

// Path is that of the decoder in use, with the reason where it is not the one
// wanted.
func (d *decoder) Path() string { return d.path }
