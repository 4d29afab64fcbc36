// Pausing, resuming and cancelling a run, as one act each: it is sent again under the same id while the server is away, so
// that a pause that arrives late does not stop a run that was resumed since.
import { RunService } from "@agentspan/proto";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { UNTIL_ANSWERED } from "../api/until-answered.js";
import { newDecisionId } from "../approval/decision.js";

export type Steering =
  | { readonly verb: "pause"; readonly reason: string }
  | { readonly verb: "resume" }
  | { readonly verb: "cancel"; readonly reason: string };

interface Act {
  readonly steering: Steering;
  readonly requestId: string;
}

export interface Steerer {
  readonly steer: (steering: Steering) => void;
  readonly isPending: boolean;
  readonly error: Error | null;
  /** What was carried out. */
  readonly done: Steering | undefined;
  readonly reset: () => void;
}

export function useSteering(runId: string, onAnswered: () => void): Steerer {
  const runs = createClient(RunService, useTransport());
  const { mutate, isPending, error, isSuccess, variables, reset } = useMutation<unknown, Error, Act>({
    mutationFn: ({ steering, requestId }) => {
      switch (steering.verb) {
        case "pause":
          return runs.pause({ runId, reason: steering.reason, requestId });
        case "resume":
          return runs.resume({ runId, requestId });
        case "cancel":
          // Twice is once: a run that is cancelled stays it.
          return runs.cancel({ runId, reason: steering.reason });
        default:
          return steering satisfies never;
      }
    },
    ...UNTIL_ANSWERED,
    onSettled: onAnswered,
  });
  return {
    steer: (steering) => mutate({ steering, requestId: newDecisionId() }),
    isPending,
    error,
    done: isSuccess ? variables.steering : undefined,
    reset,
  };
}
