package origin

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"smoothplay/testdata/demo"
)

// Config says what an Origin serves, and how. The zero Config serves the demo
// presentation at /demo.ism/Manifest. It must not be changed after New.
type Config struct {
	// Folders are the folders to serve, by the path under which their content
	// appears: "" is the root. Presentations may lie in folders below. Files
	// must implement io.ReaderAt, as those of os.DirFS and embed do. An Origin
	// reads the index of a presentation once.
	Folders map[string]fs.FS
	// Handlers are presentations that something else serves on demand, by their
	// path: that of "a/show.ism" is asked for /a/show.ism/Manifest and its
	// fragments, one request at a time or many.
	Handlers map[string]http.Handler
	// Beside each presentation x.ism is x.csm, a composite manifest of three clips of
	// it, where no file has this name.

	// NoDemo leaves the demo presentation out, which otherwise is at /demo.ism
	// where Folders have none of this name.
	NoDemo bool

	// Live serves every presentation live, too: x.ism at /x.isml/Manifest, as a
	// folder x that holds one, and what the folder y itself holds at
	// /y/live.isml/Manifest. Nil: none.
	Live *Live

	// Breaks adds a sparse stream of breaks to all that is served; nil: none.
	Breaks *Breaks
	// Protect encrypts all that is served, and serves its licences; nil: nothing
	// is encrypted.
	Protect *Protect

	// Link is the link over which all answers go; nil: as fast as it can. A
	// *httpclient.Link is one.
	Link Link
	// Faults are what goes wrong; see SetFaults.
	Faults Faults
	// Control lets anyone who can reach the Origin switch faults on and off, at
	// the path /fault: GET lists those in force, POST adds those of its body
	// (see ParseFaults; their times count from then on), PUT replaces all by
	// them, DELETE ends all, or with /fault/KIND those of a kind.
	Control bool
	// Access is told of each answer after its end; nil: nobody is. It is called
	// from the goroutines of the requests.
	Access func(Access)
}

// Link puts a handler behind a link with a rate and a delay, which all answers
// share.
type Link interface {
	Handler(http.Handler) http.Handler
}

// Origin serves Smooth Streaming presentations. It is an http.Handler, and safe
// for concurrent use.
type Origin struct {
	folders []mount
	handled map[string]*handled // by path in lower case
	live    *Live               // nil: nothing is
	protect *Protect
	breaks  *Breaks
	control bool
	access  func(Access)
	handler http.Handler // behind the link

	mu     sync.Mutex
	opened map[string]*opened
	faults []inForce
	gaps   []Gap     // that faults of the past have torn
	first  time.Time // request
}

// mount is a folder, and the path under which it appears.
type mount struct {
	prefix string // "" or ends in "/"
	fsys   fs.FS
}

// opened is a presentation that was opened before.
type opened struct {
	presentation
	catalogue

	mu    sync.Mutex
	event *event // guarded by mu; nil: not asked for yet
}

// live returns the event that is made of the presentation.
func (p *opened) live(l *Live) (e *event, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.event == nil {
		p.event, err = newEvent(l, p.presentation)
	}
	return p.event, err
}

// New returns an Origin. The error says what is wrong with cfg.
func New(cfg Config) (*Origin, error) {
	o := &Origin{access: cfg.Access, control: cfg.Control, handled: map[string]*handled{}, opened: map[string]*opened{}}
	if cfg.Live != nil {
		live, err := cfg.Live.complete(time.Now())
		if err != nil {
			return nil, fmt.Errorf("origin: live: %w", err)
		}
		o.live = live
	}
	if cfg.Breaks != nil {
		breaks, err := cfg.Breaks.complete()
		if err != nil {
			return nil, fmt.Errorf("origin: breaks: %w", err)
		}
		o.breaks = breaks
	}
	if cfg.Protect != nil {
		protect, err := cfg.Protect.complete()
		if err != nil {
			return nil, fmt.Errorf("origin: protect: %w", err)
		}
		o.protect = protect
	}
	for prefix, fsys := range cfg.Folders {
		prefix = strings.Trim(path.Clean("/"+prefix), "/")
		if fsys == nil {
			return nil, fmt.Errorf("origin: folder %q is nil", prefix)
		}
		if prefix != "" {
			prefix += "/"
		}
		o.folders = append(o.folders, mount{prefix, fsys})
	}
	// The longest prefix is looked at first, the demo last.
	slices.SortFunc(o.folders, func(a, b mount) int { return len(b.prefix) - len(a.prefix) })
	if !cfg.NoDemo {
		o.folders = append(o.folders, mount{"", demo.FS})
	}
	for name, h := range cfg.Handlers {
		name = strings.Trim(path.Clean("/"+name), "/")
		if h == nil || name == "" {
			return nil, fmt.Errorf("origin: handler %q: it needs a name, and must not be nil", name)
		}
		o.handled[strings.ToLower(name)] = &handled{h, name}
	}
	if len(o.folders) == 0 && len(o.handled) == 0 {
		return nil, errors.New("origin: nothing to serve: neither a folder nor a handler nor the demo presentation")
	}
	o.SetFaults(cfg.Faults)
	o.handler = http.HandlerFunc(o.serve)
	if cfg.Link != nil {
		o.handler = cfg.Link.Handler(o.handler)
	}
	return o, nil
}

// ServeHTTP answers a request over the link. Where a fault breaks the
// connection it panics with http.ErrAbortHandler, as net/http wants it.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	if o.access != nil {
		began := time.Now()
		defer func() {
			o.access(Access{
				Time: began, Elapsed: time.Since(began), Remote: r.RemoteAddr, Method: r.Method, Path: r.URL.Path,
				Status: rec.status, Bytes: rec.bytes, Fault: rec.fault, Err: rec.err,
			})
		}()
	}
	if o.control && (r.URL.Path == controlPath || strings.HasPrefix(r.URL.Path, controlPath+"/")) {
		o.serveControl(rec, r)
		return
	}
	o.handler.ServeHTTP(rec, r)
}
