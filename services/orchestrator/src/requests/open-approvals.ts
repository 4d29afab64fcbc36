// Checkpoints with what their events say, wherever those are.
import type { Approval, Preview } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Checkpoint, openCheckpoints, openMirrors, type Run, toolOf } from "../core/index.js";
import { encodeApproval } from "../encode/approval.js";
import { previewSequences } from "../encode/preview.js";
import type { StoredRun } from "../ports.js";
import type { RequestContext } from "./context.js";

/** Bytes of arguments and previews that one answer shows of a run; a turn may have more than a message can carry. */
const SHOWN_ARGUMENTS_BYTES = 512 * 1024;

type Needed = Pick<RequestContext, "history" | "agents">;
type NeededForAll = Needed & Pick<RequestContext, "store" | "unreadable">;

/** The open checkpoints of a run, oldest first; what would make the answer too large is left out of them. */
export async function openApprovals(
  context: Needed,
  stored: StoredRun,
  wanted?: (checkpoint: Checkpoint) => boolean,
): Promise<readonly Approval[]> {
  return withinSize(await ownApprovals(context, stored, wanted));
}

/**
 * The same, with those of runs that it started. Which those are is known from the mirror, and what they are is read where
 * they are decided: what was closed there a moment ago is not shown.
 */
export async function pendingApprovals(context: NeededForAll, stored: StoredRun): Promise<readonly Approval[]> {
  const mirrors = openMirrors(stored.run);
  const ids = new Set(mirrors.map(({ approvalId }) => approvalId));
  const below = await Promise.all(
    [...new Set(mirrors.map(({ runId }) => runId))].map((runId) =>
      context.unreadable.tellOrLeaveOut(runId, async () => {
        const other = await context.store.load(runId, "majority");
        if (other === undefined || other.run.namespace !== stored.run.namespace) return [];
        return ownApprovals(context, other, ({ approvalId }) => ids.has(approvalId));
      }),
    ),
  );
  const own = await ownApprovals(context, stored);
  if (mirrors.length === 0) return withinSize(own);
  const since = ({ requestedAt }: Approval): number => (requestedAt === undefined ? 0 : timestampMs(requestedAt));
  return withinSize(
    [...own, ...below.flatMap((approvals) => approvals ?? [])].toSorted((one, other) => since(one) - since(other)),
  );
}

function ownApprovals(
  context: Needed,
  stored: StoredRun,
  wanted: (checkpoint: Checkpoint) => boolean = () => true,
): Promise<readonly Approval[]> {
  const open = openCheckpoints(stored.run).filter(wanted);
  return Promise.all(open.map((checkpoint) => approvalOf(context, stored, checkpoint)));
}

function withinSize(approvals: readonly Approval[]): readonly Approval[] {
  let shown = 0;
  for (const approval of approvals) {
    const bytes = Buffer.byteLength(approval.argumentsJson) + Buffer.byteLength(approval.answerSchemaJson);
    if (shown + bytes > SHOWN_ARGUMENTS_BYTES) {
      approval.argumentsJson = "";
      approval.answerSchemaJson = "";
    } else shown += bytes;
    for (const preview of previewsOf(approval)) {
      const more = Buffer.byteLength(preview.contentJson);
      if (shown + more > SHOWN_ARGUMENTS_BYTES) preview.contentJson = "";
      else shown += more;
    }
  }
  return approvals;
}

function previewsOf({ preview }: Approval): readonly Preview[] {
  return [preview, preview?.previous].filter((shown) => shown !== undefined);
}

/** One checkpoint, open or closed, with all its arguments and previews. */
export async function approvalOf(
  { history, agents }: Needed,
  stored: StoredRun,
  checkpoint: Checkpoint,
): Promise<Approval> {
  const { sequence, argumentsSequence, votes, escalated } = checkpoint;
  const { preview, previewBefore } = previewSequences(checkpoint);
  const eventAt = async (at: number | undefined) => (at === undefined ? undefined : history.at(stored, at));
  return encodeApproval(stored.run, checkpoint, {
    waiting: await history.at(stored, sequence),
    shown: await history.at(stored, argumentsSequence),
    votes: await Promise.all(votes.map((vote) => history.at(stored, vote.sequence))),
    escalated: await eventAt(escalated),
    preview: await eventAt(preview),
    previewBefore: await eventAt(previewBefore),
    answerSchema: await answerSchemaOf(agents, stored.run, checkpoint),
  });
}

async function answerSchemaOf(
  agents: Needed["agents"],
  run: Run,
  { kind, tool }: Checkpoint,
): Promise<string | undefined> {
  return kind === "QUESTION" ? toolOf(await agents.agentOf(run), tool)?.human?.answerSchema : undefined;
}
