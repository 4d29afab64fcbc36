// Two identity providers as a process of their own (oidc-provider), at which people sign in without a password. Of the one
// the desk is a public client, and tokens for the gateway are JWTs. The other is as Google is: its client has a secret,
// which its token endpoint asks for, of another host; no page may ask it; access tokens are opaque; and there are refresh
// tokens for access_type=offline alone. Its parent tells them what to do over IPC: {id, do, ...} is answered with
// {id, ...}.
import { once } from "node:events";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const ALG = "ES256";
const SECRET = "of+these/tests alone";
const PEOPLE = {
  maria: {
    name: "Maria Sanz",
    groups: ["support-leads"],
    email: "maria@acme.test",
    email_verified: true,
    hd: "acme.test",
  },
  kim: { name: "Kim Ek", groups: ["guests"] },
};

const settings = { audience: "agentspan", seconds: 600, away: false };
let redirects = [];

const { privateKey } = await generateKeyPair(ALG, { extractable: true });
const jwks = { keys: [{ ...(await exportJWK(privateKey)), alg: ALG, use: "sig", kid: "k1" }] };

/** What the one and the other is asked for with. */
function kindOf(confidential) {
  if (!confidential) return { client: { token_endpoint_auth_method: "none" }, more: { clientBasedCORS: () => true } };
  const client = { client_secret: SECRET, token_endpoint_auth_method: "client_secret_post" };
  return { client, more: { clientBasedCORS: () => false, conformIdTokenClaims: false } };
}

async function open(confidential) {
  let provider;
  let listener;
  let isOffline = !confidential;
  const { client, more } = kindOf(confidential);
  const base = () => `http://127.0.0.1:${server.address().port}`;

  /** Made anew it knows nobody, and no token that it gave. */
  function make() {
    provider = new Provider(base(), {
      jwks,
      clients: [
        {
          client_id: "desk",
          ...client,
          grant_types: ["authorization_code", "refresh_token"],
          response_types: ["code"],
          redirect_uris: redirects.map((origin) => `${origin}/signed-in`),
          post_logout_redirect_uris: redirects.map((origin) => `${origin}/`),
          id_token_signed_response_alg: ALG,
        },
      ],
      ...more,
      claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified", "hd"] },
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
      issueRefreshToken: () => isOffline,
      ttl: { IdToken: () => settings.seconds },
      interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
      findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
      extraTokenClaims: (_ctx, token) => PEOPLE[token.accountId],
      // Nobody is asked what the desk may know.
      loadExistingGrant: async ({ oidc }) => {
        const { clientId } = oidc.client;
        const grant = new provider.Grant({ clientId, accountId: oidc.session.accountId });
        grant.addOIDCScope("openid profile email");
        await grant.save();
        return grant;
      },
    });
    provider.use(async (ctx, next) => {
      await next();
      if (!confidential || ctx.oidc?.route !== "discovery") return;
      ctx.body.token_endpoint = ctx.body.token_endpoint.replace("127.0.0.1", "localhost");
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
    if (settings.away) return void request.socket.destroy();
    const { pathname, searchParams } = new URL(request.url, base());
    if (pathname.startsWith("/interaction/")) return void interact(request, response);
    if (confidential && pathname === "/auth") isOffline = searchParams.get("access_type") === "offline";
    listener(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: base(), make };
}

const both = [await open(false), await open(true)];

const acts = {
  begin: ({ origins }) => {
    redirects = origins;
    for (const { make } of both) make();
  },
  set: ({ id: _id, do: _do, ...more }) => Object.assign(settings, more),
  forget: () => {
    for (const { make } of both) make();
  },
};

process.on("message", (message) => {
  acts[message.do](message);
  process.send({ id: message.id });
});
process.once("disconnect", () => process.exit());
process.send({ url: both[0].url, confidential: { url: both[1].url, secret: SECRET } });
