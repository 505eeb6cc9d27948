package origin

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// serve answers a request that came through the link, faults and all.
func (o *Origin) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*") // for players in browsers
	if r.Header.Get("Origin") != "" {
		w.Header().Set("Access-Control-Expose-Headers", "*") // the clock of the server, for one
	}
	if o.protect != nil && isLicense(r.URL.Path) {
		o.serveLicense(w, r)
		return
	}
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
	if o.live != nil {
		w.Header().Set("Date", o.now().UTC().Format(http.TimeFormat))
	}
	w = &mortal{w, func() bool { return o.dead(r.URL.Path) }}
	c := o.pick(r.URL.Path)
	if c.fault == nil {
		send(w, r, o.answer(r.URL.Path))
		return
	}
	note(w, string(c.fault.Kind), nil)
	o.goWrong(w, r, c)
}

// chance is a fault that happens to a request.
type chance struct {
	fault *Fault    // nil: none
	other request   // asked for instead, where the fault is FaultOtherTime
	began time.Time // when the fault did
}

// pick returns what happens to a request.
func (o *Origin) pick(urlPath string) chance {
	now := time.Now()
	o.mu.Lock()
	if o.first.IsZero() {
		o.first = now
	}
	none := len(o.faults) == 0
	o.mu.Unlock()
	if none {
		return chance{}
	}
	on, other := o.occasion(urlPath)
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.faults {
		f := &o.faults[i]
		on.elapsed = o.elapsed(f, now)
		if !f.applies(on) {
			continue
		}
		f.count++
		if f.counted(f.count) {
			began, _ := o.span(f, now)
			fault := f.Fault
			return chance{&fault, other, began}
		}
	}
	return chance{}
}

// occasion says what a request is about. other is the same request for another
// chunk.
func (o *Origin) occasion(urlPath string) (on occasion, other request) {
	on = occasion{chunk: -1, behind: -1, license: o.protect != nil && isLicense(urlPath)}
	if on.license {
		return on, other
	}
	r, ok := parseRequest(urlPath)
	on.manifest = !ok || r.manifest
	on.live = o.liveNames(r.folder) != nil
	if on.manifest {
		return on, other
	}
	info := chunkInfo{number: -1, other: r.time, behind: -1}
	if p, err := o.open(r); err == nil {
		info = p.chunk(r)
		if on.live {
			if e, err := p.live(o.live); err == nil {
				info = o.moment(e, o.now()).info(r)
			}
		}
	}
	on.stream, on.name, on.kind = r.stream, info.name, info.kind
	on.level, on.top, on.chunk, on.behind = r.bitrate, info.top, info.number, info.behind
	other = r
	other.time, other.raw = info.other, ""
	return on, other
}

// send answers as a server in good health does.
func send(w http.ResponseWriter, r *http.Request, a answer) {
	switch {
	case a.location != "":
		http.Redirect(w, r, a.location, http.StatusFound)
	case errors.Is(a.err, errNotYet):
		note(w, "", a.err)
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusPreconditionFailed) // [MS-SSTR] 2.2.6: without a body
	case errors.Is(a.err, errBad):
		fail(w, http.StatusBadRequest, a.err)
	case errors.Is(a.err, fs.ErrNotExist):
		fail(w, http.StatusNotFound, a.err)
	case a.err != nil:
		fail(w, http.StatusInternalServerError, a.err)
	default:
		defer a.body.Close()
		a.describe(w)
		http.ServeContent(w, r, "", time.Time{}, a.body)
	}
}

// describe sets the headers of an answer's body.
func (a *answer) describe(w http.ResponseWriter) {
	w.Header().Set("Content-Type", a.body.mime)
	if a.cache != "" {
		w.Header().Set("Cache-Control", a.cache)
	}
}

func fail(w http.ResponseWriter, status int, err error) {
	note(w, "", err)
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, err.Error(), status)
}

// goWrong answers as a fault says.
func (o *Origin) goWrong(w http.ResponseWriter, r *http.Request, c chance) {
	switch f := c.fault; f.Kind {
	case FaultDie:
		panic(http.ErrAbortHandler)
	case FaultLevelGone:
		http.Error(w, "this level is gone", http.StatusNotFound)
	case FaultOtherTime:
		if c.other.noun == "" { // a manifest has no time
			send(w, r, o.answer(r.URL.Path))
			return
		}
		send(w, r, o.reply(c.other, twist{}))
	case FaultStale, FaultNoTfrf, FaultBadTfrf, FaultMissingIV:
		send(w, r, o.twisted(r.URL.Path, c))
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

// twisted answers as an Origin does that a fault has a hand in.
func (o *Origin) twisted(urlPath string, c chance) answer {
	r, ok := parseRequest(urlPath)
	if !ok {
		return o.answer(urlPath)
	}
	tw := twist{}
	switch c.fault.Kind {
	case FaultStale:
		now := o.now()
		if tw.at = now.Add(c.fault.By); c.fault.By == 0 {
			tw.at = now.Add(c.began.Sub(time.Now()))
		}
	case FaultMissingIV:
		tw.noIV = true
	default:
		tw.tfrf, tw.how = c.fault.Kind, c.fault.How
	}
	return o.reply(r, tw)
}

// dead reports whether a fault has killed the server for a request that is being
// answered.
func (o *Origin) dead(urlPath string) bool {
	mortal := func(f inForce) bool { return f.Kind == FaultDie && f.Every == 0 && f.Share == 0 }
	o.mu.Lock()
	may := slices.ContainsFunc(o.faults, mortal)
	o.mu.Unlock()
	if !may {
		return false
	}
	on, _ := o.occasion(urlPath)
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.faults, func(f inForce) bool {
		on.elapsed = o.elapsed(&f, now)
		return mortal(f) && f.applies(on)
	})
}

// mortal breaks the connection when the server dies while it writes.
type mortal struct {
	http.ResponseWriter
	dead func() bool
}

func (m *mortal) Write(p []byte) (int, error) {
	written := 0
	for {
		n := min(len(p)-written, 16<<10)
		if m.dead() {
			panic(http.ErrAbortHandler)
		}
		k, err := m.ResponseWriter.Write(p[written : written+n])
		if written += k; err != nil || written == len(p) {
			return written, err
		}
	}
}

// Unwrap is for http.ResponseController.
func (m *mortal) Unwrap() http.ResponseWriter { return m.ResponseWriter }

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
	a.describe(w)
	w.Header().Set("Cache-Control", "no-store")
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
