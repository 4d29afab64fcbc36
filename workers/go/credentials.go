package agentspan

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nats-io/nkeys"
	"google.golang.org/protobuf/encoding/protojson"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

const credentialsVariable = "AGENTSPAN_WORKER_CREDENTIALS_FILE"

// credentials are what lets a worker in where that is asked: the file that `agentspan worker credentials` makes.
type credentials struct {
	permit *agentspanv1.WorkerPermit
	// user is that of NATS; nil where the worker's login is another.
	user *nkeyUser
}

// nkeyUser proves itself to NATS by a key. The seed stays here; what is shown is a signature of what the server asks.
type nkeyUser struct {
	public string
	sign   func(nonce []byte) ([]byte, error)
}

// readCredentials tells the path and what is wrong, without a word of what is in it.
func readCredentials(path string) (*credentials, error) {
	where := fmt.Sprintf("The file of worker credentials %q (CredentialsFile, or %s)", path, credentialsVariable)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, invalid(where+" cannot be read.", err)
	}
	read, ok := parseCredentials(text)
	if !ok {
		return nil, invalid(where+" is not what agentspan worker credentials makes.", nil)
	}
	return read, nil
}

func parseCredentials(text []byte) (*credentials, bool) {
	var file struct {
		Permit   json.RawMessage `json:"permit"`
		NkeySeed string          `json:"nkeySeed"`
	}
	if json.Unmarshal(text, &file) != nil {
		return nil, false
	}
	read := &credentials{permit: &agentspanv1.WorkerPermit{}}
	options := protojson.UnmarshalOptions{DiscardUnknown: true}
	if options.Unmarshal(file.Permit, read.permit) != nil || len(read.permit.GetWorkers()) == 0 {
		return nil, false
	}
	if file.NkeySeed == "" {
		return read, true
	}
	pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(file.NkeySeed)))
	if err != nil {
		return nil, false
	}
	public, err := pair.PublicKey()
	if err != nil || !nkeys.IsValidPublicUserKey(public) {
		return nil, false
	}
	read.user = &nkeyUser{public, pair.Sign}
	return read, true
}

// workerID is the one that was chosen, which must be among those of the credentials, or their only one.
func (c *credentials) workerID(chosen string) (string, error) {
	workers := c.permit.GetWorkers()
	ids := strings.Join(workers, ", ")
	switch {
	case chosen == "" && len(workers) == 1:
		return workers[0], nil
	case chosen == "":
		return "", invalid(fmt.Sprintf("The worker's credentials are for several: choose WorkerID among %s.", ids), nil)
	case !slices.Contains(workers, chosen):
		return "", invalid(fmt.Sprintf("The worker's credentials are for %s, and not for WorkerID %s.", ids, chosen), nil)
	}
	return chosen, nil
}
