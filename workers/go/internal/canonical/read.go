package canonical

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// read decides the syntax by encoding/json, which keeps neither a key that is there twice nor half a surrogate pair; the
// reader goes over what was accepted, so that it may take the syntax for granted.
func read(text string) (any, error) {
	if !utf8.ValidString(text) {
		return nil, problem(InvalidJSON, "This is not valid JSON: it is not UTF-8.")
	}
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, problem(InvalidJSON, "This is not valid JSON: "+err.Error()+".")
	}
	r := &reader{text: text}
	return r.value("")
}

type reader struct {
	text  string
	at    int
	depth int
}

// value reads the one that begins at or after the place; path leads to it, as a JSON Pointer.
func (r *reader) value(path string) (any, error) {
	r.space()
	switch char := r.text[r.at]; char {
	case '{':
		return r.object(path)
	case '[':
		return r.array(path)
	case '"':
		return r.string("The string", path)
	case 't':
		r.at += len("true")
		return true, nil
	case 'f':
		r.at += len("false")
		return false, nil
	case 'n':
		r.at += len("null")
		return nil, nil
	default:
		return r.number(path)
	}
}

func (r *reader) object(path string) (any, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	members := map[string]any{}
	for !r.closes('}') {
		key, err := r.string("A key", path)
		if err != nil {
			return nil, err
		}
		if _, known := members[key]; known {
			words := fmt.Sprintf("The key %s%s is there twice. Write each key once.", strconv.Quote(shortened(key)), place(path))
			return nil, problem(DuplicateKey, words)
		}
		r.space()
		r.at++ // The colon.
		if members[key], err = r.value(path + "/" + key); err != nil {
			return nil, err
		}
	}
	r.depth--
	return members, nil
}

func (r *reader) array(path string) (any, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	items := []any{}
	for !r.closes(']') {
		item, err := r.value(path + "/" + strconv.Itoa(len(items)))
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	r.depth--
	return items, nil
}

func (r *reader) enter() error {
	if r.depth == MaxDepth {
		return problem(TooDeep, fmt.Sprintf("The value nests more than %d levels deep. Send it flatter.", MaxDepth))
	}
	r.depth++
	r.at++
	return nil
}

// closes goes over a comma, or over the end.
func (r *reader) closes(end byte) bool {
	r.space()
	if r.text[r.at] == ',' {
		r.at++
		r.space()
	}
	if r.text[r.at] != end {
		return false
	}
	r.at++
	return true
}

func (r *reader) string(what, path string) (string, error) {
	var read []byte
	for r.at++; r.text[r.at] != '"'; {
		if r.text[r.at] != '\\' {
			read = append(read, r.text[r.at])
			r.at++
			continue
		}
		escape := r.text[r.at+1]
		r.at += 2
		if escape != 'u' {
			read = append(read, escapes[escape])
			continue
		}
		char := r.unit()
		if utf16.IsSurrogate(char) {
			second := rune(-1)
			if len(r.text) > r.at+6 && r.text[r.at:r.at+2] == `\u` {
				r.at += 2
				second = r.unit()
			}
			if char = utf16.DecodeRune(char, second); char == utf8.RuneError {
				words := what + place(path) + " has half of a surrogate pair, which is no character. Leave it out."
				return "", problem(LoneSurrogate, words)
			}
		}
		read = utf8.AppendRune(read, char)
	}
	r.at++
	if bytes.IndexByte(read, 0) >= 0 {
		words := what + place(path) + " has the character U+0000, which is not allowed. Leave it out."
		return "", problem(NULCharacter, words)
	}
	return string(read), nil
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unit reads four hexadecimal digits.
func (r *reader) unit() rune {
	unit, err := strconv.ParseUint(r.text[r.at:r.at+4], 16, 16)
	if err != nil {
		panic("canonical: the syntax was accepted and is wrong: " + err.Error())
	}
	r.at += 4
	return rune(unit)
}

func (r *reader) number(path string) (any, error) {
	start := r.at
	for r.at < len(r.text) && bytes.IndexByte([]byte("0123456789+-.eE"), r.text[r.at]) >= 0 {
		r.at++
	}
	written := r.text[start:r.at]
	number, ok := exact(written)
	if !ok {
		words := fmt.Sprintf("The number %s%s cannot be kept exactly.", shortened(written), place(path))
		return nil, problem(NumberNotExact, words+" Write it as a string: the same digits between double quotes.")
	}
	return number, nil
}

func (r *reader) space() {
	for r.at < len(r.text) && bytes.IndexByte([]byte(" \t\r\n"), r.text[r.at]) >= 0 {
		r.at++
	}
}

func place(path string) string {
	if path == "" {
		return ""
	}
	return " at " + shortened(path)
}

func shortened(text string) string {
	if chars := []rune(text); len(chars) > 80 {
		return string(chars[:77]) + "..."
	}
	return text
}
