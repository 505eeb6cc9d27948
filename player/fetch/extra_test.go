package fetch

import (
	"net/http"
	"testing"
)

func TestExtraIsLastInTheQuery(t *testing.T) {
	x := Extra{Query: "CMCD=su%2Ctb%3D1"}
	for _, test := range []struct{ url, want, query, bare string }{
		{"http://h/a", "http://h/a?CMCD=su%2Ctb%3D1", "CMCD=su%2Ctb%3D1", ""},
		{"http://h/a?z=1&a=%2f", "http://h/a?z=1&a=%2f&CMCD=su%2Ctb%3D1", "z=1&a=%2f&CMCD=su%2Ctb%3D1", "z=1&a=%2f"},
		{"http://h/a?", "http://h/a?CMCD=su%2Ctb%3D1", "CMCD=x&sig=A+b&CMCD=y", "sig=A+b"},
		{"http://h/a?b&#here", "http://h/a?b&CMCD=su%2Ctb%3D1", "b&XCMCD=1", "b&XCMCD=1"},
	} {
		if got := x.on(test.url); got != test.want {
			t.Errorf("on %s\n got %s\nwant %s", test.url, got, test.want)
		}
		if got := x.off(test.query); got != test.bare {
			t.Errorf("off %s\n got %s\nwant %s", test.query, got, test.bare)
		}
	}
	var none *Extra
	if got := none.on("http://h/a?#x"); got != "http://h/a?#x" {
		t.Errorf("nothing changes the URL to %s", got)
	}
	if got := none.off("a=1&=2"); got != "a=1&=2" {
		t.Errorf("nothing changes the query to %s", got)
	}
}

// What requests carry is neither in the base of the fragments nor in the query
// that they inherit.
func TestExtraAndAppendedQuery(t *testing.T) {
	var asked []string
	var headers []http.Header
	answer := func(w http.ResponseWriter, r *http.Request) {
		asked, headers = append(asked, r.URL.RequestURI()), append(headers, r.Header)
		if r.URL.Path == "/moved.ism/Manifest" {
			http.Redirect(w, r, "http://other/a.ism/Manifest?"+r.URL.RawQuery, http.StatusFound)
			return
		}
		w.Write([]byte("<SmoothStreamingMedia/>"))
	}
	bubble(t, answer, func(t *testing.T, n *network) {
		c := n.client(t, Options{AppendQuery: true, Headers: http.Header{"X-Key": {"secret"}}})
		x := &Extra{Query: "CMCD=su", Header: http.Header{"Cmcd-Request": {"su"}}}
		m, err := c.ManifestWith(t.Context(), "http://host/moved.ism/Manifest?sig=1%2F&exp=2", x)
		if err != nil {
			t.Fatal(err)
		}
		if want := "http://other/a.ism/Manifest?sig=1%2F&exp=2"; m.URL != want {
			t.Errorf("the manifest is at %s, want %s", m.URL, want)
		}
		r := c.Fragment(t.Context(), Job{URL: "http://other/a.ism/Fragments(video=0)", Extra: x}, nil)
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		r.Body.Release()
		want := []string{
			"/moved.ism/Manifest?sig=1%2F&exp=2&CMCD=su", "/a.ism/Manifest?sig=1%2F&exp=2&CMCD=su",
			"/a.ism/Fragments(video=0)?sig=1%2F&exp=2&CMCD=su",
		}
		for i := range want {
			if i >= len(asked) || asked[i] != want[i] {
				t.Fatalf("asked for %q, want %q", asked, want)
			}
			if got := headers[i].Get("CMCD-Request"); got != "su" {
				t.Errorf("request %d: CMCD-Request %q", i, got)
			}
		}
	})
}
