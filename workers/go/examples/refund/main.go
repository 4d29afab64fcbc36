// Serves the refund agent's tools until it is asked to stop.
//
// Settings: those of agentspan.WorkerOptions, and REFUND_LEDGER, a file that stands for the billing system: it has one line
// for each refund, found by its idempotency key.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/signal"
	"strings"
	"syscall"

	agentspan "github.com/agentspan/agentspan/workers/go"
)

func main() {
	queue := flag.String("queue", "refund_agent", "the agent whose tools are served")
	names := flag.String("tools", "get_order,get_customer,process_refund", "those that are served here, with commas between them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx, *queue, strings.Split(*names, ",")); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, queue string, names []string) error {
	worker, err := agentspan.NewWorker(agentspan.WorkerOptions{})
	if err != nil {
		return err
	}
	for _, name := range names {
		tool, known := tools[name]
		if !known {
			return fmt.Errorf("there is no tool %q", name)
		}
		if err := worker.Serve(queue, tool); err != nil {
			return err
		}
	}
	return worker.Run(ctx)
}
