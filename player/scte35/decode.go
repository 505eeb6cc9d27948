package scte35

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"github.com/Comcast/scte35-go/pkg/scte35"

	"smoothplay/player/event"
)

// MaxBytes bounds a message: a section is at most 4 KiB long, and XML some times
// that.
const MaxBytes = 64 << 10

// maxSegments bounds what is kept of the descriptors of one message.
const maxSegments = 64

// ErrNone says that data is no splice information at all.
var ErrNone = errors.New("it is no splice information")

// Decode reads a message: a splice_info_section, the same in base64, a
// SpliceInfoSection as XML, or an AcquiredSignal. It keeps nothing of data.
func Decode(data []byte) (*event.Cue, error) {
	text := bytes.TrimSpace(data)
	switch {
	case len(data) > MaxBytes:
		return nil, fmt.Errorf("splice information of %d bytes, at most %d are read", len(data), MaxBytes)
	case len(data) > 0 && data[0] == scte35.TableID:
		return section(data)
	case bytes.HasPrefix(text, []byte("<")) || bytes.HasPrefix(text, []byte("\xef\xbb\xbf<")):
		return document(text)
	case bytes.HasPrefix(text, []byte("/D")): // 0xFC and what follows it
		return encoded(string(text))
	}
	return nil, ErrNone
}

// section reads a splice_info_section, SCTE 35 9.6.
func section(data []byte) (*event.Cue, error) {
	if len(data) >= 3 { // what follows the section is not part of it
		if n := 3 + (int(data[1])&0x0f)<<8 + int(data[2]); n < len(data) {
			data = data[:n]
		}
	}
	var s scte35.SpliceInfoSection
	if err := s.Decode(data); err != nil {
		return nil, fmt.Errorf("splice information: %w", err)
	}
	return cue(&s), nil
}

// document reads a message in XML.
func document(data []byte) (*event.Cue, error) {
	root, err := rootOf(data)
	if err != nil {
		return nil, fmt.Errorf("splice information in XML: %w", err)
	}
	switch root {
	case "AcquiredSignal", "SignalProcessingEvent":
		return acquired(data)
	case "SpliceInfoSection":
		var s scte35.SpliceInfoSection
		if err := xml.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("splice information in XML: %w", err)
		}
		return cue(&s), nil
	case "Signal":
		var s struct {
			Binary string `xml:"Binary"`
		}
		if err := xml.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("splice information in XML: %w", err)
		}
		return encoded(s.Binary)
	}
	return nil, ErrNone
}

func rootOf(data []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err != nil {
			return "", err
		}
		if e, ok := token.(xml.StartElement); ok {
			return e.Name.Local, nil
		}
	}
}

// encoded reads a section in base64.
func encoded(text string) (*event.Cue, error) {
	binary, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields([]byte(text)), nil)))
	if err != nil {
		return nil, fmt.Errorf("splice information in base64: %w", err)
	}
	if len(binary) == 0 || binary[0] != scte35.TableID {
		return nil, ErrNone
	}
	return section(binary)
}

// cue says in the terms of events what s says.
func cue(s *scte35.SpliceInfoSection) *event.Cue {
	c := &event.Cue{}
	adjust := func(ticks *uint64) {
		if ticks != nil {
			c.PTS = scte35.TicksToDuration((*ticks + s.PTSAdjustment) & (1<<33 - 1))
		}
	}
	switch x := s.SpliceCommand.(type) {
	case *scte35.SpliceInsert:
		c.Command, c.ID, c.Cancel = "splice_insert", x.SpliceEventID, x.SpliceEventCancelIndicator
		c.Out, c.Immediate, c.Program = x.OutOfNetworkIndicator, x.SpliceImmediateFlag, x.UniqueProgramID
		c.Avail, c.Avails = x.AvailNum, x.AvailsExpected
		if x.Program != nil {
			adjust(x.Program.SpliceTime.PTSTime)
		}
		if x.BreakDuration != nil {
			c.Break, c.AutoReturn = scte35.TicksToDuration(x.BreakDuration.Duration), x.BreakDuration.AutoReturn
		}
	case *scte35.TimeSignal:
		c.Command = "time_signal"
		adjust(x.SpliceTime.PTSTime)
	case *scte35.SpliceNull:
		c.Command = "splice_null"
	case *scte35.SpliceSchedule:
		c.Command = "splice_schedule"
	case *scte35.BandwidthReservation:
		c.Command = "bandwidth_reservation"
	case *scte35.PrivateCommand:
		c.Command = "private_command"
	default:
		c.Command = "unknown"
	}
	for _, d := range s.SpliceDescriptors {
		if x, ok := d.(*scte35.SegmentationDescriptor); ok && len(c.Segments) < maxSegments {
			c.Segments = append(c.Segments, segment(x))
		}
	}
	c.Settle()
	return c
}

func segment(x *scte35.SegmentationDescriptor) event.Segment {
	g := event.Segment{
		ID: x.SegmentationEventID, Cancel: x.SegmentationEventCancelIndicator,
		Kind: x.SegmentationTypeID, Name: x.Name(), Number: x.SegmentNum, Expected: x.SegmentsExpected,
	}
	if x.SegmentationDuration != nil {
		g.Duration = scte35.TicksToDuration(*x.SegmentationDuration)
	}
	for _, u := range x.SegmentationUPIDs {
		if len(g.UPIDs) < maxSegments {
			g.UPIDs = append(g.UPIDs, u.Value)
		}
	}
	return g
}

// A Message is the envelope that Azure Media Services puts around what a sparse
// fragment carries: version, id and the time from the fragment's to that of the
// event, in ticks of the stream.
type Message struct {
	ID    uint32
	Delta uint32
	Data  []byte // aliases what was opened
}

// Open takes the envelope off; ok is false where there is none.
func Open(data []byte) (m Message, ok bool) {
	if len(data) < 12 || !bytes.Equal(data[:4], []byte{0, 0, 0, 1}) {
		return Message{Data: data}, false
	}
	word := func(i int) uint32 {
		return uint32(data[i])<<24 | uint32(data[i+1])<<16 | uint32(data[i+2])<<8 | uint32(data[i+3])
	}
	return Message{ID: word(4), Delta: word(8), Data: data[12:]}, true
}

// longest bounds durations read from text.
const longest = 366 * 24 * time.Hour
