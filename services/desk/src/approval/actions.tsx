// What can be decided about an open checkpoint.

import { type Approval, ApprovalKind, type Tool } from "@agentspan/proto";
import { Alert, Button, Kbd } from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";
import { useRefusal } from "../session/identity.js";
import { useKeys } from "../shell/use-keys.js";
import type { Choice } from "./decision.js";
import { EditForm, RejectForm, RespondForm, SettleForm } from "./forms.js";
import type { Deciding } from "./use-decision.js";

type Mode = "choose" | "reject" | "edit" | "respond";

export interface ActionsProps {
  readonly approval: Approval;
  readonly tool: Tool | undefined;
  readonly deciding: Deciding;
  /** Nobody may decide at this moment: what is in sight is not what it is about, or it just came in. */
  readonly isHeld: boolean;
}

export function Actions({ approval, tool, deciding, isHeld }: ActionsProps): ReactNode {
  const [mode, setMode] = useState<Mode>("choose");
  const approve = useRef<HTMLButtonElement>(null);
  const toolbar = useRef<HTMLDivElement>(null);
  const { decide, isPending } = deciding;
  const isBusy = isPending || isHeld;
  const back = (): void => {
    setMode("choose");
    // None of the buttons: the next Enter would decide.
    requestAnimationFrame(() => toolbar.current?.focus());
  };
  const choose = (choice: Choice): void => {
    if (!isBusy) decide(choice, approval);
  };
  const isQuestion = approval.kind === ApprovalKind.QUESTION;
  const isApproval = approval.kind === ApprovalKind.APPROVAL;
  useKeys({
    // One key moves, and another one decides.
    a: () => approve.current?.focus(),
    r: () => approval.kind !== ApprovalKind.SETTLEMENT && setMode("reject"),
    e: () => isApproval && setMode("edit"),
    i: () => isApproval && setMode("respond"),
  });
  const refusal = useRefusal("RunService/Approve");
  const form = { isPending: isBusy, onDecide: choose, onCancel: () => back() };
  if (refusal !== undefined) {
    return (
      <Alert color="gray" title="You may look at this, and not decide it">
        {refusal} Deciding takes the role approver.
      </Alert>
    );
  }
  if (approval.kind === ApprovalKind.SETTLEMENT) return <SettleForm isPending={isBusy} onDecide={choose} />;
  switch (mode) {
    case "reject":
      return <RejectForm {...form} isQuestion={isQuestion} />;
    case "edit":
      return <EditForm {...form} approval={approval} schemaJson={tool?.inputSchemaJson ?? ""} />;
    case "respond":
      return <RespondForm {...form} schemaJson="" label="An answer in its place" />;
    default:
      break;
  }
  if (isQuestion) {
    return (
      <>
        <RespondForm {...form} onCancel={undefined} schemaJson={approval.answerSchemaJson} label="Your answer" />
        <div className="row-of-buttons">
          <Button variant="default" disabled={isBusy} onClick={() => setMode("reject")}>
            Decline… <Shortcut of="R" />
          </Button>
        </div>
      </>
    );
  }
  return (
    <div ref={toolbar} tabIndex={-1} className="actions" role="toolbar" aria-label="Decide">
      <Button
        ref={approve}
        color="green"
        disabled={isHeld}
        loading={isPending}
        onClick={() => choose({ verb: "approve", comment: "", editedArgumentsJson: "" })}
      >
        Approve <Shortcut of="A" />
      </Button>
      <Button color="red" disabled={isBusy} onClick={() => setMode("reject")}>
        Reject… <Shortcut of="R" />
      </Button>
      <Button variant="default" disabled={isBusy} onClick={() => setMode("edit")}>
        Edit… <Shortcut of="E" />
      </Button>
      <Button variant="default" disabled={isBusy} onClick={() => setMode("respond")}>
        Answer in its place… <Shortcut of="I" />
      </Button>
    </div>
  );
}

function Shortcut({ of }: { readonly of: string }): ReactNode {
  return (
    <Kbd size="xs" className="shortcut" aria-hidden="true">
      {of}
    </Kbd>
  );
}
