package player_test

import (
	"fmt"
	"strings"
	"testing"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// limited is a device that decodes no large pictures, and must not be asked to.
type limited struct {
	null.Decoders
	t *testing.T
}

func (p *limited) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	if err := p.Supports(f); err != nil {
		p.t.Errorf("a decoder was opened for what is not supported: %v", err)
	}
	return p.Decoders.OpenVideo(f)
}

// What the device cannot decode is left out of the choice, with its reason, and
// nothing of it is fetched.
func TestUnsupportedLevelsAreLeftOut(t *testing.T) {
	show := playertest.Default()
	device := &limited{t: t}
	refused := map[int64]bool{}
	device.Refuse = func(f platform.Format) error {
		if f.Kind == platform.Video && f.BitrateBPS > 1_000_000 {
			refused[f.BitrateBPS] = true
			return fmt.Errorf("no more than 1 Mbit/s: %w", platform.ErrUnsupported)
		}
		return nil
	}
	r := playertest.Run(t, playertest.Scenario{Handler: show, Decoders: device, Link: "20M"})
	if r.Err != nil || r.Summary.End != event.Completed || r.Summary.FragmentErrors != 0 {
		t.Fatalf("%v, %v", r.Summary.End, r.Err)
	}
	if len(refused) != 2 {
		t.Fatalf("%d levels were refused", len(refused))
	}
	for _, l := range event.Bodies[event.Tracks](r.Events)[0].Streams[0].Levels {
		if refused[l.BitrateBPS] != (l.Level < 0) || refused[l.BitrateBPS] != strings.HasPrefix(l.LeftOut, "no more than 1 Mbit/s") {
			t.Errorf("level of %d bit/s: number %d, left out %q", l.BitrateBPS, l.Level, l.LeftOut)
		}
	}
	for _, l := range r.Summary.Levels {
		if refused[l.BitrateBPS] {
			t.Errorf("%d fragments of %d bit/s were fetched", l.Fragments, l.BitrateBPS)
		}
	}
}
