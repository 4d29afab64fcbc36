package main

import (
	"context"

	agentspan "github.com/agentspan/agentspan/workers/go"
)

type orderInput struct {
	OrderID string `json:"order_id" jsonschema:"such as ORD-8821"`
}

type order struct {
	OrderID string  `json:"order_id"`
	Amount  float64 `json:"amount"`
	Status  string  `json:"status"`
}

type customerInput struct {
	CustomerID string `json:"customer_id"`
}

type customer struct {
	CustomerID string `json:"customer_id"`
	Name       string `json:"name"`
	Email      string `json:"email"`
}

type refundInput struct {
	OrderID string  `json:"order_id"`
	Amount  float64 `json:"amount" jsonschema:"in euros"`
}

type refund struct {
	Refunded bool    `json:"refunded"`
	OrderID  string  `json:"order_id"`
	Amount   float64 `json:"amount"`
}

var tools = map[string]*agentspan.Tool{
	"get_order":    agentspan.MustTool("get_order", getOrder),
	"get_customer": agentspan.MustTool("get_customer", getCustomer),
	// This one waits for a person, and what became of it can be looked up.
	"process_refund": agentspan.MustTool("process_refund", processRefund,
		agentspan.ApprovalRequired(), agentspan.WithProbe(refunded)),
}

func getOrder(_ context.Context, in orderInput) (order, error) {
	return order{in.OrderID, 29.99, "delivered"}, nil
}

func getCustomer(_ context.Context, in customerInput) (customer, error) {
	return customer{in.CustomerID, "Alex", "alex@example.com"}, nil
}

func processRefund(ctx context.Context, in refundInput) (refund, error) {
	call, _ := agentspan.CallFrom(ctx)
	if err := book(booking{Key: call.IdempotencyKey, OrderID: in.OrderID, Amount: in.Amount}); err != nil {
		return refund{}, err
	}
	agentspan.Logger(ctx).Info("Refunded an order")
	return refund{true, in.OrderID, in.Amount}, nil
}

// refunded is what is asked where a worker was lost in the middle of a refund.
func refunded(ctx context.Context, _ refundInput) (agentspan.ProbeAnswer, error) {
	call, _ := agentspan.CallFrom(ctx)
	found, err := find(call.IdempotencyKey)
	switch {
	case err != nil:
		return agentspan.ProbeAnswer{}, err
	case found == nil:
		return agentspan.DidNotHappen("no booking has this key"), nil
	default:
		return agentspan.Happened(refund{true, found.OrderID, found.Amount}, "it is in the ledger"), nil
	}
}
