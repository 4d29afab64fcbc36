package agentspan

import (
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// pullExpires is how long a request may wait at the server; after it, it is made anew.
	pullExpires      = 20 * time.Second
	pullLostAfter    = pullExpires + 3*time.Second
	pullAfterRefusal = 500 * time.Millisecond
)

// taskPull pulls hints from one durable consumer. One request is out at a time, for no more than there is room for, so that
// what this worker cannot take stays for others.
type taskPull struct {
	link     link
	logger   *slog.Logger
	stream   string
	consumer string
	// batch says how many to ask for now; 0 for none.
	batch  func() int
	onTask func(taskMessage)
	// onMissing: the consumer is not there (any more), and the worker should register again.
	onMissing func()

	mu    sync.Mutex
	inbox inbox
	// request counts those that were made: where the one that is out is answered. Earlier ones do not count any more.
	request uint64
	// owed are the messages that it still owes.
	owed   int
	timer  *time.Timer
	closed bool
}

func (p *taskPull) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inbox = p.link.listen(p.receive)
}

// wake asks for tasks where there is room and no request is out.
func (p *taskPull) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ask()
}

// restart: the server has forgotten the request, as after a new connection.
func (p *taskPull) restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owed = 0
	p.ask()
}

func (p *taskPull) ask() {
	if p.closed || p.owed > 0 {
		return
	}
	batch := p.batch()
	if batch == 0 {
		return
	}
	p.owed = batch
	p.request++
	subject := "$JS.API.CONSUMER.MSG.NEXT." + p.stream + "." + p.consumer
	body := fmt.Appendf(nil, `{"batch":%d,"expires":%d}`, batch, pullExpires.Nanoseconds())
	p.link.publish(subject, p.replyTo(), body)
	p.wakeAfter(pullLostAfter)
}

// close takes nothing more: once it has returned there is no more task, and what is on its way is given back.
func (p *taskPull) close() {
	p.mu.Lock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.inbox.close()
}

func (p *taskPull) replyTo() string {
	return p.inbox.subject() + "." + strconv.FormatUint(p.request, 10)
}

func (p *taskPull) receive(message *nats.Msg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	status := message.Header.Get("Status")
	switch {
	case status == "" && p.closed:
		newTaskMessage(message.Data, message.Reply, p.link).giveBack(0)
	case p.closed:
	case status == "":
		p.owed = max(0, p.owed-1)
		p.onTask(newTaskMessage(message.Data, message.Reply, p.link))
		p.ask()
	case message.Subject != p.replyTo() || status == "100":
	case status == "408" || status == "404":
		p.owed = 0
		p.ask()
	default:
		p.logger.Warn("A pull for tasks was refused",
			"consumer", p.consumer, "status", status, "why", message.Header.Get("Description"))
		// 503: no such consumer or no JetStream; 409: it was deleted, moved, or has too much unacknowledged.
		p.owed = 1
		p.wakeAfter(pullAfterRefusal)
		if status == "503" || status == "409" {
			p.onMissing()
		}
	}
}

func (p *taskPull) wakeAfter(length time.Duration) {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.timer = time.AfterFunc(length, p.restart)
}
