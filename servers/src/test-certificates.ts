// Certificates for tests of TLS, right ones and wrong ones, made by the openssl command.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface TestCertificates {
  /** The authority that everything here but `foreign` is signed by. */
  readonly ca: string;
  /** Of localhost and 127.0.0.1, for servers and clients. */
  readonly right: CertificateFiles;
  /** Of elsewhere.test. */
  readonly wrongHost: CertificateFiles;
  readonly expired: CertificateFiles;
  /** Of localhost, by another authority. */
  readonly foreign: CertificateFiles;
  readonly foreignCa: string;
}

const run = promisify(execFile);
const HERE = "DNS:localhost,IP:127.0.0.1";
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Writes them into a folder that is there; they are good for two days. */
export async function makeTestCertificates(folder: string): Promise<TestCertificates> {
  const authority = async (name: string): Promise<CertificateFiles> => {
    const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    const subject = ["-subj", `/CN=${name}`, "-days", "2"];
    await run("openssl", ["req", "-x509", ...NEW_KEY, "-keyout", files.key, "-out", files.cert, ...subject]);
    return files;
  };
  const signed = async (name: string, by: CertificateFiles, hosts = HERE, days = 2): Promise<CertificateFiles> => {
    const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
    await run("openssl", ["req", ...NEW_KEY, "-keyout", files.key, "-out", request, "-subj", `/CN=${name}`]);
    await writeFile(extensions, `subjectAltName=${hosts}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    const authority = ["-CA", by.cert, "-CAkey", by.key, "-CAcreateserial", "-days", String(days)];
    await run("openssl", ["x509", "-req", "-in", request, ...authority, "-extfile", extensions, "-out", files.cert]);
    return files;
  };
  const [ca, otherCa] = await Promise.all([authority("ca"), authority("foreign-ca")]);
  // One after the other: they take numbers from one file of their authority.
  const right = await signed("right", ca);
  const wrongHost = await signed("wrong-host", ca, "DNS:elsewhere.test");
  const expired = await signed("expired", ca, HERE, -1);
  const foreign = await signed("foreign", otherCa);
  return { ca: ca.cert, right, wrongHost, expired, foreign, foreignCa: otherCa.cert };
}
