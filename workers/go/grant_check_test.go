package agentspan

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/vectors"
	"github.com/agentspan/agentspan/workers/go/signing"
)

// statement is a grant as a vector has it signed.
type statement struct {
	Run, Call, Worker, Digest, IdempotencyKey string
	Approval, Decision, Preview               string
	Guarded                                   bool
	GrantedAt, ExpiresAt                      int64
}

// grantVectors are those that are grants.
func grantVectors(t *testing.T) []vectors.Signed {
	t.Helper()
	var grants []vectors.Signed
	for _, vector := range vectors.ReadSignatures(t).Vectors {
		if vector.Purpose == "agentspan.grant.v1" {
			grants = append(grants, vector)
		}
	}
	return grants
}

// signedBench trusts the keys of the vectors, and is granted what one of them says, with what a test changes of it.
func signedBench(t *testing.T, vector vectors.Signed, calls *[]Call, changes ...func(*agentspanv1.Grant)) *bench {
	t.Helper()
	var said statement
	if err := json.Unmarshal(vector.Statement, &said); err != nil {
		t.Fatal(err)
	}
	signed := func(grant *agentspanv1.Grant) {
		grant.IdempotencyKey, grant.Guarded = said.IdempotencyKey, said.Guarded
		proof := grant.Proof
		proof.RunId, proof.CallId, proof.WorkerId, proof.CheckedPreview = said.Run, said.Call, said.Worker, said.Preview
		proof.ApprovalId, proof.DecisionId = said.Approval, said.Decision
		proof.GrantedAt = timestamppb.New(time.UnixMilli(said.GrantedAt))
		proof.ExpiresAt = timestamppb.New(time.UnixMilli(said.ExpiresAt))
		proof.KeyId, proof.Signature = vector.KeyID, vector.Bytes(t)
	}
	tool := refunding(calls)
	if !said.Guarded {
		tool = MustTool("process_refund", func(ctx context.Context, _ refundInput) (any, error) {
			call, _ := CallFrom(ctx)
			*calls = append(*calls, call)
			return nil, nil
		})
	}
	granted := grantOf("process_refund", refundArguments, append([]func(*agentspanv1.Grant){signed}, changes...)...)
	b := newBench(t, tool, answers{"claim": {granted}, "complete": {accepted}, "release": {released}})
	b.task.runID, b.task.callID = said.Run, said.Call
	b.trusted = trustedByVectors(t)
	return b
}

func trustedByVectors(t *testing.T) *signing.TrustedKeys {
	t.Helper()
	keys, err := signing.ParseTrustedKeys(vectors.ReadSignatures(t).TrustedKeys(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestBelievesTheGrantsOfTheVectors(t *testing.T) {
	for _, vector := range grantVectors(t) {
		t.Run(vector.Name, func(t *testing.T) {
			var calls []Call
			signedBench(t, vector, &calls).run(t)
			if len(calls) != 1 || calls[0].Proof.KeyID != vector.KeyID {
				t.Errorf("it was called with %+v", calls)
			}
		})
	}
}

func TestBeginsNoGrantWithASignatureThatTheVectorsRefuse(t *testing.T) {
	first := grantVectors(t)[0]
	for _, vector := range vectors.ReadSignatures(t).Refused {
		if vector.Signature == first.Signature {
			continue // It is a true one, of another text; signing's tests have it.
		}
		t.Run(vector.Name, func(t *testing.T) {
			forged := first
			forged.KeyID, forged.Signature = vector.KeyID, vector.Signature
			var calls []Call
			b := signedBench(t, forged, &calls).run(t)
			if got := handedBack(t, b, calls); !strings.HasPrefix(got, "NO_PROOF: the grant is not believed, because ") {
				t.Errorf("it is handed back as %s", got)
			}
		})
	}
}

func TestBeginsNoGrantOfWhichSomethingWasChangedAfterItWasSigned(t *testing.T) {
	for name, change := range map[string]func(*agentspanv1.Grant){
		"the decision":        func(g *agentspanv1.Grant) { g.Proof.DecisionId = "dec_other" },
		"the approval":        func(g *agentspanv1.Grant) { g.Proof.ApprovalId = "apr_other" },
		"the preview":         func(g *agentspanv1.Grant) { g.Proof.CheckedPreview = "sha256:0" },
		"the idempotency key": func(g *agentspanv1.Grant) { g.IdempotencyKey += "-again" },
		"that it is guarded":  func(g *agentspanv1.Grant) { g.Guarded = false },
		"its end":             func(g *agentspanv1.Grant) { g.Proof.ExpiresAt.Seconds++ },
	} {
		t.Run(name, func(t *testing.T) {
			var calls []Call
			b := signedBench(t, grantVectors(t)[0], &calls, change).run(t)
			if got := handedBack(t, b, calls); !strings.Contains(got, "is not of what it says") {
				t.Errorf("it is handed back as %s", got)
			}
		})
	}
}

func TestBelievesNoGrantOfAnotherTime(t *testing.T) {
	for _, off := range []time.Duration{31 * time.Second, -31 * time.Second} {
		var calls []Call
		b := signedBench(t, grantVectors(t)[0], &calls)
		b.clock.wall = b.clock.wall.Add(off)
		if got := handedBack(t, b.run(t), calls); !strings.HasSuffix(got, "by this machine's clock") {
			t.Errorf("it is handed back as %s", got)
		}
	}
}

func TestBelievesNoUnsignedGrantWhereKeysAreTrusted(t *testing.T) {
	for want, change := range map[string]func(*agentspanv1.Grant){
		"NO_PROOF: the grant has no proof, and only signed ones count here": unproved,
		"NO_PROOF: the grant is not signed":                                 func(g *agentspanv1.Grant) { g.Proof.ExpiresAt = nil },
		"NO_PROOF: the grant is not believed, because it is not signed": func(g *agentspanv1.Grant) {
			g.Proof.Signature = nil
		},
	} {
		var calls []Call
		tool := plain(func(context.Context, map[string]any) (any, error) {
			calls = append(calls, Call{})
			return nil, nil
		})
		b := newBench(t, tool, answers{"claim": {grantOf("get_order", "{}", change)}, "release": {released}})
		b.trusted = trustedByVectors(t)
		if got := handedBack(t, b.run(t), calls); got != want {
			t.Errorf("it is handed back as %s, want %s", got, want)
		}
	}
}
