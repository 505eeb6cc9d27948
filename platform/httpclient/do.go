package httpclient

import (
	"io"
	"maps"
	"net/http"
	"net/url"
)

// Do sends req and follows redirects: the Request of the answer names the URL
// that answered. A redirect to another site (another host that is no subdomain
// of the first), or from https to http, takes none of the request's headers
// along but those that say what the client is and wants (User-Agent, Accept and
// the like, Range, Referer, Origin). No Referer is made up.
//
// The body of the answer must be closed, which another goroutine may do while a
// Read waits. Reading it fails with a *TimeoutError where no byte comes for
// longer than Config.Idle. Errors hold no URL: it may be secret.
//
// A request under a Watch is given away: the Client adds its headers to it.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	w, mine := watchOf(req.Context()), false
	if w == nil {
		w, mine = NewWatch(req.Context(), FirstByte, c.firstByte), true
	}
	resp, err := c.follow(req, w, mine)
	switch {
	case err != nil && mine:
		w.Stop()
		return nil, err
	case err != nil:
		return nil, err
	case mine || c.link != nil:
		w.Pause()
		resp.Body = newBody(resp.Body, w, mine, c.link)
	}
	return resp, nil
}

// follow sends req, and what its answers redirect to. It leaves req alone where
// the watch is mine.
func (c *Client) follow(req *http.Request, w *Watch, mine bool) (*http.Response, error) {
	w.add(FirstByte, c.firstByte)
	w.add(Idle, c.idle)
	headers := c.headersFor(req, mine)
	hop := req
	if mine {
		hop = req.WithContext(w)
	}
	hop.Header = headers
	safe := true // for secrets, as far as the way led
	for n := 0; ; n++ {
		resp, err := c.send(hop)
		if err != nil {
			return nil, w.Why(err)
		}
		resp.Request = hop
		next, err := redirected(hop, resp)
		if next == nil && err == nil {
			return resp, nil
		}
		// A short body is read, so that the connection can be used again.
		io.CopyN(io.Discard, resp.Body, 2<<10)
		resp.Body.Close()
		if err == nil && n == c.maxRedirects {
			err = &RedirectError{Hops: n}
		}
		if err != nil {
			return nil, err
		}
		next.Header = maps.Clone(headers)
		if safe = safe && sameSite(req.URL, next.URL); !safe {
			maps.DeleteFunc(next.Header, func(name string, _ []string) bool { return !harmless[name] })
		}
		hop = next
		w.again()
	}
}

// send makes one round trip, as late as the link would bring the head of its
// answer, with the cookies and the password of its URL.
func (c *Client) send(hop *http.Request) (*http.Response, error) {
	cookies, user := c.cookies.Cookies(hop.URL), hop.URL.User
	if len(cookies) > 0 || user != nil {
		hop.Header = maps.Clone(hop.Header) // those without are for the next hop
	}
	for _, cookie := range cookies {
		hop.AddCookie(cookie)
	}
	if user != nil && hop.Header.Get("Authorization") == "" {
		password, _ := user.Password()
		hop.SetBasicAuth(user.Username(), password)
	}
	if c.link != nil {
		if err := c.link.roundTrip(hop.Context()); err != nil {
			return nil, err
		}
	}
	resp, err := c.transport.RoundTrip(hop)
	if err != nil {
		return nil, err
	}
	if c.link != nil {
		if err := c.link.open(hop.Context()); err != nil {
			resp.Body.Close()
			return nil, err
		}
	}
	if len(resp.Header["Set-Cookie"]) > 0 {
		c.cookies.SetCookies(hop.URL, resp.Cookies())
	}
	return resp, nil
}

// headersFor returns the headers of req and of the Client, in a map of its own
// where req is to be left alone.
func (c *Client) headersFor(req *http.Request, alone bool) http.Header {
	h := req.Header
	if alone || h == nil {
		h = make(http.Header, len(req.Header)+len(c.headers))
		maps.Copy(h, req.Header)
	}
	for name, values := range c.headers {
		if _, own := h[name]; !own {
			h[name] = values
		}
	}
	return h
}

// redirected returns what to ask for instead of hop, as resp says (RFC 9110
// 15.4); nil: nothing, resp is the answer. Headers are not filled in.
func redirected(hop *http.Request, resp *http.Response) (*http.Request, error) {
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	next := hop.WithContext(hop.Context())
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		if next.Method != http.MethodHead {
			next.Method = http.MethodGet
		}
		next.Body, next.GetBody, next.ContentLength = nil, nil, 0
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if next.Body != nil && next.Body != http.NoBody {
			if next.GetBody == nil {
				return nil, nil // it cannot be sent twice
			}
			body, err := next.GetBody()
			if err != nil {
				return nil, err
			}
			next.Body = body
		}
	default:
		return nil, nil
	}
	to, err := url.Parse(location)
	if err != nil {
		return nil, &RedirectError{Bad: true}
	}
	if to.Host != "" {
		next.Host = ""
	}
	next.URL = hop.URL.ResolveReference(to)
	if s := next.URL.Scheme; s != "http" && s != "https" || next.URL.Hostname() == "" {
		return nil, &RedirectError{Bad: true}
	}
	return next, nil
}
