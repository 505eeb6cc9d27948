package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"smoothplay/player/event"
)

const (
	// newsStays is how long news are part of the status line.
	newsStays = 8 * time.Second
	// newsAgain is how long the same is not told again.
	newsAgain = 30 * time.Second
	// newsHistory bounds what is remembered of what was told, and what waits to be
	// written.
	newsHistory = 64
)

// news tells people in a few words what happens to a session beside playing:
// faults and what was done about them, other origins, an encoder that is away. It
// is a Sink; the status line and the on-screen display read it. Safe for
// concurrent use. A nil *news has nothing to tell.
//
//	player -- events --> news -- line, last --> status line, display
//	                      +----- flush -------> terminal, a line each
type news struct {
	mu     sync.Mutex
	latest string
	at     time.Time            // of latest
	told   map[string]time.Time // what was told when
	lines  []string             // not written yet

	live    bool
	chunk   time.Duration // length of the latest video fragment
	grown   time.Time     // when the live edge moved last
	away    bool          // that nothing comes was told
	server  string        // what the server says instead of media; "": nothing wrong
	refused map[string]event.Fragment
}

func newNews() *news {
	return &news{told: map[string]time.Time{}, refused: map[string]event.Fragment{}}
}

// Handle implements [event.Sink].
func (n *news) Handle(e event.Event) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if text := n.read(e, now); text != "" {
		n.latest, n.at = text, now
		n.write(text, now)
	}
}

// write has a line written, unless the same was told a moment ago.
func (n *news) write(text string, now time.Time) {
	if last, told := n.told[text]; told && now.Sub(last) < newsAgain {
		return
	}
	if len(n.told) >= newsHistory {
		clear(n.told)
	}
	n.told[text] = now
	if len(n.lines) < newsHistory {
		n.lines = append(n.lines, now.Format("15:04:05 ")+text+"\n")
	}
}

// flush writes to a terminal what was told since, above its status line, with
// the time of day.
func (n *news) flush(to *console) {
	n.mu.Lock()
	lines := strings.Join(n.lines, "")
	n.lines = nil
	n.mu.Unlock()
	if lines != "" && to.Terminal() {
		io.WriteString(to, lines)
	}
}

// read is what an event says to people; "": nothing.
func (n *news) read(e event.Event, now time.Time) string {
	switch b := e.Body.(type) {
	case event.Manifest:
		if !b.Refresh {
			n.live, n.away, n.grown, n.server = b.Live, false, now, ""
			clear(n.refused)
		}
	case event.LiveEdge:
		return n.edge(now)
	case event.LiveEnded:
		n.live = false
		return "the event is over"
	case event.Failover:
		n.server = ""
		if b.Cause == "" {
			return "back at " + b.To
		}
		return fmt.Sprintf("moved from %s to %s: %s", b.From, b.To, causeText(b.Cause))
	case event.Window:
		if b.Cause == "outside" {
			return fmt.Sprintf("outside of the window, which is the last %s", clock((b.End - b.Begin).Truncate(time.Second)))
		}
	case event.Seek:
		return seekNews(e.Pos, b)
	case event.Fragment:
		return n.fragment(b)
	case event.Error:
		return errorNews(b)
	}
	return ""
}

// errorNews says what was survived.
func errorNews(e event.Error) string {
	switch {
	case e.Fatal, e.Code == event.LiveStalled: // told elsewhere, and sooner
		return ""
	case e.Track == "manifest":
		return "manifest: " + causeText(e.Code)
	case e.Code == event.FragmentSkipped:
		return fmt.Sprintf("%s of %s cannot be had and is left out", seconds(e.Duration), e.Track)
	}
	return printable(e.Message)
}

// edge notes that the live edge has moved.
func (n *news) edge(now time.Time) string {
	away := now.Sub(n.grown)
	n.grown, n.server = now, ""
	if !n.away {
		return ""
	}
	n.away = false
	return fmt.Sprintf("it goes on, after %.0f s", away.Seconds())
}

// seekNews says where the player went of itself.
func seekNews(from time.Duration, s event.Seek) string {
	switch s.Cause {
	case "gap":
		return fmt.Sprintf("a gap of %.1f s is passed over", (s.To - from).Seconds())
	case "live":
		if far := s.To - from; far > time.Second {
			return fmt.Sprintf("to the live edge, %s ahead", clock(far.Round(time.Second)))
		}
	case "window":
		return "the window has moved on: from its start"
	}
	return ""
}

// fragment says what goes wrong with transfers. What is not there yet at the
// live edge is no news; a level that is not there, while others are, is.
func (n *news) fragment(f event.Fragment) string {
	if f.Track == "video" {
		n.chunk = f.Duration
	}
	switch f.Outcome {
	case event.Received:
		missing, ok := n.refused[f.Track]
		delete(n.refused, f.Track)
		if ok && missing.T == f.T && missing.Level != f.Level {
			return fmt.Sprintf("no %s of %s (%d): %s instead", f.Track, rateText(missing.BitrateBPS), missing.Status, rateText(f.BitrateBPS))
		}
	case event.Faulty:
		if f.Status == http.StatusNotFound || f.Status == http.StatusPreconditionFailed {
			n.refused[f.Track] = f
			return ""
		}
		n.server = causeText(f.Code)
		if f.Status >= http.StatusBadRequest {
			n.server = fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status))
		}
		return fmt.Sprintf("%s: %s", f.Track, n.server)
	}
	return ""
}

// waiting says for what a live session waits at now; "": for nothing.
func (n *news) waiting(now time.Time) string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	text := ""
	if quiet := now.Sub(n.grown); n.live && n.chunk > 0 && quiet >= 2*n.chunk+2*time.Second {
		what := "the encoder"
		if n.server != "" {
			what = "the server (" + n.server + ")"
		}
		text = fmt.Sprintf("nothing new for %.0f s, waiting for %s", quiet.Truncate(time.Second).Seconds(), what)
		if !n.away {
			n.away = true
			n.write(text, now)
		}
	}
	return text
}

// line is what the status line says at now; "": nothing.
func (n *news) line(now time.Time) string {
	if text := n.waiting(now); text != "" {
		return text
	}
	text, _ := n.last(now, newsStays)
	return text
}

// last is the latest news, where they are not older than stays.
func (n *news) last(now time.Time, stays time.Duration) (text string, at time.Time) {
	if n == nil {
		return "", time.Time{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.latest == "" || now.Sub(n.at) >= stays {
		return "", time.Time{}
	}
	return n.latest, n.at
}

// causeTexts are the codes that have better words than their own.
var causeTexts = map[event.Code]string{
	event.LiveStalled: "nothing new came", event.Refused: "connection refused", event.Timeout: "no answer in time",
	event.ConnectionLost: "connection lost", event.ServerError: "server error", event.HostUnknown: "unknown host",
	event.FragmentOtherTime: "the fragment of another time", event.FragmentMalformed: "not a fragment",
	event.FragmentTruncated: "a fragment that is cut off",
}

// causeText is a code for people.
func causeText(c event.Code) string {
	if text, ok := causeTexts[c]; ok {
		return text
	}
	return stateText(event.State(c))
}
