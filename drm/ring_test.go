package drm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// decrypter knows whether it was closed.
type decrypter struct{ closed int }

func (*decrypter) Decrypt(*platform.Sample, platform.SampleProtection) error { return nil }
func (d *decrypter) Close() error                                            { d.closed++; return nil }

func want(kid [16]byte, by time.Time) Want {
	return Want{Request: platform.KeyRequest{KID: kid}, By: by}
}

// ask makes r ask for one key, and fails where it asks for something else.
func ask(t *testing.T, r *Ring, now time.Time, kid [16]byte) {
	t.Helper()
	if due := r.Due(now); len(due) != 1 || due[0].KID != kid {
		t.Fatalf("due are %v, want %x", due, kid)
	}
}

// idle fails where r asks for anything.
func idle(t *testing.T, r *Ring, now time.Time) {
	t.Helper()
	if due := r.Due(now); len(due) != 0 {
		t.Fatalf("due are %v, want none", due)
	}
}

func clearKey() platform.KeyResult {
	return platform.KeyResult{Key: bytes.Clone(secret)}
}

func TestRingHoldsAKey(t *testing.T) {
	r := NewRing(Options{})
	if k := r.Key(start, kidA); k.State != Unwanted || k.KID != kidA {
		t.Errorf("%+v", k)
	}
	r.Want(start, want(kidA, time.Time{}))
	r.Want(start, want(kidA, start.Add(time.Hour)))
	if next := r.Next(start); !next.Equal(start) {
		t.Errorf("next at %v", next)
	}
	ask(t, r, start, kidA)
	idle(t, r, start.Add(time.Hour))
	if k := r.Key(start, kidA); k.State != Pending || !r.Next(start).IsZero() {
		t.Errorf("%+v", k)
	}
	result := clearKey()
	result.MaxWidth, result.MaxHeight = 1280, 720
	if old := r.Answer(start, kidA, result, nil); old != nil || !bytes.Equal(result.Key, make([]byte, 16)) {
		t.Error("the clear key was not wiped")
	}
	k := r.Key(start.Add(1000*time.Hour), kidA)
	if k.State != Ready || k.Decrypter == nil || k.Err != nil || !r.Next(start).IsZero() {
		t.Errorf("%+v", k)
	}
	if !k.Allows(1280, 720) || !k.Allows(0, 0) || k.Allows(1281, 720) || k.Allows(1280, 721) || !(Key{}).Allows(7680, 4320) {
		t.Error("the limits are others")
	}
	sample := platform.Sample{Data: []byte("in the clear")}
	p := platform.SampleProtection{Scheme: platform.AESCTR, IV: make([]byte, 8)}
	for range 2 { // counter mode: there and back
		if err := k.Decrypter.Decrypt(&sample, p); err != nil {
			t.Fatal(err)
		}
	}
	if string(sample.Data) != "in the clear" {
		t.Errorf("%q", sample.Data)
	}
	if s := fmt.Sprintf("%v %+v %#v %v", r, r, r, k); strings.Contains(s, string(secret)) || !strings.Contains(s, "{1 keys}") {
		t.Error(s)
	}
	if keys := r.Keys(start); len(keys) != 1 || keys[0].KID != kidA {
		t.Errorf("%v", keys)
	}
	if err := r.Close(); err != nil || r.Key(start, kidA).State != Unwanted {
		t.Error("something is left")
	}
}

// refusal is a provider's.
var refusal = fmt.Errorf("not paid for: %w", platform.ErrKeyRefused)

func TestRefusalsAreRemembered(t *testing.T) {
	r := NewRing(Options{})
	r.Want(start, want(kidA, time.Time{}))
	ask(t, r, start, kidA)
	r.Answer(start, kidA, platform.KeyResult{}, refusal)
	r.Want(start, want(kidA, time.Time{}))
	idle(t, r, start.Add(time.Hour))
	if k := r.Key(start, kidA); k.State != Refused || !errors.Is(k.Err, platform.ErrKeyRefused) || k.Decrypter != nil {
		t.Errorf("%+v", k)
	}
	r.Forget(kidA)
	r.Want(start, want(kidA, time.Time{}))
	ask(t, r, start, kidA)
	r.Answer(start, kidA, clearKey(), nil)
	// Taken back by the decrypter.
	if old := r.Refuse(kidA, refusal); old == nil {
		t.Error("the decrypter is lost")
	}
	if k := r.Key(start, kidA); k.State != Refused || k.Decrypter != nil || k.Err != refusal {
		t.Errorf("%+v", k)
	}
	if r.Refuse(kidA, refusal) != nil || r.Refuse(kidB, refusal) != nil {
		t.Error("refused twice")
	}
}

// TestBackOff: pauses grow, a server's wish is granted, and it ends.
func TestBackOff(t *testing.T) {
	r := NewRing(Options{Attempts: 5, Pause: time.Second})
	r.Want(start, want(kidA, time.Time{}))
	now := start
	down := errors.New("down")
	for i, most := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
		ask(t, r, now, kidA)
		r.Answer(now, kidA, platform.KeyResult{}, down)
		if k := r.Key(now, kidA); k.State != Pending || k.Err != down {
			t.Fatalf("%+v", k)
		}
		next := r.Next(now)
		if pause := next.Sub(now); pause < most/2 || pause > most {
			t.Errorf("pause %d is %v, want %v to %v", i, pause, most/2, most)
		}
		idle(t, r, next.Add(-1))
		now = next
	}
	ask(t, r, now, kidA)
	r.Answer(now, kidA, platform.KeyResult{}, down)
	idle(t, r, now.Add(time.Hour))
	if k := r.Key(now, kidA); k.State != Failed || k.Err != down {
		t.Errorf("%+v", k)
	}

	r = NewRing(Options{Pause: time.Hour, Attempts: 100})
	r.Want(start, want(kidA, time.Time{}))
	for range 80 { // bounded, whatever the options
		now = r.Next(now)
		ask(t, r, now, kidA)
		r.Answer(now, kidA, platform.KeyResult{}, down)
		if pause := r.Next(now).Sub(now); pause < maxPause/2 || pause > maxPause {
			t.Fatalf("a pause of %v", pause)
		}
	}
	now = r.Next(now)
	ask(t, r, now, kidA)
	r.Answer(now, kidA, platform.KeyResult{}, fmt.Errorf("later: %w", later(10*time.Minute)))
	if pause := r.Next(now).Sub(now); pause != 10*time.Minute {
		t.Errorf("the server asked for 10 minutes, it is %v", pause)
	}
	now = r.Next(now)
	ask(t, r, now, kidA)
	r.Answer(now, kidA, platform.KeyResult{}, fmt.Errorf("stopped: %w", context.Canceled))
	ask(t, r, now, kidA) // at once, and it does not count
}

type later time.Duration

func (later) Error() string               { return "busy" }
func (l later) RetryAfter() time.Duration { return time.Duration(l) }

func TestRenewal(t *testing.T) {
	for seed := range uint64(50) {
		r := NewRing(Options{Seed: seed})
		r.Want(start, want(kidA, time.Time{}))
		ask(t, r, start, kidA)
		first, second := &decrypter{}, &decrypter{}
		r.Answer(start, kidA, platform.KeyResult{Decrypter: first, Expires: start.Add(time.Hour)}, nil)
		at := r.Next(start)
		if life := at.Sub(start); life < 42*time.Minute || life > 48*time.Minute+time.Second {
			t.Fatalf("renewed after %v of an hour", life)
		}
		idle(t, r, at.Add(-1))
		ask(t, r, at, kidA)
		r.Answer(at, kidA, platform.KeyResult{}, errors.New("down"))
		if k := r.Key(at, kidA); k.State != Ready || k.Decrypter != first || k.Err == nil {
			t.Fatalf("%+v", k)
		}
		at = r.Next(at)
		ask(t, r, at, kidA)
		if old := r.Answer(at, kidA, platform.KeyResult{Decrypter: second, Expires: at.Add(time.Hour)}, nil); old != first {
			t.Fatal("the old decrypter is not handed back")
		}
		if k := r.Key(start.Add(time.Hour), kidA); k.State != Ready || k.Decrypter != second || k.Err != nil {
			t.Fatalf("%+v", k)
		}
		if err := r.Close(); err != nil || second.closed != 1 || first.closed != 0 {
			t.Fatal("closed the wrong one")
		}
	}
}

// TestExpiry: a key that cannot be renewed plays until it expires, and then says
// both.
func TestExpiry(t *testing.T) {
	for _, c := range []struct {
		err  error
		asks bool // time and again
	}{{errors.New("down"), true}, {refusal, false}} {
		r := NewRing(Options{})
		r.Want(start, want(kidA, time.Time{}))
		ask(t, r, start, kidA)
		end := start.Add(time.Hour)
		r.Answer(start, kidA, platform.KeyResult{Key: bytes.Clone(secret), Expires: end}, nil)
		asked := 0
		for now := r.Next(start); now.Before(end); now = r.Next(now) {
			if k := r.Key(now, kidA); k.State != Ready {
				t.Fatalf("%+v", k)
			}
			ask(t, r, now, kidA)
			asked++
			r.Answer(now, kidA, platform.KeyResult{}, c.err)
		}
		if (asked > 10) != c.asks || asked == 0 {
			t.Errorf("%v: asked %d times", c.err, asked)
		}
		k := r.Key(end, kidA)
		if k.State != Expired || k.Decrypter != nil || !errors.Is(k.Err, ErrExpired) || !errors.Is(k.Err, c.err) || !r.Next(end).IsZero() {
			t.Errorf("%+v, next %v", k, r.Next(end))
		}
		if !strings.Contains(k.Err.Error(), "at 2026-01-02T04:04:05Z: the key has expired, and was not renewed: ") {
			t.Errorf("%v", k.Err)
		}
		idle(t, r, end)
	}
}

// TestBadAnswers are failures, some for good.
func TestBadAnswers(t *testing.T) {
	systems := readSystems([]platform.ProtectionSystem{{SystemID: PlayReady, Data: object(kidA)}})
	for _, c := range []struct {
		name   string
		result platform.KeyResult
		state  State
		is     error
	}{
		{"expired before it came", platform.KeyResult{Key: bytes.Clone(secret), Expires: start}, Pending, ErrExpired},
		{"empty", platform.KeyResult{}, Refused, platform.ErrKeyRefused},
		{"half a key", platform.KeyResult{Key: make([]byte, 8)}, Refused, platform.ErrKeyRefused},
		{"wrong checksum", platform.KeyResult{Key: make([]byte, 16)}, Refused, ErrWrongKey},
	} {
		r := NewRing(Options{})
		r.Want(start, Want{Request: systems.Request(kidA, "")})
		ask(t, r, start, kidA)
		r.Answer(start, kidA, c.result, nil)
		if k := r.Key(start, kidA); k.State != c.state || !errors.Is(k.Err, c.is) || k.Decrypter != nil {
			t.Errorf("%s: %+v", c.name, k)
		}
	}
	r := NewRing(Options{})
	r.Want(start, Want{Request: systems.Request(kidA, "")})
	ask(t, r, start, kidA)
	if r.Answer(start, kidA, clearKey(), nil); r.Key(start, kidA).State != Ready {
		t.Errorf("the right key: %+v", r.Key(start, kidA))
	}
	// What nobody waits for is handed back.
	late := &decrypter{}
	if r.Answer(start, kidB, platform.KeyResult{Decrypter: late}, nil) != late {
		t.Error("lost a decrypter")
	}
	r.Want(start, want(kidB, time.Time{}))
	ask(t, r, start, kidB)
	r.Refuse(kidB, refusal)
	if r.Answer(start, kidB, platform.KeyResult{Decrypter: late}, nil) != late || r.Key(start, kidB).State != Refused {
		t.Error("an answer revived a key that was refused")
	}
}

// TestSpread: what is needed later is asked for at a random time, early enough; what
// becomes urgent is asked for sooner.
func TestSpread(t *testing.T) {
	by := start.Add(25 * time.Second)
	var sum time.Duration
	const devices = 400
	for seed := range uint64(devices) {
		r := NewRing(Options{Seed: seed, Lead: 5 * time.Second})
		r.Want(start, want(kidA, by))
		at := r.Next(start)
		if at.Before(start) || at.After(by.Add(-5*time.Second)) {
			t.Fatalf("asked at %v", at.Sub(start))
		}
		sum += at.Sub(start)
		r.Want(start, want(kidA, start.Add(time.Second)))
		ask(t, r, start, kidA)
	}
	if mean := sum / devices; mean < 8*time.Second || mean > 12*time.Second {
		t.Errorf("%v after the start on average, want 10s", mean)
	}
	r := NewRing(Options{Spread: 3 * time.Second})
	r.Want(start, want(kidA, start.Add(time.Hour)))
	if at := r.Next(start); at.After(start.Add(3 * time.Second)) {
		t.Errorf("put off by %v", at.Sub(start))
	}
}

func TestUrgentFirst(t *testing.T) {
	r := NewRing(Options{Parallel: 2, Spread: 1})
	for i, by := range []time.Duration{30, 10, 20} {
		r.Want(start, want([16]byte{byte(i)}, start.Add(by*time.Second)))
	}
	now := start.Add(time.Second)
	due := r.Due(now)
	if len(due) != 2 || due[0].KID != [16]byte{1} || due[1].KID != [16]byte{2} || !r.Next(now).IsZero() {
		t.Fatalf("%v", due)
	}
	r.Answer(now, due[0].KID, clearKey(), nil)
	if r.Next(now).IsZero() {
		t.Error("nothing is next")
	}
	ask(t, r, now, [16]byte{0})
}

// TestRingForever runs a ring through random events for days, and checks what must
// always hold.
func TestRingForever(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := Options{Seed: seed, Parallel: 1 + random.IntN(4), Attempts: 1 + random.IntN(6)}
		r := NewRing(o)
		now, asking := start, map[[16]byte]bool{}
		made := map[*decrypter]bool{}
		closeOld := func(d platform.SampleDecrypter) {
			if d != nil {
				d.Close()
			}
		}
		for step := range 1500 {
			kid := [16]byte{byte(random.IntN(20))}
			switch random.IntN(6) {
			case 0:
				r.Want(now, want(kid, now.Add(time.Duration(random.IntN(100))*time.Second)))
			case 1:
				if random.IntN(20) == 0 {
					closeOld(r.Forget(kid))
					delete(asking, kid)
				}
			case 2:
				if random.IntN(20) == 0 {
					closeOld(r.Refuse(kid, refusal))
				}
			case 3:
				before := r.Key(now, kid)
				if !asking[kid] {
					break
				}
				delete(asking, kid)
				switch random.IntN(4) {
				case 0:
					closeOld(r.Answer(now, kid, platform.KeyResult{}, refusal))
				case 1:
					closeOld(r.Answer(now, kid, platform.KeyResult{}, errors.New("down")))
				default:
					d := &decrypter{}
					made[d] = true
					closeOld(r.Answer(now, kid, platform.KeyResult{Decrypter: d, Expires: now.Add(time.Duration(random.IntN(3600)) * time.Second)}, nil))
				}
				if before.State == Refused && r.Key(now, kid).State != Refused {
					t.Fatal("a refusal was forgotten")
				}
			case 4:
				now = now.Add(time.Duration(random.IntN(60)) * time.Second)
			case 5:
				if next := r.Next(now); !next.IsZero() && next.After(now) {
					now = next
				}
			}
			for _, req := range r.Due(now) {
				if s := r.Key(now, req.KID).State; asking[req.KID] || s != Pending && s != Ready {
					t.Fatalf("asked for %x, which is %v", req.KID, s)
				}
				asking[req.KID] = true
			}
			if len(asking) > o.Parallel {
				t.Fatalf("%d requests at the same time", len(asking))
			}
			if step%5 != 0 {
				continue
			}
			for _, k := range r.Keys(now) {
				if (k.State == Ready) != (k.Decrypter != nil) || k.State == Ready && !k.Expires.After(now) || k.State > Ready && k.Err == nil {
					t.Fatalf("%+v", k)
				}
				if d, ok := k.Decrypter.(*decrypter); ok && d.closed != 0 {
					t.Fatal("a decrypter in use was closed")
				}
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		for d := range made {
			if d.closed != 1 {
				t.Fatalf("a decrypter was closed %d times", d.closed)
			}
		}
	}
}

// TestSameSeedSameTimes: a session can be run again.
func TestSameSeedSameTimes(t *testing.T) {
	run := func() string {
		r, now, log := NewRing(Options{Seed: 9}), start, ""
		for i := range 10 {
			var kid [16]byte
			binary.BigEndian.PutUint16(kid[:], uint16(i))
			r.Want(now, want(kid, now.Add(40*time.Second)))
		}
		for range 60 {
			next := r.Next(now)
			if next.IsZero() {
				break
			}
			now = next
			for _, req := range r.Due(now) {
				log += fmt.Sprintf("%v %x\n", now.Sub(start), req.KID[:2])
				r.Answer(now, req.KID, platform.KeyResult{}, errors.New("down"))
			}
		}
		return log
	}
	if a, b := run(), run(); a != b || strings.Count(a, "\n") < 50 {
		t.Errorf("first\n%s\nthen\n%s", a, b)
	}
}
