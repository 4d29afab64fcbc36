package agentspan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

// readArguments checks the text of arguments and gives what the function gets. The error is in words for whoever wrote
// them.
func readArguments[In any](schema *inputSchema, text string) (any, error) {
	parsed, err := canonical.ParseArguments(text)
	if err != nil {
		return nil, err
	}
	if err := schema.check(parsed.Value); err != nil {
		return nil, err
	}
	if err := knowsKeys(reflect.TypeFor[In](), parsed.Value, ""); err != nil {
		return nil, err
	}
	var in In
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&in); err != nil {
		return nil, err
	}
	return in, nil
}

// placesIn are the properties, of the arguments or of the tool's schema, that what is said of arguments names: for logs,
// where no value belongs.
func placesIn(words, arguments string, tool *Tool) []string {
	known := map[string]json.RawMessage{}
	var schema struct{ Properties map[string]json.RawMessage }
	for text, into := range map[string]any{arguments: &known, tool.InputSchema(): &schema} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			continue // It has no properties.
		}
	}
	maps.Copy(known, schema.Properties)
	named := slices.DeleteFunc(slices.Sorted(maps.Keys(known)), func(name string) bool {
		at := regexp.MustCompile("[\"/]" + regexp.QuoteMeta(name) + "(\\W|$)")
		return !at.MatchString(words)
	})
	return named
}

// knowsKeys refuses a key that a struct has no field for, to the letter: encoding/json would pass over it, or take it for
// one that is written in other cases, and a person has approved it as it stands.
func knowsKeys(in reflect.Type, value any, path string) error {
	for in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	if decodesItself(in) {
		return nil
	}
	switch value := value.(type) {
	case []any:
		if in.Kind() != reflect.Slice && in.Kind() != reflect.Array {
			return nil
		}
		for i, item := range value {
			if err := knowsKeys(in.Elem(), item, fmt.Sprintf("%s/%d", path, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, member := range value {
			of, known := memberType(in, key)
			if !known {
				return fmt.Errorf("the tool knows no %s/%s", path, key)
			}
			if err := knowsKeys(of, member, path+"/"+key); err != nil {
				return err
			}
		}
	}
	return nil
}

// memberType is what the member of an object is decoded into.
func memberType(in reflect.Type, key string) (reflect.Type, bool) {
	switch in.Kind() {
	case reflect.Map:
		return in.Elem(), true
	case reflect.Struct:
		of, known := fieldsOf(in)[key]
		return of, known
	default:
		return in, true
	}
}

// fieldsOf are the types of a struct's fields by the names that encoding/json gives them.
func fieldsOf(in reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(in) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		embeds := field.Anonymous && name == ""
		if field.Tag.Get("json") == "-" || embeds || !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		fields[name] = field.Type
	}
	return fields
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func decodesItself(in reflect.Type) bool {
	return in.Implements(unmarshaler) || reflect.PointerTo(in).Implements(unmarshaler)
}

// losesDigits finds a type that would make another number of one that a person approved.
func losesDigits(in reflect.Type, seen map[reflect.Type]bool) error {
	if seen[in] || decodesItself(in) {
		return nil
	}
	seen[in] = true
	switch in.Kind() {
	case reflect.Float32:
		return errors.New("a float32 has not the digits of every number that a person may approve: take a float64")
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return losesDigits(in.Elem(), seen)
	case reflect.Struct:
		for name, of := range fieldsOf(in) {
			if err := losesDigits(of, seen); err != nil {
				return fmt.Errorf("/%s: %w", name, err)
			}
		}
	}
	return nil
}
