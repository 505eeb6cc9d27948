package main

import (
	"slices"
	"testing"
	"time"

	"smoothplay/render/sdl"
)

// TestRateKeys goes through the rates with keys, and steps.
func TestRateKeys(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		for _, name := range []string{">", ">", "<", "=", "<", "<", "<", "<", "=", "}", "}", "{", "{", "{", "{", "{", ".", ","} {
			act(sdl.Key{Name: name})
			time.Sleep(time.Second)
		}
		want := []string{
			"rate 1.25", "rate 1.5", "rate 1.25", "rate 1", "rate 0.5", "rate 0.25", "rate -1", "rate -2", "rate 1",
			"rate 4", "rate 8", "rate 4", "rate 1", "rate 0.5", "rate -4", "rate -8", "step 1", "step -1",
		}
		if !slices.Equal(s.log, want) {
			t.Errorf("the commands are\n%v, want\n%v", s.log, want)
		}
	})
}

// TestSpaceEndsWinding: while pictures go by without sound, it plays on as usual.
func TestSpaceEndsWinding(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, act func(sdl.Event)) {
		s.status.Rate = 8
		act(sdl.Key{Name: "SPACE"})
		if want := []string{"play"}; !slices.Equal(s.log, want) {
			t.Errorf("the commands are %v, want %v", s.log, want)
		}
	})
}
