// Certificates and keys as PEM files: read and understood at the start, so that what is wrong is told there and not at
// the first connection.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { type Setting, setting } from "./config.js";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** What one side of a TLS connection shows and trusts, as PEM texts. */
export interface TlsFiles {
  /** Who may have signed the other side's certificate; the system's authorities where absent. */
  readonly ca?: string;
  /** This side's certificate with those between it and its authority, and its key: both or neither. */
  readonly cert?: string;
  readonly key?: string;
}

/** One certificate or more, as PEM; the setting's value is their text. */
export function certificateFile(variable: string, about: string): Setting<string | undefined> {
  return setting.optional(setting.file(variable, { about, problem: certificateProblem }));
}

/** A private key without a passphrase, as PEM; the setting's value is its text. */
export function keyFile(variable: string, about: string): Setting<string | undefined> {
  return setting.optional(setting.file(variable, { about, problem: keyProblem, secret: true }));
}

export interface TlsPair {
  readonly certVariable: string;
  readonly cert: string | undefined;
  readonly keyVariable: string;
  readonly key: string | undefined;
}

/** What is wrong with a certificate and a key together, with the remedy; undefined where nothing is. */
export function pairProblem({ certVariable, cert, keyVariable, key }: TlsPair): string | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (key === undefined)
    return `${certVariable} is set and ${keyVariable} is not: a certificate needs its key. Set both.`;
  if (cert === undefined)
    return `${keyVariable} is set and ${certVariable} is not: a key needs its certificate. Set both.`;
  if (firstCertificate(cert).checkPrivateKey(createPrivateKey(key))) return undefined;
  return `${keyVariable} holds another key than that of the certificate in ${certVariable}. Put those of one pair there, with the server's own certificate first.`;
}

/** The texts that are there; undefined where none is. */
export function tlsFiles(texts: { readonly [K in keyof TlsFiles]: TlsFiles[K] | undefined }): TlsFiles | undefined {
  const there = Object.entries(texts).filter(([, text]) => text !== undefined);
  return there.length === 0 ? undefined : Object.fromEntries(there);
}

/** When the first certificate of a PEM text ends, milliseconds since the epoch. */
export function certificateEnds(pem: string): number {
  return Date.parse(firstCertificate(pem).validTo);
}

function firstCertificate(pem: string): X509Certificate {
  return new X509Certificate(pem.match(CERTIFICATE)?.[0] ?? pem);
}

function certificateProblem(text: string): string | undefined {
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) return "which has no certificate in PEM form";
  return found.every(isCertificate) ? undefined : "in which a certificate cannot be read";
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false; // That it cannot be read is the answer.
  }
}

function keyProblem(text: string): string | undefined {
  try {
    createPrivateKey(text);
    return undefined;
  } catch {
    return "which has no private key in PEM form, or one with a passphrase"; // OpenSSL's words would tell nobody more.
  }
}
