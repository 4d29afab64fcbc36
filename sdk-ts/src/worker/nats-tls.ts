import {
  AgentspanError,
  ConfigError,
  certificateFile,
  keyFile,
  pairProblem,
  readConfig,
  type TlsFiles,
  tlsFiles,
} from "@agentspan/internal";

const CERT = "AGENTSPAN_NATS_CERT_FILE";
const KEY = "AGENTSPAN_NATS_KEY_FILE";
const SPEC = {
  ca: certificateFile("AGENTSPAN_NATS_CA_FILE", "who signs the certificate of NATS"),
  cert: certificateFile(CERT, "the certificate that NATS is shown"),
  key: keyFile(KEY, "the key of that certificate"),
};

/**
 * Whom to trust at NATS, and what to show it, as the environment says: the settings that the server's processes have.
 * Undefined where it says nothing. Throws INVALID_REQUEST that names every file that cannot be used.
 */
export function natsTls(env: Readonly<Record<string, string | undefined>>): TlsFiles | undefined {
  try {
    // Whatever else there is in a program's environment is its own affair.
    const files = readConfig(SPEC, env, { known: Object.keys(env) });
    const problem = pairProblem({ certVariable: CERT, cert: files.cert, keyVariable: KEY, key: files.key });
    if (problem !== undefined) throw new ConfigError([problem]);
    return tlsFiles(files);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new AgentspanError("INVALID_REQUEST", error.message, { cause: error });
  }
}
