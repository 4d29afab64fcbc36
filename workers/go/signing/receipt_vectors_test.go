package signing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/agentspan/agentspan/workers/go/internal/vectors"
	"github.com/agentspan/agentspan/workers/go/signing"
)

func TestSaysOfEachVectorWhetherItHolds(t *testing.T) {
	var file struct {
		TrustedKeys string `json:"trustedKeys"`
		Vectors     []struct {
			Name string `json:"name"`
			Text string `json:"text"`
			// Fault is empty where the receipt holds.
			Fault string `json:"fault"`
		} `json:"vectors"`
	}
	vectors.Read(t, "receipts", &file)
	keys, err := signing.ParseTrustedKeys([]byte(file.TrustedKeys))
	if err != nil {
		t.Fatal(err)
	}
	for _, vector := range file.Vectors {
		t.Run(vector.Name, func(t *testing.T) {
			_, err := signing.VerifyReceipt([]byte(vector.Text), keys)
			switch {
			case vector.Fault == "":
				if err != nil {
					t.Error(err)
				}
			case vector.Fault == "no receipt":
				if !errors.Is(err, signing.ErrNoReceipt) {
					t.Errorf("it says %v", err)
				}
			case err == nil || !strings.Contains(err.Error(), vector.Fault):
				t.Errorf("it says %v", err)
			}
		})
	}
}
