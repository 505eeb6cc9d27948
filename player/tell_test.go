package player_test

import (
	"errors"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// TestTell: what goes wrong outside becomes an event, and nothing else happens.
func TestTell(t *testing.T) {
	outside := &player.Error{Stage: event.StageUsage, Code: event.NotSupported, Err: errors.New("line 3: no")}
	r := playertest.Run(t, playertest.Scenario{Script: []playertest.Step{
		{At: 3 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.Tell(s.Ctx, outside)) }},
	}})
	told := event.Bodies[event.Error](r.Events)
	if len(told) != 1 || told[0].Code != event.NotSupported || told[0].Message != "line 3: no" || told[0].Fatal {
		t.Errorf("got %+v", told)
	}
	if r.Err != nil || r.Summary.End != event.Completed || r.Summary.Stalls != 0 {
		t.Errorf("ended as %s: %v", r.Summary.End, r.Err)
	}
	p, err := player.New(player.Device{}, player.Config{URL: "http://x/y.ism"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Tell(t.Context(), outside); !errors.Is(err, player.ErrNotRunning) {
		t.Errorf("before Run: %v", err)
	}
}

func TestFindAudio(t *testing.T) {
	s := player.Status{Audio: []player.AudioChoice{{Name: "main", Language: "eng"}, {Name: "comment", Language: "eng"}, {Name: "dub", Language: "de-AT"}}}
	for want, index := range map[string]int{"en": 0, "eng": 0, "Comment": 1, "deu": 2, "fr": -1, "": -1} {
		if got := s.FindAudio(want); got != index {
			t.Errorf("%q is %d, want %d", want, got, index)
		}
	}
}
