package agentspan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// hintOf is that of a call.
func (b *bench) hintOf(callID string) taskMessage {
	return taskMessage{&agentspanv1.TaskHint{RunId: theRun, CallId: callID, Attempt: 1}, "$JS.ACK." + callID, b.link}
}

func deskOf(b *bench, concurrency int) *taskDesk {
	desk := newTaskDesk(concurrency, func() {})
	desk.parts = b.workerParts
	return desk
}

// granting answers each claim with a plain grant.
func granting(times int) []any {
	grant := func(request proto.Message) proto.Message {
		return grantOf("get_order", "{}", unproved)
	}
	return slices.Repeat([]any{grant}, times)
}

func TestHasNoMoreInHandThanThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		tool := plain(func(context.Context, map[string]any) (any, error) { <-gate; return nil, nil })
		b := newBench(t, tool, answers{"claim": granting(3), "complete": {accepted, accepted, accepted}})
		desk := deskOf(b, 2)
		for i := range 3 {
			desk.take(tool, b.hintOf(fmt.Sprint("c", i)))
			if room := desk.room(); room != max(0, 1-i) {
				t.Errorf("after %d hints there is room for %d", i+1, room)
			}
		}
		// The third waits for a while, and is then left to others.
		time.Sleep(roomWait + time.Millisecond)
		if b.link.told() != "+ACK +ACK -NAK" {
			t.Errorf("it told NATS %s", b.link.told())
		}
		desk.take(tool, b.hintOf("c3"))
		close(gate)
		<-desk.idle()
		if claims := requestsOf[*agentspanv1.ClaimRequest](b.link); len(claims) != 3 || desk.room() != 2 {
			t.Errorf("it claimed %v, and has room for %d", claims, desk.room())
		}
	})
}

func TestBeginsOnceWhatIsAnnouncedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, calls := make(chan struct{}), 0
		tool := plain(func(context.Context, map[string]any) (any, error) { calls++; <-gate; return nil, nil })
		b := newBench(t, tool, answers{"claim": granting(1), "complete": {accepted}})
		desk := deskOf(b, 4)
		desk.take(tool, b.hintOf("c1"))
		synctest.Wait()
		desk.take(tool, b.hintOf("c1"))
		synctest.Wait()
		close(gate)
		<-desk.idle()
		if calls != 1 || b.link.told() != "+ACK +ACK" {
			t.Errorf("it was called %d times, and told NATS %s", calls, b.link.told())
		}
	})
}

func TestAsksTheProbeOfWhatRunsHereWhereThatIsAnnouncedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		tool := MustTool("pay", func(context.Context, payment) (any, error) { <-gate; return nil, nil }, Once(),
			WithProbe(func(context.Context, payment) (ProbeAnswer, error) { return Unknown("it runs"), nil }))
		guarded := func(g *agentspanv1.Grant) { g.Proof.CallId = "c1" }
		b := newBench(t, tool, answers{"complete": {accepted, accepted}})
		granted := func(change func(*agentspanv1.Grant)) func(proto.Message) proto.Message {
			return func(request proto.Message) proto.Message {
				nonce := request.(*agentspanv1.ClaimRequest).GetNonce()
				return grantOf("pay", `{"amount":1}`, guarded, func(g *agentspanv1.Grant) { g.Proof.Nonce = nonce }, change)
			}
		}
		b.link.answers["claim"] = []any{granted(func(*agentspanv1.Grant) {}), granted(probeGrant)}
		desk := deskOf(b, 4)
		desk.take(tool, b.hintOf("c1"))
		synctest.Wait()
		desk.take(tool, b.hintOf("c1"))
		synctest.Wait()
		told := requestsOf[*agentspanv1.CompleteRequest](b.link)
		if len(told) != 1 || told[0].GetProbeAnswer().GetDetail() != "it runs" {
			t.Errorf("it told %v", told)
		}
		close(gate)
		<-desk.idle()
	})
}

func TestDropsWhatIsNoHint(t *testing.T) {
	b := newBench(t, plain(nil), answers{})
	deskOf(b, 1).take(plain(nil), newTaskMessage([]byte{0xff}, "$JS.ACK.x", b.link))
	if b.link.told() != "+TERM not a task hint" {
		t.Errorf("it told NATS %s", b.link.told())
	}
}

func TestCancelsWhatTheAnswerToAHeartbeatNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tool := plain(func(ctx context.Context, _ map[string]any) (any, error) {
			<-ctx.Done()
			return context.Cause(ctx).Error(), nil
		})
		beats := 0
		b := newBench(t, tool, answers{"claim": granting(1), "complete": {accepted}})
		stop := func(request proto.Message) proto.Message {
			beats++
			answer := &agentspanv1.HeartbeatResponse{OrchestratorId: "orc_1"}
			if tasks := request.(*agentspanv1.HeartbeatRequest).GetTasks(); beats == 3 && len(tasks) == 1 {
				answer.Stop = []string{"another", tasks[0].GetNonce()}
			}
			return answer
		}
		// The second is not answered, and followed at once by one to any.
		b.link.answers["heartbeat"] = []any{stop, nil, stop, stop, &agentspanv1.HeartbeatResponse{Error: refused("INTERNAL")}, stop, stop}
		desk := deskOf(b, 4)
		desk.take(tool, b.hintOf("c1"))
		synctest.Wait()
		done := make(chan struct{})
		go func() {
			defer close(done)
			beat(b.workerParts, desk, func() time.Duration { return time.Second }, func(answer *agentspanv1.HeartbeatResponse) {
				desk.stop(answer.GetStop())
				if b.link.left("heartbeat") == 0 {
					b.end()
				}
			})
		}()
		<-desk.idle()
		<-done
		told := requestsOf[*agentspanv1.CompleteRequest](b.link)
		if len(told) != 1 || told[0].GetResultJson() != `"`+ErrStopped.Error()+`"` {
			t.Errorf("it told %v", told)
		}
		var whom, named []string
		for i, request := range requestsOf[*agentspanv1.HeartbeatRequest](b.link) {
			if request.GetCounter() != uint64(i+1) {
				t.Errorf("heartbeat %d counts %d", i+1, request.GetCounter())
			}
			named = append(named, fmt.Sprint(len(request.GetTasks())))
		}
		for _, one := range b.link.asked {
			if one.verb == "heartbeat" {
				whom = append(whom, one.orchestratorID)
			}
		}
		if got := strings.Join(whom, ","); got != ",orc_1,,orc_1,orc_1,,orc_1" {
			t.Errorf("it asked %s", got)
		}
		if !strings.HasPrefix(strings.Join(named, ""), "111") {
			t.Errorf("it named %v tasks", named)
		}
	})
}

func TestAsksAgainAfterTheTimeThatAnErrorNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := later("RATE_LIMITED")
		busy.RetryAfter = durationpb.New(7 * time.Second)
		b := newBench(t, plain(nil), answers{"register": {nil, &agentspanv1.RegisterResponse{Error: busy}, &agentspanv1.RegisterResponse{Stream: "S"}}})
		begun := time.Now()
		answer, err := register(t.Context(), b.workerParts, []servedTool{{"desk", plain(nil)}})
		if err != nil || answer.GetStream() != "S" || time.Since(begun) < 7*time.Second {
			t.Errorf("it is answered %v (%v) after %v", answer, err, time.Since(begun))
		}
		registered := requestsOf[*agentspanv1.RegisterRequest](b.link)
		if !proto.Equal(registered[0], registered[2]) || registered[0].GetLanguage() != "go" || len(registered[0].GetTools()) != 1 {
			t.Errorf("it registered %v", registered)
		}
	})
}

func TestSaysWhyTheServerDidNotTakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, plain(nil), answers{"register": {&agentspanv1.RegisterResponse{Error: refused("PERMISSION_DENIED")}}})
		if _, err := register(t.Context(), b.workerParts, nil); err == nil || err.Error() != "The server did not take this worker: in words" {
			t.Errorf("it says %v", err)
		}
		b = newBench(t, plain(nil), answers{"register": make([]any, 100)})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errNoServer)
		defer cancel()
		if _, err := register(ctx, b.workerParts, nil); err != errNoServer {
			t.Errorf("it says %v", err)
		}
	})
}
