package origin

import (
	"cmp"
	"net/http"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/drm/playready/toy"
)

// The paths of the licence servers that an Origin with keys has.
const (
	ClearKeyPath  = "/licence/clearkey"  // W3C Clear Key
	PlayReadyPath = "/licence/playready" // SOAP as that of PlayReady, licences of package toy
)

// isLicense reports whether a URL path is that of a licence server.
func isLicense(urlPath string) bool { return urlPath == ClearKeyPath || urlPath == PlayReadyPath }

// serveLicense answers a request for licences, faults and all.
func (o *Origin) serveLicense(w http.ResponseWriter, r *http.Request) {
	c := o.pick(r.URL.Path)
	if c.fault == nil {
		o.protect.serve(w, r, o.protect.find)
		return
	}
	note(w, string(c.fault.Kind), nil)
	switch c.fault.Kind {
	case FaultLicenseSlow:
		if sleep(r.Context(), cmp.Or(c.fault.Wait, 3*time.Second)) == nil {
			o.protect.serve(w, r, o.protect.find)
		}
	case FaultLicense500:
		if r.URL.Path == PlayReadyPath {
			toy.WriteFault(w, 0x8004C600, "made to fail", "")
			return
		}
		http.Error(w, "made to fail", http.StatusInternalServerError)
	case FaultWrongKey:
		o.protect.serve(w, r, func(kid [16]byte) (key [16]byte, ok bool) {
			key, ok = o.protect.find(kid)
			key[0] ^= 1
			return key, ok
		})
	default: // FaultDie, which takes everything along
		panic(http.ErrAbortHandler)
	}
}

// serve gives out the licences of the keys that find knows.
func (p *Protect) serve(w http.ResponseWriter, r *http.Request, find func(kid [16]byte) (key [16]byte, ok bool)) {
	if r.URL.Path == ClearKeyPath {
		clearkey.Handler(find).ServeHTTP(w, r)
		return
	}
	s := &toy.Server{Licenses: func(kid [16]byte) (toy.License, bool) {
		key, ok := find(kid)
		l := toy.License{Key: key[:]}
		if ok && p.License != nil {
			return p.License(kid, l)
		}
		return l, ok
	}}
	s.ServeHTTP(w, r)
}
