// What can be done to a run that goes on.
import type { RunStatus } from "@agentspan/proto";
import { Alert, Button, Textarea } from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";
import { refusalOf } from "../api/refusal.js";
import { FormFrame } from "../shell/form-frame.js";
import { SafeText } from "../text/safe-text.js";
import { type Steering, useSteering } from "./use-steering.js";

export interface RunActionsProps {
  readonly run: RunStatus;
  /** It was carried out, or refused: the run may be another by now. */
  readonly onAnswered: () => void;
}

export function RunActions({ run, onAnswered }: RunActionsProps): ReactNode {
  const [mode, setMode] = useState<"choose" | "pause" | "cancel">("choose");
  const { steer, isPending, error, done, reset } = useSteering(run.runId, onAnswered);
  const toolbar = useRef<HTMLDivElement>(null);
  const back = (): void => {
    setMode("choose");
    // None of the buttons: the next Enter would do something.
    requestAnimationFrame(() => toolbar.current?.focus());
  };
  const act = (steering: Steering): void => {
    back();
    steer(steering);
  };
  const open = (form: "pause" | "cancel"): void => {
    reset();
    setMode(form);
  };
  const form = { isPending, onSteer: act, onCancel: back };
  const canSteer = !run.isComplete && !run.ending;
  return (
    <>
      {error === null ? null : <NotDone error={error} />}
      {done === undefined ? null : <Alert color="green" title={DONE[done.verb]} role="status" />}
      {!canSteer ? null : mode === "choose" ? (
        <div ref={toolbar} tabIndex={-1} className="actions" role="toolbar" aria-label="The run">
          {run.paused ? (
            <Button loading={isPending} onClick={() => act({ verb: "resume" })}>
              Resume
            </Button>
          ) : (
            <Button variant="default" disabled={isPending} onClick={() => open("pause")}>
              Pause…
            </Button>
          )}
          <Button color="red" disabled={isPending} onClick={() => open("cancel")}>
            Cancel the run…
          </Button>
        </div>
      ) : (
        <ReasonForm key={mode} verb={mode} {...form} />
      )}
    </>
  );
}

const DONE: Readonly<Record<Steering["verb"], string>> = {
  pause: "Paused. Nothing new begins until it is resumed.",
  resume: "Resumed. It goes on.",
  cancel: "Cancelled. It ends once calls that cannot be taken back are over.",
};

const FORMS = {
  pause: {
    label: "Pause the run",
    submit: "Pause the run",
    color: "blue",
    description: "It begins nothing new until it is resumed. What has begun goes on, and people can still decide.",
  },
  cancel: {
    label: "Cancel the run",
    submit: "Yes, cancel the run",
    color: "red",
    description:
      "It ends, with every run that it started, and cannot be begun again. What waits for people is closed at once; a guarded call that a worker has begun is waited for.",
  },
} as const;

function ReasonForm({
  verb,
  isPending,
  onSteer,
  onCancel,
}: {
  readonly verb: "pause" | "cancel";
  readonly isPending: boolean;
  readonly onSteer: (steering: Steering) => void;
  readonly onCancel: () => void;
}): ReactNode {
  const [reason, setReason] = useState("");
  const { label, submit, color, description } = FORMS[verb];
  return (
    <FormFrame
      label={label}
      submit={submit}
      color={color}
      canSubmit
      isPending={isPending}
      onSubmit={() => onSteer({ verb, reason })}
      onCancel={onCancel}
    >
      <p>{description}</p>
      <Textarea
        label="Why?"
        description="Kept in the run's history."
        rows={2}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </FormFrame>
  );
}

function NotDone({ error }: { readonly error: Error }): ReactNode {
  const { reason, message } = refusalOf(error);
  return (
    <Alert color="red" title={TITLES[reason] ?? "It was not done"} role="alert">
      <SafeText text={message} />
    </Alert>
  );
}

const TITLES: Readonly<Record<string, string>> = {
  RUN_ENDED: "The run has ended meanwhile",
  PERMISSION_DENIED: "You may not do that",
  BUS_UNAVAILABLE: "The server could not be reached. Nothing is known to be done.",
};
