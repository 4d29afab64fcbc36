// CreateDecisionLink: for an approval that is open, about what it shows by now.
import { AgentspanError, Limits } from "@agentspan/internal";
import {
  type CreateDecisionLinkRequest,
  type CreateDecisionLinkResponse,
  CreateDecisionLinkResponseSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  approversOf,
  type Checkpoint,
  decidesOwn,
  mirrorOf,
  openCheckpoints,
  openMirrors,
  told,
  toolOf,
} from "../core/index.js";
import type { StoredRun } from "../ports.js";
import { type RequestContext, readRun } from "./context.js";

/** Unless its maker says another, or the approval ends sooner. */
const HOLDS_MS = 24 * 60 * 60_000;
const LONGEST_MS = Limits.linkDays * HOLDS_MS;

export async function createDecisionLink(
  context: RequestContext,
  request: CreateDecisionLinkRequest,
): Promise<CreateDecisionLinkResponse> {
  const { links, clock, namespace, caller } = context;
  const { person, expiresAt, idempotencyKey: key } = request;
  const now = Math.floor(clock.now());
  const { run, checkpoint } = await openApproval(context, request, now);
  await requireApprover(context, run, checkpoint, person);
  const asked = expiresAt === undefined ? now + HOLDS_MS : timestampMs(expiresAt);
  const until = Math.floor(Math.min(asked, now + LONGEST_MS, checkpoint.expiresAt ?? asked));
  if (until <= now) throw new AgentspanError("INVALID_REQUEST", "The link would have ended already.");
  const { approvalId, tool, digest, preview } = checkpoint;
  const { subject: who, method, credentialId, address } = caller;
  const {
    linkId,
    url,
    until: holds,
  } = await links.issue({
    ...{ key, namespace, run: run.runId, approval: approvalId, agent: run.agentName, tool, digest, person, until },
    ...(preview?.shows.kind === "shown" ? { preview: preview.shows.fingerprint } : {}),
    author: { who, onBehalfOf: "", method, credentialId, address },
  });
  const named = { linkId, url, runId: run.runId, approvalId, person, toolName: tool, argumentsDigest: digest };
  return create(CreateDecisionLinkResponseSchema, { link: { ...named, expiresAt: timestampFromMs(holds) } });
}

interface Found {
  readonly run: StoredRun["run"];
  readonly checkpoint: Checkpoint;
}

/** The approval that is named, or the only one; of the run, or of one that it started. */
async function openApproval(
  context: RequestContext,
  { runId, approvalId }: CreateDecisionLinkRequest,
  now: number,
): Promise<Found> {
  const { run } = await readRun(context, runId);
  const id = approvalId === "" ? onlyOpen(run) : approvalId;
  const below = Object.hasOwn(run.checkpoints, id) ? undefined : mirrorOf(run, id);
  const owner = below === undefined ? run : (await readRun(context, below.runId)).run;
  const checkpoint = Object.hasOwn(owner.checkpoints, id) ? owner.checkpoints[id] : undefined;
  if (checkpoint === undefined) {
    throw new AgentspanError("APPROVAL_NOT_FOUND", `Run ${runId} has no approval ${id}.`);
  }
  if (checkpoint.closed !== undefined || (checkpoint.expiresAt ?? Infinity) <= now) {
    throw new AgentspanError("NOTHING_TO_DECIDE", `Approval ${id} of run ${owner.runId} is not open any more.`);
  }
  if (checkpoint.kind === "APPROVAL") return { run: owner, checkpoint };
  const what = checkpoint.kind === "QUESTION" ? "a question" : "a call whose outcome is unknown";
  throw new AgentspanError("INVALID_REQUEST", `${id} is ${what}: a decision link is for an approval alone.`);
}

function onlyOpen(run: StoredRun["run"]): string {
  const open = [...openCheckpoints(run), ...openMirrors(run)].filter(({ kind }) => kind === "APPROVAL");
  const [only, ...more] = open;
  if (only === undefined) throw new AgentspanError("NOTHING_TO_DECIDE", `Run ${run.runId} has no open approval.`);
  if (more.length === 0) return only.approvalId;
  throw new AgentspanError("APPROVAL_ID_REQUIRED", `Run ${run.runId} has ${open.length} open approvals; name one.`, {
    metadata: { approval_ids: open.map(({ approvalId }) => approvalId).join(",") },
  });
}

/** Of which groups somebody is, only their credential says: then it is asked when they decide. */
async function requireApprover(
  { agents, caller }: RequestContext,
  run: StoredRun["run"],
  checkpoint: Checkpoint,
  person: string,
): Promise<void> {
  const { approvalId, tool } = checkpoint;
  const policy = toolOf(await agents.agentOf(run), tool)?.approval;
  // A link is for approving too: they may reject, as they may cancel the run, but by no link.
  if (decidesOwn(run, policy, { who: person, authenticated: caller.method !== "none" })) {
    const message = `${person} asks for this in run ${run.runId}, and what tool ${tool} does in it takes the word of somebody else. Make the link for another person.`;
    throw notFor(message, "started the run, and may not approve in it");
  }
  const approvers = approversOf(policy, checkpoint);
  if (approvers === undefined || approvers.groups.length > 0 || approvers.users.includes(person)) return;
  const message = `Approval ${approvalId} of run ${run.runId} is for ${told(approvers)} to decide, not for ${person}.`;
  throw notFor(message, "is not one of those who may decide");
}

function notFor(message: string, description: string): AgentspanError {
  return new AgentspanError("INVALID_REQUEST", message, { fields: [{ field: "person", description }] });
}
