package playertest

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Together plays n sessions of s at once, in one bubble, from one server and over
// one link that they share. Each begins by stagger after the one before.
func Together(t *testing.T, n int, stagger time.Duration, s Scenario) []*Result {
	t.Helper()
	results := make([]*Result, n)
	synctest.Test(t, func(t *testing.T) {
		network, stop := s.serve()
		defer stop()
		link := s.link(t)
		var wait sync.WaitGroup
		for i := range results {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * stagger)
				results[i] = s.play(t, network, link)
			})
		}
		wait.Wait()
	})
	return results
}

// TogetherThrice is Together three times, each in a bubble of its own; it fails
// where the logs differ. What s holds must serve several bubbles.
func TogetherThrice(t *testing.T, n int, stagger time.Duration, s Scenario) []*Result {
	t.Helper()
	first := Together(t, n, stagger, s)
	for range 2 {
		for i, again := range Together(t, n, stagger, s) {
			if diff := FirstDifference(Digest(first[i].Events), Digest(again.Events)); diff != "" {
				t.Fatalf("session %d of the same scenario took another course: %s", i, diff)
			}
		}
	}
	return first
}
