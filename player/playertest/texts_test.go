package playertest

import (
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
)

// What checks the text events of sessions finds each way in which they can be
// wrong.
func TestCheckText(t *testing.T) {
	captions := Text{Language: "eng"}.Captions(0, 10*time.Second)
	told := func(q platform.Cue, at time.Duration) event.Event {
		return event.Event{Pos: at, Body: event.Text{Begin: q.Begin, End: q.End, Text: q.Text}}
	}
	var right []event.Event
	for _, q := range captions {
		right = append(right, event.Event{Body: event.Rate{}}, told(q, q.Begin+5*time.Millisecond))
	}
	const late = 10 * time.Millisecond
	if trouble := CheckText(right, captions, late); trouble != "" {
		t.Errorf("what is right: %s", trouble)
	}
	another := func(change func(*event.Text)) event.Event {
		e := right[3]
		body := e.Body.(event.Text)
		change(&body)
		e.Body = body
		return e
	}
	for name, wrong := range map[string][]event.Event{
		"none":            nil,
		"one is missing":  slices.Delete(slices.Clone(right), 3, 4),
		"the last one is": right[:len(right)-1],
		"one comes twice": slices.Insert(slices.Clone(right), 3, right[3]),
		"another order":   {right[3], right[1], right[5], right[7]},
		"too soon":        {right[1], told(captions[1], captions[1].Begin-1), right[5], right[7]},
		"too late":        {right[1], told(captions[1], captions[1].Begin+late+1), right[5], right[7]},
		"another text":    {right[1], another(func(b *event.Text) { b.Text = "else" }), right[5], right[7]},
		"another begin":   {right[1], another(func(b *event.Text) { b.Begin-- }), right[5], right[7]},
		"another end":     {right[1], another(func(b *event.Text) { b.End++ }), right[5], right[7]},
		"one more":        append(slices.Clone(right), told(Text{}.Caption(9), time.Minute)),
	} {
		if CheckText(wrong, captions, late) == "" {
			t.Errorf("%s: nothing is found", name)
		}
	}
}
