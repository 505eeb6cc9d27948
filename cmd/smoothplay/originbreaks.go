package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/player/origin"
)

// breakFlags say which breaks for advertisements origin announces.
type breakFlags struct {
	every, length, notice timeValue
	inline                bool
}

func (f *breakFlags) register(cmd *cobra.Command) {
	addFlags(cmd, "Breaks", func(flags *pflag.FlagSet) {
		flags.Var(&f.every, "breaks", "announce a break each `time` in a sparse stream, as a splice_insert of SCTE 35")
		flags.Var(&f.length, "break-length", "announce breaks of this `time` (default 10s)")
		flags.Var(&f.notice, "break-notice", "announce them this `time` ahead")
		flags.BoolVar(&f.inline, "breaks-inline", false, "carry what is announced in the manifest, too")
	})
}

// breaks are what the flags say; nil: none.
func (f *breakFlags) breaks() (*origin.Breaks, error) {
	if f.every == 0 {
		if f.length != 0 || f.notice != 0 || f.inline {
			return nil, usageError{errors.New("--break-length, --break-notice and --breaks-inline need --breaks: say how often")}
		}
		return nil, nil
	}
	return &origin.Breaks{
		Every: time.Duration(f.every), Length: time.Duration(f.length), Notice: time.Duration(f.notice), Inline: f.inline,
	}, nil
}
