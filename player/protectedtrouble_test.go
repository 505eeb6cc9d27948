package player_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/drm/piff"
	"smoothplay/drm/playready"
	"smoothplay/drm/playready/toy"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// lockedWith is locked, with faults.
func lockedWith(t testing.TB, p *origin.Protect, faults string) http.Handler {
	t.Helper()
	h := locked(t, p)
	f, err := origin.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	h.(*origin.Origin).SetFaults(f)
	return h
}

// errorCodes are those of the errors of a session, in order.
func errorCodes(r *playertest.Result) []event.Code {
	all := []event.Code{}
	for _, e := range event.Bodies[event.Error](r.Events) {
		all = append(all, e.Code)
	}
	return all
}

// rewritten answers with what change makes of the bodies of h.
func rewritten(h http.Handler, change func(path string, body []byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		if rec.Code == http.StatusOK {
			body = change(r.URL.Path, body)
		}
		w.WriteHeader(rec.Code)
		w.Write(body)
	})
}

// Fragments that are clear in a protected stream play as they are, here every
// second one of pictures and sound; the key of the others is there before.
func TestProtectedClearFragments(t *testing.T) {
	for _, scheme := range origin.Schemes {
		r := playertest.RunThrice(t, func() playertest.Scenario {
			open := playertest.Default()
			return playertest.Scenario{
				Handler: rewritten(locked(t, &origin.Protect{Scheme: scheme}), func(path string, body []byte) []byte {
					m := regexp.MustCompile(`=(\d+)\)$`).FindStringSubmatch(path)
					if m == nil || len(m[1])%2 == 0 { // times of 8 digits, and 0, stay encrypted
						return body
					}
					rec := httptest.NewRecorder()
					open.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
					return rec.Body.Bytes()
				}),
				Keys: toyKeys(), Decoders: clearOnly(),
				Script: []playertest.Step{playertest.Seek(6*time.Second, 0)},
			}
		})
		noTrouble(t, r)
		if r.Err != nil || r.Summary.End != event.Completed {
			t.Errorf("%s: ended as %s: %v", scheme, r.Summary.End, r.Err)
		}
	}
}

// The key is asked for before the first fragment, and there before the first
// protected sample is due: here the first 10 s are clear.
func TestProtectedPrefetch(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		open := playertest.Default()
		return playertest.Scenario{
			Handler: rewritten(lockedWith(t, &origin.Protect{}, "licence-slow@5s"), func(path string, body []byte) []byte {
				m := regexp.MustCompile(`=(\d{1,8})\)$`).FindStringSubmatch(path)
				if m == nil {
					return body
				}
				rec := httptest.NewRecorder()
				open.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
				return rec.Body.Bytes()
			}),
			Keys: toyKeys(), Decoders: clearOnly(),
		}
	})
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 30*time.Second)
	noTrouble(t, r)
	for _, e := range r.Events {
		switch b := e.Body.(type) {
		case event.Key:
			if b.Result != "requested" {
				t.Errorf("the first that is told of keys is %q", b.Result)
			}
			if r.Summary.Startup > 3*time.Second || r.Summary.Stalls > 0 {
				t.Errorf("the clear beginning waited for the key: startup %v, %d stalls", r.Summary.Startup, r.Summary.Stalls)
			}
			return
		case event.Fragment:
			t.Error("a fragment came before the key was asked for")
			return
		}
	}
	t.Error("no key was asked for")
}

// psshOnly takes the header out of the manifest and puts it into each fragment.
func psshOnly(h http.Handler) http.Handler {
	var object []byte
	header := regexp.MustCompile(`(?s)<Protection>.*>([^<>]+)</ProtectionHeader></Protection>`)
	return rewritten(h, func(path string, body []byte) []byte {
		if strings.HasSuffix(path, "/Manifest") {
			m := header.FindSubmatch(body)
			object, _ = base64.StdEncoding.DecodeString(string(m[1]))
			return header.ReplaceAll(body, nil)
		}
		pssh := append([]byte("\x00\x00\x00\x00pssh\x00\x00\x00\x00"), playready.SystemID[:]...)
		pssh = append(binary.BigEndian.AppendUint32(pssh, uint32(len(object))), object...)
		binary.BigEndian.PutUint32(pssh, uint32(len(pssh)))
		size := binary.BigEndian.Uint32(body) // of moof
		moof := slices.Concat(body[:size], pssh)
		binary.BigEndian.PutUint32(moof, size+uint32(len(pssh)))
		at := bytes.Index(moof, []byte("trun")) + 12 // data_offset
		binary.BigEndian.PutUint32(moof[at:], binary.BigEndian.Uint32(moof[at:])+uint32(len(pssh)))
		return slices.Concat(moof, body[size:])
	})
}

// Where only the fragments name the key and the licence server, that is enough.
func TestProtectedKeysOnlyInFragments(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Handler: psshOnly(locked(t, &origin.Protect{})), Keys: toyKeys(), Decoders: clearOnly()}
	})
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 30*time.Second)
	noTrouble(t, r)
	r = playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Handler: psshOnly(locked(t, &origin.Protect{}))}
	})
	fatal(t, r, event.NoKeyProvider, "encrypted fragments")
}

// Licence servers that are slow, fail for a while, or for good; keys that are wrong;
// fragments that lack a vector.
func TestProtectedLicenseFaults(t *testing.T) {
	servers := map[string]func() platform.KeyProvider{
		"playready": toyKeys,
		"clearkey":  func() platform.KeyProvider { return &clearkey.Server{URL: "http://test" + origin.ClearKeyPath} },
	}
	for name, server := range servers {
		play := func(t *testing.T, p origin.Protect, faults string) *playertest.Result {
			return playertest.RunThrice(t, func() playertest.Scenario {
				p := p
				return playertest.Scenario{Handler: lockedWith(t, &p, faults), Keys: server(), Decoders: clearOnly()}
			})
		}
		t.Run(name+"/licence-slow", func(t *testing.T) {
			r := play(t, origin.Protect{}, "licence-slow@6s")
			whole(t, r, 0, 30*time.Second)
			noTrouble(t, r)
			received := 0
			for _, e := range r.Events {
				if _, ok := e.Body.(event.Fragment); ok && e.At < 6*time.Second {
					received++
				}
			}
			if received < 10 || r.Summary.Startup < 6*time.Second {
				t.Errorf("%d fragments came while the key was awaited; startup %v", received, r.Summary.Startup)
			}
		})
		t.Run(name+"/licence-500 for a while", func(t *testing.T) {
			r := play(t, origin.Protect{}, "licence-500@0s-2s")
			whole(t, r, 0, 30*time.Second)
			noTrouble(t, r)
			failed := 0
			for _, k := range event.Bodies[event.Key](r.Events) {
				if k.Result == "failed" {
					failed++
				}
			}
			if failed < 2 {
				t.Errorf("the server failed %d times", failed)
			}
		})
		t.Run(name+"/licence-500", func(t *testing.T) {
			r := play(t, origin.Protect{}, "licence-500")
			fatal(t, r, event.KeyUnreachable, "http://test/licence/"+name)
			if name == "playready" {
				fatal(t, r, event.KeyUnreachable, "0x8004C600", "internal error")
			}
			if len(r.Shown) > 0 {
				t.Errorf("%d pictures were shown", len(r.Shown))
			}
		})
		t.Run(name+"/wrong-key", func(t *testing.T) {
			fatal(t, play(t, origin.Protect{}, "wrong-key"), event.DecryptFailed, "checksum", "the key is wrong")
			fatal(t, play(t, origin.Protect{Scheme: origin.SchemeCBC}, "wrong-key"), event.DecryptFailed, "noise", "the key is wrong")
		})
	}
	t.Run("missing-iv", func(t *testing.T) {
		r := playertest.RunThrice(t, func() playertest.Scenario {
			return playertest.Scenario{Handler: lockedWith(t, &origin.Protect{}, "missing-iv@video:3"), Keys: toyKeys(), Decoders: clearOnly()}
		})
		secrets(t, r)
		if r.Err != nil || r.Summary.End != event.Completed || len(r.Shown) != 28*25 {
			t.Errorf("ended as %s, %v; %d pictures", r.Summary.End, r.Err, len(r.Shown))
		}
		errs := event.Bodies[event.Error](r.Events)
		if len(errs) != 1 || errs[0].Code != event.FragmentSkipped || !strings.Contains(errs[0].Message, "senc") || errs[0].Start != 6*time.Second {
			t.Errorf("errors: %+v", errs)
		}
	})
}

// A licence server that nothing answers for, a connection that breaks, is named.
func TestProtectedServerGone(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		h := locked(t, &origin.Protect{})
		return playertest.Scenario{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == origin.PlayReadyPath {
					panic(http.ErrAbortHandler)
				}
				h.ServeHTTP(w, r)
			}),
			Keys: toyKeys(), Decoders: clearOnly(),
		}
	})
	fatal(t, r, event.KeyUnreachable, "http://test/licence/playready")
}

// revoking refuses after some samples, as where an output is plugged in that the
// licence does not allow.
type revoking struct {
	platform.SampleDecrypter
	left atomic.Int32
}

func (d *revoking) Decrypt(s *platform.Sample, p platform.SampleProtection) error {
	if d.left.Add(-1) < 0 {
		return errors.Join(errors.New("an output without HDCP was plugged in"), platform.ErrKeyRefused)
	}
	return d.SampleDecrypter.Decrypt(s, p)
}

// Output rules that forbid the key of the highest level in the middle of it leave
// the others playing.
func TestProtectedOutputRules(t *testing.T) {
	results := map[[16]byte]platform.KeyResult{}
	for i, k := range lockKeys {
		d, err := piff.New(k.Key[:])
		if err != nil {
			t.Fatal(err)
		}
		results[k.KID] = platform.KeyResult{Decrypter: d}
		if i == 1 {
			top := &revoking{SampleDecrypter: d}
			top.left.Store(120)
			results[k.KID] = platform.KeyResult{Decrypter: top}
		}
	}
	r := playertest.Run(t, playertest.Scenario{
		Handler: locked(t, &origin.Protect{Keys: lockKeys}), Keys: &platformtest.Keys{Results: results}, Decoders: clearOnly(),
	})
	secrets(t, r)
	if r.Err != nil || r.Summary.End != event.Completed || r.Summary.Stalls > 1 {
		t.Errorf("ended as %s, %v; %d stalls", r.Summary.End, r.Err, r.Summary.Stalls)
	}
	if n := len(r.Shown); n < 29*25 {
		t.Errorf("%d pictures were shown", n)
	}
	if out := leftOut(r); !strings.Contains(out[3_000_000], "HDCP") || out[1_500_000] != "" {
		t.Errorf("left out: %v", out)
	}
}

// The exchanges of keys that rotate are spread: players that need a key at the same
// time ask for it at different times, and all of them before they need it.
func TestProtectedSpread(t *testing.T) {
	const rotate = 40 * time.Second
	show := playertest.Default()
	show.Length = 2 * time.Minute
	var asked []time.Duration
	for seed := range uint64(6) {
		r := playertest.Run(t, playertest.Scenario{
			Handler: lockedShow(t, show, &origin.Protect{Rotate: rotate}), Keys: toyKeys(), Decoders: clearOnly(),
			Config: func(c *player.Config) {
				c.BufferAhead = time.Minute
				c.Random = rand.New(rand.NewPCG(seed, 2))
			},
		})
		noTrouble(t, r)
		whole(t, r, 0, show.Length)
		n := 0
		for _, e := range r.Events {
			if k, ok := e.Body.(event.Key); ok && k.Result == "requested" {
				if n++; n == 2 { // the key of 40 s to 80 s
					asked = append(asked, e.At)
				}
			}
		}
	}
	slices.Sort(asked)
	if len(asked) != 6 || asked[5]-asked[0] < 5*time.Second || asked[5] > rotate {
		t.Errorf("the key of the second period was asked for at %v", asked)
	}
	t.Logf("the key of %v was asked for at %v", rotate, asked)
}

// A key of the highest level that is refused for a while is tried again when keys
// have rotated: the level comes back.
func TestProtectedLevelComesBack(t *testing.T) {
	const rotate = 10 * time.Second
	keys := []origin.ContentKey{lockKeys[0], {KID: [16]byte{0xb2}, Key: lockKeys[1].Key}} // the last four bytes count the periods
	show := playertest.Default()
	show.Length = 2 * time.Minute
	for name, c := range map[string]struct {
		refused uint32 // periods, from the second on
		back    bool
	}{"one period": {1, true}, "for good": {1000, false}} {
		t.Run(name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: lockedShow(t, show, &origin.Protect{Keys: keys, Rotate: rotate, License: func(kid [16]byte, l toy.License) (toy.License, bool) {
						period := binary.BigEndian.Uint32(kid[12:])
						return l, kid[0] != keys[1].KID[0] || period < 1 || period > c.refused
					}}),
					Keys: toyKeys(), Decoders: clearOnly(),
				}
			})
			secrets(t, r)
			whole(t, r, 0, show.Length)
			unbroken(t, r, show.Length)
			if r.Summary.Stalls > 0 {
				t.Errorf("%d stalls", r.Summary.Stalls)
			}
			refusals := 0
			for _, code := range errorCodes(r) {
				if code != event.KeyNotFound {
					t.Errorf("error %s", code)
				}
				refusals++
			}
			top, wasOut := 0, false
			for _, e := range r.Events {
				switch b := e.Body.(type) {
				case event.Fragment:
					if wasOut && b.BitrateBPS == 3_000_000 && b.Outcome == event.Received {
						top++
					}
				case event.Tracks:
					wasOut = wasOut || slices.ContainsFunc(b.Streams[0].Levels, func(l event.TrackLevel) bool { return l.BitrateBPS == 3_000_000 && l.LeftOut != "" })
				}
			}
			out := leftOut(r)[3_000_000]
			if c.back && (refusals != 1 || top < 20 || out != "") {
				t.Errorf("%d refusals; %d fragments of the highest level came afterwards; left out: %q", refusals, top, out)
			}
			if !c.back && (refusals < 2 || refusals > 5 || top > 30 || out == "") {
				t.Errorf("%d refusals; %d fragments of the highest level came afterwards; left out: %q", refusals, top, out)
			}
		})
	}
}

// Neither the log, down to its last detail, nor what Status says holds a key, token
// or custom data, whether all goes well or not.
func TestProtectedTellsNoKeys(t *testing.T) {
	for name, faults := range map[string]string{"all is well": "", "failing": "licence-500@0s-2s", "wrong key": "wrong-key", "missing vector": "missing-iv@video:2"} {
		for _, keys := range []platform.KeyProvider{
			&playready.Provider{CDM: &toy.CDM{}, CustomData: "somebody", Header: http.Header{"Authorization": {"somebody"}}},
			&clearkey.Server{URL: "http://somebody:pass@test" + origin.ClearKeyPath + "?token=somebody"},
		} {
			t.Run(name, func(t *testing.T) {
				var log, status bytes.Buffer
				look := func(at time.Duration) playertest.Step {
					return playertest.Step{At: at, Do: func(s *playertest.Session) {
						now := s.Player.Status()
						data, err := json.Marshal(now)
						if err != nil {
							t.Error(err)
						}
						fmt.Fprintf(&status, "%s %+v %#v\n", data, now, now)
					}}
				}
				r := playertest.Run(t, playertest.Scenario{
					Handler: lockedWith(t, &origin.Protect{Keys: lockKeys, Rotate: 5 * time.Second}, faults), Keys: keys, Decoders: clearOnly(),
					Config: func(c *player.Config) {
						c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 8}))
					},
					Script: []playertest.Step{look(0), look(time.Second), look(3 * time.Second), playertest.SelectAudio(4*time.Second, 1), look(9 * time.Second)},
				})
				secrets(t, r)
				if status.Len() == 0 {
					t.Error("no status was seen")
				}
				for _, k := range lockKeys {
					for _, secret := range []string{
						hex.EncodeToString(k.Key[:]), base64.StdEncoding.EncodeToString(k.Key[:]), base64.RawURLEncoding.EncodeToString(k.Key[:]),
						string(k.Key[:]), fmt.Sprint(k.Key), fmt.Sprintf("%#v", k.Key[:]), "somebody",
					} {
						for what, text := range map[string]string{"log": log.String(), "status": status.String()} {
							if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
								t.Errorf("the %s tells %q", what, secret)
							}
						}
					}
				}
			})
		}
	}
}
