package playertest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// FirstDifference says where the log of a session first differs from the one that
// is wanted, and how; "": nowhere. Times may differ by sameInstant, and rates by
// what comes of that.
func FirstDifference(want, got []string) string {
	for i := range max(len(want), len(got)) {
		w, g := "(the log ends)", "(the log ends)"
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if !sameLine(w, g) {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, w, g)
		}
	}
	return ""
}

// sameInstant is how far two times may be apart. Goroutines that wake up at the
// same instant run in any order, and decoding a picture takes 11 us: another may
// read the clock before or after that.
const sameInstant = 50 * time.Microsecond

// timeOf finds the times in a line, and what is measured by them: nanoseconds and
// bits per second of JSON, and seconds with three decimals.
var timeOf = regexp.MustCompile(`(_ns":|_bps":)(-?\d+)|\b(\d+\.\d{3})\b`)

// sameLine reports whether two lines are equal but for what sameInstant allows.
func sameLine(a, b string) bool {
	if a == b {
		return true
	}
	if timeOf.ReplaceAllString(a, "$1") != timeOf.ReplaceAllString(b, "$1") {
		return false
	}
	at, bt := timeOf.FindAllStringSubmatch(a, -1), timeOf.FindAllStringSubmatch(b, -1)
	for i := range at {
		x, y := number(at[i]), number(bt[i])
		allowed := int64(sameInstant)
		switch {
		case at[i][1] == `_bps":`:
			allowed = max(x, y)/1000 + 1
		case at[i][3] != "":
			allowed = int64(time.Millisecond) // they were rounded
		}
		if max(x-y, y-x) > allowed {
			return false
		}
	}
	return true
}

// number is what timeOf found, in nanoseconds or bits per second; 0: it is beyond
// the numbers.
func number(found []string) int64 {
	s := found[2]
	if whole, decimals, ok := strings.Cut(found[3], "."); ok {
		s = whole + decimals + "000000"
	}
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
