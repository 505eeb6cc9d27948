package platformtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"io/fs"
	"math"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/platform"
)

// doerFunc makes a Doer of a function that is given a right one.
type doerFunc struct {
	platform.Doer
	do func(right platform.Doer, req *http.Request) (*http.Response, error)
}

func (d doerFunc) Do(req *http.Request) (*http.Response, error) { return d.do(d.Doer, req) }

func faultyDoer(do func(right platform.Doer, req *http.Request) (*http.Response, error)) reachDoer {
	return func(t *testing.T, h http.Handler) (platform.Doer, string) {
		return doerFunc{HandlerDoer(h), do}, "http://server.test"
	}
}

// bodyFunc is a body whose reads or Close are changed.
type bodyFunc struct {
	io.ReadCloser
	read  func(r io.Reader, b []byte) (int, error)
	close func(c io.Closer) error
}

func (f bodyFunc) Read(b []byte) (int, error) {
	if f.read != nil {
		return f.read(f.ReadCloser, b)
	}
	return f.ReadCloser.Read(b)
}

func (f bodyFunc) Close() error {
	if f.close != nil {
		return f.close(f.ReadCloser)
	}
	return f.ReadCloser.Close()
}

// faultyBody changes the body of every answer.
func faultyBody(change func(io.ReadCloser) io.ReadCloser) reachDoer {
	return faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
		answer, err := right.Do(req)
		if err == nil {
			answer.Body = change(answer.Body)
		}
		return answer, err
	})
}

func TestWrongDoers(t *testing.T) {
	expectCaught(t, doerRules, true, []wrong[reachDoer]{
		{"drops headers", []string{"sends-requests"}, faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
			req.Header = http.Header{}
			return right.Do(req)
		})},
		{"drops the body", []string{"sends-requests"}, faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
			req.Body = nil
			return right.Do(req)
		})},
		{"makes errors of answers", []string{"every-status-is-an-answer"}, faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
			answer, err := right.Do(req)
			if err == nil && answer.StatusCode >= 400 {
				answer.Body.Close()
				return nil, fmt.Errorf("status %d", answer.StatusCode)
			}
			return answer, err
		})},
		{"limits bodies", []string{"whole-body"}, faultyBody(func(b io.ReadCloser) io.ReadCloser {
			limited := io.LimitReader(b, 1<<20)
			return bodyFunc{ReadCloser: b, read: func(_ io.Reader, p []byte) (int, error) { return limited.Read(p) }}
		})},
		{"takes a cut for the end", []string{"cut-body-is-an-error"}, faultyBody(func(b io.ReadCloser) io.ReadCloser {
			return bodyFunc{ReadCloser: b, read: func(r io.Reader, p []byte) (int, error) {
				n, err := r.Read(p)
				if err != nil {
					err = io.EOF
				}
				return n, err
			}}
		})},
		{"stays where it was sent", []string{"follows-redirects"}, func(t *testing.T, h http.Handler) (platform.Doer, string) {
			c := HandlerDoer(h).(*http.Client)
			c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			return c, "http://server.test"
		}},
		{"forgets where it was led", []string{"follows-redirects"}, faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
			answer, err := right.Do(req)
			if err == nil {
				answer.Request = req
			}
			return answer, err
		})},
		{"goes round in circles", []string{"redirects-end"}, func(t *testing.T, h http.Handler) (platform.Doer, string) {
			c := HandlerDoer(h).(*http.Client)
			c.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
				if len(via) > 100 {
					return errFault
				}
				time.Sleep(time.Second)
				return nil
			}
			return c, "http://server.test"
		}},
		{"takes a redirect in circles for an answer", []string{"redirects-end"}, faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
			answer, err := right.Do(req)
			if err != nil {
				answer, err = &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
			}
			return answer, err
		})},
		{"ignores the context", []string{"honours-context", "honours-context-in-the-body"}, faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), time.Minute)
			context.AfterFunc(ctx, cancel)
			return right.Do(req.WithContext(ctx))
		})},
		{"hides the end of the context", []string{"honours-context"}, faultyDoer(func(right platform.Doer, req *http.Request) (*http.Response, error) {
			answer, err := right.Do(req)
			if err != nil {
				err = errFault
			}
			return answer, err
		})},
		{"takes the end of the context for the end of the body", []string{"honours-context-in-the-body"}, faultyBody(func(b io.ReadCloser) io.ReadCloser {
			return bodyFunc{ReadCloser: b, read: func(r io.Reader, p []byte) (int, error) {
				n, err := r.Read(p)
				if errors.Is(err, context.Canceled) {
					err = io.EOF
				}
				return n, err
			}}
		})},
		{"reads to the end in Close", []string{"body-may-be-left"}, faultyBody(func(b io.ReadCloser) io.ReadCloser {
			return bodyFunc{ReadCloser: b, close: func(c io.Closer) error {
				time.Sleep(time.Minute) // a long body
				return c.Close()
			}}
		})},
		{"serves one goroutine at a time", []string{"concurrent-use"}, func(t *testing.T, h http.Handler) (platform.Doer, string) {
			one := newOneAtATime()
			return doerFunc{HandlerDoer(h), func(right platform.Doer, req *http.Request) (*http.Response, error) {
				if err := one.call(); err != nil {
					return nil, err
				}
				return right.Do(req)
			}}, "http://server.test"
		}},
	})
}

// loads makes a meter of a function that is told the number of the call.
type loads struct {
	calls int
	load  func(call int) (platform.Load, error)
}

func (l *loads) Load() (platform.Load, error) {
	l.calls++
	return l.load(l.calls)
}

func faultyMeter(load func(call int) (platform.Load, error)) OpenLoadMeter {
	return func(*testing.T) platform.LoadMeter { return &loads{load: load} }
}

func TestWrongLoadMeters(t *testing.T) {
	expectCaught(t, loadMeterRules, false, []wrong[OpenLoadMeter]{
		{"counts percent and divides by nothing", []string{"shares"}, faultyMeter(func(call int) (platform.Load, error) {
			return platform.Load{Device: 70, Process: math.NaN()}, nil
		})},
		{"needs a call to begin", []string{"at-once"}, faultyMeter(func(call int) (platform.Load, error) {
			if call == 1 {
				return platform.Load{}, errFault
			}
			return platform.Load{Device: 0.5, Process: 0.5}, nil
		})},
		{"always says the same", []string{"since-the-last-call"}, faultyMeter(func(int) (platform.Load, error) {
			return platform.Load{Device: 0.5, Process: 0.5}, nil
		})},
	})
}

// namer is a meter that names networks.
type namer struct {
	platform.LoadMeter
	name func() string
}

func (n namer) Network() string { return n.name() }

func TestWrongNetworkNamers(t *testing.T) {
	called := func(name func() string) OpenLoadMeter {
		return func(*testing.T) platform.LoadMeter { return namer{name: name} }
	}
	var count atomic.Int64
	expectCaught(t, networkRules, false, []wrong[OpenLoadMeter]{
		{"another name each time", []string{"same-network"}, called(func() string { return fmt.Sprint(count.Add(1)) })},
		{"tells the gateway", []string{"opaque-network"}, called(func() string { return "eth0-02:fc:00:00:00:05" })},
		{"tells an address", []string{"opaque-network"}, called(func() string { return "192.0.2.1" })},
	})
	// A meter that names none is not examined.
	plain := faultyMeter(func(int) (platform.Load, error) { return platform.Load{}, nil })
	for _, r := range networkRules {
		if err := r.check(t, plain); !errors.As(err, new(unexamined)) {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}

// storeFuncs makes a Store of functions.
type storeFuncs struct {
	get func(key string) ([]byte, error)
	put func(key string, value []byte) error
}

func (s storeFuncs) Get(key string) ([]byte, error)     { return s.get(key) }
func (s storeFuncs) Put(key string, value []byte) error { return s.put(key, value) }

// renaming is a store that keeps values under other names.
func renaming(rename func(string) string) OpenStore {
	stores := memoryStores()
	return func(t *testing.T, place string) platform.Store {
		s := stores(t, place)
		return storeFuncs{
			func(key string) ([]byte, error) { return s.Get(rename(key)) },
			func(key string, value []byte) error { return s.Put(rename(key), value) },
		}
	}
}

func TestWrongStores(t *testing.T) {
	// simple keeps the slices themselves, and serves one goroutine at a time.
	simple := func(in, out func([]byte) []byte) OpenStore {
		values := map[string][]byte{}
		var here string
		one := newOneAtATime()
		return func(_ *testing.T, place string) platform.Store {
			if place != here {
				here = place
				clear(values)
			}
			return storeFuncs{
				func(key string) ([]byte, error) {
					if err := one.call(); err != nil {
						return nil, err
					}
					if v, ok := values[key]; ok {
						return out(v), nil
					}
					return nil, fs.ErrNotExist
				},
				func(key string, value []byte) error {
					if err := one.call(); err != nil {
						return err
					}
					values[key] = in(value)
					return nil
				},
			}
		}
	}
	same := func(b []byte) []byte { return b }
	expectCaught(t, storeRules, true, []wrong[OpenStore]{
		{"forgets with the process", []string{"keeps-values"}, func(*testing.T, string) platform.Store { return &MemoryStore{} }},
		{"never puts anew", []string{"keeps-values"}, func(t *testing.T, place string) platform.Store {
			s := &MemoryStore{}
			return storeFuncs{s.Get, func(key string, value []byte) error {
				if _, err := s.Get(key); err == nil {
					return fs.ErrExist
				}
				return s.Put(key, value)
			}}
		}},
		{"knows every name", []string{"never-put"}, func(t *testing.T, place string) platform.Store {
			s := &MemoryStore{}
			return storeFuncs{func(key string) ([]byte, error) { v, _ := s.Get(key); return v, nil }, s.Put}
		}},
		{"takes names for paths", []string{"any-name-any-value"}, renaming(path.Clean)},
		{"tells no small letters from large", []string{"any-name-any-value"}, renaming(strings.ToLower)},
		{"keeps the caller's bytes", []string{"values-are-copies"}, simple(same, bytes.Clone)},
		{"hands out its own bytes", []string{"values-are-copies"}, simple(bytes.Clone, same)},
		{"serves one goroutine at a time", []string{"concurrent-use"}, simple(bytes.Clone, bytes.Clone)},
	})
}

// keyFunc makes a KeyProvider of a function.
type keyFunc func(ctx context.Context, req platform.KeyRequest) (platform.KeyResult, error)

func (f keyFunc) Key(ctx context.Context, _ platform.Doer, req platform.KeyRequest) (platform.KeyResult, error) {
	return f(ctx, req)
}

type noDecrypter struct{}

func (noDecrypter) Decrypt(*platform.Sample, platform.SampleProtection) error { return nil }
func (noDecrypter) Close() error                                              { return nil }

// faultyKeys changes what a right provider returns.
func faultyKeys(change func(r *platform.KeyResult, err *error)) OpenKeyProvider {
	return openKeys(func() platform.KeyProvider {
		right := testKeys()
		return keyFunc(func(ctx context.Context, req platform.KeyRequest) (platform.KeyResult, error) {
			r, err := right.Key(ctx, nil, req)
			change(&r, &err)
			return r, err
		})
	})
}

// closedForGood gives out no key once it was closed.
type closedForGood struct {
	*Keys
	closed bool
}

func (c *closedForGood) Close() error { c.closed = true; return nil }

func (c *closedForGood) Key(ctx context.Context, http platform.Doer, req platform.KeyRequest) (platform.KeyResult, error) {
	if c.closed {
		return platform.KeyResult{}, errFault
	}
	return c.Keys.Key(ctx, http, req)
}

func TestWrongKeyProviders(t *testing.T) {
	key := testKeys().Results[testKID].Key
	expectCaught(t, keyProviderRules, true, []wrong[OpenKeyProvider]{
		{"returns half a key", []string{"key-or-decrypter"}, faultyKeys(func(r *platform.KeyResult, _ *error) { r.Key = r.Key[:min(8, len(r.Key))] })},
		{"returns a key and a Decrypter", []string{"key-or-decrypter"}, faultyKeys(func(r *platform.KeyResult, _ *error) { r.Decrypter = noDecrypter{} })},
		{"returns a key that has expired", []string{"key-or-decrypter"}, faultyKeys(func(r *platform.KeyResult, _ *error) { r.Expires = time.Unix(0, 0) })},
		{"returns nothing for what it does not know", []string{"unknown-is-an-error"}, faultyKeys(func(_ *platform.KeyResult, err *error) { *err = nil })},
		{"tells its keys in errors", []string{"errors-hold-no-key"}, faultyKeys(func(_ *platform.KeyResult, err *error) {
			if *err != nil {
				*err = fmt.Errorf("among %X it is not: %w", key, *err)
			}
		})},
		{"ignores the context", []string{"honours-context"}, openKeys(func() platform.KeyProvider {
			right := testKeys()
			right.Wait = time.Minute
			return keyFunc(func(_ context.Context, req platform.KeyRequest) (platform.KeyResult, error) {
				return right.Key(context.Background(), nil, req)
			})
		})},
		{"hides the end of the context", []string{"honours-context"}, faultyKeys(func(_ *platform.KeyResult, err *error) {
			if *err != nil {
				*err = errFault
			}
		})},
		{"serves one goroutine at a time", []string{"any-goroutine"}, openKeys(func() platform.KeyProvider {
			one, right := newOneAtATime(), testKeys()
			return keyFunc(func(ctx context.Context, req platform.KeyRequest) (platform.KeyResult, error) {
				if err := one.call(); err != nil {
					return platform.KeyResult{}, err
				}
				return right.Key(ctx, nil, req)
			})
		})},
		{"is closed for good", []string{"key-after-close"}, openKeys(func() platform.KeyProvider { return &closedForGood{Keys: testKeys()} })},
		{"hands out its own bytes", []string{"same-key-again"}, openKeys(func() platform.KeyProvider {
			results := testKeys().Results
			return keyFunc(func(_ context.Context, req platform.KeyRequest) (platform.KeyResult, error) {
				if r, ok := results[req.KID]; ok {
					return r, nil
				}
				return platform.KeyResult{}, errFault
			})
		})},
	})
}

// box is a drawer that draws a white box for each cue, as wide as its text is
// long.
type box struct {
	color color.RGBA
	buf   *image.RGBA // drawn into again and again: wrong
	ids   map[string]uint64
	fixed bool // one ID for all: wrong
	away  int  // pixels outside the canvas: wrong
}

func (b *box) Draw(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
	var all []platform.Overlay
	for _, c := range cues {
		if len(c.Text) == 0 {
			continue
		}
		size := image.Rect(0, 0, min(len(c.Text)*8, width), min(16, height))
		if size.Empty() {
			return nil, errors.New("there is no room for text")
		}
		img := b.buf
		if img == nil {
			img = image.NewRGBA(size)
		}
		draw.Draw(img, size, image.NewUniform(color.RGBA{}), image.Point{}, draw.Src)
		for y := range size.Max.Y {
			for x := range min(len(c.Text)*6, size.Max.X) {
				img.SetRGBA(x, y, b.color)
			}
		}
		name := fmt.Sprint(len(c.Text), width, height)
		if b.ids == nil {
			b.ids = map[string]uint64{}
		}
		if b.ids[name] == 0 && !b.fixed {
			b.ids[name] = uint64(len(b.ids) + 1)
		}
		all = append(all, platform.Overlay{
			Image: img.SubImage(size).(*image.RGBA), Y: height - size.Max.Y + b.away,
			CanvasWidth: width, CanvasHeight: height, ID: b.ids[name],
		})
	}
	return all, nil
}

// drawFunc makes a TextDrawer of a function.
type drawFunc func(cues []platform.Cue, width, height int) ([]platform.Overlay, error)

func (f drawFunc) Draw(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
	return f(cues, width, height)
}

var white = color.RGBA{255, 255, 255, 255}

func openBox(b box) OpenTextDrawer {
	return func(*testing.T) platform.TextDrawer { b := b; return &b }
}

// restyled is a drawer that says when captions changed on the channels of make.
type restyled struct {
	box
	make func() chan struct{}
}

func (r *restyled) Restyled() <-chan struct{} { return r.make() }

func openRestyled(make func() chan struct{}) OpenTextDrawer {
	return func(*testing.T) platform.TextDrawer { return &restyled{box{color: white}, make} }
}

func TestRestylerTakesTheExam(t *testing.T) {
	c := make(chan struct{}, 1)
	TestTextDrawer(t, openRestyled(func() chan struct{} { return c }), InBubble())
}

func TestRightTextDrawer(t *testing.T) { TestTextDrawer(t, openBox(box{color: white}), InBubble()) }

func TestWrongTextDrawers(t *testing.T) {
	expectCaught(t, textDrawerRules, true, []wrong[OpenTextDrawer]{
		{"returns an empty list", []string{"nothing-to-show"}, func(*testing.T) platform.TextDrawer {
			right := box{color: white}
			return drawFunc(func(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
				overlays, err := right.Draw(cues, width, height)
				return append([]platform.Overlay{}, overlays...), err
			})
		}},
		{"draws what cannot be seen", []string{"draws"}, openBox(box{})},
		{"draws outside the canvas", []string{"any-text"}, openBox(box{color: white, away: 1})},
		{"panics without a picture", []string{"no-picture"}, func(*testing.T) platform.TextDrawer {
			right := box{color: white}
			return drawFunc(func(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
				_ = 100 / width
				return right.Draw(cues, width, height)
			})
		}},
		{"does not multiply by alpha", []string{"premultiplied"}, openBox(box{color: color.RGBA{255, 255, 255, 128}})},
		{"uses one ID", []string{"id-changes-with-the-pixels"}, openBox(box{color: white, fixed: true})},
		{"says on another channel each time that captions changed", []string{"restyled"}, openRestyled(func() chan struct{} { return make(chan struct{}, 1) })},
		{"says it on no channel", []string{"restyled"}, openRestyled(func() chan struct{} { return nil })},
		{"draws into the same image again", []string{"overlays-are-the-callers"}, openBox(box{color: white, buf: image.NewRGBA(image.Rect(0, 0, 1920, 16))})},
	})
}
