package signing

import (
	"encoding/json"
	"strings"
	"time"
)

// SignedPart is a statement of a receipt with its signature.
type SignedPart struct {
	KeyID     string
	Signature []byte
	// Statement has texts, whole numbers as json.Number, and flags, by name.
	Statement map[string]any
	kind      partKind
}

// partKind is what a statement is about.
type partKind string

const (
	ofDecision partKind = "decision"
	ofGrant    partKind = "grant"
	ofOutcome  partKind = "outcome"
)

// members are names of a statement's members. Optional are texts that are there only where there was something to say.
type members struct{ texts, numbers, flags, optional string }

// membersOf are those of each statement, so that a receipt has none that nobody checks.
var membersOf = map[partKind]members{
	ofDecision: {
		texts:   "run call approval decision digest editedDigest outcome who onBehalfOf method credentialId address comment",
		numbers: "at", flags: "closes", optional: "preview group",
	},
	ofGrant: {
		texts:   "run call nonceDigest worker tool digest idempotencyKey approval decision",
		numbers: "attempt grantedAt expiresAt", flags: "guarded", optional: "preview",
	},
	ofOutcome: {texts: "run call tool outcome digest", numbers: "attempt at"},
}

func partOf(kind partKind, value any) (SignedPart, bool) {
	object, _ := value.(map[string]any)
	keyID, hasID := object["keyId"].(string)
	signature, hasSignature := object["signature"].(string)
	raw, err := fromBase64URL(signature)
	statement, hasStatement := object["statement"].(map[string]any)
	whole := len(object) == 3 && hasID && hasSignature && err == nil && hasStatement
	if !whole || !isStatement(kind, statement) {
		return SignedPart{}, false
	}
	return SignedPart{KeyID: keyID, Signature: raw, Statement: statement, kind: kind}, true
}

// isStatement says whether it has the members of its kind and no others.
func isStatement(kind partKind, statement map[string]any) bool {
	wanted, known := membersOf[kind], 0
	for _, name := range strings.Fields(wanted.optional) {
		if _, there := statement[name]; there {
			wanted.texts += " " + name
		}
	}
	has := func(names string, is func(any) bool) bool {
		for _, name := range strings.Fields(names) {
			if !is(statement[name]) {
				return false
			}
			known++
		}
		return true
	}
	if !has(wanted.texts, isText) || !has(wanted.numbers, isWhole) || !has(wanted.flags, isFlag) {
		return false
	}
	if ground, there := statement["ground"]; there && kind == ofDecision {
		if !isGround(ground) {
			return false
		}
		known++
	}
	return len(statement) == known
}

// isGround says whether it is the use of a standing grant, in a decision that one made.
func isGround(value any) bool {
	ground, _ := value.(map[string]any)
	return len(ground) == 3 && isText(ground["grantId"]) && isText(ground["version"]) && isWhole(ground["use"])
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

func isFlag(value any) bool {
	_, ok := value.(bool)
	return ok
}

func isWhole(value any) bool {
	_, ok := wholeOf(value)
	return ok
}

// wholeOf reads an integer that every language has exactly.
func wholeOf(value any) (int64, bool) {
	number, _ := value.(json.Number)
	whole, err := number.Int64()
	return whole, err == nil && whole <= 1<<53-1 && whole >= -(1<<53-1)
}

// signedText is what was signed.
func (p SignedPart) signedText() (string, error) {
	return SignedText("agentspan."+string(p.kind)+".v1", p.Statement)
}

func (p SignedPart) text(name string) string {
	text, _ := p.Statement[name].(string)
	return text
}

func (p SignedPart) number(name string) int64 {
	number, _ := wholeOf(p.Statement[name])
	return number
}

func (p SignedPart) at(name string) time.Time { return time.UnixMilli(p.number(name)) }
