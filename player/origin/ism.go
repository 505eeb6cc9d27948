package origin

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"unicode/utf16"

	"smoothplay/platform"
)

// Bounds of what is read from a folder.
const (
	maxXML    = 16 << 20 // bytes of a server or client manifest
	maxTracks = 1024     // entries of a server manifest
)

// serverManifest is an .ism file: SMIL that names the files of a presentation
// and the track in each (IIS Media Services, server manifest).
type serverManifest struct {
	client string // name of the client manifest; "": none
	tracks []serverTrack
}

// serverTrack is a video, audio or textstream element.
type serverTrack struct {
	kind     platform.Kind
	file     string // relative to the .ism file
	id       uint32 // of the track in the file; 0: the only one
	name     string // of the stream in URLs
	bitrate  int64  // bits per second
	language string
}

// readServerManifest parses an .ism file.
func readServerManifest(data []byte) (*serverManifest, error) {
	m := &serverManifest{}
	d := xml.NewDecoder(bytes.NewReader(utf8Of(data)))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var open *serverTrack
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read server manifest: %w", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch strings.ToLower(e.Name.Local) {
			case "meta":
				if strings.EqualFold(attr(e, "name"), "clientManifestRelativePath") {
					m.client = attr(e, "content")
				}
			case "video", "audio", "textstream", "ref":
				if len(m.tracks) == maxTracks {
					return nil, fmt.Errorf("read server manifest: more than %d tracks", maxTracks)
				}
				m.tracks = append(m.tracks, newServerTrack(e))
				open = &m.tracks[len(m.tracks)-1]
			case "param":
				if open != nil {
					open.param(attr(e, "name"), attr(e, "value"))
				}
			}
		case xml.EndElement:
			switch strings.ToLower(e.Name.Local) {
			case "video", "audio", "textstream", "ref":
				open = nil
			}
		}
	}
	if len(m.tracks) == 0 {
		return nil, fmt.Errorf("read server manifest: it names no video, audio or textstream")
	}
	for i := range m.tracks {
		if t := &m.tracks[i]; t.name == "" {
			t.name = t.kind.String()
		}
	}
	return m, nil
}

func newServerTrack(e xml.StartElement) serverTrack {
	t := serverTrack{file: attr(e, "src"), language: attr(e, "systemLanguage")}
	switch strings.ToLower(e.Name.Local) {
	case "audio":
		t.kind = platform.Audio
	case "textstream":
		t.kind = platform.Text
	}
	t.bitrate, _ = strconv.ParseInt(attr(e, "systemBitrate"), 10, 64)
	return t
}

func (t *serverTrack) param(name, value string) {
	switch strings.ToLower(name) {
	case "trackid":
		id, _ := strconv.ParseUint(value, 10, 32)
		t.id = uint32(id)
	case "trackname":
		t.name = value
	case "systembitrate":
		if t.bitrate == 0 {
			t.bitrate, _ = strconv.ParseInt(value, 10, 64)
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// utf8Of returns a document that may be in UTF-16 with a byte order mark, as
// Expression Encoder writes it, in UTF-8.
func utf8Of(data []byte) []byte {
	if len(data) < 2 || data[0]^data[1] != 1 || data[0]|data[1] != 0xff {
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	little := data[0] == 0xff
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		if little {
			units = append(units, uint16(data[i])|uint16(data[i+1])<<8)
		} else {
			units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
		}
	}
	return []byte(string(utf16.Decode(units)))
}

// readFile reads a manifest of bounded size.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxXML+1))
	if err == nil && len(data) > maxXML {
		err = fmt.Errorf("read %s: larger than %d bytes", name, maxXML)
	}
	return data, err
}

// find resolves a slash-separated path below fsys without regard to case, as
// servers on Windows do. An exact match wins.
func find(fsys fs.FS, name string) (string, fs.FileInfo, error) {
	name = path.Clean(strings.Trim(strings.ReplaceAll(name, `\`, "/"), "/"))
	if name == "" || !fs.ValidPath(name) {
		return "", nil, &fs.PathError{Op: "find", Path: name, Err: fs.ErrNotExist}
	}
	info, err := fs.Stat(fsys, name)
	if err == nil || name == "." {
		return name, info, err
	}
	dir, _, err := find(fsys, path.Dir(name))
	if err != nil {
		return "", nil, err
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), path.Base(name)) {
			found := path.Join(dir, e.Name())
			info, err := fs.Stat(fsys, found)
			return found, info, err
		}
	}
	return "", nil, &fs.PathError{Op: "find", Path: name, Err: fs.ErrNotExist}
}
