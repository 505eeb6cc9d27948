package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"smoothplay/platform/httpclient"
	"smoothplay/player"
	"smoothplay/player/event"
)

// maxScript bounds a script, in lines.
const maxScript = 100_000

// script is what happens in a session, and when.
type script struct {
	name  string // of its file
	steps []scriptStep
}

// scriptStep is one command of a script.
type scriptStep struct {
	at   time.Duration // since the session began
	line int
	text string // as written, without secrets
	do   scriptAction
}

// scriptAction carries a command out.
type scriptAction func(context.Context, *stage) error

// stage is what a script plays on.
type stage struct {
	session scripted
	link    *httpclient.Link // nil: none that can be changed
	limits  player.Limits    // that hold, the levels aside
}

// scripted is what a script asks of a session; *player.Player is one.
type scripted interface {
	session
	Open(ctx context.Context, url string) error
	Step(ctx context.Context, n int) error
	SetRate(ctx context.Context, rate float64) error
	GoLive(context.Context) error
	Replay(context.Context) error
	SelectVideo(ctx context.Context, name string) error
	SetLimits(context.Context, player.Limits) error
	Tell(context.Context, *player.Error) error
}

// scriptCommand is a word of the language.
type scriptCommand struct {
	form string // of what follows the word, for messages; "": nothing
	help string
	// read makes the action of what follows the word; then, where not nil, is
	// done after a while.
	read func(rest string) (do scriptAction, then scriptAction, after time.Duration, err error)
}

// plain is a command without arguments.
func plain(help string, do func(scripted, context.Context) error) scriptCommand {
	return scriptCommand{"", help, func(rest string) (scriptAction, scriptAction, time.Duration, error) {
		if rest != "" {
			return nil, nil, 0, errors.New("nothing follows this word")
		}
		return func(ctx context.Context, s *stage) error { return do(s.session, ctx) }, nil, 0, nil
	}}
}

// with is a command with one argument.
func with(form, help string, read func(argument string) (scriptAction, error)) scriptCommand {
	return scriptCommand{form, help, func(rest string) (scriptAction, scriptAction, time.Duration, error) {
		if rest == "" {
			return nil, nil, 0, errors.New("an argument is missing")
		}
		do, err := read(rest)
		return do, nil, 0, err
	}}
}

// named is a command with a name as its argument.
func named(form, help string, do func(scripted, context.Context, string) error) scriptCommand {
	return with(form, help, func(name string) (scriptAction, error) {
		return func(ctx context.Context, s *stage) error { return do(s.session, ctx, name) }, nil
	})
}

// scriptCommands are the words that may follow a time.
var scriptCommands = map[string]scriptCommand{
	"play":    plain("go on, or begin again after the end", scripted.Play),
	"stop":    plain("end the session", scripted.Stop),
	"go-live": plain("jump to the live edge", scripted.GoLive),
	"replay":  plain("go back a little", scripted.Replay),
	"pause":   {"[TIME]", "stop on the picture shown; go on after TIME", readPause},
	"seek":    with("TIME [key]", "show the picture of TIME, or the key picture before it", readSeek),
	"open":    with("URL", "change to another presentation", readOpen),
	"angle":   named("NAME", "change the camera angle", scripted.SelectVideo),
	"text":    with("LANGUAGE|NAME|off", "change the captions", readText),
	"audio":   with("LANGUAGE|NAME", "change the audio language", readAudio),
	"levels":  with("SET|all [now]", "play these levels alone: 0,2 or 1M-3M or -720p; now: also instead of what is buffered", readLevels),
	"volume":  with("PERCENT", "", readVolume),
	"mute":    with("on|off", "", readMute),
	"rate":    with("FACTOR", "change the speed of playing", readRate),
	"step":    with("N", "show the Nth picture from here, while paused", readStep),
	"bandwidth": with("RATE|SHAPE", "from now on the link carries RATE, or follows SHAPE as in --shape; max: all it can",
		readBandwidth),
}

// scriptHelp lists the commands, a line each.
func scriptHelp() string {
	var b strings.Builder
	for _, word := range slices.Sorted(maps.Keys(scriptCommands)) {
		c := scriptCommands[word]
		fmt.Fprintf(&b, "%-24s %s\n", strings.TrimSpace(word+" "+c.form), c.help)
	}
	return b.String()
}

// openScript reads the script of a file; "-" is standard input, and "" none.
func openScript(e *env, name string) (*script, error) {
	switch name {
	case "":
		return nil, nil
	case "-":
		return readScript("standard input", e.stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--script: %w", err)
	}
	defer file.Close()
	return readScript(name, file)
}

// readScript reads lines "TIME COMMAND [ARGUMENT]". Empty lines, and what follows
// a # at the beginning of a word, are passed over. An error names the line and
// what may stand there.
func readScript(name string, r io.Reader) (*script, error) {
	s := &script{name: name}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if n > maxScript {
			return nil, fmt.Errorf("%s: more than %d lines", name, maxScript)
		}
		steps, err := readLine(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		for i := range steps {
			steps[i].line = n
		}
		s.steps = append(s.steps, steps...)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	slices.SortStableFunc(s.steps, func(a, b scriptStep) int { return cmp.Compare(a.at, b.at) })
	return s, nil
}

// readLine reads one line: no step, one, or two.
func readLine(line string) ([]scriptStep, error) {
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return w[0] == '#' }); i >= 0 {
		words = words[:i]
	}
	if len(words) == 0 {
		return nil, nil
	}
	at, err := parseTime(words[0])
	if err != nil {
		return nil, fmt.Errorf("%w: a line begins with the time since the session began, as 10s or 1:30", err)
	}
	if len(words) == 1 {
		return nil, fmt.Errorf("%q is followed by no command: %s", words[0], scriptWords())
	}
	word, rest := words[1], strings.Join(words[2:], " ")
	command, ok := scriptCommands[word]
	if !ok {
		return nil, fmt.Errorf("%q is no command: %s", word, scriptWords())
	}
	do, then, after, err := command.read(rest)
	if err != nil {
		return nil, fmt.Errorf("%q: %w: write it as %q", strings.Join(words[1:], " "), err, strings.TrimSpace("TIME "+word+" "+command.form))
	}
	text := strings.Join(words[1:], " ")
	if word == "open" {
		text = "open " + event.RedactURL(rest)
	}
	steps := []scriptStep{{at: at, text: text, do: do}}
	if then != nil {
		steps = append(steps, scriptStep{at: at + after, text: text, do: then})
	}
	return steps, nil
}

func scriptWords() string {
	return "use one of " + strings.Join(slices.Sorted(maps.Keys(scriptCommands)), ", ")
}

func readPause(rest string) (do, then scriptAction, after time.Duration, err error) {
	do = func(ctx context.Context, s *stage) error { return s.session.Pause(ctx) }
	if rest != "" {
		after, err = parseTime(rest)
		then = func(ctx context.Context, s *stage) error { return s.session.Play(ctx) }
	}
	return do, then, after, err
}

func readOpen(name string) (scriptAction, error) {
	return func(ctx context.Context, s *stage) error { return s.session.Open(ctx, addressOf(name)) }, nil
}

func readSeek(rest string) (scriptAction, error) {
	text, word, _ := strings.Cut(rest, " ")
	mode := player.Exact
	switch word {
	case "key":
		mode = player.Key
	case "", "exact":
	default:
		return nil, fmt.Errorf("%q is no way to seek", word)
	}
	to, err := parseTime(text)
	return func(ctx context.Context, s *stage) error { return s.session.Seek(ctx, to, mode) }, err
}

func readAudio(want string) (scriptAction, error) {
	return func(ctx context.Context, s *stage) error {
		status := s.session.Status()
		n := status.FindAudio(want)
		if n < 0 {
			var have []string
			for _, a := range status.Audio {
				have = append(have, audioText(a))
			}
			return fmt.Errorf("no audio is called %q: there is %s", want, cmp.Or(strings.Join(have, ", "), "none"))
		}
		return s.session.SelectAudio(ctx, n)
	}, nil
}

func readText(want string) (scriptAction, error) {
	return func(ctx context.Context, s *stage) error {
		if want == "off" {
			return s.session.SelectText(ctx, -1)
		}
		status := s.session.Status()
		n := status.FindText(want)
		if n < 0 {
			var have []string
			for _, c := range status.Text {
				have = append(have, textText(c))
			}
			return fmt.Errorf("no captions are called %q: there are %s", want, cmp.Or(strings.Join(have, ", "), "none"))
		}
		return s.session.SelectText(ctx, n)
	}, nil
}

func readLevels(rest string) (scriptAction, error) {
	text, word, _ := strings.Cut(rest, " ")
	var set player.LevelSet
	at := player.BufferEnd
	var err error
	if text != "all" {
		set, err = player.ParseLevels(text)
	}
	switch word {
	case "now":
		at = player.Now
	case "":
	default:
		err = fmt.Errorf("%q is not now", word)
	}
	return func(ctx context.Context, s *stage) error {
		s.limits.Levels, s.limits.At = set, at
		return s.session.SetLimits(ctx, s.limits)
	}, err
}

func readVolume(text string) (scriptAction, error) {
	var v volumeValue
	err := v.Set(text)
	return func(ctx context.Context, s *stage) error { return s.session.SetVolume(ctx, float64(v)) }, err
}

func readMute(text string) (scriptAction, error) {
	if text != "on" && text != "off" {
		return nil, fmt.Errorf("%q is neither on nor off", text)
	}
	return func(ctx context.Context, s *stage) error { return s.session.Mute(ctx, text == "on") }, nil
}

func readRate(text string) (scriptAction, error) {
	rate, err := plainNumber(strings.TrimPrefix(text, "-"))
	if strings.HasPrefix(text, "-") {
		rate = -rate
	}
	return func(ctx context.Context, s *stage) error { return s.session.SetRate(ctx, rate) }, err
}

func readStep(text string) (scriptAction, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		err = fmt.Errorf("%q is not a number of pictures", text)
	}
	return func(ctx context.Context, s *stage) error { return s.session.Step(ctx, n) }, err
}

func readBandwidth(text string) (scriptAction, error) {
	shape, err := httpclient.ParseShape(text)
	return func(_ context.Context, s *stage) error {
		if s.link == nil {
			return errors.New("the link of this session cannot be changed")
		}
		return s.link.SetShape(shape)
	}, err
}

// changesLink tells whether the script says what the link carries.
func (s *script) changesLink() bool {
	return s != nil && slices.ContainsFunc(s.steps, func(step scriptStep) bool { return strings.HasPrefix(step.text, "bandwidth ") })
}
