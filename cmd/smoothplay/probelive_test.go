package main

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"smoothplay/player/origin"
)

// probe finds the edge of a live presentation, what fragments announce there, and
// whether FragmentInfo works.
func TestProbeLive(t *testing.T) {
	for _, test := range []struct {
		name      string
		live      origin.Live
		faults    string
		announced int
		notYet    int
		says      []string
	}{
		{"as usual", origin.Live{Window: 2 * time.Minute}, "", 2, 0,
			[]string{"live, window of 2:00", "behind this machine's clock, 2:00 listed", "newest fragment of 2 s, announces 2 followers of 4 s (tfrf), FragmentInfo works"}},
		{"without tfrf", origin.Live{Window: time.Minute}, "no-tfrf", 0, 0, []string{"announces no followers (tfrf)"}},
		{"listed before it is there", origin.Live{Window: time.Minute, ListAnnounced: true}, "", 2, 2, []string{"(2 listed after it, not there yet)"}},
		{"counting from its own start", origin.Live{Window: time.Minute, Epoch: time.Now().Add(-time.Hour), Start: time.Now().Add(-30 * time.Minute)}, "", 2, 0,
			[]string{"edge at 59:"}},
		{"nothing to be had", origin.Live{Window: time.Minute}, "404@video", 0, 4, []string{"the newest fragment cannot be had", "404"}},
	} {
		faults, err := origin.ParseFaults(test.faults)
		if err != nil {
			t.Fatal(err)
		}
		handler, err := origin.New(origin.Config{Live: &test.live, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(handler)
		url := server.URL + "/demo.isml/Manifest"
		status, text, stderr := runWith(t, "probe", url)
		for _, want := range test.says {
			if status != 0 || !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s%s", test.name, want, text, stderr)
			}
		}
		_, text, _ = runWith(t, "probe", "--json", url)
		var r report
		if err := json.Unmarshal([]byte(text), &r); err != nil || r.Edge == nil || len(r.Edge.Streams) != 3 {
			t.Fatalf("%s: %v: %s", test.name, err, text)
		}
		window := test.live.Window
		if off := r.Edge.Window - window; off.Abs() > 5*time.Second {
			t.Errorf("%s: a window of %v, want about %v", test.name, r.Edge.Window, window)
		}
		if video := r.Edge.Streams[0]; video.Kind != "video" || video.Announced != test.announced || video.NotYet != test.notYet || video.Info != (video.Error == "") {
			t.Errorf("%s: the video is %+v", test.name, video)
		}
		server.Close()
	}
	if _, text, _ := runWith(t, "probe", "../../testdata/demo/demo.ism"); strings.Contains(text, "edge at") {
		t.Errorf("on demand, there is an edge:\n%s", text)
	}
}
