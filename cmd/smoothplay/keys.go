package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"smoothplay/render/sdl"
)

// key is a key, or several that do the same.
type key struct {
	names []string // as package render/sdl names them, "Shift+" before where it counts
	label string   // in the help
	help  string
	// repeats: also while the key is held down.
	repeats bool
	do      func(*ui, time.Time)
}

// skipKey seeks by d.
func skipKey(name, label, help string, d time.Duration) key {
	return key{[]string{name}, label, help, true, func(u *ui, now time.Time) { u.skip(d, now) }}
}

// keys are the keys of the window; those of mpv where it has one for the
// purpose.
var keys = []key{
	{[]string{"SPACE", "PLAYPAUSE"}, "space", "pause, go on; play again after the end", false, (*ui).togglePause},
	skipKey("LEFT", "left", "5 s back", -5*time.Second),
	skipKey("RIGHT", "right", "5 s forward", 5*time.Second),
	skipKey("Shift+LEFT", "shift+left", "1 s back", -time.Second),
	skipKey("Shift+RIGHT", "shift+right", "1 s forward", time.Second),
	skipKey("DOWN", "down", "60 s back", -time.Minute),
	skipKey("UP", "up", "60 s forward", time.Minute),
	{[]string{"HOME"}, "home", "to the beginning; live: of the window", false, (*ui).toBeginning},
	{[]string{"END"}, "end", "to 5 s before the end; live: to the edge", false, (*ui).toEnd},
	{[]string{"l"}, "l", "go live", false, (*ui).goLive},
	{[]string{">"}, ">", "faster, in the end fast forward (up to 64x)", true, func(u *ui, now time.Time) { u.changeRate(1, now) }},
	{[]string{"<"}, "<", "slower, then back (up to 64x)", true, func(u *ui, now time.Time) { u.changeRate(-1, now) }},
	{[]string{"}", "FORWARD"}, "}", "next of the rates -8, -4, 0.5, 1, 4, 8", true, func(u *ui, now time.Time) { u.stepRate(1, now) }},
	{[]string{"{", "REWIND"}, "{", "the one before", true, func(u *ui, now time.Time) { u.stepRate(-1, now) }},
	{[]string{"="}, "=", "normal rate", false, func(u *ui, now time.Time) { u.setRate(1, now) }},
	{[]string{"."}, ".", "next picture, and pause", true, func(u *ui, now time.Time) { u.step(1, now) }},
	{[]string{","}, ",", "picture before, and pause", true, func(u *ui, now time.Time) { u.step(-1, now) }},
	{[]string{"r", "BS"}, "r, backspace", "instant replay", true, (*ui).replay},
	{[]string{"@"}, "@", "next chapter", true, func(u *ui, now time.Time) { u.chapter(1, now) }},
	{[]string{"!"}, "!", "chapter before", true, func(u *ui, now time.Time) { u.chapter(-1, now) }},
	{[]string{"PGUP"}, "page up", "the presentation before, of several; else the chapter before", false, func(u *ui, now time.Time) { u.page(-1, now) }},
	{[]string{"PGDWN"}, "page down", "the next one", false, func(u *ui, now time.Time) { u.page(1, now) }},
	{[]string{"9", "/", "VOLUME_DOWN"}, "9, /", "less volume", true, func(u *ui, now time.Time) { u.changeVolume(-.05, now) }},
	{[]string{"0", "*", "VOLUME_UP"}, "0, *", "more volume", true, func(u *ui, now time.Time) { u.changeVolume(.05, now) }},
	{[]string{"m", "MUTE"}, "m", "mute", false, (*ui).toggleMute},
	{[]string{"a"}, "a", "next camera angle", false, func(u *ui, now time.Time) { u.nextAngle(1, now) }},
	{[]string{"Shift+a", "Shift+A"}, "shift+a", "the camera angle before", false, func(u *ui, now time.Time) { u.nextAngle(-1, now) }},
	{[]string{"p"}, "p", "the other angles as small pictures, or no longer", false, (*ui).toggleInsets},
	{[]string{"#"}, "#", "next audio language", false, (*ui).nextAudio},
	{[]string{"j"}, "j", "next captions, or none", false, (*ui).nextText},
	{[]string{"v"}, "v", "captions on, off", false, (*ui).toggleText},
	{[]string{"["}, "[", "no level above the next lower one, at once", true, (*ui).lowerCap},
	{[]string{"]"}, "]", "one level more; in the end any level again", true, (*ui).raiseCap},
	{[]string{"f"}, "f", "full screen (double click, too)", false, (*ui).toggleFullscreen},
	{[]string{"o"}, "o", "show the progress bar", false, func(u *ui, now time.Time) { u.barUntil = now.Add(barStays) }},
	{[]string{"i"}, "i", "statistics", false, func(u *ui, _ time.Time) { u.statistics, u.help = !u.statistics, false }},
	{[]string{"?"}, "?", "this list", false, func(u *ui, _ time.Time) { u.help = !u.help }},
	{[]string{"q", "ESC", "STOP"}, "q, escape", "quit", false, func(u *ui, _ time.Time) { u.quit() }},
}

// keyOf is the key that was pressed; nil: one that does nothing.
func keyOf(e sdl.Key) *key {
	name := e.Name
	if e.Mod&(sdl.Ctrl|sdl.Alt|sdl.Meta) != 0 {
		return nil
	}
	if e.Mod&sdl.Shift != 0 {
		name = "Shift+" + name
	}
	for i := range keys {
		if slices.Contains(keys[i].names, name) {
			return &keys[i]
		}
	}
	return nil
}

// keyRows are the keys and what they do.
func keyRows() [][2]string {
	var rows [][2]string
	for _, k := range keys {
		rows = append(rows, [2]string{k.label, k.help})
	}
	return rows
}

// keyHelp is the list of keys, a line each.
func keyHelp() string {
	var b strings.Builder
	for _, row := range keyRows() {
		fmt.Fprintf(&b, "%-13s %s\n", row[0], row[1])
	}
	return b.String()
}
