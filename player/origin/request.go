package origin

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// request is what a URL path asks for, [MS-SSTR] 2.2.1 and 2.2.3.
type request struct {
	folder   string // path of the presentation, below the root
	manifest bool
	file     string // name of the manifest, as asked for

	noun    string // "Fragments", "FragmentInfo", "RawFragments", "KeyFrames"
	bitrate int64  // -1: not named
	stream  string
	time    uint64
	raw     string // the path below folder, to look for on disk as it is

	garbled bool // it names a level, and then makes no sense
}

// Parentheses may be missing: packagers that avoid them in file names exist.
var (
	manifestRE = regexp.MustCompile(`(?i)^manifest(\(.*\))?$`)
	levelRE    = regexp.MustCompile(`(?i)^QualityLevels\(?(\d{1,19})([,=\w .%+:-]*)\)?$`)
	nounRE     = regexp.MustCompile(`(?i)^(Fragments|FragmentInfo|RawFragments|KeyFrames)\(?([^()=]+)=(\d{1,20})\)?$`)
)

// garbledRE finds what cannot be but the level of a request.
var garbledRE = regexp.MustCompile(`(?i)/QualityLevels\b`)

// parseRequest reads an unescaped URL path. Not ok: it is none of a server's.
func parseRequest(urlPath string) (request, bool) {
	clean := strings.Trim(path.Clean("/"+urlPath), "/")
	dir, last := path.Split(clean)
	dir = strings.TrimSuffix(dir, "/")
	if manifestRE.MatchString(last) {
		return request{folder: dir, manifest: true, file: last}, true
	}
	m := nounRE.FindStringSubmatch(last)
	if m == nil {
		return request{folder: dir, file: last, garbled: garbledRE.MatchString("/" + clean)}, false
	}
	time, err := strconv.ParseUint(m[3], 10, 64)
	if err != nil {
		return request{garbled: true}, false
	}
	r := request{folder: dir, noun: m[1], stream: m[2], time: time, bitrate: -1, raw: last}
	up, level := path.Split(dir)
	if m := levelRE.FindStringSubmatch(level); m != nil {
		if r.bitrate, err = strconv.ParseInt(m[1], 10, 64); err != nil {
			return request{garbled: true}, false
		}
		r.folder, r.raw = strings.TrimSuffix(up, "/"), level+"/"+last
	} else if garbledRE.MatchString("/" + clean) {
		return request{garbled: true}, false
	}
	return r, true
}

// of is a request for the whole fragment at another time.
func (r request) of(time uint64) request {
	level, last := path.Split(r.raw)
	left, right := "(", ")"
	if !strings.Contains(last, "(") {
		left, right = "", ""
	}
	r.raw = fmt.Sprintf("%sFragments%s%s=%d%s", level, left, r.stream, time, right)
	r.noun, r.time = "Fragments", time
	return r
}

func (r request) keys() bool { return strings.EqualFold(r.noun, "KeyFrames") }

func (r request) part() part {
	switch strings.ToLower(r.noun) {
	case "fragmentinfo":
		return head
	case "rawfragments":
		return payload
	}
	return whole
}

// isISM reports whether a path ends as the one of a presentation does.
func isISM(p string) bool {
	ext := strings.ToLower(path.Ext(p))
	return ext == ".ism" || ext == ".isml"
}
