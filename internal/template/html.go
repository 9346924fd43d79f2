package template

import "strings"

// place is where in a page a value stands.
type place int

const (
	nowhere     place = iota // not in a page
	inText                   // between tags
	inAttribute              // in a quoted attribute
	inURL                    // inside a URL, behind its beginning
	atURL                    // a URL as a whole: only one that AskPro made
)

// htmlState follows the literal parts of a page, so far as to know what a value may do where it stands. It need not
// understand what browsers forgive: where it is not sure, values are refused on save.
type htmlState struct {
	state     state
	name      string // of the tag, lower case
	attribute string // lower case
	value     bool   // something stands in the attribute already
	raw       string // inside script, style and the like: the tag that ends it
	tail      string // of a comment or raw text: the last bytes, to find its end
}

type state int

const (
	stText state = iota
	stOpen       // behind <
	stTag        // inside a tag, between attributes
	stAttribute
	stEquals // behind =
	stDouble
	stSingle
	stBare
	stComment
	stRaw
)

func (h *htmlState) feed(s string) {
	for i := range len(s) {
		h.step(s[i])
	}
}

func (h *htmlState) step(c byte) {
	white := c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
	switch h.state {
	case stText:
		if c == '<' {
			h.state, h.name = stOpen, ""
		}
	case stOpen:
		switch {
		case white || c == '/' && h.name != "":
			h.state, h.attribute = stTag, ""
			if h.name == "" {
				h.state = stText // "a < b" is text
			}
		case c == '>':
			h.end()
		default:
			if h.name += lower(c); h.name == "!--" {
				h.state, h.tail = stComment, ""
			}
		}
	case stTag:
		switch {
		case c == '>':
			h.end()
		case c == '=' && h.attribute != "": // href = "…"
			h.state, h.value = stEquals, false
		case !white && c != '/':
			h.state, h.attribute = stAttribute, lower(c)
		}
	case stAttribute:
		switch {
		case c == '=':
			h.state, h.value = stEquals, false
		case c == '>':
			h.end()
		case white || c == '/':
			h.state = stTag
		default:
			h.attribute += lower(c)
		}
	case stEquals:
		switch {
		case c == '"':
			h.state = stDouble
		case c == '\'':
			h.state = stSingle
		case c == '>':
			h.end()
		case !white:
			h.state = stBare
		}
	case stDouble, stSingle:
		if c == '"' && h.state == stDouble || c == '\'' && h.state == stSingle {
			h.state, h.attribute = stTag, ""
			return
		}
		h.value = true
	case stBare:
		switch {
		case white:
			h.state, h.attribute = stTag, ""
		case c == '>':
			h.end()
		}
	case stComment:
		if h.remember(c, 3); h.tail == "-->" {
			h.state = stText
		}
	case stRaw:
		if h.remember(c, len(h.raw)+3); strings.HasPrefix(h.tail, "</"+h.raw) && (c == '>' || white || c == '/') && len(h.tail) == len(h.raw)+3 {
			h.state, h.name, h.attribute = stTag, "/"+h.raw, ""
			if c == '>' {
				h.state = stText
			}
		}
	}
}

func (h *htmlState) remember(c byte, n int) {
	h.tail += lower(c)
	h.tail = h.tail[max(0, len(h.tail)-n):]
}

func lower(c byte) string { return strings.ToLower(string(rune(c))) }

// end of a tag.
func (h *htmlState) end() {
	h.state = stText
	switch h.name {
	case "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext", "template", "svg", "math":
		h.state, h.raw, h.tail = stRaw, h.name, ""
	}
}

// blockPlace judges where a block begins, turns or ends: only between tags, so that every branch leaves the page alike.
func (p *parser) blockPlace(at int) {
	if p.mode == HTML && p.html.state != stText {
		p.refuse(at, UnsafePlace, "")
	}
}

// valuePlace judges where an expression stands.
func (p *parser) valuePlace(e *expression) place {
	if (p.mode != JSON && p.mode != Slack) && (e.result == Segments || e.result == Fields) {
		p.refuse(e.at, WrongKind, e.path)
	}
	if p.mode != HTML {
		return nowhere
	}
	h := &p.html
	behind := h.value
	switch h.state {
	case stText:
		return inText
	case stDouble, stSingle:
		h.value = true
	}
	switch {
	case h.state != stDouble && h.state != stSingle, strings.HasPrefix(h.attribute, "on"), h.attribute == "style", h.attribute == "srcdoc", h.attribute == "srcset":
	case !urlAttribute(h.attribute):
		return inAttribute
	case behind:
		return inURL
	case e.result == Link && len(e.filters) == 0:
		return atURL
	}
	p.refuse(e.at, UnsafePlace, e.path)
	return nowhere
}

func urlAttribute(name string) bool {
	switch name {
	case "href", "src", "action", "formaction", "background", "poster", "cite", "data", "xlink:href", "longdesc", "usemap", "manifest", "ping":
		return true
	}
	return false
}
