package agentspan

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/vectors"
)

// message is a message of the worker protocol in both of its forms.
type message struct {
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	JSON     json.RawMessage `json:"json"`
	Protobuf string          `json:"protobuf"`
	// Is names the vector as which a newer one is read.
	Is string `json:"is"`
}

func (m message) empty(t *testing.T) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(m.Type))
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

func (m message) fromBinary(t *testing.T) proto.Message {
	t.Helper()
	raw, err := hex.DecodeString(m.Protobuf)
	if err != nil {
		t.Fatal(err)
	}
	read := m.empty(t)
	if err := proto.Unmarshal(raw, read); err != nil {
		t.Fatal(err)
	}
	return read
}

func (m message) fromJSON(t *testing.T) proto.Message {
	t.Helper()
	read := m.empty(t)
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(m.JSON, read); err != nil {
		t.Fatal(err)
	}
	return read
}

func readMessages(t *testing.T) (known, newer []message) {
	t.Helper()
	var file struct {
		Vectors []message `json:"vectors"`
		Newer   []message `json:"newer"`
	}
	vectors.Read(t, "messages", &file)
	return file.Vectors, file.Newer
}

func TestReadsAndWritesAMessageInBothForms(t *testing.T) {
	known, _ := readMessages(t)
	for _, vector := range known {
		t.Run(vector.Name, func(t *testing.T) {
			read := vector.fromBinary(t)
			if !proto.Equal(read, vector.fromJSON(t)) {
				t.Errorf("%v is not the same as its JSON", read)
			}
			// The order of fields is each language's own.
			written, err := proto.Marshal(read)
			if err != nil {
				t.Fatal(err)
			}
			again := vector.empty(t)
			if err := proto.Unmarshal(written, again); err != nil || !proto.Equal(again, read) {
				t.Errorf("it is written as %x", written)
			}
			// protojson puts in blanks as it likes.
			text, err := protojson.Marshal(read)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := sorted(t, text), sorted(t, vector.JSON); !bytes.Equal(got, want) {
				t.Errorf("it is written as %s, not %s", got, want)
			}
		})
	}
}

func TestReadsPastWhatIsNotKnown(t *testing.T) {
	known, newer := readMessages(t)
	for _, vector := range newer {
		t.Run(vector.Name, func(t *testing.T) {
			for _, one := range known {
				if one.Name != vector.Is {
					continue
				}
				read := vector.fromBinary(t)
				read.ProtoReflect().SetUnknown(nil)
				if want := one.fromBinary(t); !proto.Equal(read, want) || !proto.Equal(vector.fromJSON(t), want) {
					t.Errorf("it is read as %v", read)
				}
				return
			}
			t.Errorf("there is no vector %q", vector.Is)
		})
	}
}

func sorted(t *testing.T, text []byte) []byte {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return again
}
