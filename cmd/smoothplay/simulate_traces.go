package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"smoothplay/platform/httpclient"
	"smoothplay/player/sim"
)

// What may lie beside traces.
const (
	indexFile     = "index.csv"
	baselinesFile = "baselines.csv"
	sizesSuffix   = "2s.json" // after the name of a ladder
)

// shelf is a folder of traces and what else is in it.
type shelf struct {
	index  map[string]entry // by file; nil: none
	movies map[string]*sim.Movie
}

// entry is what an index says of a trace.
type entry struct{ group, ladder string }

// findLinks reads all traces and the movie of each.
func (p *plan) findLinks(e *env, flags *simulateFlags) error {
	movie, err := flags.movie()
	if err != nil {
		return err
	}
	shelves := map[string]*shelf{}
	add := func(path string, required bool) error {
		folder, file := filepath.Split(path)
		folder = filepath.Clean(folder)
		s := shelves[folder]
		if s == nil {
			if s, err = openShelf(folder); err != nil {
				return err
			}
			shelves[folder] = s
		}
		known, listed := s.index[file]
		if !required && s.index != nil && !listed {
			return nil
		}
		link, err := readLink(path, groupOf(known.group, file), time.Duration(flags.latency))
		if err != nil && !required && errors.Is(err, sim.ErrTrace) {
			fmt.Fprintf(e.stderr, "smoothplay: left out: %v\n", err)
			return nil
		}
		if err != nil {
			return err
		}
		m := movie
		if m == nil {
			if m, err = s.movie(folder, known.ladder, time.Duration(flags.length)); err != nil {
				return err
			}
		}
		p.links = append(p.links, course{link, m})
		return nil
	}
	for _, name := range flags.traces {
		files, isFolder, err := filesOf(name)
		if err != nil {
			return usageError{err}
		}
		for _, file := range files {
			if err := add(file, !isFolder); err != nil {
				return err
			}
		}
	}
	if flags.shape != "" {
		link, err := linkOfShape(flags.shape, time.Duration(flags.latency))
		if err != nil {
			return usageError{err}
		}
		if movie == nil {
			if movie, err = sim.BuiltIn().Lasting(time.Duration(flags.length)); err != nil {
				return usageError{fmt.Errorf("--for: %w", err)}
			}
		}
		p.links = append(p.links, course{link, movie})
	}
	if len(p.links) == 0 {
		if len(flags.traces) > 0 {
			return usageError{fmt.Errorf("there is no trace in %s", strings.Join(flags.traces, ", "))}
		}
		return usageError{errors.New("simulate needs a TRACE, or --shape")}
	}
	return p.findBaselines(flags, shelves)
}

// filesOf lists the files that a name stands for, in order.
func filesOf(name string) (files []string, isFolder bool, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, false, err
	}
	if !info.IsDir() {
		return []string{name}, false, nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, true, err
	}
	for _, f := range entries {
		skip := f.IsDir() || f.Name() == indexFile || f.Name() == baselinesFile || strings.HasSuffix(f.Name(), sizesSuffix) ||
			strings.HasPrefix(f.Name(), ".") || strings.HasPrefix(strings.ToLower(f.Name()), "readme")
		if !skip {
			files = append(files, filepath.Join(name, f.Name()))
		}
	}
	return files, true, nil
}

// groupOf is the group of a trace: that of the index, or what stands before two
// underscores in its name.
func groupOf(listed, file string) string {
	if before, _, ok := strings.Cut(file, "__"); listed == "" && ok {
		return before
	}
	return listed
}

func readLink(path, group string, latency time.Duration) (*sim.Link, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usageError{err}
	}
	defer f.Close()
	return sim.ReadLink(filepath.Base(path), group, f, latency)
}

// linkOfShape is the link of --shape.
func linkOfShape(text string, latency time.Duration) (*sim.Link, error) {
	shape, err := httpclient.ParseShape(text)
	if err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	link := &sim.Link{Name: text}
	for _, step := range shape {
		period := sim.Period{Duration: step.Duration, BPS: float64(step.BPS), Latency: latency + step.Latency}
		if step.Duration == 0 { // it lasts
			period.Duration = longest
		}
		if step.BPS == httpclient.Unlimited {
			period.BPS = unlimited
		}
		link.Periods = append(link.Periods, period)
	}
	return link, nil
}

// unlimited is the rate of a link that is not slowed down, in bits per second.
const unlimited = 1e10

// movie is the movie that the flags describe; nil: none.
func (f *simulateFlags) movie() (*sim.Movie, error) {
	var m *sim.Movie
	var err error
	switch {
	case f.sizes != "" && len(f.bitrates) > 0:
		return nil, usageError{errors.New("--sizes and --bitrates exclude each other")}
	case f.sizes != "":
		m, err = readMovie(f.sizes)
	case len(f.bitrates) > 0:
		rates := make([]int64, len(f.bitrates))
		for i, text := range f.bitrates {
			var rate rateValue
			if err := rate.Set(text); err != nil {
				return nil, usageError{fmt.Errorf("--bitrates: %w", err)}
			}
			rates[i] = int64(rate)
		}
		chunk := time.Duration(f.fragment)
		if chunk <= 0 {
			return nil, usageError{errors.New("--fragment must be above 0")}
		}
		slices.Sort(rates)
		m, err = sim.ConstantMovie("bitrates", chunk, int((10*time.Minute+chunk-1)/chunk), rates...)
	default:
		return nil, nil
	}
	if err == nil {
		m, err = m.Lasting(time.Duration(f.length))
	}
	if err != nil {
		return nil, usageError{err}
	}
	return m, nil
}

func readMovie(path string) (*sim.Movie, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	name := filepath.Base(path)
	name = strings.TrimSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "2s")
	return sim.ReadMovie(name, f)
}

func openShelf(folder string) (*shelf, error) {
	s := &shelf{movies: map[string]*sim.Movie{}}
	f, err := os.Open(filepath.Join(folder, indexFile))
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if s.index, err = readIndex(f); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, indexFile), err)
	}
	return s, nil
}

// readIndex reads the columns file, group and ladder of a CSV.
func readIndex(r io.Reader) (map[string]entry, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Contains(rows[0], "file") {
		return nil, errors.New("its first line names no column file")
	}
	at := func(row []string, name string) string {
		if i := slices.Index(rows[0], name); i >= 0 {
			return row[i]
		}
		return ""
	}
	index := map[string]entry{}
	for _, row := range rows[1:] {
		index[at(row, "file")] = entry{at(row, "group"), at(row, "ladder")}
	}
	return index, nil
}

// movie is that of a ladder, from the folder, or the built-in one.
func (s *shelf) movie(folder, ladder string, length time.Duration) (*sim.Movie, error) {
	if m := s.movies[ladder]; m != nil {
		return m, nil
	}
	m := sim.BuiltIn()
	if ladder != "" && filepath.Base(ladder) == ladder {
		found, err := readMovie(filepath.Join(folder, ladder+sizesSuffix))
		switch {
		case err == nil:
			m = found
		case !errors.Is(err, os.ErrNotExist):
			return nil, err
		}
	}
	m, err := m.Lasting(length)
	if err != nil {
		return nil, usageError{fmt.Errorf("--for: %w", err)}
	}
	s.movies[ladder] = m
	return m, nil
}

// findBaselines reads what others reached. It holds for whole movies on demand.
func (p *plan) findBaselines(flags *simulateFlags, shelves map[string]*shelf) error {
	paths := []string{flags.baselines}
	if flags.baselines == "" {
		if flags.length > 0 || flags.resume > 0 || flags.live > 0 || p.device != nil {
			return nil
		}
		paths = paths[:0]
		for folder := range shelves {
			paths = append(paths, filepath.Join(folder, baselinesFile))
		}
		slices.Sort(paths)
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) && flags.baselines == "" {
			continue
		}
		if err != nil {
			return usageError{err}
		}
		known, err := sim.ReadBaselines(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		p.known = known.Join(p.known)
	}
	return nil
}
