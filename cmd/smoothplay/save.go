package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/platform"
	"smoothplay/player"
	"smoothplay/player/manifest"
	"smoothplay/player/save"
)

// saveFlags say what to save, and where.
type saveFlags struct {
	output, mirror       string
	overwrite, fastStart bool
	asJSON               bool

	levels            levelsValue
	angles, languages []string
	noVideo, noAudio  bool

	from, to, length timeValue
	liveStart        liveStartValue
	follow           bool

	parallel    int
	patience    timeValue
	network     networkFlags
	appendQuery bool
	keys        keyFlags
}

func saveCommand(e *env) *cobra.Command {
	f := &saveFlags{liveStart: liveStartValue{From: player.FromWindow}}
	cmd := &cobra.Command{
		Use:   "save URL -o FILE.mp4",
		Short: "Write levels and languages of a presentation to an MP4 file",
		Long: `save writes what is chosen of a presentation, or a range of it, to an MP4 file,
without decoding it: the highest level of the video and every language, or those
of --levels and --alang, each as a track with its times, its language and its
name. H.264, HEVC, VC-1, AAC, E-AC-3, MP3 and Windows Media Audio have a place in
MP4; of other codecs it says so. What is encrypted is decrypted where its keys are
given (--key, --key-file, --key-seed, --license-url); else it stays so (Common
Encryption), and players that get the key play it. Text streams are left out.

While it runs, FILE.mp4.part grows, with a journal in FILE.mp4.part.log. When it
was interrupted, by whatever means, the same command goes on from there, and the
file comes out the same to the byte.

A fragment that cannot be had is a gap of the right length: it is listed, and the
exit status is 1. A server that is gone is waited for, and then the save ends with
exit status 1, to be gone on with later.

Of a live presentation the window is saved as it is now. With --for, --to or
--follow it goes on from there as new fragments come; an interrupt ends the
recording, and the file is complete as far as it came.

With --mirror a folder gets the manifest and the fragments as they are served, of
all levels unless --levels says which, text and protected streams included, and
plays again offline: smoothplay play DIR.`,
		Example: `  smoothplay save http://host/movie.ism/Manifest -o movie.mp4
  smoothplay save URL -o part.mp4 --levels -720p --alang en --from 10:00 --to 12:30
  smoothplay save URL -o match.mp4 --live-start edge --for 2h   # record from now on
  smoothplay save URL --mirror movie && smoothplay play movie`,
		Args: exactlyOne("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), e, args[0])
		},
	}
	addFlags(cmd, "What to save", func(flags *pflag.FlagSet) {
		flags.Var(&f.levels, "levels", "these video `levels`, each as a track: 0,2,4 counts from the lowest, 1M-3M and -720p are ranges, 0- is all (default: the highest)")
		flags.StringSliceVar(&f.angles, "angle", nil, "these video streams, by their `names` (default: the first)")
		flags.StringSliceVar(&f.languages, "alang", nil, "these audio `languages` (default: all)")
		flags.BoolVar(&f.noVideo, "no-video", false, "leave the video out")
		flags.BoolVar(&f.noAudio, "no-audio", false, "leave the audio out")
		flags.Var(&f.from, "from", "begin at this `time`; --start means the same")
		flags.Var(&f.to, "to", "end at this `time`; --end means the same")
		flags.Var(&f.length, "for", "end after this `time`")
	})
	addFlags(cmd, "Live presentations", func(flags *pflag.FlagSet) {
		flags.Var(&f.liveStart, "live-start", "begin at the `PLACE`: start (of the window), edge, -30s (before the edge), or a time on the encoder's clock")
		flags.BoolVar(&f.follow, "follow", false, "go on until the presentation ends")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.StringVarP(&f.output, "output", "o", "", "`FILE` to write")
		flags.StringVar(&f.mirror, "mirror", "", "keep manifest and fragments as served in the folder `DIR`, instead")
		flags.BoolVar(&f.overwrite, "overwrite", false, "replace the file, and begin anew")
		flags.BoolVar(&f.fastStart, "faststart", false, "put the tables in front, for players that read over a network; takes the space twice for a moment")
		flags.BoolVar(&f.asJSON, "json", false, "write the summary as one JSON object")
	})
	cmd.Flags().AddFlagSet(f.aliases())
	f.keys.register(cmd)
	f.network.register(cmd, nil)
	addFlags(cmd, "Network", func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.appendQuery, "append-query", false, "send the query of the manifest's URL with every fragment")
		flags.IntVar(&f.parallel, "parallel", 3, "ask for this `number` of fragments at a time, 8 at most")
		flags.Var(&f.patience, "patience", "wait this `time` for a server that is gone (default 2m)")
		f.network.link.register(flags)
	})
	return cmd
}

// aliases are other names of flags, as play has them or fingers do.
func (f *saveFlags) aliases() *pflag.FlagSet {
	flags := pflag.NewFlagSet("aliases", pflag.ContinueOnError)
	flags.Var(&f.levels, "level", "--levels")
	flags.Var(&f.from, "start", "--from")
	flags.Var(&f.to, "end", "--to")
	flags.VisitAll(func(flag *pflag.Flag) { flag.Hidden = true })
	return flags
}

// check says what contradicts itself.
func (f *saveFlags) check() error {
	live := f.liveStart != liveStartValue{From: player.FromWindow}
	switch {
	case f.output == "" && f.mirror == "":
		return errors.New("-o FILE (or --mirror DIR) is missing: where to save to")
	case f.output != "" && f.mirror != "":
		return errors.New("-o and --mirror exclude each other")
	case f.mirror != "" && f.keys.given():
		return errors.New("--mirror keeps fragments as they are served: it goes without keys; give them to play")
	case f.mirror != "" && (live || f.follow || f.fastStart || f.overwrite):
		return errors.New("--mirror keeps on-demand presentations as they are: it goes without --live-start, --follow, --faststart and --overwrite")
	case f.noVideo && f.noAudio:
		return errors.New("--no-video and --no-audio together leave nothing to save")
	case f.to > 0 && f.length > 0:
		return errors.New("--to and --for exclude each other")
	case f.follow && (f.to > 0 || f.length > 0):
		return errors.New("--follow goes on until the end: it excludes --to and --for")
	case live && (f.from > 0 || f.to > 0):
		return errors.New("--live-start takes --for and --follow, not --from and --to")
	case f.to > 0 && f.to <= f.from:
		return fmt.Errorf("--to %v is not after --from %v", &f.to, &f.from)
	case f.parallel < 1 || f.parallel > 8:
		return errors.New("--parallel is from 1 to 8")
	}
	return nil
}

// config is what the flags say.
func (f *saveFlags) config(e *env, from *source) save.Config {
	cfg := save.Config{
		URL: from.url, Doer: from.doer, Header: from.header, AppendQuery: f.appendQuery,
		Output: f.output, Overwrite: f.overwrite, FastStart: f.fastStart,
		Angles: f.angles, Languages: f.languages, NoVideo: f.noVideo, NoAudio: f.noAudio,
		From: save.Place{Offset: time.Duration(f.from)}, To: time.Duration(f.to), For: time.Duration(f.length),
		Follow: f.follow, Parallel: f.parallel, Patience: time.Duration(f.patience),
		Logger: e.log, Protection: protectionOf,
	}
	if f.levels != nil {
		cfg.Levels = player.LevelSet(f.levels).Match
	}
	switch f.liveStart.From {
	case player.FromEdge:
		cfg.From = save.Place{Of: save.Edge, Offset: f.liveStart.Offset}
	case player.FromEncoder:
		cfg.From = save.Place{Of: save.Encoder, Offset: f.liveStart.Offset}
	}
	return cfg
}

// protectionOf is what the headers of a presentation say, for the file.
func protectionOf(p *manifest.Presentation) (kid [16]byte, ok bool, systems []platform.ProtectionSystem) {
	read := readProtection(p)
	for _, s := range read.Systems {
		if len(s.Data) > 0 {
			systems = append(systems, platform.ProtectionSystem{SystemID: s.ID, Data: s.Data})
		}
	}
	kid, ok = read.DefaultKID()
	return kid, ok, systems
}

func (f *saveFlags) run(ctx context.Context, e *env, name string) error {
	if err := f.check(); err != nil {
		return usageError{err}
	}
	from, err := openSource(name, &f.network)
	if err != nil {
		return err
	}
	defer from.close()
	cfg := f.config(e, from)
	keys, err := f.keys.provider()
	if err != nil {
		return err
	}
	if keys != nil {
		cfg.Decrypt = newDecrypting(keys, from).fragment
	}
	shown := &saveProgress{began: time.Now()}
	cfg.Progress = shown.take
	hide := showLine(e.stderr, shown.line)
	do := save.Run
	if f.mirror != "" {
		do = save.Mirror
		cfg.Output = f.mirror
	}
	summary, err := do(ctx, cfg)
	hide()
	if summary != nil {
		if werr := f.write(e, summary); werr != nil && err == nil {
			err = werr
		}
	}
	return f.explain(err, shown)
}

// write tells what was saved.
func (f *saveFlags) write(e *env, s *save.Summary) error {
	for i, m := range s.Missing {
		if i == 20 && !f.asJSON {
			fmt.Fprintf(e.stderr, "and %d more; --json lists them\n", s.MissingPieces-i)
			break
		}
		what := "missing"
		if m.Damaged {
			what = "damaged"
		}
		fmt.Fprintf(e.stderr, "%s: %s at %s for %v (t=%d): %s\n", what, m.Name, clock(m.Start), m.Duration.Round(time.Millisecond), m.T, m.Reason)
	}
	if f.asJSON {
		out := json.NewEncoder(e.stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(s)
	}
	_, err := fmt.Fprint(e.stdout, saveText(s, f.mirror != ""))
	return err
}

// explain adds what to do about an error.
func (f *saveFlags) explain(err error, shown *saveProgress) error {
	var incomplete *save.IncompleteError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, save.ErrExists):
		return usageError{fmt.Errorf("%w; --overwrite replaces it", err)}
	case errors.Is(err, save.ErrOther):
		return usageError{fmt.Errorf("%w (--overwrite, -o)", err)}
	case errors.Is(err, save.ErrChoice):
		return usageError{err}
	case errors.Is(err, save.ErrNothing), errors.Is(err, save.ErrBusy):
		return err
	case errors.As(err, &incomplete) && f.mirror != "":
		return fmt.Errorf("%s: %d pieces are missing (%v); the same command asks for them again", f.mirror, incomplete.Pieces, incomplete.Media.Round(time.Millisecond))
	case errors.As(err, &incomplete):
		return fmt.Errorf("%s: %w; --overwrite tries again from the beginning", f.output, err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("stopped at %s: the same command goes on from there", shown.where())
	}
	return fmt.Errorf("saving %s: %w", f.output+f.mirror, err)
}
