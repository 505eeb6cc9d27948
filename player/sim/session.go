package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/bandwidth"
	"smoothplay/player/event"
	"smoothplay/player/schedule"
)

// Config is one session to be simulated.
type Config struct {
	Movie *Movie
	Link  *Link
	// Policy chooses the levels. It serves this session alone.
	Policy heuristics.Policy
	// Buffer is how much media is gathered at most; 0: 25 s. Two fragments fit
	// at least.
	Buffer time.Duration
	// LearnedSizes: the policy is told what the player has learned of the sizes
	// of a level, as with a manifest that has none. Otherwise it is told the true
	// sizes of the fragment to be chosen.
	LearnedSizes bool
	// Allowed are the levels that limits of a user leave; nil: all. At least one is.
	Allowed []bool
	// Resume is how much must be buffered to play on after a stall; 0: a
	// fragment.
	Resume time.Duration
	// Live, when above 0, is how far behind the live edge playing begins: the
	// chunks after that are published one by one.
	Live time.Duration
	// For, when above 0, is how much of the movie is played at least: whole
	// fragments. The policy does not know that it will be less than all.
	For time.Duration
	// OtherBPS is what other tracks of the presentation, such as sound, take of
	// the link: beside each fragment its length's worth of bits comes in, at the
	// same rate until it is there.
	OtherBPS int64
	// Forced: a fragment that was given up is fetched at the level that the policy
	// named, as the player does. Otherwise the policy is asked again, as in Sabre.
	Forced bool
	// Device, when not nil, is what the pictures are decoded on.
	Device *Device
	// Observe, when not nil, is told each question and its answer, but for
	// transfers that simply go on. It keeps neither beyond the call.
	Observe func(in *heuristics.Input, d heuristics.Decision)
	// Events, when not nil, receives the session as the player would tell it.
	Events event.Sink
}

const (
	defaultBuffer = 25 * time.Second
	// News of a transfer come when at least this much has come in and this much
	// time has gone by since the last.
	newsBits = 12_000
	newsTime = 50.0 // ms
	// maxTransfers is how many finished transfers a policy sees.
	maxTransfers = 20
	// maxSession is how many times longer than its movie a session may take.
	maxSession = 100
	// maxAbandoned is how often in a row one fragment may be given up.
	maxAbandoned = 100
	// sizeWeight is what the latest fragment counts for in a learned size.
	sizeWeight = 0.3
)

// ErrEndless marks a session that would never come to its end, because the link
// is far too slow for the movie or the policy gives up every transfer.
var ErrEndless = errors.New("the session does not come to its end")

// session is a simulated player. Times are milliseconds, as in network.
type session struct {
	cfg    Config
	net    network
	chunk  float64
	chunks int // to be played
	sound  sound

	held    int     // chunks in the buffer, the one that is playing included
	played  float64 // of that one
	playing bool
	dry     bool // in a stall
	stalled float64

	exact     exactBuffer // nil: a policy that is content with nanoseconds
	estimator bandwidth.Estimator
	view      schedule.View
	in        heuristics.Input
	running   heuristics.Transfer
	ratio     []float64 // learned size of a level's fragments, as a share of the nominal
	sizes     []int64
	transfers []heuristics.Transfer
	current   int // level of the fragment before
	forced    int // level of the next fragment; -1: ask the policy
	better    improvement

	device  *decoding // nil: all pictures are in time
	journal *journal  // nil: nobody listens
	result  *Result
}

// exactBuffer is a policy that is told the buffer in milliseconds before each
// question, finer than a Duration: where its rule leads to a tie, the last bit of
// a float64 decides in Sabre, and so it does here.
type exactBuffer interface{ BufferedMS(ms float64) }

// Run simulates one session. The error is ErrTrace or ErrEndless.
func Run(cfg Config) (*Result, error) {
	if cfg.Movie == nil || cfg.Movie.stream == nil || cfg.Link == nil || cfg.Policy == nil {
		return nil, fmt.Errorf("%w: a session needs a movie, a link and a policy", ErrTrace)
	}
	if err := cfg.Link.check(); err != nil {
		return nil, err
	}
	if n := len(cfg.Allowed); n > 0 && (n != len(cfg.Movie.Levels) || !slices.Contains(cfg.Allowed, true)) {
		return nil, fmt.Errorf("%w: limits that leave no level of %d", ErrTrace, len(cfg.Movie.Levels))
	}
	if cfg.Buffer <= 0 {
		cfg.Buffer = defaultBuffer
	}
	m := cfg.Movie
	cfg.Buffer = max(cfg.Buffer, 2*m.Chunk)
	cfg.Resume = min(cfg.Resume, cfg.Buffer-m.Chunk)
	s := newSession(cfg)
	s.journal.begins(s)
	if err := s.run(); err != nil {
		s.journal.ends(s, err)
		return nil, fmt.Errorf("simulate %s on %s: %w", s.result.Policy, cfg.Link.Name, err)
	}
	length := s.net.now + s.buffered()
	s.result.finish(m, s.stalled, length)
	s.screen(s.net.now, s.buffered())
	s.device.finish(s.result)
	s.journal.ends(s, nil)
	return s.result, nil
}

func newSession(cfg Config) *session {
	m := cfg.Movie
	s := &session{
		cfg: cfg, net: newNetwork(cfg.Link), chunk: ms(m.Chunk), chunks: len(m.Bits), current: -1, forced: -1,
		sound: sound{each: float64(cfg.OtherBPS) * m.Chunk.Seconds(), next: 0},
		ratio: make([]float64, len(m.Levels)), sizes: make([]int64, len(m.Levels)),
		transfers: make([]heuristics.Transfer, 0, maxTransfers),
		result: &Result{
			Policy: cfg.Policy.Name(), Movie: m.Name, Link: cfg.Link.Name, Group: cfg.Link.Group,
			Buffer: cfg.Buffer, Levels: make([]int, 0, len(m.Bits)),
		},
	}
	if cfg.For > 0 {
		s.chunks = min(s.chunks, int((cfg.For+m.Chunk-1)/m.Chunk))
	}
	for q := range s.ratio {
		s.ratio[q] = 1
	}
	s.exact, _ = cfg.Policy.(exactBuffer)
	s.better.replacer, _ = cfg.Policy.(heuristics.Replacer)
	s.view = schedule.View{
		Tracks: []schedule.Track{{Stream: m.stream}},
		Goals:  schedule.Goals{Ahead: cfg.Buffer, Bytes: math.MaxInt64},
	}
	if cfg.Device != nil {
		s.device = newDecoding(cfg.Device, m.Levels)
	}
	if cfg.Events != nil {
		s.journal = &journal{sink: cfg.Events}
	}
	return s
}

// run fetches one fragment after the other until there are none left.
func (s *session) run() error {
	s.net.end = float64(maxSession*len(s.cfg.Movie.Bits)) * s.chunk
	abandoned := 0
	for len(s.result.Levels) < s.chunks {
		if s.net.now >= s.net.end {
			return fmt.Errorf("%w: after %v it is at fragment %d of %d", ErrEndless, duration(s.net.now), len(s.result.Levels), s.chunks)
		}
		s.look()
		action := schedule.Next(&s.view, 0)
		switch action.Do {
		case schedule.End:
			return nil
		case schedule.Wait:
			if action.For == schedule.Forever {
				return fmt.Errorf("%w: nothing is played and nothing fetched", ErrEndless)
			}
			if !s.improve() {
				s.idle(s.unrounded(ms(action.For)))
			}
			continue
		}
		if wait := s.unpublished(); wait > 0 {
			s.idle(wait)
			continue
		}
		if s.improve() {
			continue
		}
		q := s.forced
		if q < 0 {
			d := s.cfg.Policy.Decide(s.input())
			s.observe(d)
			s.journal.decided(s, action.Chunk, d)
			if d.Delay > 0 {
				s.idle(ms(d.Delay))
				continue
			}
			q = s.level(d)
		}
		if s.fetch(action.Chunk, q) {
			abandoned = 0
			continue
		}
		if abandoned++; abandoned > maxAbandoned {
			return fmt.Errorf("%w: fragment %d was given up %d times in a row", ErrEndless, action.Chunk, abandoned)
		}
	}
	return nil
}

// level is what a decision chooses, whatever a policy answers.
func (s *session) level(d heuristics.Decision) int {
	return min(max(d.Level, 0), len(s.cfg.Movie.Levels)-1)
}

// unrounded is the wait until there is room for a chunk, where that is what wait
// is about: the schedule counts in whole nanoseconds.
func (s *session) unrounded(wait float64) float64 {
	if room := s.buffered() + s.chunk - ms(s.cfg.Buffer); math.Abs(room-wait) < 1e-5 {
		return room
	}
	return wait
}

func (s *session) observe(d heuristics.Decision) {
	if s.cfg.Observe != nil {
		s.cfg.Observe(&s.in, d)
	}
}
