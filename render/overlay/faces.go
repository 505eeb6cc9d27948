package overlay

import (
	"strings"
	"unicode"

	"github.com/go-text/typesetting/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"

	"smoothplay/platform"
)

// faces chooses the font of each character: the built-in one, else one of the
// device. Not safe for concurrent use.
type faces struct {
	fonts    *Fonts
	built    [2]*font.Face // medium, bold
	others   map[*font.Font]*font.Face
	families map[string]string // by what authors name
	weights  map[*font.Font]font.Weight
}

// builtIn returns the font that the program brings along.
func (f *faces) builtIn(bold bool) *font.Face {
	index, data := 0, gomedium.TTF
	if bold {
		index, data = 1, gobold.TTF
	}
	if f.built[index] == nil {
		made, err := parseFont(data)
		if err != nil {
			panic("the built-in font is broken: " + err.Error())
		}
		f.built[index] = font.NewFace(made)
	}
	return f.built[index]
}

// choose returns the font for r in a style. previous is that of the character
// before, which goes on where r is no letter: a space must not split a word of
// the other.
func (f *faces) choose(r rune, style *platform.CueStyle, wanted string, previous *font.Face) *font.Face {
	if previous != nil && joins(r) {
		if _, ok := previous.NominalGlyph(r); ok || invisible(r) {
			return previous
		}
	}
	built := f.builtIn(style.Bold)
	if family := f.family(style.Family, wanted); family != "" {
		if found := f.other(fontWish{r, style.Bold, family}); found != nil {
			return found
		}
	}
	if _, ok := built.NominalGlyph(r); ok || invisible(r) {
		return built
	}
	if found := f.other(fontWish{char: r, bold: style.Bold}); found != nil {
		return found
	}
	return built
}

// joins tells characters that take the font of the one before them.
func joins(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.So, r)
}

// invisible are characters that need no glyph.
func invisible(r rune) bool {
	return r < ' ' || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

// other returns a font of the device.
func (f *faces) other(w fontWish) *font.Face {
	if f.fonts == nil {
		f.fonts = &Fonts{}
	}
	found := f.fonts.find(w)
	if found == nil {
		return nil
	}
	face := f.others[found]
	if face == nil {
		if f.others == nil {
			f.others = make(map[*font.Font]*font.Face)
		}
		face = font.NewFace(found)
		f.others[found] = face
	}
	return face
}

// weight is how thick the strokes of a font are.
func (f *faces) weight(face *font.Face) font.Weight {
	w, ok := f.weights[face.Font]
	if !ok {
		if f.weights == nil {
			f.weights = make(map[*font.Font]font.Weight)
		}
		w = face.Font.Describe().Aspect.Weight
		f.weights[face.Font] = w
	}
	return w
}

// family returns the plain name of the family to look for, "" for the built-in
// one. What a user wants is taken by name; of what authors name only the generic
// families count, so that captions look alike on every device.
func (f *faces) family(authored, wanted string) string {
	if wanted != "" {
		return plainName(wanted)
	}
	if authored == "" {
		return ""
	}
	name, ok := f.families[authored]
	if !ok {
		lower := strings.ToLower(authored)
		switch {
		case strings.Contains(lower, "mono") || strings.Contains(lower, "courier"):
			name = "mono"
		case strings.Contains(lower, "serif") && !strings.Contains(lower, "sans"):
			name = "serif"
		}
		if f.families == nil || len(f.families) > 64 {
			f.families = make(map[string]string)
		}
		f.families[authored] = name
	}
	return name
}

// substitute replaces signs that captions use often by ones that every font has,
// where no font of the device has them: teletext writes music so.
func (f *faces) substitute(r rune, face *font.Face) rune {
	if _, ok := face.NominalGlyph(r); ok {
		return r
	}
	switch r {
	case '♩', '♪', '♫', '♬':
		return '#'
	case '’', '‘':
		return '\''
	case '“', '”':
		return '"'
	case '…', '‥':
		return '.'
	case '\u00a0', '\u2009', '\u202f':
		return ' '
	}
	return r
}
