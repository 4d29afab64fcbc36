package agentspan

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ran is what became of a function.
type ran struct {
	value any
	err   error
	// kept says that it was not called.
	kept bool
}

// panicError is a panic of a function, which is a failure like another.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

var errNoReturn = errors.New("the function ended its goroutine and returned nothing")

// inGoroutine calls an author's function in a goroutine of its own, which nothing that it does takes the worker's from.
// mayBegin is asked right before, there: nothing is waited for in between.
func inGoroutine(mayBegin func() bool, call func() (any, error)) <-chan ran {
	done := make(chan ran, 1)
	go func() {
		result := ran{err: errNoReturn}
		defer func() {
			if value := recover(); value != nil {
				result = ran{err: &panicError{value, debug.Stack()}}
			}
			done <- result
		}()
		if !mayBegin() {
			result = ran{kept: true}
			return
		}
		value, err := call()
		result = ran{value: value, err: err}
	}()
	return done
}

func always() bool { return true }
