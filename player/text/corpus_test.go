package text

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/platform/platformtest"
)

// corpus reads files.
func corpus(t testing.TB, pattern string) [][]byte {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %d files", pattern, err, len(files))
	}
	var all [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// shared returns a file of the corpus beside the repository, which tests do
// without where it is missing.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(platformtest.Shared(t, "corpus/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mdat returns what the first mdat box of a file holds.
func mdat(t *testing.T, file []byte) []byte {
	t.Helper()
	for len(file) >= 8 {
		size := int(binary.BigEndian.Uint32(file))
		if size < 8 || size > len(file) {
			break
		}
		if string(file[4:8]) == "mdat" {
			return file[8:size]
		}
		file = file[size:]
	}
	t.Fatal("no mdat box")
	return nil
}

// Twins of these are styles.ttml and TestWebVTTInMP4.
func TestFilesOfOthers(t *testing.T) {
	t.Run("stpp", func(t *testing.T) {
		cues, _, err := decode(mdat(t, shared(t, "mp4ff/subslister/stpp_combined.mp4")), "", 0)
		if err != nil || len(cues) == 0 {
			t.Fatalf("%d cues, error %v", len(cues), err)
		}
		if c := cues[0]; !strings.Contains(c.Text, "Pourquoi") || c.Begin != ms(2520) || c.Region == nil || c.Region.X != 0.1 ||
			c.Runs[0].Style.Background.A != 255 {
			t.Errorf("%s", list(cues, err))
		}
	})
	t.Run("wvtt", func(t *testing.T) {
		data := mdat(t, shared(t, "mp4ff/subslister/multi_vttc.mp4"))
		cues, _, err := decode(data, "", time.Second)
		if err != nil || len(cues) != 2 || cues[0].Text != `dans "mulot". Bravo, Agathe !` || cues[0].Region == nil {
			t.Errorf("%s", list(cues, err))
		}
	})
	t.Run("ismt", func(t *testing.T) {
		file := shared(t, "mp4ff/subslister/sample_short.ismt")
		if !bytes.Contains(file, []byte("<tt")) {
			t.Skip("the file holds no document")
		}
		cues, _, err := decode(file[bytes.Index(file, []byte("<tt")):], "", 0)
		if err != nil {
			t.Errorf("%s", list(cues, err))
		}
	})
}
