// The approval desk of one gateway: its files, with whom its pages may speak, and what they are told before anybody has
// signed in.
import type { Logger } from "@agentspan/internal";
import type { Authentication } from "../auth/authentication.js";
import type { UnfinishedBodies } from "../http/unfinished-bodies.js";
import { ConfidentialClient } from "./confidential-client.js";
import type { DeskFiles } from "./desk-files.js";
import { type SignInListener, signInListener } from "./sign-in-answers.js";

export interface DeskSite {
  readonly files: DeskFiles;
  /** The Content-Security-Policy of each of them. */
  readonly policy: string;
  /** The document at CONFIG_PATH: JSON. Whoever opens the desk may read it. */
  readonly config: Buffer;
  /** Asks identity providers for the page; absent where it asks all of them itself. */
  readonly signIn?: SignInListener;
}

export const CONFIG_PATH = "/desk/config.json";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  // A form that a browser sent by itself would put what it holds into the address.
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

export interface DeskSiteOptions {
  /** Absent, nobody is asked who they are. */
  readonly authentication: Authentication | undefined;
  readonly log: Logger;
  readonly unfinished: UnfinishedBodies;
}

export function deskSite(files: DeskFiles, { authentication, log, unfinished }: DeskSiteOptions): DeskSite {
  const { issuers = [], issuerTimes: times } = authentication ?? {};
  const used = issuers.flatMap(({ issuer, desk: client, deskSecret: secret }) =>
    client === undefined ? [] : [{ issuer, client, secret }],
  );
  // Of an issuer no more is told than a browser shows whoever signs in there.
  const signIn = used.map(({ issuer, client, secret }) => ({
    ...{ issuer, ...client },
    ...(secret === undefined ? {} : { confidential: true }),
  }));
  const clients = used.flatMap(({ secret, ...same }) =>
    secret === undefined ? [] : [new ConfidentialClient({ ...same, secret, log, times })],
  );
  const asked = used.filter(({ secret }) => secret === undefined);
  const origins = new Set(asked.map(({ issuer }) => new URL(issuer).origin));
  return {
    files,
    policy: [...POLICY, ["connect-src 'self'", ...origins].join(" ")].join("; "),
    config: Buffer.from(JSON.stringify({ authentication: authentication !== undefined, signIn })),
    ...(clients.length === 0 ? {} : { signIn: signInListener(clients, { log, unfinished }) }),
  };
}
