package origin

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"net/http"
	"strconv"
	"time"
)

// serve answers a request that came through the link, faults and all.
func (o *Origin) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*") // for players in browsers
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", "*")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "only GET and HEAD are served", http.StatusMethodNotAllowed)
		return
	}
	f, other := o.pick(r.URL.Path)
	if f == nil {
		send(w, r, o.answer(r.URL.Path))
		return
	}
	note(w, string(f.Kind), nil)
	o.goWrong(w, r, f, other)
}

// pick returns the fault that happens to a request; nil: none. other is what is
// asked for instead, where the fault is FaultOtherTime.
func (o *Origin) pick(urlPath string) (f *Fault, other request) {
	o.mu.Lock()
	if o.first.IsZero() {
		o.first = time.Now()
	}
	elapsed, none := time.Since(o.first), len(o.faults) == 0
	o.mu.Unlock()
	if none {
		return nil, other
	}
	on := occasion{elapsed: elapsed, chunk: -1}
	r, ok := parseRequest(urlPath)
	on.manifest = !ok || r.manifest
	if !on.manifest {
		info := chunkInfo{number: -1, other: r.time}
		if p, err := o.open(r); err == nil {
			info = p.chunk(r)
		}
		on.stream, on.name, on.kind = r.stream, info.name, info.kind
		on.level, on.top, on.chunk = r.bitrate, info.top, info.number
		other = r
		other.time, other.raw = info.other, ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.faults {
		if !o.faults[i].applies(on) {
			continue
		}
		o.counts[i]++
		if o.faults[i].counted(o.counts[i]) {
			f := o.faults[i]
			return &f, other
		}
	}
	return nil, other
}

// send answers as a server in good health does.
func send(w http.ResponseWriter, r *http.Request, a answer) {
	switch {
	case a.location != "":
		http.Redirect(w, r, a.location, http.StatusFound)
	case errors.Is(a.err, fs.ErrNotExist):
		fail(w, http.StatusNotFound, a.err)
	case a.err != nil:
		fail(w, http.StatusInternalServerError, a.err)
	default:
		defer a.body.Close()
		w.Header().Set("Content-Type", a.body.mime)
		http.ServeContent(w, r, "", time.Time{}, a.body)
	}
}

func fail(w http.ResponseWriter, status int, err error) {
	note(w, "", err)
	http.Error(w, err.Error(), status)
}

// goWrong answers as f says.
func (o *Origin) goWrong(w http.ResponseWriter, r *http.Request, f *Fault, other request) {
	switch f.Kind {
	case FaultDie:
		panic(http.ErrAbortHandler)
	case FaultLevelGone:
		http.Error(w, "this level is gone", http.StatusNotFound)
	case FaultOtherTime:
		if other.noun == "" { // a manifest has no time
			send(w, r, o.answer(r.URL.Path))
			return
		}
		send(w, r, o.reply(other))
	case FaultSlow:
		send(&trickle{w, r.Context(), cmp.Or(f.BPS, 100_000)}, r, o.answer(r.URL.Path))
	case FaultLate:
		if sleep(r.Context(), cmp.Or(f.Wait, 3*time.Second)) == nil {
			send(w, r, o.answer(r.URL.Path))
		}
	case FaultCut, FaultTruncated, FaultGarbage:
		o.spoil(w, r, f)
	default:
		if f.status() == http.StatusPreconditionFailed {
			w.WriteHeader(http.StatusPreconditionFailed) // [MS-SSTR] 2.2.6: without a body
			return
		}
		http.Error(w, "made to fail", f.status())
	}
}

// trickle writes at a rate, twenty times a second.
type trickle struct {
	http.ResponseWriter
	ctx context.Context // of the request
	bps int64
}

func (t *trickle) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n := min(len(p)-written, max(int(t.bps/8/20), 1))
		if err := sleep(t.ctx, time.Duration(float64(n)*8/float64(t.bps)*float64(time.Second))); err != nil {
			return written, err
		}
		m, err := t.ResponseWriter.Write(p[written : written+n])
		if written += m; err != nil {
			return written, err
		}
		http.NewResponseController(t.ResponseWriter).Flush()
	}
	return written, nil
}

// Unwrap is for http.ResponseController.
func (t *trickle) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// sleep waits, or returns the error of ctx where that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spoil sends a body that is not as it should be.
func (o *Origin) spoil(w http.ResponseWriter, r *http.Request, f *Fault) {
	a := o.answer(r.URL.Path)
	if a.body == nil || r.Method == http.MethodHead {
		send(w, r, a)
		return
	}
	defer a.body.Close()
	size := a.body.size
	keep := int64(math.Round(float64(size) * cmp.Or(f.Keep, 0.5)))
	w.Header().Set("Content-Type", a.body.mime)
	switch f.Kind {
	case FaultGarbage:
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		io.CopyN(w, &garbage{state: 0x9e3779b97f4a7c15}, size)
	case FaultTruncated:
		w.Header().Set("Content-Length", strconv.FormatInt(keep, 10))
		io.CopyN(w, a.body, keep)
	case FaultCut:
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		io.CopyN(w, a.body, keep)
		if keep < size {
			http.NewResponseController(w).Flush() // what was sent arrives
			panic(http.ErrAbortHandler)
		}
	}
}

// garbage reads as noise, the same each time (xorshift).
type garbage struct{ state uint64 }

func (g *garbage) Read(p []byte) (int, error) {
	for i := range p {
		g.state ^= g.state << 13
		g.state ^= g.state >> 7
		g.state ^= g.state << 17
		p[i] = byte(g.state >> 32)
	}
	return len(p), nil
}
