package main

import (
	"context"
	"fmt"
	"strings"

	"smoothplay/drm"
	"smoothplay/drm/clearkey"
	"smoothplay/drm/playready"
	"smoothplay/platform"
	"smoothplay/player/manifest"
)

// protectionReport is what probe tells of one protection header.
type protectionReport struct {
	System     string      `json:"system"` // "": not known
	SystemID   string      `json:"system_id"`
	Bytes      int         `json:"bytes"`             // of the header as written
	Version    string      `json:"version,omitempty"` // of a PlayReady header
	KIDs       []kidReport `json:"kids,omitempty"`
	OnDemand   bool        `json:"keys_with_fragments,omitempty"` // keys come with the fragments
	LicenseURL string      `json:"license_url,omitempty"`         // redacted
	Err        string      `json:"error,omitempty"`               // why it cannot be used; "": it can
	Warnings   []string    `json:"warnings,omitempty"`
}

// kidReport is one key that a header names.
type kidReport struct {
	KID       string `json:"kid"`
	Algorithm string `json:"algorithm,omitempty"`
	// Key says of a key that was given: "fits", "does not fit", or "cannot be
	// checked" where the header has no checksum; "": none was given.
	Key string `json:"key,omitempty"`
}

// reportProtection describes the protection headers of a manifest, and whether keys
// fit.
func reportProtection(headers []manifest.Protection, keys *clearkey.Keys) []protectionReport {
	said := readProtection(&manifest.Presentation{Protections: headers})
	var all []protectionReport
	for i := range said.Systems {
		s := &said.Systems[i]
		r := protectionReport{
			System: systemName(headers[i].SystemID), SystemID: headers[i].SystemID,
			Bytes: len(strings.TrimSpace(headers[i].Data)), Warnings: s.Warnings,
		}
		if s.Err != nil {
			r.Err = s.Err.Error()
		}
		one := &drm.Protection{Systems: []drm.System{*s}}
		if urls := one.LicenseURLs(); len(urls) > 0 {
			r.LicenseURL = urls[0]
		}
		if s.PlayReady != nil {
			r.Version, r.OnDemand = s.PlayReady.Version, s.PlayReady.OnDemand
		}
		for _, id := range s.KIDs {
			k := kidReport{KID: playready.GUIDText(id)}
			if s.PlayReady != nil {
				named, _ := s.PlayReady.Key(id)
				k.Algorithm = named.Algorithm
				k.Key = fits(named, id, keys)
			}
			r.KIDs = append(r.KIDs, k)
		}
		all = append(all, r)
	}
	return all
}

// fits says whether the key that was given for an identifier fits.
func fits(named playready.KID, id [16]byte, keys *clearkey.Keys) string {
	if keys == nil {
		return ""
	}
	result, err := keys.Key(context.Background(), nil, platform.KeyRequest{KID: id}) // at hand: neither context nor network
	if err != nil {
		return ""
	}
	defer clear(result.Key)
	switch ok, known := named.Verify(result.Key); {
	case !known:
		return "cannot be checked"
	case ok:
		return "fits"
	}
	return "does not fit"
}

// writeText writes the report for people.
func (p *protectionReport) writeText(b *strings.Builder) {
	name := p.System
	if name == "" {
		name = "unknown system"
	}
	fmt.Fprintf(b, "  %s %s, header of %s", name, printable(p.SystemID), sizeText(int64(p.Bytes)))
	if p.Version != "" {
		fmt.Fprintf(b, ", version %s", printable(p.Version))
	}
	fmt.Fprintln(b)
	for _, k := range p.KIDs {
		fmt.Fprintf(b, "    key %s", k.KID)
		if k.Algorithm != "" {
			fmt.Fprintf(b, ", %s", printable(k.Algorithm))
		}
		if k.Key != "" {
			fmt.Fprintf(b, ", the key given %s", k.Key)
		}
		fmt.Fprintln(b)
	}
	if p.OnDemand {
		fmt.Fprintln(b, "    keys come with the fragments")
	}
	if p.LicenseURL != "" {
		fmt.Fprintf(b, "    licences from %s\n", printable(p.LicenseURL))
	}
	if p.Err != "" {
		fmt.Fprintf(b, "    not usable: %s\n", printable(p.Err))
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(b, "    %s\n", printable(w))
	}
}
