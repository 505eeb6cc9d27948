package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"smoothplay/player"
)

// rateValue is a flag for a bit rate as people write it: "2.5M", "350k",
// "800000".
type rateValue int64

func (r *rateValue) Type() string { return "rate" }

func (r *rateValue) String() string {
	n := int64(*r)
	switch {
	case n == 0:
		return ""
	case n%1_000_000 == 0:
		return strconv.FormatInt(n/1_000_000, 10) + "M"
	case n%1000 == 0:
		return strconv.FormatInt(n/1000, 10) + "k"
	}
	return strconv.FormatInt(n, 10)
}

func (r *rateValue) Set(text string) error {
	number := text
	for _, unit := range []string{"bit/s", "bps", "b/s"} {
		number = strings.TrimSuffix(number, unit)
	}
	n, err := scaled(strings.TrimSpace(number), decimal)
	if err != nil {
		return fmt.Errorf("%w: write a bit rate as 2.5M, 350k or 800000", err)
	}
	*r = rateValue(n)
	return nil
}

// sizeValue is a flag for a number of bytes as people write it: "8MB", "64MiB",
// "500k".
type sizeValue int64

func (s *sizeValue) Type() string { return "size" }

func (s *sizeValue) String() string {
	n := int64(*s)
	switch {
	case n == 0:
		return ""
	case n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + "MiB"
	case n%1_000_000 == 0:
		return strconv.FormatInt(n/1_000_000, 10) + "MB"
	}
	return strconv.FormatInt(n, 10)
}

func (s *sizeValue) Set(text string) error {
	number, units := text, decimal
	if cut, ok := strings.CutSuffix(number, "iB"); ok {
		number, units = cut, binary
	} else {
		number = strings.TrimSuffix(number, "B")
	}
	n, err := scaled(strings.TrimSpace(number), units)
	if err != nil {
		return fmt.Errorf("%w: write a size as 8MB, 64MiB or a number of bytes", err)
	}
	*s = sizeValue(n)
	return nil
}

var (
	decimal = map[byte]float64{'k': 1e3, 'K': 1e3, 'm': 1e6, 'M': 1e6, 'g': 1e9, 'G': 1e9}
	binary  = map[byte]float64{'k': 1 << 10, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}
)

// scaled reads a number that may end in one of the units.
func scaled(text string, units map[byte]float64) (int64, error) {
	number, factor := text, 1.0
	if text != "" {
		if f, ok := units[text[len(text)-1]]; ok {
			number, factor = strings.TrimSpace(text[:len(text)-1]), f
		}
	}
	f, err := plainNumber(number)
	if err != nil {
		return 0, err
	}
	f = math.Round(f * factor)
	if f >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large", text)
	}
	return int64(f), nil
}

// plainNumber reads digits with at most one point: no sign, exponent or name.
func plainNumber(text string) (float64, error) {
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return f, nil
}

// timeValue is a flag for a time as people write it: "30s", "1m30s", "90",
// "1:05:00", "50ms".
type timeValue time.Duration

func (t *timeValue) Type() string { return "time" }

func (t *timeValue) String() string {
	if *t == 0 {
		return ""
	}
	return time.Duration(*t).String()
}

func (t *timeValue) Set(text string) error {
	d, err := parseTime(text)
	if err != nil {
		return fmt.Errorf("%w: write a time as 30s, 90, 1m30s or 1:05:00", err)
	}
	*t = timeValue(d)
	return nil
}

const longest = 1000 * time.Hour

// parseTime reads a time of a flag or a script.
func parseTime(text string) (time.Duration, error) {
	d, err := parseSpan(text)
	if err == nil && d > longest {
		err = fmt.Errorf("%q is longer than %v", text, longest)
	}
	return d, err
}

// parseSpan reads a time of any length that fits into a time.Duration.
func parseSpan(text string) (time.Duration, error) {
	var d time.Duration
	if strings.ContainsAny(text, "hmsuµn") {
		var err error
		if d, err = time.ParseDuration(text); err != nil || d < 0 || text[0] == '+' {
			return 0, fmt.Errorf("%q is not a time", text)
		}
	} else {
		seconds := 0.0
		parts := strings.Split(text, ":")
		if len(parts) > 3 {
			return 0, fmt.Errorf("%q is not a time", text)
		}
		for i, part := range parts {
			f, err := plainNumber(part)
			whole := i == len(parts)-1 || f == math.Trunc(f)
			if err != nil || !whole || i > 0 && f >= 60 {
				return 0, fmt.Errorf("%q is not a time", text)
			}
			seconds = seconds*60 + f
		}
		if seconds > 9e9 {
			return 0, fmt.Errorf("%q is too long a time", text)
		}
		d = time.Duration(math.Round(seconds*1000)) * time.Millisecond
	}
	return d, nil
}

// boxValue is a flag for the largest picture: "1280x720", or "720p" for the
// height alone.
type boxValue struct{ width, height int }

func (b *boxValue) Type() string { return "WxH" }

func (b *boxValue) String() string {
	switch {
	case b.height == 0:
		return ""
	case b.width == 0:
		return fmt.Sprintf("%dp", b.height)
	}
	return fmt.Sprintf("%dx%d", b.width, b.height)
}

func (b *boxValue) Set(text string) error {
	const most = 1 << 16
	var size boxValue
	var err error
	if height, ok := strings.CutSuffix(text, "p"); ok {
		size.height, err = strconv.Atoi(height)
		size.width = 1
	} else if width, height, ok := strings.Cut(text, "x"); ok {
		var errHeight error
		size.width, err = strconv.Atoi(width)
		size.height, errHeight = strconv.Atoi(height)
		if err == nil {
			err = errHeight
		}
	}
	if err != nil || size.width < 1 || size.height < 1 || size.width > most || size.height > most {
		return fmt.Errorf("%q is not a picture size: write it as 1280x720 or 720p", text)
	}
	if strings.HasSuffix(text, "p") {
		size.width = 0
	}
	*b = size
	return nil
}

// volumeValue is a flag for the volume in percent, 0 to 100.
type volumeValue float64

func (v *volumeValue) Type() string { return "percent" }

func (v *volumeValue) String() string {
	return strconv.FormatFloat(float64(*v)*100, 'f', -1, 64)
}

func (v *volumeValue) Set(text string) error {
	f, err := plainNumber(strings.TrimSuffix(text, "%"))
	if err != nil || f > 100 {
		return fmt.Errorf("%q is not a volume: write it in percent, 0 to 100", text)
	}
	*v = volumeValue(f / 100)
	return nil
}

// levelsValue is a flag for a set of levels, see player.ParseLevels.
type levelsValue player.LevelSet

func (l *levelsValue) Type() string { return "levels" }

func (l *levelsValue) String() string { return player.LevelSet(*l).String() }

func (l *levelsValue) Set(text string) error {
	set, err := player.ParseLevels(text)
	if err != nil {
		return err
	}
	*l = levelsValue(set)
	return nil
}
