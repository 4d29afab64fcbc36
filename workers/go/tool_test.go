package agentspan

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
)

type address struct {
	City string `json:"city"`
}

type order struct {
	address
	ID     string          `json:"order_id" jsonschema:"Its number."`
	Cents  int64           `json:"cents"`
	Exact  json.Number     `json:"exact"`
	Any    json.RawMessage `json:"any,omitempty"`
	Lines  []address       `json:"lines,omitempty"`
	By     map[string]int  `json:"by,omitempty"`
	At     *time.Time      `json:"at,omitempty"`
	Secret string          `json:"-"`
}

func ordered(_ context.Context, in order) (order, error) { return in, nil }

func TestMakesTheSchemaOfAStruct(t *testing.T) {
	tool := MustTool("order", ordered)
	for _, want := range []string{
		`"additionalProperties":false`, `"required":["city","order_id","cents","exact"]`, `"description":"Its number."`,
		`"exact":{"type":"number"}`, `"any":true`, `"cents":{"type":"integer"}`,
	} {
		if !strings.Contains(tool.InputSchema(), want) {
			t.Errorf("the schema is %s, without %s", tool.InputSchema(), want)
		}
	}
}

func TestReadsArgumentsWithoutLosingADigit(t *testing.T) {
	const text = `{"any":[1e+21,{"b":1,"a":2}],"at":"2026-01-31T12:00:00Z","by":{"Ana":1},"cents":9007199254740994,"city":"Köln","exact":123456789012345680000,"lines":[{"city":"😀"}],"order_id":"A-1"}`
	read, err := MustTool("order", ordered).read(text)
	if err != nil {
		t.Fatal(err)
	}
	in := read.(order)
	if in.Cents != 9007199254740994 || in.Exact != "123456789012345680000" || string(in.Any) != `[1e+21,{"b":1,"a":2}]` {
		t.Errorf("it read %+v", in)
	}
	if in.City != "Köln" || in.Lines[0].City != "😀" || in.By["Ana"] != 1 || in.At.Year() != 2026 {
		t.Errorf("it read %+v", in)
	}
}

func TestRefusesArgumentsThatAreNotWhatWasApproved(t *testing.T) {
	whole := `{"cents":1,"city":"c","exact":1,"order_id":"A-1"}`
	given := MustTool("order", ordered, WithInputSchema(`{"type":"object"}`))
	for _, one := range []struct {
		tool       *Tool
		text, want string
	}{
		{MustTool("order", ordered), strings.Replace(whole, `"A-1"`, "5", 1), "order_id"},
		{MustTool("order", ordered), strings.Replace(whole, `"cents":1,`, "", 1), "cents"},
		{MustTool("order", ordered), strings.Replace(whole, "}", `,"currency":"EUR"}`, 1), "currency"},
		{MustTool("order", ordered), strings.Replace(whole, `"cents":1`, `"cents":1.5`, 1), "cents"},
		{MustTool("order", ordered), strings.Replace(whole, `"cents":1`, `"cents":123456789012345680000`, 1), "cents"},
		{MustTool("order", ordered), strings.Replace(whole, `"cents":1`, `"cents":9007199254740993`, 1), "/cents cannot be kept exactly"},
		{MustTool("order", ordered), strings.Replace(whole, `"cents":1`, `"cents":1,"cents":2`, 1), "is there twice"},
		// encoding/json would take these for the members that they resemble, or pass over them.
		{given, `{"ORDER_ID":"A-2"}`, "the tool knows no /ORDER_ID"},
		{given, `{"lines":[{"City":"x"}]}`, "the tool knows no /lines/0/City"},
		{given, `{"currency":"EUR"}`, "the tool knows no /currency"},
		{given, `{"Secret":"x"}`, "the tool knows no /Secret"},
		{given, `[]`, "one JSON object"},
	} {
		if _, err := one.tool.read(one.text); err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("of %s it says %v, want %s", one.text, err, one.want)
		}
	}
	if _, err := given.read(whole); err != nil {
		t.Errorf("it refuses %s: %v", whole, err)
	}
}

func TestGivesAMapItsNumbersAsTheyAreWritten(t *testing.T) {
	read, err := plain(nil).read(`{"n":[9007199254740994,0.1]}`)
	if err != nil {
		t.Fatal(err)
	}
	numbers := read.(map[string]any)["n"].([]any)
	if numbers[0] != json.Number("9007199254740994") || numbers[1] != json.Number("0.1") {
		t.Errorf("it read %#v", numbers)
	}
}

func TestTakesSchemasOfBothDialects(t *testing.T) {
	any := func(context.Context, map[string]any) (any, error) { return nil, nil }
	for _, dialect := range []string{
		"http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-07/schema", "https://json-schema.org/draft/2020-12/schema",
	} {
		schema := `{"$schema":"` + dialect + `","type":"object","properties":{"a":{"minimum":3}}}`
		tool, err := NewTool("any", any, WithInputSchema(schema))
		if err != nil || tool.InputSchema() != schema {
			t.Fatalf("%s: %v", dialect, err)
		}
		if _, err := tool.read(`{"a":2}`); err == nil || !strings.Contains(err.Error(), "/properties/a") {
			t.Errorf("it says %v", err)
		}
	}
	for schema, want := range map[string]string{
		`{"type":"array"}`:                                                           "describe an object",
		`{"type":"object","type":"x"}`:                                               "is there twice",
		`{"type":"object"`:                                                           "cannot be read",
		`{"type":"object","minProperties":"x"}`:                                      "not valid",
		`{"type":"object","properties":{"a":{"pattern":"("}}}`:                       "not valid",
		`{"type":"object","properties":{"a":{"$ref":"https://acme.test/a"}}}`:        "not valid",
		`{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"object"}`: "not supported",
		`{"type":"object","description":"` + strings.Repeat("x", 65_536) + `"}`:      "the limit is 65536",
	} {
		_, err := NewTool("any", any, WithInputSchema(schema))
		var told *Error
		if !errors.As(err, &told) || told.Reason != ReasonInvalidRequest || !strings.Contains(err.Error(), want) {
			t.Errorf("of %.80s it says %v, want %s", schema, err, want)
		}
	}
}

func TestRefusesWhatCannotBeServed(t *testing.T) {
	probe := func(context.Context, order) (ProbeAnswer, error) { return Unknown(""), nil }
	look := func(context.Context, order) (any, error) { return nil, nil }
	other := func(context.Context, address) (any, error) { return nil, nil }
	lossy := func(context.Context, struct{ Lines []struct{ Amount float32 } }) (any, error) { return nil, nil }
	exact := func(context.Context, struct{ Amount big.Int }) (any, error) { return nil, nil }
	made := func(_ *Tool, err error) error { return err }
	for want, err := range map[string]error{
		"must begin with a letter":   made(NewTool("1st", ordered)),
		"has a probe":                made(NewTool("order", ordered, WithProbe(probe))),
		"says EnforcesIdempotency":   made(NewTool("order", ordered, EnforcesIdempotency())),
		"has a preview":              made(NewTool("order", ordered, Once(), WithPreview(look))),
		"says PreviewTimeout":        made(NewTool("order", ordered, PreviewTimeout(time.Second))),
		"takes a agentspan.address":  made(NewTool("order", ordered, ApprovalRequired(), WithPreview(other))),
		"/Lines: /Amount: a float32": made(NewTool("order", lossy)),
		"describe an object":         made(NewTool("order", func(context.Context, string) (any, error) { return nil, nil })),
		"":                           made(NewTool("order", exact)),
	} {
		var told *Error
		if want == "" && err != nil || want != "" && (!errors.As(err, &told) || !strings.Contains(err.Error(), want)) {
			t.Errorf("it says %v, want %s", err, want)
		}
	}
}

func TestDeclaresWhatItsOwnerSays(t *testing.T) {
	probe := func(context.Context, order) (ProbeAnswer, error) { return Unknown(""), nil }
	look := func(context.Context, order) (any, error) { return nil, nil }
	tool := MustTool("order", ordered, ApprovalRequired(), Once(), WithProbe(probe), EnforcesIdempotency(),
		PreviewTimeout(2*time.Second), WithPreview(look, "after.balance"))
	message := tool.declared("desk")
	message.InputSchemaJson = ""
	const want = `{"queue":"desk","name":"order","approvalRequired":true,"once":true,"probe":true,"enforcesIdempotency":true,"preview":{"fields":["after.balance"],"timeout":"2s"}}`
	if text := strings.ReplaceAll(protojson.MarshalOptions{}.Format(message), " ", ""); text != want {
		t.Errorf("it declares %s", text)
	}
}
