package signing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

const receiptForm = "agentspan.receipt.v1"

// Receipt is one approved call and what came of it, each part with the signature of the orchestrator that stored it. A
// file of it has one form, so that not a byte of it can be another.
type Receipt struct {
	// Arguments are the RFC 8785 text that ran.
	Arguments string
	// Votes are those before the one that decided, where several were required.
	Votes    []SignedPart
	Decision SignedPart
	Grant    SignedPart
	Outcome  SignedPart
}

// ParseReceipt reads the text of a receipt's file; false where it is none, or not in the one form of one.
func ParseReceipt(text []byte) (*Receipt, bool) {
	parsed, err := canonical.Parse(string(text))
	if err != nil {
		return nil, false // That it is none is the answer.
	}
	file, _ := parsed.Value.(map[string]any)
	votes, isList := file["votes"].([]any)
	arguments, isText := file["arguments"].(string)
	if !isList || !isText || file["receipt"] != any(receiptForm) {
		return nil, false
	}
	receipt := &Receipt{Arguments: arguments}
	whole := true
	read := func(kind partKind, value any) SignedPart {
		part, ok := partOf(kind, value)
		whole = whole && ok
		return part
	}
	for _, vote := range votes {
		receipt.Votes = append(receipt.Votes, read(ofDecision, vote))
	}
	receipt.Decision = read(ofDecision, file["decision"])
	receipt.Grant = read(ofGrant, file["grant"])
	receipt.Outcome = read(ofOutcome, file["outcome"])
	if !whole {
		return nil, false
	}
	written, err := receipt.text()
	return receipt, err == nil && bytes.Equal(written, text)
}

// text is that of the receipt's file: as JavaScript writes it with an indentation of two.
func (r *Receipt) text() ([]byte, error) {
	file := &receiptWriter{}
	file.raw(`{"receipt":"` + receiptForm + `","arguments":`)
	file.value(r.Arguments)
	file.raw(`,"votes":[`)
	for i, vote := range r.Votes {
		if i > 0 {
			file.raw(",")
		}
		file.part(vote)
	}
	file.raw(`],"decision":`)
	file.part(r.Decision)
	file.raw(`,"grant":`)
	file.part(r.Grant)
	file.raw(`,"outcome":`)
	file.part(r.Outcome)
	file.raw("}")
	if file.err != nil {
		return nil, file.err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, file.text.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

type receiptWriter struct {
	text bytes.Buffer
	err  error
}

func (w *receiptWriter) raw(text string) { w.text.WriteString(text) }

func (w *receiptWriter) value(value any) {
	text, err := canonical.Text(value)
	if err != nil {
		w.err = err
	}
	w.raw(text)
}

func (w *receiptWriter) part(part SignedPart) {
	w.raw(`{"keyId":`)
	w.value(part.KeyID)
	w.raw(`,"signature":"` + base64.RawURLEncoding.EncodeToString(part.Signature) + `","statement":`)
	w.value(part.Statement)
	w.raw("}")
}
