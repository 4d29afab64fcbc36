// The approval desk of one gateway: its files, with whom its pages may speak, and what they are told before anybody has
// signed in.
import type { Issuer } from "../auth/issuer.js";
import type { DeskFiles } from "./desk-files.js";

export interface DeskSite {
  readonly files: DeskFiles;
  /** The Content-Security-Policy of each of them. */
  readonly policy: string;
  /** The document at CONFIG_PATH: JSON. Whoever opens the desk may read it. */
  readonly config: Buffer;
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

/** Without issuers nobody is asked who they are. */
export function deskSite(files: DeskFiles, issuers: readonly Issuer[] | undefined): DeskSite {
  // Of an issuer no more is told than a browser shows whoever signs in there.
  const signIn = (issuers ?? []).flatMap(({ issuer, desk }) => (desk === undefined ? [] : [{ issuer, ...desk }]));
  const origins = new Set(signIn.map(({ issuer }) => new URL(issuer).origin));
  return {
    files,
    policy: [...POLICY, ["connect-src 'self'", ...origins].join(" ")].join("; "),
    config: Buffer.from(JSON.stringify({ authentication: issuers !== undefined, signIn })),
  };
}
