package playertest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Composite is an http.Handler that serves /cut.csm, a composite manifest, beside
// the presentations that it is made of: /0/show.ism/Manifest and so on.
type Composite struct {
	Of    []*Presentation
	Clips []Clip
}

// Clip is a piece of one of the presentations of a Composite.
type Clip struct {
	Of         int
	Begin, End time.Duration // without its Offset
}

// CompositePath is where a Composite has its manifest.
const CompositePath = "/cut.csm"

var streamElements = regexp.MustCompile(`(?s)<StreamIndex.*</StreamIndex>`)

// ServeHTTP answers CompositePath and what the presentations answer.
func (c *Composite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == CompositePath {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write([]byte(c.manifest()))
		return
	}
	for i, p := range c.Of {
		if path, ok := strings.CutPrefix(r.URL.Path, fmt.Sprintf("/%d", i)); ok {
			inner := r.Clone(r.Context())
			inner.URL.Path = path
			p.ServeHTTP(w, inner)
			return
		}
	}
	http.NotFound(w, r)
}

func (c *Composite) manifest() string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\"?>\n<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"0\" Duration=\"0\">\n")
	for _, clip := range c.Clips {
		p := c.Of[clip.Of]
		fmt.Fprintf(&b, "<Clip Url=\"%d/show.ism/Manifest\" ClipBegin=\"%d\" ClipEnd=\"%d\">\n%s\n</Clip>\n",
			clip.Of, uint64(clip.Begin/100)+p.Offset, uint64(clip.End/100)+p.Offset, streamElements.FindString(p.manifest()))
	}
	b.WriteString("</SmoothStreamingMedia>\n")
	return b.String()
}
