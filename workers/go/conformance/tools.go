package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	agentspan "github.com/agentspan/agentspan/workers/go"
)

const lookEvery = 10 * time.Millisecond

// act does what the arguments steer it to; what is not there is passed over.
func act(ctx context.Context, name string, args map[string]any) (any, error) {
	call, _ := agentspan.CallFrom(ctx)
	note := func(step string) {
		line := told(call, args)
		line["attempt"], line["key"], line["deadline"] = call.Attempt, call.IdempotencyKey, 0
		line["approvalId"], line["decisionId"] = "", ""
		if deadline, limited := ctx.Deadline(); limited {
			line["deadline"] = deadline.UnixMilli()
		}
		if call.Proof != nil {
			line["approvalId"], line["decisionId"] = call.Proof.ApprovalID, call.Proof.DecisionID
		}
		write(step, line)
	}
	note("begin")
	if gate, ok := args["hold"].(string); ok && held(ctx, gate, args["heed"] == true, note) {
		return map[string]any{"cancelled": true}, nil
	}
	if words, ok := args["fail"].(string); ok {
		return nil, errors.New(words)
	}
	if words, ok := args["final"].(string); ok {
		return nil, agentspan.Final(errors.New(words))
	}
	note("end")
	if returns, ok := args["returns"]; ok {
		return returns, nil
	}
	if size, ok := args["bytes"].(json.Number); ok {
		bytes, err := size.Int64()
		return map[string]any{"filler": strings.Repeat("x", int(bytes))}, err
	}
	return map[string]any{"done": name, "attempt": call.Attempt}, nil
}

// held says whether it was cancelled and heeded that; else the gate is open.
func held(ctx context.Context, gate string, heed bool, note func(step string)) bool {
	told := false
	for {
		if _, err := os.Stat(filepath.Join(setting("GATES"), gate)); err == nil {
			return false
		}
		if ctx.Err() != nil && !told {
			told = true
			note("cancelled")
			if heed {
				return true
			}
		}
		time.Sleep(lookEvery)
	}
}

func look(ctx context.Context, args map[string]any) (agentspan.ProbeAnswer, error) {
	call, _ := agentspan.CallFrom(ctx)
	line := told(call, args)
	line["attempt"], line["key"] = call.Attempt, call.IdempotencyKey
	write("probe", line)
	detail := "looked for " + call.IdempotencyKey
	switch args["probe"] {
	case "HAPPENED":
		return agentspan.Happened(map[string]any{"found": call.IdempotencyKey}, detail), nil
	case "DID_NOT_HAPPEN":
		return agentspan.DidNotHappen(detail), nil
	case "UNKNOWN":
		return agentspan.Unknown(detail), nil
	default:
		return agentspan.ProbeAnswer{}, errors.New("the probe is blind")
	}
}

func show(ctx context.Context, args map[string]any) (any, error) {
	call, _ := agentspan.CallFrom(ctx)
	write("preview", told(call, args))
	if words, ok := args["blind"].(string); ok {
		return nil, errors.New(words)
	}
	return args["shows"], nil
}

func told(call agentspan.Call, args map[string]any) map[string]any {
	text, err := json.Marshal(args)
	if err != nil {
		fail(err)
	}
	return map[string]any{"tool": call.Tool, "runId": call.RunID, "callId": call.CallID, "args": string(text)}
}
