package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"smoothplay/player/sim"
)

// table is text in columns: the first ones to the left, the others to the right.
type table struct {
	left int // columns
	rows [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// write writes the rows with two spaces between columns; an empty row is an
// empty line.
func (t *table) write(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				line.WriteString("  ")
			}
			if i < t.left {
				line.WriteString(cell + pad)
			} else {
				line.WriteString(pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fixed is v with some decimals.
func fixed(v float64, decimals int) string { return strconv.FormatFloat(v, 'f', decimals, 64) }

// signed is the same with its sign.
func signed(v float64, decimals int) string {
	if text := fixed(v, decimals); v < 0 {
		return text
	} else {
		return "+" + text
	}
}

// bufferText is a buffer as people write it.
func bufferText(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond).String()
}

// writeTables writes a table for each ladder and buffer: the policies over all,
// then by group.
func writeTables(w io.Writer, lines []sim.Line, rendered bool) error {
	for i := 0; i < len(lines); {
		n := i
		for n < len(lines) && lines[n].Ladder == lines[i].Ladder && lines[n].BufferS == lines[i].BufferS {
			n++
		}
		if i > 0 {
			io.WriteString(w, "\n")
		}
		if err := writeTable(w, lines[i:n], rendered); err != nil {
			return err
		}
		i = n
	}
	return nil
}

func writeTable(w io.Writer, lines []sim.Line, rendered bool) error {
	known := false
	var groups []string
	seen := map[string]bool{}
	for _, l := range lines {
		known = known || l.Known
		if !seen[l.Group] {
			seen[l.Group] = true
			groups = append(groups, l.Group)
		}
	}
	fmt.Fprintf(w, "%s, %s of buffer\n", lines[0].Ladder, bufferText(lines[0].BufferS))
	t := table{left: 2}
	head := []string{"group", "policy", "n", "kbit/s", "stall %", "stalls", "switches", "back", "QoE-lin"}
	if known {
		head = append(head, "% opt", "norm.")
	}
	if rendered {
		head = append(head, "lost %", "capped s")
	}
	t.row(head...)
	for _, g := range groups {
		for _, l := range lines {
			if l.Group != g {
				continue
			}
			name := g
			if g == "" {
				name = "all"
			}
			cells := []string{name, l.Policy, strconv.Itoa(l.Sessions), fixed(l.MeanKbps, 0), fixed(100*l.StallShare, 2),
				fixed(l.Stalls, 1), fixed(l.Switches, 1), fixed(l.Reversals, 1), fixed(l.QoE, 3)}
			switch {
			case l.Known:
				cells = append(cells, fixed(100*l.Share, 1), fixed(100*l.Normalised, 1))
			case known:
				cells = append(cells, "-", "-")
			}
			if rendered {
				cells = append(cells, fixed(100*l.Lost, 2), fixed(l.CappedS, 1))
			}
			t.row(cells...)
		}
	}
	return t.write(w)
}

// writeDifferences writes how a differs from b.
func writeDifferences(w io.Writer, a, b string, all []sim.Difference) error {
	for i, d := range all {
		if i > 0 && (all[i-1].Ladder != d.Ladder || all[i-1].BufferS != d.BufferS) || i == 0 {
			var t table
			t.left = 2
			fmt.Fprintf(w, "\n%s less %s: %s, %s of buffer\n", a, b, d.Ladder, bufferText(d.BufferS))
			t.row("figure", "group", "n", a, b, "difference", "95 % interval")
			for _, d := range all[i:] {
				if d.Ladder != all[i].Ladder || d.BufferS != all[i].BufferS {
					break
				}
				group := d.Group
				if group == "" {
					group = "all"
				}
				decimals := 3
				if d.Figure == "mean_kbps" {
					decimals = 0
				}
				t.row(d.Figure, group, strconv.Itoa(d.Sessions), fixed(d.A, decimals), fixed(d.B, decimals), signed(d.Mean, decimals),
					signed(d.Low, decimals)+" to "+signed(d.High, decimals))
			}
			if err := t.write(w); err != nil {
				return err
			}
		}
	}
	return nil
}
