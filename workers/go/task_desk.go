package agentspan

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// roomWait is how long a hint waits for room here before another worker may have it.
const roomWait = time.Second

// taskDesk has the tasks that this worker has in hand, and the room for more. Whoever waits for room is served in order.
type taskDesk struct {
	parts *workerParts
	// slots holds one token for each that is taken.
	slots chan struct{}
	// onRoom is called when there is room again.
	onRoom func()
	// running counts hints until their tasks are done with.
	running sync.WaitGroup

	mu     sync.Mutex
	inHand map[deskPlace]*taskInHand
}

// deskPlace is where a task lies: the attempt's own; one beside it for its probe, while the attempt runs here; and one for
// each preview that is looked at while the attempt is announced already.
type deskPlace struct {
	attemptID
	beside string
}

const besideAsProbe = "probe"

func newTaskDesk(concurrency int, onRoom func()) *taskDesk {
	return &taskDesk{slots: make(chan struct{}, concurrency), onRoom: onRoom, inHand: map[deskPlace]*taskInHand{}}
}

// room is how many more may begin.
func (d *taskDesk) room() int { return cap(d.slots) - len(d.slots) }

// take takes a hint as far as it goes: to the answered outcome of its task, or back to the server. It does not wait, and
// where there is room it is taken when take returns.
func (d *taskDesk) take(tool *Tool, message taskMessage) {
	if message.hint == nil {
		d.parts.logger.Error("A message in the task stream is no task hint; dropped it", "tool", tool.name)
		message.drop()
		return
	}
	select {
	case d.slots <- struct{}{}:
		d.running.Go(func() { d.work(tool, message) })
	default:
		d.running.Go(func() {
			timer := time.NewTimer(roomWait)
			defer timer.Stop()
			select {
			case d.slots <- struct{}{}:
				d.work(tool, message)
			case <-timer.C:
				message.giveBack(0)
			}
		})
	}
}

// work has a slot.
func (d *taskDesk) work(tool *Tool, message taskMessage) {
	defer func() {
		<-d.slots
		d.onRoom()
	}()
	if d.parts.draining.Err() != nil {
		message.giveBack(0)
		return
	}
	task, place := d.place(tool, message)
	if task == nil {
		return
	}
	defer d.remove(task)
	defer task.cancel(nil)
	run := d.parts.runTask
	if place.beside == besideAsProbe {
		run = d.parts.runProbe
	}
	if err := run(task); err != nil {
		// Whatever can go on goes on: the server finds out about this one.
		d.parts.logger.Error("A task was left unanswered", "err", err, task.fields())
	}
}

// place puts a task in hand; nil where the hint is about something that is in hand already, whose claim speaks for it.
func (d *taskDesk) place(tool *Tool, message taskMessage) (*taskInHand, deskPlace) {
	d.mu.Lock()
	defer d.mu.Unlock()
	place := deskPlace{attemptID: attemptOf(message.hint)}
	if known := d.inHand[place]; known != nil {
		begun, looks := known.state()
		probe := deskPlace{place.attemptID, besideAsProbe}
		probing := d.inHand[probe]
		switch {
		case looks:
			// Once its preview is answered, the attempt itself may be announced before this worker has heard of that.
			d.inHand[deskPlace{place.attemptID, known.nonce}] = known
		case begun && tool.given.probe != nil && probing == nil:
			// What runs here is announced again: its time may be over, and its probe be asked.
			place = probe
		case probing != nil:
			probing.join(message)
			return nil, place
		default:
			known.join(message)
			return nil, place
		}
	}
	task := newTaskInHand(d.parts.draining, tool, message)
	d.inHand[place] = task
	return task, place
}

func (d *taskDesk) remove(task *taskInHand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.inHand, func(_ deskPlace, held *taskInHand) bool { return held == task })
}

// tell calls with what heartbeats say of the tasks in hand, claims in flight included. Nothing comes into hand meanwhile,
// so that no claim is sent before a heartbeat that does not name it.
func (d *taskDesk) tell(say func([]*agentspanv1.TaskInHand)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tasks := make([]*agentspanv1.TaskInHand, 0, len(d.inHand))
	for _, task := range d.inHand {
		tasks = append(tasks, task.told())
	}
	say(tasks)
}

// stop tells functions to end that the server has named by their nonces.
func (d *taskDesk) stop(nonces []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, task := range d.inHand {
		if slices.Contains(nonces, task.nonce) {
			task.cancel(ErrStopped)
		}
	}
}

// cancelAll tells every function to end.
func (d *taskDesk) cancelAll(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, task := range d.inHand {
		task.cancel(why)
	}
}

// idle is closed when nothing is in hand and no hint waits. No more hints may be taken.
func (d *taskDesk) idle() <-chan struct{} {
	idle := make(chan struct{})
	go func() {
		d.running.Wait()
		close(idle)
	}()
	return idle
}

// left names what is in hand still.
func (d *taskDesk) left() []slog.Attr {
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []slog.Attr
	for _, task := range d.inHand {
		left = append(left, task.fields())
	}
	return left
}
