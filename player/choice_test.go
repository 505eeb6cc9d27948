package player

import "testing"

func TestFind(t *testing.T) {
	s := Status{
		Audio: []AudioChoice{
			{"main", "eng", ""}, {"told", "en", "description"}, {"dub", "deu", ""}, {"american", "en-US", ""}, {"plain", "", ""},
		},
		Text: []TextChoice{
			{"full", "en", "caption"}, {"foreign", "en", "subtitle"}, {"arabic", "ara", "subtitle"}, {"brazil", "pt-BR", "caption"},
		},
	}
	for _, c := range []struct {
		want        string
		audio, text int
	}{
		{"en", 0, 0}, {"eng", 0, 0}, {"en-US", 3, 0}, {"en-GB", 0, 0}, {"en_us", 3, 0},
		{"en:description", 1, -1}, {"en:subtitle", -1, 1}, {"en:caption", -1, 0}, {"description", 1, -1}, {"subtitle", -1, 1},
		{"de", 2, -1}, {"ger", 2, -1}, {"ar", -1, 2}, {"ar:subtitle", -1, 2}, {"pt", -1, 3}, {"pt-PT", -1, 3},
		{"DUB", 2, -1}, {"told", 1, -1}, {"Foreign", -1, 1}, {"fr", -1, -1}, {"", -1, -1}, {":", -1, -1}, {"und", -1, -1},
	} {
		if audio, text := s.FindAudio(c.want), s.FindText(c.want); audio != c.audio || text != c.text {
			t.Errorf("%q: audio %d and text %d, not %d and %d", c.want, audio, text, c.audio, c.text)
		}
	}
	// What was chosen is found again where streams have other names.
	if i := firstFit(s.Text, TextChoice{"sous", "eng", "subtitle"}.wish()); i != 1 {
		t.Errorf("English subtitles are number %d", i)
	}
	if i := firstFit(s.Text, TextChoice{"sous", "por", "subtitle"}.wish()); i != 3 {
		t.Errorf("in place of Portuguese subtitles number %d", i)
	}
}
