// What a preview shows, as text, and its fingerprint. Computed here and never by a worker, so that the one that looks
// before people decide and the one that looks afterwards cannot reckon differently.
import { canonicalJson, digestOf } from "@agentspan/internal";
import type { TextFunctions } from "./core/index.js";

/**
 * The fingerprint is the digest of the RFC 8785 text of an object with each path and its value; of the whole preview
 * where no paths are given. A path that leads nowhere is no null: a name that was misspelt would otherwise be the same
 * before and after whatever happens.
 */
export const previewOf: TextFunctions["previewOf"] = (text, fields) => {
  const canonical = canonicalJson(text);
  if (!canonical.ok) return { ok: false, problem: canonical.problem };
  if (fields.length === 0) return { ok: true, text: canonical.text, fingerprint: canonical.digest };
  const counted: [string, unknown][] = [];
  for (const path of fields) {
    const found = valueAt(canonical.value, path.split("."));
    if (found === undefined) return { ok: false, problem: `It has no ${path}, which must be the same when it runs.` };
    counted.push([path, found.value]);
  }
  // Each value has stood in a canonical text, so this has one.
  const kept = canonicalJson(JSON.stringify(Object.fromEntries(counted)));
  return kept.ok
    ? { ok: true, text: canonical.text, fingerprint: digestOf(kept.text) }
    : { ok: false, problem: kept.problem };
};

/** Keys of objects and indexes of arrays; own ones only. */
function valueAt(value: unknown, [key, ...rest]: readonly string[]): { readonly value: unknown } | undefined {
  if (key === undefined) return { value };
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  // An array's own length is none of what it shows.
  if (Array.isArray(value) && !/^\d+$/u.test(key)) return undefined;
  return valueAt((value as Readonly<Record<string, unknown>>)[key], rest);
}
