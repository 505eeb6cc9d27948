package player_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"smoothplay/heuristics/bandwidth"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// namedMeter is a meter that tells networks apart.
type namedMeter struct {
	mu   sync.Mutex
	name string // guarded by mu
}

func (m *namedMeter) Load() (platform.Load, error) { return platform.Load{}, nil }

func (m *namedMeter) Network() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name
}

func (m *namedMeter) move(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name = name
}

// bubbleBegins is when every bubble begins.
var bubbleBegins = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// learned is a Store in which an earlier session learned a link.
func learned(t *testing.T, network string, bps int64, ago time.Duration) *platformtest.MemoryStore {
	t.Helper()
	var m bandwidth.Memory
	m.Learn(network, bandwidth.Estimate{BPS: bps, Error: .2, TTFB: 20 * time.Millisecond}, bubbleBegins.Add(-ago))
	s := &platformtest.MemoryStore{}
	if err := s.Put("bandwidth", m.Encode()); err != nil {
		t.Fatal(err)
	}
	return s
}

// firstDecision is the first decision about video.
func firstDecision(t *testing.T, r *playertest.Result) event.LevelDecided {
	t.Helper()
	for _, e := range r.Events {
		if d, ok := e.Body.(event.LevelDecided); ok && d.Track == "video" {
			return d
		}
	}
	t.Fatal("no level was decided")
	return event.LevelDecided{}
}

// inStore is what a Store knows of a network at an instant of a bubble.
func inStore(t *testing.T, s platform.Store, network string, at time.Duration) bandwidth.Estimate {
	t.Helper()
	text, err := s.Get("bandwidth")
	if errors.Is(err, fs.ErrNotExist) {
		return bandwidth.Estimate{}
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := bandwidth.DecodeMemory(text)
	if err != nil {
		t.Fatal(err)
	}
	return m.Recall(network, bubbleBegins.Add(at))
}

func TestBandwidthIsRecalled(t *testing.T) {
	for _, test := range []struct {
		name    string
		load    platform.LoadMeter
		network string // in Config
		stored  string // network
		ago     time.Duration
		want    int64
		error   float64
	}{
		{"by the name of the device", &namedMeter{name: "home"}, "", "home", time.Minute, 8_000_000, .2},
		{"by the name of the user", &namedMeter{name: "home"}, "lab", "lab", time.Minute, 8_000_000, .2},
		{"by the server", nil, "", "host test", time.Minute, 8_000_000, .2},
		{"by the server where the device does not know", &namedMeter{}, "", "host test", time.Minute, 8_000_000, .2},
		{"by the server where that is near", &namedMeter{name: "home"}, "", "host 192.168.1.5", time.Minute, 8_000_000, .2},
		{"an hour ago", nil, "", "host test", time.Hour, 8_000_000, .488},
		{"two days ago", nil, "", "host test", 48 * time.Hour, 0, 0},
		{"of another network", &namedMeter{name: "home"}, "", "host test", time.Minute, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{Load: test.load, Store: learned(t, test.stored, 8_000_000, test.ago), For: 3 * time.Second,
					Config: func(c *player.Config) {
						c.Network = test.network
						if _, near, ok := strings.Cut(test.stored, "host "); ok {
							c.URL = strings.Replace(c.URL, "test", near, 1)
						}
					}}
			})
			in := firstDecision(t, r).Input
			if in.BandwidthBPS < test.want-1 || in.BandwidthBPS > test.want || (in.BandwidthError-test.error)*(in.BandwidthError-test.error) > 1e-6 {
				t.Errorf("begins with %d bit/s, uncertain by %.3f; want %d, %.3f", in.BandwidthBPS, in.BandwidthError, test.want, test.error)
			}
		})
	}
}

func TestBandwidthIsRemembered(t *testing.T) {
	s := learned(t, "elsewhere", 1_000_000, time.Minute)
	r := playertest.Run(t, playertest.Scenario{Store: s, Link: "8M"})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if got := inStore(t, s, "host test", 40*time.Second); got.BPS < 6_000_000 || got.BPS > 8_000_000 || got.TTFB < 15*time.Millisecond {
		t.Errorf("of a link of 8 Mbit/s the Store has %+v", got)
	}
	if got := inStore(t, s, "elsewhere", 0); got.BPS != 1_000_000 {
		t.Errorf("what was known of another network is %+v", got)
	}
	again := firstDecision(t, playertest.Run(t, playertest.Scenario{Store: s, For: 3 * time.Second}))
	if got := again.Input.BandwidthBPS; got < 6_000_000 || got > 8_000_000 {
		t.Errorf("the next session begins with %d bit/s", got)
	}
}

// TestBandwidthIsRememberedWhilePlaying: a process that is killed loses half a
// minute.
func TestBandwidthIsRememberedWhilePlaying(t *testing.T) {
	s := &platformtest.MemoryStore{}
	var got []bandwidth.Estimate
	look := func(at time.Duration) playertest.Step {
		return playertest.Step{At: at, Do: func(*playertest.Session) { got = append(got, inStore(t, s, "host test", at)) }}
	}
	long := playertest.Default()
	long.Length = 2 * time.Minute
	playertest.Run(t, playertest.Scenario{Handler: long, Store: s, Link: "8M",
		Script: []playertest.Step{look(29 * time.Second), look(32 * time.Second), look(70 * time.Second)}})
	if len(got) != 3 || got[0].BPS != 0 || got[1].BPS < 6_000_000 || got[2].BPS < 6_000_000 {
		t.Errorf("after 29, 32 and 70 s the Store has %+v", got)
	}
}

// TestAnotherNetworkWhilePlaying: what was learned of the first says nothing of
// the second.
func TestAnotherNetworkWhilePlaying(t *testing.T) {
	s := learned(t, "office", 5_000_000, time.Minute)
	meter := &namedMeter{name: "home"}
	long := playertest.Default()
	long.Length = 2 * time.Minute
	playertest.Run(t, playertest.Scenario{Handler: long, Store: s, Load: meter, Link: "8M:40s,2M:1h",
		Script: []playertest.Step{{At: 40 * time.Second, Do: func(*playertest.Session) { meter.move("office") }}}})
	if got := inStore(t, s, "home", 40*time.Second); got.BPS < 6_000_000 {
		t.Errorf("home: %+v", got)
	}
	if got := inStore(t, s, "office", 2*time.Minute); got.BPS == 0 || got.BPS > 2_100_000 {
		t.Errorf("office: %+v", got)
	}
}

// faultyStore is a Store whose device is slow and broken.
type faultyStore struct {
	text []byte // nil: Get fails
	wait time.Duration
	put  atomic.Int32 // attempts that came to their end
}

func (s *faultyStore) Get(string) ([]byte, error) {
	time.Sleep(s.wait)
	if s.text == nil {
		return nil, errors.New("the disk is broken")
	}
	return s.text, nil
}

func (s *faultyStore) Put(string, []byte) error {
	time.Sleep(s.wait)
	s.put.Add(1)
	return errors.New("the disk is full")
}

// TestFaultyStoreChangesNothing but the log for developers.
func TestFaultyStoreChangesNothing(t *testing.T) {
	plain := playertest.Run(t, playertest.Scenario{})
	for name, s := range map[string]*faultyStore{
		"broken":          {},
		"slow":            {wait: 10 * time.Second},
		"holds nonsense":  {text: []byte("\x00{")},
		"holds of others": {text: []byte(`{"links":[{"key":"../../","bandwidth_bps":-1}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			r := playertest.Run(t, playertest.Scenario{Store: s, Config: func(c *player.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) }})
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if got, want := playertest.Digest(r.Events), playertest.Digest(plain.Events); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Error("the session took another course")
			}
			if !strings.Contains(log.String(), "cannot be written") || !strings.Contains(log.String(), "the disk is full") {
				t.Errorf("the log does not say so: %s", log.String())
			}
			if s.put.Load() == 0 {
				t.Error("nothing was put when Run returned")
			}
		})
	}
}

// TestNothingLearnedNothingWritten: a session that ends before it has measured
// anything leaves the Store as it was.
func TestNothingLearnedNothingWritten(t *testing.T) {
	s := learned(t, "host test", 8_000_000, time.Hour)
	before, _ := s.Get("bandwidth")
	playertest.Run(t, playertest.Scenario{Store: s, For: 60 * time.Millisecond})
	if after, _ := s.Get("bandwidth"); !bytes.Equal(before, after) {
		t.Errorf("before %s\nafter %s", before, after)
	}
}
