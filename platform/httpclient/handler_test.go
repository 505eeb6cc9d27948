package httpclient

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// serve answers a request with size bytes over l, and tells how long it took.
func serve(ctx context.Context, l *Link, size int) (*httptest.ResponseRecorder, time.Duration) {
	h := l.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, size)) }))
	rec := httptest.NewRecorder()
	began := time.Now()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	return rec, time.Since(began)
}

func TestHandlerTakesTheTimeOfTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := NewLink(Shape{{BPS: 8e6}}, 100*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		rec, took := serve(t.Context(), l, 500_000)
		if want := 600 * time.Millisecond; took < want-slack || took > want+slack {
			t.Errorf("500 kB at 1 MB/s with 100 ms took %v, want %v", took, want)
		}
		if n := rec.Body.Len(); n != 500_000 {
			t.Errorf("%d bytes arrived", n)
		}
	})
}

func TestHandlerSharesTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := NewLink(Shape{{BPS: 8e6}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, took := serve(t.Context(), l, 250_000); took < 900*time.Millisecond || took > 1100*time.Millisecond {
					t.Errorf("one of four answers of 250 kB at 1 MB/s took %v, want about 1 s", took)
				}
			})
		}
		wg.Wait()
	})
}

func TestHandlerEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := NewLink(Shape{{BPS: 8e3}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if rec, took := serve(ctx, l, 1_000_000); took != 5*time.Second || rec.Body.Len() >= 1_000_000 {
			t.Errorf("the answer went on for %v and had %d bytes", took, rec.Body.Len())
		}
	})
}

func TestHandlerOfNoLink(t *testing.T) {
	if _, took := serve(t.Context(), nil, 1000); took > time.Second {
		t.Errorf("took %v", took)
	}
}
