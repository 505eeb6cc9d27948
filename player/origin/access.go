package origin

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Access is one line of the access log.
type Access struct {
	Time    time.Time // when the request came
	Elapsed time.Duration
	Remote  string
	Method  string
	Path    string // without the query, which may hold a token
	Status  int    // 0: the connection was broken before an answer
	Bytes   int64  // of the body
	Fault   string // what was made to go wrong; "": nothing
	Err     error  // why Status is an error, where the server knows more; nil: it does not
}

// LogAccess returns a function for Config.Access that writes to l.
func LogAccess(l *slog.Logger) func(Access) {
	return func(a Access) {
		attrs := []slog.Attr{
			slog.String("method", a.Method), slog.String("path", a.Path), slog.Int("status", a.Status),
			slog.Int64("bytes", a.Bytes), slog.Duration("elapsed", a.Elapsed), slog.String("remote", a.Remote),
		}
		if a.Fault != "" {
			attrs = append(attrs, slog.String("fault", a.Fault))
		}
		if a.Err != nil {
			attrs = append(attrs, slog.String("error", a.Err.Error()))
		}
		l.LogAttrs(context.Background(), slog.LevelInfo, "access", attrs...)
	}
}

// recorder notes what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	fault  string
	err    error
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Flush is for the link, which sends as it goes.
func (r *recorder) Flush() {
	if f, ok := r.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// note keeps something for the access log, through whatever wraps w.
func note(w http.ResponseWriter, fault string, err error) {
	for {
		if r, ok := w.(*recorder); ok {
			if fault != "" {
				r.fault = fault
			}
			if err != nil {
				r.err = err
			}
			return
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = u.Unwrap()
	}
}
