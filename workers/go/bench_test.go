package agentspan

// The server of the worker protocol as a worker meets it, in this process: what it answers is written down.

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

const (
	theRun    = "run_1"
	theCall   = "t1c1"
	theWorker = "worker-1"
	theNonce  = "3b1f0c8e9a5d4b7786d2f0a1c4e5b697"
)

var grantedAt = time.UnixMilli(1_798_761_600_250)

// answers are given in order; nil is none, and a function makes one of the request.
type answers map[string][]any

// fakeLink keeps what it was asked and told.
type fakeLink struct {
	t       *testing.T
	mu      sync.Mutex
	answers answers
	asked   []asked
	said    []string
}

type asked struct {
	verb, orchestratorID string
	request              proto.Message
}

func (l *fakeLink) send(verb, orchestratorID string, request proto.Message) (<-chan []byte, func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, asked{verb, orchestratorID, proto.Clone(request)})
	channel := make(chan []byte, 1)
	defer close(channel)
	if len(l.answers[verb]) == 0 {
		l.t.Errorf("It asks %s once more than is written down.", verb)
		return channel, func() {}
	}
	answer := l.answers[verb][0]
	l.answers[verb] = l.answers[verb][1:]
	if make, ok := answer.(func(proto.Message) proto.Message); ok {
		answer = make(request)
	}
	if message, ok := answer.(proto.Message); ok {
		body, err := proto.Marshal(message)
		if err != nil {
			l.t.Error(err)
		}
		channel <- body
	}
	return channel, func() {}
}

func (l *fakeLink) publish(_, _ string, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, string(body))
}

func (l *fakeLink) listen(func(*nats.Msg)) inbox { return nil }

func (l *fakeLink) maxPayload() int { return 1024 * 1024 }

// told is what NATS was told of the hint.
func (l *fakeLink) told() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.said, " ")
}

// left are the answers to a verb that are not given yet.
func (l *fakeLink) left(verb string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.answers[verb])
}

// verbs are what was asked, and whom.
func (l *fakeLink) verbs() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var verbs []string
	for _, one := range l.asked {
		verbs = append(verbs, one.verb+":"+one.orchestratorID)
	}
	return strings.Join(verbs, " ")
}

// requestsOf are those of a kind.
func requestsOf[M proto.Message](l *fakeLink) []M {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []M
	for _, one := range l.asked {
		if request, ok := one.request.(M); ok {
			found = append(found, request)
		}
	}
	return found
}

// bench has one task of one tool.
type bench struct {
	*workerParts
	link       *fakeLink
	task       *taskInHand
	clock      instant
	registered []string
	drain, end context.CancelFunc
}

func newBench(t *testing.T, tool *Tool, given answers) *bench {
	t.Helper()
	b := &bench{link: &fakeLink{t: t, answers: given}, clock: instant{100 * time.Second, grantedAt}}
	draining, drain := context.WithCancel(t.Context())
	ended, end := context.WithCancel(t.Context())
	b.drain, b.end = drain, end
	b.workerParts = &workerParts{
		identity: identity{theWorker, "inc_1", "default"},
		link:     b.link,
		logger:   slog.New(slog.DiscardHandler),
		now:      func() instant { return b.clock },
		draining: draining, ended: ended,
		registerSoon: func() { b.registered = append(b.registered, "soon") },
		registerNow:  func() error { b.registered = append(b.registered, "now"); return nil },
	}
	hint := &agentspanv1.TaskHint{RunId: theRun, CallId: theCall, Attempt: 1, OrchestratorId: "orc_1"}
	b.task = newTaskInHand(draining, tool, taskMessage{hint, "$JS.ACK.x", b.link})
	b.task.nonce = theNonce
	return b
}

// run takes the task to its end.
func (b *bench) run(t *testing.T) *bench {
	t.Helper()
	if err := b.runTask(b.task); err != nil {
		t.Fatal(err)
	}
	return b
}

// grantOf is that of a call that somebody approved, with what a test changes of it.
func grantOf(tool, arguments string, changes ...func(*agentspanv1.Grant)) *agentspanv1.ClaimResponse {
	digest := canonical.DigestOf(arguments)
	grant := &agentspanv1.Grant{
		ToolName: tool, ArgumentsJson: arguments, ArgumentsDigest: digest, IdempotencyKey: theRun + "-" + theCall, Guarded: true,
		Proof: &agentspanv1.Proof{
			RunId: theRun, CallId: theCall, Attempt: 1, Nonce: theNonce, WorkerId: theWorker, ArgumentsDigest: digest,
			ApprovalId: "apr_1", DecisionId: "dec_1",
			GrantedAt: timestamppb.New(grantedAt), ExpiresAt: timestamppb.New(grantedAt.Add(30 * time.Second)),
		},
	}
	for _, change := range changes {
		change(grant)
	}
	return &agentspanv1.ClaimResponse{
		OrchestratorId: "orc_2", Answer: &agentspanv1.ClaimResponse_Grant{Grant: grant},
	}
}

// unproved is the grant of a plain call.
func unproved(grant *agentspanv1.Grant) { grant.Proof, grant.Guarded = nil, false }

func refusal(reason agentspanv1.RefusalReason) *agentspanv1.ClaimResponse {
	return &agentspanv1.ClaimResponse{
		Answer: &agentspanv1.ClaimResponse_Refusal{Refusal: &agentspanv1.Refusal{Reason: reason}},
	}
}

func refused(reason string) *agentspanv1.WorkerError {
	return &agentspanv1.WorkerError{Reason: reason, Message: "in words"}
}

func later(reason string) *agentspanv1.WorkerError {
	return &agentspanv1.WorkerError{Reason: reason, RetryAfter: durationpb.New(time.Millisecond)}
}

var (
	accepted = &agentspanv1.CompleteResponse{Status: agentspanv1.CompletionStatus_COMPLETION_STATUS_ACCEPTED}
	released = &agentspanv1.ReleaseResponse{Released: true}
)
