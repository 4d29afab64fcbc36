package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
)

// The Connect protocol over HTTP/1.1.
func connectStack() stack {
	return func(ctx context.Context, c *call, tell func(proto.Message)) error {
		options := []connect.ClientOption{
			connect.WithResponseInitializer(func(_ connect.Spec, answer any) error {
				*answer.(*dynamicpb.Message) = *dynamicpb.NewMessage(c.answer)
				return nil
			}),
		}
		if c.Gzip {
			options = append(options, connect.WithSendGzip())
		}
		url := fmt.Sprintf("http://127.0.0.1:%d%s", c.Port, c.Path)
		client := connect.NewClient[dynamicpb.Message, dynamicpb.Message](http.DefaultClient, url, options...)
		request := connect.NewRequest(c.requests[0])
		if c.Kind == "unary" {
			answer, err := client.CallUnary(ctx, request)
			if err == nil {
				tell(answer.Msg)
			}
			return err
		}
		stream, err := client.CallServerStream(ctx, request)
		if err != nil {
			return err
		}
		defer stream.Close()
		for stream.Receive() {
			tell(stream.Msg())
		}
		return stream.Err()
	}
}

func (k *contract) connectEnd(err error) *end {
	if err == nil {
		return &end{Code: "OK"}
	}
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return &end{Code: "PROBE", Message: err.Error()}
	}
	var details []*anypb.Any
	for _, detail := range failed.Details() {
		details = append(details, &anypb.Any{TypeUrl: "type.googleapis.com/" + detail.Type(), Value: detail.Bytes()})
	}
	name := strings.ToUpper(failed.Code().String())
	if failed.Code() == connect.CodeCanceled {
		name = "CANCELLED"
	}
	return &end{name, failed.Message(), k.detailsOf(details)}
}
