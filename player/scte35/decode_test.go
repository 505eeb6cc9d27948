package scte35

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"smoothplay/player/event"
)

// Sections of SCTE 35 2019, 14: the samples of the standard.
var samples = []struct {
	name, base64 string
	want         event.Cue
}{
	{
		"time_signal, placement opportunity start", "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==",
		event.Cue{
			Command: "time_signal", ID: 0x4800008e, Out: true, PTS: 21388766755 * time.Microsecond, Break: 307 * time.Second,
			Segments: []event.Segment{{ID: 0x4800008e, Kind: 0x34, Duration: 307 * time.Second, Number: 2}},
		},
	},
	{
		"splice_insert", "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=",
		event.Cue{
			Command: "splice_insert", ID: 0x4800008f, Out: true, PTS: 21514559088 * time.Microsecond,
			Break: 60293566 * time.Microsecond, AutoReturn: true,
		},
	},
	{
		"time_signal, placement opportunity end", "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=",
		event.Cue{
			Command: "time_signal", ID: 0x4800008e, PTS: 21695740088 * time.Microsecond,
			Segments: []event.Segment{{ID: 0x4800008e, Kind: 0x35, Number: 2}},
		},
	},
	{
		"time_signal, programme start and end", "/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAAACyk26AQAACZcuND",
		event.Cue{
			Command: "time_signal", ID: 0x48000018, PTS: 22798906911 * time.Microsecond,
			Segments: []event.Segment{{ID: 0x48000018, Kind: 0x11}, {ID: 0x48000019, Kind: 0x10}},
		},
	},
}

func TestSection(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			binary, err := base64.StdEncoding.DecodeString(s.base64)
			if err != nil {
				t.Fatal(err)
			}
			for form, data := range map[string][]byte{"binary": binary, "base64": []byte(s.base64), "padded": append(binary, 0xff, 0xff)} {
				got, err := Decode(data)
				if err != nil {
					t.Fatalf("%s: %v", form, err)
				}
				got.PTS, got.Break = got.PTS.Truncate(time.Microsecond), got.Break.Truncate(time.Microsecond)
				for i := range got.Segments {
					got.Segments[i].Name, got.Segments[i].UPIDs = "", nil
				}
				if !reflect.DeepEqual(*got, s.want) {
					t.Errorf("%s:\ngot  %+v\nwant %+v", form, *got, s.want)
				}
			}
		})
	}
}

// What came out of the same section as XML, and wrapped in an acquired signal.
func TestDocument(t *testing.T) {
	insert := samples[1].base64
	for name, text := range map[string]string{
		"binary in a Signal": `<Signal xmlns="http://www.scte.org/schemas/35"><Binary>` + insert + `</Binary></Signal>`,
		"binary in an AcquiredSignal": `<AcquiredSignal xmlns="urn:cablelabs:md:xsd:signaling:3.0"><BinaryData signalType="SCTE35">` + insert +
			`</BinaryData></AcquiredSignal>`,
		"SpliceInfoSection": `<SpliceInfoSection xmlns="http://www.scte.org/schemas/35" ptsAdjustment="0" tier="4095" sapType="3">
			<SpliceInsert spliceEventId="1207959695" spliceEventCancelIndicator="false" spliceImmediateFlag="false" outOfNetworkIndicator="true">
			<Program><SpliceTime ptsTime="1936310318"/></Program><BreakDuration autoReturn="true" duration="5426421"/></SpliceInsert></SpliceInfoSection>`,
	} {
		got, err := Decode([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Command != "splice_insert" || got.ID != 0x4800008f || !got.Out || got.Break.Truncate(time.Microsecond) != 60293566*time.Microsecond {
			t.Errorf("%s: %+v", name, *got)
		}
	}
	got, err := Decode([]byte(`<?xml version="1.0"?><AcquiredSignal xmlns="urn:cablelabs:md:xsd:signaling:3.0" acquisitionSignalID="4A6A">
		<SCTE35PointDescriptor spliceCommandType="5"><SpliceInsert spliceEventID="344568691" outOfNetworkIndicator="true" uniqueProgramID="55355"
		duration="PT1M0.5S" availNum="1" availsExpected="10"/></SCTE35PointDescriptor>
		<StreamTimes><StreamTime timeType="HSS" timeValue="515000000000"/></StreamTimes></AcquiredSignal>`))
	want := event.Cue{
		Command: "splice_insert", ID: 344568691, Out: true, Break: 60500 * time.Millisecond, Program: 55355, Avail: 1, Avails: 10,
		Signal: "4A6A", StreamTime: 515000000000,
	}
	if err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestRefuses(t *testing.T) {
	binary, _ := base64.StdEncoding.DecodeString(samples[1].base64)
	broken := append([]byte(nil), binary...)
	broken[14] ^= 1 // against its checksum
	for name, data := range map[string][]byte{
		"cut short": binary[:len(binary)-6], "wrong checksum": broken, "too long": append([]byte("<"), make([]byte, MaxBytes)...),
		"no XML": []byte("<a"), "base64 cut short": []byte("/DAvAAA"),
	} {
		if c, err := Decode(data); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	for _, text := range []string{"", "Chapter 1", "<chapter/>"} {
		if _, err := Decode([]byte(text)); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOpen(t *testing.T) {
	data, _ := hex.DecodeString("00000001" + "00000007" + "00989680" + "fc30")
	m, ok := Open(data)
	if !ok || m.ID != 7 || m.Delta != 10_000_000 || hex.EncodeToString(m.Data) != "fc30" {
		t.Errorf("%+v, %v", m, ok)
	}
	if m, ok := Open([]byte("Chapter 1, part 2")); ok || string(m.Data) != "Chapter 1, part 2" {
		t.Errorf("%+v, %v", m, ok)
	}
}

func TestSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"PT1M0S": time.Minute, "PT1M0.5S": 60500 * time.Millisecond, "PT2H": 2 * time.Hour, "P1DT1S": 24*time.Hour + time.Second,
		"": 0, "PT": 0, "1M": 0, "PT-5S": 0, "PT1X": 0, "PT1e300S": 0, "PTNaNS": 0,
	} {
		if got := span(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range samples {
		binary, _ := base64.StdEncoding.DecodeString(s.base64)
		f.Add(binary)
		f.Add([]byte(s.base64))
	}
	f.Add([]byte(`<AcquiredSignal><SCTE35PointDescriptor spliceCommandType="5"><SpliceInsert duration="PT1M"/></SCTE35PointDescriptor></AcquiredSignal>`))
	f.Add([]byte(`<SpliceInfoSection xmlns="http://www.scte.org/schemas/35"><TimeSignal><SpliceTime ptsTime="1"/></TimeSignal></SpliceInfoSection>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Decode(data)
		if (c == nil) != (err != nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if c == nil {
			return
		}
		if c.PTS < 0 || c.Break < 0 || len(c.Segments) > maxSegments || c.Command == "" || strings.ContainsRune(c.Command, ' ') {
			t.Fatalf("%+v", *c)
		}
	})
}
