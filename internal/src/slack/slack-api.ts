// Calls of Slack's Web API. Its own client retries by itself, in a way that would outlast a delivery's time, and brings a
// queue and a logger: of what it has, the few methods that are called here need a form that is posted, and an answer read.

export interface SlackApiOptions {
  /** "xoxb-…". In no log and no message. */
  readonly token: string;
  /** Slack's unless said. */
  readonly baseUrl?: string | undefined;
  /** For one call, milliseconds; 5,000 unless said: several make one attempt at a delivery. */
  readonly timeoutMs?: number;
}

export type SlackAnswer =
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>> }
  | {
      readonly ok: false;
      /** Slack's word for it: "channel_not_found"; empty where it said none. */
      readonly error: string;
      /** Of HTTP; absent where there was no answer, so that it is not known whether it was done. */
      readonly status?: number;
      /** Milliseconds after which it wants to be asked again. */
      readonly retryAfterMs?: number;
    };

export const SLACK_URL = "https://slack.com/api/";
const TIMEOUT_MS = 5_000;

export class SlackApi {
  readonly #options: SlackApiOptions;
  readonly #stop = new AbortController();

  constructor(options: SlackApiOptions) {
    this.#options = options;
  }

  /** Never rejects. Members that are objects travel as JSON, as every method takes them in a form. */
  async call(method: string, args: Readonly<Record<string, unknown>>): Promise<SlackAnswer> {
    const { token, baseUrl = SLACK_URL, timeoutMs = TIMEOUT_MS } = this.#options;
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(args)) {
      if (value !== undefined) form.set(name, typeof value === "string" ? value : JSON.stringify(value));
    }
    try {
      const answer = await fetch(`${baseUrl.replace(/\/+$/, "")}/${method}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: form,
        redirect: "error",
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]),
      });
      const retryAfter = answer.headers.get("retry-after") ?? "";
      const again = /^\d{1,6}$/.test(retryAfter) ? { retryAfterMs: Number(retryAfter) * 1_000 } : {};
      const body = bodyOf(await answer.text());
      if (answer.ok && body?.ok === true) return { ok: true, body };
      const said = typeof body?.error === "string" && /^[a-z0-9_]{1,60}$/.test(body.error) ? body.error : "";
      return { ok: false, error: said, status: answer.status, ...again };
    } catch {
      // Its message may name what was sent.
      return { ok: false, error: "" };
    }
  }

  /** Gives up what is on its way. */
  close(): void {
    this.#stop.abort();
  }
}

function bodyOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined; // A proxy's page.
  }
}
