package signing_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
	"github.com/agentspan/agentspan/workers/go/internal/vectors"
	"github.com/agentspan/agentspan/workers/go/signing"
)

const (
	ran = `{"amount":29.99,"note":"über 20 €","order_id":"ORD-8821"}`
	at  = 1_798_761_600_000
)

type members = map[string]any

// signed is a part as an orchestrator stores it.
type signed struct {
	KeyID     string  `json:"keyId"`
	Signature string  `json:"signature"`
	Statement members `json:"statement"`
}

// file is a receipt in the one order of its members; encoding/json sorts those of statements as they are.
type file struct {
	Receipt   string   `json:"receipt"`
	Arguments string   `json:"arguments"`
	Votes     []signed `json:"votes"`
	Decision  signed   `json:"decision"`
	Grant     signed   `json:"grant"`
	Outcome   signed   `json:"outcome"`
}

func sign(t *testing.T, part string, statement members) signed {
	t.Helper()
	text, err := signing.SignedText("agentspan."+part+".v1", statement)
	if err != nil {
		t.Fatal(err)
	}
	keys := vectors.ReadSignatures(t)
	signature := base64.RawURLEncoding.EncodeToString(keys.Sign(t, text))
	return signed{keys.Keys["orchestrator"].ID, signature, statement}
}

func with(statement members, changes members) members {
	changed := maps.Clone(statement)
	maps.Copy(changed, changes)
	return changed
}

func decision() members {
	return members{
		"run": "run_1", "call": "t1c1", "approval": "apr_1", "decision": "dec_1", "digest": canonical.DigestOf(ran),
		"editedDigest": "", "outcome": "approved", "closes": true, "who": "ana@acme.test", "onBehalfOf": "", "comment": "",
		"method": "api_key", "credentialId": "k7", "address": "10.0.0.7", "at": at,
	}
}

func receipt(t *testing.T, decided, granted members) file {
	t.Helper()
	digest := canonical.DigestOf(ran)
	grant := members{
		"run": "run_1", "call": "t1c1", "attempt": 1, "nonceDigest": canonical.DigestOf("n"), "worker": "w1", "tool": "refund",
		"digest": digest, "guarded": true, "idempotencyKey": "run_1-t1c1", "approval": "apr_1", "decision": "dec_1",
		"grantedAt": at + 1_000, "expiresAt": at + 31_000,
	}
	outcome := members{
		"run": "run_1", "call": "t1c1", "attempt": 1, "tool": "refund", "outcome": "result",
		"digest": canonical.DigestOf("{}"), "at": at + 2_000,
	}
	return file{
		Receipt: "agentspan.receipt.v1", Arguments: ran, Votes: []signed{},
		Decision: sign(t, "decision", with(decision(), decided)),
		Grant:    sign(t, "grant", with(grant, granted)),
		Outcome:  sign(t, "outcome", outcome),
	}
}

func textOf(t *testing.T, of any) []byte {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(of); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func faultsOf(t *testing.T, of file) []string {
	t.Helper()
	_, err := signing.VerifyReceipt(textOf(t, of), trusted(t, nil))
	var faults *signing.ReceiptError
	if err != nil && !errors.As(err, &faults) {
		t.Fatal(err)
	}
	if faults == nil {
		return nil
	}
	return faults.Faults
}

func TestFindsNothingWrongWithAReceiptThatHolds(t *testing.T) {
	read, err := signing.VerifyReceipt(textOf(t, receipt(t, nil, nil)), trusted(t, nil))
	if err != nil || read.Arguments != ran || read.Decision.Statement["who"] != "ana@acme.test" {
		t.Errorf("it read %+v (%v)", read, err)
	}
}

func TestTakesWhatIsSaidOnlyWhereThereIsSomethingToSay(t *testing.T) {
	shown := members{"preview": canonical.DigestOf("p")}
	ground := members{"grantId": "gra_1", "use": 1, "version": "0123456789abcdef"}
	of := receipt(t, with(shown, members{"group": "finance", "ground": ground}), shown)
	of.Votes = append(of.Votes, sign(t, "decision", with(decision(), members{"closes": false, "who": "bo@acme.test"})))
	if faults := faultsOf(t, of); faults != nil {
		t.Errorf("it has %v", faults)
	}
	of = receipt(t, members{"ground": with(ground, members{"use": true})}, nil)
	if _, read := signing.ParseReceipt(textOf(t, of)); read {
		t.Error("it read a use that is no number")
	}
}

func TestSaysWhatOfAReceiptDoesNotHold(t *testing.T) {
	other := canonical.DigestOf("{}")
	for fault, changed := range map[string]struct{ decision, grant members }{
		"what was granted is not what was approved":               {decision: members{"digest": other}},
		"the decision is rejected, no approval":                   {decision: members{"outcome": "rejected"}},
		"the decision is approved, no approval":                   {decision: members{"closes": false}},
		"the grant names another decision":                        {grant: members{"decision": "dec_2"}},
		"the grant names another approval":                        {grant: members{"approval": "apr_2"}},
		"its parts are of different calls":                        {grant: members{"run": "run_2"}},
		"the arguments are not those that were granted":           {grant: members{"digest": other}},
		"what it would do was not checked against what was shown": {decision: members{"preview": other}},
		"the outcome is of another attempt":                       {grant: members{"attempt": 2}},
		"its times are not in order":                              {grant: members{"grantedAt": at - 1}},
	} {
		if faults := faultsOf(t, receipt(t, changed.decision, changed.grant)); !slices.Contains(faults, fault) {
			t.Errorf("it says %v, want %s", faults, fault)
		}
	}
	of := receipt(t, nil, nil)
	of.Votes = append(of.Votes, sign(t, "decision", with(decision(), members{"approval": "apr_2", "preview": other})))
	for _, fault := range []string{"a vote is about something else", "a vote was shown something else"} {
		if faults := faultsOf(t, of); !slices.Contains(faults, fault) {
			t.Errorf("it says %v, want %s", faults, fault)
		}
	}
}

func TestFindsAStatementThatWasChangedAfterItWasSigned(t *testing.T) {
	of := receipt(t, nil, nil)
	of.Decision.Statement["who"] = "eve@acme.test"
	keyID := vectors.ReadSignatures(t).Keys["orchestrator"].ID
	want := "the decision: the signature of key " + keyID + " is not of what it says"
	if faults := faultsOf(t, of); !slices.Equal(faults, []string{want}) {
		t.Errorf("it says %v", faults)
	}
}

func TestFindsEachByteThatIsAnother(t *testing.T) {
	text, keys := textOf(t, receipt(t, nil, nil)), trusted(t, nil)
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		if _, err := signing.VerifyReceipt(changed, keys); err == nil {
			t.Fatalf("byte %d may be another: %q", i, changed[max(0, i-20):min(len(text), i+20)])
		}
	}
}

func TestReadsAReceiptInItsOneFormOnly(t *testing.T) {
	of := receipt(t, nil, nil)
	compact, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	more := receipt(t, members{"extra": ""}, nil)
	for _, text := range [][]byte{compact, textOf(t, more), []byte("no receipt"), []byte("{}"), append(textOf(t, of), '\n')} {
		if _, err := signing.VerifyReceipt(text, trusted(t, nil)); !errors.Is(err, signing.ErrNoReceipt) {
			t.Errorf("it says %v of %.60s", err, text)
		}
	}
}
