package agentspan

import (
	"context"
	"errors"
	"fmt"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// execute calls the function and waits for it, also past its deadline: its context tells it, and what it then does is what
// is reported. A guarded effect that is still going on must not be called failed. False where it was not called.
func (p *workerParts) execute(task *taskInHand, grant *granted, in any, mayBegin func() bool) (outcome, bool) {
	ctx := p.callContext(task, Call{
		Tool: task.tool.name, RunID: task.runID, CallID: task.callID, Attempt: int(task.attempt),
		IdempotencyKey: grant.GetIdempotencyKey(), Proof: proofOf(grant.GetProof()),
	})
	if left, limited := p.timeLeft(grant); limited {
		deadline := time.Now().Add(left)
		cause := fmt.Errorf("%w (%s)", ErrPastDeadline, deadline.UTC().Format(time.RFC3339Nano))
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, deadline, cause)
		defer cancel()
	}
	result := <-inGoroutine(mayBegin, func() (any, error) { return task.tool.run(ctx, in) })
	switch {
	case result.kept:
		return nil, false
	case result.err != nil:
		p.warnOf("A tool failed", result.err, task)
		return erred(result.err), true
	default:
		told := returned(result.value, grant.guards(task.tool), p.link.maxPayload())
		if failure := told.GetFailure(); failure != nil {
			p.logger.Warn("A tool's result was not told", "why", failure.GetMessage(), task.fields())
		}
		return told, true
	}
}

// callContext is what a function of the tool runs in.
func (p *workerParts) callContext(task *taskInHand, call Call) context.Context {
	return withLogger(WithCall(task.ctx, call), p.logger.With(task.fields()))
}

func (p *workerParts) warnOf(what string, err error, task *taskInHand) {
	var panicked *panicError
	if errors.As(err, &panicked) {
		p.logger.Error(what, "err", err, "stack", string(panicked.stack), task.fields())
		return
	}
	p.logger.Warn(what, "err", err, task.fields())
}

// timeLeft: the deadline is by the server's clock and so is the time of the grant, and their distance holds on any clock.
// Where the grant's time is not told, the clocks are taken to agree.
func (p *workerParts) timeLeft(grant *granted) (left time.Duration, limited bool) {
	if grant.GetDeadline() == nil {
		return 0, false
	}
	deadline, now := grant.GetDeadline().AsTime(), p.now()
	grantedAt := grant.GetProof().GetGrantedAt()
	if grantedAt == nil {
		return max(0, deadline.Sub(now.wall)), true
	}
	return max(0, deadline.Sub(grantedAt.AsTime())-(now.monotonic-grant.sentAt.monotonic)), true
}

func proofOf(proof *agentspanv1.Proof) *Proof {
	if proof == nil {
		return nil
	}
	told := &Proof{
		ApprovalID:      proof.GetApprovalId(),
		DecisionID:      proof.GetDecisionId(),
		ArgumentsDigest: proof.GetArgumentsDigest(),
		KeyID:           proof.GetKeyId(),
		Signature:       proof.GetSignature(),
	}
	if proof.GetGrantedAt() != nil {
		told.GrantedAt = proof.GetGrantedAt().AsTime()
	}
	return told
}
