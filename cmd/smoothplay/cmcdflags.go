package main

import (
	"github.com/spf13/pflag"

	"smoothplay/player"
	"smoothplay/player/cmcd"
)

// cmcdFlags say what requests tell servers of the session (CTA-5004).
type cmcdFlags struct {
	mode             cmcdValue
	content, session string
}

func (f *cmcdFlags) register(flags *pflag.FlagSet) {
	flags.Var(&f.mode, "cmcd", "tell servers how playing goes (CTA-5004), in the `query|header` of requests (default: off)")
	flags.StringVar(&f.content, "cmcd-cid", "", "call the presentation `NAME` there (default: it is not named)")
	flags.StringVar(&f.session, "cmcd-sid", "", "call the session `NAME` there (default: a random UUID)")
}

func (f *cmcdFlags) config() player.CMCD {
	return player.CMCD{Mode: cmcd.Mode(f.mode), Session: f.session, Content: f.content}
}

// cmcdValue is a flag for a cmcd.Mode.
type cmcdValue cmcd.Mode

func (v *cmcdValue) Type() string   { return "query|header" }
func (v *cmcdValue) String() string { return string(*v) }

func (v *cmcdValue) Set(text string) error {
	mode, err := cmcd.ParseMode(text)
	*v = cmcdValue(mode)
	return err
}
