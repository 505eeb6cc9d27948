package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

// MaxRuns is how many sessions a page holds at most. It shows one or two of them
// at a time.
const MaxRuns = 32

// ErrRuns says that there are no sessions for a page, or too many.
var ErrRuns = fmt.Errorf("a report holds 1 to %d sessions", MaxRuns)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed model.js
	modelJS string
	//go:embed charts.js
	chartsJS string
	//go:embed tables.js
	tablesJS string
	//go:embed page.js
	pageJS string
	//go:embed uplot/uPlot.iife.min.js
	uplotJS string
	//go:embed uplot/uPlot.min.css
	uplotCSS string
	//go:embed uplot/LICENSE
	uplotLicence string
)

// page is what fills page.html in.
type page struct {
	Title   string
	Policy  string // content security policy
	Style   template.CSS
	Data    template.JS // JSON in which no character can end the script element
	Library template.JS
	Script  template.JS
}

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// Write writes the page with the given sessions: one, or two side by side; of
// more the reader chooses. Strings of the Series may be hostile: they are shown
// as text, never as markup or script.
func Write(w io.Writer, runs []Series) error {
	if len(runs) == 0 || len(runs) > MaxRuns {
		return fmt.Errorf("%w, not %d", ErrRuns, len(runs))
	}
	// encoding/json writes <, >, &, U+2028 and U+2029 as \u escapes.
	data, err := json.Marshal(struct {
		Runs []Series `json:"runs"`
	}{runs})
	if err != nil {
		return fmt.Errorf("making the report: %w", err)
	}
	library := "/*!\n" + uplotLicence + "\n*/\n" + strings.TrimSpace(uplotJS) + "\n"
	script := modelJS + chartsJS + tablesJS + pageJS
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, page{
		Title:   "smoothplay: " + runs[0].Name,
		Policy:  "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src " + hash(library) + " " + hash(script),
		Style:   template.CSS(uplotCSS + pageCSS),
		Data:    template.JS(data),
		Library: template.JS(library),
		Script:  template.JS(script),
	})
	if err != nil {
		return fmt.Errorf("making the report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// hash allows a script by its text.
func hash(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
