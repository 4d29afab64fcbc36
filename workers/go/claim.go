package agentspan

import (
	"strings"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// claimed is what becomes of a claim; one of the fields says so.
type claimed struct {
	// granted: the attempt is this worker's.
	granted *granted
	// looks is all that is asked: a probe or a preview.
	looks looks
	// unregistered: the server knows of no registration of this tool here (any more). It is told again, and then may grant
	// it.
	unregistered bool
	// refused says why nothing is to be done, or nothing now.
	refused string
}

type granted struct {
	*agentspanv1.Grant
	// orchestratorID is asked first from now on.
	orchestratorID string
	// sentAt is when the claim was first sent; a guarded grant ages from then.
	sentAt instant
}

// looks is what only looks: whether the attempt took effect, or what the call would do.
type looks int

const (
	looksAtNothing looks = iota
	looksByProbe
	looksByPreview
)

// claim claims with the task's nonce until there is an answer: to a repeated claim the server gives the same one. With
// looks it asks for what a probe or a preview needs, and never for a start.
func (p *workerParts) claim(task *taskInHand, looks looks) (claimed, error) {
	request := &agentspanv1.ClaimRequest{
		WorkerId: p.workerID, Incarnation: p.incarnation, Namespace: p.namespace,
		RunId: task.runID, CallId: task.callID, Attempt: task.attempt, Nonce: task.nonce,
		Probe: looks == looksByProbe, Preview: looks == looksByPreview,
	}
	sentAt, repeated := p.now(), false
	asked := question{verb: "claim", request: request, first: task.announcedBy, onRepeat: func() {
		repeated = true
		task.holdHints()
	}}
	answer := &agentspanv1.ClaimResponse{}
	if err := askUntilAnswered(p.ended, p.link, asked, answer); err != nil {
		return claimed{}, err
	}
	if refused := answer.GetError(); refused != nil {
		if repeated && looks == looksAtNothing {
			// An earlier try may have been granted and its answer lost: nobody may count on this claim.
			against := objection{agentspanv1.ReleaseReason_RELEASE_REASON_TOO_LATE, "the claim was refused: " + refused.GetReason()}
			if err := p.release(task, against, answer.GetOrchestratorId()); err != nil {
				return claimed{}, err
			}
		}
		if isUnregistered(answer) {
			p.logger.Warn("A claim was refused; registering again", "why", refused.GetMessage(), task.fields())
			p.registerSoon()
			return claimed{unregistered: true}, nil
		}
		return claimed{refused: refused.GetReason() + ": " + refused.GetMessage()}, nil
	}
	switch answer.GetAnswer().(type) {
	case *agentspanv1.ClaimResponse_Grant:
		return claimed{granted: &granted{answer.GetGrant(), answer.GetOrchestratorId(), sentAt}}, nil
	case *agentspanv1.ClaimResponse_Refusal:
		return refusalOf(answer.GetRefusal().GetReason()), nil
	default:
		return claimed{refused: "an answer that this version does not know"}, nil
	}
}

func refusalOf(reason agentspanv1.RefusalReason) claimed {
	switch reason {
	case agentspanv1.RefusalReason_REFUSAL_REASON_PROBE:
		return claimed{looks: looksByProbe}
	case agentspanv1.RefusalReason_REFUSAL_REASON_PREVIEW:
		return claimed{looks: looksByPreview}
	default:
		return claimed{refused: strings.TrimPrefix(reason.String(), "REFUSAL_REASON_")}
	}
}
