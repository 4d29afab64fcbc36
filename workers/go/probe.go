package agentspan

import agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"

// ProbeAnswer is what a probe found out: [Happened], [DidNotHappen] or [Unknown]. The zero value is no answer.
type ProbeAnswer struct {
	verdict agentspanv1.ProbeVerdict
	result  any
	detail  string
}

// Happened says that the call took effect. The result is what the call would have returned; the detail says what was looked
// at and seen, in words for a person who may be asked next.
func Happened(result any, detail string) ProbeAnswer {
	return ProbeAnswer{agentspanv1.ProbeVerdict_PROBE_VERDICT_HAPPENED, result, detail}
}

// DidNotHappen says that the call took no effect, and will take none any more.
func DidNotHappen(detail string) ProbeAnswer {
	return ProbeAnswer{agentspanv1.ProbeVerdict_PROBE_VERDICT_DID_NOT_HAPPEN, nil, detail}
}

// Unknown says that it cannot be told: a person is asked.
func Unknown(detail string) ProbeAnswer {
	return ProbeAnswer{agentspanv1.ProbeVerdict_PROBE_VERDICT_UNKNOWN, nil, detail}
}
