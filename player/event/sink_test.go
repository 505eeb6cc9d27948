package event

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func numbered(n int) []Event {
	events := make([]Event, n)
	for i := range events {
		events[i] = Event{Seq: uint64(i + 1), At: time.Duration(i), Body: Rate{From: 1, To: float64(i)}}
	}
	return events
}

func TestJSONLIsReadBack(t *testing.T) {
	var log bytes.Buffer
	var kept Recorder
	sink := Tee(JSONL(&log), nil, &kept)
	for _, e := range numbered(3) {
		sink.Handle(e)
	}
	if got := strings.Count(log.String(), "\n"); got != 3 {
		t.Errorf("%d lines, want 3:\n%s", got, &log)
	}
	var read []Event
	for e, err := range Read(strings.NewReader(log.String() + "\n")) {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, e)
	}
	want := kept.Events()
	if len(read) != len(want) {
		t.Fatalf("read %d events, want %d", len(read), len(want))
	}
	for i := range want {
		if read[i] != want[i] {
			t.Errorf("event %d: got %+v, want %+v", i, read[i], want[i])
		}
	}
	if got := Bodies[Rate](read); len(got) != 3 || got[2].To != 2 {
		t.Errorf("Bodies[Rate] = %+v", got)
	}
	if got := Bodies[Angle](read); got != nil {
		t.Errorf("Bodies[Angle] = %+v", got)
	}
}

func TestReadNamesTheLine(t *testing.T) {
	log := "{\"seq\":1,\"type\":\"rate\"}\n\n{]\n{\"seq\":2,\"type\":\"rate\"}\n"
	n := 0
	for _, err := range Read(strings.NewReader(log)) {
		n++
		if n == 2 && (err == nil || !strings.Contains(err.Error(), "line 3")) {
			t.Errorf("got %v, want an error that names line 3", err)
		}
	}
	if n != 2 {
		t.Errorf("%d steps, want 2: reading ends after an error", n)
	}
}

type brokenWriter struct{ writes int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	w.writes++
	return 0, errors.New("disk full")
}

func TestJSONLStopsAfterAnError(t *testing.T) {
	var broken brokenWriter
	w := JSONL(&broken)
	for _, e := range numbered(3) {
		w.Handle(e)
	}
	if broken.writes != 1 || w.Err() == nil || !strings.Contains(w.Err().Error(), "disk full") {
		t.Errorf("%d writes, error %v", broken.writes, w.Err())
	}
}

func TestAsyncHandsOnInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept Recorder
		slow := SinkFunc(func(e Event) {
			time.Sleep(time.Second)
			kept.Handle(e)
		})
		a := NewAsync(slow, 100)
		done := make(chan error)
		go func() { done <- a.Run(context.Background()) }()
		for _, e := range numbered(50) {
			a.Handle(e)
		}
		a.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		for i, e := range kept.Events() {
			if e.Seq != uint64(i+1) {
				t.Fatalf("event %d has seq %d", i, e.Seq)
			}
		}
		if n := len(kept.Events()); n != 50 || a.Dropped() != 0 {
			t.Errorf("%d handed on, %d dropped; want 50, 0", n, a.Dropped())
		}
	})
}

func TestAsyncDropsAndCountsButKeepsTheLast(t *testing.T) {
	var kept Recorder
	a := NewAsync(&kept, 4)
	for _, e := range numbered(10) {
		a.Handle(e) // nobody reads: must not block
	}
	a.Handle(Event{Seq: 11, Body: SessionEnded{}})
	a.Close()
	if err := a.Run(context.Background()); err != nil {
		t.Error(err)
	}
	events := kept.Events()
	if len(events) != 5 || events[4].Body.Type() != "session_ended" || a.Dropped() != 6 {
		t.Errorf("%d handed on, %d dropped, last %+v; want 5, 6 and the end", len(events), a.Dropped(), events[len(events)-1])
	}
}

func TestAsyncEndsWithItsContext(t *testing.T) {
	var kept Recorder
	a := NewAsync(&kept, 10)
	for _, e := range numbered(3) {
		a.Handle(e)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := len(kept.Events()); n != 3 {
		t.Errorf("%d handed on, want all 3 that were queued", n)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	for _, body := range []Body{Fragment{Track: "video", T: 1, Noun: "Fragments"}, FirstPicture{}} {
		b.Run(body.Type(), func(b *testing.B) {
			var line []byte
			e := Event{Seq: 1, Body: body}
			for b.Loop() {
				line, _ = e.AppendJSON(line[:0])
			}
		})
	}
}
