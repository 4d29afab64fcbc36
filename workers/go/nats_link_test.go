package agentspan

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// rawServer speaks NATS to one client at a time: it hears everything, answers what a test wants answered, and says what no
// honest server would.
type rawServer struct {
	t        *testing.T
	listener net.Listener
	// heard has each line of a client but for its pings, a payload being one too.
	heard chan string

	// secured is how it speaks TLS; nil where it does not.
	secured *tls.Config
	// refuses every login.
	refuses bool

	mu      sync.Mutex
	conn    net.Conn
	answers string
}

func startRawServer(t *testing.T, answers string, secured *tls.Config) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &rawServer{t: t, listener: listener, heard: make(chan string, 100), secured: secured, answers: answers}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // It was closed.
			}
			server.serve(conn)
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		server.cut()
		<-done
	})
	return server
}

func (s *rawServer) url() string { return "nats://" + s.listener.Addr().String() }

func (s *rawServer) serve(conn net.Conn) {
	s.mu.Lock()
	s.conn = conn
	s.mu.Unlock()
	defer conn.Close()
	const info = `INFO {"server_id":"raw","version":"2.15.0","headers":true,"max_payload":4096,"nonce":"n0nce","tls_required":%v}`
	s.say(fmt.Sprintf(info, s.secured != nil))
	if s.secured != nil {
		conn = tls.Server(conn, s.secured)
		s.mu.Lock()
		s.conn = conn
		s.mu.Unlock()
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		switch line := lines.Text(); {
		case line == "PING" && s.refuses:
			s.say("-ERR 'Authorization Violation'")
			return
		case line == "PING":
			s.say("PONG")
		case line == "PONG":
		case strings.HasPrefix(line, "PUB ") && strings.Contains(line, ".heartbeat"):
			s.heard <- line
			s.answer(strings.Fields(line)[2])
		default:
			s.heard <- line
		}
	}
}

func (s *rawServer) answer(reply string) {
	switch s.answers {
	case "answer":
		// A HeartbeatResponse that wants a registration.
		s.say(fmt.Sprintf("MSG %s 1 2\r\n\x18\x01", reply))
	case "no responders":
		s.say(fmt.Sprintf("HMSG %s 1 16 16\r\nNATS/1.0 503\r\n\r\n", reply))
	}
}

func (s *rawServer) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A client that has gone hears nothing.
	_, _ = s.conn.Write([]byte(line + "\r\n"))
}

func (s *rawServer) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.conn.Close()
	}
}

// hears waits for a line with this in it.
func (s *rawServer) hears(what string) string {
	s.t.Helper()
	for {
		select {
		case line := <-s.heard:
			if strings.Contains(line, what) {
				return line
			}
		case <-time.After(30 * time.Second):
			s.t.Fatalf("It did not hear %q.", what)
		}
	}
}

// linkTo gives an open link, and how often its connection was back.
func linkTo(t *testing.T, server *rawServer, user *nkeyUser) (*natsLink, <-chan struct{}) {
	t.Helper()
	withoutSettings(t)
	address, err := readNATSAddress(server.url())
	if err != nil {
		t.Fatal(err)
	}
	back := make(chan struct{}, 10)
	link := &natsLink{
		workerID: theWorker, address: address, user: user, logger: slog.New(slog.DiscardHandler),
		onReconnect: func() { back <- struct{}{} },
	}
	if err := openLink(t.Context(), link, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.close)
	return link, back
}

func TestLogsInWithItsKeyAndAsksInItsOwnName(t *testing.T) {
	server := startRawServer(t, "answer", nil)
	user := &nkeyUser{"UPUBLIC", func(nonce []byte) ([]byte, error) { return append([]byte("signed "), nonce...), nil }}
	link, _ := linkTo(t, server, user)
	var login struct{ Nkey, Sig, Name string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(server.hears("CONNECT "), "CONNECT ")), &login); err != nil {
		t.Fatal(err)
	}
	if login.Nkey != "UPUBLIC" || login.Sig != "c2lnbmVkIG4wbmNl" || login.Name != "agentspan worker worker-1" {
		t.Errorf("it logs in with %+v", login)
	}
	server.hears("SUB _INBOX_worker-1.")
	answer := &agentspanv1.HeartbeatResponse{}
	answered := ask(t.Context(), link, "heartbeat", "", &agentspanv1.HeartbeatRequest{}, answer, time.Minute)
	if !answered || !answer.GetRegister() {
		t.Errorf("it is answered %v: %v", answered, answer)
	}
	if line := server.hears("PUB "); !strings.HasPrefix(line, "PUB agentspan.worker.worker-1.heartbeat _INBOX_worker-1.") {
		t.Errorf("it asked %s", line)
	}
	if link.maxPayload() != 4096 {
		t.Errorf("it may send %d bytes", link.maxPayload())
	}
}

func TestSaysWhatToDoWhereItIsNotConnected(t *testing.T) {
	for err, want := range map[error]string{
		nats.ErrNoServers: "Is the server running, and is AGENTSPAN_NATS_URL its address? " + startWith,
		// As a server refuses a login.
		fmt.Errorf("%w: user", nats.ErrAuthorization): "AGENTSPAN_WORKER_CREDENTIALS_FILE",
	} {
		if said := unreachable("nats://one:1", err).Error(); !strings.HasSuffix(said, want) {
			t.Errorf("of %v it says %s", err, said)
		}
	}
}

func TestSaysToWhomNoLoginIsKnownHowToGetOne(t *testing.T) {
	server := startRawServer(t, "", nil)
	server.refuses = true
	withoutSettings(t)
	address, err := readNATSAddress(server.url())
	if err != nil {
		t.Fatal(err)
	}
	link := &natsLink{workerID: theWorker, address: address, logger: slog.New(slog.DiscardHandler)}
	if err := openLink(t.Context(), link, time.Millisecond); err == nil || !strings.Contains(err.Error(), "agentspan worker credentials") {
		t.Errorf("it says %v", err)
	}
}

func TestIsToldAtOnceThatNobodyListens(t *testing.T) {
	link, _ := linkTo(t, startRawServer(t, "no responders", nil), nil)
	answer := &agentspanv1.HeartbeatResponse{}
	begun := time.Now()
	if ask(t.Context(), link, "heartbeat", "orc_1", &agentspanv1.HeartbeatRequest{}, answer, time.Hour) {
		t.Errorf("it is answered %v", answer)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ask(ctx, link, "claim", "", &agentspanv1.ClaimRequest{}, answer, time.Hour) || len(link.questions) != 0 {
		t.Errorf("after %v it has %d questions still", time.Since(begun), len(link.questions))
	}
}

func TestOpensAnotherConnectionWhereTheClientHasGivenUp(t *testing.T) {
	server := startRawServer(t, "answer", nil)
	link, back := linkTo(t, server, nil)
	heard := make(chan string, 1)
	inbox := link.listen(func(message *nats.Msg) { heard <- string(message.Data) })
	server.hears("SUB " + inbox.subject())
	for _, lose := range []func(){
		// After this one the client closes for good.
		func() { server.say("-ERR 'Whatever a server says'") },
		server.cut,
	} {
		lose()
		<-back
		subscription := strings.Fields(server.hears("SUB " + inbox.subject()))
		server.say(fmt.Sprintf("MSG %s.1 %s 2\r\nhi", inbox.subject(), subscription[2]))
		if message := <-heard; message != "hi" {
			t.Errorf("it heard %s", message)
		}
		answer := &agentspanv1.HeartbeatResponse{}
		if !ask(t.Context(), link, "heartbeat", "", &agentspanv1.HeartbeatRequest{}, answer, time.Minute) {
			t.Error("it is not answered any more")
		}
	}
	inbox.close()
	server.hears("UNSUB ")
	link.publish("$JS.ACK.x", "", []byte("+ACK"))
	if line := server.hears("PUB $JS"); line != "PUB $JS.ACK.x 4" {
		t.Errorf("it said %s", line)
	}
	link.close()
	link.publish("$JS.ACK.x", "", []byte("+ACK"))
}
