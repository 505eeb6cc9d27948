package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Event is one thing that happened in a session.
type Event struct {
	Seq  uint64        // from 1, without gaps
	At   time.Duration // when it was made, since Run began; never decreases
	Pos  time.Duration // the playhead, on the session's timeline
	Item int           // index of the item it belongs to
	Body Body          // what happened; never nil
}

// Body is what happened. Only this package's structs implement it, by value:
// the set of kinds is the measurement format.
type Body interface {
	// Type is the stable name of the kind, as in the field "type".
	Type() string
	sealed()
}

// A Sink receives the events of one session, in order and from one goroutine.
// Handle must not block, and must not change what the Event refers to.
type Sink interface {
	Handle(Event)
}

// header is the part that all events share, in the order of the JSON form.
type header struct {
	Seq  uint64        `json:"seq"`
	At   time.Duration `json:"at_ns"`
	Pos  time.Duration `json:"pos_ns"`
	Item int           `json:"item"`
	Type string        `json:"type"`
}

// AppendJSON appends e as one JSON object without a line end: the shared
// fields first, then those of the body, always in the same order. It fails only
// for a body with a float that is not finite.
func (e Event) AppendJSON(b []byte) ([]byte, error) {
	if u, ok := e.Body.(Unknown); ok {
		return append(b, u.Raw...), nil
	}
	if e.Body == nil {
		return b, fmt.Errorf("event %d has no body", e.Seq)
	}
	var fields bytes.Buffer
	enc := json.NewEncoder(&fields)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e.Body); err != nil {
		return b, fmt.Errorf("writing event %d (%s): %w", e.Seq, e.Body.Type(), err)
	}
	b = append(b, `{"seq":`...)
	b = strconv.AppendUint(b, e.Seq, 10)
	b = append(b, `,"at_ns":`...)
	b = strconv.AppendInt(b, int64(e.At), 10)
	b = append(b, `,"pos_ns":`...)
	b = strconv.AppendInt(b, int64(e.Pos), 10)
	b = append(b, `,"item":`...)
	b = strconv.AppendInt(b, int64(e.Item), 10)
	b = append(b, `,"type":"`...)
	b = append(b, e.Body.Type()...)
	b = append(b, '"')
	if rest := bytes.TrimSpace(fields.Bytes())[1:]; len(rest) > 1 {
		b = append(b, ',')
		return append(b, rest...), nil
	}
	return append(b, '}'), nil
}

// MarshalJSON is AppendJSON for encoding/json.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil) }

// UnmarshalJSON reads what AppendJSON wrote. A type that this version does not
// know becomes an Unknown body that is written back as it was read.
func (e *Event) UnmarshalJSON(line []byte) error {
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	if h.Type == "" {
		return fmt.Errorf("reading event %d: it has no type", h.Seq)
	}
	body, err := decodeBody(h.Type, line)
	if err != nil {
		return fmt.Errorf("reading event %d (%s): %w", h.Seq, h.Type, err)
	}
	*e = Event{Seq: h.Seq, At: h.At, Pos: h.Pos, Item: h.Item, Body: body}
	return nil
}

// Unknown is the body of an event whose type this version does not know.
type Unknown struct {
	Name string          // its type
	Raw  json.RawMessage // the whole object, shared fields included
}

// Type returns the name as read.
func (u Unknown) Type() string { return u.Name }
func (Unknown) sealed()        {}

// kinds lists a value of every kind, to read bodies back by their type.
var kinds = [...]kind{
	of[SessionStarted](), of[StateChanged](), of[Manifest](), of[Tracks](), of[Fragment](),
	of[LevelDecided](), of[LevelShown](), of[FirstPicture](), of[StallBegin](), of[StallEnd](),
	of[Seek](), of[SeekDone](), of[Angle](), of[Insets](), of[AudioSelected](), of[TextSelected](), of[Rate](),
	of[RenderLoad](), of[FramesDropped](), of[Gauges](), of[LiveEdge](), of[Window](), of[LiveEnded](),
	of[Failover](), of[Key](), of[Text](), of[Marker](), of[Datum](), of[Clip](), of[Error](), of[SessionEnded](),
}

type kind struct {
	name string
	read func([]byte) (Body, error)
}

func of[T Body]() kind {
	var zero T
	return kind{zero.Type(), func(line []byte) (Body, error) {
		var body T
		err := json.Unmarshal(line, &body)
		return body, err
	}}
}

func decodeBody(name string, line []byte) (Body, error) {
	for _, k := range kinds {
		if k.name == name {
			return k.read(line)
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, line); err != nil {
		return nil, err
	}
	return Unknown{Name: name, Raw: compact.Bytes()}, nil
}
