package clearkey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"smoothplay/drm"
	"smoothplay/drm/exchange"
	"smoothplay/drm/playready"
	"smoothplay/platform"
)

// Server is a W3C Clear Key licence server (Encrypted Media Extensions 9.1). One
// request asks for all keys that the presentation's headers name. Its fields are set
// before the first Key, which any goroutine may call.
type Server struct {
	URL string
	// Header goes with each request; nil: nothing beside Content-Type.
	Header http.Header

	batch exchange.Batch
}

// ErrAnswer says that what a server sent is no Clear Key licence.
var ErrAnswer = errors.New("the answer is no Clear Key licence (JSON with \"keys\")")

// maxAsked is for how many keys one request asks.
const maxAsked = 256

// licenseRequest and license are the JSON of EME 9.1.3 and 9.1.4.
type licenseRequest struct {
	KIDs []string `json:"kids"`
	Type string   `json:"type"`
}

type license struct {
	Keys []jsonKey `json:"keys"`
	Type string    `json:"type,omitempty"`
}

// jsonKey is a JSON Web Key, RFC 7517, of type "oct".
type jsonKey struct {
	Type string `json:"kty"`
	KID  string `json:"kid"`
	Key  string `json:"k"`
}

// Key implements [platform.KeyProvider]. Errors wrap ErrAnswer or are an
// *[exchange.StatusError] or those of the network; where asking again would not
// help they wrap [platform.ErrKeyRefused].
func (s *Server) Key(ctx context.Context, doer platform.Doer, req platform.KeyRequest) (platform.KeyResult, error) {
	kids := (&drm.Protection{}).With(req.Systems).KIDs()
	kids = kids[:min(len(kids), maxAsked)]
	group, listed := "", false
	for _, kid := range kids {
		group += string(kid[:])
		listed = listed || kid == req.KID
	}
	if !listed { // the headers do not know it: it is asked for alone
		kids, group = [][16]byte{req.KID}, "alone "+string(req.KID[:])
	}
	result, err := s.batch.Key(ctx, group, req.KID, func(ctx context.Context) (exchange.Keys, error) {
		return s.acquire(ctx, doer, kids)
	})
	if err != nil {
		return platform.KeyResult{}, fmt.Errorf("acquiring key %s: %w", playready.GUIDText(req.KID), err)
	}
	return result, nil
}

// acquire makes one request.
func (s *Server) acquire(ctx context.Context, doer platform.Doer, kids [][16]byte) (exchange.Keys, error) {
	r := licenseRequest{Type: "temporary"}
	for _, kid := range kids {
		r.KIDs = append(r.KIDs, base64.RawURLEncoding.EncodeToString(kid[:]))
	}
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, values := range s.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	answer, err := exchange.Post(ctx, doer, exchange.Message{URL: s.URL, Header: header, Body: body})
	if err != nil {
		return nil, err
	}
	if answer.Status < 200 || answer.Status > 299 {
		return nil, answer.Failed()
	}
	keys, err := parseLicense(answer.Body)
	clear(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("licence server %s: %w", answer.URL, err)
	}
	return keys, nil
}

// parseLicense reads an answer. Keys of other types, and what is no key, are left
// out: they are as if they had not been given.
func parseLicense(body []byte) (exchange.Keys, error) {
	var l struct {
		Keys *[]jsonKey `json:"keys"`
	}
	if err := json.Unmarshal(body, &l); err != nil || l.Keys == nil {
		return nil, ErrAnswer // err may quote the body
	}
	keys := exchange.Keys{}
	for _, k := range *l.Keys {
		kid, err := parseID(k.KID)
		value, bad := playready.DecodeBase64(k.Key)
		if err != nil || bad != nil || len(value) != 16 || k.Type != "oct" && k.Type != "" || len(keys) >= maxKeys {
			continue
		}
		keys[kid] = platform.KeyResult{Key: value}
	}
	return keys, nil
}

// parseID reads a KID of JSON: base64 of the bytes in the order of its text; some
// servers write the text.
func parseID(s string) ([16]byte, error) {
	if b, err := playready.DecodeBase64(s); err == nil && len(b) == 16 {
		return [16]byte(b), nil
	}
	return playready.ParseGUID(s)
}

// Close wipes keys that came and were not asked for.
func (s *Server) Close() error { return s.batch.Close() }

// Format writes where the server is, without what may be secret, whatever the verb.
func (s *Server) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "{Clear Key server %s}", exchange.RedactURL(s.URL))
}

// Handler is the other end of a [Server], for tests and origins: an [http.Handler]
// that gives out the keys that key knows, and leaves out the others.
func Handler(key func(kid [16]byte) (key [16]byte, ok bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "a licence request is a POST", http.StatusMethodNotAllowed)
			return
		}
		if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
			http.Error(w, "a licence request is JSON", http.StatusUnsupportedMediaType)
			return
		}
		var request licenseRequest
		if err := json.NewDecoder(io.LimitReader(r.Body, exchange.MaxAnswer)).Decode(&request); err != nil {
			http.Error(w, "a licence request is {\"kids\":[...]}", http.StatusBadRequest)
			return
		}
		l := license{Keys: []jsonKey{}, Type: request.Type}
		for _, text := range request.KIDs[:min(len(request.KIDs), maxAsked)] {
			kid, err := parseID(text)
			if err != nil {
				continue
			}
			if k, ok := key(kid); ok {
				l.Keys = append(l.Keys, jsonKey{"oct", base64.RawURLEncoding.EncodeToString(kid[:]), base64.RawURLEncoding.EncodeToString(k[:])})
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(w).Encode(l) // a client that went away is nobody's error
	})
}
