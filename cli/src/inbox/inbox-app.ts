// The inbox in a terminal: keys and news go into its state, and its state is drawn.
import { keyOf } from "@agentspan/internal/inbox";
import { ApprovalService, type WatchApprovalsResponse } from "@agentspan/proto";
import { type AgentRuntime, AgentspanError, type Approval, approvalOf } from "@agentspan/sdk";
import { closedWords } from "../approval-view.js";
import { safeText } from "../safe-text.js";
import { decide, faultOf } from "./decide-typed.js";
import {
  type Asking,
  type InboxState,
  moved,
  type Opened,
  rowsOf,
  scrolled,
  verbsOf,
  withNews,
} from "./inbox-state.js";
import { detailLines, roomIn } from "./inbox-view.js";
import type { KeyPress } from "./key-press.js";
import { afterKey, typedLine, withText } from "./line-editor.js";
import type { ScreenSize } from "./terminal-screen.js";

export interface InboxAppHooks {
  readonly onQuit: () => void;
  /** The state is another one: draw it. */
  readonly onChange: () => void;
  readonly size: () => ScreenSize;
}

const VERBS: Readonly<Record<string, Asking["verb"]>> = { a: "approve", r: "reject", e: "edit", w: "respond" };

export class InboxApp {
  state: InboxState;
  readonly #runtime: AgentRuntime;
  readonly #hooks: InboxAppHooks;

  constructor(runtime: AgentRuntime, hooks: InboxAppHooks) {
    this.#runtime = runtime;
    this.#hooks = hooks;
    const inbox = { open: new Map(), closed: new Set<string>() };
    this.state = { inbox, connection: "connecting", chosen: undefined, opened: undefined, notice: "" };
  }

  #set(change: Partial<InboxState>): void {
    this.state = { ...this.state, ...change };
    this.#hooks.onChange();
  }

  news(changes: readonly WatchApprovalsResponse[], anew: boolean): void {
    this.#set(withNews(this.state, changes, anew));
    const { opened } = this.state;
    if (opened === undefined || opened.sending || opened.over !== undefined) return;
    const key = keyOf(opened.approval);
    if (!changes.some(({ approval }) => approval !== undefined && keyOf(approval) === key)) return;
    // It is not what is in sight any more: what is shown, and what is decided about, is read anew.
    void this.#read(opened.approval, opened);
  }

  connection(connection: InboxState["connection"]): void {
    this.#set({ connection });
  }

  /** Lines break elsewhere, so that it is looked at from its first line again. */
  resized(): void {
    const { opened } = this.state;
    this.#set(opened === undefined ? {} : { opened: { ...opened, top: 0, seen: 0 } });
  }

  press(key: KeyPress): void {
    if (key.ctrl && (key.name === "c" || key.name === "d")) {
      this.#hooks.onQuit();
      return;
    }
    const { opened } = this.state;
    if (opened === undefined) this.#pressInList(key);
    else if (opened.asking !== undefined) this.#pressInLine(opened, opened.asking, key);
    else if (opened.over !== undefined) this.#set({ opened: undefined, notice: "" });
    else if (!opened.sending) this.#pressInOpened(opened, key);
  }

  #pressInList({ name }: KeyPress): void {
    const page = roomIn(this.#hooks.size());
    const by = { up: -1, k: -1, down: 1, j: 1, pageup: -page, pagedown: page, home: -Infinity, end: Infinity }[name];
    if (by !== undefined) {
      this.#set({ ...moved(this.state, by), notice: "" });
      return;
    }
    if (name === "q" || name === "escape") {
      this.#hooks.onQuit();
      return;
    }
    if (name !== "return" && name !== "enter" && name !== "right") return;
    const row = rowsOf(this.state).find((one) => keyOf(one) === this.state.chosen);
    if (row !== undefined) void this.#read(row, undefined);
  }

  #pressInOpened(opened: Opened, { name }: KeyPress): void {
    const size = this.#hooks.size();
    const room = roomIn(size);
    const lines = detailLines(opened, size.columns, Date.now()).length;
    const by = { up: -1, k: -1, down: 1, j: 1, pageup: -room, pagedown: room, space: room, home: -lines, end: lines }[
      name
    ];
    if (by !== undefined) {
      this.#set({ opened: scrolled(opened, by, lines, room), notice: "" });
      return;
    }
    if (name === "escape" || name === "left") {
      this.#set({ opened: undefined, notice: "" });
      return;
    }
    if (name === "q") {
      this.#hooks.onQuit();
      return;
    }
    const verb = VERBS[name];
    if (verb === undefined || !verbsOf(opened.approval).includes(verb)) return;
    // Nobody approves what they have not had in sight.
    const { seen } = scrolled(opened, 0, lines, room);
    if (seen < lines && (verb === "approve" || verb === "edit")) {
      this.#set({ opened: { ...opened, tooEarly: true } });
      return;
    }
    const line = typedLine(verb === "edit" ? opened.approval.argumentsJson : "");
    this.#set({ opened: { ...opened, asking: { verb, line } }, notice: "" });
  }

  #pressInLine(opened: Opened, asking: Asking, key: KeyPress): void {
    if (key.name === "escape") {
      this.#set({ opened: { ...opened, asking: undefined } });
      return;
    }
    if (key.name !== "return" && key.name !== "enter") {
      const line = key.name === "paste" ? withText(asking.line, key.text) : afterKey(asking.line, key);
      this.#set({ opened: { ...opened, asking: { verb: asking.verb, line } } });
      return;
    }
    const fault = faultOf(asking);
    if (fault !== undefined) {
      this.#set({ opened: { ...opened, asking: { ...asking, fault } } });
      return;
    }
    this.#set({ opened: { ...opened, asking: undefined, sending: true } });
    void this.#send(opened, asking);
  }

  async #send(opened: Opened, asking: Asking): Promise<void> {
    try {
      const said = await decide(this.#runtime.handle(opened.approval.runId), opened.approval, asking);
      this.#end(opened, said);
    } catch (error) {
      if (!(error instanceof AgentspanError)) {
        this.#end(opened, safeText(String(error)));
        return;
      }
      // Somebody was faster, it has expired, or it is about something else by now: what it is now is shown.
      this.#set({ opened: { ...opened, asking: undefined, sending: false }, notice: safeText(error.message) });
      await this.#read(opened.approval, opened);
    }
  }

  #end(opened: Opened, over: string): void {
    this.#set({ opened: { ...opened, asking: undefined, sending: false, over } });
  }

  /** Reads one as it is now, and shows that; where it was looked at before, from the line that was in sight. */
  async #read({ runId, approvalId }: Approval, before: Opened | undefined): Promise<void> {
    try {
      const answer = await this.#runtime.client.call(ApprovalService.method.getApproval, { runId, approvalId });
      if (answer.approval === undefined) return;
      const approval = approvalOf(answer.approval);
      const { opened, inbox, notice } = this.state;
      // Whoever has gone on by now is not brought back.
      if (before !== undefined && (opened === undefined || keyOf(opened.approval) !== keyOf(approval))) return;
      const isOver = approval.decision !== undefined || inbox.closed.has(keyOf(approval));
      // A line has room for who it was, how and when, or for the server's sentence.
      const told = approval.decision === undefined && notice !== "";
      const closed = told ? notice : `Somebody was faster: ${closedWords(approval)}`;
      const over = isOver ? closed : undefined;
      const same = before?.approval.argumentsDigest === approval.argumentsDigest;
      const asking = same && !isOver ? opened?.asking : undefined;
      const shown = { approval, top: same ? (before?.top ?? 0) : 0, seen: same ? (before?.seen ?? 0) : 0 };
      const changed = before !== undefined && !same && !isOver;
      this.#set({
        opened: { ...shown, asking, sending: false, over },
        notice: changed ? "It is about other arguments now: look at it again." : notice,
      });
    } catch (error) {
      this.#set({ notice: safeText(error instanceof Error ? error.message : String(error)) });
    }
  }
}
