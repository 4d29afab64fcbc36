package agentspan

import (
	"context"
	"errors"
	"log/slog"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/signing"
)

// workerParts is what each step of a task's life needs.
type workerParts struct {
	identity
	link link
	// Logs have one line for each decision, never an argument or a result of a tool.
	logger *slog.Logger
	now    func() instant
	// trusted are those whose signatures on grants count; nil where they are not signed.
	trusted *signing.TrustedKeys
	// permit says that this worker may serve its tools; nil where nobody asks.
	permit *agentspanv1.WorkerPermit
	// draining ends when nothing new begins any more.
	draining context.Context
	// ended ends when shutdown waits no longer: what is still unanswered stays so.
	ended context.Context
	// registerSoon does so in the background: the server has forgotten this worker, or may have.
	registerSoon func()
	// registerNow returns when the server knows what is served here; also while the worker shuts down.
	registerNow func() error
}

// identity is who speaks, in every request.
type identity struct {
	workerID string
	// incarnation is fresh for each start: leases hang on it.
	incarnation string
	namespace   string
}

var errEnded = errors.New("the worker has shut down before it was answered")

// instant is one by both clocks: neither alone sees both a sleeping machine and a changed date.
type instant struct {
	monotonic time.Duration
	wall      time.Time
}

var processStart = time.Now()

func systemClock() instant {
	now := time.Now()
	return instant{now.Sub(processStart), now.Round(0)}
}

// pause waits so long, or until the context ends: whether it has not.
func pause(until context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return until.Err() == nil
	case <-until.Done():
		return false
	}
}
