package player

import (
	"testing"
	"time"
)

func TestClocks(t *testing.T) {
	var c clocks
	for _, step := range []struct{ steady, wall, want time.Duration }{
		{time.Second, time.Second, 0},
		{2 * time.Second, 2*time.Second + 300*time.Millisecond, 0},                     // a time server
		{time.Minute, time.Minute + 500*time.Millisecond, 0},                           // the same
		{61 * time.Second, 61*time.Second + time.Hour, time.Hour},                      // suspended
		{62 * time.Second, 62*time.Second + time.Hour, 0},                              // told once
		{2 * time.Minute, 2*time.Minute - 10*time.Second, -time.Hour - 10*time.Second}, // set back
	} {
		if got := c.stepped(step.steady, step.wall); got != step.want {
			t.Errorf("at %v, %v by the clock on the wall: stepped by %v, want %v", step.steady, step.wall, got, step.want)
		}
	}
}
