package save

import (
	"bytes"
	"context"
	"os"
	"testing"
	"testing/synctest"

	"smoothplay/player/origin"
)

// interrupted runs a save that ends once it has told of its progress n times, and
// reports whether it did so before its end.
func interrupted(t *testing.T, o *origin.Origin, cfg Config, n int) (ended bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cfg.Progress = func(Progress) {
			if n--; n == 0 {
				cancel()
			}
		}
		_, err := inBubble(t, o, ctx, cfg)
		if ended = err == nil; !ended {
			wants(t, err, context.Canceled)
		}
	})
	return ended
}

// Wherever a save is interrupted, going on with it ends in the same bytes.
func TestResumeAnywhere(t *testing.T) {
	o := newOrigin(t, origin.Config{})
	whole := target(t)
	cfg := Config{Output: whole, Levels: level(0), Languages: []string{"de"}, From: Place{Offset: 3e9}, To: 21e9}
	first, err := run(t, o, cfg)
	must(t, err)
	want := read(t, whole)
	for n := 1; ; n++ {
		cfg.Output = target(t)
		if interrupted(t, o, cfg, n) {
			if n < 10 {
				t.Fatalf("only %d places to interrupt at", n)
			}
			break
		}
		s, err := run(t, o, cfg)
		must(t, err)
		same(t, read(t, cfg.Output), want)
		if s.Resumed != (n > 1) || s.Fragments != first.Fragments {
			t.Errorf("interrupted at %d: %+v", n, s)
		}
		if n > 1 && s.Fetched >= first.Fetched {
			t.Errorf("interrupted at %d: all was fetched again", n)
		}
	}
}

// A save goes on at the last whole record of whatever a crash left of the two
// files: either may be cut anywhere, and end in bytes that were never written.
func TestResumeTorn(t *testing.T) {
	o := newOrigin(t, origin.Config{})
	whole := target(t)
	cfg := Config{Output: whole, Levels: level(0), Languages: []string{"de"}, To: 9e9}
	_, err := run(t, o, cfg)
	must(t, err)
	want := read(t, whole)
	cfg.Output = target(t)
	interrupted(t, o, cfg, 6)
	part, log := read(t, cfg.Output+".part"), read(t, cfg.Output+".part.log")

	type tear struct {
		name      string
		part, log []byte
	}
	tears := []tear{
		{"no media", nil, log},
		{"no journal", part, nil},
		{"journal ends in zeros", part, append(append([]byte{}, log...), make([]byte, 5000)...)},
		{"media goes on", append(append([]byte{}, part...), make([]byte, 5000)...), log},
		{"media ends in zeros", append(append([]byte{}, part[:len(part)-9000]...), make([]byte, 9000)...), log},
	}
	for n := 0; n < len(log); n += 97 {
		tears = append(tears, tear{"journal cut", part, log[:n]})
	}
	for n := 0; n < len(part); n += 40_009 {
		tears = append(tears, tear{"media cut", part[:n], log})
	}
	for n := 0; n < len(log); n += 331 {
		bad := append([]byte{}, log...)
		bad[n] ^= 0x40
		tears = append(tears, tear{"a bit of the journal flipped", part, bad})
	}
	for _, torn := range tears {
		cfg.Output = target(t)
		must(t, os.WriteFile(cfg.Output+".part", torn.part, 0o666))
		must(t, os.WriteFile(cfg.Output+".part.log", torn.log, 0o666))
		if _, err := run(t, o, cfg); err != nil {
			if torn.name == "a bit of the journal flipped" {
				continue // of the line that says what it is
			}
			t.Fatalf("%s (%d, %d): %v", torn.name, len(torn.part), len(torn.log), err)
		}
		if !bytes.Equal(read(t, cfg.Output), want) {
			t.Errorf("%s (%d, %d): the file differs", torn.name, len(torn.part), len(torn.log))
		}
	}
}

// What was left of another save is not touched, and --overwrite begins anew.
func TestResumeOther(t *testing.T) {
	o := newOrigin(t, origin.Config{})
	cfg := Config{Output: target(t), Levels: level(0)}
	interrupted(t, o, cfg, 4)
	part := read(t, cfg.Output+".part")
	for _, other := range []Config{
		{Levels: level(1)}, {Levels: level(0), NoAudio: true}, {Levels: level(0), To: 5e9},
		{Levels: level(0), URL: "http://test/demo.isml/Manifest"},
	} {
		other.Output = cfg.Output
		live := newOrigin(t, origin.Config{Live: &origin.Live{}})
		_, err := run(t, live, other)
		wants(t, err, ErrOther)
	}
	same(t, read(t, cfg.Output+".part"), part)
	other := Config{Output: cfg.Output, Levels: level(1), Overwrite: true}
	s, err := run(t, o, other)
	must(t, err)
	if s.Resumed || s.Tracks[0].BitrateBPS != 500_000 {
		t.Errorf("%+v", s)
	}
	_, err = run(t, o, cfg)
	wants(t, err, ErrExists)

	// What replaces a file can be gone on with, too.
	again := cfg
	again.Overwrite = true
	interrupted(t, o, again, 4)
	s, err = run(t, o, cfg)
	must(t, err)
	if !s.Resumed || s.Tracks[0].BitrateBPS != 250_000 {
		t.Errorf("%+v", s)
	}
}

// Two saves to one file do not write into each other.
func TestBusy(t *testing.T) {
	o := newOrigin(t, origin.Config{})
	path := target(t)
	var second error
	_, err := run(t, o, Config{Output: path, Levels: level(0), Progress: func(p Progress) {
		if p.Fragments == 3 {
			var other output
			must(t, other.check(path, false))
			_, second = other.open(identity{})
		}
	}})
	must(t, err)
	wants(t, second, ErrBusy)
}
