package agentspan

import (
	"context"
	"errors"
	"fmt"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// servedTool is a tool at the place where workers take its tasks.
type servedTool struct {
	queue string
	tool  *Tool
}

func (s servedTool) String() string { return s.queue + "/" + s.tool.name }

// errNoServer is the cause of a context in which nobody has answered a registration for so long.
var errNoServer = &Error{
	Reason: ReasonBusUnavailable,
	Message: "NATS answers, but no Agentspan server listens there. " +
		"Is the server running? " + startWith,
}

// register tells the server what is served here, until it answers. The error is an *Error where it refuses for good, and
// the context's cause where that ends first.
func register(ctx context.Context, parts *workerParts, tools []servedTool) (*agentspanv1.RegisterResponse, error) {
	request := &agentspanv1.RegisterRequest{
		WorkerId:    parts.workerID,
		Incarnation: parts.incarnation,
		Language:    language,
		SdkVersion:  Version,
		Namespace:   parts.namespace,
		Permit:      parts.permit,
	}
	for _, served := range tools {
		request.Tools = append(request.Tools, served.tool.declared(served.queue))
	}
	answer := &agentspanv1.RegisterResponse{}
	if err := askUntilAnswered(ctx, parts.link, question{verb: "register", request: request}, answer); err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			return nil, cause
		}
		return nil, err
	}
	if refused := answer.GetError(); refused != nil {
		message := fmt.Sprintf("The server did not take this worker: %s", refused.GetMessage())
		return nil, &Error{Reason: refused.GetReason(), Message: message}
	}
	return answer, nil
}
