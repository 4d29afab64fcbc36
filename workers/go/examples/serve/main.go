package main

import (
	"context"
	"log"
	"os/signal"
	"syscall"

	agentspan "github.com/agentspan/agentspan/workers/go"
)

type Order struct {
	OrderID string `json:"order_id" jsonschema:"such as ORD-8821"`
}

type Refund struct {
	OrderID string  `json:"order_id"`
	Amount  float64 `json:"amount" jsonschema:"in euros"`
}

func getOrder(ctx context.Context, in Order) (any, error) {
	return map[string]any{"order_id": in.OrderID, "amount": 29.99, "status": "delivered"}, nil
}

func processRefund(ctx context.Context, in Refund) (any, error) {
	return map[string]any{"refunded": true, "order_id": in.OrderID, "amount": in.Amount}, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	worker, err := agentspan.NewWorker(agentspan.WorkerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	err = worker.Serve("refund_agent",
		agentspan.MustTool("get_order", getOrder),
		agentspan.MustTool("process_refund", processRefund, agentspan.ApprovalRequired()), // waits for a person
	)
	if err != nil {
		log.Fatal(err)
	}
	if err := worker.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
