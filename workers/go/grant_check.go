package agentspan

import (
	"errors"
	"fmt"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/canonical"
	"github.com/agentspan/agentspan/workers/go/signing"
)

// beginWithin is how soon after its claim a guarded task begins, so that the server may count a lost one as begun or not.
const beginWithin = 3 * time.Second

// objection is why a task is handed back.
type objection struct {
	reason agentspanv1.ReleaseReason
	detail string
}

// guards says whether a call starts at most once: the stricter of what server and owner say.
func (g *granted) guards(tool *Tool) bool { return g.GetGuarded() || tool.guards() }

// objectTo says what speaks against a grant as it came; nil where nothing does. A worker trusts no message about its own
// gates.
func (p *workerParts) objectTo(grant *granted, task *taskInHand) *objection {
	if grant.GetToolName() != task.tool.name {
		detail := fmt.Sprintf("granted is %q, served here is %q", grant.GetToolName(), task.tool.name)
		return &objection{agentspanv1.ReleaseReason_RELEASE_REASON_INCOMPATIBLE, detail}
	}
	if err := p.prove(grant, task); err != nil {
		return &objection{agentspanv1.ReleaseReason_RELEASE_REASON_NO_PROOF, err.Error()}
	}
	return nil
}

func (p *workerParts) prove(grant *granted, task *taskInHand) error {
	if grant.GetArgumentsDigest() != canonical.DigestOf(grant.GetArgumentsJson()) {
		return errors.New("the arguments are not those of the digest")
	}
	proof := grant.GetProof()
	switch {
	case proof == nil && grant.guards(task.tool):
		return errors.New("the tool is guarded and the grant has no proof")
	case proof == nil && p.trusted != nil:
		// A plain one as well: whoever takes the proof away may have taken away that the call is guarded.
		return errors.New("the grant has no proof, and only signed ones count here")
	case proof == nil:
		return nil
	case task.tool.given.approvalRequired && proof.GetApprovalId() == "":
		return errors.New("the tool needs an approval and the proof names none")
	}
	for _, bound := range []struct {
		holds bool
		name  string
	}{
		{proof.GetRunId() == task.runID, "run_id"},
		{proof.GetCallId() == task.callID, "call_id"},
		{proof.GetAttempt() == task.attempt, "attempt"},
		{proof.GetNonce() == task.nonce, "nonce"},
		{proof.GetWorkerId() == p.workerID, "worker_id"},
		{proof.GetArgumentsDigest() == grant.GetArgumentsDigest(), "arguments_digest"},
	} {
		if !bound.holds {
			return fmt.Errorf("the proof is bound to another %s", bound.name)
		}
	}
	if p.trusted == nil {
		return nil
	}
	return p.believe(grant, task)
}

// believe says why the signature of a grant does not hold: whether an orchestrator that is trusted here has signed it, for
// this claim and no other. Whoever can publish on NATS, or change what is stored, cannot make that signature.
func (p *workerParts) believe(grant *granted, task *taskInHand) error {
	proof := grant.GetProof()
	if proof.GetGrantedAt() == nil || proof.GetExpiresAt() == nil {
		return errors.New("the grant is not signed")
	}
	// Whole milliseconds are what is signed.
	begins := time.UnixMilli(proof.GetGrantedAt().AsTime().UnixMilli())
	ends := time.UnixMilli(proof.GetExpiresAt().AsTime().UnixMilli())
	text, err := signing.GrantStatement{
		Run:         task.runID,
		Call:        task.callID,
		Attempt:     task.attempt,
		NonceDigest: canonical.DigestOf(task.nonce),
		Worker:      p.workerID,
		// As it is served here: the name in the grant is not what is run.
		Tool:           task.tool.name,
		Digest:         grant.GetArgumentsDigest(),
		Guarded:        grant.GetGuarded(),
		IdempotencyKey: grant.GetIdempotencyKey(),
		Approval:       proof.GetApprovalId(),
		Decision:       proof.GetDecisionId(),
		GrantedAt:      begins,
		ExpiresAt:      ends,
		Preview:        proof.GetCheckedPreview(),
	}.Text()
	if err == nil {
		signature := signing.Signature{Text: text, KeyID: proof.GetKeyId(), Bytes: proof.GetSignature(), At: begins}
		err = p.trusted.Verify(signing.Orchestrators, signature)
	}
	if err != nil {
		return fmt.Errorf("the grant is not believed, because %w", err)
	}
	now := p.now().wall
	switch {
	case ends.Sub(begins) > signing.GrantValid:
		return fmt.Errorf("the grant holds for more than %v", signing.GrantValid)
	case now.After(ends):
		return fmt.Errorf("the grant has expired: %v ago by this machine's clock", now.Sub(ends))
	case begins.After(now.Add(signing.GrantValid)):
		return fmt.Errorf("the grant is for %v from now by this machine's clock", begins.Sub(now))
	}
	return nil
}

// tooLate says whether a guarded grant is too old to begin, by either clock. A date that went back tells nothing of its
// age.
func (p *workerParts) tooLate(grant *granted) *objection {
	now := p.now()
	monotonic, wall := now.monotonic-grant.sentAt.monotonic, now.wall.Sub(grant.sentAt.wall)
	if monotonic <= beginWithin && wall.Abs() <= beginWithin {
		return nil
	}
	detail := fmt.Sprintf("%v after the claim (%v by the date), past %v", monotonic, wall, beginWithin)
	return &objection{agentspanv1.ReleaseReason_RELEASE_REASON_TOO_LATE, detail}
}
