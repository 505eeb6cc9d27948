package origin

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"smoothplay/platform"
)

// content is one answer's body.
type content struct {
	io.ReadSeeker
	io.Closer
	size int64
	mime string
}

// presentation is one presentation of a folder. Its methods may be called from
// any goroutine.
type presentation interface {
	// manifest returns the client manifest.
	manifest() ([]byte, error)
	// fragment opens what r asks for; an error that wraps fs.ErrNotExist: there
	// is none.
	fragment(r request) (*content, error)
}

// packaged is a presentation as packagers write it: .ism, .ismc, .ismv, .isma.
// It is immutable.
type packaged struct {
	fsys   fs.FS // the folder
	client []byte
	tracks []track
}

// track is one track of a media file with the fragments it holds.
type track struct {
	serverTrack
	spots []spot
	moov  []byte // of its file
}

// openPackaged reads the server manifest name and indexes the files it names. A
// file that is missing takes its levels with it; that all are is an error.
func openPackaged(fsys fs.FS, name string) (*packaged, error) {
	dir, err := fs.Sub(fsys, path.Dir(name))
	if err != nil {
		return nil, err
	}
	data, err := readFile(fsys, name)
	if err != nil {
		return nil, err
	}
	server, err := readServerManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &packaged{fsys: dir}
	indexes := map[string]*fileIndex{}
	var problems []error
	for _, st := range server.tracks {
		file, _, err := find(dir, st.file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		index := indexes[file]
		if index == nil {
			if index, err = openIndex(dir, file); err != nil {
				problems = append(problems, err)
				continue
			}
			indexes[file] = index
		}
		st.file = file
		if st.id == 0 && len(index.chunks) == 1 {
			for id := range index.chunks {
				st.id = id
			}
		}
		spots := index.chunks[st.id]
		if len(spots) == 0 {
			problems = append(problems, fmt.Errorf("%s: no track %d", file, st.id))
			continue
		}
		p.tracks = append(p.tracks, track{st, spots, index.moov})
	}
	if len(p.tracks) == 0 {
		return nil, fmt.Errorf("%s: nothing to serve: %v", name, errors.Join(problems...))
	}
	client := server.client
	if client == "" {
		client = strings.TrimSuffix(path.Base(name), path.Ext(name)) + ".ismc"
	}
	if file, _, err := find(dir, client); err == nil {
		p.client, err = readFile(dir, file)
		return p, err
	}
	if p.client, err = p.makeManifest(); err != nil {
		return nil, fmt.Errorf("%s: no client manifest %s, and none can be made: %w", name, client, err)
	}
	return p, nil
}

func openIndex(dir fs.FS, name string) (*fileIndex, error) {
	f, r, size, err := openMedia(dir, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x, err := indexFile(r, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

// openMedia opens a file for reading at any place, as those of os and embed are.
func openMedia(dir fs.FS, name string) (fs.File, io.ReaderAt, int64, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, 0, err
	}
	r, ok := f.(io.ReaderAt)
	if !ok || !info.Mode().IsRegular() {
		f.Close()
		return nil, nil, 0, fmt.Errorf("%s: cannot be read at any place", name)
	}
	return f, r, info.Size(), nil
}

func (p *packaged) manifest() ([]byte, error) { return p.client, nil }

// track returns the track that r asks for; nil: none.
func (p *packaged) track(r request) *track {
	for _, t := range p.stream(r.stream) {
		if r.bitrate < 0 || t.bitrate == r.bitrate {
			return t
		}
	}
	return nil
}

// stream returns the tracks of a stream by name or, where no track is named so,
// by type: older packagers name none.
func (p *packaged) stream(name string) []*track {
	var named, typed []*track
	for i := range p.tracks {
		t := &p.tracks[i]
		if strings.EqualFold(t.name, name) {
			named = append(named, t)
		}
		if strings.EqualFold(t.kind.String(), name) {
			typed = append(typed, t)
		}
	}
	if named == nil {
		return typed
	}
	return named
}

// at returns the number of the fragment that begins at time; -1: none.
func (t *track) at(time uint64) int {
	i, ok := slices.BinarySearchFunc(t.spots, time, func(s spot, time uint64) int { return cmp.Compare(s.time, time) })
	if !ok {
		return -1
	}
	return i
}

func (p *packaged) fragment(r request) (*content, error) {
	t := p.track(r)
	if t == nil {
		return nil, fmt.Errorf("stream %q at %d bit/s: %w", r.stream, r.bitrate, fs.ErrNotExist)
	}
	i := t.at(r.time)
	if i < 0 {
		return nil, fmt.Errorf("stream %q at time %d: %w", r.stream, r.time, fs.ErrNotExist)
	}
	f, media, size, err := openMedia(p.fsys, t.file)
	if err != nil {
		return nil, err
	}
	start, end, err := locate(media, t.spots[i].offset, size, r.part())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", t.file, err)
	}
	return &content{io.NewSectionReader(media, start, end-start), f, end - start, mimeOf(t.kind)}, nil
}

func mimeOf(k platform.Kind) string {
	switch k {
	case platform.Video:
		return "video/mp4"
	case platform.Audio:
		return "audio/mp4"
	}
	return "application/mp4"
}
