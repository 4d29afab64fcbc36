package agentspan

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// taskMessage is a delivered hint. Losing an answer to it is harmless: it comes again, and the claim is refused.
type taskMessage struct {
	// hint is nil where the body is none of the contract.
	hint  *agentspanv1.TaskHint
	reply string
	link  link
}

func newTaskMessage(body []byte, reply string, link link) taskMessage {
	hint := &agentspanv1.TaskHint{}
	if proto.Unmarshal(body, hint) != nil {
		hint = nil // Not ours; the caller logs and drops it.
	}
	return taskMessage{hint, reply, link}
}

// ack: done with, the claim was answered.
func (m taskMessage) ack() { m.respond("+ACK") }

// giveBack lets another worker have it, after so long; at once where that is 0.
func (m taskMessage) giveBack(after time.Duration) {
	if after == 0 {
		m.respond("-NAK")
		return
	}
	m.respond(fmt.Sprintf(`-NAK {"delay": %d}`, after.Nanoseconds()))
}

// working: still at it, do not deliver it again yet.
func (m taskMessage) working() { m.respond("+WPI") }

// drop: nobody can use it.
func (m taskMessage) drop() { m.respond("+TERM not a task hint") }

func (m taskMessage) respond(words string) {
	if m.reply != "" {
		m.link.publish(m.reply, "", []byte(words))
	}
}
