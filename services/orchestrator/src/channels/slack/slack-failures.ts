// Which of Slack's refusals another attempt may do something about: load, trouble of its own, and what an operator sets
// right. All else is about the very message.
import type { SlackAnswer } from "@agentspan/internal";
import type { SendEnd } from "../../ports.js";

type Refusal = Extract<SlackAnswer, { readonly ok: false }>;

const PASSING: ReadonlySet<string> = new Set([
  ...["ratelimited", "rate_limited", "message_limit_exceeded"],
  ...["internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"],
  // The app, its token and its place in the channel.
  ...["not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "missing_scope"],
  ...[
    "no_permission",
    "org_login_required",
    "ekm_access_denied",
    "access_denied",
    "not_in_channel",
    "channel_not_found",
  ],
]);

/** People took the message away, or nobody may change it any more. */
const GONE: ReadonlySet<string> = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

export function isGone({ error }: Refusal): boolean {
  return GONE.has(error);
}

export function failureOf({ error, status, retryAfterMs }: Refusal): SendEnd {
  if (status === undefined) return { kind: "failed", why: "Slack could not be reached, or did not answer in time" };
  const again = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429 || status >= 500 || error === "" || PASSING.has(error)) {
    const said = error === "" ? String(status) : error;
    return { kind: "failed", status, why: `Slack answered ${said}`, ...again };
  }
  return { kind: "failed", status, why: `Slack answered ${error}`, final: "delivery" };
}
