// A mail server as somebody else runs one: its own process, with TLS by STARTTLS and a login, that keeps what it takes.
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { SMTPServer } from "smtp-server";
import type { HeardMail, MailAnswers } from "./mail-receiver.js";

const { MAIL_USER = "", MAIL_PASSWORD = "", MAIL_CERT = "", MAIL_KEY = "", MAIL_PORT = "0" } = process.env;
const heard: HeardMail[] = [];
const sockets = new Set<Socket>();
let answers: MailAnswers = {};
let server: SMTPServer | undefined;

function refusal(responseCode: number): Error {
  return Object.assign(new Error("5.1.1 <no> such\u202e mailbox"), { responseCode });
}

/** With what it offers now. Resolves to its port. */
async function listen(port: number): Promise<number> {
  const { tls = true } = answers;
  const smtp = new SMTPServer({
    ...{ cert: readFileSync(MAIL_CERT), key: readFileSync(MAIL_KEY), logger: false, closeTimeout: 100 },
    ...{ disabledCommands: tls ? [] : ["STARTTLS"], allowInsecureAuth: !tls, disableReverseLookup: true },
    onAuth: ({ username, password }, _session, done) => {
      if (username === MAIL_USER && password === MAIL_PASSWORD) done(null, { user: username });
      else done(Object.assign(new Error("no"), { responseCode: 535 }));
    },
    onRcptTo: (_address, _session, done) => done(answers.rcpt === undefined ? null : refusal(answers.rcpt)),
    onData: (stream, session, done) => {
      const pieces: Buffer[] = [];
      stream.on("data", (piece: Buffer) => pieces.push(piece));
      stream.on("end", () => {
        heard.push({
          raw: Buffer.concat(pieces).toString("utf8"),
          to: session.envelope.rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: String(session.user ?? ""),
          answered: answers.data ?? 250,
        });
        // It has all of it, and nobody is told.
        if (answers.data === "cut") for (const socket of sockets) socket.destroy();
        else if (answers.data === undefined) done(null);
        else done(refusal(answers.data));
      });
    },
  });
  smtp.on("error", () => undefined);
  smtp.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server = smtp;
  return new Promise((resolve) => {
    smtp.listen(port, "127.0.0.1", () => {
      const address = smtp.server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

async function close(): Promise<void> {
  const open = server;
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => (open === undefined ? resolve() : open.close(() => resolve())));
}

const port = await listen(Number(MAIL_PORT));
process.on("message", async ({ ask, set }: { readonly ask: number; readonly set?: MailAnswers }) => {
  if (set !== undefined) {
    answers = set;
    await close();
    if (set.away !== true) await listen(port);
  }
  process.send?.({ answer: ask, heard });
});
process.once("disconnect", () => process.exit());
process.send?.({ ready: true, port });
