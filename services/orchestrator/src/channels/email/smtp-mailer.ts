// Hands mail to a server by SMTP. By TLS, or not at all, unless that is allowed.
import { createTransport, type Transporter } from "nodemailer";
import type { SendEnd } from "../../ports.js";
import { domainOf } from "./address.js";

/** One mail to one recipient. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** What its Message-ID has before the "@". */
  readonly id: string;
  /** The same of the mail that it belongs to; absent where it begins. */
  readonly about?: string;
  /** What lists it: the webhook, by its id. */
  readonly list: string;
}

export interface Mailer {
  /** Resolves to what came of it, and never rejects. */
  send(mail: Mail): Promise<SendEnd>;
  /** Gives up what is on its way. */
  close(): Promise<void>;
}

export interface SmtpOptions {
  /** smtp://user:password@mail.acme.test:587, or smtps:// for TLS from the first byte. */
  readonly url: string;
  /** An address: nothing but ASCII, and no name beside it. */
  readonly from: string;
  /** Mail, and the password, also go in the clear where the server has no TLS. */
  readonly plaintext?: boolean;
  /** For one mail, milliseconds; 20,000 unless said: less than a delivery is kept for whoever took it. */
  readonly timeoutMs?: number;
  /** Who signs the server's certificate, beside those that everybody trusts. */
  readonly ca?: string;
}

const CONNECT_MS = 5_000;
const TIMEOUT_MS = 20_000;

export class SmtpMailer implements Mailer {
  readonly #from: string;
  readonly #timeoutMs: number;
  readonly #transport: Transporter;
  readonly #stop = new AbortController();

  constructor({ url, from, plaintext = false, timeoutMs = TIMEOUT_MS, ca }: SmtpOptions) {
    this.#from = from;
    this.#timeoutMs = timeoutMs;
    const { protocol, hostname, port, username, password } = new URL(url);
    const secure = protocol === "smtps:";
    const user = decodeURIComponent(username);
    this.#transport = createTransport({
      host: hostname.replace(/^\[|\]$/g, ""),
      ...(port === "" ? {} : { port: Number(port) }),
      ...{ secure, requireTLS: !secure && !plaintext },
      ...(user === "" ? {} : { auth: { user, pass: decodeURIComponent(password) } }),
      tls: { minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }) },
      ...{ connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: timeoutMs },
      // What a message has comes from texts that others wrote.
      ...{ disableFileAccess: true, disableUrlAccess: true },
    });
  }

  async send({ to, subject, text, html, id, about, list }: Mail): Promise<SendEnd> {
    const domain = domainOf(this.#from);
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#timeoutMs)]);
    const belongs =
      about === undefined ? {} : { inReplyTo: `<${about}@${domain}>`, references: `<${about}@${domain}>` };
    try {
      const { response } = await this.#transport.sendMail({
        from: { name: "Agentspan", address: this.#from },
        to: { name: "", address: to },
        envelope: { from: this.#from, to: [to] },
        ...{ subject, text, html, messageId: `<${id}@${domain}>`, ...belongs, signal },
        headers: {
          // RFC 3834: no vacation notice answers it.
          "Auto-Submitted": "auto-generated",
          "X-Auto-Response-Suppress": "All",
          // RFC 2919: filters find it by this.
          "List-Id": `<${list.replaceAll("_", "-")}.${domain}>`,
        },
      });
      return { kind: "taken", status: statusIn(response) ?? 250 };
    } catch (thrown) {
      return failureOf(thrown, signal.aborted, this.#timeoutMs);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#transport.close();
  }
}

/** What the server refuses for good is what it says of a mail or its recipient, and of nothing else. */
const ABOUT_THE_MAIL: ReadonlySet<unknown> = new Set(["EENVELOPE", "EMESSAGE"]);

function failureOf(thrown: unknown, aborted: boolean, timeoutMs: number): SendEnd {
  const { code, command, responseCode, response } = faultOf(thrown);
  if (code === "ETLS") return { kind: "failed", why: "the mail server offers no TLS that can be trusted" };
  // Also where it said 5xx to a password: that is set right, and the mail goes then.
  if (responseCode !== undefined) {
    const final = responseCode >= 500 && ABOUT_THE_MAIL.has(code) ? { final: "delivery" as const } : {};
    return { kind: "failed", status: responseCode, why: wordsOf(responseCode, command, response), ...final };
  }
  if (aborted) return { kind: "failed", why: `the mail server did not take it within ${timeoutMs} ms` };
  return { kind: "failed", why: `the mail server could not be reached: ${code ?? "it is not known why"}` };
}

/** Its own words may have anything in them, and are not told. */
function wordsOf(status: number, command: string | undefined, response: string | undefined): string {
  const [enhanced] = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(response ?? "") ?? [];
  const said = enhanced === undefined ? String(status) : `${status} ${enhanced}`;
  const [verb] = /^[A-Z]+( FROM| TO| [A-Z0-9-]+)?/.exec(command ?? "") ?? [];
  return `the mail server answered ${said}${verb === undefined ? "" : ` to ${verb}`}`;
}

function statusIn(response: unknown): number | undefined {
  const [digits] = /^\d{3}/.exec(String(response)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

interface SmtpFault {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
  readonly response?: string;
}

function faultOf(thrown: unknown): SmtpFault {
  if (!(thrown instanceof Error)) return {};
  const { code, command, responseCode, response } = thrown as Error & Readonly<Record<string, unknown>>;
  return {
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof command === "string" ? { command } : {}),
    ...(typeof responseCode === "number" ? { responseCode } : {}),
    ...(typeof response === "string" ? { response } : {}),
  };
}
