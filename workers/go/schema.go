package agentspan

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

const schemaBytes = 64 * 1024

// inputSchema is a schema of arguments that has been looked over.
type inputSchema struct {
	// text is what the model and the server see.
	text     string
	resolved *jsonschema.Resolved
}

// What encoding/json takes otherwise than by its kind.
var typeSchemas = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[json.RawMessage](): {},
	reflect.TypeFor[json.Number]():     {Type: "number"},
}

// schemaOf is the given one, or that of the type.
func schemaOf(in reflect.Type, given string) (*inputSchema, error) {
	if err := losesDigits(in, map[reflect.Type]bool{}); err != nil {
		return nil, err
	}
	if given == "" {
		schema, err := jsonschema.ForType(in, &jsonschema.ForOptions{TypeSchemas: typeSchemas})
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(schema)
		if err != nil {
			return nil, err
		}
		given = string(text)
	}
	if size := len(given); size > schemaBytes {
		return nil, fmt.Errorf("it has %d bytes; the limit is %d", size, schemaBytes)
	}
	if _, err := canonical.Parse(given); err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	schema := &jsonschema.Schema{}
	if err := json.Unmarshal([]byte(given), schema); err != nil {
		return nil, fmt.Errorf("it is not valid: %w", err)
	}
	if schema.Type != "object" {
		return nil, errors.New(`it must describe an object: write "type": "object" at its top level, or take a struct`)
	}
	if err := nameDialect(schema); err != nil {
		return nil, err
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		return nil, fmt.Errorf("it is not valid: %w", err)
	}
	return &inputSchema{given, resolved}, nil
}

// nameDialect writes the name of a dialect as the library knows it.
func nameDialect(schema *jsonschema.Schema) error {
	_, name, _ := strings.Cut(strings.TrimSuffix(schema.Schema, "#"), "://json-schema.org/")
	switch {
	case schema.Schema == "":
	case name == "draft-07/schema":
		schema.Schema = "http://json-schema.org/draft-07/schema#"
	case name == "draft/2020-12/schema":
		schema.Schema = "https://json-schema.org/draft/2020-12/schema"
	default:
		return errors.New("its $schema is not supported: use draft 2020-12 or draft-07, or leave $schema out")
	}
	return nil
}

// check says why a value that was read strictly does not fit.
func (s *inputSchema) check(value any) error {
	return s.resolved.Validate(doubles(value))
}

// doubles is the value with its numbers as the library takes them. Each is that of a double: others are refused before.
func doubles(value any) any {
	switch value := value.(type) {
	case json.Number:
		double, err := value.Float64()
		if err != nil {
			return value
		}
		return double
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = doubles(item)
		}
		return items
	case map[string]any:
		members := make(map[string]any, len(value))
		for name, member := range value {
			members[name] = doubles(member)
		}
		return members
	default:
		return value
	}
}
