package origin

import (
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

	noun    string // "Fragments", "FragmentInfo", "RawFragments"
	bitrate int64  // -1: not named
	stream  string
	time    uint64
	raw     string // the path below folder, to look for on disk as it is
}

// Parentheses may be missing: packagers that avoid them in file names exist.
var (
	manifestRE = regexp.MustCompile(`(?i)^manifest(\(.*\))?$`)
	levelRE    = regexp.MustCompile(`(?i)^QualityLevels\(?(\d{1,19})([,=\w .%+:-]*)\)?$`)
	nounRE     = regexp.MustCompile(`(?i)^(Fragments|FragmentInfo|RawFragments)\(?([^()=]+)=(\d{1,20})\)?$`)
)

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
		return request{folder: dir, file: last}, false
	}
	time, err := strconv.ParseUint(m[3], 10, 64)
	if err != nil {
		return request{}, false
	}
	r := request{folder: dir, noun: m[1], stream: m[2], time: time, bitrate: -1, raw: last}
	up, level := path.Split(dir)
	if m := levelRE.FindStringSubmatch(level); m != nil {
		if r.bitrate, err = strconv.ParseInt(m[1], 10, 64); err != nil {
			return request{}, false
		}
		r.folder, r.raw = strings.TrimSuffix(up, "/"), level+"/"+last
	}
	return r, true
}

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
