package player_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/cmcd"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// told keeps what requests carry.
type told struct {
	next http.Handler
	mode cmcd.Mode

	mu    sync.Mutex
	lines []string // of each request: its path, and its data as text
	data  []cmcd.Data
	wrong []string
}

func (o *told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	inQuery, errQuery := cmcd.FromQuery(r.URL.RawQuery)
	inHeader, errHeader := cmcd.FromHeader(r.Header)
	d, none := inQuery, inHeader
	if o.mode == cmcd.Header {
		d, none = inHeader, inQuery
	}
	o.mu.Lock()
	if errQuery != nil || errHeader != nil || d == (cmcd.Data{}) || none != (cmcd.Data{}) {
		o.wrong = append(o.wrong, fmt.Sprintf("%s: %v, %v, %+v and %+v", r.URL, errQuery, errHeader, inQuery, inHeader))
	}
	text := r.URL.RawQuery
	if o.mode == cmcd.Header {
		var fields []string
		for _, name := range []string{"Object", "Request", "Session", "Status"} {
			if v := r.Header.Get("CMCD-" + name); v != "" {
				fields = append(fields, name+": "+v)
			}
		}
		text = strings.Join(fields, "; ")
	}
	o.lines, o.data = append(o.lines, r.URL.Path+" "+text), append(o.data, d)
	o.mu.Unlock()
	o.next.ServeHTTP(w, r)
}

// TestRequestsCarryCMCD: every request carries valid data, whose strings are
// golden.
func TestRequestsCarryCMCD(t *testing.T) {
	for _, mode := range []cmcd.Mode{cmcd.Query, cmcd.Header} {
		t.Run(string(mode), func(t *testing.T) {
			var o *told
			r := playertest.RunThrice(t, func() playertest.Scenario {
				o = &told{next: playertest.Default(), mode: mode}
				return playertest.Scenario{
					Handler: o, Link: "4M:6s,500k:9s,4M", Path: "/show.ism/Manifest?z=1&a=%2F",
					Config: func(c *player.Config) {
						c.AppendQuery = true
						c.Policy, c.Limits.StartBPS = "fixed", 800_000
						c.BufferAhead = 8 * time.Second
						c.CMCD = player.CMCD{Mode: mode, Content: `a "show"`}
					},
					Script: []playertest.Step{playertest.Seek(9*time.Second, 20*time.Second), playertest.Pause(14 * time.Second), playertest.Play(16 * time.Second)},
				}
			})
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			for _, wrong := range o.wrong {
				t.Error(wrong)
			}
			playertest.GoldenLines(t, "cmcd-"+string(mode)+".txt", o.lines)
			session := o.data[0].Session
			for i, d := range o.data {
				kind := cmcd.Video
				switch {
				case i == 0:
					kind = cmcd.Manifest
				case strings.Contains(o.lines[i], "audio"):
					kind = cmcd.Audio
				}
				if d.Session != session || len(session) != 36 || d.Content != `a "show"` || d.Format != cmcd.Smooth || d.Object != kind {
					t.Errorf("%s: %+v", o.lines[i], d)
				}
				if kind != cmcd.Manifest && (d.Bitrate == 0 || d.Top < d.Bitrate || d.Duration == 0 || d.Stream != cmcd.OnDemand) {
					t.Errorf("%s: %+v", o.lines[i], d)
				}
				// What may be signed comes first, as it was.
				if query := strings.Fields(o.lines[i])[1]; mode == cmcd.Query && !strings.HasPrefix(query, "z=1&a=%2F&CMCD=") ||
					mode == cmcd.Header && strings.Contains(query, "CMCD") {
					t.Errorf("the query is %s", query)
				}
			}
		})
	}
}

// TestDecisionsInTermsOfCMCD: the events say what requests would, whether they
// do or not, and a buffer that ran dry is told once.
func TestDecisionsInTermsOfCMCD(t *testing.T) {
	o := &told{next: playertest.Default(), mode: cmcd.Query}
	r := playertest.Run(t, playertest.Scenario{
		Handler: o, Link: "3M:4s,0:20s,3M",
		Config: func(c *player.Config) {
			c.CMCD.Mode = cmcd.Query
			c.BufferAhead = 6 * time.Second
		},
	})
	if r.Summary.Stalls == 0 {
		t.Fatal("no stall")
	}
	starved := map[cmcd.ObjectType]int{}
	for _, d := range o.data {
		if d.Starved {
			starved[d.Object]++
		}
	}
	if n := starved[cmcd.Video] + starved[cmcd.Audio]; n != r.Summary.Stalls {
		t.Errorf("%d stalls were told in %d requests: %v", r.Summary.Stalls, n, starved)
	}
	decisions := event.Bodies[event.LevelDecided](r.Events)
	for _, d := range decisions {
		m, in := d.CMCD, d.Input
		if m.Bitrate != cmcd.Kbps(in.Levels[d.Decision.Level].BitrateBPS) || m.Buffer != cmcd.Millis100(in.Buffered) ||
			m.Duration != cmcd.Millis(in.ChunkDuration) || m.Top != cmcd.Kbps(in.Levels[len(in.Levels)-1].BitrateBPS) ||
			string(m.Object) != d.Track[:1] || m.Startup == in.Playing {
			t.Errorf("%+v of %+v", m, in)
		}
	}
	off := playertest.Run(t, playertest.Scenario{Link: "3M:4s,0:20s,3M", Config: func(c *player.Config) { c.BufferAhead = 6 * time.Second }})
	plain := event.Bodies[event.LevelDecided](off.Events)
	if len(plain) == 0 || plain[0].CMCD != decisions[0].CMCD {
		t.Errorf("without requests that carry it, the first decision is %+v", plain[0].CMCD)
	}
}
