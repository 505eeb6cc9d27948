package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// configHelp is the text about --config in the help of the program.
const configHelp = `A configuration file (--config FILE) holds flags, one a line, without the dashes:

    # what the set-top box in the lab plays with
    max-bitrate = 4M
    header = X-Device: lab-7
    no-audio

A flag on the command line wins over the file. Flags of other commands are
passed over, so that one file serves all commands.`

// applyConfig sets the flags of cmd that a configuration file names and the
// command line does not.
func applyConfig(cmd *cobra.Command, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	defer f.Close()
	given := map[string]bool{} // on the command line
	cmd.Flags().Visit(func(f *pflag.Flag) { given[f.Name] = true })

	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, hasValue := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		flag := cmd.Flags().Lookup(name)
		switch {
		case name == "config" || name == "help":
			return fmt.Errorf("%s:%d: %q cannot stand in a configuration file", path, n, name)
		case flag == nil && knownElsewhere(cmd.Root(), name), given[name]:
			continue
		case flag == nil:
			return fmt.Errorf("%s:%d: there is no flag --%s: see 'smoothplay %s --help' for those that there are", path, n, name, cmd.Name())
		case !hasValue && flag.NoOptDefVal == "":
			return fmt.Errorf("%s:%d: %s needs a value: write %s = VALUE", path, n, name, name)
		case !hasValue:
			value = flag.NoOptDefVal
		}
		if err := cmd.Flags().Set(name, value); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", path, n, name, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the configuration %s: %w", path, err)
	}
	return nil
}

// knownElsewhere tells whether any command has the flag.
func knownElsewhere(root *cobra.Command, name string) bool {
	for _, cmd := range root.Commands() {
		if cmd.Flags().Lookup(name) != nil {
			return true
		}
	}
	return false
}
