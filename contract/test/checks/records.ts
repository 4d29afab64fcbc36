// Standing grants and API keys.
import type { Scenario } from "./check.js";

const GRANT = {
  agentName: "<me>",
  toolName: "refund",
  rule: "args.amount < 100.0",
  expiresAt: "2100-01-01T00:00:00Z",
  maxUses: 3,
  description: "small ones",
  idempotencyKey: "<me> grants",
};

export const grants: Scenario = {
  name: "grants",
  checks: [
    { name: "an agent", call: "AgentService/PutAgent", request: { agent: "<agent>" }, save: { version: "version" } },
    { name: "a grant is made", call: "GrantService/CreateGrant", request: GRANT, save: { grant: "grant.grantId" } },
    { name: "the same key makes no other", call: "GrantService/CreateGrant", request: GRANT },
    { name: "it is read", call: "GrantService/GetGrant", request: { grantId: "<grant>" } },
    { name: "it is listed", call: "GrantService/ListGrants", request: { agentName: "<me>" } },
    { name: "it is revoked", call: "GrantService/RevokeGrant", request: { grantId: "<grant>" } },
    {
      name: "one that is not there",
      call: "GrantService/GetGrant",
      request: { grantId: "grant_nobody" },
      refused: "GRANT_NOT_FOUND",
    },
    {
      name: "one without bounds",
      call: "GrantService/CreateGrant",
      request: { agentName: "<me>", toolName: "refund" },
      refused: "INVALID_REQUEST",
    },
  ],
};

export const keys: Scenario = {
  name: "keys",
  checks: [
    {
      name: "a key is made",
      call: "KeyService/CreateKey",
      request: {
        owner: "<me>",
        roles: ["approver"],
        groups: ["finance"],
        description: "her phone",
        expiresAt: "2100-01-01T00:00:00Z",
      },
      save: { key: "key.keyId", secret: "text" },
    },
    { name: "keys are listed", call: "KeyService/ListKeys", request: { pageSize: 1000 }, mine: "keys" },
    { name: "it is revoked", call: "KeyService/RevokeKey", request: { keyId: "<key>" } },
    {
      name: "one that is not there",
      call: "KeyService/RevokeKey",
      request: { keyId: "nobody" },
      refused: "KEY_NOT_FOUND",
    },
    { name: "one for nobody", call: "KeyService/CreateKey", request: {}, refused: "INVALID_REQUEST" },
  ],
};
