package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/gen/agentspan/v1/agentspanv1connect"
)

const (
	order  = `{"type":"object","properties":{"order_id":{"type":"string"}},"required":["order_id"]}`
	refund = `{"type":"object","properties":{"order_id":{"type":"string"},"amount":{"type":"number"}},"required":["order_id","amount"]}`
)

var agent = &agentspanv1.AgentDefinition{
	Name:         "refund_agent",
	Model:        cmp.Or(os.Getenv("AGENTSPAN_MODEL"), "openai/gpt-4o-mini"),
	Instructions: "You handle refund requests. Look up the order, then call process_refund.",
	Tools: []*agentspanv1.Tool{
		{Name: "get_order", Description: "Look up an order by ID.", InputSchemaJson: order},
		{Name: "process_refund", Description: "Issue a refund.", InputSchemaJson: refund},
	},
}

var terminal = bufio.NewReader(os.Stdin)

func main() {
	url := cmp.Or(os.Getenv("AGENTSPAN_SERVER_URL"), "http://127.0.0.1:6767")
	runs := agentspanv1connect.NewRunServiceClient(http.DefaultClient, url)
	if err := run(context.Background(), runs, "Customer Alex wants a refund on order ORD-8821"); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, runs agentspanv1connect.RunServiceClient, input string) error {
	source := &agentspanv1.StartRequest_Agent{Agent: agent}
	started, err := runs.Start(ctx, &agentspanv1.StartRequest{Source: source, Input: input})
	if err != nil {
		return err
	}
	events, err := runs.StreamEvents(ctx, &agentspanv1.StreamEventsRequest{RunId: started.GetRunId()})
	if err != nil {
		return err
	}
	defer events.Close()
	for events.Receive() {
		event := events.Msg().GetEvent()
		if waiting := event.GetWaiting(); waiting != nil {
			if err := decide(ctx, runs, waiting.GetApproval()); err != nil {
				return err
			}
		}
		if done := event.GetDone(); done != nil {
			fmt.Println(done.GetOutputJson())
		}
	}
	return events.Err()
}

func decide(ctx context.Context, runs agentspanv1connect.RunServiceClient, asked *agentspanv1.Approval) error {
	fmt.Printf("%s wants %s %s\n", asked.GetRunId(), asked.GetToolName(), asked.GetArgumentsJson())
	fmt.Print("Approve? (y, or why not): ")
	answer, err := terminal.ReadString('\n')
	if err != nil {
		return err
	}
	// What was shown, and nothing else.
	digest := asked.GetArgumentsDigest()
	if why := strings.TrimSpace(answer); why != "y" {
		_, err = runs.Reject(ctx, &agentspanv1.RejectRequest{
			RunId: asked.GetRunId(), ApprovalId: asked.GetApprovalId(), ArgumentsDigest: digest, Reason: why,
		})
		return err
	}
	_, err = runs.Approve(ctx, &agentspanv1.ApproveRequest{
		RunId: asked.GetRunId(), ApprovalId: asked.GetApprovalId(), ArgumentsDigest: digest,
	})
	return err
}
