// Package agentspan serves the tools of Agentspan's agents from a Go program.
//
// A [Tool] is a function with a name and a schema of what it takes. A [Worker] serves tools in queues, which are the names
// of agents, until its context ends:
//
//	refund, err := agentspan.NewTool("process_refund", processRefund, agentspan.ApprovalRequired())
//	worker, err := agentspan.NewWorker(agentspan.WorkerOptions{})
//	err = worker.Serve("refund_agent", refund)
//	err = worker.Run(ctx)
//
// The messages of the contract are in gen/agentspan/v1, typed clients of a server in agentspanv1connect beside them, and
// what checks receipts in signing.
package agentspan

// Version is that of this SDK.
const Version = "0.1.0"

// language is told to the server.
const language = "go"
