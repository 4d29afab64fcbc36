// The Go SDK's driver: its real worker with the tools of workers/CONFORMANCE.md. It knows nothing of the behaviours that it
// is measured by.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	agentspan "github.com/agentspan/agentspan/workers/go"
)

func setting(name string) string {
	value, there := os.LookupEnv("CONFORMANCE_" + name)
	if !there {
		fail(fmt.Errorf("CONFORMANCE_%s is not set", name))
	}
	return value
}

func number(name string) int {
	value, err := strconv.Atoi(setting(name))
	if err != nil {
		fail(err)
	}
	return value
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// write appends one line, by one write.
func write(step string, more map[string]any) {
	line := map[string]any{"step": step, "workerId": setting("WORKER_ID"), "pid": os.Getpid(), "at": time.Now().UnixMilli()}
	for name, value := range more {
		line[name] = value
	}
	text, err := json.Marshal(line)
	if err != nil {
		fail(err)
	}
	ledger, err := os.OpenFile(setting("LEDGER"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		fail(err)
	}
	defer ledger.Close()
	if _, err := ledger.Write(append(text, '\n')); err != nil {
		fail(err)
	}
}

const typed = `{
  "type": "object",
  "properties": { "order_id": { "type": "string" }, "amount": { "type": "number" } },
  "required": ["order_id", "amount"],
  "additionalProperties": false
}`

func tools() []*agentspan.Tool {
	made := func(name, schema string, options ...agentspan.ToolOption) *agentspan.Tool {
		act := func(ctx context.Context, args map[string]any) (any, error) { return act(ctx, name, args) }
		return agentspan.MustTool(name, act, append(options, agentspan.WithInputSchema(schema))...)
	}
	const anything = `{"type": "object"}`
	return []*agentspan.Tool{
		made("plain", anything),
		made("typed", typed),
		made("once", anything, agentspan.Once()),
		made("gated", anything, agentspan.ApprovalRequired()),
		made("probed", anything, agentspan.Once(), agentspan.WithProbe(look), agentspan.EnforcesIdempotency()),
		made("previewed", anything, agentspan.ApprovalRequired(), agentspan.WithPreview(show)),
	}
}

func main() {
	go func() {
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.Background())
	worker, err := agentspan.NewWorker(agentspan.WorkerOptions{
		WorkerID:    setting("WORKER_ID"),
		Concurrency: number("CONCURRENCY"),
		// The shortest that is said, where that is 0.
		Grace: max(time.Nanosecond, time.Duration(number("GRACE_MS"))*time.Millisecond),
	})
	if err != nil {
		fail(err)
	}
	for queue := range strings.SplitSeq(setting("QUEUES"), ",") {
		if err := worker.Serve(queue, tools()...); err != nil {
			fail(err)
		}
	}
	go func() {
		<-worker.Ready()
		write("ready", nil)
	}()
	go func() {
		<-told
		write("stopping", nil)
		stop()
	}()
	if err := worker.Run(ctx); err != nil && ctx.Err() == nil {
		fail(err)
	}
}
