package agentspan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

const refundArguments = `{"amount":29.99,"order_id":"ORD-8821"}`

type refundInput struct {
	OrderID string  `json:"order_id"`
	Amount  float64 `json:"amount"`
}

// refunding is a gated tool that counts its calls.
func refunding(calls *[]Call, options ...ToolOption) *Tool {
	return MustTool("process_refund", func(ctx context.Context, in refundInput) (map[string]any, error) {
		call, _ := CallFrom(ctx)
		*calls = append(*calls, call)
		return map[string]any{"refunded": in.Amount}, nil
	}, append(options, ApprovalRequired())...)
}

// plain is a tool that does what a test says.
func plain(run func(ctx context.Context, in map[string]any) (any, error)) *Tool {
	return MustTool("get_order", run, WithInputSchema(`{"type":"object"}`))
}

func TestClaimsAcknowledgesRunsAndCompletes(t *testing.T) {
	var calls []Call
	b := newBench(t, refunding(&calls), answers{
		"claim": {grantOf("process_refund", refundArguments)}, "complete": {accepted},
	}).run(t)
	if len(calls) != 1 || calls[0].IdempotencyKey != "run_1-t1c1" || calls[0].Proof.ApprovalID != "apr_1" || calls[0].Attempt != 1 {
		t.Errorf("it was called with %+v", calls)
	}
	if b.link.told() != "+ACK" || b.link.verbs() != "claim:orc_1 complete:orc_2" {
		t.Errorf("it asked %s and told NATS %s", b.link.verbs(), b.link.told())
	}
	told := requestsOf[*agentspanv1.CompleteRequest](b.link)[0]
	if told.GetResultJson() != `{"refunded":29.99}` || !strings.HasPrefix(told.GetArgumentsDigest(), "sha256:7589769f") || told.GetNonce() != theNonce {
		t.Errorf("it told %v", told)
	}
}

func TestRepeatsWhatIsNotAnsweredAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []Call
		busy := &agentspanv1.ClaimResponse{Error: later("STORE_UNAVAILABLE")}
		b := newBench(t, refunding(&calls), answers{
			"claim": {nil, busy, grantOf("process_refund", refundArguments)}, "complete": {nil, nil, accepted},
		}).run(t)
		if len(calls) != 1 || b.link.told() != "+WPI +WPI +ACK" {
			t.Errorf("it was called %d times, and told NATS %s", len(calls), b.link.told())
		}
		// The one that knows the run first, then any.
		if verbs := b.link.verbs(); verbs != "claim:orc_1 claim: claim: complete:orc_2 complete: complete:" {
			t.Errorf("it asked %s", verbs)
		}
		for i, one := range b.link.asked {
			if first := b.link.asked[i/3*3]; !proto.Equal(one.request, first.request) {
				t.Errorf("it repeated %v as %v", first.request, one.request)
			}
		}
	})
}

func TestAcknowledgesARefusalAndDoesNothing(t *testing.T) {
	later := protowire.AppendTag(nil, 500, protowire.BytesType)
	unknown := &agentspanv1.ClaimResponse{}
	unknown.ProtoReflect().SetUnknown(protowire.AppendString(later, "new"))
	for _, answer := range []*agentspanv1.ClaimResponse{
		refusal(agentspanv1.RefusalReason_REFUSAL_REASON_TAKEN), refusal(agentspanv1.RefusalReason_REFUSAL_REASON_PAUSED),
		refusal(99), {}, unknown, {Error: refused("INTERNAL")},
	} {
		var calls []Call
		b := newBench(t, refunding(&calls), answers{"claim": {answer}}).run(t)
		if b.link.told() != "+ACK" || len(calls) != 0 {
			t.Errorf("on %v it told NATS %s, and was called %d times", answer, b.link.told(), len(calls))
		}
	}
}

func TestRegistersAgainAndPutsTheHintBackWhereTheServerDoesNotKnowIt(t *testing.T) {
	var calls []Call
	b := newBench(t, refunding(&calls), answers{"claim": {&agentspanv1.ClaimResponse{Error: refused("PERMISSION_DENIED")}}}).run(t)
	if b.link.told() != `-NAK {"delay": 1000000000}` || fmt.Sprint(b.registered) != "[soon]" {
		t.Errorf("it told NATS %s, and registered %v", b.link.told(), b.registered)
	}
}

func TestTellsAnOutcomeAgainAfterItHasRegistered(t *testing.T) {
	var calls []Call
	b := newBench(t, refunding(&calls), answers{
		"claim":    {grantOf("process_refund", refundArguments)},
		"complete": {&agentspanv1.CompleteResponse{Error: refused("PERMISSION_DENIED")}, accepted},
	}).run(t)
	if fmt.Sprint(b.registered) != "[now]" || len(calls) != 1 {
		t.Errorf("it registered %v, and was called %d times", b.registered, len(calls))
	}
}

func TestTellsAnOutcomeNoMoreOnceItIsAnswered(t *testing.T) {
	for _, answer := range []*agentspanv1.CompleteResponse{
		{Status: agentspanv1.CompletionStatus_COMPLETION_STATUS_STALE}, {Status: 99}, {Error: refused("INTERNAL")},
	} {
		var calls []Call
		newBench(t, refunding(&calls), answers{"claim": {grantOf("process_refund", refundArguments)}, "complete": {answer}}).run(t)
	}
}

func TestHandsBackAClaimThatWasRefusedAfterItWasRepeated(t *testing.T) {
	var calls []Call
	b := newBench(t, refunding(&calls), answers{
		"claim": {nil, &agentspanv1.ClaimResponse{Error: refused("INTERNAL")}}, "release": {released},
	}).run(t)
	if reason := handedBack(t, b, calls); reason != "TOO_LATE: the claim was refused: INTERNAL" {
		t.Errorf("it is handed back as %s", reason)
	}
}

// handedBack is why nothing was begun.
func handedBack(t *testing.T, b *bench, calls []Call) string {
	t.Helper()
	requests := requestsOf[*agentspanv1.ReleaseRequest](b.link)
	if len(requests) != 1 || len(calls) != 0 || len(requestsOf[*agentspanv1.CompleteRequest](b.link)) != 0 {
		t.Fatalf("it asked %s, and was called %d times", b.link.verbs(), len(calls))
	}
	return strings.TrimPrefix(requests[0].GetReason().String(), "RELEASE_REASON_") + ": " + requests[0].GetDetail()
}

func TestHandsBackWhatItMayNotBegin(t *testing.T) {
	for want, change := range map[string]func(*agentspanv1.Grant){
		"NO_PROOF: the arguments are not those of the digest":                   func(g *agentspanv1.Grant) { g.ArgumentsJson = `{"amount":1}` },
		"NO_PROOF: the tool is guarded and the grant has no proof":              unproved,
		"NO_PROOF: the tool needs an approval and the proof names none":         func(g *agentspanv1.Grant) { g.Proof.ApprovalId = "" },
		"NO_PROOF: the proof is bound to another run_id":                        func(g *agentspanv1.Grant) { g.Proof.RunId = "run_2" },
		"NO_PROOF: the proof is bound to another call_id":                       func(g *agentspanv1.Grant) { g.Proof.CallId = "t2c1" },
		"NO_PROOF: the proof is bound to another attempt":                       func(g *agentspanv1.Grant) { g.Proof.Attempt = 2 },
		"NO_PROOF: the proof is bound to another nonce":                         func(g *agentspanv1.Grant) { g.Proof.Nonce = "another" },
		"NO_PROOF: the proof is bound to another worker_id":                     func(g *agentspanv1.Grant) { g.Proof.WorkerId = "worker-2" },
		"NO_PROOF: the proof is bound to another arguments_digest":              func(g *agentspanv1.Grant) { g.Proof.ArgumentsDigest = "sha256:0" },
		`INCOMPATIBLE: granted is "get_order", served here is "process_refund"`: func(g *agentspanv1.Grant) { g.ToolName = "get_order" },
	} {
		var calls []Call
		b := newBench(t, refunding(&calls), answers{
			"claim": {grantOf("process_refund", refundArguments, change)}, "release": {released},
		}).run(t)
		if got := handedBack(t, b, calls); got != want || b.link.told() != "+ACK" {
			t.Errorf("it is handed back as %s, want %s", got, want)
		}
	}
}

func TestHandsBackArgumentsThatItsOwnSchemaRefuses(t *testing.T) {
	for arguments, place := range map[string]string{
		`{"amount":"secret","order_id":"ORD-8821"}`:               "amount",
		`{"amount":29.99,"order_id":"ORD-8821","other":"secret"}`: "other",
	} {
		var calls []Call
		var logged bytes.Buffer
		b := newBench(t, refunding(&calls), answers{
			"claim": {grantOf("process_refund", arguments)}, "release": {released},
		})
		b.logger = slog.New(slog.NewTextHandler(&logged, nil))
		if got := handedBack(t, b.run(t), calls); !strings.HasPrefix(got, "INCOMPATIBLE: ") || !strings.Contains(got, place) {
			t.Errorf("it is handed back as %s", got)
		}
		if said := logged.String(); !strings.Contains(said, "at=["+place+"]") || strings.Contains(said, "secret") {
			t.Errorf("it logs %s", said)
		}
	}
}

func TestBeginsNoGuardedCallLateByEitherClock(t *testing.T) {
	for _, passed := range []instant{{3500 * time.Millisecond, grantedAt}, {0, grantedAt.Add(3500 * time.Millisecond)}, {0, grantedAt.Add(-3500 * time.Millisecond)}} {
		var calls []Call
		b := newBench(t, refunding(&calls), answers{"release": {released}})
		b.link.answers["claim"] = []any{func(proto.Message) proto.Message {
			b.clock = instant{b.clock.monotonic + passed.monotonic, passed.wall}
			return grantOf("process_refund", refundArguments)
		}}
		if got := handedBack(t, b.run(t), calls); !strings.HasPrefix(got, "TOO_LATE: ") {
			t.Errorf("it is handed back as %s", got)
		}
	}
}

func TestBeginsAPlainCallLate(t *testing.T) {
	tool := plain(func(context.Context, map[string]any) (any, error) { return "late", nil })
	b := newBench(t, tool, answers{"complete": {accepted}})
	b.link.answers["claim"] = []any{func(proto.Message) proto.Message {
		b.clock.monotonic += time.Minute
		return grantOf("get_order", "{}", unproved)
	}}
	b.run(t)
}

func TestBeginsNothingOnceItShutsDownOrWasToldToStop(t *testing.T) {
	for want, stop := range map[string]func(*bench){
		"SHUTTING_DOWN: the worker is shutting down": func(b *bench) { b.drain() },
		"TOO_LATE: told to stop before it began":     func(b *bench) { b.task.cancel(ErrStopped) },
	} {
		var calls []Call
		b := newBench(t, refunding(&calls), answers{"claim": {grantOf("process_refund", refundArguments)}, "release": {released}})
		stop(b)
		if got := handedBack(t, b.run(t), calls); got != want {
			t.Errorf("it is handed back as %s, want %s", got, want)
		}
	}
}

func TestLeavesOffWhereTheWorkerHasEnded(t *testing.T) {
	var calls []Call
	b := newBench(t, refunding(&calls), answers{})
	b.end()
	if err := b.runTask(b.task); !errors.Is(err, errEnded) || b.link.told() != "" {
		t.Errorf("it says %v, and told NATS %s", err, b.link.told())
	}
}

func TestReportsWhatAToolFailedWith(t *testing.T) {
	wrapped := fmt.Errorf("of the order: %w", Final(errors.New("closed")))
	for name, told := range map[string]struct {
		run       func(context.Context, map[string]any) (any, error)
		words     string
		retryable bool
	}{
		"an error":                 {func(context.Context, map[string]any) (any, error) { return nil, errors.New("busy") }, "busy", true},
		"a final error":            {func(context.Context, map[string]any) (any, error) { return nil, wrapped }, "of the order: closed", false},
		"an error in nothing":      {func(context.Context, map[string]any) (any, error) { return nil, errors.New("") }, "*errors.errorString", true},
		"a panic":                  {func(context.Context, map[string]any) (any, error) { panic("no") }, "panic: no", true},
		"the end of its goroutine": {func(context.Context, map[string]any) (any, error) { runtime.Goexit(); return nil, nil }, errNoReturn.Error(), true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, plain(told.run), answers{"claim": {grantOf("get_order", "{}", unproved)}, "complete": {accepted}}).run(t)
			failure := requestsOf[*agentspanv1.CompleteRequest](b.link)[0].GetFailure()
			if failure.GetMessage() != told.words || failure.GetRetryable() != told.retryable {
				t.Errorf("it told %v", failure)
			}
		})
	}
}

func TestGivesTheToolEveryValueThatTheTextSays(t *testing.T) {
	const text = `{"":null,"__proto__":[9007199254740994,1e+21,1e-7,-0.5],"é":"€😀"}`
	tool := MustTool("get_order", func(_ context.Context, in json.RawMessage) (json.RawMessage, error) { return in, nil },
		WithInputSchema(`{"type":"object"}`))
	b := newBench(t, tool, answers{"claim": {grantOf("get_order", text, unproved)}, "complete": {accepted}}).run(t)
	if told := requestsOf[*agentspanv1.CompleteRequest](b.link)[0]; told.GetResultJson() != text {
		t.Errorf("it told %v", told)
	}
}

func TestTellsTheToolItsDeadlineByThisMachinesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tool := plain(func(ctx context.Context, _ map[string]any) (any, error) {
			deadline, limited := ctx.Deadline()
			if left := time.Until(deadline); !limited || left != time.Second {
				t.Errorf("it has %v", left)
			}
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})
		// The server's clock is far away, and a second has passed since the claim was sent.
		b := newBench(t, tool, answers{"complete": {accepted}})
		b.link.answers["claim"] = []any{func(proto.Message) proto.Message {
			b.clock.monotonic += time.Second
			return grantOf("get_order", "{}", func(grant *agentspanv1.Grant) {
				grant.Deadline = timestamppb.New(grantedAt.Add(2 * time.Second))
			})
		}}
		b.run(t)
		failure := requestsOf[*agentspanv1.CompleteRequest](b.link)[0].GetFailure()
		if !strings.HasPrefix(failure.GetMessage(), ErrPastDeadline.Error()) {
			t.Errorf("it told %v", failure)
		}
	})
}
