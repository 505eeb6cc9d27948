package origin

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// answer is what an Origin has for a URL path.
type answer struct {
	location string   // of a redirect, below the root; "": none
	body     *content // else, to be closed by whoever has the answer
	cache    string   // the Cache-Control header that goes with it; "": none
	err      error    // else; wraps fs.ErrNotExist where there is nothing, errNotYet where it will come, errBad where it makes no sense
}

// answer looks up a URL path.
func (o *Origin) answer(urlPath string) answer {
	if a, ok := o.composite(urlPath); ok {
		return a
	}
	r, ok := parseRequest(urlPath)
	if !ok {
		to, err := o.redirect(urlPath)
		if err == nil {
			return answer{location: to}
		}
		if r.garbled {
			return answer{err: fmt.Errorf("%q: %w", urlPath, errBad)}
		}
		if !strings.Contains(strings.ToLower(r.file), "manifest") {
			return answer{err: err}
		}
		r.manifest = true // a manifest by another name, beside its fragments
	}
	return o.reply(r, twist{})
}

// errBad is a URL that no presentation has: 400.
var errBad = errors.New("no request of Smooth Streaming: want QualityLevels(BITRATE)/NOUN(STREAM=TIME)")

// reply answers a request that was understood.
func (o *Origin) reply(r request, tw twist) answer {
	p, err := o.open(r)
	if err != nil {
		return answer{err: err}
	}
	if o.protect == nil {
		return o.plain(p, r, tw)
	}
	clear := r // of a fragment all is needed to encrypt it
	if !r.manifest && !r.keys() {
		clear = r.of(r.time)
	}
	return o.protect.answer(p.catalogue, r, o.plain(p, clear, tw), tw)
}

// plain answers a request about p as if nothing was protected.
func (o *Origin) plain(p *opened, r request, tw twist) answer {
	if o.liveNames(r.folder) != nil {
		e, err := p.live(o.live)
		if err != nil {
			return answer{err: err}
		}
		return o.replyLive(e, r, tw)
	}
	if r.manifest {
		data, err := p.manifest()
		if err != nil {
			return answer{err: err}
		}
		return bytesAnswer(data, "text/xml")
	}
	if r.keys() {
		return keyFrames(p, r)
	}
	body, err := p.fragment(r)
	return answer{body: body, err: err}
}

// keyFrames answers with the samples of a fragment that can be decoded alone.
func keyFrames(p *opened, r request) answer {
	data, mime, err := readWhole(p, r.of(r.time))
	if err != nil {
		return answer{err: err}
	}
	change := retiming{kind: kindOf(p.chunk(r).kind), keys: true}
	moof, payload, err := change.apply(data)
	if err != nil {
		return answer{err: err}
	}
	return bytesAnswer(cutOut(moof, payload, whole), mime)
}

// redirect returns where the manifest is of a path that names a presentation
// alone: x.ism, x.ismc or a folder that holds one.
func (o *Origin) redirect(urlPath string) (string, error) {
	clean := strings.Trim(path.Clean("/"+urlPath), "/")
	if ext := path.Ext(clean); strings.EqualFold(ext, ".ismc") {
		clean = strings.TrimSuffix(clean, ext) + ".ism"
	}
	_, err := o.open(request{folder: clean, manifest: true})
	return path.Join("/", clean, "Manifest"), err
}

// open finds the presentation that r is about, and opens it the first time.
func (o *Origin) open(r request) (*opened, error) {
	names := o.liveNames(r.folder)
	if names == nil {
		return o.openNamed(r)
	}
	var failures []error
	for _, name := range names {
		r.folder = name
		p, err := o.openNamed(r)
		if err == nil {
			return p, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// openNamed finds the presentation of this name alone.
func (o *Origin) openNamed(r request) (*opened, error) {
	if h := o.handled[strings.ToLower(r.folder)]; h != nil {
		return o.once(mount{}, h.folder, func() (presentation, error) { return h, nil })
	}
	err := error(fs.ErrNotExist)
	for _, m := range o.folders {
		rest, ok := cutPrefixFold(r.folder+"/", m.prefix)
		if !ok {
			continue
		}
		rest = strings.TrimSuffix(rest, "/")
		if rest == "" {
			rest = "."
		}
		p, failed := o.openIn(m, rest, r.file)
		if failed == nil {
			return p, nil
		}
		if missing := (*fs.PathError)(nil); !errors.As(failed, &missing) {
			err = failed // it says more than that there is no such file
		}
	}
	return nil, fmt.Errorf("no presentation at %q: %w", "/"+r.folder, err)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// openIn opens the presentation at name: an .ism file, or a folder that is laid
// out as served or holds one .ism file.
func (o *Origin) openIn(m mount, name, file string) (*opened, error) {
	found, info, err := find(m.fsys, name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		if manifest, ok := laidOut(m.fsys, found, file); ok {
			return o.once(m, path.Join(found, manifest), func() (presentation, error) {
				sub, err := fs.Sub(m.fsys, found)
				return &folder{sub, manifest}, err
			})
		}
		if found, err = onlyISM(m.fsys, found); err != nil {
			return nil, err
		}
	} else if !isISM(found) {
		return nil, fmt.Errorf("%s is no presentation: %w", found, fs.ErrNotExist)
	}
	return o.once(m, found, func() (presentation, error) { return openPackaged(m.fsys, found) })
}

// onlyISM returns the one .ism file of a folder.
func onlyISM(fsys fs.FS, dir string) (string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return "", err
	}
	found := ""
	for _, e := range entries {
		if e.IsDir() || !isISM(e.Name()) {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("%s holds several presentations; name one, as %s: %w", dir, e.Name(), fs.ErrNotExist)
		}
		found = path.Join(dir, e.Name())
	}
	if found == "" {
		return "", fmt.Errorf("%s holds neither a Manifest nor an .ism file: %w", dir, fs.ErrNotExist)
	}
	return found, nil
}

// once opens a presentation the first time it is asked for. A failure is tried
// again.
func (o *Origin) once(m mount, name string, open func() (presentation, error)) (*opened, error) {
	key := m.prefix + "\x00" + name
	o.mu.Lock()
	p := o.opened[key]
	o.mu.Unlock()
	if p != nil {
		return p, nil
	}
	fresh, err := open()
	if err != nil {
		return nil, err
	}
	if o.breaks != nil {
		fresh = o.breaks.add(fresh)
	}
	p = &opened{presentation: fresh}
	if data, err := fresh.manifest(); err == nil {
		p.catalogue = newCatalogue(data)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if raced := o.opened[key]; raced != nil {
		return raced, nil
	}
	o.opened[key] = p
	return p, nil
}
