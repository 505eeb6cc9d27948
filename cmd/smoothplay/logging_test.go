package main

import (
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"
	"time"
)

func TestLogLines(t *testing.T) {
	levels, err := levelsFor(0, []string{"fetch=debug", "all=warn", "player=error"})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	log := newLogger(&out, levels)
	fetch := log.With("area", "fetch")
	fetch.Debug("answer in time", "status", 200, "took", 40*time.Millisecond)
	fetch.WithGroup("answer").With("from", "a b").Debug("grouped", slog.Group("size", "bytes", 7))
	log.Info("not wanted")
	log.Warn("wanted")
	log.With("area", "player").Warn("not wanted")
	log.Debug("by its own area", "area", "fetch")
	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.TrimSpace(line[len("15:04:05.000 "):]))
	}
	want := []string{
		"DEBUG fetch: answer in time status=200 took=40ms",
		`DEBUG fetch: grouped answer.from="a b" answer.size.bytes=7`,
		"WARN wanted",
		"DEBUG fetch: by its own area",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLogLevels(t *testing.T) {
	tests := []struct {
		verbose int
		specs   []string
		area    string
		want    slog.Level
	}{
		{0, nil, "fetch", slog.LevelError},
		{1, nil, "fetch", slog.LevelInfo},
		{2, nil, "fetch", slog.LevelDebug},
		{1, []string{"fetch=error"}, "fetch", slog.LevelError},
		{1, []string{"fetch=error"}, "player", slog.LevelInfo},
		{0, []string{"all=DEBUG", "fetch=info"}, "player", slog.LevelDebug},
	}
	for _, test := range tests {
		levels, err := levelsFor(test.verbose, test.specs)
		if got := levels.of(test.area); err != nil || got != test.want {
			t.Errorf("%d %q: %s is at %v (%v), want %v", test.verbose, test.specs, test.area, got, err, test.want)
		}
	}
	for _, spec := range []string{"", "fetch", "=debug", "fetch=loud"} {
		if _, err := levelsFor(0, []string{spec}); err == nil {
			t.Errorf("--log %q: no error", spec)
		}
	}
}

// TestLogHandler holds the handler against the rules of package slog.
func TestLogHandler(t *testing.T) {
	var out strings.Builder
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return newLogger(&out, logLevels{base: slog.LevelDebug}).Handler()
	}, func(t *testing.T) map[string]any { return parseLogLine(t, out.String()) })
}

// parseLogLine reads a line back into the nested form that slogtest wants.
func parseLogLine(t *testing.T, line string) map[string]any {
	line = strings.TrimSpace(line)
	record := map[string]any{}
	if len(line) > 12 && line[2] == ':' {
		record[slog.TimeKey] = line[:12]
		line = line[13:]
	}
	words := strings.Fields(line)
	record[slog.LevelKey] = words[0]
	var message []string
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			message = append(message, word)
			continue
		}
		at := record
		path := strings.Split(key, ".")
		for _, group := range path[:len(path)-1] {
			inner, _ := at[group].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
				at[group] = inner
			}
			at = inner
		}
		at[path[len(path)-1]] = value
	}
	record[slog.MessageKey] = strings.Join(message, " ")
	return record
}
