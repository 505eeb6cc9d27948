package player_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// story is what happened to data, as lines to compare: the step, what it is
// about, its time, and where the playhead was.
func story(r *playertest.Result) (lines []string) {
	for _, e := range r.Events {
		if d, ok := e.Body.(event.Datum); ok {
			lines = append(lines, fmt.Sprintf("%s %s %s %d bytes %.3f at %.1f", d.Step, d.Stream, d.ID, d.Bytes, d.Time.Seconds(), e.Pos.Seconds()))
		}
	}
	return lines
}

// due are the steps at which data were due, with how far the playhead was from
// their time.
func due(r *playertest.Result) (list []event.Datum) {
	for _, d := range event.Bodies[event.Datum](r.Events) {
		if d.Step == "due" || d.Step == "late" {
			list = append(list, d)
		}
	}
	return list
}

// onTime asserts that what was due was so at its time, and arrived before.
func onTime(t *testing.T, r *playertest.Result) {
	t.Helper()
	arrived := map[uint64]bool{}
	for _, e := range r.Events {
		switch d, _ := e.Body.(event.Datum); d.Step {
		case "arrived", "updated":
			arrived[d.T] = true
		case "due":
			if late := e.Pos - d.Time; late < 0 || late > 5*time.Millisecond {
				t.Errorf("what is due at %v was told at %v", d.Time, e.Pos)
			}
			if !arrived[d.T] {
				t.Errorf("what is due at %v did not arrive before", d.Time)
			}
		}
	}
}

// Each fragment of a sparse stream arrives once, with its bytes, ahead of its
// time, and is due once, at its time: whether the manifest carries it or not.
func TestSparse(t *testing.T) {
	data := []playertest.Datum{
		{At: 3 * sec, Length: sec, Payload: "one"}, {At: 7 * sec, Length: sec, Payload: "two"}, {At: 11500 * time.Millisecond, Payload: "three"},
	}
	for _, c := range []struct {
		name      string
		stream    playertest.Sparse
		subscribe []string
		start     time.Duration
		want      []string // of what was due
	}{
		{"fetched", playertest.Sparse{Name: "ads", Subtype: "DATA", Data: data}, nil, 0, []string{"due one", "due two", "due three"}},
		{"inline", playertest.Sparse{Name: "ads", Subtype: "ADVT", Inline: true, Data: data}, nil, 0, []string{"due one", "due two", "due three"}},
		{"from before the start", playertest.Sparse{Name: "ads", Subtype: "CTRL", Data: data}, nil, 9 * sec, []string{"late two", "due three"}},
		{"inline from before the start", playertest.Sparse{Name: "ads", Inline: true, Data: data}, nil, 9 * sec, []string{"late two", "due three"}},
		{"by subtype", playertest.Sparse{Name: "ads", Subtype: "SCMD", Alone: true, Data: data}, []string{"scmd"}, 0, []string{"due one", "due two", "due three"}},
		{"by unknown subtype", playertest.Sparse{Name: "x", Subtype: "WHAT", Alone: true, Data: data}, []string{"WHAT"}, 0, []string{"due one", "due two", "due three"}},
		{"by name", playertest.Sparse{Name: "x", Alone: true, Data: data}, []string{"x"}, 0, []string{"due one", "due two", "due three"}},
		{"captions by wish", playertest.Sparse{Name: "x", Subtype: "CAPT", Data: data}, []string{"*"}, 0, []string{"due one", "due two", "due three"}},
		{"captions", playertest.Sparse{Name: "x", Subtype: "CAPT", Data: data}, nil, 0, nil},
		{"of no parent", playertest.Sparse{Name: "x", Subtype: "DATA", Alone: true, Data: data}, nil, 0, nil},
		{"not wanted", playertest.Sparse{Name: "x", Subtype: "DATA", Data: data}, []string{}, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			heard := 0
			show := playertest.Default()
			show.Length, show.Offset = 14*sec, 123_456_789
			show.Sparse = []playertest.Sparse{c.stream}
			r := playertest.Run(t, playertest.Scenario{Handler: show, Config: func(cfg *player.Config) {
				cfg.Subscribe, cfg.Start = c.subscribe, c.start
				cfg.OnDatum = func(event.Datum) { heard++ }
			}})
			texts := map[uint64]string{}
			for _, d := range event.Bodies[event.Datum](r.Events) {
				if d.Step == "arrived" {
					if texts[d.T] != "" {
						t.Errorf("%q arrived twice", d.Data)
					}
					texts[d.T] = string(d.Data)
				}
			}
			var got []string
			for _, d := range due(r) {
				got = append(got, d.Step+" "+texts[d.T])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("due were %q, want %q\n%q", got, c.want, story(r))
			}
			if n := len(event.Bodies[event.Datum](r.Events)); n != heard {
				t.Errorf("%d events, %d calls", n, heard)
			}
			onTime(t, r)
			if r.Summary.Stalls != 0 || r.Summary.PicturesDropped != 0 {
				t.Errorf("%d stalls, %d pictures dropped", r.Summary.Stalls, r.Summary.PicturesDropped)
			}
		})
	}
}

// What is announced again takes the place of what was announced before; what is
// called off is never due; and both leave alone what has another id or is past.
func TestUpdateAndCancel(t *testing.T) {
	envelope := func(id byte, text string) string {
		return "\x00\x00\x00\x01\x00\x00\x00" + string(id) + "\x01\x31\x2d\x00" + text
	} // 2 s ahead
	signal := func(id int, more string) string {
		return fmt.Sprintf(`<AcquiredSignal xmlns="urn:cablelabs:md:xsd:signaling:3.0"><SCTE35PointDescriptor spliceCommandType="5"><SpliceInsert spliceEventID="%d" %s/></SCTE35PointDescriptor></AcquiredSignal>`, id, more)
	}
	r := playertest.RunThrice(t, func() playertest.Scenario {
		show := playertest.Default()
		show.Length = 24 * sec
		show.Sparse = []playertest.Sparse{
			{Name: "ams", Subtype: "DATA", Data: []playertest.Datum{
				{At: 2 * sec, Payload: envelope(1, "first")}, {At: 3 * sec, Payload: envelope(1, "second")}, {At: 4 * sec, Payload: envelope(2, "other")},
				{At: 12 * sec, Payload: envelope(1, "again")},
			}},
			{Name: "scte", Subtype: "DATA", Inline: true, Data: []playertest.Datum{
				{At: 6 * sec, Payload: signal(7, `outOfNetworkIndicator="true" duration="PT30S"`)},
				{At: 8 * sec, Payload: signal(8, `outOfNetworkIndicator="true"`)},
				{At: 9 * sec, Payload: signal(7, `spliceEventCancelIndicator="true"`)},
			}},
		}
		// The buffer is short, so that what is late in the presentation comes late.
		return playertest.Scenario{Handler: show, Config: func(c *player.Config) { c.BufferAhead = 2 * sec }}
	})
	playertest.GoldenLines(t, "data_update_and_cancel.txt", story(r))
	onTime(t, r)
	var got []string
	for _, d := range due(r) {
		got = append(got, fmt.Sprintf("%s %s %.0f", d.Stream, d.ID, d.Time.Seconds()))
	}
	if want := []string{"ams 1 5", "ams 2 6", "scte 8 8", "ams 1 14"}; !slices.Equal(got, want) {
		t.Errorf("due were %q, want %q", got, want)
	}
}

// Live, a sparse fragment is found through its parent, comes in time, and is due
// at its time; a session that joins learns how things stand.
func TestSparseLive(t *testing.T) {
	for _, c := range []struct {
		name   string
		breaks origin.Breaks
	}{
		{"fetched", origin.Breaks{First: 3 * sec, Every: 10 * sec, Length: 4 * sec, Notice: 2 * sec}},
		{"inline", origin.Breaks{First: 5 * sec, Every: 10 * sec, Length: 4 * sec, Inline: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				e := origin.Live{Epoch: epochOf, Start: into(-time.Hour), Window: windowOf}
				o, err := origin.New(origin.Config{Live: &e, Breaks: &c.breaks})
				if err != nil {
					t.Fatal(err)
				}
				return playertest.Scenario{Handler: hosts{"test": o}, Path: livePath, For: 45 * sec}
			})
			playertest.GoldenLines(t, "data_live_"+c.name+".txt", story(r))
			onTime(t, r)
			flowed(t, r)
			list := due(r)
			if len(list) < 4 || list[0].Step != "late" {
				t.Fatalf("due were %q", story(r))
			}
			for _, d := range list {
				if d.Cue == nil || d.Cue.Command != "splice_insert" || !d.Cue.Out || d.Cue.Break != 4*sec {
					t.Errorf("at %v: %+v", d.Time, d.Cue)
				}
			}
		})
	}
}

// A seek back makes due again what lies behind its target; a seek ahead passes
// over what lies before, but for the latest.
func TestSeekAcrossData(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		show := playertest.Default()
		var list []playertest.Datum
		for i := range 14 {
			list = append(list, playertest.Datum{At: time.Duration(2*i+1) * sec, Payload: fmt.Sprint(2*i + 1)})
		}
		show.Sparse = []playertest.Sparse{{Name: "ads", Subtype: "DATA", Data: list}}
		return playertest.Scenario{Handler: show, Script: []playertest.Step{
			playertest.Seek(4*sec, 20*sec), playertest.Seek(8*sec, 0), playertest.Stop(12 * sec),
		}}
	})
	var got []string
	for _, d := range due(r) {
		got = append(got, fmt.Sprintf("%s %.0f", d.Step, d.Time.Seconds()))
	}
	if want := []string{"due 1", "due 3", "late 19", "due 21", "due 23", "due 1", "due 3"}; !slices.Equal(got, want) {
		t.Errorf("due were %q, want %q", got, want)
	}
	onTime(t, r)
}

// What a server does not have, and what is no fragment, is left out.
func TestSparseMissing(t *testing.T) {
	show := playertest.Default()
	show.Length = 10 * sec
	show.Sparse = []playertest.Sparse{{Name: "ads", Subtype: "DATA", Data: []playertest.Datum{{At: 3 * sec, Payload: "one"}, {At: 6 * sec, Payload: "two"}}}}
	o, err := origin.New(origin.Config{Handlers: map[string]http.Handler{"show.ism": show}, NoDemo: true})
	if err != nil {
		t.Fatal(err)
	}
	for fault, want := range map[string]event.Code{"404@text": event.NotFound, "garbage@text": event.FragmentMalformed} {
		f, err := origin.ParseFaults(fault)
		if err != nil {
			t.Fatal(err)
		}
		o.SetFaults(f)
		r := playertest.Run(t, playertest.Scenario{Handler: o})
		if codes(r)[want] == 0 || len(due(r)) != 0 || r.Summary.Stalls != 0 || r.Err != nil {
			t.Errorf("%s: %v, %q, %v", fault, codes(r), story(r), r.Err)
		}
	}
}
