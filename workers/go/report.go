package agentspan

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// mostRegistrations for one outcome: a server that has forgotten this worker knows it after one; more are for servers that
// forget in between.
const mostRegistrations = 3

// complete reports an outcome until it is answered: only then does it count.
func (p *workerParts) complete(task *taskInHand, what outcome, grant *granted) error {
	request := proto.CloneOf(what)
	request.WorkerId, request.Incarnation, request.Namespace = p.workerID, p.incarnation, p.namespace
	request.RunId, request.CallId, request.Attempt, request.Nonce = task.runID, task.callID, task.attempt, task.nonce
	request.ArgumentsDigest = grant.GetArgumentsDigest()
	asked := question{verb: "complete", request: request, first: grant.orchestratorID}
	answer := &agentspanv1.CompleteResponse{}
	err := askUntilAnswered(p.ended, p.link, asked, answer)
	for tries := 0; err == nil && isUnregistered(answer) && tries < mostRegistrations; tries++ {
		if err = p.registerNow(); err == nil {
			err = askUntilAnswered(p.ended, p.link, asked, answer)
		}
	}
	if err != nil {
		return fmt.Errorf("an outcome was not told: %w", err)
	}
	if refused := answer.GetError(); refused != nil {
		p.logger.Error("The server refused an outcome for good", "reason", refused.GetReason(),
			"why", refused.GetMessage(), task.fields())
		return nil
	}
	status := answer.GetStatus()
	if status == agentspanv1.CompletionStatus_COMPLETION_STATUS_ACCEPTED {
		p.logger.Debug("Completed a task", task.fields())
		return nil
	}
	p.logger.Warn("An outcome came too late for its call", "status", status.String(), "detail", answer.GetDetail(),
		task.fields())
	return nil
}

// release hands back a task that was not begun, until it is answered.
func (p *workerParts) release(task *taskInHand, why objection, orchestratorID string) error {
	request := &agentspanv1.ReleaseRequest{
		WorkerId: p.workerID, Incarnation: p.incarnation, Namespace: p.namespace,
		RunId: task.runID, CallId: task.callID, Attempt: task.attempt, Nonce: task.nonce,
		Reason: why.reason, Detail: cut(why.detail, messageBytes),
	}
	answer := &agentspanv1.ReleaseResponse{}
	asked := question{verb: "release", request: request, first: orchestratorID}
	if err := askUntilAnswered(p.ended, p.link, asked, answer); err != nil {
		return fmt.Errorf("a task was not handed back: %w", err)
	}
	if refused := answer.GetError(); refused != nil {
		p.logger.Error("A release was refused", "error", refused.GetReason(), "reason", why.reason.String(), task.fields())
		return nil
	}
	p.logger.Info("Handed a task back", "reason", why.reason.String(), "released", answer.GetReleased(), task.fields())
	return nil
}
