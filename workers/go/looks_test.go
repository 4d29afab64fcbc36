package agentspan

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

type payment struct {
	Amount float64 `json:"amount"`
}

func pay(context.Context, payment) (any, error) { return nil, errors.New("it is only looked at") }

func probeGrant(grant *agentspanv1.Grant) {
	unproved(grant)
	grant.Probe = true
}

func probedBench(t *testing.T, probe func(context.Context, payment) (ProbeAnswer, error), grant func(*agentspanv1.Grant)) *bench {
	t.Helper()
	tool := MustTool("pay", pay, Once(), WithProbe(probe), EnforcesIdempotency())
	return newBench(t, tool, answers{
		"claim": {
			refusal(agentspanv1.RefusalReason_REFUSAL_REASON_PROBE),
			grantOf("pay", `{"amount":1}`, grant),
		},
		"complete": {accepted},
	})
}

func TestAsksTheProbeWhereNobodyKnows(t *testing.T) {
	for name, want := range map[string]struct {
		answer ProbeAnswer
		told   string
	}{
		"happened":       {Happened(map[string]any{"paid": 1}, "seen"), `HAPPENED {"paid":1} seen`},
		"did not happen": {DidNotHappen("not seen"), "DID_NOT_HAPPEN  not seen"},
		"unknown":        {Unknown(""), "UNKNOWN  "},
	} {
		t.Run(name, func(t *testing.T) {
			b := probedBench(t, func(ctx context.Context, in payment) (ProbeAnswer, error) {
				call, _ := CallFrom(ctx)
				if in.Amount != 1 || call.IdempotencyKey != "run_1-t1c1" || call.Attempt != 1 || call.Proof != nil {
					t.Errorf("it is asked of %+v, with %+v", in, call)
				}
				return want.answer, nil
			}, probeGrant).run(t)
			claims := requestsOf[*agentspanv1.ClaimRequest](b.link)
			if claims[0].GetProbe() || !claims[1].GetProbe() || claims[0].GetNonce() != claims[1].GetNonce() {
				t.Errorf("it claimed %v", claims)
			}
			told := requestsOf[*agentspanv1.CompleteRequest](b.link)[0].GetProbeAnswer()
			verdict := strings.TrimPrefix(told.GetVerdict().String(), "PROBE_VERDICT_")
			if got := verdict + " " + told.GetResultJson() + " " + told.GetDetail(); got != want.told || b.link.told() != "+ACK" {
				t.Errorf("it told %q, and NATS %s", got, b.link.told())
			}
		})
	}
}

func TestSaysNothingOfAProbeThatGaveNoAnswer(t *testing.T) {
	probe := func(answer ProbeAnswer, err error) func(context.Context, payment) (ProbeAnswer, error) {
		return func(context.Context, payment) (ProbeAnswer, error) { return answer, err }
	}
	for name, b := range map[string]*bench{
		"it fails":            probedBench(t, probe(DidNotHappen(""), errors.New("blind")), probeGrant),
		"it returns nothing":  probedBench(t, probe(ProbeAnswer{}, nil), probeGrant),
		"it cannot be told":   probedBench(t, probe(Happened(func() {}, ""), nil), probeGrant),
		"no probe is granted": probedBench(t, probe(DidNotHappen(""), nil), unproved),
		"other arguments": probedBench(t, probe(DidNotHappen(""), nil), func(g *agentspanv1.Grant) {
			probeGrant(g)
			g.ArgumentsJson = `{"amount":2}`
		}),
		"the schema refuses them": probedBench(t, probe(DidNotHappen(""), nil), func(g *agentspanv1.Grant) {
			probeGrant(g)
			g.ArgumentsJson, g.ArgumentsDigest = `{"amount":"1"}`, canonical.DigestOf(`{"amount":"1"}`)
		}),
	} {
		if b.run(t); len(requestsOf[*agentspanv1.CompleteRequest](b.link)) != 0 || b.link.told() != "+ACK" {
			t.Errorf("where %s it asked %s, and told NATS %s", name, b.link.verbs(), b.link.told())
		}
	}
}

func TestLeavesAProbeThatItDoesNotBringToOthers(t *testing.T) {
	tool := MustTool("pay", pay, Once())
	b := newBench(t, tool, answers{"claim": {refusal(agentspanv1.RefusalReason_REFUSAL_REASON_PROBE)}}).run(t)
	if b.link.told() != `-NAK {"delay": 1000000000}` {
		t.Errorf("it told NATS %s", b.link.told())
	}
}

func TestShowsWhatACallWouldDoOrWhyNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		previewed := func(look func(context.Context, payment) (any, error)) *agentspanv1.PreviewAnswer {
			options := []ToolOption{ApprovalRequired()}
			if look != nil {
				options = append(options, WithPreview(look))
			}
			granted := grantOf("pay", `{"amount":1}`, unproved, func(grant *agentspanv1.Grant) {
				grant.IdempotencyKey = ""
				grant.Preview = &agentspanv1.PreviewTask{Number: 3, TimeLeft: durationpb.New(100 * time.Millisecond)}
			})
			b := newBench(t, MustTool("pay", pay, options...), answers{
				"claim":    {refusal(agentspanv1.RefusalReason_REFUSAL_REASON_PREVIEW), granted},
				"complete": {accepted},
			}).run(t)
			claims := requestsOf[*agentspanv1.ClaimRequest](b.link)
			if claims[0].GetPreview() || !claims[1].GetPreview() || b.link.told() != "+ACK" {
				t.Errorf("it claimed %v, and told NATS %s", claims, b.link.told())
			}
			answer := requestsOf[*agentspanv1.CompleteRequest](b.link)[0].GetPreviewAnswer()
			if answer.GetNumber() != 3 {
				t.Errorf("it told %v", answer)
			}
			return answer
		}
		content := previewed(func(_ context.Context, in payment) (any, error) {
			return map[string]any{"after": in.Amount}, nil
		})
		if content.GetContentJson() != `{"after":1}` {
			t.Errorf("it told %v", content)
		}
		for want, look := range map[string]func(context.Context, payment) (any, error){
			"it took longer than 100ms": func(ctx context.Context, _ payment) (any, error) {
				time.Sleep(time.Hour)
				return "late", nil
			},
			"closed":                          func(context.Context, payment) (any, error) { return nil, errors.New("closed") },
			"the preview returned nothing":    func(context.Context, payment) (any, error) { return nil, nil },
			"the limit is 65536":              func(context.Context, payment) (any, error) { return strings.Repeat("x", 70_000), nil },
			"panic: no":                       func(context.Context, payment) (any, error) { panic("no") },
			"brings no preview for this tool": nil,
			"cannot be written as JSON":       func(context.Context, payment) (any, error) { return func() {}, nil },
		} {
			if failure := previewed(look).GetFailure(); !strings.Contains(failure, want) {
				t.Errorf("it told %q, want %q", failure, want)
			}
		}
		// Until the late one has ended as well.
		time.Sleep(2 * time.Hour)
	})
}
