package sim

import (
	"errors"
	"fmt"
	"math"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/bandwidth"
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
	// Resume is how much must be buffered to play on after a stall; 0: a
	// fragment.
	Resume time.Duration
	// Live, when above 0, is how far behind the live edge playing begins: the
	// chunks after that are published one by one.
	Live time.Duration
	// Observe, when not nil, is told each question and its answer, but for
	// transfers that simply go on. It keeps neither beyond the call.
	Observe func(in *heuristics.Input, d heuristics.Decision)
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
	cfg     Config
	net     network
	chunk   float64
	held    int     // chunks in the buffer, the one that is playing included
	played  float64 // of that one
	playing bool
	dry     bool // in a stall
	exact   exactBuffer

	estimator bandwidth.Estimator
	view      schedule.View
	in        heuristics.Input
	running   heuristics.Transfer
	ratio     []float64 // learned size of a level's fragments, as a share of the nominal
	sizes     []int64
	transfers []heuristics.Transfer

	current int // level of the fragment before
	result  *Result
	stalled float64
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
	if cfg.Buffer <= 0 {
		cfg.Buffer = defaultBuffer
	}
	m := cfg.Movie
	cfg.Buffer = max(cfg.Buffer, 2*m.Chunk)
	cfg.Resume = min(cfg.Resume, cfg.Buffer-m.Chunk)
	s := &session{
		cfg: cfg, net: newNetwork(cfg.Link), chunk: ms(m.Chunk), current: -1,
		ratio: make([]float64, len(m.Levels)), sizes: make([]int64, len(m.Levels)),
		transfers: make([]heuristics.Transfer, 0, maxTransfers),
		result: &Result{
			Policy: cfg.Policy.Name(), Movie: m.Name, Link: cfg.Link.Name, Group: cfg.Link.Group,
			Buffer: cfg.Buffer, Levels: make([]int, 0, len(m.Bits)),
		},
	}
	for q := range s.ratio {
		s.ratio[q] = 1
	}
	s.exact, _ = cfg.Policy.(exactBuffer)
	s.view = schedule.View{
		Tracks: []schedule.Track{{Stream: m.stream}},
		Goals:  schedule.Goals{Ahead: cfg.Buffer, Bytes: math.MaxInt64},
	}
	if err := s.run(); err != nil {
		return nil, fmt.Errorf("simulate %s on %s: %w", s.result.Policy, cfg.Link.Name, err)
	}
	s.result.finish(m, s.stalled, s.net.now+s.buffered())
	return s.result, nil
}

// run fetches one fragment after the other until there are none left.
func (s *session) run() error {
	limit := float64(maxSession*len(s.cfg.Movie.Bits)) * s.chunk
	abandoned := 0
	for {
		s.look()
		action := schedule.Next(&s.view, 0)
		switch action.Do {
		case schedule.End:
			return nil
		case schedule.Wait:
			if action.For == schedule.Forever {
				return fmt.Errorf("%w: nothing is played and nothing fetched", ErrEndless)
			}
			s.idle(s.unrounded(ms(action.For)))
			continue
		}
		if wait := s.unpublished(); wait > 0 {
			s.idle(wait)
			continue
		}
		in := s.input()
		d := s.cfg.Policy.Decide(in)
		s.observe(d)
		if d.Delay > 0 {
			s.idle(ms(d.Delay))
			continue
		}
		if s.net.now > limit {
			return fmt.Errorf("%w: after %v it is at fragment %d of %d", ErrEndless, duration(s.net.now), action.Chunk, len(s.cfg.Movie.Bits))
		}
		if s.fetch(action.Chunk, min(max(d.Level, 0), len(s.cfg.Movie.Levels)-1)) {
			abandoned = 0
			continue
		}
		if abandoned++; abandoned > maxAbandoned {
			return fmt.Errorf("%w: fragment %d was given up %d times in a row", ErrEndless, action.Chunk, abandoned)
		}
	}
}

// unrounded is the wait until there is room for a chunk, where that is what wait
// is about: the schedule counts in whole nanoseconds.
func (s *session) unrounded(wait float64) float64 {
	if room := s.buffered() + s.chunk - ms(s.cfg.Buffer); math.Abs(room-wait) < 1e-5 {
		return room
	}
	return wait
}

// look brings the view of the schedule up to date.
func (s *session) look() {
	s.view.Now = duration(s.net.now)
	s.view.Playing = s.playing
	t := &s.view.Tracks[0]
	t.Next = len(s.result.Levels)
	t.Buffered = duration(s.buffered())
}

// unpublished is how long it takes until the next chunk is published, live.
func (s *session) unpublished() float64 {
	if s.cfg.Live <= 0 {
		return 0
	}
	return float64(len(s.result.Levels)+1)*s.chunk - ms(s.cfg.Live) - s.net.now
}

// idle lets time go by without a transfer.
func (s *session) idle(t float64) {
	s.play(t)
	s.net.idle(t)
}

// buffered is the media ahead of the playhead.
func (s *session) buffered() float64 { return s.chunk*float64(s.held) - s.played }

// play plays for t, or stalls for what the buffer lacks.
func (s *session) play(t float64) {
	if !s.playing {
		if s.dry {
			s.stalled += t
		}
		return
	}
	if t+s.played < s.chunk {
		s.played += t
		return
	}
	t -= s.chunk - s.played
	s.played = 0
	for s.held--; s.held > 0 && t >= s.chunk; s.held-- {
		t -= s.chunk
	}
	if s.held > 0 {
		s.played = t
		return
	}
	s.stalled += t
	s.playing, s.dry = false, true
	s.result.Stalls++
}

// arrive puts a fragment into the buffer, and plays on where there was nothing.
func (s *session) arrive(q int) {
	s.result.Levels = append(s.result.Levels, q)
	s.current = q
	s.held++
	switch {
	case s.playing:
	case !s.dry:
		s.result.Startup = duration(s.net.now)
		s.playing = true
	case s.buffered() >= ms(s.cfg.Resume) || len(s.result.Levels) == len(s.cfg.Movie.Bits):
		s.playing, s.dry = true, false
	}
}

// input fills in what the policy may know of the chunk to be fetched.
func (s *session) input() *heuristics.Input {
	m, i := s.cfg.Movie, len(s.result.Levels)
	for q, bits := range m.Bits[i] {
		if s.cfg.LearnedSizes {
			s.sizes[q] = int64(float64(m.Levels[q].BitrateBPS) / 8 * m.Chunk.Seconds() * s.ratio[q])
		} else {
			s.sizes[q] = inBytes(float64(bits))
		}
	}
	estimate := s.estimator.Estimate()
	s.in = heuristics.Input{
		Now: duration(s.net.now), Levels: m.Levels, Current: s.current,
		ChunkIndex: i, ChunkDuration: m.Chunk, ChunksLeft: len(m.Bits) - i,
		Sizes: s.sizes, Buffered: duration(s.buffered()), Goal: s.cfg.Buffer,
		Playing: s.playing, SinceDiscontinuity: i, Transfers: s.transfers,
		BandwidthBPS: estimate.BPS, BandwidthError: estimate.Error,
		RenderCap: len(m.Levels) - 1, StartLevel: -1,
	}
	if s.cfg.Live > 0 {
		s.in.Live, s.in.ChunksLeft = true, -1
		s.in.LiveDelay = duration(s.net.now + ms(s.cfg.Live) - float64(i)*s.chunk + s.buffered())
	}
	if s.exact != nil {
		s.exact.BufferedMS(s.buffered())
	}
	return &s.in
}

// inBytes rounds bits to bytes.
func inBytes(bits float64) int64 { return int64(math.Round(bits / 8)) }

// fetch transfers a chunk at level q; false: it was given up on the way.
func (s *session) fetch(chunk, q int) bool {
	size := float64(s.cfg.Movie.Bits[chunk][q])
	start := s.net.now
	first := s.net.wait()
	s.running = heuristics.Transfer{
		Level: q, Size: inBytes(size), Start: duration(start),
		FirstByte: duration(first), Media: s.cfg.Movie.Chunk,
	}
	t := &s.running
	var bits, body float64
	minTime := newsTime - first
	for bits < size {
		b, spent := s.net.receive(size-bits, newsBits, minTime)
		minTime = newsTime
		bits += b
		body += spent
		t.Bytes, t.Body = inBytes(bits), duration(body)
		t.Note()
		if bits < size && s.giveUp(q, first+body) {
			s.result.Abandoned++
			s.result.WastedBytes += t.Bytes
			s.play(first + body)
			return false
		}
	}
	s.play(first + body)
	s.learn(q)
	s.arrive(q)
	return true
}

// giveUp asks the policy whether the running transfer is to be given up.
func (s *session) giveUp(q int, spent float64) bool {
	in := &s.in
	in.Now = duration(s.net.now)
	in.Current = q
	buffered := max(s.buffered()-spent, 0)
	in.Buffered = duration(buffered)
	in.Playing = s.playing && buffered > 0
	if s.exact != nil {
		s.exact.BufferedMS(buffered)
	}
	in.Running = &s.running
	estimate := s.estimator.During(in.Running)
	in.BandwidthBPS, in.BandwidthError = estimate.BPS, estimate.Error
	d := s.cfg.Policy.Decide(in)
	if d.Abandon {
		s.observe(d)
	}
	return d.Abandon
}

// learn keeps what the finished transfer says, as the player does.
func (s *session) learn(q int) {
	t := s.running
	s.estimator.Add(t)
	if len(s.transfers) == maxTransfers {
		copy(s.transfers, s.transfers[1:])
		s.transfers = s.transfers[:maxTransfers-1]
	}
	s.transfers = append(s.transfers, t)
	nominal := float64(s.cfg.Movie.Levels[q].BitrateBPS) / 8 * t.Media.Seconds()
	s.ratio[q] += sizeWeight * (float64(t.Bytes)/nominal - s.ratio[q])
}

func (s *session) observe(d heuristics.Decision) {
	if s.cfg.Observe != nil {
		s.cfg.Observe(&s.in, d)
	}
}
