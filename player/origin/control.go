package origin

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// controlPath is where faults are switched on and off.
const controlPath = "/fault"

// maxControl bounds the body of a request that changes faults.
const maxControl = 64 << 10

// serveControl lists and changes the faults in force: see Config.Control. It
// answers past the link, and past the faults.
func (o *Origin) serveControl(w http.ResponseWriter, r *http.Request) {
	kind := FaultKind(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, controlPath), "/"))
	methods := "GET, HEAD, POST, PUT, DELETE"
	if kind != "" {
		methods = "DELETE"
	}
	switch {
	case !strings.Contains(methods, r.Method) || r.Method == "":
		w.Header().Set("Allow", methods)
		http.Error(w, "want "+methods, http.StatusMethodNotAllowed)
		return
	case r.Method == http.MethodDelete:
		if n := o.EndFaults(kind); n == 0 && kind != "" {
			http.Error(w, fmt.Sprintf("no fault %q is in force", kind), http.StatusNotFound)
			return
		}
	case r.Method == http.MethodPost, r.Method == http.MethodPut:
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		faults, err := ParseFaults(strings.ReplaceAll(string(text), "\n", ","))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if r.Method == http.MethodPut {
			o.EndFaults("")
		}
		o.AddFaults(faults)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	for _, f := range o.Faults() {
		fmt.Fprintln(w, f)
	}
}
