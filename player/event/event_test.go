package event

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
)

// fill sets every field reachable from v to something that is not zero, so that
// a field lost on the way through JSON is seen.
func fill(v reflect.Value, n *int64) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[Histogram]():
		var h Histogram
		h.Add(time.Duration(*n) * time.Millisecond)
		v.Set(reflect.ValueOf(h))
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.Set(reflect.ValueOf(json.RawMessage(`{"a":1}`)))
	default:
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i), n)
			}
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), n)
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), n)
			fill(v.Index(1), n)
		case reflect.Map:
			v.Set(reflect.ValueOf(map[string]string{"via": "a<b>", "age": "3"}))
		case reflect.String:
			v.SetString("word & <thing>")
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Int, reflect.Int64:
			v.SetInt(*n)
		case reflect.Uint8, reflect.Uint32:
			v.SetUint(uint64(*n) & 0x7f)
		case reflect.Uint64:
			v.SetUint(math.MaxUint64 - uint64(*n))
		case reflect.Float64:
			v.SetFloat(float64(*n) + .25)
		default:
			panic("fill: " + v.Type().String())
		}
	}
}

// everyBody is one filled body of each kind.
func everyBody(t testing.TB) []Body {
	var bodies []Body
	var n int64
	for _, k := range kinds {
		zero, err := k.read([]byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(v, &n)
		bodies = append(bodies, v.Interface().(Body))
	}
	return bodies
}

func TestEveryKindSurvivesJSON(t *testing.T) {
	for i, body := range everyBody(t) {
		want := Event{Seq: uint64(i + 1), At: time.Duration(i), Pos: -time.Second, Item: 2, Body: body}
		line, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Event
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v\nwant %+v", line, got, want)
		}
	}
}

// TestTypesAreComplete holds the kinds against the list of the measurement
// format, which other people's programs read.
func TestTypesAreComplete(t *testing.T) {
	const format = `session_started state manifest tracks fragment level_decided level_shown first_picture
		stall_begin stall_end seek seek_done angle insets audio_selected text_selected rate render_load frames_dropped gauges
		live_edge window live_ended failover key text marker datum clip error session_ended`
	var got []string
	for _, k := range kinds {
		got = append(got, k.name)
	}
	if want := strings.Fields(format); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestFieldNamesCarryUnits(t *testing.T) {
	duration := reflect.TypeFor[time.Duration]()
	var check func(path string, typ reflect.Type, seen map[string]bool)
	check = func(path string, typ reflect.Type, seen map[string]bool) {
		for f := range typ.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous {
				check(path, f.Type, seen)
				continue
			}
			if name == "" {
				t.Errorf("%s.%s has no JSON name", path, f.Name)
			}
			if seen[name] {
				t.Errorf("%s: %q names two fields, or one that all events share", path, name)
			}
			seen[name] = true
			if f.Type == duration && !strings.HasSuffix(name, "_ns") {
				t.Errorf("%s.%s is a time: its name must end in _ns", path, name)
			}
			if strings.Contains(f.Name, "BPS") && !strings.HasSuffix(name, "_bps") {
				t.Errorf("%s.%s is a rate: its name must end in _bps", path, name)
			}
			inner := f.Type
			for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[Histogram]() {
				check(path+"."+name, inner, map[string]bool{})
			}
		}
	}
	for _, body := range everyBody(t) {
		check(body.Type(), reflect.TypeOf(body), map[string]bool{"seq": true, "at_ns": true, "pos_ns": true, "item": true, "type": true})
	}
}

func TestJSONForm(t *testing.T) {
	tests := []struct {
		event Event
		want  string
	}{
		{Event{1, 0, 0, 0, StateChanged{Opening, Buffering, "manifest"}},
			`{"seq":1,"at_ns":0,"pos_ns":0,"item":0,"type":"state","from":"opening","to":"buffering","cause":"manifest"}`},
		{Event{2, 5, -1, 3, FirstPicture{SinceRun: 80 * time.Millisecond}},
			`{"seq":2,"at_ns":5,"pos_ns":-1,"item":3,"type":"first_picture","since_run_ns":80000000}`},
		{Event{3, 6, 7, 0, Fragment{Track: "video", T: 18446744073709551615, Noun: "Fragments", Outcome: Received, Attempt: 1}},
			`{"seq":3,"at_ns":6,"pos_ns":7,"item":0,"type":"fragment","track":"video","stream":"","level":0,"bitrate_bps":0,` +
				`"t":"18446744073709551615","chunk":0,"start_ns":0,"duration_ns":0,"noun":"Fragments","outcome":"received",` +
				`"bytes":0,"asked_ns":0,"ttfb_ns":0,"elapsed_ns":0,"attempt":1,"status":0}`},
		{Event{4, 0, 0, 0, Marker{Kind: "ad", Value: "<a&b>"}},
			`{"seq":4,"at_ns":0,"pos_ns":0,"item":0,"type":"marker","time_ns":0,"kind":"ad","value":"<a&b>"}`},
	}
	for _, test := range tests {
		got, err := test.event.AppendJSON([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != "x"+test.want {
			t.Errorf("\n got %s\nwant x%s", got, test.want)
		}
	}
}

func TestUnknownTypesArePreserved(t *testing.T) {
	const line = `{"seq":9,"at_ns":1,"pos_ns":2,"item":0,"type":"hologram","depth":[1,2.50]}`
	var e Event
	if err := json.Unmarshal([]byte(" "+strings.ReplaceAll(line, ",", " ,\n")), &e); err != nil {
		t.Fatal(err)
	}
	if e.Seq != 9 || e.Body.Type() != "hologram" {
		t.Errorf("got %+v", e)
	}
	if again, err := json.Marshal(e); err != nil || string(again) != line {
		t.Errorf("got %s (%v), want %s", again, err, line)
	}
}

func TestBadEventsAreErrors(t *testing.T) {
	for _, line := range []string{`{}`, `{"seq":1}`, `{"seq":-1,"type":"rate"}`, `[]`, `{"type":"rate","from":"fast"}`} {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err == nil {
			t.Errorf("%s: no error, but %+v", line, e)
		}
	}
	if _, err := (Event{Seq: 1}).AppendJSON(nil); err == nil {
		t.Error("no body: no error")
	}
	nan := LevelDecided{Input: heuristics.Input{BandwidthError: math.NaN()}}
	if _, err := (Event{Seq: 7, Body: nan}).AppendJSON(nil); err == nil || !strings.Contains(err.Error(), "event 7 (level_decided)") {
		t.Errorf("NaN: got %v", err)
	}
}

func TestCodesHaveOneStage(t *testing.T) {
	stageOf := map[Code]Stage{}
	for stage, codes := range stages {
		for _, c := range codes {
			if other, twice := stageOf[c]; twice {
				t.Errorf("%s belongs to %s and %s", c, other, stage)
			}
			stageOf[c] = stage
			if c.Stage() != stage {
				t.Errorf("%s.Stage() = %s, want %s", c, c.Stage(), stage)
			}
		}
	}
	if got := Code("nonsense").Stage(); got != "" {
		t.Errorf("an unknown code has stage %s", got)
	}
	// Every code declared stands in the table.
	source, err := os.ReadFile("codes.go")
	if err != nil {
		t.Fatal(err)
	}
	if declared := strings.Count(string(source), " Code = \""); declared != len(stageOf) {
		t.Errorf("%d codes are declared, %d have a stage: add the missing ones to stages", declared, len(stageOf))
	}
}

func TestRedactURL(t *testing.T) {
	tests := []struct{ in, want string }{
		{"http://h/a.ism/Manifest", "http://h/a.ism/Manifest"},
		{"https://bob:pw@h:8443/a?token=abc&x=1#f", "https://h:8443/a?token=...&x=..."},
		{"http://h/a?SECRET", "http://h/a?..."},
		{"/home/a b/x.ism", "/home/a b/x.ism"},
		{"bob:pw@h/x?k=v", "...@h/x?..."},
		{"http://h/%zz?k=v", "http://h/%zz?..."},
		{"http://bob:p?w@h/%zz", "...@h/%zz"},
		{"", ""},
	}
	for _, test := range tests {
		if got := RedactURL(test.in); got != test.want {
			t.Errorf("RedactURL(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func FuzzEvent(f *testing.F) {
	for _, body := range everyBody(f) {
		line, err := json.Marshal(Event{Seq: 1, Body: body})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"seq":9,"type":"hologram"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var e Event
		if json.Unmarshal(line, &e) != nil {
			return
		}
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%q was read, but is not written: %v", line, err)
		}
		var e2 Event
		if err := json.Unmarshal(again, &e2); err != nil {
			t.Fatalf("%q became %q: %v", line, again, err)
		}
	})
}
