package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"smoothplay/platform/httpclient"
)

// course is what the table says to a failure that comes again and again: one
// word for each attempt, until it is no longer the same that is asked for.
func course(f Failure) string {
	out := ""
	for f.Attempt = 1; f.Attempt <= 12; f.Attempt++ {
		a := Next(f, 1)
		out += fmt.Sprintf("%v", a.Kind)
		if a.After > 0 {
			out += fmt.Sprintf(" %v", a.After)
		}
		if a.Refresh {
			out += " refresh"
		}
		if a.Kind != Retry && a.Kind != Wait {
			return out
		}
		out += ", "
	}
	return out + "..."
}

func TestNext(t *testing.T) {
	const (
		atEdge   = "wait 2s, wait 2s, wait 2s, wait 2s, wait 2s refresh, wait 2s, wait 2s, wait 2s, wait 2s, wait 2s refresh, wait 2s, wait 2s, ..."
		trouble  = "retry 250ms, retry 500ms, retry 1s, "
		gone     = "wait 250ms, wait 500ms, wait 1s, wait 2s, wait 4s, wait 5s, wait 5s, wait 5s, wait 5s, wait 5s, wait 5s, wait 5s, ..."
		crowded  = "wait 1s, wait 2s, wait 4s, wait 8s, wait 8s, "
		hurried  = "wait 250ms, wait 500ms, wait 1s, wait 1s, wait 1s, wait 1s, wait 1s, wait 1s, wait 1s, wait 1s, wait 1s, wait 1s, ..."
		waited   = "wait 250ms, wait 500ms, wait 1s, wait 2s, wait 2s, wait 2s, wait 2s, wait 2s, wait 2s, wait 2s, wait 2s, wait 2s, ..."
		patient  = "wait 250ms, wait 500ms, wait 1s, wait 2s, wait 4s, wait 8s, wait 10s, wait 10s, wait 10s, wait 10s, wait 10s, wait 10s, ..."
		standing = "wait 250ms, wait 500ms, "
	)
	tests := []struct {
		name        string
		f           Failure
		with, alone string // with other levels, and without
	}{
		{"404", Failure{Class: Status, Status: 404}, "other level", "retry 250ms, skip"},
		{"404 live, behind", Failure{Class: Status, Status: 404, Live: true}, "other level", "retry 250ms, skip"},
		{"404 at the edge", Failure{Class: Status, Status: 404, Live: true, NearEdge: true}, atEdge, atEdge},
		{"412 at the edge", Failure{Class: Status, Status: 412, Live: true, NearEdge: true}, atEdge, atEdge},
		{"412 live, behind", Failure{Class: Status, Status: 412, Live: true}, "wait 2s, wait 2s, wait 2s, skip refresh", "wait 2s, wait 2s, wait 2s, skip refresh"},
		{"412 on demand", Failure{Class: Status, Status: 412}, "other level", "skip"},
		{"410 live", Failure{Class: Status, Status: 410, Live: true}, "skip refresh", "skip refresh"},
		{"410 on demand", Failure{Class: Status, Status: 410}, "other level", "skip"},
		{"400", Failure{Class: Status, Status: 400}, "other level", "skip"},
		{"401", Failure{Class: Status, Status: 401}, "fail", "fail"},
		{"403", Failure{Class: Status, Status: 403}, "other level", "fail"},
		{"407", Failure{Class: Status, Status: 407}, "fail", "fail"},
		{"451", Failure{Class: Status, Status: 451}, "fail", "fail"},
		{"408", Failure{Class: Status, Status: 408}, trouble + "other level", trouble + "skip"},
		{"429", Failure{Class: Status, Status: 429}, crowded + "other level", crowded + "skip"},
		{"500", Failure{Class: Status, Status: 500}, trouble + "other level", trouble + "skip"},
		{"503 live at the edge", Failure{Class: Status, Status: 503, Live: true, NearEdge: true}, trouble + "other level", trouble + "skip"},
		{"204", Failure{Class: Status, Status: 204}, "other level", "skip"},
		{"truncated", Failure{Class: Truncated}, "retry 100ms, retry 200ms, retry 400ms, other level", "retry 100ms, retry 200ms, retry 400ms, skip"},
		{"malformed", Failure{Class: Malformed}, "retry 100ms, other level", "retry 100ms, skip"},
		{"too large", Failure{Class: TooLarge}, "other level", "skip"},
		{"offline", Failure{Class: Offline}, gone, gone},
		{"offline, little buffered", Failure{Class: Offline, Low: true, Silent: 59 * time.Second}, hurried, hurried},
		{"offline, nothing left", Failure{Class: Offline, Low: true, Dry: true, Silent: 59 * time.Second}, waited, waited},
		{"offline for a minute, little buffered", Failure{Class: Offline, Low: true, Dry: true, Silent: time.Minute}, gone, gone},
		{"offline for minutes, nothing buffered", Failure{Class: Offline, Low: true, Dry: true, Silent: 2 * time.Minute}, patient, patient},
		{"offline for minutes, something buffered", Failure{Class: Offline, Silent: time.Hour}, gone, gone},
		{"timeout", Failure{Class: Timeout}, standing + "other level", gone},
		{"bad", Failure{Class: Bad}, "other level", "fail"},
		{"cancelled", Failure{Class: Cancelled}, "fail", "fail"},
		{"unheard of", Failure{Class: 99}, "fail", "fail"},
	}
	for _, tt := range tests {
		tt.f.OtherLevels = true
		if got := course(tt.f); got != tt.with {
			t.Errorf("%s, with other levels:\n got %s\nwant %s", tt.name, got, tt.with)
		}
		tt.f.OtherLevels = false
		if got := course(tt.f); got != tt.alone {
			t.Errorf("%s, alone:\n got %s\nwant %s", tt.name, got, tt.alone)
		}
	}
}

func TestPauses(t *testing.T) {
	edge := Failure{Class: Status, Status: 412, Live: true, NearEdge: true, Attempt: 1, ChunkDuration: 6 * time.Second}
	down := Failure{Class: Status, Status: 503, Attempt: 1}
	slow := down
	slow.RetryAfter = 7 * time.Second
	gone := Failure{Class: Offline, Attempt: 1_000_000_000}
	for _, tt := range []struct {
		f      Failure
		jitter float64
		want   time.Duration
	}{
		{edge, 0, 3 * time.Second},
		{edge, 1, 6 * time.Second},
		{down, 0, 125 * time.Millisecond},
		{down, 0.5, 187500 * time.Microsecond},
		{down, -3, 125 * time.Millisecond},
		{down, 3, 250 * time.Millisecond},
		{slow, 0.5, 7 * time.Second},
		{gone, 1, 5 * time.Second},
	} {
		if got := Next(tt.f, tt.jitter).After; got != tt.want {
			t.Errorf("%+v, jitter %v: pause %v, want %v", tt.f, tt.jitter, got, tt.want)
		}
	}
}

// TestANetworkGoneForTenMinutesEndsNothing: nor is anything skipped, or asked for
// more than is decent.
func TestANetworkGoneForTenMinutesEndsNothing(t *testing.T) {
	var spent time.Duration
	attempts := 0
	for spent < 10*time.Minute {
		attempts++
		a := Next(Failure{Class: Offline, Attempt: attempts, OtherLevels: true}, 0.5)
		if a.Kind != Wait || a.After <= 0 {
			t.Fatalf("after %v: %+v", spent, a)
		}
		spent += a.After
	}
	if attempts > 250 {
		t.Errorf("%d attempts in ten minutes", attempts)
	}
}

func TestNextManifest(t *testing.T) {
	status := func(s int) error { return &Error{Class: Status, Status: s} }
	blackHole := &Error{Class: Offline, Err: &net.OpError{Op: "dial", Err: &httpclient.TimeoutError{Phase: httpclient.Connect, After: 4 * time.Second}}}
	tests := []struct {
		err      error
		attempts int // made in all
	}{
		{status(404), 1},
		{status(403), 1},
		{status(410), 1},
		{status(500), 3},
		{status(503), 3},
		{status(429), 3},
		{&Error{Class: Offline, Err: syscall.ECONNREFUSED}, 3},
		{blackHole, 1},
		{&Error{Class: Timeout}, 1},
		{&Error{Class: Truncated, Err: io.ErrUnexpectedEOF}, 3},
		{&Error{Class: TooLarge}, 1},
		{&Error{Class: Bad}, 1},
		{fmt.Errorf("asking: %w", status(500)), 3},
		{context.Canceled, 1},
		{errors.New("no manifest"), 1},
	}
	for _, tt := range tests {
		var spent time.Duration
		attempt := 1
		for ; ; attempt++ {
			a := NextManifest(tt.err, attempt, 1)
			if a.Kind == Fail {
				break
			}
			if a.Kind != Retry || a.After <= 0 || attempt > 10 {
				t.Fatalf("%v, attempt %d: %+v", tt.err, attempt, a)
			}
			spent += a.After
		}
		if attempt != tt.attempts || spent > 4*time.Second {
			t.Errorf("%v: failed after %d attempts and %v of pauses, want %d attempts", tt.err, attempt, spent, tt.attempts)
		}
	}
}

// TestEveryRowCounts: no row is hidden behind those before it.
func TestEveryRowCounts(t *testing.T) {
	for name, rows := range map[string][]row{"fragmentRows": fragmentRows, "manifestRows": manifestRows} {
		reached := make(map[string]bool)
		for class := range Cancelled + 10 {
			for status := range 600 {
				for i := range 6 {
					f := Failure{Class: class, Status: status, Live: i > 0, NearEdge: i > 1, Low: i > 2, Dry: i > 3, Silent: time.Duration(i/5) * time.Hour}
					for _, r := range rows {
						if r.fits(f) {
							reached[r.what] = true
							break
						}
					}
				}
			}
		}
		for _, r := range rows {
			if !reached[r.what] {
				t.Errorf("%s: no failure reaches the row %q", name, r.what)
			}
		}
	}
}
