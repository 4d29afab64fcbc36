package signing_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
	"github.com/agentspan/agentspan/workers/go/internal/vectors"
	"github.com/agentspan/agentspan/workers/go/signing"
)

func trusted(t *testing.T, more map[string]any) *signing.TrustedKeys {
	t.Helper()
	keys, err := signing.ParseTrustedKeys(vectors.ReadSignatures(t).TrustedKeys(t, more))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func statementOf(t *testing.T, signed vectors.Signed) map[string]any {
	t.Helper()
	parsed, err := canonical.Parse(string(signed.Statement))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Value.(map[string]any)
}

func TestBelievesWhatEachVectorSaysWasSigned(t *testing.T) {
	for _, vector := range vectors.ReadSignatures(t).Vectors {
		t.Run(vector.Name, func(t *testing.T) {
			text, err := signing.SignedText(vector.Purpose, statementOf(t, vector))
			if err != nil || text != vector.Text {
				t.Fatalf("the text is %s (%v), want %s", text, err, vector.Text)
			}
			if bytes := hex.EncodeToString([]byte(text)); bytes != vector.UTF8 {
				t.Errorf("its bytes are %s, want %s", bytes, vector.UTF8)
			}
			signature := signing.Signature{Text: text, KeyID: vector.KeyID, Bytes: vector.Bytes(t), At: time.Now()}
			if err := trusted(t, nil).Verify(signing.Signer(vector.Signer+"s"), signature); err != nil {
				t.Errorf("it is not believed, because %v", err)
			}
		})
	}
}

func TestRefusesWhatEachVectorSaysIsNoGrant(t *testing.T) {
	// Some have a true signature of another text: what is checked is the text of the grant that the first vector has.
	file := vectors.ReadSignatures(t)
	for _, vector := range file.Refused {
		t.Run(vector.Name, func(t *testing.T) {
			signature := signing.Signature{Text: vector.Text, KeyID: vector.KeyID, Bytes: vector.Bytes(t), At: time.Now()}
			if err := trusted(t, nil).Verify(signing.Orchestrators, signature); err == nil {
				t.Error("it is believed")
			}
		})
	}
}

func TestNamesAKeyByTheHashOfItsBytes(t *testing.T) {
	for signer, key := range vectors.ReadSignatures(t).Keys {
		raw, err := base64.RawURLEncoding.DecodeString(key.Public)
		if err != nil || signing.KeyID(raw) != key.ID {
			t.Errorf("the key of the %s is %s (%v), want %s", signer, signing.KeyID(raw), err, key.ID)
		}
	}
}

func TestBelievesARetiredKeyForWhatItSignedBefore(t *testing.T) {
	file := vectors.ReadSignatures(t)
	retired := time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
	keys := trusted(t, map[string]any{"retired_at": "2026-12-31T23:00:00Z"})
	for _, vector := range file.Vectors {
		if vector.Purpose != "agentspan.outcome.v1" {
			continue
		}
		signature := signing.Signature{Text: vector.Text, KeyID: vector.KeyID, Bytes: vector.Bytes(t)}
		signature.At = retired.Add(-time.Millisecond)
		if err := keys.Verify(signing.Orchestrators, signature); err != nil {
			t.Errorf("it is not believed, because %v", err)
		}
		signature.At = retired
		if err := keys.Verify(signing.Orchestrators, signature); err == nil || !strings.Contains(err.Error(), "was retired at") {
			t.Errorf("it says %v", err)
		}
	}
}

func TestTellsWhoseKeyItIsWhereItIsAnothers(t *testing.T) {
	file := vectors.ReadSignatures(t)
	signature := signing.Signature{Text: "x", KeyID: file.Keys["gateway"].ID, Bytes: []byte{1}}
	err := trusted(t, nil).Verify(signing.Orchestrators, signature)
	if err == nil || !strings.Contains(err.Error(), "is that of a gateway, not of an orchestrator") {
		t.Errorf("it says %v", err)
	}
	signature.KeyID = strings.Repeat("\xff", 40)
	if err := trusted(t, nil).Verify(signing.Orchestrators, signature); err == nil || len(err.Error()) > 250 {
		t.Errorf("it says %v", err)
	}
}

func TestSaysWhatIsWrongWithAListOfKeys(t *testing.T) {
	file := vectors.ReadSignatures(t)
	with := func(name string, value any) string { return string(file.TrustedKeys(t, map[string]any{name: value})) }
	for text, fault := range map[string]string{
		"no":               "it is not JSON",
		"[]":               "it is no object",
		`{"gateways": []}`: `it has no list "orchestrators"`,
		`{"gateways": [], "orchestrators": [], "people": []}`: `it has "people"`,
		`{"gateways": [], "orchestrators": [1]}`:              "orchestrators[0] is no object",
		with("id", "0000000000000000"):                        `another "id"`,
		with("public", "AAAA"):                                "of 32 bytes",
		with("public", "*"):                                   "of 32 bytes",
		with("owner", "ana"):                                  `has "owner"`,
		with("retired_at", "yesterday"):                       `"retired_at"`,
		with("public", file.Keys["gateway"].Public):           `another "id"`,
	} {
		_, err := signing.ParseTrustedKeys([]byte(text))
		var faults *signing.KeysError
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), fault) {
			t.Errorf("of %s it says %v, want %s", text, err, fault)
		}
	}
}

func TestNamesTheFileOfKeysThatCannotBeUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := signing.ReadTrustedKeys(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("it says %v", err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := signing.ReadTrustedKeys(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("it says %v", err)
	}
}
