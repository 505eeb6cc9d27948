package save

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"smoothplay/heuristics"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// Config says what to save, and where.
type Config struct {
	URL    string // of the manifest
	Output string // the file to write

	Doer        platform.Doer
	Header      http.Header // sent with every request
	AppendQuery bool        // as in fetch.Options

	// Levels marks the levels of a video stream, ascending in bitrate, that are to
	// be saved, each as a track; nil: the highest. player.LevelSet has such a
	// method.
	Levels func([]heuristics.Level) ([]bool, error)
	// Angles are the names of the video streams to save; nil: the first one.
	Angles []string
	// Languages are those of the audio streams to save, as BCP 47 or ISO 639 codes;
	// nil: all. Of each stream the highest level is saved.
	Languages        []string
	NoVideo, NoAudio bool

	// From is where to begin. Of its fragment all is written, since decoding begins
	// there; an edit list has players begin at the place itself.
	From Place
	// To is where to end, a position; For is how long to go on. Both 0: at the end
	// or, live, at the edge of the window as it was at first.
	To, For time.Duration
	// Follow: live, go on until the presentation ends or ctx is done.
	Follow bool

	Overwrite bool // an Output that is there, and what is left of an earlier save
	FastStart bool // write the tables in front of the media, which takes a second copy
	Parallel  int  // fragments to ask for at a time; 0: 3
	// Patience is how long to wait for a network that is gone, or for a live
	// presentation that stands still; 0: 2 min.
	Patience time.Duration

	// Protection tells what the headers of a protected presentation say: the key of
	// fragments that name none, and the headers as they go into the file, where
	// samples stay encrypted. Nil: nothing is known, and a presentation whose
	// fragments name no key is an ErrProtected.
	Protection func(*manifest.Presentation) (kid [16]byte, ok bool, systems []platform.ProtectionSystem)
	// Decrypt decrypts the samples of a fragment of a protected presentation in
	// place, so that the file is clear; nil: they stay as they are. Several
	// goroutines call it.
	Decrypt func(ctx context.Context, p *manifest.Presentation, stream int, f *fragment.Fragment) error

	// Progress is told how far it is, from the goroutine of Run; nil: nobody.
	Progress func(Progress)
	Logger   *slog.Logger // nil: silent
}

// Place is a place in a presentation.
type Place struct {
	Of     Anchor
	Offset time.Duration
}

// Anchor is what a Place counts from.
type Anchor uint8

// The anchors. On demand, all but Encoder mean Begin.
const (
	Begin   Anchor = iota // position 0; live, the start of the window
	Edge                  // the end of what is there (offsets are below 0)
	Encoder               // the origin of the encoder's time
)

// Progress says how far a save is.
type Progress struct {
	Done, Total time.Duration // media of all tracks; Total 0: not known (Follow)
	Position    time.Duration // from the begin of what is saved
	Bytes       int64         // of media, written since the beginning, resumed ones included
	Fetched     int64         // of them, in this run
	Fragments   int
	Missing     int
	Waiting     bool // for a live presentation to go on
}

// The reasons for which Run refuses what it is asked for.
var (
	// ErrProtected: the samples are encrypted, and nothing says with which key, or
	// they would have to be changed.
	ErrProtected = errors.New("the presentation is protected, in a way that an MP4 file cannot tell: a mirror can hold it")
	// ErrExists: Output is there.
	ErrExists = errors.New("the file exists")
	// ErrOther: what is left of an earlier save is of something else.
	ErrOther = errors.New("left over from saving something else")
	// ErrBusy: another process is saving to the same file.
	ErrBusy = errors.New("another save to this file is running")
	// ErrChoice: levels, angles, languages or the range of Config are not there.
	ErrChoice = errors.New("the presentation does not have what is wanted")
	// ErrNothing: the choice leaves nothing that an MP4 file can hold.
	ErrNothing = errors.New("nothing to save")
	// ErrComposite: the presentation is made of clips of others.
	ErrComposite = errors.New("a composite presentation cannot be saved: save the presentations that its clips are taken from, with --from and --to")
	// ErrStalled: nothing came for longer than Patience.
	ErrStalled = errors.New("nothing comes any more")
)

// IncompleteError says that a file was written, and that pieces are missing in
// it, which are listed in the Summary.
type IncompleteError struct {
	Pieces int
	Media  time.Duration // how long they are together
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%d pieces are missing (%v): the file has gaps there", e.Pieces, e.Media.Round(time.Millisecond))
}

const (
	usualParallel = 3
	usualPatience = 2 * time.Minute
)

// Run saves a presentation, or goes on with a save of the same Config that was
// interrupted. It returns when the file is complete, or with an error:
//
//   - with a Summary, where the file is there but not as wanted: an
//     *IncompleteError if it has gaps, others if a live presentation, which may not
//     come again, was not saved to the end;
//   - without one, where nothing was written, or what was written waits for an
//     equal save to go on with it: one of the errors above, a *fetch.Error, those of
//     package manifest, that of ctx.
//
// Where ctx ends the save of a live presentation, the file is made of what came so
// far, and that is no error.
func Run(ctx context.Context, cfg Config) (*Summary, error) {
	s := newSaver(cfg)
	if err := s.out.check(cfg.Output, cfg.Overwrite); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.out.close()
	err := s.transfer(ctx)
	if err != nil && !(s.live && s.pieces > 0) {
		return nil, err
	}
	if ctx.Err() != nil {
		err = nil // whoever records stops when there is enough
	}
	summary, unfinished := s.finish()
	return summary, cmp.Or(err, unfinished)
}

// newSaver fills in what cfg leaves open.
func newSaver(cfg Config) *saver {
	if cfg.Parallel <= 0 {
		cfg.Parallel = usualParallel
	}
	if cfg.Patience <= 0 {
		cfg.Patience = usualPatience
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Progress == nil {
		cfg.Progress = func(Progress) {}
	}
	return &saver{cfg: cfg, began: time.Now(),
		client: fetch.New(cfg.Doer, fetch.Options{Headers: cfg.Header, AppendQuery: cfg.AppendQuery})}
}

// saver is one save. Its fields belong to the goroutine of Run.
type saver struct {
	cfg    Config
	client *fetch.Client
	began  time.Time

	url    string // effective, of the manifest
	base   string // of the fragments
	body   []byte // of the manifest; nil once it is not needed
	snap   *timeline.Snapshot
	live   bool // at first
	tracks []*track
	out    output
	mirror *mirror // nil: a file is written

	kid     [16]byte // of fragments that name none, where hasKID
	hasKID  bool
	systems []platform.ProtectionSystem

	pieces  int   // fragments in the file
	fetched int64 // bytes of media of this run
	unsaved []missing
	missing missingList
	resumed bool

	refreshed, grown time.Time // when the manifest came, and told something new
}

// open gets the manifest and chooses the tracks.
func (s *saver) open(ctx context.Context) error {
	url, err := manifest.ManifestURL(s.cfg.URL)
	if err != nil {
		return fmt.Errorf("%q cannot be saved: %w", event.RedactURL(s.cfg.URL), err)
	}
	s.url = url
	got, err := s.askManifest(ctx)
	if err != nil {
		return err
	}
	s.base = got.URL
	p, err := manifest.Parse(got.Body, manifest.Limits{})
	if err == nil {
		s.snap, err = timeline.New(p)
	}
	if err == nil && len(p.Clips) > 0 {
		err = ErrComposite
	}
	if err != nil {
		return fmt.Errorf("%s: %w", event.RedactURL(got.URL), err)
	}
	if s.mirror != nil {
		s.body = got.Body
	}
	if len(p.Protections) > 0 && s.cfg.Protection != nil {
		s.kid, s.hasKID, s.systems = s.cfg.Protection(p)
	}
	s.live = s.snap.Live()
	s.refreshed, s.grown = time.Now(), time.Now()
	if s.tracks, err = s.choose(); err != nil {
		return fmt.Errorf("%s: %w", event.RedactURL(got.URL), err)
	}
	return s.bound()
}

// begin opens the output, and takes up what an earlier save left.
func (s *saver) begin() error {
	resumed, err := s.out.open(s.identity())
	if err != nil {
		return err
	}
	s.resumed = resumed
	if !resumed {
		return nil
	}
	for i, of := range s.out.who.Tracks {
		s.tracks[i].origin, s.tracks[i].end = of.Origin, of.End // live: as they were then
	}
	return s.out.journal.each(func(r *record) error {
		if r.track >= len(s.tracks) {
			return fmt.Errorf("%s: %w", s.out.log, ErrOther)
		}
		t := s.tracks[r.track]
		switch r.kind {
		case recordFormat:
			f := r.format
			t.format = &f
			t.formats++
		case recordFragment:
			t.took(r.t, r.d, len(r.samples))
			s.pieces++
		case recordMissing:
			t.took(r.t, r.d, 0)
			s.missing.add(missing{track: t, t: r.t, d: r.d, reason: r.reason, damaged: r.damaged})
		}
		return nil
	})
}

// finish makes the file of what was written.
func (s *saver) finish() (*Summary, error) {
	if err := s.keepMissing(); err != nil {
		return nil, err
	}
	if s.pieces == 0 {
		s.out.remove()
		return nil, fmt.Errorf("%w: not one of %d fragments could be had, the last one because of: %s",
			ErrNothing, s.missing.count, s.missing.last)
	}
	m := &movie{tracks: s.tracks, systems: s.systems, journal: s.out.journal, end: s.out.end}
	if err := m.survey(); err != nil {
		return nil, err
	}
	if err := s.out.finish(m, s.cfg.FastStart); err != nil {
		return nil, err
	}
	summary := s.summary(m)
	if s.missing.count > 0 {
		return summary, &IncompleteError{Pieces: s.missing.count, Media: s.missing.media}
	}
	return summary, nil
}
