package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// areaKey is the attribute by which a logger says which area of the program it
// belongs to.
const areaKey = "area"

// logLevels says from which level on the messages of an area are written.
type logLevels struct {
	base  slog.Level // of areas that are not named
	areas map[string]slog.Level
}

// levelsFor puts together -v, given count times, and --log AREA=LEVEL, given any
// number of times. The area "all" is every one.
func levelsFor(verbose int, specs []string) (logLevels, error) {
	levels := logLevels{base: slog.LevelError, areas: map[string]slog.Level{}}
	switch {
	case verbose == 1:
		levels.base = slog.LevelInfo
	case verbose > 1:
		levels.base = slog.LevelDebug
	}
	for _, spec := range specs {
		area, word, ok := strings.Cut(spec, "=")
		var level slog.Level
		if !ok || area == "" || level.UnmarshalText([]byte(word)) != nil {
			return levels, fmt.Errorf("--log %q: write it as AREA=LEVEL, LEVEL being debug, info, warn or error", spec)
		}
		if area == "all" {
			levels.base = level
		} else {
			levels.areas[area] = level
		}
	}
	return levels, nil
}

func (l logLevels) of(area string) slog.Level {
	if level, ok := l.areas[area]; ok {
		return level
	}
	return l.base
}

// atLeast is l with an area that also writes from level on, unless l names the
// area.
func (l logLevels) atLeast(area string, level slog.Level) logLevels {
	if _, named := l.areas[area]; !named {
		l.areas = maps.Clone(l.areas)
		l.areas[area] = min(level, l.base)
	}
	return l
}

// lowest is the lowest level at which any area writes.
func (l logLevels) lowest() slog.Level {
	return min(l.base, slices.Min(append(slices.Collect(maps.Values(l.areas)), l.base)))
}

// logHandler writes log records for people, a line each:
//
//	15:04:05.000 DEBUG fetch: answer in time status=200 bytes=4711
type logHandler struct {
	levels logLevels
	area   string
	prefix string // of attribute names, from groups
	attrs  string // rendered
	out    io.Writer
	mu     *sync.Mutex // guards out
}

func newLogger(out io.Writer, levels logLevels) *slog.Logger {
	return slog.New(logHandler{levels: levels, out: out, mu: new(sync.Mutex)})
}

// Enabled implements [slog.Handler]. As long as no area is known a record may
// still name its own.
func (h logHandler) Enabled(_ context.Context, level slog.Level) bool {
	if h.area == "" {
		return level >= h.levels.lowest()
	}
	return level >= h.levels.of(h.area)
}

// WithAttrs implements [slog.Handler].
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.add(a)
	}
	return h
}

// WithGroup implements [slog.Handler].
func (h logHandler) WithGroup(name string) slog.Handler {
	h.prefix += name + "."
	return h
}

func (h *logHandler) add(a slog.Attr) {
	value := a.Value.Resolve()
	switch {
	case a.Key == areaKey && h.prefix == "":
		h.area = value.String()
	case value.Kind() == slog.KindGroup:
		inner := *h
		if a.Key != "" {
			inner.prefix += a.Key + "."
		}
		for _, member := range value.Group() {
			inner.add(member)
		}
		h.attrs = inner.attrs
	case a.Key != "":
		h.attrs += " " + h.prefix + a.Key + "=" + quoted(value.String())
	}
}

// quoted is text in quotes where it could be misread without.
func quoted(text string) string {
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == '"' || r == 0x7f || r == '\u0085' }) {
		return strconv.Quote(text)
	}
	return text
}

// Handle implements [slog.Handler].
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool { h.add(a); return true })
	if r.Level < h.levels.of(h.area) {
		return nil
	}
	var line strings.Builder
	if !r.Time.IsZero() {
		line.WriteString(r.Time.Format("15:04:05.000 "))
	}
	line.WriteString(r.Level.String() + " ")
	if h.area != "" {
		line.WriteString(h.area + ": ")
	}
	line.WriteString(r.Message + h.attrs + "\n")
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.out, line.String())
	return err
}
