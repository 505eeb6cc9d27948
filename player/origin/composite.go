package origin

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// cuts are the clips of the composite presentation that is served beside each other
// one, in thousandths of that one's length: they begin and end within fragments, and
// not in their order.
var cuts = [][2]uint64{{217, 459}, {34, 167}, {667, 934}}

var (
	cutStreams     = regexp.MustCompile(`(?is)<StreamIndex\s(?:[^>]*?\s)?Type="(?:video|audio)".*?</StreamIndex>`)
	cutProtections = regexp.MustCompile(`(?is)<Protection>.*?</Protection>`)
)

// composite answers /x.csm: with the file of that name, or else with a composite
// manifest of clips of /x.ism. ok is false for all other paths.
func (o *Origin) composite(urlPath string) (a answer, ok bool) {
	if !strings.EqualFold(path.Ext(urlPath), ".csm") {
		return a, false
	}
	for _, m := range o.folders {
		if rest, in := cutPrefixFold(strings.Trim(path.Clean("/"+urlPath), "/"), m.prefix); in {
			if name, _, err := find(m.fsys, rest); err == nil {
				data, err := readFile(m.fsys, name)
				if err != nil {
					return answer{err: err}, true
				}
				return bytesAnswer(data, "text/xml"), true
			}
		}
	}
	whole := strings.TrimSuffix(urlPath, path.Ext(urlPath)) + ".ism/Manifest"
	r, ok := parseRequest(whole)
	if !ok {
		return a, false
	}
	a = o.reply(r, twist{})
	if a.body == nil {
		return a, true
	}
	defer a.body.Close()
	data, err := io.ReadAll(a.body)
	if err != nil {
		return answer{err: err}, true
	}
	cut, err := cutUp(data, path.Base(path.Dir(whole))+"/Manifest")
	if err != nil {
		return answer{err: err}, true
	}
	return bytesAnswer(cut, "text/xml"), true
}

// cutUp makes a composite manifest of that of a presentation at url.
func cutUp(data []byte, url string) ([]byte, error) {
	p, err := manifest.Parse(data, manifest.Limits{})
	if err != nil {
		return nil, err
	}
	snap, err := timeline.New(p)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"0\" Duration=\"0\">\n")
	b.Write(cutProtections.Find(data))
	const tick = 100 // nanoseconds
	zero, length := uint64(snap.Zero())/tick, uint64(snap.Duration())/tick
	for _, c := range cuts {
		b.WriteString(`<Clip Url="`)
		if err := xml.EscapeText(&b, []byte(url)); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\" ClipBegin=\"%d\" ClipEnd=\"%d\">\n", zero+length*c[0]/1000, zero+length*c[1]/1000)
		for _, s := range cutStreams.FindAll(data, -1) {
			b.Write(s)
			b.WriteByte('\n')
		}
		b.WriteString("</Clip>\n")
	}
	b.WriteString("</SmoothStreamingMedia>\n")
	return b.Bytes(), nil
}
