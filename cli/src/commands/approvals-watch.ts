// agentspan approvals watch: an inbox in a terminal; elsewhere lines as things come.
import { EMPTY_INBOX, keyOf, withChanges } from "@agentspan/internal/inbox";
import type { WatchApprovalsResponse } from "@agentspan/proto";
import { type AgentRuntime, type Approval, approvalOf } from "@agentspan/sdk";
import { askedOf } from "../approval-view.js";
import { approvalFeed, type FeedFilters } from "../inbox/approval-feed.js";
import { InboxApp } from "../inbox/inbox-app.js";
import { inboxLines } from "../inbox/inbox-view.js";
import { TerminalScreen } from "../inbox/terminal-screen.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { oneLine, safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { timeOfDay } from "../times.js";
import { untilStopped } from "../until-stopped.js";

export interface ApprovalsWatchFlags extends UrlOption {
  readonly tool?: string;
  readonly agent?: string;
  readonly mine?: boolean;
  readonly assignee?: string;
  readonly group?: readonly string[];
  readonly lines?: boolean;
  readonly json?: boolean;
}

export function approvalsWatch(flags: ApprovalsWatchFlags, output: Output): Promise<void> {
  const filters = {
    ...{ toolName: flags.tool ?? "", agentName: flags.agent ?? "", mine: flags.mine === true },
    ...{ assignee: flags.assignee ?? "", assigneeGroups: [...(flags.group ?? [])] },
  };
  const asLines = flags.json === true || flags.lines === true || !output.interactive || process.env.TERM === "dumb";
  return withServer(flags, (runtime, { url }) =>
    untilStopped((signal) =>
      asLines ? watchLines(runtime, filters, flags, output, signal) : watchScreen(runtime, filters, url, signal),
    ),
  );
}

/** The waiting times move on. */
const REDRAW_MS = 5_000;

/** Resolves when the person leaves it. */
async function watchScreen(
  runtime: AgentRuntime,
  filters: FeedFilters,
  address: string,
  signal: AbortSignal,
): Promise<void> {
  const quit = new AbortController();
  const draw = (): void => screen.draw(inboxLines(app.state, address, screen.size, Date.now()));
  const screen = new TerminalScreen(process.stdin, process.stdout, {
    key: (key) => app.press(key),
    resize: () => app.resized(),
  });
  const app = new InboxApp(runtime, { onQuit: () => quit.abort(), onChange: draw, size: () => screen.size });
  const timer = setInterval(draw, REDRAW_MS);
  screen.enter();
  draw();
  try {
    const hooks = {
      onChanges: app.news.bind(app),
      onConnection: app.connection.bind(app),
    };
    await approvalFeed(runtime, filters, hooks, AbortSignal.any([signal, quit.signal]));
  } catch (error) {
    if (!quit.signal.aborted) throw error;
  } finally {
    clearInterval(timer);
    screen.leave();
  }
}

/** Goes on until it is asked to stop. */
async function watchLines(
  runtime: AgentRuntime,
  filters: FeedFilters,
  { json }: ApprovalsWatchFlags,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  let inbox = EMPTY_INBOX;
  let lost = false;
  const tell = (change: WatchApprovalsResponse): void => {
    const before = inbox;
    inbox = withChanges(inbox, [change]);
    // After a lost connection some of it comes again.
    if (change.approval === undefined || inbox === before) return;
    const approval = approvalOf(change.approval);
    const what = change.closed ? "closed" : before.open.has(keyOf(approval)) ? "changed" : "opened";
    if (json === true) output.json({ change: what, approval }, { pretty: false });
    else output.line(changeLine(what, approval, output.columns));
  };
  const hooks = {
    onChanges: (changes: readonly WatchApprovalsResponse[]) => changes.forEach(tell),
    onConnection: (connection: string) => {
      if (connection === "lost") output.failure("The connection is lost; trying again.");
      else if (lost && connection === "live") output.failure("Connected again.");
      lost = connection === "lost" || (lost && connection !== "live");
    },
  };
  await approvalFeed(runtime, filters, hooks, signal);
}

function changeLine(what: string, approval: Approval, columns: number): string {
  const about = `${approval.runId} ${approval.approvalId}  ${safeText(approval.agentName)}: ${askedOf(approval)}`;
  const head = `${timeOfDay(new Date())}  ${what.padEnd(7)}  ${about}`;
  if (what === "closed") return head;
  return `${head}  ${oneLine(approval.argumentsJson, Math.max(20, columns - head.length - 2))}`;
}
