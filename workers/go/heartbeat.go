package agentspan

import (
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// beat says at every interval, also when idle, that this incarnation lives and what it has in hand. One is in flight at a
// time; one that is not answered is followed at once by a new one, to any orchestrator: whoever judges leases must see the
// counter move. It ends with the worker.
func beat(parts *workerParts, desk *taskDesk, interval func() time.Duration, onAnswer func(*agentspanv1.HeartbeatResponse)) {
	var counter uint64
	orchestratorID := ""
	for parts.ended.Err() == nil {
		every, sent := interval(), parts.now().monotonic
		counter++
		request := &agentspanv1.HeartbeatRequest{
			WorkerId: parts.workerID, Incarnation: parts.incarnation, Namespace: parts.namespace, Counter: counter,
		}
		var coming <-chan []byte
		var forget func()
		desk.tell(func(tasks []*agentspanv1.TaskInHand) {
			request.Tasks = tasks
			coming, forget = parts.link.send("heartbeat", orchestratorID, request)
		})
		answer := &agentspanv1.HeartbeatResponse{}
		answered := awaitAnswer(parts.ended, coming, answer, max(200*time.Millisecond, every/2))
		forget()
		var wait time.Duration
		switch {
		case answered && answer.GetError() == nil:
			onAnswer(answer)
			orchestratorID = answer.GetOrchestratorId()
			wait = every - (parts.now().monotonic - sent)
		case orchestratorID != "":
			orchestratorID = ""
		default:
			// Nobody there at all is told at once, and must not be asked in a tight loop.
			wait = every / 4
		}
		if wait > 0 {
			pause(parts.ended, wait)
		}
	}
}
