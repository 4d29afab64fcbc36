package agentspan

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// leftToOthers is how long others may have what cannot be taken here now.
const leftToOthers = time.Second

// taskInHand is one attempt that this worker claims, runs or reports. It is in hand until the server has answered for it.
type taskInHand struct {
	attemptID
	tool *Tool
	// announcedBy is the orchestrator that did so.
	announcedBy string
	// nonce lives in this process's memory alone: 128 random bits.
	nonce string
	// ctx ends when the function should: told by the server, by the deadline, or by shutdown.
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu sync.Mutex
	// hints wait for the claim's answer.
	hints    []taskMessage
	answered bool
	// begun: the function has been called.
	begun bool
	// looks: its preview is being taken; what it would do is looked at, and nothing of the attempt itself is in hand.
	looks bool
}

// attemptID names an attempt: two hints of one are about the same thing.
type attemptID struct {
	runID, callID string
	attempt       uint32
}

func attemptOf(hint *agentspanv1.TaskHint) attemptID {
	return attemptID{hint.GetRunId(), hint.GetCallId(), hint.GetAttempt()}
}

// newTaskInHand takes the attempt that a hint names. Its context has what that of the worker has, and outlives it.
func newTaskInHand(of context.Context, tool *Tool, message taskMessage) *taskInHand {
	var nonce [16]byte
	// It never fails.
	_, _ = rand.Read(nonce[:])
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(of))
	return &taskInHand{
		attemptID:   attemptOf(message.hint),
		tool:        tool,
		announcedBy: message.hint.GetOrchestratorId(),
		nonce:       hex.EncodeToString(nonce[:]),
		ctx:         ctx,
		cancel:      cancel,
		hints:       []taskMessage{message},
	}
}

// fields are for logs.
func (t *taskInHand) fields() slog.Attr {
	return slog.Group("", "run_id", t.runID, "call_id", t.callID, "attempt", t.attempt, "tool", t.tool.name)
}

// join takes a further hint of the same attempt: this claim's answer is its answer too.
func (t *taskInHand) join(message taskMessage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answered {
		message.ack()
		return
	}
	t.hints = append(t.hints, message)
}

// holdHints: the claim takes longer than one try, and nobody else should try as well.
func (t *taskInHand) holdHints() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, message := range t.hints {
		message.working()
	}
}

// acknowledgeHints: the claim is answered, either way.
func (t *taskInHand) acknowledgeHints() { t.settleHints(taskMessage.ack) }

// giveHintsBack: what is asked cannot be done here, and another worker may have the hints in a while.
func (t *taskInHand) giveHintsBack() {
	t.settleHints(func(message taskMessage) { message.giveBack(leftToOthers) })
}

func (t *taskInHand) settleHints(settle func(taskMessage)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, message := range t.hints {
		settle(message)
	}
	t.hints, t.answered = nil, true
}

func (t *taskInHand) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
}

func (t *taskInHand) look() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looks = true
}

func (t *taskInHand) state() (begun, looks bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.begun, t.looks
}

// told is what heartbeats say of it.
func (t *taskInHand) told() *agentspanv1.TaskInHand {
	begun, _ := t.state()
	return &agentspanv1.TaskInHand{
		RunId: t.runID, CallId: t.callID, Attempt: t.attempt, Nonce: t.nonce, Begun: begun,
	}
}
