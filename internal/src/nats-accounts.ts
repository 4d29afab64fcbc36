// Who is who at the NATS server: the services in one account, and workers in another, which has no JetStream.
//
// NATS asks whether a login may publish to a subject, and never whether it may have an answer sent to the reply subject
// that it names: JetStream and orchestrators send there with their own rights. Within one account a worker could so have
// JetStream delete everybody's tasks, with an answer that has no body. Between accounts NATS puts a name of its own in
// place of the reply subject, and what comes there goes back into the workers' account, where nothing but workers listens.
import { ALL_OF_WORKERS, TASK_STREAM } from "./subjects.js";

/** Of gateways and orchestrators, with the stream of tasks. */
export const SERVICES_ACCOUNT = "AGENTSPAN";

export const WORKERS_ACCOUNT = "AGENTSPAN_WORKERS";

/** Users of the two accounts, as the server's configuration has them: a login, and the permissions of those that have some. */
export interface AccountUsers {
  readonly services: readonly object[];
  /** Each with its workerPermissions: the account alone keeps no worker from speaking for another. */
  readonly workers: readonly object[];
}

/** What the services take of workers: requests, pulls of tasks, which are answered many times, and their acknowledgements. */
const TAKEN_OF_WORKERS = [
  { service: ALL_OF_WORKERS },
  { service: `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.>`, response_type: "stream" },
  { service: `$JS.ACK.${TASK_STREAM}.>` },
];

/** The accounts in the syntax of the server's configuration. Whoever is in neither of them may not log in. */
export function natsAccounts({ services, workers }: AccountUsers): string {
  const exports = TAKEN_OF_WORKERS.map((taken) => ({ ...taken, accounts: [WORKERS_ACCOUNT] }));
  const imports = TAKEN_OF_WORKERS.map(({ service }) => ({ service: { account: SERVICES_ACCOUNT, subject: service } }));
  // JSON is a form of that syntax.
  return `accounts ${JSON.stringify({
    [SERVICES_ACCOUNT]: { jetstream: "enabled", users: services, exports },
    [WORKERS_ACCOUNT]: { users: workers, imports },
  })}\n`;
}
