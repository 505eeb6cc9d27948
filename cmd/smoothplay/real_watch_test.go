//go:build cgo

package main

import (
	endian "encoding/binary"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
	"smoothplay/render/ffmpeg"
	"smoothplay/testdata/demo"
)

// The tests named TestReal play with real decoding. Those in a bubble watch and
// listen to what reaches the sinks: decoding takes no time there, so that no
// picture can be late on any machine, and every difference is the player's own.
//
//	demo -> origin -> player -> ffmpeg -> camera: the mark of each picture
//	                                  \-> ears:   where in the sound of the demo each piece is from

// period is how long a picture of the demo lasts.
const period = time.Second / demo.FrameRate

// rate is the sampling rate of the demo.
const rate = 48000

// seen is a picture as the screen showed it.
type seen struct {
	at    time.Time
	frame int
	level int
	flash bool
	pts   time.Duration
}

// camera is a screen that reads what the pictures say.
type camera struct {
	null.VideoSink
	t     *testing.T
	marks bool // the pictures are those of the demo
	moved bool // they are not at their own places

	mu       sync.Mutex
	pictures []seen
	last     *platform.Picture
	lastMark platformtest.Mark
}

func newCamera(t *testing.T) *camera {
	c := &camera{t: t, marks: true}
	c.OnShow = c.look
	return c
}

func (c *camera) look(f *platform.Frame, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := f.Picture
	if p == nil { // the end of the session
		c.last = nil
		return
	}
	if !c.marks {
		c.pictures = append(c.pictures, seen{at: at, frame: int(p.PTS)})
		return
	}
	m, ok := readMark(p)
	if !ok {
		c.t.Errorf("the picture of %v, of %dx%d, has no mark", p.PTS, p.Width, p.Height)
		return
	}
	if !c.moved && time.Duration(m.Frame)*period != p.PTS {
		c.t.Errorf("picture %d is said to be that of %v", m.Frame, p.PTS)
	}
	if width := [demo.Levels]int{320, 480, 640, 1280}[m.Level]; p.Width != width || p.Source == nil || p.Source.Width != width {
		c.t.Errorf("picture %d of level %d is %d pixels wide", m.Frame, m.Level, p.Width)
	}
	// A display goes on scanning a picture out until the next is there.
	if c.last != nil && c.last != p {
		if m, ok := readMark(c.last); !ok || m != c.lastMark {
			c.t.Errorf("while picture %d came, picture %d was no longer what it was", m.Frame, c.lastMark.Frame)
		}
	}
	c.last, c.lastMark = p, m
	lit := platformtest.ReadFlash(p.Planes[0], p.Strides[0], p.Width, p.Height)
	if beat := m.Frame % demo.FrameRate; lit != (beat >= demo.BeatFrame && beat < demo.BeatFrame+demo.FlashFrames) {
		c.t.Errorf("picture %d: the flash is %v", m.Frame, lit)
	}
	c.pictures = append(c.pictures, seen{at, m.Frame, m.Level, lit, p.PTS})
}

func readMark(p *platform.Picture) (platformtest.Mark, bool) {
	return platformtest.ReadMark(p.Planes[0], p.Strides[0], p.Width, p.Height)
}

// all are the pictures shown so far.
func (c *camera) all() []seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pictures)
}

func (c *camera) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pictures)
}

// watched is a session that camera and ears attended.
type watched struct {
	*playertest.Result
	t        *testing.T
	pictures []seen
	anchors  []anchor
}

// watch plays a Scenario in a bubble, by default the demo, and returns what was
// seen and heard. mk makes it; it is given the camera for steps that look at it.
func watch(t *testing.T, mk func(c *camera) playertest.Scenario) *watched {
	t.Helper()
	c := newCamera(t)
	s := mk(c)
	s.Video = c
	if s.Handler == nil {
		s.Handler = demoWith(t, "")
	}
	if s.Path == "" {
		s.Path = "/demo.ism/Manifest"
	}
	if s.Decoders == nil {
		s.Decoders = ffmpeg.Decoders{}
	}
	if s.Audio == nil {
		s.Audio = &null.AudioSink{}
	}
	s.Audio.Record, s.Audio.Capture = true, true
	if s.Audio.Latency == 0 {
		s.Audio.Latency = 37 * time.Millisecond
	}
	r := playertest.Run(t, s)
	return &watched{Result: r, t: t, pictures: c.all()}
}

// demoWith is the demo on a server on which things go wrong as faults say.
func demoWith(t *testing.T, faults string) http.Handler {
	t.Helper()
	parsed, err := origin.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	o, err := origin.New(origin.Config{Faults: parsed})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// little makes a session gather little, so that the 24 s of the demo do not fit
// into the buffer.
func little(c *player.Config) { c.BufferAhead = 5 * time.Second }

// frames are the numbers of the pictures of some stretches, each from an even
// entry to before the next.
func frames(edges ...int) []int {
	var list []int
	for i := 0; i+1 < len(edges); i += 2 {
		for n := edges[i]; n < edges[i+1]; n++ {
			list = append(list, n)
		}
	}
	return list
}

// completed asserts that the session came to its end.
func (w *watched) completed() {
	w.t.Helper()
	if w.Err != nil || w.Summary.End != event.Completed {
		w.t.Errorf("ended as %s: %v", w.Summary.End, w.Err)
	}
}

// showed asserts that these pictures were shown, in this order, and no other.
func (w *watched) showed(want []int) {
	w.t.Helper()
	got := w.counters()
	if slices.Equal(got, want) {
		return
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	w.t.Errorf("%d pictures were shown, want %d; the first difference is at number %d: got %v, want %v",
		len(got), len(want), i, got[i:min(i+8, len(got))], want[i:min(i+8, len(want))])
}

func (w *watched) counters() []int {
	var got []int
	for _, p := range w.pictures {
		got = append(got, p.frame)
	}
	return got
}

// runs are the stretches of consecutive pictures: their first and last.
func (w *watched) runs() (list [][2]int) {
	for i, p := range w.pictures {
		if i == 0 || p.frame != w.pictures[i-1].frame+1 {
			list = append(list, [2]int{p.frame, p.frame})
		}
		list[len(list)-1][1] = p.frame
	}
	return list
}

// levels are the levels shown one after the other. They change where fragments
// do, every two seconds.
func (w *watched) levels() (list []int) {
	w.t.Helper()
	for i, p := range w.pictures {
		if i > 0 && p.level == w.pictures[i-1].level {
			continue
		}
		if i > 0 && p.frame%50 != 0 && p.frame == w.pictures[i-1].frame+1 {
			w.t.Errorf("the level changes from %d to %d at picture %d", w.pictures[i-1].level, p.level, p.frame)
		}
		list = append(list, p.level)
	}
	return list
}

// inSync asserts that pictures and sound belong together, by what reached screen
// and ear: at least the given share of the pictures can be compared, 20 ms apart
// on average and 45 ms at any one.
func (w *watched) inSync(share float64) {
	w.t.Helper()
	var sum, worst time.Duration
	var at seen
	n := 0
	for _, p := range w.pictures {
		heard, ok := w.heardAt(p.at)
		if !ok {
			continue
		}
		off := (heard - time.Duration(p.frame)*period).Abs()
		n++
		sum += off
		if off > worst {
			worst, at = off, p
		}
	}
	if n == 0 || float64(n) < share*float64(len(w.pictures)) {
		w.t.Errorf("of %d pictures %d can be compared with what was heard", len(w.pictures), n)
		return
	}
	mean := sum / time.Duration(n)
	w.t.Logf("pictures and sound: %v apart on average, %v at most (picture %d), over %d of %d pictures",
		mean.Round(10*time.Microsecond), worst.Round(10*time.Microsecond), at.frame, n, len(w.pictures))
	if mean > 20*time.Millisecond || worst > 45*time.Millisecond {
		w.t.Errorf("pictures and sound are %v apart on average, and %v at picture %d", mean, worst, at.frame)
	}
}

// anchor says which place of the demo's sound was heard at an instant.
type anchor struct {
	at       time.Time
	media    time.Duration
	language string
	piece    int // of Result.Heard
}

// heardAt is the place of the demo's sound heard at an instant.
func (w *watched) heardAt(at time.Time) (media time.Duration, ok bool) {
	if w.anchors == nil {
		w.anchors = locate(w.t, w.Heard)
	}
	nearest := time.Second
	for _, a := range w.anchors {
		piece := w.Heard[a.piece]
		length := time.Duration(piece.Frames) * time.Second / rate
		distance := at.Sub(a.at)
		if at.Before(piece.At) || !at.Before(piece.At.Add(length)) || distance.Abs() >= nearest {
			continue
		}
		nearest, ok = distance.Abs(), true
		media = a.media + distance
	}
	return media, ok
}

// onePiece asserts that the sound was one piece of the given length, without gap,
// and returns it.
func (w *watched) onePiece(length time.Duration) []int16 {
	w.t.Helper()
	if len(w.Heard) != 1 || w.Summary.AudioGaps != 0 || w.Sound.Underruns != 0 {
		w.t.Fatalf("the sound has %d pieces, %d gaps and %d underruns", len(w.Heard), w.Summary.AudioGaps, w.Sound.Underruns)
	}
	pcm := left(w.Heard[0].Data)
	if want := int(length * rate / time.Second); len(pcm) < want-rate/100 || len(pcm) > want+rate/100 {
		w.t.Fatalf("%d samples of sound were heard, want %d", len(pcm), want)
	}
	return pcm
}

// left is the left channel of stereo sound.
func left(data []byte) []int16 {
	pcm := make([]int16, len(data)/4)
	for i := range pcm {
		pcm[i] = int16(endian.NativeEndian.Uint16(data[4*i:]))
	}
	return pcm
}

// pitch is the beep of each language.
var pitch = map[string]float64{"eng": demo.BeepEngHz, "deu": demo.BeepDeuHz}

// reference is the sound of each language of the demo as a session without
// trouble plays it, which TestRealSound examines.
var reference struct {
	sync.Mutex
	pcm map[string][]int16
}

func referenceOf(t *testing.T, language string) []int16 {
	t.Helper()
	reference.Lock()
	defer reference.Unlock()
	if pcm := reference.pcm[language]; pcm != nil {
		return pcm
	}
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Config: func(c *player.Config) { c.NoVideo, c.AudioLanguages = true, []string{language} }}
	})
	w.completed()
	pcm := w.onePiece(24 * time.Second)
	if reference.pcm == nil {
		reference.pcm = map[string][]int16{}
	}
	reference.pcm[language] = pcm
	return pcm
}

// locate finds out of which places of the demo the pieces heard are, every
// quarter of a second.
func locate(t *testing.T, heard []null.Heard) (anchors []anchor) {
	t.Helper()
	var places []place
	for _, language := range []string{"eng", "deu"} {
		pcm := referenceOf(t, language)
		places = append(places, place{language, pcm, thin(pcm)})
	}
	for n, piece := range heard {
		pcm := left(piece.Data)
		window := min(rate/2, len(pcm))
		if window < rate/5 {
			continue
		}
		var last *place
		lag := 0 // where the piece would begin in last
		for at := 0; at+window <= len(pcm); at += rate / 4 {
			part := pcm[at : at+window]
			found, where := last, -1
			if last != nil {
				where = last.near(part, at+lag)
			}
			if where < 0 {
				found, where = search(places, part)
			}
			if where < 0 {
				continue
			}
			last, lag = found, where-at
			anchors = append(anchors, anchor{
				at:    piece.At.Add(time.Duration(at) * time.Second / rate),
				media: time.Duration(where) * time.Second / rate, language: found.language, piece: n,
			})
		}
	}
	return anchors
}

// place is where sound may come from.
type place struct {
	language string
	pcm      []int16
	thin     []float64 // 2 kHz
}

const thinning = 24

func thin(pcm []int16) []float64 {
	out := make([]float64, len(pcm)/thinning)
	for i := range out {
		for _, v := range pcm[i*thinning : (i+1)*thinning] {
			out[i] += float64(v) / thinning
		}
	}
	return out
}

// search looks for part in all places; -1: it is not there, or might be in more
// than one.
func search(places []place, part []int16) (found *place, where int) {
	small := thin(part)
	best, second := math.Inf(1), math.Inf(1)
	where = -1
	for i := range places {
		p := &places[i]
		for at := 0; at+len(small) <= len(p.thin); at++ {
			sum := 0.0
			for j, v := range small {
				d := v - p.thin[at+j]
				if sum += d * d; sum >= second {
					break
				}
			}
			same := found == p && at*thinning-where < 10*thinning
			switch {
			case sum < best && same:
				best, where = sum, at*thinning
			case sum < best:
				best, second, found, where = sum, best, p, at*thinning
			case sum < second && !same:
				second = sum
			}
		}
	}
	if found == nil || second < 2*best {
		return nil, -1
	}
	return found, found.near(part, where)
}

// near is the place of part close to at, to the sample; -1: it is not there.
func (p *place) near(part []int16, at int) int {
	all := 0.0
	for _, v := range part {
		all += float64(v) * float64(v)
	}
	best, where := all/2, -1
	for from := max(at-2*thinning, 0); from <= at+2*thinning && from+len(part) <= len(p.pcm); from++ {
		sum := 0.0
		for i, v := range part {
			d := float64(v) - float64(p.pcm[from+i])
			if sum += d * d; sum >= best {
				break
			}
		}
		if sum < best {
			best, where = sum, from
		}
	}
	return where
}

func loudness(pcm []int16) float64 {
	sum := 0.0
	for _, v := range pcm {
		sum += math.Abs(float64(v))
	}
	return sum / float64(len(pcm))
}

// codes are the codes of the errors of a session that it survived, each once.
func (w *watched) codes() string {
	var list []string
	for _, e := range event.Bodies[event.Error](w.Events) {
		list = append(list, string(e.Code))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}
