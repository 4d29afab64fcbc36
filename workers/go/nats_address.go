package agentspan

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

const (
	caVariable   = "AGENTSPAN_NATS_CA_FILE"
	certVariable = "AGENTSPAN_NATS_CERT_FILE"
	keyVariable  = "AGENTSPAN_NATS_KEY_FILE"
)

// natsAddress is what a NATS URL and the files beside it say.
type natsAddress struct {
	// servers are without logins: these are written in errors.
	servers string
	options []nats.Option
}

// readNATSAddress takes nats:// or tls://, with user:password@ or token@; several of a cluster are joined by commas, of
// which the first has the login. With files, or a tls:// among them, the connection is by TLS. The error does not quote it.
func readNATSAddress(text string) (natsAddress, error) {
	var address natsAddress
	var servers []string
	var login *url.Userinfo
	secured := false
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if !strings.Contains(one, "://") {
			one = "nats://" + one
		}
		parsed, err := url.Parse(one)
		if err != nil || parsed.Hostname() == "" || (parsed.Scheme != "nats" && parsed.Scheme != "tls") {
			return address, errNoNATSURL
		}
		secured = secured || parsed.Scheme == "tls"
		if len(servers) == 0 {
			login = parsed.User
		}
		parsed.User = nil
		servers = append(servers, parsed.String())
	}
	if len(servers) == 0 {
		return address, errNoNATSURL
	}
	address.servers = strings.Join(servers, ",")
	if password, with := login.Password(); with && password != "" {
		address.options = append(address.options, nats.UserInfo(login.Username(), password))
	} else if token := login.Username(); token != "" {
		address.options = append(address.options, nats.Token(token))
	}
	config, err := natsTLS(secured)
	if config != nil {
		address.options = append(address.options, nats.Secure(config))
	}
	return address, err
}

var errNoNATSURL = errors.New("the NATS URL must be nats://host:port or tls://host:port")

// natsTLS is whom to trust at NATS, and what to show it; nil where the connection may be in the clear.
func natsTLS(secured bool) (*tls.Config, error) {
	ca, cert, key := os.Getenv(caVariable), os.Getenv(certVariable), os.Getenv(keyVariable)
	if !secured && ca == "" && cert == "" && key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be used: %w", caVariable, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s names %s, which has no certificate in PEM form", caVariable, ca)
		}
	}
	switch {
	case cert == "" && key == "":
	case key == "":
		return nil, fmt.Errorf("%s is set and %s is not: a certificate needs its key. Set both", certVariable, keyVariable)
	case cert == "":
		return nil, fmt.Errorf("%s is set and %s is not: a key needs its certificate. Set both", keyVariable, certVariable)
	default:
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("the files of %s and %s cannot be used: %w", certVariable, keyVariable, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
