package agentspan

import (
	"context"
	"sync/atomic"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// registerEvery is how far apart two registrations are that nobody waits for.
const registerEvery = 2 * time.Second

// registration is that of a worker.
type registration struct {
	// turn is held by whoever registers, so that no older registration comes behind a newer one.
	turn chan struct{}
	// again: one that nobody waits for is to come.
	again atomic.Bool
	// at is when the last one was answered, Unix nanoseconds.
	at atomic.Int64
}

// inTurn registers when nobody else does.
func (w *Worker) inTurn(ctx context.Context, register func() error) error {
	select {
	case w.registration.turn <- struct{}{}:
		defer func() { <-w.registration.turn }()
		return register()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// register returns when the server knows what is served here, and its tasks are pulled.
func (w *Worker) register(ctx context.Context) error {
	return w.inTurn(ctx, func() error {
		answer, err := register(ctx, w.parts, w.tools)
		if err != nil {
			return err
		}
		w.pullFrom(answer)
		w.registration.at.Store(time.Now().UnixNano())
		w.compareKeys(answer.GetKeyIds())
		w.parts.logger.Info("Serving tools", "worker_id", w.parts.workerID, "tools", servedNames(w.tools))
		return nil
	})
}

// registerNow tells the server, also while the worker shuts down.
func (w *Worker) registerNow() error {
	return w.inTurn(w.parts.ended, func() error {
		_, err := register(w.parts.ended, w.parts, w.tools)
		return err
	})
}

// registerSoon registers in the background: the server has forgotten this worker, or may have.
func (w *Worker) registerSoon() {
	draining := w.parts.draining
	if draining.Err() != nil || w.registration.again.Swap(true) {
		return
	}
	go func() {
		wait := registerEvery - time.Duration(time.Now().UnixNano()-w.registration.at.Load())
		paused := pause(draining, max(0, wait)+backoff(1, 200*time.Millisecond, 200*time.Millisecond))
		// From here on another wish is one for the time after this registration.
		w.registration.again.Store(false)
		if paused {
			logEnded(w.parts.logger, "Registering again failed", w.register(draining))
		}
	}()
}

func (w *Worker) reconnected() {
	w.pulling.RLock()
	pulls := w.pulls
	w.pulling.RUnlock()
	for _, pull := range pulls {
		pull.restart()
	}
	w.registerSoon()
}

func (w *Worker) wakePulls() {
	w.pulling.RLock()
	pulls := w.pulls
	w.pulling.RUnlock()
	if w.parts.draining.Err() == nil {
		for _, pull := range pulls {
			pull.wake()
		}
	}
}

// pullFrom pulls from the consumers of an answer, in the order of the tools.
func (w *Worker) pullFrom(answer *agentspanv1.RegisterResponse) {
	if interval := answer.GetHeartbeatInterval(); interval != nil {
		w.heartbeat.Store(int64(interval.AsDuration()))
	}
	w.pulling.Lock()
	known := map[string]*taskPull{}
	for _, pull := range w.pulls {
		known[pull.consumer] = pull
	}
	w.pulls = nil
	for i, consumer := range answer.GetConsumers()[:min(len(w.tools), len(answer.GetConsumers()))] {
		pull := known[consumer]
		if pull == nil {
			pull = w.newPull(w.tools[i].tool, answer.GetStream(), consumer)
		}
		delete(known, consumer)
		w.pulls = append(w.pulls, pull)
	}
	w.pulling.Unlock()
	for _, pull := range known {
		pull.close()
	}
	w.wakePulls()
}

func (w *Worker) newPull(tool *Tool, stream, consumer string) *taskPull {
	pull := &taskPull{
		link: w.link, logger: w.parts.logger, stream: stream, consumer: consumer,
		// The room is shared by all tools' requests; each may ask for one, so that no tool starves.
		batch: func() int {
			if room := w.desk.room(); room > 0 {
				return max(1, room/max(1, len(w.tools)))
			}
			return 0
		},
		onTask:    func(message taskMessage) { w.desk.take(tool, message) },
		onMissing: w.registerSoon,
	}
	pull.open()
	return pull
}
