package drm

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

func TestFirstOf(t *testing.T) {
	down := errors.New("down")
	has := &platformtest.Keys{Results: map[[16]byte]platform.KeyResult{kidA: {Key: secret}}}
	refuses, fails := &platformtest.Keys{Fail: platform.ErrKeyRefused}, &platformtest.Keys{Fail: down}
	ask := func(f FirstOf) (platform.KeyResult, error) {
		return f.Key(t.Context(), nil, platform.KeyRequest{KID: kidA})
	}
	if r, err := ask(FirstOf{nil, refuses, fails, has}); err != nil || !bytes.Equal(r.Key, secret) {
		t.Errorf("%v, %v", r, err)
	}
	for name, c := range map[string]struct {
		f       FirstOf
		refused bool
		down    bool
	}{
		"nobody":       {FirstOf{}, true, false},
		"all refuse":   {FirstOf{refuses, refuses}, true, false},
		"one fails":    {FirstOf{refuses, fails, refuses}, false, true},
		"all fail":     {FirstOf{fails, fails}, false, true},
		"only refuses": {FirstOf{nil, refuses}, true, false},
	} {
		_, err := ask(c.f)
		if err == nil || errors.Is(err, platform.ErrKeyRefused) != c.refused || errors.Is(err, down) != c.down || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	closed := &closing{}
	if err := (FirstOf{nil, has, closed}).Close(); err != nil || closed.n != 1 {
		t.Errorf("closed %d times: %v", closed.n, err)
	}
}

// closing is a provider that can be closed.
type closing struct{ n int }

func (*closing) Key(context.Context, platform.Doer, platform.KeyRequest) (platform.KeyResult, error) {
	return platform.KeyResult{}, platform.ErrKeyRefused
}
func (c *closing) Close() error { c.n++; return nil }
