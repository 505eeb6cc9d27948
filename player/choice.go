package player

import (
	"strings"

	"smoothplay/player/language"
)

// AudioChoice is one audio stream that can be selected.
type AudioChoice struct {
	Name, Language string
	Role           string // "description", say; "": the main one
}

// TextChoice is one text stream that can be selected.
type TextChoice struct {
	Name, Language string
	Role           string // "caption", "subtitle", "description"; "": not said
}

// FindAudio is the index into s.Audio of the stream that fits best what is wanted:
// a language (a tag of BCP 47 or a code of ISO 639), a name, a role, or a language
// and a role as in "en:description"; -1: none does.
func (s *Status) FindAudio(want string) int { return bestFit(s.Audio, want) }

// FindText is FindAudio for s.Text.
func (s *Status) FindText(want string) int { return bestFit(s.Text, want) }

// choice is what is known of a stream that can be selected.
type choice interface{ AudioChoice | TextChoice }

// bestFit is the index of what fits best, the first of several; -1: nothing does.
func bestFit[C choice](list []C, want string) int {
	best, most := -1, 0
	for i, c := range list {
		if fit := fitOf(TextChoice(c), want); fit > most {
			best, most = i, fit
		}
	}
	return best
}

// firstFit is bestFit of the first of several wishes that something fits.
func firstFit[C choice](list []C, wanted []string) int {
	for _, want := range wanted {
		if i := bestFit(list, want); i >= 0 {
			return i
		}
	}
	return -1
}

// fitOf is how well c is what is wanted; 0: not at all. Descriptions are for those
// who ask for them.
func fitOf(c TextChoice, want string) int {
	want = strings.TrimSpace(want)
	if want == "" {
		return 0
	}
	if strings.EqualFold(want, c.Name) {
		return 100
	}
	tag, role, both := strings.Cut(want, ":")
	if both && !strings.EqualFold(role, c.Role) {
		return 0
	}
	fit := 2 * int(language.Match(tag, c.Language))
	switch {
	case fit == 0 && !both && strings.EqualFold(want, c.Role):
		return 1
	case fit > 0 && !both && c.Role == "description":
		return fit - 1
	}
	return fit
}

// wish is what finds c again, in this presentation or in another.
func (c TextChoice) wish() []string {
	wishes := []string{c.Name}
	if c.Language != "" {
		wishes = append(wishes, c.Language+":"+c.Role, c.Language)
	}
	return wishes
}
