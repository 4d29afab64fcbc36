package agentspan

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	agentspanv1 "github.com/agentspan/agentspan/workers/go/gen/agentspan/v1"
)

// Tool is a function that a model may call, ready to be served. Make one with [NewTool].
type Tool struct {
	name   string
	schema *inputSchema
	given  toolOptions
	// read gives what the functions take of the text of arguments.
	read func(text string) (any, error)
	run  func(ctx context.Context, in any) (any, error)
}

type toolOptions struct {
	schemaText          string
	approvalRequired    bool
	once                bool
	enforcesIdempotency bool
	probe               func(ctx context.Context, in any) (ProbeAnswer, error)
	preview             func(ctx context.Context, in any) (any, error)
	previewPolicy       *agentspanv1.PreviewPolicy
	// takes are the types that the probe and the preview take.
	takes map[string]reflect.Type
}

// ToolOption is what else the owner of a tool says of it.
type ToolOption func(*toolOptions)

// ApprovalRequired has a person approve each call before it runs, whatever an agent's definition says.
func ApprovalRequired() ToolOption { return func(o *toolOptions) { o.approvalRequired = true } }

// Once has each call start at most once, without a person.
func Once() ToolOption { return func(o *toolOptions) { o.once = true } }

// EnforcesIdempotency says that whoever receives the effect enforces the idempotency key: a second call with it changes
// nothing. Where the probe answers that a call did not happen, it then runs again by itself.
func EnforcesIdempotency() ToolOption { return func(o *toolOptions) { o.enforcesIdempotency = true } }

// WithInputSchema gives the text of a JSON Schema of the arguments (draft 2020-12, or 07 where "$schema" says so), in place
// of the one that is made of the type. What the type has no field for is refused all the same.
func WithInputSchema(text string) ToolOption { return func(o *toolOptions) { o.schemaText = text } }

// WithProbe brings a function that only looks, by the call's idempotency key: it is asked where the worker of a call was
// lost and nobody knows whether it took effect. One that fails answers nothing, and is asked again. It takes what the tool
// takes, and is for one that starts at most once ([ApprovalRequired], or [Once]).
func WithProbe[In any](probe func(ctx context.Context, in In) (ProbeAnswer, error)) ToolOption {
	return func(o *toolOptions) {
		o.takes["probe"] = reflect.TypeFor[In]()
		o.probe = func(ctx context.Context, in any) (ProbeAnswer, error) { return probe(ctx, in.(In)) }
	}
}

// WithPreview brings a function that looks at what a call would do and changes nothing: a text, {"before", "after"}, or
// whatever else is to be shown, as JSON of at most 64 KiB. Whoever decides is shown it, and it is looked at again right
// before the call runs: where the fields ("after.balance"; all of it where none are named) are something else then, people
// are asked again. Its error is shown as the reason why there is none. It takes what the tool takes, and is for one with
// [ApprovalRequired].
func WithPreview[In any](preview func(ctx context.Context, in In) (any, error), fields ...string) ToolOption {
	return func(o *toolOptions) {
		o.takes["preview"] = reflect.TypeFor[In]()
		o.preview = func(ctx context.Context, in any) (any, error) { return preview(ctx, in.(In)) }
		o.policy().Fields = fields
	}
}

// PreviewTimeout is how long a preview may take: 100 ms to 10 minutes, 10 s unless said.
func PreviewTimeout(most time.Duration) ToolOption {
	return func(o *toolOptions) { o.policy().Timeout = durationpb.New(most) }
}

func (o *toolOptions) policy() *agentspanv1.PreviewPolicy {
	if o.previewPolicy == nil {
		o.previewPolicy = &agentspanv1.PreviewPolicy{}
	}
	return o.previewPolicy
}

// NewTool makes a tool of a function. Its arguments are decoded into In: a struct, whose fields and json tags are what the
// model must say and whose jsonschema tags describe them; or, with [WithInputSchema], also a map[string]any, whose numbers
// are json.Number, or a json.RawMessage, the very text that was approved. What the function returns is sent as JSON, at most
// 256 KiB; what it fails with, in the error's words. The error is an [*Error].
func NewTool[In, Out any](name string, run func(ctx context.Context, in In) (Out, error), options ...ToolOption) (*Tool, error) {
	given := toolOptions{takes: map[string]reflect.Type{}}
	for _, option := range options {
		option(&given)
	}
	if !isName(name) {
		return nil, invalid(fmt.Sprintf("The name %q of a tool %s.", name, nameRule), nil)
	}
	in := reflect.TypeFor[In]()
	if err := given.check(name, in); err != nil {
		return nil, err
	}
	schema, err := schemaOf(in, given.schemaText)
	if err != nil {
		return nil, invalid(fmt.Sprintf("The input schema of tool %s cannot be used: %v.", name, err), err)
	}
	return &Tool{
		name: name, schema: schema, given: given,
		read: func(text string) (any, error) { return readArguments[In](schema, text) },
		run:  func(ctx context.Context, in any) (any, error) { return run(ctx, in.(In)) },
	}, nil
}

// MustTool is [NewTool] for tools that a program cannot do without: it panics where they cannot be made.
func MustTool[In, Out any](name string, run func(ctx context.Context, in In) (Out, error), options ...ToolOption) *Tool {
	tool, err := NewTool(name, run, options...)
	if err != nil {
		panic(err)
	}
	return tool
}

// Name is what models call the tool.
func (t *Tool) Name() string { return t.name }

// InputSchema is the text of the JSON Schema of its arguments, as an agent's definition has it.
func (t *Tool) InputSchema() string { return t.schema.text }

// guards says whether its owner has it start at most once.
func (t *Tool) guards() bool { return t.given.approvalRequired || t.given.once }

// declared is what the server is told of it.
func (t *Tool) declared(queue string) *agentspanv1.WorkerTool {
	message := &agentspanv1.WorkerTool{
		Queue:               queue,
		Name:                t.name,
		InputSchemaJson:     t.schema.text,
		ApprovalRequired:    t.given.approvalRequired,
		Once:                t.given.once,
		Probe:               t.given.probe != nil,
		EnforcesIdempotency: t.given.enforcesIdempotency,
	}
	if t.given.preview != nil {
		message.Preview = proto.CloneOf(t.given.previewPolicy)
	}
	return message
}

func (o *toolOptions) check(name string, in reflect.Type) error {
	guarded := o.approvalRequired || o.once
	for _, rule := range []struct {
		broken bool
		words  string
	}{
		// A plain tool is tried again anyway: nobody asks what became of an attempt.
		{o.probe != nil && !guarded, "has a probe, which is for one that starts at most once: say ApprovalRequired or Once too"},
		{o.enforcesIdempotency && !guarded, "says EnforcesIdempotency, which is for one that starts at most once: say ApprovalRequired or Once too"},
		// Nobody is shown what a tool would do that nobody approves.
		{o.preview != nil && !o.approvalRequired, "has a preview, which is for one that a person must approve: say ApprovalRequired too"},
		{o.preview == nil && o.previewPolicy != nil, "says PreviewTimeout, and has no preview"},
	} {
		if rule.broken {
			return invalid(fmt.Sprintf("Tool %s %s.", name, rule.words), nil)
		}
	}
	for _, what := range []string{"probe", "preview"} {
		if takes := o.takes[what]; takes != nil && takes != in {
			return invalid(fmt.Sprintf("The %s of tool %s takes a %v, and the tool a %v.", what, name, takes, in), nil)
		}
	}
	return nil
}

const nameRule = "must begin with a letter or '_', go on with letters, digits, '_' or '-', and have at most 64 characters"

var namePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)

func isName(name string) bool { return namePattern.MatchString(name) }
