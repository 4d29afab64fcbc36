// Logins of the workers that a stack begins with, each with the rights that it needs and no others. Whoever shows no
// login may do everything, so that tests can be the thief as well as the server.
import { natsAccounts, workerPermissions } from "@agentspan/internal";
import { deskAgent } from "./desk-agent.js";

const PASSWORD = "secret-of-a-worker";

/** Users of a NATS server, in its configuration's syntax. */
export function workerLogins(workerIds: readonly string[]): string {
  const tools = deskAgent().tools.map(({ name }) => ({ namespace: "default", queue: "desk", tool: name }));
  const services = [{ user: "server", password: "secret-of-the-server" }];
  const workers = workerIds.map((id) => ({ user: id, password: PASSWORD, permissions: workerPermissions(id, tools) }));
  return `${natsAccounts({ services, workers })}no_auth_user: server\n`;
}

/** The server's address with the login of a worker. */
export function loggedIn(natsUrl: string, workerId: string): string {
  return natsUrl.replace("://", `://${workerId}:${PASSWORD}@`);
}
