// An identity provider as a process of its own (oidc-provider): people sign in at it without a password, the desk is its
// public client, and tokens for the gateway are JWTs. Its parent tells it what to do over IPC: {id, do, ...} is answered
// with {id, ...}.
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const ALG = "ES256";
const PEOPLE = {
  maria: { name: "Maria Sanz", groups: ["support-leads"] },
  kim: { name: "Kim Ek", groups: ["guests"] },
};

const settings = { audience: "agentspan", seconds: 600, away: false };
let redirects = [];
let provider;
let listener;

const { privateKey } = await generateKeyPair(ALG, { extractable: true });
const jwks = { keys: [{ ...(await exportJWK(privateKey)), alg: ALG, use: "sig", kid: "k1" }] };
const base = () => `http://127.0.0.1:${server.address().port}`;

/** Made anew it knows nobody, and no token that it gave. */
function make() {
  provider = new Provider(base(), {
    jwks,
    clients: [
      {
        client_id: "desk",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: redirects.map((origin) => `${origin}/signed-in`),
        post_logout_redirect_uris: redirects.map((origin) => `${origin}/`),
        id_token_signed_response_alg: ALG,
      },
    ],
    clientBasedCORS: () => true,
    claims: { openid: ["sub"], profile: ["name", "groups"] },
    cookies: { keys: ["of these tests alone"] },
    enabledJWA: { idTokenSigningAlgValues: [ALG] },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: settings.audience,
          accessTokenTTL: settings.seconds,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: ALG } },
        }),
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = `<!doctype html><title>Leave</title>${form}<button form="op.logoutForm" name="logout" value="yes">Leave</button>`;
        },
      },
    },
    issueRefreshToken: () => true,
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
    extraTokenClaims: (_ctx, token) => PEOPLE[token.accountId],
    // Nobody is asked what the desk may know.
    loadExistingGrant: async ({ oidc }) => {
      const { clientId } = oidc.client;
      const grant = new provider.Grant({ clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  listener = provider.callback();
}

async function interact(request, response) {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(`<!doctype html><title>Sign in</title><form method="post">
      <label>Who are you? <input name="login" autofocus></label>
      <button name="act" value="in">Continue</button> <button name="act" value="no">Cancel</button></form>`);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const said = new URLSearchParams(body);
  const denied = { error: "access_denied", error_description: "You said\u202e no" };
  const result = said.get("act") === "no" ? denied : { login: { accountId: said.get("login") } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const server = createServer((request, response) => {
  if (settings.away) request.socket.destroy();
  else if (request.url.startsWith("/interaction/")) void interact(request, response);
  else listener(request, response);
});

const acts = {
  begin: ({ origins }) => {
    redirects = origins;
    make();
  },
  set: ({ id: _id, do: _do, ...more }) => Object.assign(settings, more),
  forget: make,
};

process.on("message", (message) => {
  acts[message.do](message);
  process.send({ id: message.id });
});
process.once("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send({ url: base() }));
