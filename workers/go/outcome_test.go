package agentspan

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTellsAResultAsItsJSONText(t *testing.T) {
	type result struct {
		Link  string `json:"link"`
		Cents int64  `json:"cents"`
	}
	for want, value := range map[string]any{
		`{"link":"a<b>&c","cents":9007199254740993}`: result{"a<b>&c", 9007199254740993},
		`null`:                   nil,
		`"ünïcode 🜁"`:            "ünïcode 🜁",
		`"\ufffd"`:               "\xff",
		`{"raw":1e+21}`:          json.RawMessage(`{"raw": 1e+21}`),
		`[9007199254740994,0.1]`: []json.Number{"9007199254740994", "0.1"},
	} {
		if told := returned(value, false, 1<<20); told.GetResultJson() != want {
			t.Errorf("it told %v, want %s", told, want)
		}
	}
}

type marshals struct{}

func (marshals) MarshalJSON() ([]byte, error) { panic("no") }

func TestTellsThatAResultCannotBeWritten(t *testing.T) {
	for _, value := range []any{math.NaN(), func() {}, marshals{}, map[bool]int{true: 1}} {
		for guarded, want := range map[bool]string{true: "The tool ran to its end, but", false: "The tool returned, but"} {
			failure := returned(value, guarded, 1<<20).GetFailure()
			if failure.GetRetryable() || !strings.HasPrefix(failure.GetMessage(), want) {
				t.Errorf("of %T it told %v", value, failure)
			}
		}
	}
}

func TestLogsThatAResultCannotBeWritten(t *testing.T) {
	var logged bytes.Buffer
	tool := plain(func(context.Context, map[string]any) (any, error) { return math.NaN(), nil })
	b := newBench(t, tool, answers{"claim": {grantOf("get_order", "{}", unproved)}, "complete": {accepted}})
	b.logger = slog.New(slog.NewTextHandler(&logged, nil))
	b.run(t)
	if said := logged.String(); !strings.Contains(said, "WARN") || !strings.Contains(said, "cannot be written as JSON") {
		t.Errorf("it logs %s", said)
	}
}

func TestTellsOfAResultOverTheLimitWhatFits(t *testing.T) {
	large := strings.Repeat("ä", resultBytes/2)
	if failure := returned(large, false, 1<<20).GetFailure(); failure.GetRetryable() || !strings.Contains(failure.GetMessage(), "262144") {
		t.Errorf("it told %v", failure)
	}
	if told := returned(large, true, 1<<20).GetResultJson(); len(told) != resultBytes+2 {
		t.Errorf("it told %d bytes", len(told))
	}
	var kept struct {
		Truncated bool
		Digest    string
		SizeBytes int
		Head      string
	}
	if err := json.Unmarshal([]byte(returned(large, true, resultBytes).GetResultJson()), &kept); err != nil {
		t.Fatal(err)
	}
	if !kept.Truncated || kept.SizeBytes != resultBytes+2 || !strings.HasPrefix(kept.Digest, "sha256:") || len(kept.Head) != messageBytes-1 {
		t.Errorf("it kept %v, %d bytes, %s, and a head of %d", kept.Truncated, kept.SizeBytes, kept.Digest, len(kept.Head))
	}
}

func TestCutsWordsBetweenCharacters(t *testing.T) {
	for most := range 12 {
		if text := cut("aä漢😀\xffz", most); len(text) > most || !utf8.ValidString(text) {
			t.Errorf("cut at %d it is %q", most, text)
		}
	}
	if text := cut("\xff", 3); text != "\ufffd" {
		t.Errorf("it is %q", text)
	}
}
