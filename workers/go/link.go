package agentspan

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
)

// link is a worker's connection to the bus. It reconnects for ever by itself; what must be repeated the callers repeat.
type link interface {
	// send asks once: that orchestrator, or any where the id is empty. It has sent when it returns. The channel gives the
	// answer; it is closed where none can come. Whoever asks forgets the question when they wait no longer.
	send(verb, orchestratorID string, request proto.Message) (answer <-chan []byte, forget func())
	// publish sends without an answer; lost where the connection is.
	publish(subject, reply string, body []byte)
	// listen hears messages below a fresh inbox of this worker's, over whatever connection there is, one after the other.
	listen(onMessage func(*nats.Msg)) inbox
	// maxPayload is the largest message the server takes, bytes.
	maxPayload() int
}

// inbox is a place where messages come.
type inbox interface {
	// subject is that of messages, with ".<anything>" behind it.
	subject() string
	// close hears no more; what is on its way is still delivered.
	close()
}

// ask asks once. False where no answer came in time, or nobody listens; whether the request was carried out is then not
// known.
func ask(ctx context.Context, link link, verb, orchestratorID string, request, into proto.Message, within time.Duration) bool {
	answer, forget := link.send(verb, orchestratorID, request)
	defer forget()
	return awaitAnswer(ctx, answer, into, within)
}

func awaitAnswer(ctx context.Context, answer <-chan []byte, into proto.Message, within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case body, came := <-answer:
		// An answer that is none is all the same to whoever must ask again.
		return came && proto.Unmarshal(body, into) == nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
