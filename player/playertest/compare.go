package playertest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// FirstDifference says where the log of a session first differs from the one that
// is wanted, and how; "": nowhere. Times may differ by sameInstant.
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

// timeOf finds the times in a line: nanoseconds of JSON, and seconds with three
// decimals.
var timeOf = regexp.MustCompile(`(?:_ns":)(-?\d+)|\b(\d+\.\d{3})\b`)

// sameLine reports whether two lines are equal but for what sameInstant allows.
func sameLine(a, b string) bool {
	if a == b {
		return true
	}
	if timeOf.ReplaceAllString(a, "") != timeOf.ReplaceAllString(b, "") {
		return false
	}
	at, bt := timeOf.FindAllStringSubmatch(a, -1), timeOf.FindAllStringSubmatch(b, -1)
	for i := range at {
		x, y := at[i][1]+at[i][2], bt[i][1]+bt[i][2]
		d, allowed := nanoseconds(x)-nanoseconds(y), sameInstant
		if at[i][2] != "" {
			allowed = time.Millisecond // they were rounded
		}
		if d.Abs() > allowed {
			return false
		}
	}
	return true
}

func nanoseconds(s string) time.Duration {
	if whole, decimals, ok := strings.Cut(s, "."); ok {
		s = whole + decimals + "000000"
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return time.Duration(n)
}
