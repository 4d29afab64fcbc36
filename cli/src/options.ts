// Options that several commands have. Nothing heavy is imported here: help and the first line are instant.
import { isSeen } from "@agentspan/internal/characters";
import { type Command, InvalidArgumentError, Option } from "commander";

export interface UrlOption {
  readonly url?: string;
  readonly key?: string;
  /** "-" is the standard input. */
  readonly keyFile?: string;
  readonly profile?: string;
}

/** Of every command that speaks to a server. */
export function withUrl(command: Command): Command {
  return command
    .option("--url <url>", "the server (AGENTSPAN_SERVER_URL, a profile, or http://127.0.0.1:6767 unless said)", urlOf)
    .addOption(new Option("--profile <name>", "the server, as profiles add named it").conflicts("url"))
    .option(
      "--key <key>",
      "an API key or token, which others see in lists of processes (AGENTSPAN_API_KEY unless said)",
    )
    .addOption(
      new Option("--key-file <file>", "a file with it; - is the standard input").argParser(fileOf).conflicts("key"),
    );
}

export function urlOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError("It must be an address such as http://127.0.0.1:6767.");
}

export function fileOf(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It must name a file.");
}

export interface StackFlags {
  readonly port?: number;
  readonly grpcPort?: number;
  readonly natsPort?: number;
  readonly data?: string;
}

/** Of every command that runs the local stack. */
export function withStackOptions(command: Command): Command {
  return command
    .option("--port <port>", "for gRPC, gRPC-Web, Connect and JSON; 0 takes any free one (6767 unless said)", portOf)
    .option("--grpc-port <port>", "for gRPC alone (the port after --port unless said)", portOf)
    .option("--nats-port <port>", "for workers (4222 unless said, or another where that is taken)", portOf)
    .option("--data <folder>", "where runs are kept (a folder in your home unless said)", folderOf);
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a whole number from 0 to 65535.");
}

/** With nothing in it that anybody sees the model would be told a reason that there is not. */
export function reasonOf(text: string): string {
  if (isSeen(text)) return text;
  throw new InvalidArgumentError("Please say why: the agent is told, and answers to it.");
}

/** Left empty, as by a variable of a script that is not set, it would be the current folder. */
export function folderOf(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It must name a folder.");
}

const LARGEST_COUNT = 999_999;
/** Those of the server, which a test compares: importing its list would make help slow. */
export const MOST_GRANT_USES = 100_000;
export const MOST_DAYS = 3_650;

/** A number of things: at least one. */
export function countOf(text: string): number {
  return countUpTo(LARGEST_COUNT, text);
}

/** How often a standing grant may be used. */
export function usesOf(text: string): number {
  return countUpTo(MOST_GRANT_USES, text);
}

function countUpTo(most: number, text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= most) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
}

/** At the end of a list that was cut. */
export function moreWords(limit: number): string {
  if (limit >= LARGEST_COUNT) return "There are more.";
  return `There are more. To see up to ten times as many: --limit ${Math.min(LARGEST_COUNT, limit * 10)}`;
}

/** The sequence of an event, or 0 for before the first. */
export function sequenceOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number, 0 or more.");
}

/** How many lines or events; 0 for none. */
export const linesOf = sequenceOf;

/** The text of a date and perhaps a time, of ISO 8601. */
export function instantOf(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}(T|$)/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError("It must be a date or a time such as 2026-11-25 or 2026-11-25T08:00:00Z.");
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** The text of a duration with its unit. */
export function durationOf(text: string): string {
  const [, number = "", unit = ""] = /^(\d+)(s|m|h|d)$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? 0);
  if (seconds === 0)
    throw new InvalidArgumentError("It must be a time with its unit (s, m, h or d), such as 30s or 90d.");
  if (seconds <= MOST_DAYS * 86_400) return text;
  throw new InvalidArgumentError(`It must be at most ${MOST_DAYS}d, which are ten years.`);
}
