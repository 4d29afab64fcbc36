package agentspan

import (
	"errors"
	"fmt"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

// runProbe asks a tool's probe whether a lost attempt took effect, from the refusal that says so to the answered answer.
//
// Nothing of it is guarded: a probe only looks, so it may run late, twice, or beside another worker's. Where it cannot
// answer (it fails, its schema refuses the arguments, what it returns is no answer) nothing is said: the server announces
// it again, and asks a person when its time is over. What is no clear answer is never taken for a no.
func (p *workerParts) runProbe(task *taskInHand) error {
	if task.tool.given.probe == nil || p.draining.Err() != nil {
		task.giveHintsBack()
		return nil
	}
	claimed, err := p.claim(task, looksByProbe)
	if err != nil {
		return err
	}
	if claimed.unregistered {
		task.giveHintsBack()
		return nil
	}
	task.acknowledgeHints()
	if claimed.granted == nil {
		p.logger.Debug("A claim of a probe was refused", "why", claimed.refused, task.fields())
		return nil
	}
	task.begin()
	answer, err := p.askProbe(task, claimed.granted)
	if err != nil {
		p.warnOf("A probe gave no answer; it will be asked again", err, task)
		return nil
	}
	return p.complete(task, answer, claimed.granted)
}

func (p *workerParts) askProbe(task *taskInHand, grant *granted) (outcome, error) {
	if !grant.GetProbe() || grant.GetToolName() != task.tool.name {
		return nil, errors.New("the server granted something else than a probe")
	}
	if grant.GetArgumentsDigest() != canonical.DigestOf(grant.GetArgumentsJson()) {
		return nil, errors.New("the arguments are not of their digest")
	}
	in, err := task.tool.read(grant.GetArgumentsJson())
	if err != nil {
		return nil, err
	}
	ctx := p.callContext(task, Call{
		Tool: task.tool.name, RunID: task.runID, CallID: task.callID, Attempt: int(task.attempt),
		IdempotencyKey: grant.GetIdempotencyKey(),
	})
	result := <-inGoroutine(always, func() (any, error) { return task.tool.given.probe(ctx, in) })
	if result.err != nil {
		return nil, result.err
	}
	answer, _ := result.value.(ProbeAnswer)
	return probed(answer, p.link.maxPayload())
}

// probed is what a probe found out, as the server is told.
func probed(answer ProbeAnswer, maxPayload int) (outcome, error) {
	if answer.verdict == agentspanv1.ProbeVerdict_PROBE_VERDICT_UNSPECIFIED {
		return nil, errors.New("it returned no answer: a probe returns Happened, DidNotHappen or Unknown")
	}
	told := &agentspanv1.ProbeAnswer{Verdict: answer.verdict, Detail: cut(answer.detail, messageBytes)}
	if answer.verdict == agentspanv1.ProbeVerdict_PROBE_VERDICT_HAPPENED {
		result := returned(answer.result, true, maxPayload)
		if failure := result.GetFailure(); failure != nil {
			return nil, fmt.Errorf("of what it found: %s", failure.GetMessage())
		}
		told.ResultJson = result.GetResultJson()
	}
	return &agentspanv1.CompleteRequest{Outcome: &agentspanv1.CompleteRequest_ProbeAnswer{ProbeAnswer: told}}, nil
}
