package agentspan

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/signing"
)

const (
	defaultHeartbeat = 3 * time.Second
	// lastWords is after the grace, for functions to heed that they are told, and for last answers.
	lastWords = 3 * time.Second
)

// Worker serves tools from this process: one connection, one identity, one room for all of them. Make one with
// [NewWorker].
type Worker struct {
	settings *settings
	tools    []servedTool
	ready    chan struct{}
	ran      atomic.Bool

	// What follows is of a worker that runs.
	parts        *workerParts
	link         *natsLink
	desk         *taskDesk
	registration registration
	heartbeat    atomic.Int64
	pulling      sync.RWMutex
	pulls        []*taskPull
}

// NewWorker reads the options, the environment and the files that they name. The error is an [*Error].
func NewWorker(options WorkerOptions) (*Worker, error) {
	settings, err := options.read()
	if err != nil {
		return nil, err
	}
	return &Worker{settings: settings, ready: make(chan struct{})}, nil
}

// Serve adds tools to a queue, which has the name of the agent whose tools they are unless the agent's definition says
// otherwise. It is called before Run. The error is an [*Error].
func (w *Worker) Serve(queue string, tools ...*Tool) error {
	if w.ran.Load() {
		return invalid("This worker runs already: Serve comes before Run.", nil)
	}
	if !isName(queue) {
		return invalid(fmt.Sprintf("The name %q of a queue %s.", queue, nameRule), nil)
	}
	for _, tool := range tools {
		for _, known := range w.tools {
			if known.queue == queue && known.tool.name == tool.name {
				return invalid(fmt.Sprintf("Queue %s has two tools of the name %s.", queue, tool.name), nil)
			}
		}
		w.tools = append(w.tools, servedTool{queue, tool})
	}
	return nil
}

// ID is the worker's: the one of its options, or the one that was made.
func (w *Worker) ID() string { return w.settings.WorkerID }

// Ready is closed when a server knows what is served here.
func (w *Worker) Ready() <-chan struct{} { return w.ready }

// Run serves until the context ends. Then it takes nothing new, hands back what has not begun, lets running calls end
// within the grace, and cancels their contexts after it; it reports what is done, and returns nil, or an error that says
// what was left. A guarded call that is cut off so opens a settlement. Before that it returns only where it cannot serve: an
// [*Error] with BUS_UNAVAILABLE where nobody could be told within the patience, or with the server's reason where it refuses
// this worker. A worker runs once.
func (w *Worker) Run(ctx context.Context) error {
	if len(w.tools) == 0 {
		return invalid("This worker has no tools: Serve comes before Run.", nil)
	}
	if w.ran.Swap(true) {
		return invalid("A worker runs once: make another.", nil)
	}
	ended, end := context.WithCancel(context.Background())
	defer end()
	begun := time.Now()
	if err := w.connect(ctx, ended); err != nil {
		return unlessTold(ctx, err)
	}
	defer w.link.close()
	within, cancel := context.WithTimeoutCause(ctx, w.settings.Patience-time.Since(begun), errNoServer)
	defer cancel()
	if err := w.register(within); err != nil {
		return unlessTold(ctx, err)
	}
	close(w.ready)
	beaten := make(chan struct{})
	go func() {
		defer close(beaten)
		interval := func() time.Duration { return time.Duration(w.heartbeat.Load()) }
		beat(w.parts, w.desk, interval, w.heard)
	}()
	<-ctx.Done()
	left := w.drain()
	end()
	<-beaten
	return left
}

// unlessTold is no error where the worker was told to stop before it could begin.
func unlessTold(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (w *Worker) connect(draining, ended context.Context) error {
	w.link = &natsLink{
		workerID: w.settings.WorkerID, address: w.settings.address, logger: w.settings.Logger, onReconnect: w.reconnected,
	}
	w.parts = &workerParts{
		identity: identity{w.settings.WorkerID, rand.Text(), w.settings.Namespace},
		link:     w.link, logger: w.settings.Logger, now: systemClock, trusted: w.settings.trusted,
		draining: draining, ended: ended, registerSoon: w.registerSoon, registerNow: w.registerNow,
	}
	if credentials := w.settings.credentials; credentials != nil {
		w.link.user, w.parts.permit = credentials.user, credentials.permit
	}
	w.registration.turn = make(chan struct{}, 1)
	w.heartbeat.Store(int64(defaultHeartbeat))
	w.desk = newTaskDesk(w.settings.Concurrency, w.wakePulls)
	w.desk.parts = w.parts
	return openLink(draining, w.link, w.settings.Patience)
}

// heard heeds the answer to a heartbeat.
func (w *Worker) heard(answer *agentspanv1.HeartbeatResponse) {
	w.desk.stop(answer.GetStop())
	if answer.GetRegister() {
		w.registerSoon()
	}
}

// drain returns when nothing is in hand any more, or the time for it is over.
func (w *Worker) drain() error {
	w.parts.logger.Info("Shutting down", "worker_id", w.parts.workerID)
	w.pulling.Lock()
	pulls := w.pulls
	w.pulls = nil
	w.pulling.Unlock()
	for _, pull := range pulls {
		pull.close()
	}
	idle := w.desk.idle()
	select {
	case <-idle:
		return nil
	case <-time.After(w.settings.Grace):
	}
	w.desk.cancelAll(ErrShuttingDown)
	select {
	case <-idle:
		return nil
	case <-time.After(lastWords):
	}
	left := w.desk.left()
	for _, task := range left {
		w.parts.logger.Error("Shut down with a task in hand", task)
	}
	return fmt.Errorf("the worker has shut down with %d tasks in hand", len(left))
}

// servedNames are for logs.
func servedNames(tools []servedTool) string {
	names := make([]string, len(tools))
	for i, served := range tools {
		names[i] = served.String()
	}
	return strings.Join(names, ", ")
}

// compareKeys: what a server says of its keys proves nothing; that they are others is worth a word before the first call.
func (w *Worker) compareKeys(keyIDs []string) {
	trusted := w.settings.trusted
	if trusted == nil {
		return
	}
	for _, id := range keyIDs {
		if trusted.Has(signing.Orchestrators, id) {
			return
		}
	}
	why := "the server does not sign"
	if len(keyIDs) > 0 {
		why = "the server signs with " + strings.Join(keyIDs, ", ")
	}
	w.parts.logger.Error("No call can begin here: the server has no key of the trusted ones", "why", why)
}

// logEnded is for what goes on in the background, which nobody waits for.
func logEnded(logger *slog.Logger, what string, err error) {
	if err != nil && !errors.Is(err, errEnded) && !errors.Is(err, context.Canceled) {
		logger.Error(what, "err", err)
	}
}
