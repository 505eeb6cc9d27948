package httpclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWatchOfTheCaller: the tighter limit holds, the Client's or the caller's.
func TestWatchOfTheCaller(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.Header().Set("Content-Length", "9")
			io.WriteString(w, "some")
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
	second := time.Second
	for _, tt := range []struct {
		path                string
		firstByte, idle     time.Duration // of the Client
		mineFirst, mineIdle time.Duration // of the caller
		phase               Phase
		want                time.Duration
	}{
		{"/head", 10 * second, 10 * second, 3 * second, 3 * second, FirstByte, 3 * second},
		{"/head", 2 * second, 10 * second, 3 * second, 3 * second, FirstByte, 2 * second},
		{"/head", -1, -1, 3 * second, 3 * second, FirstByte, 3 * second},
		{"/head", 2 * second, -1, 0, 0, FirstByte, 2 * second},
		{"/body", 10 * second, 10 * second, 3 * second, 4 * second, Idle, 4 * second},
		{"/body", 10 * second, 2 * second, 3 * second, 4 * second, Idle, 2 * second},
		{"/body", 10 * second, 2 * second, 3 * second, 0, Idle, 2 * second},
	} {
		inBubble(t, Config{FirstByte: tt.firstByte, Idle: tt.idle}, h, func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			w := NewWatch(t.Context(), FirstByte, tt.mineFirst)
			defer w.Stop()
			resp, err := c.Do(newRequest(t, "http://host"+tt.path).WithContext(w))
			if err == nil {
				defer resp.Body.Close()
				w.Within(Idle, tt.mineIdle)
				if _, err = io.ReadAll(resp.Body); err != nil {
					err = w.Why(err)
				}
			}
			var late *TimeoutError
			if !errors.As(err, &late) || late.Phase != tt.phase || late.After != tt.want || time.Since(start) != tt.want {
				t.Errorf("%+v: got %v after %v", tt, err, time.Since(start))
			}
		})
	}
}

func TestWatchIsAContext(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	w := NewWatch(ctx, FirstByte, time.Hour)
	child, done := context.WithTimeout(w, time.Hour)
	defer done()
	if child.Value(key{}) != "value" || watchOf(child) != w || watchOf(ctx) != nil {
		t.Error("values are lost")
	}
	cancel()
	if <-child.Done(); child.Err() != context.Canceled || w.Fired() {
		t.Error("the end of the parent does not end the child as such")
	}
	if err := w.Why(io.EOF); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

// TestCookiesOfEachHop: what one hop is told is not told to the next.
func TestCookiesOfEachHop(t *testing.T) {
	var got []string
	h := func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Cookie")+" "+r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/1":
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.Redirect(w, r, "http://host/2", http.StatusFound)
		case "/2":
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			http.Redirect(w, r, "http://other/3", http.StatusFound)
		}
	}
	inBubble(t, Config{}, h, func(t *testing.T, c *Client, n *network) {
		for _, want := range [][]string{
			{"mine=0 Basic dTpw", "mine=0; a=1 ", " "},
			{"mine=0; a=1; b=2 Basic dTpw", "mine=0; a=1; b=2 ", " "},
		} {
			w := NewWatch(t.Context(), FirstByte, time.Hour)
			req := newRequest(t, "http://u:p@host/1").WithContext(w)
			req.Header.Set("Cookie", "mine=0")
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			w.Stop()
			for i, line := range want {
				if got[i] != line {
					t.Errorf("hop %d was told %q, want %q", i, got[i], line)
				}
			}
			got = nil
		}
	})
}

func TestRedirectsOfRequestsWithABody(t *testing.T) {
	var got string
	h := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/see":
			http.Redirect(w, r, "/end", http.StatusSeeOther)
		case "/again":
			http.Redirect(w, r, "/end", http.StatusPermanentRedirect)
		default:
			got = r.Method + " " + string(b)
		}
	}
	inBubble(t, Config{}, h, func(t *testing.T, c *Client, n *network) {
		for path, want := range map[string]string{"/see": "GET ", "/again": "POST challenge"} {
			req, err := http.NewRequest("POST", "http://host"+path, strings.NewReader("challenge"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got != want {
				t.Errorf("%s: the server got %q, want %q", path, got, want)
			}
		}
	})
}
