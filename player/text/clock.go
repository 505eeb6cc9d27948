package text

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// clock reads the times of a TTML document, TTML1 10.3.1 and 6.2.
type clock struct {
	frameRate float64 // frames a second, with the multiplier
	subFrames float64 // of a frame
	tickRate  float64 // ticks a second
	nominal   int64   // frames a second, as times are counted
	drop      bool    // of every minute but each tenth two frames are not counted
}

func newClock(root *element) clock {
	number := func(name string, ifNone float64) float64 {
		n, err := strconv.ParseFloat(root.attr(name), 64)
		if err != nil || !(n > 0) || n > 1e9 {
			return ifNone
		}
		return n
	}
	rate := number("frameRate", 30)
	c := clock{frameRate: rate, nominal: int64(max(rate, 1)), subFrames: number("subFrameRate", 1), tickRate: 1}
	multiplier := strings.FieldsFunc(root.attr("frameRateMultiplier"), func(r rune) bool { return r == ' ' || r == ':' })
	if len(multiplier) == 2 {
		over, err1 := strconv.ParseFloat(multiplier[0], 64)
		under, err2 := strconv.ParseFloat(multiplier[1], 64)
		if ratio := over / under; err1 == nil && err2 == nil && ratio > 0.001 && ratio < 1000 {
			c.frameRate *= ratio
		}
	}
	if root.attr("frameRate") != "" {
		c.tickRate = c.frameRate * c.subFrames
	}
	c.tickRate = number("tickRate", c.tickRate)
	c.drop = strings.HasPrefix(root.attr("timeBase"), "smpte") && root.attr("dropMode") == "dropNTSC"
	return c
}

// parse reads a time expression: 00:01:02.5, 00:01:02:12.1 in frames and their
// parts, 62.5s, 1900f, 100000t, and what sloppy encoders write instead: a comma
// for the point, no hours, no unit for seconds.
func (c clock) parse(s string) (time.Duration, bool) {
	s = strings.Replace(strings.TrimSpace(s), ",", ".", 1)
	if s == "" || len(s) > 64 {
		return 0, false
	}
	if strings.Contains(s, ":") {
		return c.clockTime(strings.Split(s, ":"))
	}
	unit := strings.TrimLeft(s, "0123456789.")
	n, ok := number(s[:len(s)-len(unit)])
	if !ok {
		return 0, false
	}
	switch unit {
	case "h":
		n *= 3600
	case "m":
		n *= 60
	case "s", "":
	case "ms":
		n /= 1000
	case "f":
		n /= c.frameRate
	case "t":
		n /= c.tickRate
	default:
		return 0, false
	}
	return seconds(n)
}

// clockTime reads hours, minutes, seconds and frames.
func (c clock) clockTime(parts []string) (time.Duration, bool) {
	if len(parts) == 2 {
		parts = append([]string{"0"}, parts...)
	}
	if len(parts) != 3 && len(parts) != 4 {
		return 0, false
	}
	var n [4]float64
	for i, part := range parts {
		frames, sub, isSub := strings.Cut(part, ".")
		if i < 2 && isSub {
			return 0, false
		}
		if i == 3 && isSub {
			count, ok := number(sub)
			if !ok {
				return 0, false
			}
			n[i], part = count/c.subFrames, frames
		}
		v, ok := number(part)
		if !ok {
			return 0, false
		}
		n[i] += v
	}
	total := n[0]*3600 + n[1]*60 + n[2]
	if c.drop {
		minutes := math.Floor(total / 60)
		dropped := 2 * (minutes - math.Floor(minutes/10))
		return seconds((total*float64(c.nominal) + n[3] - dropped) / c.frameRate)
	}
	return seconds(total + n[3]/c.frameRate)
}

// number reads a number without sign and exponent.
func number(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// seconds bounds times to what can be counted with: 100 years.
func seconds(n float64) (time.Duration, bool) {
	if !(n >= 0) || n > 100*365*24*3600 {
		return 0, false
	}
	whole := math.Floor(n)
	return time.Duration(whole)*time.Second + time.Duration(math.Round((n-whole)*1e9)), true
}
