package fetch

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"
)

var update = flag.Bool("update", false, "write the tables of rules.go anew from its rows")

// render writes rows as a table for people.
func render(rows []row) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "failure\tclass\tstatus\twhere\tat first\tpause\tthen")
	for _, r := range rows {
		status := ""
		switch {
		case r.high == 0 && r.class == Status:
			status = "other"
		case r.low == r.high && r.high > 0:
			status = fmt.Sprint(r.low)
		case r.high > 0:
			status = fmt.Sprint(r.low, "-", r.high)
		}
		first, pause := "", ""
		if r.tries > 0 {
			first = fmt.Sprintf("%v %d times", r.do, r.tries)
			pause = fmt.Sprintf("%v to %v", r.first, r.most)
			switch {
			case r.most == 0:
				pause = "a chunk"
			case r.first == r.most:
				pause = fmt.Sprint(r.first)
			}
		}
		then := r.last.String()
		switch {
		case r.tries == forever:
			first, then = r.do.String()+" for ever", ""
		case r.levels:
			then = "other level, then " + then
		}
		if r.refresh {
			then = strings.TrimPrefix(then+", refresh", ", ")
		}
		where := [...]string{"", "live, at the edge", "live, behind it", "on the last level", "little buffered", "no longer", "not for minutes"}[r.place]
		fmt.Fprintf(w, "%s\t%v\t%s\t%s\t%s\t%s\t%s\n", r.what, r.class, status, where, first, pause, then)
	}
	w.Flush()
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		fmt.Fprintf(&out, "//\t%s\n", strings.TrimRight(line, " \n"))
	}
	return out.String()
}

// TestTablesTellTheRules: what rules.go tells people is what its rows do.
func TestTablesTellTheRules(t *testing.T) {
	source, err := os.ReadFile("rules.go")
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	for name, rows := range map[string][]row{"fragmentRows": fragmentRows, "manifestRows": manifestRows} {
		comment := regexp.MustCompile(`(?m)((?:^//\t.*\n)+)var ` + name + ` `)
		at := comment.FindStringSubmatchIndex(text)
		if at == nil {
			t.Fatalf("no table in the comment of %s", name)
		}
		got, want := text[at[2]:at[3]], render(rows)
		if got == want {
			continue
		}
		if *update {
			text = text[:at[2]] + want + text[at[3]:]
			continue
		}
		t.Errorf("the table of %s is not what its rows do (go test -update writes it):\n%s", name, want)
	}
	if *update {
		if err := os.WriteFile("rules.go", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
