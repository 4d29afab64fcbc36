package agentspan

import (
	"context"
	"errors"
	"fmt"
	"time"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
	"github.com/agentspan/agentspan/workers/go/internal/canonical"
)

const (
	previewBytes        = 64 * 1024
	previewFailureBytes = 2 * 1024
	// longestPreview is where the server does not say how long one may take.
	longestPreview = 10 * time.Minute
)

// runPreview takes a tool's preview, from the refusal that asks for it to the answered answer.
//
// Nothing of it is guarded: a preview only looks, so it may run late, twice, or beside another worker's. It always answers,
// since a person or a call waits: what it saw, or why it could not look. Its time is kept here, from when the claim was
// sent: what comes later is a failure, whatever the function still does.
func (p *workerParts) runPreview(task *taskInHand) error {
	if p.draining.Err() != nil {
		task.giveHintsBack()
		return nil
	}
	claimed, err := p.claim(task, looksByPreview)
	if err != nil {
		return err
	}
	if claimed.granted == nil {
		// Meanwhile it may be something else that is asked of this attempt: whoever claims next is told.
		task.giveHintsBack()
		p.logger.Debug("A claim of a preview was refused", "why", claimed.refused, task.fields())
		return nil
	}
	task.look()
	task.acknowledgeHints()
	told := &agentspanv1.PreviewAnswer{Number: claimed.granted.GetPreview().GetNumber()}
	content, err := p.look(task, claimed.granted)
	if err != nil {
		p.warnOf("A preview failed", err, task)
		told.Outcome = &agentspanv1.PreviewAnswer_Failure{Failure: cut(wordsOf(err), previewFailureBytes)}
	} else {
		told.Outcome = &agentspanv1.PreviewAnswer_ContentJson{ContentJson: content}
	}
	answer := &agentspanv1.CompleteRequest{Outcome: &agentspanv1.CompleteRequest_PreviewAnswer{PreviewAnswer: told}}
	return p.complete(task, answer, claimed.granted)
}

// look gives what the preview saw within its time. Whatever goes wrong is told to whoever decides.
func (p *workerParts) look(task *taskInHand, grant *granted) (string, error) {
	preview := task.tool.given.preview
	switch {
	case grant.GetPreview() == nil || grant.GetToolName() != task.tool.name:
		return "", errors.New("the server granted something else than this preview")
	case preview == nil:
		return "", errors.New("the worker that was asked brings no preview for this tool")
	case grant.GetArgumentsDigest() != canonical.DigestOf(grant.GetArgumentsJson()):
		return "", errors.New("the arguments are not of their digest")
	}
	in, err := task.tool.read(grant.GetArgumentsJson())
	if err != nil {
		return "", fmt.Errorf("the worker's schema refuses the arguments: %w", err)
	}
	allowed := longestPreview
	if left := grant.GetPreview().GetTimeLeft(); left != nil {
		allowed = left.AsDuration()
	}
	left := allowed - (p.now().monotonic - grant.sentAt.monotonic)
	call := Call{Tool: task.tool.name, RunID: task.runID, CallID: task.callID}
	ctx, cancel := context.WithTimeoutCause(p.callContext(task, call), left, fmt.Errorf("it took longer than %v", allowed))
	defer cancel()
	select {
	case result := <-inGoroutine(always, func() (any, error) { return preview(ctx, in) }):
		if result.err != nil {
			return "", result.err
		}
		return shown(result.value)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// shown is what a preview returned, as the server is told.
func shown(content any) (string, error) {
	text, err := writeJSON(content)
	if err != nil {
		return "", fmt.Errorf("what the preview returned cannot be written as JSON: %w", err)
	}
	if text == "null" {
		return "", errors.New("the preview returned nothing")
	}
	if size := len(text); size > previewBytes {
		return "", fmt.Errorf("what the preview returned has %d bytes of JSON; the limit is %d", size, previewBytes)
	}
	return text, nil
}
