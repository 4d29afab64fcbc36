package signing

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

// KeysError is what is wrong with a list of keys, each fault in a few words.
type KeysError struct {
	Faults []string
}

func (e *KeysError) Error() string { return strings.Join(e.Faults, "; ") }

// ParseTrustedKeys reads {"gateways": [{"id", "public", "retired_at"?}], "orchestrators": […], "permits"?: […]}. The error
// is a *KeysError.
func ParseTrustedKeys(text []byte) (*TrustedKeys, error) {
	keys := &TrustedKeys{keys: map[Signer]map[string]trustedKey{Gateways: {}, Orchestrators: {}, Permits: {}}}
	if faults := keys.read(string(text)); len(faults) > 0 {
		return nil, &KeysError{faults}
	}
	return keys, nil
}

func (k *TrustedKeys) read(text string) []string {
	parsed, err := canonical.Parse(text)
	if err != nil {
		return []string{"it is not JSON"} // The parser's words would quote the text.
	}
	lists, ok := parsed.Value.(map[string]any)
	if !ok {
		return []string{`it is no object with "gateways" and "orchestrators"`}
	}
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if !slices.Contains(signers, Signer(name)) {
			faults = append(faults, fmt.Sprintf("it has %q, which is no list of keys", name))
		}
	}
	for _, signer := range signers {
		list, there := lists[string(signer)]
		if !there && signer == Permits {
			continue
		}
		entries, ok := list.([]any)
		if !ok {
			faults = append(faults, fmt.Sprintf("it has no list %q", signer))
		}
		for i, entry := range entries {
			if fault := k.add(signer, entry); fault != "" {
				faults = append(faults, fmt.Sprintf("%s[%d] %s", signer, i, fault))
			}
		}
	}
	return faults
}

// add says what is wrong with an entry.
func (k *TrustedKeys) add(signer Signer, value any) string {
	entry, ok := value.(map[string]any)
	if !ok {
		return `is no object with "id" and "public"`
	}
	for _, name := range slices.Sorted(maps.Keys(entry)) {
		if !slices.Contains([]string{"id", "public", "retired_at"}, name) {
			return fmt.Sprintf("has %q, which nobody reads", name)
		}
	}
	public, _ := entry["public"].(string)
	raw, err := fromBase64URL(public)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return `has no "public" of 32 bytes in base64url`
	}
	id := KeyID(raw)
	if entry["id"] != any(id) {
		return fmt.Sprintf(`has another "id" than that of its "public", which is %q`, id)
	}
	for _, other := range signers {
		if k.Has(other, id) {
			return "is there twice: a key has one purpose"
		}
	}
	key := trustedKey{public: raw}
	if retired, there := entry["retired_at"]; there {
		if key.retiredAt, err = timeOf(retired); err != nil {
			return `has a "retired_at" that is no time such as "2026-01-31T12:00:00Z"`
		}
	}
	k.keys[signer][id] = key
	return ""
}

func timeOf(value any) (time.Time, error) {
	text, _ := value.(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		// Seconds may be left out.
		at, err = time.Parse("2006-01-02T15:04Z07:00", text)
	}
	return at, err
}
