// A client of the contract on grpc-go or connect-go, as its first argument says, which knows it from a file of
// descriptors alone; README.md has its lines.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
)

type call struct {
	Port        int
	Path        string
	Kind        string
	Input       protoreflect.FullName
	Output      protoreflect.FullName
	Requests    []json.RawMessage
	DeadlineMs  int
	Gzip        bool
	PingEveryMs int
	requests    []*dynamicpb.Message
	answer      protoreflect.MessageDescriptor
}

type end struct {
	Code    string            `json:"code"`
	Message string            `json:"message,omitempty"`
	Details []json.RawMessage `json:"details,omitempty"`
}

type line struct {
	ID      int             `json:"id"`
	Message json.RawMessage `json:"message,omitempty"`
	End     *end            `json:"end,omitempty"`
}

// A stack carries out a call and tells each answer as it comes.
type stack func(ctx context.Context, c *call, tell func(proto.Message)) error

// The contract's messages.
type contract struct {
	types *dynamicpb.Types
	files interface {
		FindDescriptorByName(protoreflect.FullName) (protoreflect.Descriptor, error)
	}
}

func main() {
	bytes, err := os.ReadFile(os.Args[2])
	check(err)
	set := &descriptorpb.FileDescriptorSet{}
	check(proto.Unmarshal(bytes, set))
	files, err := protodesc.NewFiles(set)
	check(err)
	known := &contract{types: dynamicpb.NewTypes(files), files: files}
	carryOut, endOf := grpcStack(), known.grpcEnd
	if os.Args[1] == "connect" {
		carryOut, endOf = connectStack(), known.connectEnd
	}

	var writing sync.Mutex
	write := func(l line) {
		writing.Lock()
		defer writing.Unlock()
		check(json.NewEncoder(os.Stdout).Encode(l))
	}
	cancels := map[int]context.CancelFunc{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		said := struct {
			ID, Cancel int
			Call       *call
		}{}
		check(json.Unmarshal(lines.Bytes(), &said))
		if said.Call == nil {
			cancels[said.Cancel]()
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancels[said.ID] = cancel
		go func() {
			tell := func(m proto.Message) { write(line{ID: said.ID, Message: known.jsonOf(m)}) }
			err := known.read(said.Call)
			if err != nil {
				write(line{ID: said.ID, End: &end{Code: "PROBE", Message: err.Error()}})
				return
			}
			if said.Call.DeadlineMs > 0 {
				ctx, cancel = context.WithTimeout(ctx, time.Duration(said.Call.DeadlineMs)*time.Millisecond)
			}
			defer cancel()
			err = carryOut(ctx, said.Call, tell)
			write(line{ID: said.ID, End: endOf(err)})
		}()
	}
}

func (k *contract) read(c *call) error {
	input, err := k.files.FindDescriptorByName(c.Input)
	if err != nil {
		return err
	}
	output, err := k.files.FindDescriptorByName(c.Output)
	if err != nil {
		return err
	}
	c.answer = output.(protoreflect.MessageDescriptor)
	for _, text := range c.Requests {
		request := dynamicpb.NewMessage(input.(protoreflect.MessageDescriptor))
		if err := (protojson.UnmarshalOptions{Resolver: k.types}).Unmarshal(text, request); err != nil {
			return err
		}
		c.requests = append(c.requests, request)
	}
	return nil
}

func (k *contract) jsonOf(m proto.Message) json.RawMessage {
	text, err := protojson.MarshalOptions{Resolver: k.types}.Marshal(m)
	check(err)
	return text
}

func (k *contract) detailsOf(details []*anypb.Any) (texts []json.RawMessage) {
	for _, detail := range details {
		texts = append(texts, k.jsonOf(detail))
	}
	return texts
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
