package agentspan

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
)

// pullLink hears what is pulled.
type pullLink struct {
	*fakeLink
	pulled []string
}

type fakeInbox struct{}

func (fakeInbox) subject() string { return "_INBOX_w.1" }
func (fakeInbox) close()          {}

func (l *pullLink) listen(func(*nats.Msg)) inbox { return fakeInbox{} }

func (l *pullLink) publish(subject, reply string, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pulled = append(l.pulled, subject+" "+reply+" "+string(body))
}

// after are those behind the first few.
func (l *pullLink) after(few int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.pulled[few:])
}

func TestPullsNoMoreThanThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		room, missing := 2, 0
		link := &pullLink{fakeLink: &fakeLink{t: t}}
		b := newBench(t, plain(nil), answers{})
		pull := &taskPull{
			link: link, logger: b.logger, stream: "S", consumer: "c", batch: func() int { return room },
			onTask: func(taskMessage) { room-- }, onMissing: func() { missing++ },
		}
		pull.open()
		pull.wake()
		pull.wake()
		const first = `$JS.API.CONSUMER.MSG.NEXT.S.c _INBOX_w.1.1 {"batch":2,"expires":20000000000}`
		if got := link.after(0); len(got) != 1 || got[0] != first {
			t.Fatalf("it pulled %v", got)
		}
		hint, err := proto.Marshal(b.hintOf("c1").hint)
		if err != nil {
			t.Fatal(err)
		}
		receive := func(subject, status string) {
			message := &nats.Msg{Subject: subject, Data: hint, Reply: "$JS.ACK.x", Header: nats.Header{}}
			if status != "" {
				message.Header.Set("Status", status)
			}
			pull.receive(message)
		}
		receive("_INBOX_w.1.1", "")
		receive("_INBOX_w.1.1", "")
		pull.wake()
		if got := link.after(1); len(got) != 0 {
			t.Errorf("without room it pulled %v", got)
		}
		room = 1
		pull.wake()
		receive("_INBOX_w.1.1", "408") // The end of a request that does not count any more.
		receive("_INBOX_w.1.2", "100")
		if got := link.after(1); len(got) != 1 {
			t.Errorf("with a request out it pulled %v", got)
		}
		receive("_INBOX_w.1.2", "408")
		receive("_INBOX_w.1.3", "503")
		if got := link.after(2); len(got) != 1 || missing != 1 {
			t.Errorf("it pulled %v, and misses %d", got, missing)
		}
		time.Sleep(pullAfterRefusal + time.Millisecond)
		time.Sleep(pullLostAfter + time.Millisecond)
		if got := link.after(3); len(got) != 2 {
			t.Errorf("what was refused or lost it pulled as %v", got)
		}
		pull.close()
		receive("_INBOX_w.1.5", "")
		receive("_INBOX_w.1.5", "408")
		if got := link.after(5); len(got) != 1 || got[0] != "$JS.ACK.x  -NAK" {
			t.Errorf("closed it told NATS %v", got)
		}
	})
}
