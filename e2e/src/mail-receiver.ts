// Starts a mail server and asks it what it took.
import { fileURLToPath } from "node:url";
import { ChildService } from "./child-service.js";

/** One mail as it came, whatever it was answered with. */
export interface HeardMail {
  readonly raw: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string;
  readonly answered: number | "cut";
}

/** What it answers from now on; 250 to everything unless said. */
export interface MailAnswers {
  /** To a recipient. */
  readonly rcpt?: number;
  /** To a whole mail; "cut" is no answer. */
  readonly data?: number | "cut";
  /** Whether it offers TLS. */
  readonly tls?: boolean;
  readonly away?: boolean;
}

export interface MailReceiverOptions {
  readonly user: string;
  readonly password: string;
  readonly certificate: { readonly cert: string; readonly key: string };
}

export class MailReceiver {
  private constructor(private readonly service: ChildService) {}

  static async start({ user, password, certificate: { cert, key } }: MailReceiverOptions): Promise<MailReceiver> {
    const entry = fileURLToPath(new URL("../dist/mail-receiver-process.js", import.meta.url));
    const env = { MAIL_USER: user, MAIL_PASSWORD: password, MAIL_CERT: cert, MAIL_KEY: key };
    return new MailReceiver(await ChildService.start({ name: "mail", entry, env }));
  }

  get port(): number {
    return Number(this.service.ready.port);
  }

  /** Resolves when it answers so. */
  async set(set: MailAnswers): Promise<void> {
    await this.service.ask({ set });
  }

  async heard(): Promise<readonly HeardMail[]> {
    const { heard } = await this.service.ask({});
    return heard as readonly HeardMail[];
  }

  async stop(): Promise<void> {
    await this.service.stop();
  }
}

/** A header of a mail, unfolded; empty where it has none. */
export function headerOf({ raw }: Pick<HeardMail, "raw">, name: string): string {
  const [head = ""] = raw.split("\r\n\r\n", 1);
  const line = head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
  return (
    line
      .find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      ?.slice(name.length + 1)
      .trim() ?? ""
  );
}

/** Its text, decoded, as far as it is quoted-printable or plain; parts in their order. */
export function textOf({ raw }: Pick<HeardMail, "raw">): string {
  const joined = raw.replace(/=\r\n/g, "");
  return Buffer.from(
    joined.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString("utf8");
}
