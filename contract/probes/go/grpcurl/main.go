// grpcurl, a call for each start, as its library carries it out: what it knows of the contract it asks the server by
// reflection. The command itself also finds servers by xDS, whose packages take longer to compile than all else here.
//
//	grpcurl [-max-time SECONDS] ADDRESS SERVICE/METHOD <requests.json
//
// It answers as the command with -plaintext -format json -format-error -d @.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/fullstorydev/grpcurl"
	"github.com/jhump/protoreflect/grpcreflect"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	dialTime = 10 * time.Second
	// The command's code is this and that of the status.
	statusCodeOffset = 64
)

func main() {
	log.SetFlags(0)
	maxTime := flag.Float64("max-time", 0, "how long a call may take, seconds; 0 is for ever")
	flag.Parse()
	ctx := context.Background()
	if *maxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*maxTime*float64(time.Second)))
		defer cancel()
	}
	ended, err := call(ctx, flag.Arg(0), flag.Arg(1))
	if err != nil {
		log.Fatal(err)
	}
	if ended != codes.OK {
		os.Exit(statusCodeOffset + int(ended))
	}
}

// call writes the answers to standard output, and a status that is not OK to standard error.
func call(ctx context.Context, address, method string) (codes.Code, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	connection, err := grpcurl.BlockingDial(dialing, "tcp", address, nil)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	reflection := grpcreflect.NewClientAuto(ctx, connection)
	defer reflection.Reset()
	reflection.AllowMissingFileDescriptors()
	source := grpcurl.DescriptorSourceFromServer(ctx, reflection)
	requests, format, err := grpcurl.RequestParserAndFormatter(
		grpcurl.FormatJSON, source, os.Stdin, grpcurl.FormatOptions{IncludeTextSeparator: true})
	if err != nil {
		return 0, err
	}
	told := &grpcurl.DefaultEventHandler{Out: os.Stdout, Formatter: format}
	if err := grpcurl.InvokeRPC(ctx, source, connection, method, nil, told, requests.Next); err != nil {
		refused, ok := status.FromError(err)
		if !ok {
			return 0, err
		}
		told.Status = refused
	}
	if told.Status.Code() == codes.OK {
		return codes.OK, nil
	}
	text, err := format(told.Status.Proto())
	fmt.Fprint(os.Stderr, text)
	return told.Status.Code(), err
}
