package agentspan

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/agentspan/agentspan/workers/go/signing"
)

// WorkerOptions say how a worker serves. What is left out is as said here.
type WorkerOptions struct {
	// NATSURL is the bus that tools are served over: AGENTSPAN_NATS_URL, NATS_URL or nats://127.0.0.1:4222. It may have a
	// login; tls:// and AGENTSPAN_NATS_CA_FILE, _CERT_FILE and _KEY_FILE rule out a connection in the clear.
	NATSURL string
	// WorkerID has letters, digits, '_' and '-', at most 128; made of the host's name and chance. Two workers that run at
	// once have two.
	WorkerID string
	// Namespace is whose tasks are served: "default".
	Namespace string
	// Concurrency is how many calls are in hand at once: 16.
	Concurrency int
	// Grace is how long running calls may go on when the worker is told to stop: 25 s.
	Grace time.Duration
	// Patience is how long Run waits for NATS and for a server at first: 30 s.
	Patience time.Duration
	// TrustedKeysFile has the public keys of orchestrators: AGENTSPAN_TRUSTED_KEYS_FILE. With it no tool begins here without
	// a grant that one of them has signed, for this very call; without, grants are not checked for that.
	TrustedKeysFile string
	// CredentialsFile is what `agentspan worker credentials` made for this worker: its login at NATS, its id where it is for
	// one alone, and the permit that it registers with. AGENTSPAN_WORKER_CREDENTIALS_FILE; none is needed where nobody asks.
	CredentialsFile string
	// Logger is slog's default one.
	Logger *slog.Logger
}

// settings are options that have been read.
type settings struct {
	WorkerOptions
	address     natsAddress
	credentials *credentials
	trusted     *signing.TrustedKeys
}

func (o WorkerOptions) read() (*settings, error) {
	read := &settings{WorkerOptions: o}
	read.NATSURL = cmp.Or(o.NATSURL, os.Getenv("AGENTSPAN_NATS_URL"), os.Getenv("NATS_URL"), "nats://127.0.0.1:4222")
	read.TrustedKeysFile = cmp.Or(o.TrustedKeysFile, os.Getenv("AGENTSPAN_TRUSTED_KEYS_FILE"))
	read.CredentialsFile = cmp.Or(o.CredentialsFile, os.Getenv(credentialsVariable))
	read.Namespace = cmp.Or(o.Namespace, "default")
	read.Concurrency = cmp.Or(o.Concurrency, 16)
	read.Grace = cmp.Or(o.Grace, 25*time.Second)
	read.Patience = cmp.Or(o.Patience, 30*time.Second)
	if read.Logger == nil {
		read.Logger = slog.Default()
	}
	if read.Concurrency < 0 || read.Grace < 0 || read.Patience < 0 {
		return nil, invalid("Concurrency, Grace and Patience of a worker cannot be negative.", nil)
	}
	var err error
	if read.address, err = readNATSAddress(read.NATSURL); err != nil {
		return nil, invalid("The connection to NATS: "+err.Error()+".", err)
	}
	if read.TrustedKeysFile != "" {
		if read.trusted, err = signing.ReadTrustedKeys(read.TrustedKeysFile); err != nil {
			return nil, invalid("TrustedKeysFile, or AGENTSPAN_TRUSTED_KEYS_FILE: "+err.Error()+".", err)
		}
	}
	if read.CredentialsFile != "" {
		if read.credentials, err = readCredentials(read.CredentialsFile); err != nil {
			return nil, err
		}
		if read.WorkerID, err = read.credentials.workerID(o.WorkerID); err != nil {
			return nil, err
		}
	}
	read.WorkerID = cmp.Or(read.WorkerID, freshWorkerID())
	if !workerIDPattern.MatchString(read.WorkerID) {
		message := fmt.Sprintf("The worker id %q must have letters, digits, '_' and '-', 1 to 128 of them.", read.WorkerID)
		return nil, invalid(message, nil)
	}
	return read, nil
}

var (
	workerIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	unfit           = regexp.MustCompile(`[^A-Za-z0-9_-]+`)
)

// freshWorkerID is made of the host's name and chance.
func freshWorkerID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "worker" // It is for people only.
	}
	host = unfit.ReplaceAllString(host, "-")
	return host[:min(len(host), 64)] + "-" + strings.ToLower(rand.Text()[:12])
}
