// How mail is sent, from the environment.
import { type Config, type Spec, setting } from "@agentspan/internal";
import { canReceiveMail } from "./address.js";
import type { SmtpOptions } from "./smtp-mailer.js";

export const SMTP_SPEC = {
  smtpUrl: setting.optional(
    setting.secret("AGENTSPAN_SMTP_URL", { about: "the server that mail is handed to, with user and password" }),
  ),
  smtpFrom: setting.optional(
    setting.string("AGENTSPAN_SMTP_FROM", {
      about: "the address that mail comes from",
      pattern: /^[^\s@]+@[^\s@]+$/,
      form: "an address of mail without a name",
      example: "agentspan@acme.test",
    }),
  ),
  smtpPlaintext: setting.boolean("AGENTSPAN_SMTP_PLAINTEXT", {
    about: "whether mail may go in the clear where its server has no TLS",
    default: false,
  }),
} satisfies Spec;

type SmtpConfig = Config<typeof SMTP_SPEC>;

/** What is wrong with them, without their values. */
export function smtpFaults({ smtpUrl, smtpFrom }: SmtpConfig): readonly string[] {
  const faults: string[] = [];
  if ((smtpUrl === undefined) !== (smtpFrom === undefined)) {
    faults.push("Mail takes both AGENTSPAN_SMTP_URL and AGENTSPAN_SMTP_FROM, and one of them is not set.");
  }
  if (smtpUrl !== undefined && !isSmtpUrl(smtpUrl)) {
    faults.push("AGENTSPAN_SMTP_URL must be smtp:// or smtps://, user and password where it takes them, and a host.");
  }
  if (smtpFrom !== undefined && !canReceiveMail(smtpFrom)) {
    faults.push("AGENTSPAN_SMTP_FROM must be a plain address of mail, such as agentspan@acme.test.");
  }
  return faults;
}

/** Undefined where no mail is sent. */
export function smtpOf({
  smtpUrl: url,
  smtpFrom: from,
  smtpPlaintext: plaintext,
}: SmtpConfig): SmtpOptions | undefined {
  return url === undefined || from === undefined ? undefined : { url, from, plaintext };
}

function isSmtpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(text);
  return /^smtps?:$/.test(protocol) && hostname !== "" && pathname.length <= 1 && search === "" && hash === "";
}
