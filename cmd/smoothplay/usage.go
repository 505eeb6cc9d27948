package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupAnnotation names the heading under which a flag stands in the help.
const groupAnnotation = "group"

// addFlags adds the flags that register makes, under a heading in the help.
func addFlags(cmd *cobra.Command, heading string, register func(*pflag.FlagSet)) {
	group := pflag.NewFlagSet(heading, pflag.ContinueOnError)
	register(group)
	group.VisitAll(func(f *pflag.Flag) {
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[groupAnnotation] = []string{heading}
	})
	cmd.Flags().SortFlags = false
	cmd.Flags().AddFlagSet(group)
}

// writeUsage writes how a command is used: its subcommands, then its flags under
// their headings, in the order in which they were added.
func writeUsage(cmd *cobra.Command) error {
	var b strings.Builder
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "Usage:\n  %s COMMAND [flags]\n\nCommands:\n", cmd.CommandPath())
		for _, sub := range inOrder(cmd.Commands()) {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-10s %s\n", sub.Name(), sub.Short)
			}
		}
	} else {
		fmt.Fprintf(&b, "Usage:\n  %s\n", cmd.UseLine())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	var headings []string
	byHeading := map[string]*pflag.FlagSet{}
	add := func(f *pflag.Flag) {
		heading := "Flags of every command"
		if group := f.Annotations[groupAnnotation]; len(group) > 0 {
			heading = group[0]
		}
		if byHeading[heading] == nil {
			headings = append(headings, heading)
			byHeading[heading] = pflag.NewFlagSet(heading, pflag.ContinueOnError)
			byHeading[heading].SortFlags = false
		}
		if byHeading[heading].Lookup(f.Name) == nil {
			byHeading[heading].AddFlag(f)
		}
	}
	cmd.NonInheritedFlags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	if i := slices.Index(headings, "Flags of every command"); i >= 0 {
		headings = append(slices.Delete(headings, i, i+1), "Flags of every command")
	}
	for _, heading := range headings {
		fmt.Fprintf(&b, "\n%s:\n%s", heading, byHeading[heading].FlagUsages())
	}
	_, err := fmt.Fprint(cmd.OutOrStderr(), b.String())
	return err
}

// indented is text with two spaces before each line.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// inOrder puts the commands into the order in which a newcomer needs them.
func inOrder(commands []*cobra.Command) []*cobra.Command {
	order := []string{"play", "probe", "measure", "save", "origin"}
	place := func(c *cobra.Command) int { return (slices.Index(order, c.Name()) + len(order)) % len(order) }
	sorted := slices.Clone(commands)
	slices.SortStableFunc(sorted, func(a, b *cobra.Command) int { return place(a) - place(b) })
	return sorted
}
