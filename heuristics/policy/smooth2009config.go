package policy

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// SmoothConfig holds the knobs of Smooth2009, under the names that they have in
// Microsoft's SmoothStreamingConfig.xml. A field that is 0 has its default; the
// marks of the buffer then shrink in proportion where less than 20 s are
// gathered.
type SmoothConfig struct {
	// The marks of the buffer. Below PanicBufferFullness (7 s) the lowest level is
	// fetched; below LowerBufferFullness (12 s) the next lower one; above
	// UpperBufferFullness (17 s) the next higher one is tried. At MaxBufferSize
	// (20 s) nothing is fetched.
	PanicBufferFullness, LowerBufferFullness, UpperBufferFullness, MaxBufferSize time.Duration
	// TryImprovingBitRatePeriod (5 s) is how much must be fetched between two
	// attempts to raise the level.
	TryImprovingBitRatePeriod time.Duration
	// CacheBandwidthFactor (5) is how many times as quick as the first two
	// transfers one must be to be taken for that of a cache.
	CacheBandwidthFactor float64
	// MinBitRate and MaxBitRate are the levels it may choose, in bits per second.
	MinBitRate, MaxBitRate int64
}

// The defaults, for a MaxBufferSize of 20 s.
const (
	smoothPanic  = 7 * time.Second
	smoothLower  = 12 * time.Second
	smoothUpper  = 17 * time.Second
	smoothMax    = 20 * time.Second
	smoothPeriod = 5 * time.Second
	smoothCache  = 5
)

// scaled returns the knobs for a session that gathers goal.
func (c SmoothConfig) scaled(goal time.Duration) SmoothConfig {
	share := 1.0
	if goal > 0 && goal < smoothMax {
		share = float64(goal) / float64(smoothMax)
	}
	set := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = scale(def, share)
		}
	}
	set(&c.PanicBufferFullness, smoothPanic)
	set(&c.LowerBufferFullness, smoothLower)
	set(&c.UpperBufferFullness, smoothUpper)
	set(&c.MaxBufferSize, smoothMax)
	if c.TryImprovingBitRatePeriod == 0 {
		c.TryImprovingBitRatePeriod = smoothPeriod
	}
	return c
}

func (c SmoothConfig) cacheFactor() float64 {
	if c.CacheBandwidthFactor == 0 {
		return smoothCache
	}
	return c.CacheBandwidthFactor
}

// ErrSmoothConfig marks a file that is no usable SmoothStreamingConfig.xml.
var ErrSmoothConfig = errors.New("not a usable SmoothStreamingConfig.xml")

const (
	maxSmoothConfig = 64 << 10 // bytes
	longestSmooth   = 3600     // seconds
)

// ReadSmoothConfig reads a SmoothStreamingConfig.xml: the file by which
// Microsoft's client was tuned. Wherever in it an element has the name of a knob,
// in whatever case, its value is the first of its attributes that is a number
// (<PanicBufferFullness value="7"/>), or its text; times are seconds, rates bits
// per second. Everything else in the file is passed over, for there were settings
// of much else. At most 64 KiB are read, as UTF-8 or UTF-16. Errors are
// ErrSmoothConfig or of r.
func ReadSmoothConfig(r io.Reader) (SmoothConfig, error) {
	c, err := readSmoothConfig(r)
	if err != nil {
		return SmoothConfig{}, fmt.Errorf("read the settings of %s: %w", Smooth2009, err)
	}
	return c, nil
}

func readSmoothConfig(r io.Reader) (c SmoothConfig, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSmoothConfig+1))
	if err != nil {
		return c, err
	}
	if len(text) > maxSmoothConfig {
		return c, fmt.Errorf("%w: more than %d KiB", ErrSmoothConfig, maxSmoothConfig>>10)
	}
	d := xml.NewDecoder(bytes.NewReader(asUTF8(text)))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	known, open := 0, "" // open is the knob whose text is to come
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return c, fmt.Errorf("%w: %w", ErrSmoothConfig, err)
		}
		value := ""
		switch token := token.(type) {
		case xml.StartElement:
			open = token.Name.Local
			for _, a := range token.Attr {
				if _, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64); err == nil {
					value = a.Value
					break
				}
			}
		case xml.CharData:
			value = string(token)
		case xml.EndElement:
			open = ""
		}
		if value = strings.TrimSpace(value); value == "" || open == "" {
			continue
		}
		set, err := c.set(open, value)
		if err != nil {
			line, _ := d.InputPos()
			return c, fmt.Errorf("%w: line %d: %s: %w", ErrSmoothConfig, line, open, err)
		}
		if set {
			known++
			open = "" // the attribute wins over the text
		}
	}
	if known == 0 {
		return c, fmt.Errorf("%w: it has no setting of the network heuristics, such as <PanicBufferFullness>7</PanicBufferFullness>", ErrSmoothConfig)
	}
	return c, c.check()
}

// set sets the knob of a name; not ok where there is none.
func (c *SmoothConfig) set(name, value string) (ok bool, err error) {
	var span *time.Duration
	var rate *int64
	switch strings.ToLower(name) {
	case "panicbufferfullness":
		span = &c.PanicBufferFullness
	case "lowerbufferfullness":
		span = &c.LowerBufferFullness
	case "upperbufferfullness":
		span = &c.UpperBufferFullness
	case "maxbuffersize":
		span = &c.MaxBufferSize
	case "tryimprovingbitrateperiod":
		span = &c.TryImprovingBitRatePeriod
	case "minbitrate":
		rate = &c.MinBitRate
	case "maxbitrate":
		rate = &c.MaxBitRate
	case "cachebandwidthfactor":
	default:
		return false, nil
	}
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || !(n >= 0) || math.IsInf(n, 0):
		return true, fmt.Errorf("%.20q is no number from 0 up", value)
	case span != nil && n > longestSmooth:
		return true, fmt.Errorf("%v seconds are more than an hour", n)
	case span != nil:
		*span = time.Duration(math.Round(n * 1e9))
	case rate != nil:
		// Its default was the largest number there is.
		*rate = int64(min(n, 1e15))
	default:
		c.CacheBandwidthFactor = n
	}
	return true, nil
}

// check tells what contradicts itself, defaults included.
func (c SmoothConfig) check() error {
	k := c.scaled(0)
	switch {
	case !(k.PanicBufferFullness < k.LowerBufferFullness && k.LowerBufferFullness < k.UpperBufferFullness):
		return fmt.Errorf("%w: PanicBufferFullness (%v), LowerBufferFullness (%v) and UpperBufferFullness (%v) must ascend",
			ErrSmoothConfig, k.PanicBufferFullness, k.LowerBufferFullness, k.UpperBufferFullness)
	case k.UpperBufferFullness > k.MaxBufferSize:
		return fmt.Errorf("%w: UpperBufferFullness (%v) is above MaxBufferSize (%v)", ErrSmoothConfig, k.UpperBufferFullness, k.MaxBufferSize)
	case c.MaxBitRate > 0 && c.MinBitRate > c.MaxBitRate:
		return fmt.Errorf("%w: MinBitRate (%d) is above MaxBitRate (%d)", ErrSmoothConfig, c.MinBitRate, c.MaxBitRate)
	}
	return nil
}

// asUTF8 turns UTF-16 with a byte order mark into UTF-8.
func asUTF8(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	var units []uint16
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, order.Uint16(text[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}
