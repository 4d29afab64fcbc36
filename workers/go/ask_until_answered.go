package agentspan

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/proto"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// How long one try waits: short at first, since an orchestrator that is gone does not answer at all.
const (
	firstTimeout = time.Second
	mostTimeout  = 5 * time.Second
)

// workerAnswer is one to any request of a worker's.
type workerAnswer interface {
	proto.Message
	GetError() *agentspanv1.WorkerError
}

// question is a request that is repeated until it is answered.
type question struct {
	verb    string
	request proto.Message
	// first is the orchestrator that is asked first; empty for any.
	first string
	// onRepeat is called before each repetition.
	onRepeat func()
}

// askUntilAnswered sends the same request until it is answered: first to the orchestrator that knows the run, then to any.
// An answer with an error that names a time is repeated after it; one that names none is given back, to be final. The error
// is that the context has ended.
func askUntilAnswered(ctx context.Context, link link, question question, into workerAnswer) error {
	orchestratorID, failed := question.first, 0
	for ctx.Err() == nil {
		within := min(mostTimeout, firstTimeout<<min(failed, 8))
		answered := ask(ctx, link, question.verb, orchestratorID, question.request, into, within)
		retry := into.GetError().GetRetryAfter()
		if answered && retry == nil {
			return nil
		}
		if ctx.Err() != nil {
			break
		}
		if question.onRepeat != nil {
			question.onRepeat()
		}
		if orchestratorID != "" && !answered {
			// It did not answer: any other may, at once.
			orchestratorID = ""
			continue
		}
		failed++
		wait := backoff(failed, 100*time.Millisecond, 2*time.Second)
		if answered {
			wait = retry.AsDuration()
		}
		pause(ctx, wait)
	}
	return errEnded
}

// isUnregistered says whether what an answer asks for is a registration: the same request may be sent again after one.
func isUnregistered(answer workerAnswer) bool {
	return answer.GetError().GetReason() == "PERMISSION_DENIED"
}

// backoff is how long to wait after so many failures: half of it, or more by chance.
func backoff(failed int, first, most time.Duration) time.Duration {
	ceiling := min(float64(most), float64(first)*math.Pow(2, float64(failed-1)))
	return time.Duration(ceiling * (0.5 + rand.Float64()/2))
}
