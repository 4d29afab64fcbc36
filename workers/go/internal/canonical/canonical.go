// Package canonical is the one reading of a JSON text that a person may approve: strict in, RFC 8785 out.
//
// What a person is shown, what is hashed and what a tool gets must be one text with one meaning. So whatever two readers
// could understand differently is refused.
package canonical

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
)

// MaxDepth is how many objects and arrays may lie inside each other.
const MaxDepth = 64

// Code says why a text was refused; it is stable, unlike the words.
type Code string

const (
	InvalidJSON    Code = "INVALID_JSON"
	NotAnObject    Code = "NOT_AN_OBJECT"
	DuplicateKey   Code = "DUPLICATE_KEY"
	LoneSurrogate  Code = "LONE_SURROGATE"
	NULCharacter   Code = "NUL_CHARACTER"
	NumberNotExact Code = "NUMBER_NOT_EXACT"
	TooDeep        Code = "TOO_DEEP"
)

// Problem is why a text was refused.
type Problem struct {
	Code  Code
	Words string
}

func (p *Problem) Error() string { return p.Words }

// problem quotes the text that it refuses, and must not carry on what was refused.
func problem(code Code, words string) *Problem {
	return &Problem{code, strings.Map(func(char rune) rune {
		if unicode.IsControl(char) {
			return unicode.ReplacementChar
		}
		return char
	}, words)}
}

// JSON is a text that was read strictly.
type JSON struct {
	// Text is its RFC 8785 form.
	Text string
	// Value is what it says: nil, bool, string, json.Number, []any and map[string]any.
	Value any
}

// Parse reads any one JSON value. The error is a *Problem.
func Parse(text string) (JSON, error) {
	value, err := read(text)
	if err != nil {
		return JSON{}, err
	}
	written, err := Text(value)
	return JSON{Text: written, Value: value}, err
}

// ParseArguments does the same with the arguments of a call: one JSON object, of which a blank text is the empty one.
func ParseArguments(text string) (JSON, error) {
	if strings.Trim(text, " \t\r\n") == "" {
		text = "{}"
	}
	parsed, err := Parse(text)
	if err != nil {
		return JSON{}, err
	}
	if _, ok := parsed.Value.(map[string]any); !ok {
		return JSON{}, problem(NotAnObject, `Arguments must be one JSON object, such as {} or {"id": "a1"}.`)
	}
	return parsed, nil
}

// DigestOf is "sha256:" and the SHA-256 of the text in lowercase hexadecimal.
func DigestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}
