package text

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"smoothplay/platform"
)

// maxDocument bounds a sample, in bytes. Captions of an hour take 200 KiB, and
// pictures of text at most a few MiB.
const maxDocument = 8 << 20

// decode reads one sample. relative: the times of the cues are those of a
// document, which counts from the start of the fragment or of the presentation;
// else they count from the start of the sample.
func decode(data []byte, codec platform.Codec, duration time.Duration) (cues []platform.Cue, relative bool, err error) {
	if len(data) > maxDocument {
		return nil, false, ErrTooLarge
	}
	if isBoxes(data) {
		cues, err = readBoxes(data, duration)
		return cues, false, err
	}
	data = toUTF8(data)
	switch body := bytes.TrimLeft(data, " \t\r\n"); {
	case len(body) == 0:
		return nil, false, nil
	case body[0] == '<':
		cues, err = readTTML(body)
		return cues, true, err
	case bytes.HasPrefix(body, []byte("WEBVTT")):
		cues, err = readWebVTT(string(body))
		return cues, true, err
	case codec == "" && utf8.Valid(body) && bytes.IndexByte(body, 0) < 0:
		text := strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n"))
		return []platform.Cue{{End: Forever, Text: text}}, false, nil
	}
	return nil, false, ErrUnknown
}

// toUTF8 returns text without its byte order mark, and text in UTF-16, which
// Microsoft's tools write, in UTF-8.
func toUTF8(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("<\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")), bytes.HasPrefix(data, []byte("\x00<")):
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	if units[0] == 0xfeff {
		units = units[1:]
	}
	return []byte(string(utf16.Decode(units)))
}
