// Who serves what, and who is asking.
import type { Scenario } from "./check.js";

export const fleet: Scenario = {
  name: "fleet",
  checks: [
    { name: "workers are listed", call: "WorkerService/ListWorkers", request: { pageSize: 2 } },
    {
      name: "more of them than a page has",
      call: "WorkerService/ListWorkers",
      request: { pageSize: 1001 },
      refused: "INVALID_REQUEST",
    },
    { name: "tools are listed", call: "WorkerService/ListTools" },
    {
      name: "a token that no list gave out",
      call: "WorkerService/ListTools",
      request: { pageToken: "x" },
      refused: "INVALID_REQUEST",
    },
    { name: "whoever asks is told who they are", call: "IdentityService/WhoAmI" },
  ],
};
