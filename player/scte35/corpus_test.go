package scte35

import (
	"encoding/base64"
	"os"
	"regexp"
	"testing"
	"time"

	"smoothplay/platform/platformtest"
)

// The manifest of Azure's documentation announces two breaks of a minute.
func TestCorpus(t *testing.T) {
	name := platformtest.Shared(t, "corpus/azure-docs/scte35-sparse-live.ismc.xml")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`<f>([^<]+)</f>`).FindAllSubmatch(data, -1)
	if len(found) != 2 {
		t.Fatalf("%d payloads", len(found))
	}
	for i, m := range found {
		payload, err := base64.StdEncoding.DecodeString(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Decode(payload)
		if err != nil {
			t.Fatal(err)
		}
		at := []uint64{515000000000, 516200000000}[i]
		if c.Command != "splice_insert" || c.ID != 344568691 || !c.Out || c.Break != time.Minute || c.Program != 55355 ||
			c.Avail != 1 || c.Avails != 10 || c.Signal != "4A6A94EE-62FA11E1B1CA882F4824019B" || c.StreamTime != at {
			t.Errorf("break %d: %+v", i, *c)
		}
	}
}
