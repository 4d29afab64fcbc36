package agentspan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
)

const (
	connectTimeout = 5 * time.Second
	connectAgain   = 500 * time.Millisecond
	// toldEvery is how often it is said that it is still being tried.
	toldEvery   = 5 * time.Second
	closeWithin = 2 * time.Second
)

// natsLink is one connection for all that a worker says.
type natsLink struct {
	workerID string
	address  natsAddress
	user     *nkeyUser
	logger   *slog.Logger
	// onReconnect is called each time the connection is back.
	onReconnect func()
	// answers is where those to questions come.
	answers *natsInbox
	// toldAt is when it was last said that NATS cannot be reached.
	toldAt time.Time

	mu        sync.Mutex
	conn      *nats.Conn
	inboxes   []*natsInbox
	questions map[string]chan []byte
	asked     uint64
	closing   bool
	closed    chan struct{}
}

// openLink returns when it is connected. Where nothing answers within the patience the error is BUS_UNAVAILABLE, with the
// remedy; where the context ends first, the context's.
func openLink(ctx context.Context, link *natsLink, patience time.Duration) error {
	link.questions, link.closed = map[string]chan []byte{}, make(chan struct{})
	link.answers = &natsInbox{link: link, onMessage: link.receive}
	link.inboxes = []*natsInbox{link.answers}
	begun := time.Now()
	for {
		err := link.connect()
		if err == nil {
			return nil
		}
		if time.Since(begun)+connectAgain >= patience {
			return unreachable(link.address.servers, err)
		}
		link.notYet(err)
		if !pause(ctx, connectAgain) {
			return context.Cause(ctx)
		}
	}
}

func unreachable(servers string, err error) error {
	remedy := "Is the server running, and is AGENTSPAN_NATS_URL its address? " + startWith
	if errors.Is(err, nats.ErrAuthorization) {
		remedy = "It does not know this login. Make the worker's credentials with: agentspan worker credentials; " +
			"and name their file in AGENTSPAN_WORKER_CREDENTIALS_FILE"
	}
	message := fmt.Sprintf("Cannot reach NATS at %s (%v). %s", servers, err, remedy)
	return &Error{Reason: ReasonBusUnavailable, Message: message, cause: err}
}

// connect makes a connection and hears on it what was heard before.
func (l *natsLink) connect() error {
	options := append([]nats.Option{
		nats.Name("agentspan worker " + l.workerID),
		nats.CustomInboxPrefix("_INBOX_" + l.workerID),
		nats.Timeout(connectTimeout),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(400 * time.Millisecond),
		nats.IgnoreAuthErrorAbort(),
		// Callers repeat what counts: nothing is kept for later, when it may be wrong.
		nats.ReconnectBufSize(-1),
		// A dead connection is noticed within half a minute.
		nats.PingInterval(10 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			l.logger.Error("NATS refused something", "err", err)
		}),
		nats.DisconnectErrHandler(func(*nats.Conn, error) {
			if !l.isClosing() {
				l.logger.Warn("Lost the connection to NATS; reconnecting", "servers", l.address.servers)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { l.reconnected() }),
		nats.ClosedHandler(l.connectionClosed),
	}, l.address.options...)
	if l.user != nil {
		// It takes the place of a login in the URL.
		options = append(options, nats.Nkey(l.user.public, l.user.sign))
	}
	conn, err := nats.Connect(l.address.servers, options...)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		conn.Close()
		return errEnded
	}
	for _, inbox := range l.inboxes {
		if err := inbox.open(conn); err != nil {
			conn.Close()
			return err
		}
	}
	l.conn = conn
	return nil
}

func (l *natsLink) reconnected() {
	l.logger.Info("Connected to NATS again", "servers", l.address.servers)
	l.onReconnect()
}

// connectionClosed opens another: the client gives up for good on what a server may say once.
func (l *natsLink) connectionClosed(conn *nats.Conn) {
	l.mu.Lock()
	current, closing := l.conn == conn, l.closing
	l.mu.Unlock()
	if !current {
		return
	}
	if closing {
		close(l.closed)
		return
	}
	l.logger.Error("NATS ended the connection; opening another", "err", conn.LastError())
	go func() {
		for time.Sleep(connectAgain); !l.isClosing(); time.Sleep(connectAgain) {
			err := l.connect()
			if err == nil {
				l.reconnected()
				return
			}
			l.notYet(err)
		}
	}()
}

// notYet is called by whoever tries to connect, of whom there is one.
func (l *natsLink) notYet(err error) {
	if time.Since(l.toldAt) > toldEvery {
		l.logger.Warn("Cannot reach NATS yet; trying again", "servers", l.address.servers, "err", err)
		l.toldAt = time.Now()
	}
}

func (l *natsLink) isClosing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing
}

func (l *natsLink) connection() *nats.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

func (l *natsLink) maxPayload() int { return int(l.connection().MaxPayload()) }

func (l *natsLink) send(verb, orchestratorID string, request proto.Message) (<-chan []byte, func()) {
	subject := "agentspan.worker." + l.workerID + "." + verb
	if orchestratorID != "" {
		subject += "." + orchestratorID
	}
	answer := make(chan []byte, 1)
	l.mu.Lock()
	l.asked++
	token := strconv.FormatUint(l.asked, 36)
	l.questions[token] = answer
	conn := l.conn
	l.mu.Unlock()
	body, err := proto.Marshal(request)
	if err == nil {
		err = conn.PublishRequest(subject, l.answers.name+"."+token, body)
	}
	if err != nil {
		l.logger.Debug("Could not ask", "subject", subject, "err", err)
		l.answer(token, nil, false)
	}
	return answer, func() { l.forget(token) }
}

func (l *natsLink) receive(message *nats.Msg) {
	token := message.Subject[strings.LastIndexByte(message.Subject, '.')+1:]
	// Without a status it is an answer; with one, nobody listens.
	l.answer(token, message.Data, message.Header.Get("Status") == "")
}

func (l *natsLink) answer(token string, body []byte, there bool) {
	if question := l.forget(token); question != nil {
		if there {
			question <- body
		}
		close(question)
	}
}

func (l *natsLink) forget(token string) chan []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	question := l.questions[token]
	delete(l.questions, token)
	return question
}

func (l *natsLink) publish(subject, reply string, body []byte) {
	message := &nats.Msg{Subject: subject, Reply: reply, Data: body}
	if err := l.connection().PublishMsg(message); err != nil {
		l.logger.Debug("Lost a message", "subject", subject, "err", err)
	}
}

// close sends what is buffered and closes.
func (l *natsLink) close() {
	l.mu.Lock()
	l.closing = true
	conn := l.conn
	l.mu.Unlock()
	if err := conn.Drain(); err != nil {
		conn.Close()
		return
	}
	select {
	case <-l.closed:
	case <-time.After(closeWithin):
		conn.Close()
	}
}
