// Package signing checks signatures of orchestrators against a file of keys that are trusted: of grants and of receipts.
package signing

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Signer is whose key it is, which says what its signatures count for.
type Signer string

// Who signs.
const (
	Gateways      Signer = "gateways"
	Orchestrators Signer = "orchestrators"
	Permits       Signer = "permits"
)

var signers = []Signer{Gateways, Orchestrators, Permits}

var whose = map[Signer]string{
	Gateways:      "a gateway",
	Orchestrators: "an orchestrator",
	Permits:       "whoever permits workers",
}

// TrustedKeys are the public keys of gateways, of orchestrators, and of whoever permits workers.
type TrustedKeys struct {
	keys map[Signer]map[string]trustedKey
}

type trustedKey struct {
	public ed25519.PublicKey
	// Signatures of this time and later are not believed; zero where they all are.
	retiredAt time.Time
}

// Signature is a text that somebody signed.
type Signature struct {
	Text  string
	KeyID string
	Bytes []byte
	// At is when it says that it was made.
	At time.Time
}

// KeyID is the id of a raw public key: the first 16 hexadecimal digits of its SHA-256.
func KeyID(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])[:16]
}

// ReadTrustedKeys reads the keys of a file. The error names the file and what is wrong with it.
func ReadTrustedKeys(path string) (*TrustedKeys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the file of trusted keys cannot be read: %w", err)
	}
	keys, err := ParseTrustedKeys(text)
	if err != nil {
		return nil, fmt.Errorf("the file of trusted keys %q cannot be used: %w", path, err)
	}
	return keys, nil
}

// Has says whether the key is believed as that.
func (k *TrustedKeys) Has(signer Signer, keyID string) bool {
	_, known := k.keys[signer][keyID]
	return known
}

// Verify says why a signature is not believed, in words that follow "because"; nil where it is.
func (k *TrustedKeys) Verify(signer Signer, signature Signature) error {
	if signature.KeyID == "" || len(signature.Bytes) == 0 {
		return errors.New("it is not signed")
	}
	key, known := k.keys[signer][signature.KeyID]
	if !known {
		return k.unknown(signer, signature.KeyID)
	}
	if !key.retiredAt.IsZero() && !signature.At.Before(key.retiredAt) {
		at := key.retiredAt.UTC().Format(time.RFC3339Nano)
		return fmt.Errorf("key %s was retired at %s, and signed it later", signature.KeyID, at)
	}
	if !ed25519.Verify(key.public, []byte(signature.Text), signature.Bytes) {
		return fmt.Errorf("the signature of key %s is not of what it says", signature.KeyID)
	}
	return nil
}

func (k *TrustedKeys) unknown(signer Signer, keyID string) error {
	shown := []rune(keyID)
	shown = shown[:min(len(shown), 32)]
	for _, other := range signers {
		if other != signer && k.Has(other, keyID) {
			return fmt.Errorf("key %q is that of %s, not of %s", string(shown), whose[other], whose[signer])
		}
	}
	return fmt.Errorf("key %q is no trusted key of %s", string(shown), whose[signer])
}

// fromBase64URL reads base64url without padding, of which each value has one spelling.
func fromBase64URL(text string) ([]byte, error) {
	// The decoder passes over the ends of lines.
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("it is not base64url without padding")
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}
