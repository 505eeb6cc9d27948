package fetch

import (
	"context"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
)

// Job is a fragment to fetch.
type Job struct {
	URL string
	// Track, Chunk, Level and Attempt are the caller's own; they come back with
	// the Result.
	Track, Chunk, Level, Attempt int
	// SizeHint is how many bytes are expected, for answers that do not tell; 0:
	// not known.
	SizeHint int64
	Extra    *Extra // nil: nothing
}

// Progress says how far a transfer is.
type Progress struct {
	Bytes     int64         // of the body so far
	Size      int64         // of the whole body; 0: not known
	FirstByte time.Duration // from the request to the head of its answer
	Elapsed   time.Duration // from the request until now
}

// Result is the end of one attempt to fetch a fragment.
type Result struct {
	Job
	// Body is the fragment, to be released by the caller; nil where Err is not.
	Body *Body
	// Err is nil or an *Error.
	Err error
	// Status is that of the answer; 0: none came.
	Status int
	// Host is the host and port that answered, after redirects, or was asked.
	Host string
	// Effective is the URL that answered. It may hold secrets.
	Effective string
	// Started is when the request was sent (the second one, where it was
	// renewed), FirstByte how long the head of its answer took to come (0: none
	// came), Elapsed how long all took.
	Started            time.Time
	FirstByte, Elapsed time.Duration
	Bytes              int64 // of the body, received, also where it was cut off
	// ContentType is without parameters. Cache has what caches on the way said:
	// "age", "cache-control", "via", "x-cache", by lower-case name; nil: nothing.
	ContentType string
	Cache       map[string]string
	// ChildTrack is the sparse pointer of a live answer, raw and without its
	// quotes ([MS-SSTR] 2.2.5); "": none.
	ChildTrack string
	// RetryAfter is what the server asked for, at most a minute; 0: nothing.
	RetryAfter time.Duration
	// FromStore, StackBPS and DeliveredBPS are what the network stack says, see
	// platform.AnswerInfo.
	FromStore              bool
	StackBPS, DeliveredBPS int64
}

// Fragment makes one attempt to fetch job; it never tries again by itself.
// progress, where not nil, is called on this goroutine when the head of the
// answer is there, and then as bytes arrive: at most once in 50 ms and in 12 kB.
func (c *Client) Fragment(ctx context.Context, job Job, progress func(Progress)) Result {
	r := Result{Job: job}
	raw := job.URL
	if c.opt.AppendQuery {
		raw = c.book.withQuery(raw)
	}
	raw = job.Extra.on(raw)
	w := httpclient.NewWatch(ctx, httpclient.FirstByte, c.opt.FirstByte)
	defer w.Stop()
	a, err := c.send(w, raw, plain, job.Extra.header())
	if a.url != nil {
		r.Host = a.url.Host
	}
	r.Started, r.FirstByte = a.started, a.firstByte
	if a.resp != nil {
		r.head(&a, raw)
	}
	switch {
	case err != nil:
	case failed(r.Status):
		c.dismiss(w, a.resp)
		err = statusError(r.Status, a.url)
	default:
		in := reception{client: c, watch: w, limit: c.opt.MaxFragmentBytes, progress: progress, started: a.started}
		in.told.FirstByte = a.firstByte
		r.Body, err = in.body(a.resp, job.SizeHint)
		r.Bytes = in.received
		r.info(a.resp.Body)
		a.resp.Body.Close()
		if err == nil && len(r.Body.bytes) == 0 {
			r.Body.Release()
			r.Body, err = nil, errEmpty
		}
		if err != nil {
			err = broken(err, r.Status, a.url)
		}
	}
	if !a.started.IsZero() {
		r.Elapsed = time.Since(a.started)
	}
	if err != nil {
		r.Err = final(ctx, err, a.url)
	}
	return r
}

// head takes what the head of the answer to raw says.
func (r *Result) head(a *answer, raw string) {
	h := a.resp.Header
	r.Status = a.resp.StatusCode
	if r.Effective = raw; a.url != a.asked {
		r.Effective = a.url.String()
	}
	r.ContentType = mediaType(h.Get("Content-Type"))
	r.Cache = cacheNotes(h)
	r.ChildTrack = childTrack(h)
	r.RetryAfter = retryAfter(h)
}

// info takes what the network stack says of an answer.
func (r *Result) info(body any) {
	if info, ok := body.(platform.AnswerInfo); ok {
		r.FromStore, r.StackBPS, r.DeliveredBPS = info.FromStore(), info.BandwidthBPS(), info.DeliveredBPS()
	}
}
