import { appendFile } from "node:fs/promises";

/** One line of the ledger. */
export interface Refund {
  readonly order_id: string;
  readonly amount: number;
  readonly callId: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
}

/** Appends one line of JSON to the file that REFUND_LEDGER names, if it names one: so that refunds can be counted. */
export async function recordRefund(refund: Refund): Promise<void> {
  const file = process.env.REFUND_LEDGER;
  if (file) await appendFile(file, `${JSON.stringify({ ...refund, pid: process.pid })}\n`);
}
