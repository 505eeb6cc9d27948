package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"sync"
	"time"

	"smoothplay/platform"
)

const (
	// slotTime is how fine a recorded trace is.
	slotTime = 250 * time.Millisecond
	// enoughBusy is how long something must have been on its way for its bytes to
	// say what the link carries.
	enoughBusy = 50 * time.Millisecond
	// recentAnswers is how many requests the round trip is the shortest wait of:
	// a slow server, or a new connection, is no round trip.
	recentAnswers = 5
)

// linkRecorder is a platform.Doer that watches what arrives over another one, to
// write it down as a trace. All transfers count together. Time in which nothing
// is on its way says nothing: there, the link is taken to be as it was before. A
// body is on its way from its first bytes on, since those come with the head of
// the answer; a link that is dead before the head comes cannot be told from a
// slow server.
type linkRecorder struct {
	doer platform.Doer

	mu    sync.Mutex
	began time.Time // first request; guarded by mu, as all below
	at    time.Duration
	busy  int           // bodies on their way
	since time.Duration // of busy being more than 0
	slots []slot
	waits []time.Duration // for the latest answers
}

// slot is a piece of time.
type slot struct {
	bits    float64
	busy    time.Duration
	latency time.Duration // 0: as before
}

// Do implements [platform.Doer].
func (r *linkRecorder) Do(req *http.Request) (*http.Response, error) {
	asked := time.Now()
	r.mu.Lock()
	if r.began.IsZero() {
		r.began = asked
	}
	r.mu.Unlock()
	resp, err := r.doer.Do(req)
	if err != nil || resp == nil || resp.Body == nil {
		return resp, err
	}
	r.answered(asked)
	resp.Body = &recordedBody{ReadCloser: resp.Body, recorder: r}
	if info, ok := resp.Body.(*recordedBody).ReadCloser.(platform.AnswerInfo); ok {
		resp.Body = &informedBody{resp.Body.(*recordedBody), info}
	}
	return resp, nil
}

// Renew implements [platform.Renewer].
func (r *linkRecorder) Renew(req *http.Request, status int) (*http.Request, error) {
	if renewer, ok := r.doer.(platform.Renewer); ok {
		return renewer.Renew(req, status)
	}
	return nil, nil
}

func (r *linkRecorder) answered(asked time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance()
	r.waits = append(r.waits, time.Since(asked))
	if len(r.waits) > recentAnswers {
		r.waits = r.waits[1:]
	}
	shortest := r.waits[0]
	for _, w := range r.waits {
		shortest = min(shortest, w)
	}
	r.slot(r.at).latency = shortest
}

// advance accounts for the time until now.
func (r *linkRecorder) advance() {
	now := time.Since(r.began)
	if r.busy > 0 {
		r.spread(r.at, now, func(s *slot, d time.Duration) { s.busy += d })
	}
	r.at = now
}

// slot is the one in which t lies.
func (r *linkRecorder) slot(t time.Duration) *slot {
	i := int(t / slotTime)
	for len(r.slots) <= i {
		r.slots = append(r.slots, slot{})
	}
	return &r.slots[i]
}

// spread hands out the time between two instants to the slots in which it lies.
func (r *linkRecorder) spread(from, to time.Duration, give func(*slot, time.Duration)) {
	for from < to {
		end := min(to, (from/slotTime+1)*slotTime)
		give(r.slot(from), end-from)
		from = end
	}
}

// received notes n bytes that arrived in a read that began at an instant, as far
// as something was on its way meanwhile.
func (r *linkRecorder) received(n int, from time.Time) {
	if r.busy == 0 {
		return
	}
	begin, end := from.Sub(r.began), r.at
	if end <= begin {
		r.slot(end).bits += float64(n) * 8
		return
	}
	rate := float64(n) * 8 / float64(end-begin)
	r.spread(max(begin, r.since), end, func(s *slot, d time.Duration) { s.bits += rate * float64(d) })
}

// recordedBody tells its recorder what it reads.
type recordedBody struct {
	io.ReadCloser
	recorder *linkRecorder
	flowing  bool // counts in busy; guarded by recorder.mu
	over     bool // guarded by recorder.mu
}

// Read implements [io.Reader].
func (b *recordedBody) Read(p []byte) (int, error) {
	r := b.recorder
	from := time.Now()
	n, err := b.ReadCloser.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance()
	if n > 0 {
		r.received(n, from)
	}
	if n > 0 && !b.flowing && !b.over {
		b.flowing = true
		if r.busy++; r.busy == 1 {
			r.since = r.at
		}
	}
	if err != nil {
		b.end()
	}
	return n, err
}

// Close implements [io.Closer].
func (b *recordedBody) Close() error {
	b.recorder.mu.Lock()
	b.recorder.advance()
	b.end()
	b.recorder.mu.Unlock()
	return b.ReadCloser.Close()
}

func (b *recordedBody) end() {
	b.over = true
	if b.flowing {
		b.flowing = false
		b.recorder.busy--
	}
}

// informedBody is a recordedBody of which the network stack knows more.
type informedBody struct {
	*recordedBody
	platform.AnswerInfo
}

// traceRow is a line of a trace.
type traceRow struct {
	duration time.Duration
	kbps     float64
	latency  time.Duration
}

// rows is the link as it was seen.
func (r *linkRecorder) rows() ([]traceRow, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var rows []traceRow
	var sum slot
	var latency time.Duration
	kbps := -1.0
	for _, s := range r.slots {
		if s.latency > 0 {
			latency = s.latency.Round(time.Millisecond)
		}
		sum.bits, sum.busy = sum.bits+s.bits, sum.busy+s.busy
		if sum.busy >= enoughBusy {
			rate := significant(sum.bits / sum.busy.Seconds() / 1000)
			if kbps < 0 { // so it was from the beginning
				for i := range rows {
					rows[i].kbps = rate
				}
			}
			kbps, sum = rate, slot{}
		}
		if n := len(rows) - 1; n >= 0 && rows[n].kbps == kbps && rows[n].latency == latency {
			rows[n].duration += slotTime
			continue
		}
		rows = append(rows, traceRow{slotTime, kbps, latency})
	}
	if kbps < 0 {
		return nil, errors.New("too little was received to say what the link carries")
	}
	return rows, nil
}

// significant rounds to three digits, so that equal rates are told as one.
func significant(x float64) float64 {
	if x < 1 {
		return math.Round(x)
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-2)
	return math.Round(math.Round(x/unit)*unit*10) / 10
}

// write writes the trace into a file.
func (r *linkRecorder) write(name string) error {
	rows, err := r.rows()
	if err != nil {
		return fmt.Errorf("--record-trace %s: %w", name, err)
	}
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("--record-trace: %w", err)
	}
	if err := errors.Join(writeTrace(file, rows), file.Close()); err != nil {
		return fmt.Errorf("--record-trace %s: %w", name, err)
	}
	return nil
}

// writeTrace writes rows as --trace and simulate read them.
func writeTrace(w io.Writer, rows []traceRow) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "duration_ms,bandwidth_kbps,latency_ms")
	for _, row := range rows {
		fmt.Fprintf(out, "%d,%g,%d\n", row.duration.Milliseconds(), row.kbps, row.latency.Milliseconds())
	}
	return out.Flush()
}
