// The URLs of channels that tell people: mailto:maria@acme.test,approvers and slack:C0123ABCD.
import { canReceiveMail } from "./email/address.js";

export interface MailAddresses {
  readonly addresses: readonly string[];
  /** Whoever decides is told, as far as their name is an address. */
  readonly approvers: boolean;
}

const APPROVERS = "approvers";
const MOST_ADDRESSES = 20;
/** A channel, a private one, or a conversation with somebody: Slack's ids, which are stable, and not names. */
const SLACK_URL = /^slack:([CGD][A-Z0-9]{2,30})$/;

/** Why a URL names nobody who gets mail, in words that follow "because"; else who does. */
export function readMailto(url: string): MailAddresses | { readonly fault: string } {
  const said = url.replace(/^mailto:/i, "");
  if (/[?#]/.test(said)) return { fault: "it says more than addresses" };
  const names = [...new Set(said.split(",").map(decoded))];
  const odd = names.find((name) => name !== APPROVERS && !canReceiveMail(name));
  if (odd !== undefined)
    return { fault: `${JSON.stringify(odd.slice(0, 100))} is no address of mail, nor "${APPROVERS}"` };
  if (names.length > MOST_ADDRESSES) return { fault: `it has more than ${MOST_ADDRESSES} addresses` };
  return { addresses: names.filter((name) => name !== APPROVERS), approvers: names.includes(APPROVERS) };
}

/** Undefined where it is none. */
export function slackChannelOf(url: string): string | undefined {
  return SLACK_URL.exec(url)?.[1];
}

/** Whether people read what is sent there. */
export function tellsPeople(url: string): boolean {
  return /^(mailto|slack):/i.test(url);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name).trim();
  } catch {
    return ""; // It is no part of a URL, and no address.
  }
}
