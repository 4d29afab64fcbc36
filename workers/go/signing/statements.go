package signing

import (
	"time"

	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

// GrantValid is how long a grant may be begun.
const GrantValid = 30 * time.Second

// SignedText is the text that is signed for a purpose: the RFC 8785 form of {"purpose": …, "statement": {…}}. The purpose
// says what the statement is, so that a signature of one thing is never one of another.
func SignedText(purpose string, statement map[string]any) (string, error) {
	return canonical.Text(map[string]any{"purpose": purpose, "statement": statement})
}

// GrantStatement says which worker may start what: signed by the orchestrator. What is not there is empty.
type GrantStatement struct {
	Run, Call string
	Attempt   uint32
	// NonceDigest is of the claim's nonce, which itself is told to nobody else.
	NonceDigest    string
	Worker         string
	Tool           string
	Digest         string
	Guarded        bool
	IdempotencyKey string
	// Approval is empty where no person had to decide.
	Approval, Decision string
	// Whole milliseconds are signed.
	GrantedAt, ExpiresAt time.Time
	// Preview is the fingerprint that the call was checked against right before.
	Preview string
}

// Text is what is signed of the grant.
func (g GrantStatement) Text() (string, error) {
	statement := map[string]any{
		"run":            g.Run,
		"call":           g.Call,
		"attempt":        int64(g.Attempt),
		"nonceDigest":    g.NonceDigest,
		"worker":         g.Worker,
		"tool":           g.Tool,
		"digest":         g.Digest,
		"guarded":        g.Guarded,
		"idempotencyKey": g.IdempotencyKey,
		"approval":       g.Approval,
		"decision":       g.Decision,
		"grantedAt":      g.GrantedAt.UnixMilli(),
		"expiresAt":      g.ExpiresAt.UnixMilli(),
	}
	// Absent, and no empty text, where nothing was checked.
	if g.Preview != "" {
		statement["preview"] = g.Preview
	}
	return SignedText("agentspan.grant.v1", statement)
}
