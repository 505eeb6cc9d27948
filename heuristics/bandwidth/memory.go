package bandwidth

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	// An estimate is trusted as if it were of now for fresh; then it becomes less
	// certain, by the logarithm of its age, until it is forgotten.
	fresh  = 10 * time.Minute
	forget = 24 * time.Hour
	// ahead is how far in the future an estimate may lie: clocks are set.
	ahead = time.Minute

	maxLinks  = 32
	maxMemory = 16 << 10 // bytes, encoded
	maxBPS    = 1e12
	maxTTFB   = 10 * time.Second
	keyLength = 16 // hexadecimal digits
)

// ErrMemory marks an encoded Memory that cannot be read.
var ErrMemory = errors.New("not a memory of links")

// Memory is what sessions have learned of links, by the name of the network, for
// the sessions after them. The zero Memory is empty. It holds the 32 networks
// learned last, none for longer than a day, and of their names only a hash.
type Memory struct {
	links []link // the one learned last first
}

type link struct {
	Key   string        `json:"key"` // of the network
	BPS   int64         `json:"bandwidth_bps"`
	Error float64       `json:"error"`
	TTFB  time.Duration `json:"ttfb_ns"`
	At    int64         `json:"at_s"` // Unix time
}

func keyOf(network string) string {
	hash := sha256.Sum256([]byte(network))
	return hex.EncodeToString(hash[:keyLength/2])
}

// Learn remembers what a network's link was like at an instant. An estimate that
// knows nothing is not learned.
func (m *Memory) Learn(network string, e Estimate, at time.Time) {
	l := link{keyOf(network), e.BPS, e.Error, min(e.TTFB, maxTTFB), at.Unix()}
	if !l.valid() {
		return
	}
	m.links = slices.DeleteFunc(m.links, func(o link) bool { return o.Key == l.Key })
	m.links = slices.Insert(m.links, 0, l)
	m.links = m.links[:min(len(m.links), maxLinks)]
}

// Recall is what a network's link is to be expected to be like: what was learned
// of it within the last ten minutes as it was, less certain up to a day after,
// then nothing.
func (m *Memory) Recall(network string, now time.Time) Estimate {
	key := keyOf(network)
	for _, l := range m.links {
		if l.Key != key {
			continue
		}
		age := now.Sub(time.Unix(l.At, 0))
		if age < -ahead || age > forget {
			return Estimate{}
		}
		e := Estimate{BPS: l.BPS, Error: l.Error, TTFB: l.TTFB}
		if age > fresh {
			e.Error += (1 - e.Error) * math.Log(float64(age)/float64(fresh)) / math.Log(float64(forget)/float64(fresh))
		}
		return e
	}
	return Estimate{}
}

// memoryFile is the encoded form.
type memoryFile struct {
	Links []link `json:"links"`
}

// Encode returns m as JSON, for DecodeMemory.
func (m *Memory) Encode() []byte {
	text, err := json.Marshal(memoryFile{m.links})
	if err != nil { // a valid link has a form
		return nil
	}
	return text
}

// DecodeMemory reads what Encode wrote. What is out of range is left out; an
// ErrMemory says that nothing of it can be read.
func DecodeMemory(text []byte) (Memory, error) {
	var m Memory
	if len(text) > maxMemory {
		return m, fmt.Errorf("%w: more than %d KiB", ErrMemory, maxMemory>>10)
	}
	var file memoryFile
	if err := json.Unmarshal(text, &file); err != nil {
		return m, fmt.Errorf("%w: %w", ErrMemory, err)
	}
	for _, l := range file.Links {
		known := slices.ContainsFunc(m.links, func(o link) bool { return o.Key == l.Key })
		if l.valid() && !known && len(m.links) < maxLinks {
			m.links = append(m.links, l)
		}
	}
	return m, nil
}

func (l *link) valid() bool {
	_, err := hex.DecodeString(l.Key)
	return err == nil && len(l.Key) == keyLength && l.BPS > 0 && l.BPS <= maxBPS && l.Error >= 0 && l.Error <= 1 &&
		l.TTFB >= 0 && l.TTFB <= maxTTFB && l.At > 0 && l.At < 1<<40
}
