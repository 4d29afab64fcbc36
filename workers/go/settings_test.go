package agentspan

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/agentspan/agentspan/workers/go/internal/vectors"
)

// withoutSettings keeps what the shell of whoever tests says from the worker.
func withoutSettings(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AGENTSPAN_NATS_URL", "NATS_URL", "AGENTSPAN_TRUSTED_KEYS_FILE", credentialsVariable, caVariable, certVariable, keyVariable,
	} {
		t.Setenv(name, "")
	}
}

func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadsWhatTheEnvironmentSays(t *testing.T) {
	withoutSettings(t)
	read, err := WorkerOptions{}.read()
	if err != nil {
		t.Fatal(err)
	}
	if read.address.servers != "nats://127.0.0.1:4222" || read.Namespace != "default" || read.Concurrency != 16 || read.Grace != 25*time.Second {
		t.Errorf("it read %+v", read.WorkerOptions)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]+-[a-z2-7]{12}$`).MatchString(read.WorkerID) {
		t.Errorf("the worker's id is %s", read.WorkerID)
	}
	t.Setenv("NATS_URL", "nats://one:1")
	t.Setenv("AGENTSPAN_NATS_URL", "nats://two:2")
	t.Setenv("AGENTSPAN_TRUSTED_KEYS_FILE", fileOf(t, string(vectors.ReadSignatures(t).TrustedKeys(t, nil))))
	if read, err = (WorkerOptions{WorkerID: "w-1"}).read(); err != nil || read.address.servers != "nats://two:2" || read.trusted == nil || read.WorkerID != "w-1" {
		t.Errorf("it read %+v (%v)", read, err)
	}
	if read, err = (WorkerOptions{NATSURL: "nats://three:3"}).read(); err != nil || read.address.servers != "nats://three:3" {
		t.Errorf("it read %+v (%v)", read, err)
	}
}

func TestSaysWhichSettingCannotBeUsed(t *testing.T) {
	withoutSettings(t)
	for want, options := range map[string]WorkerOptions{
		"must be nats://host:port":   {NATSURL: "http://secret@x"},
		`worker id "a b"`:            {WorkerID: "a b"},
		"cannot be negative":         {Concurrency: -1},
		"no such file":               {TrustedKeysFile: "/nowhere"},
		"it has no list":             {TrustedKeysFile: fileOf(t, "{}")},
		`credentials "/nowhere"`:     {CredentialsFile: "/nowhere"},
		"is not what agentspan work": {CredentialsFile: fileOf(t, `{"permit":{},"nkeySeed":"SECRET"}`)},
	} {
		_, err := NewWorker(options)
		var told *Error
		if !errors.As(err, &told) || told.Reason != ReasonInvalidRequest || !strings.Contains(err.Error(), want) || strings.Contains(strings.ToLower(err.Error()), "secret") {
			t.Errorf("it says %v, want %s", err, want)
		}
	}
}

func TestReadsAnAddressOfNATS(t *testing.T) {
	withoutSettings(t)
	for text, want := range map[string]struct{ servers, user, password, token string }{
		"localhost":                          {servers: "nats://localhost"},
		"nats://a:1, nats://b:2,":            {servers: "nats://a:1,nats://b:2"},
		"nats://ana:pass%40word@a:1":         {servers: "nats://a:1", user: "ana", password: "pass@word"},
		"nats://t%20ken@a:1,nats://bo:x@b:2": {servers: "nats://a:1,nats://b:2", token: "t ken"},
		"tls://a:1":                          {servers: "tls://a:1"},
	} {
		address, err := readNATSAddress(text)
		if err != nil {
			t.Errorf("of %s it says %v", text, err)
			continue
		}
		options := nats.GetDefaultOptions()
		for _, option := range address.options {
			if err := option(&options); err != nil {
				t.Fatal(err)
			}
		}
		if address.servers != want.servers || options.User != want.user || options.Password != want.password || options.Token != want.token {
			t.Errorf("of %s it reads %s, and %s %s %s", text, address.servers, options.User, options.Password, options.Token)
		}
		if secured := strings.HasPrefix(text, "tls:"); options.Secure != secured {
			t.Errorf("of %s the connection is secured: %v", text, options.Secure)
		}
	}
	for _, text := range []string{"", " , ", "ws://a", "nats://", "nats://a:x"} {
		if _, err := readNATSAddress(text); !errors.Is(err, errNoNATSURL) {
			t.Errorf("of %q it says %v", text, err)
		}
	}
}

func TestSaysWhichFileOfTLSCannotBeUsed(t *testing.T) {
	withoutSettings(t)
	for want, files := range map[string]map[string]string{
		caVariable + " cannot be used":                      {caVariable: "/nowhere"},
		"has no certificate in PEM form":                    {caVariable: fileOf(t, "x")},
		"a certificate needs its key":                       {certVariable: "/nowhere"},
		"a key needs its certificate":                       {keyVariable: "/nowhere"},
		certVariable + " and " + keyVariable + " cannot be": {certVariable: fileOf(t, "x"), keyVariable: fileOf(t, "x")},
	} {
		t.Run(want, func(t *testing.T) {
			for name, file := range files {
				t.Setenv(name, file)
			}
			if _, err := NewWorker(WorkerOptions{}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

func credentialsText(t *testing.T, prefix nkeys.PrefixByte, workers ...string) (text, public string) {
	t.Helper()
	pair, err := nkeys.CreatePair(prefix)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = pair.PublicKey(); err != nil {
		t.Fatal(err)
	}
	permit := map[string]any{"workers": workers, "keyId": "k", "ofTomorrow": 1, "at": "2026-01-31T12:00:00Z"}
	written, err := json.Marshal(map[string]any{"permit": permit, "nkeySeed": string(seed)})
	if err != nil {
		t.Fatal(err)
	}
	return string(written), public
}

func TestReadsTheCredentialsOfAWorker(t *testing.T) {
	withoutSettings(t)
	text, public := credentialsText(t, nkeys.PrefixByteUser, "refunds-1")
	t.Setenv(credentialsVariable, fileOf(t, text))
	read, err := WorkerOptions{}.read()
	if err != nil {
		t.Fatal(err)
	}
	if read.WorkerID != "refunds-1" || read.credentials.user.public != public || read.credentials.permit.GetKeyId() != "k" {
		t.Errorf("it read %+v", read)
	}
	signature, err := read.credentials.user.sign([]byte("nonce"))
	if err != nil {
		t.Fatal(err)
	}
	user, err := nkeys.FromPublicKey(public)
	if err != nil || user.Verify([]byte("nonce"), signature) != nil {
		t.Error("it signs otherwise")
	}
	if _, err := (WorkerOptions{WorkerID: "refunds-2"}).read(); err == nil || !strings.Contains(err.Error(), "are for refunds-1, and not for WorkerID refunds-2") {
		t.Errorf("it says %v", err)
	}
	several, _ := credentialsText(t, nkeys.PrefixByteUser, "refunds-1", "refunds-2")
	t.Setenv(credentialsVariable, fileOf(t, several))
	if _, err := (WorkerOptions{}).read(); err == nil || !strings.Contains(err.Error(), "among refunds-1, refunds-2") {
		t.Errorf("it says %v", err)
	}
	if read, err := (WorkerOptions{WorkerID: "refunds-2"}).read(); err != nil || read.WorkerID != "refunds-2" {
		t.Errorf("it read %+v (%v)", read, err)
	}
	account, _ := credentialsText(t, nkeys.PrefixByteAccount, "refunds-1")
	for _, text := range []string{account, "no", `{}`, `{"permit":{"workers":["a"]},"nkeySeed":"SUX"}`, `{"permit":{"workers":1}}`} {
		if _, ok := parseCredentials([]byte(text)); ok {
			t.Errorf("it takes %.60s for credentials", text)
		}
	}
	if read, ok := parseCredentials([]byte(`{"permit":{"workers":["a"]}}`)); !ok || read.user != nil {
		t.Error("it wants a login where there is another")
	}
}

func TestServesNothingThatCannotBeServed(t *testing.T) {
	withoutSettings(t)
	worker, err := NewWorker(WorkerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "has no tools") {
		t.Errorf("it says %v", err)
	}
	tool := plain(nil)
	if err := worker.Serve("a.b", tool); err == nil || !strings.Contains(err.Error(), "of a queue must begin") {
		t.Errorf("it says %v", err)
	}
	if err := errors.Join(worker.Serve("desk", tool), worker.Serve("other", tool)); err != nil {
		t.Error(err)
	}
	if err := worker.Serve("desk", tool); err == nil || !strings.Contains(err.Error(), "two tools of the name get_order") {
		t.Errorf("it says %v", err)
	}
}

func TestSaysThatNATSCannotBeReached(t *testing.T) {
	withoutSettings(t)
	// Nobody listens on the port of a discard service here, and the first try is the last.
	worker, err := NewWorker(WorkerOptions{NATSURL: "nats://ana:secret@127.0.0.1:9", Patience: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Serve("desk", plain(nil)); err != nil {
		t.Fatal(err)
	}
	var told *Error
	if err := worker.Run(t.Context()); !errors.As(err, &told) || told.Reason != ReasonBusUnavailable || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "agentspan server start") {
		t.Errorf("it says %v", err)
	}
	if err := worker.Serve("desk"); err == nil || worker.Run(t.Context()) == nil {
		t.Error("it runs again")
	}
}
