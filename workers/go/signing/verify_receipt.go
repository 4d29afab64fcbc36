package signing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

// ErrNoReceipt says that a text is no receipt, or not in the one form of one.
var ErrNoReceipt = errors.New("it is no receipt in the form of one")

// ReceiptError is what of a receipt does not hold, each in a few words.
type ReceiptError struct {
	Faults []string
}

func (e *ReceiptError) Error() string {
	return "the receipt does not hold: " + strings.Join(e.Faults, "; ")
}

// VerifyReceipt reads a receipt and believes nobody but the given keys. The error is ErrNoReceipt, or a *ReceiptError.
func VerifyReceipt(text []byte, trusted *TrustedKeys) (*Receipt, error) {
	receipt, ok := ParseReceipt(text)
	if !ok {
		return nil, ErrNoReceipt
	}
	if faults := receipt.faults(trusted); len(faults) > 0 {
		return nil, &ReceiptError{faults}
	}
	return receipt, nil
}

func (r *Receipt) faults(trusted *TrustedKeys) []string {
	decided, granted, ended := r.Decision, r.Grant, r.Outcome
	var faults []string
	signed := func(what string, part SignedPart, at time.Time) {
		text, err := part.signedText()
		if err == nil {
			err = trusted.Verify(Orchestrators, Signature{Text: text, KeyID: part.KeyID, Bytes: part.Signature, At: at})
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("the %s: %v", what, err))
		}
	}
	hold := func(holds bool, otherwise string) {
		if !holds {
			faults = append(faults, otherwise)
		}
	}
	same := func(one, other SignedPart, names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return one.Statement[name] != other.Statement[name] })
	}
	for _, vote := range r.Votes {
		signed("vote", vote, vote.at("at"))
	}
	signed("decision", decided, decided.at("at"))
	signed("grant", granted, granted.at("grantedAt"))
	signed("outcome", ended, ended.at("at"))

	digest := granted.text("digest")
	hold(canonical.DigestOf(r.Arguments) == digest, "the arguments are not those that were granted")
	hold(runs(decided) == digest, "what was granted is not what was approved")
	approves := decided.text("outcome") == "approved" || decided.text("outcome") == "run_again"
	closes := decided.Statement["closes"] == any(true)
	hold(closes && approves, "the decision is "+decided.text("outcome")+", no approval")
	hold(same(decided, granted, "decision"), "the grant names another decision")
	hold(same(decided, granted, "approval"), "the grant names another approval")
	for _, part := range append(slices.Clone(r.Votes), granted, ended) {
		hold(same(part, decided, "run", "call"), "its parts are of different calls")
	}
	for _, vote := range r.Votes {
		hold(same(vote, decided, "approval") && runs(vote) == digest, "a vote is about something else")
	}
	hold(checked(decided, granted), "what it would do was not checked against what was shown")
	for _, vote := range r.Votes {
		_, shown := vote.Statement["preview"]
		hold(checked(vote, granted) || !shown, "a vote was shown something else")
	}
	hold(same(granted, ended, "attempt", "tool"), "the outcome is of another attempt")
	inOrder := !decided.at("at").After(granted.at("grantedAt")) && !granted.at("grantedAt").After(ended.at("at"))
	hold(inOrder, "its times are not in order")
	return faults
}

// runs is the digest of what a decision lets run.
func runs(decision SignedPart) string {
	if edited := decision.text("editedDigest"); edited != "" {
		return edited
	}
	return decision.text("digest")
}

// checked says whether the grant was checked against what was shown. An edit is of arguments that nothing was shown of.
func checked(decision, grant SignedPart) bool {
	shown, there := decision.Statement["preview"]
	if decision.text("editedDigest") != "" {
		shown, there = nil, false
	}
	preview, compared := grant.Statement["preview"]
	return there == compared && shown == preview
}
