// Starts a receiver of webhooks and asks it what it heard.
import { fileURLToPath } from "node:url";
import { ChildService } from "./child-service.js";

/** One message as it arrived. */
export interface HeardMessage {
  readonly id: string;
  /** Its signature and its time are as the specification has them. */
  readonly verified: boolean;
  readonly type: string;
  readonly runId: string;
  readonly sequence: number;
  /** The status that it was answered with. */
  readonly answered: number;
  readonly body: string;
  /** What it tells of was in the run's history when it came. */
  readonly committed: boolean;
  /** When it came, milliseconds since the epoch. */
  readonly at: number;
}

export class WebhookReceiver {
  private constructor(private readonly service: ChildService) {}

  static async start(gatewayUrl: string): Promise<WebhookReceiver> {
    const entry = fileURLToPath(new URL("../dist/webhook-receiver-process.js", import.meta.url));
    const env = { GATEWAY_URL: gatewayUrl };
    return new WebhookReceiver(await ChildService.start({ name: "receiver", entry, env }));
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.service.ready.port)}/in`;
  }

  /** What it verifies with, and answers from now on. Resolves when it does. */
  async set(change: { readonly secret?: string; readonly status?: number }): Promise<void> {
    await this.service.ask(change);
  }

  async heard(): Promise<readonly HeardMessage[]> {
    const { heard } = await this.service.ask({});
    return heard as readonly HeardMessage[];
  }

  async stop(): Promise<void> {
    await this.service.stop();
  }
}
