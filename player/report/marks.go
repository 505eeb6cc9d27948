package report

import (
	"cmp"
	"fmt"

	"smoothplay/player/event"
)

// mark keeps that something happened.
func (r *run) mark(kind MarkKind, format string, args ...any) {
	add(r, &r.series.Marks, Mark{r.at, kind, text(fmt.Sprintf(format, args...))})
}

// happened takes the events that are but a span or a mark.
func (r *run) happened(body event.Body) {
	switch b := body.(type) {
	case event.FirstPicture:
		r.end(Startup, b.SinceRun)
	case event.StallBegin:
		r.begin(Stall, b.Began)
	case event.StallEnd:
		r.end(Stall, r.at)
		r.mark(Stalled, "stalled for %s", span(b.Stalled))
	case event.Seek:
		r.begin(Seeking, r.at)
		how := b.Mode
		if b.InBuffer {
			how += ", in the buffer"
		}
		if b.Cause != "" && b.Cause != "command" {
			how += ", " + b.Cause
		}
		r.mark(Sought, "seek to %s (%s)", clock(b.To), how)
	case event.SeekDone:
		r.end(Seeking, r.at)
	case event.Angle:
		r.mark(Selected, "angle %s", b.To)
	case event.AudioSelected:
		r.mark(Selected, "audio %s %s", cmp.Or(b.Name, "off"), b.Language)
	case event.TextSelected:
		r.mark(Selected, "captions %s %s", cmp.Or(b.Name, "off"), b.Language)
	case event.Rate:
		r.mark(Selected, "rate %g", b.To)
	case event.Failover:
		r.mark(Failover, "from host %s to %s: %s", b.From, b.To, b.Cause)
	case event.Error:
		what := "survived"
		if b.Fatal {
			what = "fatal"
		}
		r.mark(Failure, "%s (%s): %s", b.Code, what, b.Message)
	case event.Window:
		if b.Cause != "" {
			r.mark(Other, "window %s to %s: %s", clock(b.Begin), clock(b.End), b.Cause)
		}
	case event.LiveEnded:
		r.mark(Other, "the live presentation is complete")
	case event.Clip:
		r.mark(Other, "clip %s: %s", b.ID, b.Step)
	case event.Key:
		if b.Result != "requested" {
			r.mark(Other, "key %s: %s %s", b.KID, b.Result, b.Code)
		}
	}
}
