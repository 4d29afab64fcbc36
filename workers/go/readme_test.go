package agentspan_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	agentspan "github.com/agentspan/agentspan/workers/go"
	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/gen/agentspan/v1/agentspanv1connect"
	"github.com/agentspan/agentspan/workers/go/internal/vectors"
	"github.com/agentspan/agentspan/workers/go/signing"
)

// Booking and bank stand for what the README's tools work on.
type Booking struct {
	Account string
	Amount  json.Number
}

var ErrClosed = errors.New("the account is closed")

type ledger map[string]*Booking

var bank = ledger{}

func (ledger) Balance(context.Context, string) (string, error) { return "100.00", nil }

func (l ledger) Find(_ context.Context, key string) (*Booking, error) { return l[key], nil }

func (l ledger) Adjust(_ context.Context, account string, amount json.Number, key string) (*Booking, error) {
	if account == "closed" {
		return nil, ErrClosed
	}
	l[key] = &Booking{account, amount}
	return l[key], nil
}

type Adjustment struct {
	Account string      `json:"account" jsonschema:"its number"`
	Amount  json.Number `json:"amount" jsonschema:"in euros; negative takes money off"`
}

func look(ctx context.Context, in Adjustment) (any, error) {
	balance, err := bank.Balance(ctx, in.Account)
	return map[string]any{"balance": balance, "adding": in.Amount}, err
}

func askBank(ctx context.Context, in Adjustment) (agentspan.ProbeAnswer, error) {
	call, _ := agentspan.CallFrom(ctx)
	booking, err := bank.Find(ctx, call.IdempotencyKey)
	if err != nil {
		return agentspan.ProbeAnswer{}, err // no answer: it is asked again
	}
	if booking == nil {
		return agentspan.DidNotHappen("no booking has this key"), nil
	}
	return agentspan.Happened(booking, "it is booked"), nil
}

func adjust(ctx context.Context, in Adjustment) (*Booking, error) {
	call, _ := agentspan.CallFrom(ctx)
	booking, err := bank.Adjust(ctx, in.Account, in.Amount, call.IdempotencyKey)
	if errors.Is(err, ErrClosed) {
		return nil, agentspan.Final(err) // trying again does not mend it
	}
	return booking, err
}

var adjustTool = agentspan.MustTool("adjust", adjust,
	agentspan.ApprovalRequired(),
	agentspan.WithPreview(look, "balance"),
	agentspan.PreviewTimeout(5*time.Second),
	agentspan.WithProbe(askBank),
	agentspan.EnforcesIdempotency(),
)

func TestTheREADMEsToolRuns(t *testing.T) {
	ctx := agentspan.WithCall(t.Context(), agentspan.Call{RunID: "run_1", CallID: "t1c1", IdempotencyKey: "run_1-t1c1"})
	booking, err := adjust(ctx, Adjustment{Account: "12-8", Amount: "-5.00"})
	if err != nil || booking.Amount != "-5.00" {
		t.Errorf("it booked %+v (%v)", booking, err)
	}
	if answer, err := askBank(ctx, Adjustment{}); err != nil || answer != agentspan.Happened(booking, "it is booked") {
		t.Errorf("it found %+v (%v)", answer, err)
	}
	var final *agentspan.FinalError
	if _, err := adjust(ctx, Adjustment{Account: "closed"}); !errors.As(err, &final) || !errors.Is(err, ErrClosed) {
		t.Errorf("it says %v", err)
	}
	if shown, err := look(ctx, Adjustment{Amount: "1"}); err != nil || shown.(map[string]any)["balance"] != "100.00" {
		t.Errorf("it shows %v (%v)", shown, err)
	}
	const schema = `{"type":"object","properties":{"account":{"type":"string","description":"its number"},` +
		`"amount":{"type":"number","description":"in euros; negative takes money off"}},` +
		`"required":["account","amount"],"additionalProperties":false}`
	if adjustTool.InputSchema() != schema {
		t.Errorf("its schema is %s", adjustTool.InputSchema())
	}
}

func start(ctx context.Context) (*agentspanv1.StartResponse, error) {
	runs := agentspanv1connect.NewRunServiceClient(http.DefaultClient, "http://127.0.0.1:6767")
	source := &agentspanv1.StartRequest_AgentName{AgentName: "refund_agent"}
	started, err := runs.Start(ctx, &agentspanv1.StartRequest{Source: source, Input: "Refund order ORD-8821"})
	return started, err
}

func verify(text []byte) error {
	keys, err := signing.ReadTrustedKeys("trusted-keys.json")
	if err != nil {
		return err
	}
	receipt, err := signing.VerifyReceipt(text, keys)
	if err != nil {
		return err // it says what does not hold
	}
	_ = receipt
	return nil
}

func TestTheREADMEsOtherCodeDoesWhatItSays(t *testing.T) {
	asked := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		http.Error(w, "no", http.StatusNotFound)
	}))
	defer server.Close()
	whatever := http.DefaultClient.Transport
	defer func() { http.DefaultClient.Transport = whatever }()
	http.DefaultClient.Transport = redirected(server.Listener.Addr().String())
	if _, err := start(t.Context()); err == nil || asked != agentspanv1connect.RunServiceStartProcedure {
		t.Errorf("it asked %s (%v)", asked, err)
	}
	t.Chdir(t.TempDir())
	if err := verify([]byte("{}")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it says %v", err)
	}
	if err := os.WriteFile("trusted-keys.json", vectors.ReadSignatures(t).TrustedKeys(t, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := verify([]byte("{}")); !errors.Is(err, signing.ErrNoReceipt) {
		t.Errorf("it says %v", err)
	}
}

// redirected sends all requests to one address.
type redirected string

func (r redirected) RoundTrip(request *http.Request) (*http.Response, error) {
	request.URL.Host = string(r)
	return http.DefaultTransport.RoundTrip(request)
}

// unindented has no blanks at the beginning of lines, so that code of a function is found in it as it stands in the README.
func unindented(text string) string {
	return regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllString(text, "")
}

func TestTheREADMEHasCodeThatIsCompiledHere(t *testing.T) {
	readme := read(t, "README.md")
	compiled := ""
	for _, file := range []string{"readme_test.go", "examples/serve/main.go"} {
		compiled += unindented(read(t, file))
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readme, -1)
	if len(blocks) < 5 {
		t.Fatalf("it has %d blocks", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(compiled, unindented(block[1])) {
			t.Errorf("this is compiled nowhere:\n%s", block[1])
		}
	}
}

func TestTheREADMELeadsToFilesThatAreThere(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)#]+)(?:#([^)]+))?\)`).FindAllStringSubmatch(read(t, "README.md"), -1)
	for _, link := range links {
		if strings.HasPrefix(link[1], "https:") {
			continue
		}
		if _, err := os.Stat(filepath.FromSlash(link[1])); err != nil {
			t.Error(err)
			continue
		}
		if anchor := link[2]; anchor != "" && !hasHeading(read(t, link[1]), anchor) {
			t.Errorf("%s has no heading #%s", link[1], anchor)
		}
	}
}

func hasHeading(page, anchor string) bool {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		if strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-") == anchor {
			return true
		}
	}
	return false
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
