package player_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// roughCut is a composite of 6.4 s, 4 s and 5.6 s, whose clips begin and end
// within fragments; the second is of another presentation with fewer levels, and
// the first and third are on a clock of their own.
func roughCut() *playertest.Composite {
	main := playertest.Default()
	main.Offset = 17443164950000000
	other := &playertest.Presentation{Length: 10 * time.Second, Levels: []int64{500_000, 2_000_000}, Languages: []string{"deu", "eng"}, Fragment: 3 * time.Second}
	return &playertest.Composite{Of: []*playertest.Presentation{main, other}, Clips: []playertest.Clip{
		{Of: 0, Begin: 3*time.Second + 200*time.Millisecond, End: 9*time.Second + 600*time.Millisecond},
		{Of: 1, Begin: 2 * time.Second, End: 6 * time.Second},
		{Of: 0, Begin: 20*time.Second + 400*time.Millisecond, End: 26 * time.Second},
	}}
}

const cutLength = 16 * time.Second

// Clips follow each other to the picture and without a gap in the sound.
func TestComposite(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Handler: roughCut(), Path: playertest.CompositePath}
	})
	whole(t, r, 0, cutLength)
	unbroken(t, r, cutLength)
	inSync(t, r, 5*time.Millisecond)
	if r.Summary.Stalls != 0 {
		t.Errorf("%d stalls", r.Summary.Stalls)
	}
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Outcome != event.Received || f.Attempt != 1 {
			t.Errorf("%+v", f)
		}
	}
	playertest.Golden(t, "composite", r.Events)
}

// Seeks and trick play lead across clips, both ways.
func TestCompositeSeeksAndWinds(t *testing.T) {
	var shown []time.Duration
	r := playertest.RunThrice(t, func() playertest.Scenario {
		shown = nil
		return playertest.Scenario{
			Handler: roughCut(), Path: playertest.CompositePath,
			Config: func(c *player.Config) { c.KeepOpen = true },
			Script: []playertest.Step{
				playertest.Seek(2*time.Second, 12*time.Second+440*time.Millisecond),
				playertest.Seek(3*time.Second, 7*time.Second),
				playertest.Seek(4*time.Second, 6*time.Second+360*time.Millisecond), // the last picture of the first clip
				playertest.Seek(5*time.Second, 6*time.Second+400*time.Millisecond), // the first of the second
				playertest.Pause(5500 * time.Millisecond),
				{At: 6 * time.Second, Do: func(s *playertest.Session) {
					for _, to := range []time.Duration{0, 6360 * time.Millisecond, 6400 * time.Millisecond, 10360 * time.Millisecond, 10400 * time.Millisecond, 15960 * time.Millisecond, time.Hour} {
						s.Must(s.Player.Seek(s.Ctx, to, player.Exact))
						all := s.Video.Shown()
						shown = append(shown, all[len(all)-1].PTS)
					}
					s.Must(s.Player.SetRate(s.Ctx, -8))
				}},
				playertest.Stop(12 * time.Second),
			},
		}
	})
	want := []time.Duration{0, 6360 * time.Millisecond, 6400 * time.Millisecond, 10360 * time.Millisecond, 10400 * time.Millisecond, 15960 * time.Millisecond, 15960 * time.Millisecond}
	for i := range want {
		if i >= len(shown) || shown[i] != want[i] {
			t.Fatalf("shown %v, want %v", shown, want)
		}
	}
	clips := map[int]int{}
	wound := false
	for _, e := range r.Events {
		if b, ok := e.Body.(event.Rate); ok {
			wound = b.To < 0 || wound
		}
		if f, ok := e.Body.(event.Fragment); ok && wound {
			clips[int(f.Start/(4*time.Second))]++
		}
	}
	if len(clips) != 4 {
		t.Errorf("rewinding asked for fragments of quarters %v", clips)
	}
	playertest.Golden(t, "composite_seeks", r.Events)
}

// A range may lie across clips.
func TestCompositeRange(t *testing.T) {
	const from, to = 5 * time.Second, 11 * time.Second
	r := playertest.Run(t, playertest.Scenario{
		Handler: roughCut(), Path: playertest.CompositePath,
		Config: func(c *player.Config) { c.Start, c.End = from, to },
	})
	whole(t, r, from, to)
	unbroken(t, r, to-from)
}

// A segmented manifest ends with an error that says so.
func TestSegmented(t *testing.T) {
	for _, document := range []string{
		`<SmoothStreamingMedia MajorVersion="3" MinorVersion="0" Duration="0"/>`,
		`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0"><Segment/></SmoothStreamingMedia>`,
	} {
		r := playertest.Run(t, playertest.Scenario{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(document))
		})})
		e := (*player.Error)(nil)
		if !errors.As(r.Err, &e) || e.Code != event.ManifestKind || !strings.Contains(e.Error(), "segmented") {
			t.Errorf("ended with %v", r.Err)
		}
	}
}
