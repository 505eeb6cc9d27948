package origin

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"smoothplay/platform"
)

// folder is a presentation laid out as it is served: a manifest, and a file for
// each answer.
type folder struct {
	fsys fs.FS
	name string // of the manifest
}

// laidOut returns the name of the manifest in dir that is to be served as it is:
// the one asked for, or one whose name begins with Manifest. Not ok: the folder
// is not laid out as served.
func laidOut(fsys fs.FS, dir, asked string) (name string, ok bool) {
	if asked != "" {
		if found, info, err := find(fsys, path.Join(dir, asked)); err == nil && info.Mode().IsRegular() {
			return path.Base(found), true
		}
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		if !e.IsDir() && strings.HasPrefix(strings.ToLower(e.Name()), "manifest") {
			return e.Name(), true
		}
	}
	return "", false
}

func (f *folder) manifest() ([]byte, error) {
	data, err := readFile(f.fsys, f.name)
	if err != nil {
		return nil, err
	}
	return restoreStarts(data, f.firstTime), nil
}

func (f *folder) fragment(r request) (*content, error) {
	noun := fmt.Sprintf("(%s=%d)", r.stream, r.time)
	level := fmt.Sprintf("QualityLevels(%d)/", r.bitrate)
	for _, name := range []string{
		r.raw,
		level + r.noun + noun, // without attributes and missing parentheses
		fmt.Sprintf("%d-%s%s.mp4", r.bitrate, r.noun, noun), // all in one folder
		r.noun + noun + ".mp4",
	} {
		if found, info, err := find(f.fsys, name); err == nil && info.Mode().IsRegular() {
			return f.open(found, r, whole)
		}
	}
	if r.part() != whole { // cut it out of the fragment
		cut := r
		cut.noun, cut.raw = "Fragments", level+"Fragments"+noun
		if found, info, err := find(f.fsys, cut.raw); err == nil && info.Mode().IsRegular() {
			return f.open(found, r, r.part())
		}
	}
	return nil, fmt.Errorf("stream %q at %d bit/s, time %d: %w", r.stream, r.bitrate, r.time, fs.ErrNotExist)
}

func (f *folder) open(name string, r request, p part) (*content, error) {
	file, media, size, err := openMedia(f.fsys, name)
	if err != nil {
		return nil, err
	}
	start, end := int64(0), size
	if p != whole {
		if start, end, err = locate(media, 0, size, p); err != nil {
			file.Close()
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	kind := platform.Text
	switch stream := strings.ToLower(r.stream); {
	case strings.HasPrefix(stream, "video"):
		kind = platform.Video
	case strings.HasPrefix(stream, "audio"):
		kind = platform.Audio
	}
	return &content{io.NewSectionReader(media, start, end-start), file, end - start, mimeOf(kind)}, nil
}

// firstTime returns the earliest time of a stream for which there is a file.
func (f *folder) firstTime(stream string) (uint64, bool) {
	levels, _ := fs.ReadDir(f.fsys, ".")
	first, found := uint64(0), false
	for _, l := range levels {
		if !l.IsDir() || !levelRE.MatchString(l.Name()) {
			continue
		}
		files, _ := fs.ReadDir(f.fsys, l.Name())
		for _, file := range files {
			m := nounRE.FindStringSubmatch(file.Name())
			if m == nil || !strings.EqualFold(m[1], "Fragments") || m[2] != stream {
				continue
			}
			if t, err := strconv.ParseUint(m[3], 10, 64); err == nil && (!found || t < first) {
				first, found = t, true
			}
		}
	}
	return first, found
}

var firstChunkRE = regexp.MustCompile(`(?is)<StreamIndex\b[^>]*\bUrl="[^"]*\((\w+)=\{start[ _]time\}\)"[^>]*>.*?<c\b([^>]*)>`)

// restoreStarts puts the time into the first c of streams where FFmpeg leaves it
// out although it is not 0, as its own file names tell: with B-frames, and for
// sound, it never is.
func restoreStarts(manifest []byte, firstTime func(stream string) (uint64, bool)) []byte {
	var out []byte
	done := 0
	for _, m := range firstChunkRE.FindAllSubmatchIndex(manifest, -1) {
		stream, attrs := string(manifest[m[2]:m[3]]), string(manifest[m[4]:m[5]])
		if strings.Contains(" "+strings.ToLower(attrs), " t=") {
			continue
		}
		if t, ok := firstTime(stream); ok && t != 0 {
			out = append(out, manifest[done:m[4]]...)
			out = fmt.Appendf(out, ` t="%d"`, t)
			done = m[4]
		}
	}
	return append(out, manifest[done:]...)
}
