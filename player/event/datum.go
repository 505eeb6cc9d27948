package event

import "time"

// Datum is a step in the life of what a sparse or data stream carries: each
// fragment arrives once, ahead of its time where the server has it in time, and
// is due once, when the playhead reaches it.
type Datum struct {
	// Step is "arrived", "updated" (it takes the place of an earlier one with the
	// same id that was not due yet), "canceled" (the one with its id will not be
	// due), "due", or "late" (due, but its time had passed: it is from before the
	// join or the place sought, or came too late).
	Step    string        `json:"step"`
	Stream  string        `json:"stream"`
	Subtype string        `json:"subtype,omitempty"`
	Scheme  string        `json:"scheme,omitempty"` // of the payload, as the manifest names it
	T       uint64        `json:"t,string"`         // of the chunk
	ID      string        `json:"id,omitempty"`     // of the event; "": it has none
	Time    time.Duration `json:"time_ns"`          // session position at which it is due
	Length  time.Duration `json:"duration_ns,omitempty"`
	Arrived time.Duration `json:"arrived_ns"`       // when, since Run
	Inline  bool          `json:"inline,omitempty"` // out of the manifest
	Bytes   int64         `json:"bytes"`
	// Data are the bytes of its samples, or of the f element; in the steps
	// "arrived" and "updated" only.
	Data []byte `json:"data,omitempty"`
	// Cue is what it says of a splice; nil: it is no splice information.
	Cue *Cue `json:"cue,omitempty"`
}

// Cue is a message by ANSI/SCTE 35 about a programme or a break.
type Cue struct {
	Command string `json:"command"` // "splice_insert", "time_signal", ...
	// ID is the splice_event_id, or that of the first segment.
	ID        uint32 `json:"id,omitempty"`
	Cancel    bool   `json:"cancel,omitempty"` // the event with this ID is called off
	Out       bool   `json:"out,omitempty"`    // a break begins; else the programme goes on
	Immediate bool   `json:"immediate,omitempty"`
	// PTS is the time of the splice on the clock of the transport stream that it
	// came from; 0 where none is stated.
	PTS        time.Duration `json:"pts_ns,omitempty"`
	Break      time.Duration `json:"break_ns,omitempty"` // 0: not stated
	AutoReturn bool          `json:"auto_return,omitempty"`
	Program    uint32        `json:"program,omitempty"`
	Avail      uint32        `json:"avail,omitempty"`
	Avails     uint32        `json:"avails,omitempty"`
	// Signal is the id of an acquired signal, and StreamTime its time in 100 ns of
	// the presentation.
	Signal     string    `json:"signal,omitempty"`
	StreamTime uint64    `json:"stream_time,omitempty"`
	Segments   []Segment `json:"segments,omitempty"`
}

// Segment is a segmentation_descriptor, SCTE 35 10.3.3.
type Segment struct {
	ID       uint32        `json:"id"`
	Cancel   bool          `json:"cancel,omitempty"`
	Kind     uint32        `json:"kind"` // segmentation_type_id
	Name     string        `json:"name,omitempty"`
	Duration time.Duration `json:"duration_ns,omitempty"`
	UPIDs    []string      `json:"upids,omitempty"`
	Number   uint32        `json:"number,omitempty"`
	Expected uint32        `json:"expected,omitempty"`
}

// breaks reports whether a segmentation_type_id begins what is not the
// programme: breaks, advertisements, placement opportunities and their blocks.
func breaks(kind uint32) bool {
	switch kind {
	case 0x22, 0x30, 0x32, 0x34, 0x36, 0x38, 0x3a, 0x3c, 0x3e, 0x44, 0x46:
		return true
	}
	return false
}

// Settle fills in what a time_signal leaves to its first segment: ID, Out, Cancel
// and Break.
func (c *Cue) Settle() {
	if c.Command != "time_signal" || len(c.Segments) == 0 {
		return
	}
	g := &c.Segments[0]
	c.ID, c.Cancel, c.Out = g.ID, g.Cancel, breaks(g.Kind)
	if c.Break == 0 && c.Out {
		c.Break = g.Duration
	}
}

func (Datum) Type() string { return "datum" }
func (Datum) sealed()      {}
