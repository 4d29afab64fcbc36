package canonical

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Text is the RFC 8785 text of a value: of nil, bool, string, json.Number, int, int64, float64, []any and map[string]any.
func Text(value any) (string, error) {
	out, err := write(nil, value)
	return string(out), err
}

func write(out []byte, value any) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, value), nil
	case string:
		return quoted(out, value), nil
	case json.Number:
		number, ok := exact(value.String())
		if !ok {
			return nil, problem(NumberNotExact, "The number "+shortened(value.String())+" cannot be kept exactly.")
		}
		return append(out, number...), nil
	case int:
		return write(out, json.Number(strconv.Itoa(value)))
	case int64:
		return write(out, json.Number(strconv.FormatInt(value, 10)))
	case float64:
		return write(out, json.Number(strconv.FormatFloat(value, 'g', -1, 64)))
	case []any:
		return array(out, value)
	case map[string]any:
		return object(out, value)
	default:
		return nil, fmt.Errorf("canonical: a %T has no JSON form", value)
	}
}

func array(out []byte, items []any) ([]byte, error) {
	out = append(out, '[')
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = write(out, item); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func object(out []byte, members map[string]any) ([]byte, error) {
	out = append(out, '{')
	for i, key := range slices.SortedFunc(maps.Keys(members), byUnits) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(quoted(out, key), ':')
		var err error
		if out, err = write(out, members[key]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// byUnits compares by UTF-16 code units, as JavaScript does; code points would put an emoji behind U+FB33.
func byUnits(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

func quoted(out []byte, text string) []byte {
	out = append(out, '"')
	for i := range len(text) {
		switch char := text[i]; char {
		case '"', '\\':
			out = append(out, '\\', char)
		case '\b':
			out = append(out, `\b`...)
		case '\f':
			out = append(out, `\f`...)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			if char < ' ' {
				out = fmt.Appendf(out, `\u%04x`, char)
			} else {
				out = append(out, char)
			}
		}
	}
	return append(out, '"')
}

// exact gives the nearest double as RFC 8785 writes it, and whether that denotes the decimal value that was written.
func exact(written string) (json.Number, bool) {
	double, err := strconv.ParseFloat(written, 64)
	if err != nil || math.IsInf(double, 0) || math.IsNaN(double) {
		return "", false
	}
	text := ecmascript(double)
	return json.Number(text), decimalOf(written) == decimalOf(text)
}

// ecmascript writes a finite double as ECMAScript does.
func ecmascript(double float64) string {
	if double == 0 {
		return "0"
	}
	if size := math.Abs(double); size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(double, 'f', -1, 64)
	}
	text := strconv.FormatFloat(double, 'e', -1, 64)
	// Go writes at least two digits of the exponent.
	mantissa, exponent, _ := strings.Cut(text, "e")
	return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}

// decimal is one spelling for each decimal value: digits without zeros at either end, and the exponent of the last.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

func decimalOf(number string) decimal {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	unsigned, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	significant := strings.TrimRight(digits, "0")
	if significant == "" {
		return decimal{} // -0 is 0: the same decimal value.
	}
	// An exponent that is no int is that of no double, unless all digits are zeros.
	power, _ := strconv.Atoi(exponent)
	return decimal{negative, significant, power - len(fraction) + len(digits) - len(significant)}
}
