package agentspan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// certificate is one for this machine, that signs itself, in files.
type certificate struct {
	pair              tls.Certificate
	certFile, keyFile string
}

func newCertificate(t *testing.T) certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	keyText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		t.Fatal(err)
	}
	return certificate{pair, fileOf(t, string(certText)), fileOf(t, string(keyText))}
}

func (c certificate) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.pair.Leaf)
	return pool
}

// connected tries once to open a link by what the environment says.
func connected(t *testing.T, url string) error {
	t.Helper()
	address, err := readNATSAddress(url)
	if err != nil {
		return err
	}
	link := &natsLink{workerID: theWorker, address: address, logger: slog.New(slog.DiscardHandler), onReconnect: func() {}}
	if err := openLink(t.Context(), link, time.Millisecond); err != nil {
		return err
	}
	link.close()
	return nil
}

func TestSpeaksTLSWithWhomItTrusts(t *testing.T) {
	withoutSettings(t)
	server, client := newCertificate(t), newCertificate(t)
	secured := startRawServer(t, "", &tls.Config{
		Certificates: []tls.Certificate{server.pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: client.pool(),
	})
	t.Setenv(certVariable, client.certFile)
	t.Setenv(keyVariable, client.keyFile)
	t.Setenv(caVariable, server.certFile)
	if err := connected(t, secured.url()); err != nil {
		t.Errorf("it says %v", err)
	}
	t.Setenv(caVariable, client.certFile)
	if err := connected(t, secured.url()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("of a server that it does not trust it says %v", err)
	}
	t.Setenv(caVariable, server.certFile)
	t.Setenv(certVariable, server.certFile)
	t.Setenv(keyVariable, server.keyFile)
	if err := connected(t, secured.url()); err == nil {
		t.Error("it is let in with a certificate that the server does not trust")
	}
}

func TestSpeaksNothingInTheClearWhereTLSIsWanted(t *testing.T) {
	withoutSettings(t)
	clear := startRawServer(t, "", nil)
	if err := connected(t, strings.Replace(clear.url(), "nats:", "tls:", 1)); err == nil || !strings.Contains(err.Error(), "secure connection not available") {
		t.Errorf("it says %v", err)
	}
	t.Setenv(caVariable, newCertificate(t).certFile)
	if err := connected(t, clear.url()); err == nil || !strings.Contains(err.Error(), "secure connection not available") {
		t.Errorf("it says %v", err)
	}
	t.Setenv(caVariable, "")
	if err := connected(t, clear.url()); err != nil {
		t.Errorf("it says %v", err)
	}
}
