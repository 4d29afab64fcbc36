import { type Approval, RunService } from "@agentspan/proto";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { UNTIL_ANSWERED } from "../api/until-answered.js";
import { useAuthentication } from "../session/entrance.js";
import { useSession } from "../session/session-context.js";
import { type Act, type Answer, type Choice, newDecisionId, send } from "./decision.js";

export interface Deciding {
  readonly decide: (choice: Choice, shown: Approval) => void;
  readonly isPending: boolean;
  readonly error: Error | null;
  /** What was answered, and to what. */
  readonly done: { readonly choice: Choice; readonly answer: Answer } | undefined;
  readonly reset: () => void;
}

/** Decides once, and asks again under the same id while the server is away. */
export function useDecision(onAnswered: () => void): Deciding {
  const runs = createClient(RunService, useTransport());
  const authentication = useAuthentication();
  const { name } = useSession();
  const { mutate, isPending, error, data, variables, reset } = useMutation<Answer, Error, Act>({
    mutationFn: (act) => send(runs, act),
    ...UNTIL_ANSWERED,
    // Refused or not: it may be decided by now.
    onSettled: onAnswered,
  });
  const decide = (choice: Choice, shown: Approval): void =>
    mutate({ choice, shown, decisionId: newDecisionId(), onBehalfOf: authentication ? "" : name.trim() });
  const done = data === undefined || variables === undefined ? undefined : { choice: variables.choice, answer: data };
  return { decide, isPending, error, done, reset };
}
