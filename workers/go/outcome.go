package agentspan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

const (
	resultBytes = 256 * 1024
	// messageBytes are of words for people.
	messageBytes = 4 * 1024
	// envelopeBytes are those that a request holds besides its result.
	envelopeBytes = 16 * 1024
)

// outcome is a completion that says only what became of the task.
type outcome = *agentspanv1.CompleteRequest

// returned is the outcome of a function that returned. A plain tool's result over the limit is a failure that names limit
// and size. A guarded tool's effect has happened, so its result is never refused: what fits one message goes as it is, and
// the server keeps digest, size and head of it; what does not goes as {"truncated": true, "digest", "sizeBytes", "head"}.
func returned(value any, guarded bool, maxPayload int) outcome {
	text, err := writeJSON(value)
	if err != nil {
		what := "The tool returned"
		if guarded {
			what = "The tool ran to its end"
		}
		return failed(fmt.Sprintf("%s, but its result cannot be written as JSON: %v", what, err), false)
	}
	size := len(text)
	if size > resultBytes && !guarded {
		return failed(fmt.Sprintf("The tool's result has %d bytes of JSON; the limit is %d.", size, resultBytes), false)
	}
	if size > resultBytes && size+envelopeBytes > maxPayload {
		kept := map[string]any{
			"truncated": true, "digest": canonical.DigestOf(text), "sizeBytes": size, "head": cut(text, messageBytes),
		}
		if text, err = writeJSON(kept); err != nil {
			return failed(fmt.Sprintf("The tool ran to its end, but its result cannot be cut: %v", err), false)
		}
	}
	return &agentspanv1.CompleteRequest{Outcome: &agentspanv1.CompleteRequest_ResultJson{ResultJson: text}}
}

// erred is the outcome of a function that failed: tried again by the tool's policy, unless the error is final.
func erred(err error) outcome {
	var final *FinalError
	return failed(wordsOf(err), !errors.As(err, &final))
}

func failed(message string, retryable bool) outcome {
	failure := &agentspanv1.ToolFailure{Message: cut(message, messageBytes), Retryable: retryable}
	return &agentspanv1.CompleteRequest{Outcome: &agentspanv1.CompleteRequest_Failure{Failure: failure}}
}

// wordsOf is what an error says, or else what it is.
func wordsOf(err error) string {
	if words := err.Error(); words != "" {
		return words
	}
	return fmt.Sprintf("%T", err)
}

// writeJSON is the text of a value as encoding/json writes it, without escapes that only web pages need.
func writeJSON(value any) (text string, err error) {
	defer func() {
		// A method of the author's may do so.
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("panic: %v", panicked)
		}
	}()
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return strings.ToValidUTF8(strings.TrimSuffix(written.String(), "\n"), "\ufffd"), nil
}

// cut gives at most so many bytes of UTF-8, never half a character.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
