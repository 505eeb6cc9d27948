package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/platform"
)

// decodeFlags say who decodes.
type decodeFlags struct {
	hardware    string
	passthrough bool
}

func (f *decodeFlags) register(cmd *cobra.Command) {
	addFlags(cmd, "Decoding", func(flags *pflag.FlagSet) {
		flags.StringVar(&f.hardware, "hwdec", "no", "decode video with this `hardware`, and in software where it fails: no, "+strings.Join(hardwareNames, ", "))
		flags.BoolVar(&f.passthrough, "passthrough", false, "give AC-3 and E-AC-3 undecoded to a sound device that takes them")
	})
}

// decoders are those wanted; nothing: those that decode nothing.
func (f *decodeFlags) decoders(nothing bool) (platform.Decoders, error) {
	switch {
	case f.hardware != "no" && len(hardwareNames) == 0:
		return nil, usageError{fmt.Errorf("--hwdec %s: %s", f.hardware, noDecoders)}
	case f.hardware != "no" && !slices.Contains(hardwareNames, f.hardware):
		return nil, usageError{fmt.Errorf("--hwdec %s: it is one of no, %s", f.hardware, strings.Join(hardwareNames, ", "))}
	case f.hardware != "no" && !nothing:
		return hardwareDecoders(f.hardware)
	}
	return newDecoders(nothing), nil
}
