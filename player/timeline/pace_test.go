package timeline

import (
	"math/rand/v2"
	"testing"
	"time"
)

// server is one that has a chunk lag(n) after its end.
type server struct {
	lag          func(n int) time.Duration
	asked, early int
	late         time.Duration // by how much chunks were asked for later than they were there, in all
}

const chunk = 2 * time.Second

// follow asks for n chunks as p says, from the one that is the last there when
// the session begins at a random moment.
func (s *server) follow(p *Pace, n int, begin time.Duration) {
	first := 0
	for s.lag(first+1)+time.Duration(first+2)*chunk <= begin {
		first++
	}
	now := begin
	p.Exists(now, time.Duration(first+1)*chunk, chunk)
	for k := first + 1; k < first+n; k++ {
		end := time.Duration(k+1) * chunk
		at := max(now, p.Due(end))
		for {
			s.asked++
			if there := end + s.lag(k); there <= at {
				p.Arrived(at, end, chunk)
				s.late += at - there
				break
			}
			s.early++
			at = p.Missing(at, end, chunk)
		}
		now = at + 50*time.Millisecond
	}
}

func TestPaceFindsTheLag(t *testing.T) {
	for begin := 20 * time.Second; begin < 22*time.Second; begin += 137 * time.Millisecond {
		s := server{lag: func(int) time.Duration { return 700 * time.Millisecond }}
		s.follow(&Pace{}, 100, begin)
		if 10*s.early > 100 {
			t.Errorf("from %v: %d of %d requests too early", begin, s.early, s.asked)
		}
		if mean := s.late / 99; mean > chunk/6 {
			t.Errorf("from %v: %v late on average", begin, mean)
		}
	}
}

func TestPaceFollowsDrift(t *testing.T) {
	for name, perChunk := range map[string]time.Duration{"slower": 4 * time.Millisecond, "faster": -4 * time.Millisecond} {
		s := server{lag: func(n int) time.Duration { return 10*time.Second + time.Duration(n)*perChunk }}
		s.follow(&Pace{}, 1500, 30*time.Second)
		if 10*s.early > 1500 || s.late/1500 > chunk/4 {
			t.Errorf("%s: %d of %d requests too early, %v late on average", name, s.early, s.asked, s.late/1500)
		}
	}
}

func TestPaceOfAnUnevenEncoder(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var jitter [2000]time.Duration
	for i := range jitter {
		jitter[i] = time.Duration(random.Int64N(int64(150 * time.Millisecond)))
	}
	s := server{lag: func(n int) time.Duration { return 3*time.Second + jitter[n%2000] }}
	s.follow(&Pace{}, 1000, 30*time.Second)
	if 10*s.early > 1000 || s.late/1000 > chunk/4 {
		t.Errorf("%d of %d requests too early, %v late on average", s.early, s.asked, s.late/1000)
	}
}

// TestPaceThroughAnOutage: the encoder stands still for a minute; the request
// is repeated at a decent pace, and afterwards all is as before.
func TestPaceThroughAnOutage(t *testing.T) {
	s := server{lag: func(n int) time.Duration {
		if n >= 40 && n < 70 {
			return max(0, 60*time.Second-time.Duration(n-40)*chunk) + time.Second
		}
		return time.Second
	}}
	var p Pace
	s.follow(&p, 200, 20*time.Second)
	if s.early > 60+25 {
		t.Errorf("%d requests too early", s.early)
	}
	if p.late > time.Second+chunk/4 {
		t.Errorf("the lag is thought to be %v, it is 1 s", p.late)
	}
}

func TestPaceOfNothing(t *testing.T) {
	var p Pace
	if _, ok := p.Edge(time.Second); ok || p.Due(time.Hour) != 0 {
		t.Error("it knows something")
	}
	if again := p.Missing(time.Second, time.Hour, 0); again != time.Second+againSoonest {
		t.Errorf("again at %v", again)
	}
}
