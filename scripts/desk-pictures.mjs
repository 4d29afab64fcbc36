#!/usr/bin/env node
// Pictures of the desk's pages about approvals, for docs/desk.md, taken of a real browser on a whole stack.
//
//   npm run build && node scripts/desk-pictures.mjs [folder]
//
// docs/desk unless said. It takes a Chromium on PATH.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const ofE2e = createRequire(join(root, "e2e", "package.json"));
const { chromium } = ofE2e("playwright-core");
const { MODEL, Stack, until } = await import(pathToFileURL(join(root, "e2e", "dist", "index.js")).href);
const { Agent, AgentRuntime, humanTool, tool } = await import(
  pathToFileURL(join(root, "sdk-ts", "dist", "index.js")).href
);
const folder = process.argv[2] ?? join(root, "docs", "desk");

const object = (properties) => ({ type: "object", properties, required: Object.keys(properties) });
const [text, number] = [{ type: "string" }, { type: "number" }];
const line = object({ count: { type: "integer" }, price: number, sku: text });
const refund = tool(async () => ({ refunded: true }), {
  name: "refund",
  description: "Pays money back to the card that an order was paid with.",
  inputSchema: object({
    ...{ order_id: text, amount: number, currency: text, ordered_at: { ...text, format: "date-time" } },
    ...{ lines: { type: "array", items: line }, reason: text },
  }),
  approval: { votes: 2, expiresIn: "3h" },
});
const email = tool(async () => ({ sent: true }), {
  name: "email",
  description: "Writes to a customer.",
  inputSchema: object({ to: text, subject: text, body: text }),
  approvalRequired: true,
});
const asks = humanTool({ name: "ask_customer", description: "Asks the customer.", answer: object({ size: text }) });
const adjust = tool(async () => ({ adjusted: true }), {
  name: "adjust",
  description: "Books an amount off an account.",
  inputSchema: object({ amount: number, balance: number }),
  approval: { expiresIn: "30m" },
  preview: async ({ amount, balance }) => ({ before: { balance }, after: { balance: balance - amount } }),
});
const support = new Agent({ name: "support", model: MODEL, tools: [refund, email, asks] });
const ledger = new Agent({ name: "ledger", model: MODEL, tools: [adjust] });

const REFUND = {
  ...{ order_id: "ORD-8821", amount: 1249.5, currency: "EUR", ordered_at: "2026-11-21T10:05:00Z" },
  lines: [
    { sku: "CUP-12", count: 1, price: 1199.5 },
    { sku: "SHIPPING", count: 1, price: 50 },
  ],
  reason: "The parcel was open and the cup broken. The customer sent two pictures.",
};
const ASKED = [
  [support, "Customer Alex (cust_001) wants a refund for order ORD-8821", ["refund", REFUND]],
  [ledger, "Correct the balance of account 7", ["adjust", { amount: 20, balance: 100 }]],
  [
    support,
    "Tell Kim when the order comes",
    ["email", { to: "kim@acme.example", subject: "Your order", body: "It comes on Thursday." }],
  ],
  [support, "Find out the size for order ORD-9", ["ask_customer", { question: "Which size does order ORD-9 need?" }]],
];

const stack = await Stack.start();
const browser = await chromium.launch({
  executablePath: execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim(),
  args: ["--no-sandbox", "--disable-gpu"],
});

async function desk(width, height, colorScheme = "light") {
  const page = await (await browser.newContext({ viewport: { width, height }, colorScheme })).newPage();
  await page.goto(stack.gateway().url);
  await page.getByLabel("Your name, for what you decide").fill("maria");
  return page;
}

try {
  const runtime = new AgentRuntime({ url: stack.gateway().url, natsUrl: stack.servers.natsUrl });
  for (const [agent, input, [name, args]] of ASKED) {
    const { runId } = await runtime.start(
      agent,
      stack.model.script(input, [{ calls: [{ tool: name, args }] }, { text: "Done." }]),
    );
    await until("it waits", async () => (await stack.rpc().approvals.listApprovals({ runId })).approvals.length === 1);
  }
  const picture = async (page, name) => {
    await page.screenshot({ path: join(folder, `${name}.png`) });
    process.stdout.write(`${name}\n`);
  };
  const page = await desk(1_100, 500);
  await page.locator(".row").nth(3).waitFor();
  await picture(page, "inbox");
  await page.setViewportSize({ width: 1_100, height: 960 });
  await page.locator(".row").first().click();
  await page.getByText("The tool says").waitFor();
  await picture(page, "approval");
  await page.keyboard.press("e");
  await page.getByLabel("amount", { exact: true }).fill("1199.5");
  await page.getByLabel("reason", { exact: true }).fill("The cup was broken. Shipping is not paid back.");
  await page.setViewportSize({ width: 1_100, height: 1_000 });
  await page.getByRole("columnheader", { name: "You write" }).waitFor();
  await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
  await picture(page, "edit");
  const small = await desk(390, 844, "dark");
  await small.locator(".row", { hasText: "adjust" }).click();
  await small.getByRole("heading", { name: "What it would do" }).waitFor();
  await picture(small, "small");
  await runtime.shutdown();
} finally {
  await browser.close();
  await stack.stop();
}
