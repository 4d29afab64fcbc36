package vectors

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"testing"
)

// Signatures are workers/vectors/signatures.json. Its private keys are for tests only.
type Signatures struct {
	Keys map[string]struct {
		ID         string `json:"id"`
		Public     string `json:"public"`
		PrivatePEM string `json:"privatePem"`
	} `json:"keys"`
	Vectors []Signed `json:"vectors"`
	Refused []Signed `json:"refused"`
}

// Signed is a text with its signature.
type Signed struct {
	Name      string          `json:"name"`
	Signer    string          `json:"signer"`
	Purpose   string          `json:"purpose"`
	Statement json.RawMessage `json:"statement"`
	Text      string          `json:"text"`
	UTF8      string          `json:"utf8"`
	KeyID     string          `json:"keyId"`
	Signature string          `json:"signature"`
}

// ReadSignatures gives those that every language is tested with.
func ReadSignatures(t testing.TB) Signatures {
	t.Helper()
	var file Signatures
	Read(t, "signatures", &file)
	return file
}

// Bytes are those of the signature.
func (s Signed) Bytes(t testing.TB) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(s.Signature)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TrustedKeys is the text of a file that has all keys, with more members in the entry of the orchestrator's.
func (s Signatures) TrustedKeys(t testing.TB, more map[string]any) []byte {
	t.Helper()
	lists := map[string][]map[string]any{}
	for signer, key := range s.Keys {
		entry := map[string]any{"id": key.ID, "public": key.Public}
		if signer == "orchestrator" {
			for name, value := range more {
				entry[name] = value
			}
		}
		lists[signer+"s"] = []map[string]any{entry}
	}
	text, err := json.Marshal(lists)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Sign signs a text as the orchestrator.
func (s Signatures) Sign(t testing.TB, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(s.Keys["orchestrator"].PrivatePEM))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return ed25519.Sign(key.(ed25519.PrivateKey), []byte(text))
}
