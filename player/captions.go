package player

import (
	"cmp"
	"context"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/pipeline"
	"smoothplay/player/timeline"
)

// captions are the text streams of the presentation, and the one that is shown.
// It is played beside the tracks: nothing ever waits for it.
type captions struct {
	offered  []textStream
	selected int      // of offered; -1: none
	wish     []string // what is wanted, the best first
	sources  uint64   // captions that there were so far

	shows    *pipeline.Captions // of the one selected; nil: none
	stop     context.CancelFunc // ends the goroutine of shows
	fetching textFetch
	quiet    time.Duration // until then, trouble is not told
	received int64         // bytes, of all of them
}

// textStream is a text stream that can be selected.
type textStream struct {
	index  int // of the stream
	codec  platform.Codec
	level  manifest.Level
	public TextChoice
}

// offerText offers the text stream i of a presentation, or says why not.
func (l *loop) offerText(o *offering, i int, snap *timeline.Snapshot) {
	s, offer := &snap.Presentation().Streams[i], &o.streams[i]
	var level manifest.Level // content that is embedded needs none
	if len(s.Levels) > 0 {
		level = s.Levels[0]
	}
	format, _, err := fragment.FormatOf(s, &level)
	told := event.TrackLevel{Level: -1, BitrateBPS: level.BitrateBPS, FourCC: level.FourCC}
	switch strings.ToUpper(s.Subtype) {
	case "", "CAPT", "SUBT", "DESC":
	default:
		offer.LeftOut = "it carries " + strings.ToUpper(s.Subtype) + ", not text to be read"
		return
	}
	switch {
	case err != nil:
		offer.LeftOut = err.Error()
	case s.ManifestOutput:
	case len(s.Levels) == 0 || s.URL == "":
		offer.LeftOut = "it has no fragments"
	case snap.Stream(i).Len() == 0 && !snap.Live():
		offer.LeftOut = "it has no fragments"
	}
	if offer.LeftOut != "" {
		return
	}
	told.Level, told.Codec = 0, string(format.Codec)
	offer.Levels = []event.TrackLevel{told}
	o.text = append(o.text, textStream{i, format.Codec, level, TextChoice{
		Name: cmp.Or(s.Name, s.Type), Language: s.Language, Role: offer.Role,
	}})
}

// beginText shows the captions that are wanted of a presentation just opened.
func (l *loop) beginText() {
	if n := firstFit(l.textChoices(), l.text.wish); n >= 0 {
		l.showText(n)
	}
}

func (l *loop) textChoices() []TextChoice {
	choices := make([]TextChoice, len(l.text.offered))
	for i := range l.text.offered {
		choices[i] = l.text.offered[i].public
	}
	return choices
}

// selectText changes the captions; -1: none.
func (l *loop) selectText(n int) error {
	if n < -1 || n >= len(l.text.offered) {
		return fail(event.BadArgument, "", "there is no text stream %d: %d can be selected", n, len(l.text.offered))
	}
	if n == l.text.selected {
		return nil
	}
	l.endText()
	l.text.wish = nil
	if n >= 0 {
		l.text.wish = l.text.offered[n].public.wish()
		l.showText(n)
	} else {
		l.emit(event.TextSelected{})
	}
	l.tellTracks()
	return nil
}

// showText begins with text stream n.
func (l *loop) showText(n int) {
	c := &l.text
	chosen := &c.offered[n]
	c.selected, c.sources = n, c.sources+1
	c.shows = pipeline.NewCaptions(c.sources, l.dev.Text, l.clock, l.screen, l.monitor)
	c.fetching = textFetch{}
	l.streams[chosen.index].Selected = true
	shows := c.shows
	c.stop = l.spawn(func(ctx context.Context) { _ = shows.Run(ctx) })
	l.emit(event.TextSelected{Name: chosen.public.Name, Language: chosen.public.Language})
	l.again = true // it is fetched at once
}

// endText takes the captions off the screen.
func (l *loop) endText() {
	c := &l.text
	if c.shows == nil {
		return
	}
	l.cancelText()
	c.stop()
	if i := c.offered[c.selected].index; i < len(l.streams) {
		l.streams[i].Selected = false
	}
	c.shows, c.stop, c.selected = nil, nil, -1
}

// hearCues tells of cues that begin to be shown.
func (l *loop) hearCues() {
	for _, q := range l.report.Cues {
		if l.text.shows == nil || q.Source != l.text.sources {
			continue
		}
		l.emit(event.Text{Begin: q.Begin, End: q.End, Language: l.text.offered[l.text.selected].public.Language, Text: q.Text})
	}
}

// textTrouble tells what is wrong with captions, at most once in a while: playing
// goes on.
func (l *loop) textTrouble(e *Error) {
	if l.now() < l.text.quiet {
		return
	}
	l.text.quiet = l.now() + textQuiet
	l.survive(e, platform.Text.String())
}
