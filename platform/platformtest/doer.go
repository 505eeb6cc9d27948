package platformtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenDoer makes a Doer that reaches servers on this machine's loopback.
type OpenDoer func(t *testing.T) platform.Doer

// TestDoer examines an implementation of [platform.Doer] with a server on
// loopback.
func TestDoer(t *testing.T, open OpenDoer) {
	t.Helper()
	examine(t, doerRules, func(t *testing.T, h http.Handler) (platform.Doer, string) {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return open(t), server.URL
	}, nil)
}

// reachDoer makes a Doer and the URL under which it reaches h.
type reachDoer func(t *testing.T, h http.Handler) (d platform.Doer, url string)

var doerRules = []rule[reachDoer]{
	{"sends-requests",
		"A Doer sends HTTP requests; *http.Client is one.",
		doerRule(func(x *doerExam) error {
			req, err := http.NewRequest("POST", x.url+"/echo?a=b%2Fc", strings.NewReader("some bytes"))
			if err != nil {
				return err
			}
			req.Header.Set("X-Exam", "yes")
			answer, body, err := x.do(req)
			if err != nil {
				return err
			}
			if want := "POST /echo?a=b%2Fc yes some bytes"; body != want || answer.StatusCode != http.StatusOK {
				return fmt.Errorf("the server should have seen %q, it answered %d %q", want, answer.StatusCode, body)
			}
			return nil
		})},
	{"every-status-is-an-answer",
		"A Doer sends HTTP requests; *http.Client is one.",
		doerRule(func(x *doerExam) error {
			for _, status := range []int{200, 204, 404, 403, 410, 412, 500, 503} {
				answer, body, err := x.get(fmt.Sprintf("/status/%d", status))
				if err != nil {
					return fmt.Errorf("of an answer %d: %w", status, err)
				}
				if answer.StatusCode != status {
					return fmt.Errorf("an answer %d became %d", status, answer.StatusCode)
				}
				if want := fmt.Sprintf("status %d", status); status != 204 && body != want {
					return fmt.Errorf("the body of an answer %d should be %q, it is %q", status, want, body)
				}
			}
			return nil
		})},
	{"whole-body",
		"A Doer sends HTTP requests; *http.Client is one.",
		doerRule(func(x *doerExam) error {
			_, body, err := x.get("/large")
			if err != nil {
				return err
			}
			if body != string(largeBody()) {
				return fmt.Errorf("a body of %d bytes arrived as %d others", len(largeBody()), len(body))
			}
			return nil
		})},
	{"cut-body-is-an-error",
		"A Doer sends HTTP requests; *http.Client is one.",
		doerRule(func(x *doerExam) error {
			if _, body, err := x.get("/cut"); err == nil {
				return fmt.Errorf("of a body announced with 1000 bytes that ended after %d, Read returned io.EOF", len(body))
			}
			return nil
		})},
	{"follows-redirects",
		"and follows redirects: the Request of the response it returns names the URL that answered",
		doerRule(func(x *doerExam) error {
			for _, status := range []int{301, 302, 303, 307, 308} {
				answer, body, err := x.get(fmt.Sprintf("/redirect/%d", status))
				if err != nil {
					return fmt.Errorf("of an answer %d: %w", status, err)
				}
				if answer.StatusCode != http.StatusOK || !strings.HasPrefix(body, "GET /echo?to=here") {
					return fmt.Errorf("a redirect %d led to an answer %d %q", status, answer.StatusCode, body)
				}
				if answer.Request == nil || answer.Request.URL == nil {
					return errors.New("the response has no Request")
				}
				if got, want := answer.Request.URL.String(), x.url+"/echo?to=here"; got != want {
					return fmt.Errorf("the Request names %s, want %s", got, want)
				}
			}
			return nil
		})},
	{"redirects-end",
		"and follows redirects: the Request of the response it returns names the URL that answered",
		doerRule(func(x *doerExam) error {
			return within(patience, "Do", func() error {
				if answer, _, err := x.get("/circle"); err == nil && answer.StatusCode == http.StatusOK {
					return errors.New("redirects in a circle were answered")
				}
				return nil
			})
		})},
	{"honours-context",
		"Do honours the request's context",
		doerRule(func(x *doerExam) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer time.AfterFunc(30*time.Millisecond, cancel).Stop()
			return within(patience, "Do, whose context was cancelled,", func() error {
				answer, err := x.getContext(ctx, "/silent")
				if err == nil {
					answer.Body.Close()
				}
				if !errors.Is(err, context.Canceled) {
					return fmt.Errorf("Do returned %v, which does not wrap context.Canceled", err)
				}
				return nil
			})
		})},
	{"honours-context-in-the-body",
		"Do honours the request's context",
		doerRule(func(x *doerExam) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			answer, err := x.getContext(ctx, "/stuck")
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			if _, err := io.ReadFull(answer.Body, make([]byte, 5)); err != nil {
				return fmt.Errorf("reading what the server sent before it got stuck: %w", err)
			}
			defer time.AfterFunc(30*time.Millisecond, cancel).Stop()
			return within(patience, "Read of a body whose context was cancelled", func() error {
				if _, err := answer.Body.Read(make([]byte, 1)); err == nil || err == io.EOF {
					return fmt.Errorf("Read returned %v", err)
				}
				return nil
			})
		})},
	{"body-may-be-left",
		"Do honours the request's context",
		doerRule(func(x *doerExam) error {
			answer, err := x.getContext(context.Background(), "/large")
			if err != nil {
				return err
			}
			if err := within(patience, "Close of a body half read", answer.Body.Close); err != nil {
				return err
			}
			_, _, err = x.get("/echo")
			return err
		})},
	{"concurrent-use",
		"is safe for concurrent use",
		doerRule(func(x *doerExam) error {
			return together(8, func(i int) error {
				for n := range 4 {
					path := fmt.Sprintf("/echo?n=%d-%d", i, n)
					_, body, err := x.get(path)
					if err != nil {
						return err
					}
					if want := "GET " + path + "  "; body != want {
						return fmt.Errorf("GET %s was answered with %q", path, body)
					}
				}
				return nil
			})
		})},
}

// doerExam is a Doer under examination and the URL of the exam's server.
type doerExam struct {
	d   platform.Doer
	url string
}

func doerRule(check func(x *doerExam) error) func(*testing.T, reachDoer) error {
	return func(t *testing.T, reach reachDoer) error {
		d, url := reach(t, doerServer())
		return check(&doerExam{d, url})
	}
}

func (x *doerExam) getContext(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", x.url+path, nil)
	if err != nil {
		return nil, err
	}
	return x.d.Do(req)
}

func (x *doerExam) get(path string) (*http.Response, string, error) {
	req, err := http.NewRequest("GET", x.url+path, nil)
	if err != nil {
		return nil, "", err
	}
	return x.do(req)
}

// do sends req and reads the body.
func (x *doerExam) do(req *http.Request) (*http.Response, string, error) {
	answer, err := x.d.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), err
}

// largeBody is more than fits into any buffer on the way.
var largeBody = sync.OnceValue(func() []byte {
	b := bytes.Repeat([]byte("smoothplay"), 300_000)
	for i := range b {
		b[i] ^= byte(i >> 9)
	}
	return b
})

func doerServer() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("X-Exam"), body)
	})
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
		if code != http.StatusNoContent {
			fmt.Fprintf(w, "status %d", code)
		}
	})
	mux.HandleFunc("/redirect/{code}", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.Header().Set("Location", "/echo?to=here")
		w.WriteHeader(code)
	})
	mux.HandleFunc("/circle", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/circle", http.StatusFound)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { w.Write(largeBody()) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write(make([]byte, 100))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/stuck", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begin")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	return mux
}
