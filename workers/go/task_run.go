package agentspan

import agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"

// runTask takes one task from its hint to its answered outcome. The order is the contract's:
//
//  1. the nonce is in hand, and so in every heartbeat, before the claim that carries it is sent;
//  2. the hint is acknowledged as soon as the claim is answered, either way: only the server tries again. It is put back
//     where the server must be told of this worker first;
//  3. checks, the worker's own schema among them, come between grant and beginning; the age of a guarded grant last, where
//     the function is called, with nothing waited for between it and the call;
//  4. what has begun is completed, never released; what has not is released, never completed.
//
// The error is that the worker ended first.
func (p *workerParts) runTask(task *taskInHand) error {
	claimed, err := p.claim(task, looksAtNothing)
	switch {
	case err != nil:
		return err
	case claimed.looks == looksByProbe:
		return p.runProbe(task)
	case claimed.looks == looksByPreview:
		return p.runPreview(task)
	case claimed.unregistered:
		task.giveHintsBack()
		return nil
	}
	task.acknowledgeHints()
	if claimed.granted == nil {
		p.logger.Debug("A claim was refused", "why", claimed.refused, task.fields())
		return nil
	}
	what, against := p.begin(task, claimed.granted)
	if against != nil {
		return p.release(task, *against, claimed.granted.orchestratorID)
	}
	return p.complete(task, what, claimed.granted)
}

// begin gives the outcome of the function, or why it was not called.
func (p *workerParts) begin(task *taskInHand, grant *granted) (outcome, *objection) {
	if against := p.objectTo(grant, task); against != nil {
		p.logger.Error("A grant was refused", "why", against.detail, task.fields())
		return nil, against
	}
	in, err := task.tool.read(grant.GetArgumentsJson())
	if err != nil {
		// What the error says may have values in it.
		p.logger.Warn("The tool's schema here refuses the arguments", "at", placesIn(wordsOf(err), grant.GetArgumentsJson(), task.tool),
			task.fields())
		return nil, &objection{agentspanv1.ReleaseReason_RELEASE_REASON_INCOMPATIBLE, wordsOf(err)}
	}
	var against *objection
	what, began := p.execute(task, grant, in, func() bool {
		if against = p.keptFrom(task, grant); against == nil {
			task.begin()
		}
		return against == nil
	})
	if !began {
		return nil, against
	}
	return what, nil
}

// keptFrom says why a task that was found good does not begin now.
func (p *workerParts) keptFrom(task *taskInHand, grant *granted) *objection {
	switch {
	case p.draining.Err() != nil:
		return &objection{agentspanv1.ReleaseReason_RELEASE_REASON_SHUTTING_DOWN, "the worker is shutting down"}
	case task.ctx.Err() != nil:
		return &objection{agentspanv1.ReleaseReason_RELEASE_REASON_TOO_LATE, "told to stop before it began"}
	case grant.guards(task.tool):
		return p.tooLate(grant)
	default:
		return nil
	}
}
