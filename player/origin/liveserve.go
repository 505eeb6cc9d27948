package origin

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// maxFragment bounds a fragment that is taken apart, in bytes.
const maxFragment = 256 << 20

// liveExt is how the URL of a live presentation ends, [MS-SSTR] 2.2.1.
const liveExt = ".isml"

// liveNames are the names under which a presentation may lie that is asked for
// live; nil: it is not.
func (o *Origin) liveNames(folder string) []string {
	ext := path.Ext(folder)
	if o.live == nil || !strings.EqualFold(ext, liveExt) {
		return nil
	}
	stem := strings.TrimSuffix(folder, ext)
	names := []string{stem + ".ism", stem, folder}
	if dir, base := path.Split(stem); strings.EqualFold(base, "live") { // the folder itself
		names = append(names, strings.TrimSuffix(dir, "/"))
	}
	return names
}

// newEvent makes an event of a presentation.
func newEvent(live *Live, p presentation) (*event, error) {
	data, err := p.manifest()
	if err != nil {
		return nil, err
	}
	e := &event{live: live, origin: p}
	if e.form, err = newLiveForm(data); err == nil {
		e.loop, err = newLoop(e.form.streams, e.whole)
	}
	if err != nil {
		return nil, fmt.Errorf("it cannot be served live: %w", err)
	}
	return e, nil
}

// whole counts the whole samples of a fragment within its first d ticks.
func (e *event) whole(s *manifest.Stream, t, d uint64) (int, error) {
	p, err := url.PathUnescape(manifest.ChunkURL("/x.ism/", s, &s.Levels[0], manifest.Ticks(t)))
	if err != nil {
		return 0, err
	}
	r, ok := parseRequest(p)
	if !ok {
		return 0, fmt.Errorf("%s is no URL of a fragment", p)
	}
	data, _, err := e.read(r)
	if err != nil {
		return 0, err
	}
	var f fragment.Fragment
	if err := f.Parse(data, fragment.Options{Kind: kindOf(s.Type), FragmentDuration: d}); err != nil {
		return 0, err
	}
	return wholeSamples(f.Samples, d), nil
}

func kindOf(name string) platform.Kind {
	switch name {
	case "video":
		return platform.Video
	case "audio":
		return platform.Audio
	}
	return platform.Text
}

// read reads a fragment of the presentation, and says of which type it is.
func (e *event) read(r request) (data []byte, mime string, err error) { return readWhole(e.origin, r) }

func readWhole(p presentation, r request) (data []byte, mime string, err error) {
	c, err := p.fragment(r)
	if err != nil {
		return nil, "", err
	}
	defer c.Close()
	if c.size > maxFragment {
		return nil, "", fmt.Errorf("a fragment of %d bytes: more than %d", c.size, maxFragment)
	}
	data = make([]byte, c.size)
	_, err = io.ReadFull(c, data)
	return data, c.mime, err
}

// twist is what a fault does to an answer that is otherwise as usual.
type twist struct {
	noIV bool      // an initialisation vector is left out
	at   time.Time // the manifest of this instant; zero: of now
	tfrf FaultKind // FaultNoTfrf, FaultBadTfrf; "": none
	how  string    // of FaultBadTfrf
}

// replyLive answers a request for an event.
func (o *Origin) replyLive(e *event, r request, tw twist) answer {
	if r.manifest {
		at := tw.at
		if at.IsZero() {
			at = o.now()
		}
		a := bytesAnswer(o.moment(e, at).manifest(), "text/xml")
		a.cache = maxAge(e.shortest() / 2)
		return a
	}
	return o.moment(e, o.now()).fragment(r, tw)
}

// shortest is the length of the shortest chunk of pictures or sound.
func (e *event) shortest() time.Duration {
	shortest := time.Minute
	for i := range e.streams {
		if s := &e.streams[i]; s.leads() {
			shortest = min(shortest, s.wall(s.chunks[0].d))
		}
	}
	return shortest
}

func maxAge(d time.Duration) string { return fmt.Sprintf("public, max-age=%d", int(d.Seconds())) }

// fragment answers a request for a fragment.
func (m *moment) fragment(r request, tw twist) answer {
	s := m.stream(r.stream)
	if s == nil {
		return answer{err: fmt.Errorf("stream %q: %w", r.stream, fs.ErrNotExist)}
	}
	if r.bitrate >= 0 && !slices.Contains(s.levels, r.bitrate) {
		return answer{err: fmt.Errorf("stream %q at %d bit/s: %w", r.stream, r.bitrate, fs.ErrNotExist)}
	}
	n, err := m.find(s, r.time)
	if err != nil {
		return answer{err: err}
	}
	c, t, d := s.chunk(n)
	data, mime, err := m.read(r.of(c.source))
	if err != nil {
		return answer{err: err}
	}
	change := retiming{
		kind: kindOf(s.kind), live: true, sequence: uint32(n), t: t, d: d, version0: m.live.Version0,
		next: bend(m.followers(s, n), announced{t, d}, n, tw), fit: c.fit, keys: r.keys(),
	}
	moof, payload, err := change.apply(data)
	if err != nil {
		return answer{err: fmt.Errorf("stream %q at time %d, from %d of the presentation: %w", s.noun, t, c.source, err)}
	}
	a := bytesAnswer(cutOut(moof, payload, r.part()), mime+m.childTracks(s, t+d))
	// What was sent once stays the same for as long as it is there.
	a.cache = maxAge(min(max(m.live.Window, 0), time.Hour))
	if m.live.Window == 0 {
		a.cache = maxAge(time.Hour)
	}
	return a
}

// cutOut is what a noun means of a fragment.
func cutOut(moof, media []byte, p part) []byte {
	switch p {
	case head:
		return moof
	case payload:
		return media
	}
	out := make([]byte, 0, len(moof)+8+len(media))
	return writeBox(append(out, moof...), "mdat", media)
}

// childTracks is what a response tells of the sparse streams that belong to s:
// their newest fragments before t, [MS-SSTR] 2.2.5. It goes behind the type.
func (m *moment) childTracks(s *loopStream, t uint64) string {
	var pairs []string
	for i := range m.streams {
		child := &m.streams[i]
		if child.parent == "" || len(child.chunks) == 0 || m.parentOf(child) != s {
			continue
		}
		n := m.before(child, child.since(s.wall(t))-1)
		if n >= m.first(child) {
			_, at, _ := child.chunk(n)
			pairs = append(pairs, fmt.Sprintf("%s=%d", child.name, at))
		}
	}
	if pairs == nil {
		return ""
	}
	return `;ChildTrack="` + strings.Join(pairs, ",") + `"`
}

// bend returns what a fragment announces, itself being own and number n, where a
// fault has its hand in it.
func bend(next []announced, own announced, n int64, tw twist) []announced {
	switch {
	case tw.tfrf == FaultNoTfrf || len(next) == 0:
		return nil
	case tw.tfrf != FaultBadTfrf:
		return next
	}
	how := tw.how
	if how == "" {
		how = bendings[n%int64(len(bendings))]
	}
	next = slices.Clone(next)
	switch how {
	case BadDurations: // a tenth too long, or too short
		for i := range next {
			if (n+int64(i))%2 == 0 {
				next[i].d += next[i].d / 10
			} else {
				next[i].d -= next[i].d / 10
			}
		}
	case BadTimes: // a tick too late, or half a fragment
		for i := range next {
			if n%2 == 0 {
				next[i].t++
			} else {
				next[i].t += next[i].d / 2
			}
		}
	case BadOrder:
		slices.Reverse(next)
	case BadDuplicates: // with itself first
		twice := []announced{own}
		for _, a := range next {
			twice = append(twice, a, a)
		}
		next = twice
	}
	return next
}

// bytesAnswer answers with what is in memory.
func bytesAnswer(data []byte, mime string) answer {
	return answer{body: &content{bytes.NewReader(data), io.NopCloser(nil), int64(len(data)), mime}}
}

// happenings are what faults do to events, instead of to single answers.
type happenings struct {
	end    time.Time // zero: no fault ends them
	ending Ending    // "": as Live says
	gaps   []Gap
	jump   time.Duration // of the clock
}

// moment returns an event at an instant of the Origin's clock.
func (o *Origin) moment(e *event, at time.Time) *moment {
	o.mu.Lock()
	defer o.mu.Unlock()
	return e.at(at, o.happenings(time.Now()))
}

// now is the time by the Origin's clock, which a fault may have put wrong.
func (o *Origin) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	return now.Add(o.happenings(now).jump)
}
