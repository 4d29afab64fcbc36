package canonical_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
	"github.com/agentspan/agentspan/workers/go/internal/vectors"
)

type reading struct {
	Name      string         `json:"name"`
	Input     string         `json:"input"`
	Canonical string         `json:"canonical"`
	UTF8      string         `json:"utf8"`
	Digest    string         `json:"digest"`
	Refused   canonical.Code `json:"refused"`
}

func TestReadsArgumentsAsTheVectorsSay(t *testing.T) {
	var file struct {
		Vectors []reading `json:"vectors"`
	}
	vectors.Read(t, "arguments", &file)
	for _, vector := range file.Vectors {
		t.Run(vector.Name, func(t *testing.T) {
			read, err := canonical.ParseArguments(vector.Input)
			if vector.Refused != "" {
				if code := codeOf(err); code != vector.Refused {
					t.Fatalf("refused as %q (%v), want %q", code, err, vector.Refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if read.Text != vector.Canonical {
				t.Errorf("read as %s, want %s", read.Text, vector.Canonical)
			}
			if bytes := hex.EncodeToString([]byte(read.Text)); bytes != vector.UTF8 {
				t.Errorf("the bytes are %s, want %s", bytes, vector.UTF8)
			}
			if digest := canonical.DigestOf(read.Text); digest != vector.Digest {
				t.Errorf("the digest is %s, want %s", digest, vector.Digest)
			}
		})
	}
}

func TestReadsWhatItHasWrittenAsTheSame(t *testing.T) {
	for _, text := range []string{`[1e+21,1e-7,0.000001,123456789012345680000,5e-324,-0.5]`, `"\u0001\u007f  "`, `{}`, `[]`} {
		first, err := canonical.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := canonical.Parse(first.Text); err != nil || second.Text != first.Text {
			t.Errorf("%s became %s, and then %s (%v)", text, first.Text, second.Text, err)
		}
	}
}

func TestRefusesWhatIsNotOneValue(t *testing.T) {
	refused := map[string]canonical.Code{
		``:                           canonical.InvalidJSON,
		`{} {}`:                      canonical.InvalidJSON,
		`{"a":1,}`:                   canonical.InvalidJSON,
		"\"\xff\"":                   canonical.InvalidJSON,
		`"\ud800\u0041"`:             canonical.LoneSurrogate,
		`{"a":{"b":[{"\u0000":1}]}}`: canonical.NULCharacter,
		strings.Repeat("[", 65) + strings.Repeat("]", 65): canonical.TooDeep,
	}
	for text, want := range refused {
		if _, err := canonical.Parse(text); codeOf(err) != want {
			t.Errorf("%q is refused as %q (%v), want %q", text, codeOf(err), err, want)
		}
	}
}

func TestSaysWhereWithoutWhatWasRefused(t *testing.T) {
	_, err := canonical.Parse(`{"a\u0007":[0,{"x":0.10000000000000000001}]}`)
	if want := "The number 0.10000000000000000001 at /a\ufffd/1/x cannot be kept exactly."; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("it says %q, want %q", err, want)
	}
}

func TestWritesValuesOfAProgram(t *testing.T) {
	text, err := canonical.Text(map[string]any{"n": 1798761600000, "f": 1e21, "i": int64(-3), "j": json.Number("2.50"), "l": []any{nil, true}})
	if want := `{"f":1e+21,"i":-3,"j":2.5,"l":[null,true],"n":1798761600000}`; err != nil || text != want {
		t.Errorf("it wrote %s (%v), want %s", text, err, want)
	}
	if _, err := canonical.Text(struct{}{}); err == nil {
		t.Error("it wrote a struct")
	}
}

func codeOf(err error) canonical.Code {
	var problem *canonical.Problem
	if errors.As(err, &problem) {
		return problem.Code
	}
	return ""
}
