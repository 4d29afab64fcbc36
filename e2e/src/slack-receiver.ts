// Starts a workspace of Slack and asks it what was posted, and to press what stands there.
import { fileURLToPath } from "node:url";
import { ChildService } from "./child-service.js";

export interface PostedMessage {
  readonly ts: string;
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  readonly deliveryId: string;
  readonly thread: string;
  /** How often it was changed. */
  readonly edits: number;
}

export interface SlackBlock {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly elements?: readonly SlackElement[];
}

export interface SlackElement {
  readonly type: string;
  readonly action_id?: string;
  readonly value?: string;
  readonly url?: string;
  readonly text?: string | { readonly text: string };
}

/** What was said to one user alone. */
export interface Whisper {
  readonly user: string;
  readonly channel: string;
  readonly text: string;
}

export interface OpenView {
  readonly id: string;
  readonly callback_id: string;
  readonly private_metadata: string;
}

export interface Workspace {
  readonly messages: readonly PostedMessage[];
  readonly whispers: readonly Whisper[];
  readonly views: readonly OpenView[];
  /** Calls by method and what they were answered with: "chat.update ok". */
  readonly calls: readonly string[];
}

/** How it behaves from now on. */
export interface SlackMood {
  /** To every chat.postMessage: an error of Slack's, "429 with 2" for its seconds, or "cut" for no answer to one that was taken. */
  readonly post?: string;
  /** What conversations.history refuses with. */
  readonly history?: string;
}

/** A request as Slack made it, and what came of it. */
export interface Pressed {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly ms: number;
}

export interface SlackReceiverOptions {
  readonly token: string;
  readonly secret: string;
  readonly channel: string;
  /** E-mail by id. */
  readonly users: Readonly<Record<string, string>>;
}

export class SlackReceiver {
  private constructor(private readonly service: ChildService) {}

  static async start(options: SlackReceiverOptions): Promise<SlackReceiver> {
    const entry = fileURLToPath(new URL("../dist/slack-receiver-process.js", import.meta.url));
    return new SlackReceiver(
      await ChildService.start({ name: "slack", entry, env: { SLACK: JSON.stringify(options) } }),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.service.ready.port)}/api/`;
  }

  async set(mood: SlackMood): Promise<void> {
    await this.service.ask({ mood });
  }

  async seen(): Promise<Workspace> {
    return (await this.service.ask({})).workspace as Workspace;
  }

  /** Somebody presses a button of a message; what is posted for it goes to a gateway. */
  async press(gateway: string, ts: string, action: string, user: string): Promise<Pressed> {
    return (await this.service.ask({ press: { gateway, ts, action, user } })).pressed as Pressed;
  }

  /** Somebody sends a form that was opened for them. */
  async submit(gateway: string, view: string, reason: string, user: string): Promise<Pressed> {
    return (await this.service.ask({ submit: { gateway, view, reason, user } })).pressed as Pressed;
  }

  async stop(): Promise<void> {
    await this.service.stop();
  }
}

/** The buttons of a message, by their actions. */
export function buttonsOf({ blocks }: PostedMessage): readonly string[] {
  return blocks.flatMap(({ type, elements = [] }) =>
    type === "actions" ? elements.map(({ action_id = "" }) => action_id) : [],
  );
}

/** All that people read in a message. */
export function wordsOf({ blocks }: PostedMessage): string {
  return blocks
    .flatMap(({ text, elements = [] }) => [
      text?.text ?? "",
      ...elements.map((element) => (typeof element.text === "string" ? element.text : (element.text?.text ?? ""))),
    ])
    .join("\n");
}
