package renderload

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var codecs = []string{"h264", "h264", "h264", "h264", "h264", "h264"}

// then is when the sessions of these tests end.
var then = time.Unix(1_700_000_000, 0)

// session plays rungs on a device for some minutes, and remembers it.
func session(m *Memory, loads []float64, minutes int, at time.Time) figures {
	monitor := New(rungs)
	m.Recall(monitor, codecs, at)
	f := play(hour{device: Device{Loads: loads, Seed: uint64(at.Unix())}}, watched{monitor}, 60*minutes, true)
	m.Learn(monitor, codecs, at)
	return f
}

// TestTheSecondStartDoesNotTryTheBadLevel, whatever made it bad.
func TestTheSecondStartDoesNotTryTheBadLevel(t *testing.T) {
	for name, c := range map[string]struct {
		loads []float64
		best  int // the highest level that the device renders
	}{
		"as predicted":      {[]float64{.1, .3, .5, 1.1, 1.8, 3}, 2},
		"worse":             {[]float64{.02, .05, .1, .2, .3, 1.7}, 4},
		"hopeless":          {[]float64{.02, .05, .1, .2, 4, 9}, 3},
		"all is well":       {[]float64{.02, .05, .1, .2, .3, .5}, 5},
		"the lowest is bad": {[]float64{1.3, 3, 5, 9, 15, 20}, 0},
	} {
		var m Memory
		first := session(&m, c.loads, 20, then)
		text := m.Encode()
		m, err := DecodeMemory(text)
		if err != nil {
			t.Fatal(err)
		}
		second := session(&m, c.loads, 10, then.Add(time.Hour))
		if most := slices.Max(second.caps); most > c.best {
			t.Errorf("%s: level %d was offered in the second session, after %d bad pictures in the first", name, most, first.bad)
		}
		if least := second.caps[0]; least != c.best {
			t.Errorf("%s: the second session began with level %d offered, want %d", name, least, c.best)
		}
		if c.best > 0 && second.bad > 0 {
			t.Errorf("%s: %d bad pictures in the second session", name, second.bad)
		}
	}
}

func TestMemoryLetsAFasterDeviceRise(t *testing.T) {
	var m Memory
	session(&m, []float64{.1, .3, .5, 1.1, 1.8, 3}, 20, then)
	f := session(&m, []float64{.02, .06, .1, .2, .35, .6}, 10, then.Add(time.Hour))
	if last := f.caps[len(f.caps)-1]; last != 5 {
		t.Errorf("after ten minutes on a device that is five times as fast, level %d is offered", last)
	}
}

func TestMemoryAges(t *testing.T) {
	var m Memory
	session(&m, []float64{.02, .05, .1, .2, .3, 1.7}, 10, then)
	for _, c := range []struct {
		after time.Duration
		want  int // the cap to begin with
	}{{0, 4}, {29 * 24 * time.Hour, 4}, {31 * 24 * time.Hour, 1}, {-time.Hour, 4}, {-48 * time.Hour, 1}} {
		monitor := New(rungs)
		m.Recall(monitor, codecs, then.Add(c.after))
		if monitor.Cap() != c.want {
			t.Errorf("after %v level %d is offered, want %d", c.after, monitor.Cap(), c.want)
		}
	}
}

func TestMemoryTellsLevelsApart(t *testing.T) {
	var m Memory
	session(&m, []float64{.02, .05, .1, .2, .3, 1.7}, 10, then)
	other := slices.Clone(rungs)
	for i := range other {
		other[i].Width += 16
	}
	for name, change := range map[string]func(*Monitor){
		"another codec":   func(to *Monitor) { m.Recall(to, []string{"hevc", "hevc", "hevc", "hevc", "hevc", "hevc"}, then) },
		"fewer codecs":    func(to *Monitor) { m.Recall(to, nil, then) },
		"another size":    func(to *Monitor) { *to = *New(other); m.Recall(to, codecs, then) },
		"an empty memory": func(to *Monitor) { var none Memory; none.Recall(to, codecs, then) },
	} {
		monitor := New(rungs)
		change(monitor)
		if monitor.Cap() != 1 || monitor.Expected(5) != 0 {
			t.Errorf("%s: level %d is offered, and a load of %.2f expected of the top level", name, monitor.Cap(), monitor.Expected(5))
		}
	}
	near := slices.Clone(rungs)
	for i := range near {
		near[i].BitrateBPS = near[i].BitrateBPS * 3 / 2
	}
	monitor := New(near)
	m.Recall(monitor, codecs, then)
	if got := monitor.Expected(5); got < 1.7 || got > 2.6 {
		t.Errorf("of half as much bitrate again a load of %.2f is expected, of the bitrate remembered it was 1.7", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m Memory
	for i := range 500 {
		m.learn(remembered{Codec: "h264", Width: 16 * (i + 1), Height: 16, Rate: 25, BPS: 1000, Load: .5, At: then.Unix()})
	}
	if len(m.seen) != maxRemembered || m.seen[0].Width != 8000 {
		t.Errorf("%d levels are remembered, the latest %d wide", len(m.seen), m.seen[0].Width)
	}
	if n := len(m.Encode()); n > maxMemory/2 {
		t.Errorf("a full memory has %d bytes", n)
	}
	for name, text := range map[string]string{
		"no JSON":  "levels",
		"too long": `{"levels":[` + strings.Repeat(" ", maxMemory) + `]}`,
		"a number": `{"levels":1}`,
	} {
		if _, err := DecodeMemory([]byte(text)); !errors.Is(err, ErrMemory) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m, err := DecodeMemory([]byte(`{"levels":[{"codec":"h264","width":320,"height":180,"rate":25,"bitrate_bps":1,"load":-1,"at_s":1},{"codec":"h264"}]}`))
	if err != nil || len(m.seen) != 0 {
		t.Errorf("what is out of range was taken: %+v, %v", m.seen, err)
	}
}

func FuzzMemory(f *testing.F) {
	var m Memory
	session(&m, []float64{.02, .05, .1, .2, .3, 1.7}, 3, then)
	f.Add(m.Encode())
	f.Add([]byte(`{"levels":[{"codec":"h264","width":32768,"height":32768,"rate":1000,"bitrate_bps":1000000000000,"load":1000,"too_much":true,"at_s":1699999999}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := DecodeMemory(text)
		if err != nil {
			return
		}
		again, err := DecodeMemory(m.Encode())
		if err != nil || !bytes.Equal(again.Encode(), m.Encode()) {
			t.Fatalf("%s becomes %s: %v", m.Encode(), again.Encode(), err)
		}
		monitor := New(rungs)
		m.Recall(monitor, codecs, then)
		if cap := monitor.Cap(); cap < 0 || cap >= len(rungs) {
			t.Fatalf("cap %d", cap)
		}
		for q := range rungs {
			if e := monitor.Expected(q); !(e >= 0 && e < 1e12) {
				t.Fatalf("a load of %v is expected of level %d", e, q)
			}
		}
		play(hour{device: Device{Loads: []float64{.1, .3, .5, 1.1, 1.8, 3}}}, watched{monitor}, 5, true)
		m.Learn(monitor, codecs, then)
	})
}
