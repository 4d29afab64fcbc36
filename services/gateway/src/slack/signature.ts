// Whether a request comes from Slack: the HMAC-SHA256 of its version, its time and its body as it came, with the app's own
// signing secret, and from no more than five minutes ago.
import { createHmac, timingSafeEqual } from "node:crypto";

export interface SignedRequest {
  /** x-slack-request-timestamp, seconds. */
  readonly timestamp: string;
  /** x-slack-signature: "v0=" and 64 hexadecimal digits. */
  readonly signature: string;
  readonly body: Buffer;
}

const WINDOW_S = 300;

/** `now` in milliseconds since the epoch. */
export function isFromSlack({ timestamp, signature, body }: SignedRequest, secret: string, now: number): boolean {
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1_000 - Number(timestamp)) > WINDOW_S) return false;
  const wanted = Buffer.from(
    `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest("hex")}`,
  );
  const given = Buffer.from(signature);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
