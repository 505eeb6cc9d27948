package player

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/manifest"
)

// AngleChoice is one camera angle.
type AngleChoice struct {
	Name    string
	Levels  int           // that can be played
	Begins  time.Duration // position of its first picture
	Ahead   bool          // what a change to it needs now is there
	LeftOut string        // why it cannot be selected; "": it can
}

// angle is a camera angle of the presentation.
type angle struct {
	name    string
	stream  int           // index into the streams of the presentation
	leftOut string        // why it is not offered; "": it is
	until   time.Duration // left alone until then: it could not be had
}

// angles are the camera angles of the presentation. That which is shown is played
// by the video track among loop.tracks; others are aside, see aside.go.
type angles struct {
	list   []angle
	names  map[int][]string // of the levels of a stream, by their index; nil: there is one angle
	shown  int              // index into list
	aside  []*track
	turn   *turn // under way; nil: none is
	insets bool  // the others stand in the picture
	placed []int // videos that do, by their id
}

// name is the name of an angle as levels have it: "" where there is but one.
func (a *angles) name(i int) string {
	if len(a.list) < 2 {
		return ""
	}
	return a.list[i].name
}

// index is the index of the angle of a name, whatever its letter case; -1: there is
// none.
func (a *angles) index(name string) int {
	if i := slices.IndexFunc(a.list, func(o angle) bool { return o.name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(a.list, func(o angle) bool { return strings.EqualFold(o.name, name) })
}

// told is the angle that the viewer has, or will have.
func (a *angles) told() int {
	switch {
	case len(a.list) == 0:
		return -1
	case a.turn != nil:
		return a.index(a.turn.to.angle)
	}
	return a.shown
}

// held is the size of what is held of angles aside, in bytes.
func (a *angles) held() (n int64) {
	for _, t := range a.aside {
		n += t.queue.Range().Bytes
	}
	return n
}

// all are the tracks that are played, and those aside.
func (l *loop) all() iter.Seq[*track] {
	return func(yield func(*track) bool) {
		for _, list := range [][]*track{l.tracks, l.angles.aside} {
			for _, t := range list {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// find lists the angles of a presentation.
func (a *angles) find(pres *manifest.Presentation) {
	found := pres.Angles()
	for _, f := range found {
		a.list = append(a.list, angle{name: f.Name, stream: f.Stream})
	}
	if len(found) > 1 {
		a.names = angleNames(pres, found)
	}
}

// angleNames names the angle of each level of the video streams.
func angleNames(pres *manifest.Presentation, found []manifest.Angle) map[int][]string {
	names := map[int][]string{}
	for _, a := range found {
		if names[a.Stream] == nil {
			names[a.Stream] = make([]string, len(pres.Streams[a.Stream].Levels))
		}
		for _, q := range a.Levels {
			names[a.Stream][q] = a.Name
		}
	}
	return names
}

// of is the angle of a level, both by their index in the presentation; "": there is
// but one.
func (a *angles) of(stream, level int) string {
	if of := a.names[stream]; level < len(of) {
		return of[level]
	}
	return ""
}

// first notes why angles are left out, by what the streams offer, and returns the
// first that is not; -1: there is no video to be played.
func (a *angles) first(streams []event.TrackStream) int {
	first := -1
	for i := range a.list {
		o := &a.list[i]
		offer := &streams[o.stream]
		o.leftOut = offer.LeftOut
		name := a.name(i)
		if o.leftOut == "" && !slices.ContainsFunc(offer.Levels, func(q event.TrackLevel) bool { return q.Level >= 0 && q.Angle == name }) {
			o.leftOut = "no level can be decoded"
		}
		if len(a.list) > 1 {
			offer.Role = "angle"
		}
		if o.leftOut == "" && first < 0 {
			first = i
		}
	}
	return first
}

// firstAngle is the angle to begin with: the one wanted, or the one given.
func (l *loop) firstAngle(first int) int {
	i := l.angles.index(l.cfg.Angle)
	if l.cfg.Angle != "" && i >= 0 && l.angles.list[i].leftOut == "" && l.there(i, l.beginsAbout()) {
		return i
	}
	return first
}

// beginsAbout is where playing is to begin, as far as is known before there are
// tracks.
func (l *loop) beginsAbout() time.Duration {
	if l.snap.Live() {
		return l.snap.Duration()
	}
	return l.startAt(l.target)
}

// checkAngle refuses the name of an angle that the presentation does not have, and
// tells that one does not begin where playing does; first says that nothing was
// played before.
func (l *loop) checkAngle(first bool) *Error {
	if l.cfg.Angle == "" || l.of(platform.Video) == nil {
		return nil
	}
	_, err := l.findAngle(l.cfg.Angle, l.beginsAbout())
	if err == nil {
		return nil
	}
	if !first || l.angles.index(l.cfg.Angle) >= 0 {
		l.survive(err, platform.Video.String())
		return nil
	}
	return err
}

// findAngle is the angle of a name that can be shown at pos.
func (l *loop) findAngle(name string, pos time.Duration) (int, *Error) {
	i := l.angles.index(name)
	switch {
	case i < 0:
		var names []string
		for _, a := range l.angles.list {
			names = append(names, fmt.Sprintf("%q", a.name))
		}
		return i, fail(event.BadArgument, l.base, "there is no camera angle %q: there are %s", name, strings.Join(names, ", "))
	case l.angles.list[i].leftOut != "":
		return i, fail(event.BadArgument, l.base, "the camera angle %q is left out: %s", name, l.angles.list[i].leftOut)
	case !l.there(i, pos):
		s := l.snap.Stream(l.angles.list[i].stream)
		return i, fail(event.BadArgument, l.base, "the camera angle %q has nothing at %v: it goes from %v to %v", name,
			pos.Round(time.Millisecond), s.Start().Round(time.Millisecond), s.End().Round(time.Millisecond))
	}
	return i, nil
}

// there reports whether an angle has pictures at pos. A live one has where others
// have: it is asked what there is.
func (l *loop) there(i int, pos time.Duration) bool {
	s := l.snap.Stream(l.angles.list[i].stream)
	if s.Len() == 0 {
		return false
	}
	end := s.End()
	if l.snap.Live() || end >= l.snap.Duration()-usualPeriod {
		return pos >= s.Start()
	}
	return pos >= s.Start() && pos < end
}

// loseAngle gives up an angle that cannot be had, for a while; what is shown goes
// on.
func (l *loop) loseAngle(t *track, e *Error) {
	if turn := l.angles.turn; turn != nil && turn.to == t {
		l.abandonTurn()
		l.survive(e, platform.Video.String())
	}
	a := &l.angles.list[l.angles.index(t.angle)]
	a.until = l.now() + setAside
	l.dropAside(t)
}

// tellAngles are the angles as events tell them; nil: there is but one.
func (l *loop) tellAngles() []event.TrackAngle {
	if len(l.angles.list) < 2 {
		return nil
	}
	var told []event.TrackAngle
	for i, a := range l.angles.list {
		c := l.angleChoice(i)
		told = append(told, event.TrackAngle{
			Name: a.name, Stream: l.streams[a.stream].Name, Begins: c.Begins, Levels: c.Levels,
			Selected: i == l.angles.shown, LeftOut: a.leftOut,
		})
	}
	return told
}

// angleChoices are the angles as a Status tells them.
func (l *loop) angleChoices() []AngleChoice {
	if len(l.angles.list) < 2 {
		return nil
	}
	var list []AngleChoice
	for i := range l.angles.list {
		list = append(list, l.angleChoice(i))
	}
	return list
}

func (l *loop) angleChoice(i int) AngleChoice {
	a := &l.angles.list[i]
	c := AngleChoice{Name: a.name, LeftOut: a.leftOut, Begins: max(l.snap.Stream(a.stream).Start(), 0)}
	name := l.angles.name(i)
	for _, q := range l.streams[a.stream].Levels {
		if q.Level >= 0 && q.Angle == name {
			c.Levels++
		}
	}
	for t := range l.all() {
		if t.kind == platform.Video && t.angle == name {
			c.Ahead = t.queue.Holds(l.position())
		}
	}
	return c
}

// offeredOf are the levels that t offers.
func (l *loop) offeredOf(t *track) []event.TrackLevel {
	levels := l.streams[t.index].Levels
	if t.angle == "" {
		return levels
	}
	return slices.DeleteFunc(slices.Clone(levels), func(q event.TrackLevel) bool { return q.Angle != t.angle })
}
