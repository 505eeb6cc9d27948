package save

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"smoothplay/player/event"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
)

// ErrLive: a live presentation cannot be mirrored, since its manifest as served
// would stay live for ever.
var ErrLive = errors.New("a live presentation cannot be mirrored, only saved")

// Mirror keeps a presentation as it is served in the folder Config.Output: its
// manifest, byte for byte, and a file for each fragment of what is chosen, at the
// path that its URL has beside the manifest. So it plays again from the folder, as
// origin.Local serves it. What is encrypted stays so. Levels nil means all levels
// of video; of audio all levels of the languages are kept, and text always.
//
// Files that are there are not asked for again, so that an interrupted Mirror goes
// on where it was. Results are those of Run; Decrypt, FastStart, Follow and the
// places of a live presentation mean nothing.
func Mirror(ctx context.Context, cfg Config) (*Summary, error) {
	s := newSaver(cfg)
	if s.cfg.Output == "" {
		return nil, errors.New("a folder to write to is missing")
	}
	s.mirror = &mirror{folder: s.cfg.Output}
	if s.cfg.Levels == nil {
		s.cfg.Levels = everyLevel
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if s.live {
		return nil, fmt.Errorf("%s: %w", event.RedactURL(s.base), ErrLive)
	}
	if err := s.mirror.keep("Manifest", s.body); err != nil {
		return nil, err
	}
	if err := s.transfer(ctx); err != nil {
		return nil, err
	}
	if err := s.keepMissing(); err != nil {
		return nil, err
	}
	out := s.summary(&movie{surveys: make([]survey, len(s.tracks))})
	out.Bytes = s.mirror.bytes
	if s.missing.count > 0 {
		return out, &IncompleteError{Pieces: s.missing.count, Media: s.missing.media}
	}
	return out, nil
}

// mirror is a folder that a presentation is kept in.
type mirror struct {
	folder string
	bytes  int64 // of fragments that are there
}

// pathOf is the path of a fragment in the folder: that of its URL beside the
// manifest. What lies elsewhere on the server has no place.
func pathOf(base, fragment string) (string, error) {
	from, err := url.Parse(manifest.BaseURL(base))
	if err != nil {
		return "", err
	}
	u, err := url.Parse(fragment)
	if err != nil {
		return "", err
	}
	rest, ok := strings.CutPrefix(u.Path, from.Path)
	if !ok || u.Host != from.Host || !filepath.IsLocal(rest) || slices.Contains(strings.Split(rest, "/"), "..") {
		return "", fmt.Errorf("%s does not lie beside the manifest: it has no place in the folder", event.RedactURL(fragment))
	}
	return filepath.FromSlash(rest), nil
}

// has reports whether a fragment is there.
func (m *mirror) has(name string) bool {
	info, err := os.Stat(filepath.Join(m.folder, name))
	if err == nil && info.Mode().IsRegular() {
		m.bytes += info.Size()
		return true
	}
	return false
}

// keep writes a file, whole or not at all.
func (m *mirror) keep(name string, data []byte) error {
	path := filepath.Join(m.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, data, 0o666); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// usable says what is wrong with the body of a fragment. A mirror keeps what is
// served, but for what a server sends by accident.
func (p *piece) usable(f *fragment.Fragment) error {
	err := f.Parse(p.body.Bytes(), fragment.Options{Kind: p.item.track.kind, FragmentDuration: uint64(p.item.chunk.D)})
	if errors.Is(err, fragment.ErrNoSamples) || p.item.track.source.Type == "text" && !errors.Is(err, fragment.ErrTruncated) {
		return nil
	}
	if err == nil && p.item.isOther(f) {
		err = fmt.Errorf("asked for the fragment at %d, received the one at %d", p.item.chunk.T, f.Time)
	}
	return err
}

// mirrored puts a piece into the folder, or notes that it is there already.
func (s *saver) mirrored(p *piece) error {
	t := p.item.track
	t.reached = p.item.chunk.T + p.item.chunk.D
	s.pieces++
	if p.body == nil {
		return nil
	}
	data := p.body.Bytes()
	s.fetched += int64(len(data))
	s.mirror.bytes += int64(len(data))
	return s.mirror.keep(p.name, data)
}
