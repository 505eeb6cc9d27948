package text

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"smoothplay/platform"
)

// isBoxes tells a sample of WebVTT in MP4, ISO/IEC 14496-30 6.6, from text.
func isBoxes(data []byte) bool {
	if len(data) < 8 || uint64(binary.BigEndian.Uint32(data)) > uint64(len(data)) {
		return false
	}
	switch string(data[4:8]) {
	case "vttc", "vtte", "vtta", "vttx":
		return true
	}
	return false
}

var errBox = errors.New("a box does not fit its place")

// readBoxes reads a sample of WebVTT in MP4: its cues are shown while it lasts.
func readBoxes(data []byte, duration time.Duration) ([]platform.Cue, error) {
	if duration <= 0 {
		duration = Forever
	}
	var cues []platform.Cue
	err := eachBox(data, func(kind string, body []byte) error {
		if kind != "vttc" {
			return nil // nothing is to be shown, or a comment
		}
		if len(cues) == maxCues {
			return ErrTooLarge
		}
		var payload string
		var words []string
		err := eachBox(body, func(kind string, body []byte) error {
			switch kind {
			case "payl":
				payload = strings.ToValidUTF8(string(body), "\uFFFD")
			case "sttg":
				words = strings.Fields(string(body))
			}
			return nil
		})
		if c := vttCue(payload, words, nil); c.Text != "" {
			c.End = duration
			cues = append(cues, c)
		}
		return err
	})
	if err != nil {
		err = fmt.Errorf("WebVTT in MP4: %w", err)
	}
	return cues, err
}

// eachBox calls do for each box of data.
func eachBox(data []byte, do func(kind string, body []byte) error) error {
	for len(data) > 0 {
		if len(data) < 8 {
			return errBox
		}
		size := uint64(binary.BigEndian.Uint32(data))
		if size < 8 || size > uint64(len(data)) {
			return errBox
		}
		if err := do(string(data[4:8]), data[8:size]); err != nil {
			return err
		}
		data = data[size:]
	}
	return nil
}
