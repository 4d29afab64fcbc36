package agentspan

import "errors"

// Reasons of the contract's closed list that an [Error] may have without a server.
const (
	ReasonInvalidRequest = "INVALID_REQUEST"
	ReasonBusUnavailable = "BUS_UNAVAILABLE"
)

// startWith is for a program, which does not know how the command is found where it runs.
const startWith = "Start one with: agentspan server start (in a clone of its repository: npx agentspan server start)"

// Error is why something cannot be served: a reason of the contract's closed list, and words that say what to do.
type Error struct {
	Reason  string
	Message string
	cause   error
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives what brought it about, if that is known.
func (e *Error) Unwrap() error { return e.cause }

func invalid(message string, cause error) *Error {
	return &Error{Reason: ReasonInvalidRequest, Message: message, cause: cause}
}

// FinalError is a failure that trying again does not mend. Make one with [Final].
type FinalError struct {
	err error
}

// Final says of an error of a tool that the call has failed for good. Any other error of a plain tool is tried again by the
// tool's retry policy. Of nil it makes nil.
func Final(err error) error {
	if err == nil {
		return nil
	}
	return &FinalError{err}
}

func (e *FinalError) Error() string { return e.err.Error() }

// Unwrap gives the error that is final.
func (e *FinalError) Unwrap() error { return e.err }

// Why the context of a call has ended, as [context.Cause] gives it.
var (
	// ErrStopped: the server wants the call to end, as when its run was cancelled.
	ErrStopped = errors.New("the server asked to stop this call")
	// ErrPastDeadline: the call runs longer than its tool may take.
	ErrPastDeadline = errors.New("the call is past its deadline")
	// ErrShuttingDown: the worker stops, and its grace is over.
	ErrShuttingDown = errors.New("the worker is shutting down")
)
