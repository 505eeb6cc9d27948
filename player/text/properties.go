package text

import (
	"slices"
	"strings"
)

// A property is a style attribute of TTML that is understood.
type property uint8

const (
	color property = iota
	backgroundColor
	fontFamily
	fontSize
	fontWeight
	fontStyle
	textDecoration
	textAlign
	textOutline
	lineHeight
	wrapOption
	direction
	unicodeBidi
	visibility
	display
	opacity
	displayAlign
	origin
	extent
	padding
	showBackground
	zIndex
	ruby
	backgroundImage
	propertyCount
)

var propertyNames = [propertyCount]string{
	"color", "backgroundColor", "fontFamily", "fontSize", "fontWeight", "fontStyle", "textDecoration", "textAlign",
	"textOutline", "lineHeight", "wrapOption", "direction", "unicodeBidi", "visibility", "display", "opacity",
	"displayAlign", "origin", "extent", "padding", "showBackground", "zIndex", "ruby", "backgroundImage",
}

// properties are the values that an element states, directly or by reference; ""
// where it states none.
type properties [propertyCount]string

// maxReferences bounds the styles that an element refers to.
const maxReferences = 16

// specify returns what e states: the styles it refers to, the later ones before
// the earlier, then those inside it, then its own attributes, TTML1 8.4.2.
func (d *document) specify(e *element) *properties {
	if e.specified != nil {
		return e.specified
	}
	var p properties
	if e.resolving {
		return &p // styles that refer to each other in a circle
	}
	e.resolving = true
	for i, id := range strings.Fields(e.attr("style")) {
		if style := d.styles[id]; style != nil && i < maxReferences {
			p.over(d.specify(style))
		}
	}
	for _, child := range e.children {
		if child.name == "style" && e.name != "styling" {
			p.over(d.specify(child))
		}
	}
	p.own(e)
	e.resolving = false
	if e.name == "style" || e.name == "region" {
		e.specified = &p
	}
	return &p
}

// own takes the attributes of e.
func (p *properties) own(e *element) {
	for i := range e.attrs {
		if n := slices.Index(propertyNames[:], e.attrs[i].Name.Local); n >= 0 {
			if value := strings.TrimSpace(e.attrs[i].Value); value != "inherit" {
				p[n] = value
			}
		}
	}
}

// over takes what another states.
func (p *properties) over(other *properties) {
	for i, value := range other {
		if value != "" {
			p[i] = value
		}
	}
}

// specifyAt returns what e states at t, with the set elements in it that are
// active then, TTML1 11.1.1.
func (d *document) specifyAt(e *element, t span) *properties {
	p := d.specify(e)
	d.visits += len(e.children)
	copied := false
	for _, child := range e.children {
		if child.name == "set" && child.active(t) {
			if !copied {
				own := *p
				p, copied = &own, true
			}
			p.own(child)
		}
	}
	return p
}
