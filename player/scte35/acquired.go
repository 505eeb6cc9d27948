package scte35

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"smoothplay/player/event"
)

// signal is an AcquiredSignal (urn:cablelabs:md:xsd:signaling:3.0), as far as it
// tells of splices.
type signal struct {
	ID         string  `xml:"acquisitionSignalID,attr"`
	Inner      *signal `xml:"AcquiredSignal"` // of a SignalProcessingEvent
	BinaryData string  `xml:"BinaryData"`
	Point      *struct {
		Command int `xml:"spliceCommandType,attr"`
		Insert  *struct {
			ID       string `xml:"spliceEventID,attr"`
			Cancel   string `xml:"spliceEventCancelIndicator,attr"`
			Out      string `xml:"outOfNetworkIndicator,attr"`
			Program  string `xml:"uniqueProgramID,attr"`
			Duration string `xml:"duration,attr"`
			Avail    string `xml:"availNum,attr"`
			Avails   string `xml:"availsExpected,attr"`
		} `xml:"SpliceInsert"`
		Segments []struct {
			ID       string `xml:"segmentEventId,attr"`
			Cancel   string `xml:"segmentEventCancelIndicator,attr"`
			Kind     string `xml:"segmentTypeId,attr"`
			Duration string `xml:"duration,attr"`
			UPID     string `xml:"upid,attr"`
			Number   string `xml:"segmentNum,attr"`
			Expected string `xml:"segmentsExpected,attr"`
		} `xml:"SegmentationDescriptorInfo"`
	} `xml:"SCTE35PointDescriptor"`
	Times []struct {
		Type  string `xml:"timeType,attr"`
		Value string `xml:"timeValue,attr"`
	} `xml:"StreamTimes>StreamTime"`
}

// acquired reads an AcquiredSignal.
func acquired(data []byte) (*event.Cue, error) {
	var s signal
	if err := xml.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("an acquired signal: %w", err)
	}
	if s.Inner != nil {
		s = *s.Inner
	}
	c := &event.Cue{Command: "unknown"}
	switch {
	case s.Point != nil:
		c = s.point()
	case s.BinaryData != "":
		var err error
		if c, err = encoded(s.BinaryData); err != nil {
			return nil, err
		}
	}
	c.Signal = s.ID
	for _, t := range s.Times {
		// Of Smooth Streaming: in 100 ns of the stream.
		if n, err := strconv.ParseUint(t.Value, 10, 64); err == nil && strings.EqualFold(t.Type, "HSS") {
			c.StreamTime = n
		}
	}
	c.Settle()
	return c, nil
}

// point reads an SCTE35PointDescriptor.
func (s *signal) point() *event.Cue {
	p := s.Point
	c := &event.Cue{Command: commands[p.Command]}
	if c.Command == "" {
		c.Command = "unknown"
	}
	if x := p.Insert; x != nil {
		c.ID, c.Cancel, c.Out = number(x.ID), truth(x.Cancel), truth(x.Out)
		c.Program, c.Avail, c.Avails = number(x.Program), number(x.Avail), number(x.Avails)
		c.Break = span(x.Duration)
	}
	for _, x := range p.Segments[:min(len(p.Segments), maxSegments)] {
		g := event.Segment{
			ID: number(x.ID), Cancel: truth(x.Cancel), Kind: number(x.Kind), Duration: span(x.Duration),
			Number: number(x.Number), Expected: number(x.Expected),
		}
		if x.UPID != "" {
			g.UPIDs = []string{x.UPID}
		}
		c.Segments = append(c.Segments, g)
	}
	return c
}

// commands are the names of splice_command_type, SCTE 35 9.6.1.
var commands = map[int]string{
	0: "splice_null", 4: "splice_schedule", 5: "splice_insert", 6: "time_signal", 7: "bandwidth_reservation", 255: "private_command",
}

func number(text string) uint32 {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 0, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

func truth(text string) bool {
	return strings.EqualFold(text, "true") || text == "1"
}

// span reads a duration of XML Schema, such as PT1M0.5S, as far as it has days,
// hours, minutes and seconds; 0 where it is none.
func span(text string) time.Duration {
	date, clock, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "P"), "T")
	var sum float64
	for _, part := range []struct {
		text  *string
		units string
		each  []float64
	}{{&date, "D", []float64{86400}}, {&clock, "HMS", []float64{3600, 60, 1}}} {
		for i, unit := range part.units {
			before, after, found := strings.Cut(*part.text, string(unit))
			if !found {
				continue
			}
			n, err := strconv.ParseFloat(before, 64)
			if err != nil || !(n >= 0) {
				return 0
			}
			sum += n * part.each[i]
			*part.text = after
		}
	}
	if date != "" || clock != "" || !(sum <= longest.Seconds()) {
		return 0
	}
	return time.Duration(sum * float64(time.Second))
}
