package overlay

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
)

// Fonts finds the fonts of the device for what the built-in one cannot write:
// Arabic, Hebrew, Devanagari, Chinese, Japanese and so on. The zero value looks
// where Linux and Android keep fonts, and at nothing before it is asked. It is
// safe for concurrent use, so that several Captions may share one.
type Fonts struct {
	// Dirs are folders to look in, with those below them; nil: those of the
	// system. It must not be changed after the first use.
	Dirs []string
	// Extra are fonts that the program brings along, for what those in Dirs cannot
	// write; nil: none. It must not be changed after the first use.
	Extra fs.FS

	mu     sync.Mutex
	listed bool
	files  []*fontFile
	chosen map[fontWish]*font.Font // nil: there is none
}

// Bounds of what is looked at.
const (
	maxFontFiles = 4096
	maxFontBytes = 64 << 20
	maxChosen    = 4096
)

// fontFile is a file with fonts, of which the first is used.
type fontFile struct {
	in    fs.FS // nil: path is one of the system
	path  string
	plain string // its name in small letters, without what separates words
	state struct {
		read bool
		runs font.Cmap  // the characters it writes; nil: not usable
		font *font.Font // nil: not loaded
	}
}

// fontWish is what is asked for: a character, in bold, in a family.
type fontWish struct {
	char   rune
	bold   bool
	family string // as plain in fontFile; "": any
}

// Load reads the fonts that text needs, which can take a tenth of a second where
// many are installed. Called with cues before they are due, from any goroutine,
// it keeps drawing from waiting for a disk.
func (f *Fonts) Load(text string) {
	for _, r := range text {
		if unicode.IsLetter(r) && r > 0x24f || unicode.IsSymbol(r) {
			f.find(fontWish{char: r})
		}
	}
}

// find returns a font that writes a character, or nil.
func (f *Fonts) find(w fontWish) *font.Font {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.chosen[w]; ok {
		return known
	}
	if len(f.chosen) >= maxChosen || f.chosen == nil {
		f.chosen = make(map[fontWish]*font.Font)
	}
	if !f.listed {
		f.list()
	}
	var best *fontFile
	for _, file := range f.files {
		// They are in the order of rank for text that is not bold.
		if best != nil && (!w.bold || file.rank(true) >= best.rank(true)) {
			continue
		}
		if w.family != "" && !strings.Contains(file.plain, w.family) {
			continue
		}
		if file.writes(w.char) {
			best = file
		}
		if best != nil && !w.bold {
			break
		}
	}
	var found *font.Font
	if best != nil {
		found = best.load()
	}
	f.chosen[w] = found
	return found
}

// list finds the files, the best first.
func (f *Fonts) list() {
	f.listed = true
	dirs := f.Dirs
	if dirs == nil {
		dirs = systemFolders()
	}
	for _, dir := range dirs {
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || len(f.files) >= maxFontFiles {
				return nil // what cannot be read is as if it were not there
			}
			switch strings.ToLower(filepath.Ext(path)) {
			case ".ttf", ".otf", ".ttc":
				f.files = append(f.files, &fontFile{path: path, plain: plainName(filepath.Base(path))})
			}
			return nil
		})
	}
	slices.SortStableFunc(f.files, func(a, b *fontFile) int { return a.rank(false) - b.rank(false) })
	if f.Extra == nil {
		return
	}
	_ = fs.WalkDir(f.Extra, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.EqualFold(filepath.Ext(path), ".ttf") {
			f.files = append(f.files, &fontFile{in: f.Extra, path: path, plain: plainName(entry.Name())})
		}
		return nil
	})
}

// open opens the file.
func (f *fontFile) open() (fs.File, error) {
	if f.in != nil {
		return f.in.Open(f.path)
	}
	return os.Open(f.path)
}

// systemFolders are those of fontconfig's usual configuration, and Android's.
func systemFolders() []string {
	dirs := []string{"/usr/share/fonts", "/usr/local/share/fonts", "/system/fonts"}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".fonts"), filepath.Join(home, ".local/share/fonts"))
	}
	return dirs
}

// plainName makes names comparable: "Noto Sans" is in "NotoSans-Regular.ttf".
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// rank says how well a font suits captions by its name: lower is better.
func (f *fontFile) rank(bold bool) int {
	n := 0
	for _, word := range []struct {
		name string
		cost int
	}{
		{"italic", 32}, {"oblique", 32}, {"slanted", 32}, {"mono", 8}, {"math", 16}, {"serif", 4}, {"condensed", 2},
		{"light", 4}, {"thin", 6}, {"black", 4}, {"emoji", 8},
	} {
		if strings.Contains(f.plain, word.name) {
			n += word.cost
		}
	}
	if strings.Contains(f.plain, "bold") != bold {
		n++
	}
	return n
}

// writes tells whether the font has a glyph for r.
func (f *fontFile) writes(r rune) bool {
	if !f.state.read {
		f.state.read = true
		f.state.runs = f.characters()
	}
	if f.state.runs == nil {
		return false
	}
	_, ok := f.state.runs.Lookup(r)
	return ok
}

// characters reads as little of the file as says what it can write; nil: nothing,
// or only in pictures.
func (f *fontFile) characters() font.Cmap {
	opened, err := f.open()
	if err != nil {
		return nil
	}
	defer opened.Close()
	file, ok := opened.(opentype.Resource)
	if !ok {
		return nil
	}
	if info, err := opened.Stat(); err != nil || info.Size() > maxFontBytes || !info.Mode().IsRegular() {
		return nil
	}
	loaders, err := opentype.NewLoaders(file)
	if err != nil || len(loaders) == 0 {
		return nil
	}
	outlines := false
	for _, tag := range loaders[0].Tables() {
		switch tag {
		case opentype.MustNewTag("glyf"), opentype.MustNewTag("CFF "), opentype.MustNewTag("CFF2"):
			outlines = true
		}
	}
	raw, err := loaders[0].RawTable(opentype.MustNewTag("cmap"))
	if err != nil || !outlines {
		return nil
	}
	table, _, err := tables.ParseCmap(raw)
	if err != nil {
		return nil
	}
	runs, _, err := font.ProcessCmap(table, tables.FPNone)
	if err != nil {
		return nil
	}
	return runs
}

// load reads the whole font; nil where that fails.
func (f *fontFile) load() *font.Font {
	if f.state.font == nil && f.state.runs != nil {
		data, err := f.read()
		if err == nil {
			f.state.font, err = parseFont(data)
		}
		if err != nil {
			f.state.runs = nil
		}
	}
	return f.state.font
}

// read returns the bytes of the file.
func (f *fontFile) read() ([]byte, error) {
	if f.in != nil {
		return fs.ReadFile(f.in, f.path)
	}
	return os.ReadFile(f.path)
}

// parseFont reads the first font of a file.
func parseFont(data []byte) (*font.Font, error) {
	loaders, err := opentype.NewLoaders(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return font.NewFont(loaders[0])
}
