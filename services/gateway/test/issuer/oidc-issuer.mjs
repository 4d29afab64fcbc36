// A small OIDC issuer as a process of its own: discovery, keys, rotation, and tokens to order, good and bad. Its parent
// tells it what to do over IPC: {id, do, ...} is answered with {id, ...}.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";

const ALG = "ES256";
let served = [];
let current;
let made = 0;
let away = false;
const asked = {};

async function rotate({ keep = false } = {}) {
  const kid = `k${++made}`;
  const { privateKey, publicKey } = await generateKeyPair(ALG, { extractable: true });
  current = { kid, privateKey, publicKey };
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: ALG, use: "sig" };
  served = keep ? [...served, jwk] : [jwk];
  return { kid };
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** `how` names what is wrong with the token, if anything. */
async function sign({ claims, how = "good", kid }) {
  const header = { alg: ALG, typ: "JWT", kid: kid ?? current.kid };
  const good = () => new SignJWT(claims).setProtectedHeader(header).sign(current.privateKey);
  switch (how) {
    case "good":
      return { token: await good() };
    case "alg none":
      return { token: `${part({ ...header, alg: "none" })}.${part(claims)}.` };
    case "alg none with a signature": {
      const [, , signature] = (await good()).split(".");
      return { token: `${part({ ...header, alg: "none" })}.${part(claims)}.${signature}` };
    }
    case "signed with the public key as a secret": {
      const text = `${part({ ...header, alg: "HS256" })}.${part(claims)}`;
      const secret = await exportSPKI(current.publicKey);
      return { token: `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}` };
    }
    case "tampered": {
      const [head, , signature] = (await good()).split(".");
      return { token: `${head}.${part({ ...claims, sub: "somebody else" })}.${signature}` };
    }
    case "another's key under our key's name": {
      const { privateKey } = await generateKeyPair(ALG);
      return { token: await new SignJWT(claims).setProtectedHeader(header).sign(privateKey) };
    }
    default:
      throw new Error(`No such token: ${how}`);
  }
}

const server = createServer((request, response) => {
  asked[request.url] = (asked[request.url] ?? 0) + 1;
  const base = `http://127.0.0.1:${server.address().port}`;
  const bodies = {
    "/.well-known/openid-configuration": { issuer: base, jwks_uri: `${base}/keys` },
    "/liar/.well-known/openid-configuration": { issuer: base, jwks_uri: `${base}/keys` },
    "/keys": { keys: served },
  };
  const body = away ? undefined : bodies[request.url];
  response.writeHead(away ? 503 : body === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(body ?? {}));
});

const acts = {
  sign,
  rotate,
  away: async ({ away: is }) => {
    away = is;
    return {};
  },
  asked: async ({ path }) => ({ times: asked[path] ?? 0 }),
};

process.on("message", ({ id, do: act, ...rest }) => {
  acts[act](rest).then(
    (answer) => process.send({ id, ...answer }),
    (error) => process.send({ id, error: String(error) }),
  );
});
process.once("disconnect", () => process.exit());
await rotate();
server.listen(0, "127.0.0.1", () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
