package agentspan

import (
	"context"
	"log/slog"
	"time"
)

// Call is what a tool, its probe and its preview are told besides the arguments; see [CallFrom]. The context's deadline is
// that of the call, by this machine's clock.
type Call struct {
	Tool   string
	RunID  string
	CallID string
	// Attempt counts from 1. A preview has none.
	Attempt int
	// IdempotencyKey is the same for every attempt of the call. A preview has none.
	IdempotencyKey string
	// Proof is why the call may run; nil of a probe, of a preview, and where the server sent none.
	Proof *Proof
}

// Proof is what an orchestrator says of why a call may run.
type Proof struct {
	// ApprovalID and DecisionID are empty where no person had to decide.
	ApprovalID string
	DecisionID string
	// ArgumentsDigest is "sha256:" and the SHA-256 of the arguments' text.
	ArgumentsDigest string
	// GrantedAt is by the server's clock.
	GrantedAt time.Time
	// KeyID and Signature are empty where grants are not signed.
	KeyID     string
	Signature []byte
}

type contextKey int

const (
	callKey contextKey = iota
	loggerKey
)

// WithCall gives a context in which a call runs. Workers do so; it is exported for the tests of tools.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey, call)
}

// CallFrom gives the call that runs in a context; false where none does.
func CallFrom(ctx context.Context) (Call, bool) {
	call, ok := ctx.Value(callKey).(Call)
	return call, ok
}

// Logger gives the worker's logger, which says run and call with every line; the default one where no call runs.
func Logger(ctx context.Context) *slog.Logger {
	if logger, ok := ctx.Value(loggerKey).(*slog.Logger); ok {
		return logger
	}
	return slog.Default()
}

func withLogger(ctx context.Context, logger *slog.Logger) context.Context {
	return context.WithValue(ctx, loggerKey, logger)
}
