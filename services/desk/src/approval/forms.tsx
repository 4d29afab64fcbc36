// What takes more than a click: a reason, other arguments, an answer, what became of a call.

import { type Approval, SettleOutcome as Outcome, type SettleOutcome } from "@agentspan/proto";
import { Radio, Textarea } from "@mantine/core";
import { type ReactNode, useCallback, useState } from "react";
import { FormFrame } from "../shell/form-frame.js";
import { isSeen } from "../text/characters.js";
import { type Choice, SETTLEMENTS } from "./decision.js";
import { Differences } from "./differences.js";
import { JsonEditor } from "./json-editor.js";

interface FormProps {
  readonly isPending: boolean;
  readonly onDecide: (choice: Choice) => void;
  readonly onCancel: () => void;
}

export function RejectForm({
  isQuestion,
  isPending,
  onDecide,
  onCancel,
}: FormProps & { readonly isQuestion: boolean }): ReactNode {
  const [reason, setReason] = useState("");
  const [isMissed, setMissed] = useState(false);
  const send = (): void => (isSeen(reason) ? onDecide({ verb: "reject", reason }) : setMissed(true));
  return (
    <FormFrame
      label="Reject"
      submit={isQuestion ? "Decline" : "Reject"}
      color="red"
      canSubmit
      isPending={isPending}
      onSubmit={send}
      onCancel={onCancel}
    >
      <Textarea
        label="Why not?"
        description="The model is told this, and goes on from there."
        rows={3}
        value={reason}
        error={isMissed && !isSeen(reason) ? "Say why not: the model is told." : undefined}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </FormFrame>
  );
}

export function EditForm({
  approval,
  schemaJson,
  isPending,
  onDecide,
  onCancel,
}: FormProps & { readonly approval: Approval; readonly schemaJson: string }): ReactNode {
  const [written, setWritten] = useState<string>();
  const [comment, setComment] = useState("");
  const onWritten = useCallback((json: string | undefined) => setWritten(json), []);
  return (
    <FormFrame
      label="Other arguments"
      submit="Approve with these arguments"
      color="green"
      canSubmit={written !== undefined}
      isPending={isPending}
      onSubmit={() => onDecide({ verb: "approve", comment, editedArgumentsJson: written ?? "" })}
      onCancel={onCancel}
    >
      <JsonEditor
        label="Arguments"
        initialJson={approval.argumentsJson}
        schemaJson={schemaJson}
        onWritten={onWritten}
      />
      {schemaJson === "" ? (
        <p className="quiet">The schema is not known here: the server checks what you write.</p>
      ) : null}
      {written === undefined ? null : (
        <Differences before={approval.argumentsJson} after={written} words={["Asked for", "You write"]} />
      )}
      <Comment value={comment} onChange={setComment} />
    </FormFrame>
  );
}

export interface RespondFormProps extends Omit<FormProps, "onCancel"> {
  readonly onCancel: (() => void) | undefined;
  readonly schemaJson: string;
  readonly label: string;
}

export function RespondForm({ schemaJson, label, isPending, onDecide, onCancel }: RespondFormProps): ReactNode {
  const [written, setWritten] = useState<string>();
  const [comment, setComment] = useState("");
  const onWritten = useCallback((json: string | undefined) => setWritten(json), []);
  return (
    <FormFrame
      label={label}
      submit="Send the answer"
      color="blue"
      canSubmit={written !== undefined}
      isPending={isPending}
      onSubmit={() => onDecide({ verb: "respond", contentJson: written ?? "", comment })}
      onCancel={onCancel}
    >
      <JsonEditor label={label} initialJson="" schemaJson={schemaJson} onWritten={onWritten} />
      <Comment value={comment} onChange={setComment} />
    </FormFrame>
  );
}

export function SettleForm({ isPending, onDecide }: Omit<FormProps, "onCancel">): ReactNode {
  const [outcome, setOutcome] = useState<SettleOutcome>();
  const [written, setWritten] = useState<string>();
  const [comment, setComment] = useState("");
  const onWritten = useCallback((json: string | undefined) => setWritten(json), []);
  const happened = outcome === Outcome.HAPPENED;
  const chosen = SETTLEMENTS.find((one) => one.outcome === outcome);
  const settle = (): void => {
    if (outcome !== undefined)
      onDecide({ verb: "settle", outcome, resultJson: happened ? (written ?? "") : "", comment });
  };
  return (
    <FormFrame
      label="What became of it"
      submit={chosen === undefined ? "Settle" : chosen.label}
      color={outcome === Outcome.RUN_AGAIN ? "red" : "blue"}
      canSubmit={outcome !== undefined && (!happened || written !== undefined)}
      isPending={isPending}
      onSubmit={settle}
      onCancel={undefined}
    >
      <Radio.Group
        label="What became of it?"
        description="Look where the effect would be, such as in the bank's or the shop's own records. Nothing runs before somebody says."
        value={outcome === undefined ? "" : String(outcome)}
        onChange={(value) => setOutcome(Number(value) as SettleOutcome)}
      >
        <div className="choices">
          {SETTLEMENTS.map((one) => (
            <Radio key={one.outcome} value={String(one.outcome)} label={one.label} description={one.explanation} />
          ))}
        </div>
      </Radio.Group>
      {happened ? <JsonEditor label="Its result" initialJson="null" schemaJson="" onWritten={onWritten} /> : null}
      <Comment value={comment} onChange={setComment} />
    </FormFrame>
  );
}

function Comment({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  return (
    <Textarea
      label="Comment"
      description="Kept with the decision. May be left out."
      rows={2}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
