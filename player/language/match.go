package language

import "strings"

// Fit is how well a language is what was wanted; more is better.
type Fit uint8

// The fits.
const (
	None  Fit = iota // another language, or none that is known
	Other            // the same language as elsewhere: en-GB where en-US is wanted
	Broad            // the language as such: en where en-US is wanted
	Near             // some form of the language that was wanted as such: en-US for en
	Exact
)

// Match tells how well the language have is the one wanted. Both are tags of BCP
// 47 or codes of ISO 639; "" and "und" match nothing.
func Match(want, have string) Fit {
	want, have = plain(want), plain(have)
	a, b := ThreeLetters(want), ThreeLetters(have)
	if a != b || a == Undetermined {
		return None
	}
	_, wanted, _ := strings.Cut(want, "-")
	_, had, _ := strings.Cut(have, "-")
	switch {
	case wanted == had:
		return Exact
	case wanted == "" || strings.HasPrefix(had, wanted+"-"):
		return Near
	case had == "" || strings.HasPrefix(wanted, had+"-"):
		return Broad
	}
	return Other
}

// plain is a tag in small letters, with hyphens.
func plain(tag string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"))
}
