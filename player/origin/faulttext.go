package origin

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// String writes faults as ParseFaults reads them.
func (f Faults) String() string {
	items := make([]string, len(f))
	for i := range f {
		items[i] = f[i].String()
	}
	return strings.Join(items, ",")
}

// String writes the fault as ParseFaults reads it.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(string(f.Kind))
	add := func(given bool, format string, args ...any) {
		if given {
			fmt.Fprintf(&b, "@"+format, args...)
		}
	}
	percent := func(share float64) string { return strconv.FormatFloat(share*100, 'g', 12, 64) + "%" }
	add(f.Keep > 0, "%s", percent(f.Keep))
	add(f.BPS > 0, "%d", f.BPS)
	add(f.Wait > 0, "%v", f.Wait)
	add(f.By > 0, "+%v", f.By)
	add(f.By < 0, "%v", f.By)
	add(f.How != "", "%s", f.How)
	add(f.Manifest, "manifest")
	// A share that stands alone is what cut and truncated keep.
	own := f.Kind == FaultCut || f.Kind == FaultTruncated
	switch {
	case f.Share == 0:
	case f.Edge > 0:
		add(true, "edge:%s", percent(f.Share))
	case own:
		add(true, "%s:%s", f.Stream, percent(f.Share))
	default:
		add(true, "%s", percent(f.Share))
	}
	add(f.Edge == 1 && f.Share == 0, "edge")
	add(f.Edge > 1, "edge:%d", f.Edge)
	switch {
	case !f.Ranged:
		add(f.Stream != "" && !(own && f.Share > 0 && f.Edge == 0), "%s", f.Stream)
	case f.Last == f.First:
		add(true, "%s:%d", f.Stream, f.First)
	case f.Last == math.MaxInt:
		add(true, "%s:%d-", f.Stream, f.First)
	default:
		add(true, "%s:%d-%d", f.Stream, f.First, f.Last)
	}
	add(f.Level > 0, "level:%d", f.Level)
	add(f.Every > 0, "every:%d", f.Every)
	add(f.Fragment > 0, "fragment:%d", f.Fragment)
	add(f.From > 0 && f.To == 0, "%v-", f.From)
	add(f.To > 0, "%v-%v", f.From, f.To)
	return b.String()
}
