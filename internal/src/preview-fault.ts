// What a definition or a worker's registration may say of a tool's preview.
import type { PreviewPolicy } from "@agentspan/proto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Limits } from "./limits.js";

const MAX_PATH_BYTES = 256;
const SHORTEST_MS = 100;
const LONGEST_MS = 10 * 60_000;

/** Said of both alike; undefined where nothing is wrong. In words that follow the name of the field. */
export function previewFault({ fields, timeout }: Pick<PreviewPolicy, "fields" | "timeout">): string | undefined {
  if (fields.length > Limits.previewFields) return `names more than ${Limits.previewFields} fields`;
  for (const path of fields) {
    const bytes = Buffer.byteLength(path);
    if (path.split(".").includes("") || bytes > MAX_PATH_BYTES) {
      return `names the field ${JSON.stringify(path.slice(0, 64))}, which is no path such as "after.balance" of at most ${MAX_PATH_BYTES} bytes`;
    }
  }
  if (timeout === undefined) return undefined;
  const ms = durationMs(timeout);
  if (ms >= SHORTEST_MS && ms <= LONGEST_MS) return undefined;
  return `has a timeout of ${ms} ms, which is not from ${SHORTEST_MS} ms to ${LONGEST_MS / 60_000} minutes`;
}
