package language

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		want, have string
		fit        Fit
	}{
		{"de", "de", Exact}, {"de", "deu", Exact}, {"de", "ger", Exact}, {"ger", "deu", Exact}, {"DE", "Deu", Exact},
		{"en-US", "eng-us", Exact}, {"en_US", "en-US", Exact}, {"zh-Hant-TW", "zho-hant-tw", Exact}, {"xyz", "xyz", Exact},
		{"iw", "heb", Exact}, {"zh", "chi", Exact}, {"fa", "per", Exact},
		{"deu", "de-AT", Near}, {"zh-Hant", "zh-Hant-HK", Near},
		{"DE-de", "Ger", Broad}, {"zh-Hant-TW", "zh-Hant", Broad},
		{"en-US", "en-GB", Other}, {"zh-Hant", "zh-Hans", Other}, {"zh-Han", "zh-Hans", Other},
		{"de", "en", None}, {"", "", None}, {"", "en", None}, {"de", "", None}, {"und", "und", None}, {"nor", "nob", None},
		{"e1", "e1", None}, {"english", "eng", None},
	} {
		if got := Match(c.want, c.have); got != c.fit {
			t.Errorf("want %q, have %q: %d, not %d", c.want, c.have, got, c.fit)
		}
	}
}

// Every code of two letters is the one of three letters that it stands for.
func TestCodes(t *testing.T) {
	pairs := strings.Fields(languages)
	if len(pairs) < 180 {
		t.Errorf("%d languages", len(pairs))
	}
	for _, pair := range pairs {
		two, three, _ := strings.Cut(pair, ":")
		if Match(two, three) != Exact || ThreeLetters(two) != three {
			t.Errorf("%s is not %s", two, three)
		}
	}
	for _, pair := range strings.Fields(bibliographic) {
		old, three, _ := strings.Cut(pair, ">")
		if Match(old, three) != Exact || !strings.Contains(languages, ":"+three+" ") {
			t.Errorf("%s is not %s, or that has no two letters", old, three)
		}
	}
}
