package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
)

func grpcStack() stack {
	type key struct{ port, pingEveryMs int }
	connections := map[key]*grpc.ClientConn{}
	var connecting sync.Mutex
	connectionOf := func(c *call) *grpc.ClientConn {
		connecting.Lock()
		defer connecting.Unlock()
		k := key{c.Port, c.PingEveryMs}
		if connections[k] == nil {
			options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
			if c.PingEveryMs > 0 {
				every := time.Duration(c.PingEveryMs) * time.Millisecond
				options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: every, Timeout: 5 * time.Second}))
			}
			connection, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", c.Port), options...)
			check(err)
			connections[k] = connection
		}
		return connections[k]
	}
	return func(ctx context.Context, c *call, tell func(proto.Message)) error {
		var options []grpc.CallOption
		if c.Gzip {
			options = append(options, grpc.UseCompressor(gzip.Name))
		}
		if c.Kind == "unary" {
			answer := dynamicpb.NewMessage(c.answer)
			err := connectionOf(c).Invoke(ctx, c.Path, c.requests[0], answer, options...)
			if err == nil {
				tell(answer)
			}
			return err
		}
		kind := &grpc.StreamDesc{ServerStreams: true, ClientStreams: c.Kind == "bidi_streaming"}
		stream, err := connectionOf(c).NewStream(ctx, kind, c.Path, options...)
		if err != nil {
			return err
		}
		for _, request := range c.requests {
			if err := stream.SendMsg(request); err != nil {
				break // What went wrong is told where the answer is read.
			}
		}
		if err := stream.CloseSend(); err != nil {
			return err
		}
		for {
			answer := dynamicpb.NewMessage(c.answer)
			if err := stream.RecvMsg(answer); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			tell(answer)
		}
	}
}

func (k *contract) grpcEnd(err error) *end {
	s := status.Convert(err)
	return &end{code.Code_name[int32(s.Code())], s.Message(), k.detailsOf(s.Proto().GetDetails())}
}
