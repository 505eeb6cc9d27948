package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
)

func TestParseAds(t *testing.T) {
	var cfg player.Config
	err := parseAds([]byte(`{"seek_over": true, "clips": [
		{"id": "a", "url": "http://ads/a.ism", "at": "1:05", "main": "replaced", "length": "30s", "skippable": true, "click": "http://shop/", "data": {"campaign": 7}},
		{"id": "b", "url": "http://ads/b.ism", "place": "pre"},
		{"id": "c", "url": "http://ads/c.ism", "on": "*", "main": "runs"}]}`), &cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := []player.Clip{
		{
			ID: "a", URL: "http://ads/a.ism", At: 65 * time.Second, Main: player.MainReplaced, Length: 30 * time.Second, Skippable: true,
			Click: "http://shop/", Data: []byte(`{"campaign": 7}`),
		},
		{ID: "b", URL: "http://ads/b.ism", Place: player.PreRoll},
		{ID: "c", URL: "http://ads/c.ism", On: "*", Main: player.MainRuns},
	}
	if !cfg.SeekOverClips || !reflect.DeepEqual(cfg.Clips, want) {
		t.Errorf("got  %+v\nwant %+v", cfg.Clips, want)
	}
	for text, word := range map[string]string{
		"":                            "EOF",
		`{"clips": [{"when": "1s"}]}`: "when",
		`{"clips": [{"at": "noon"}]}`: "clip 1: at",
	} {
		if err := parseAds([]byte(text), &player.Config{}); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
