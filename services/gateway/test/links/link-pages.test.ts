// What stands on the pages of decision links, whoever wrote it; and which forms are of another page.

import { describe, expect, it } from "vitest";
import type { HttpRequest } from "../../src/http/exchange.js";
import { html } from "../../src/links/html.js";
import { isForeignForm } from "../../src/links/link-answers.js";
import { STYLE, STYLE_HASH } from "../../src/links/link-style.js";
import { jsonView, safeText } from "../../src/links/text-view.js";

describe("a text on the page of a decision link", () => {
  it("is text wherever it stands, and only what was made here is markup", () => {
    const evil = `"><script>alert('1')</script>&amp;`;
    expect(html`<p title="${evil}">${evil}${[evil, html`<br>`]}${undefined}${false}${0}</p>`.text).toBe(
      `<p title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;">${"&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;".repeat(2)}<br>0</p>`,
    );
  });

  it("has each character that nobody would see as its code", () => {
    expect(safeText("a\u202E\u200b\u200b<\0").text).toBe(
      '<bdi>a<mark title="right-to-left override">U+202E</mark><mark title="zero-width space">U+200B ×2</mark>&lt;<mark title="null">U+0000</mark></bdi>',
    );
  });

  it("is a value with its own digits and all of its members, also of two with one name", () => {
    const { text } = jsonView('{"big":9007199254740993,"big":0.10,"list":[1e+21,"x"],"none":null,"text":""}');
    for (const shown of ["9007199254740993", "0.10", "1e+21", "<code>null</code>", "an empty text"]) {
      expect(text).toContain(shown);
    }
    expect(text.split("<bdi>big</bdi>")).toHaveLength(3);
    expect(jsonView("{}").text).toContain("{}");
    expect(jsonView("no JSON <b>").text).toContain("no JSON &lt;b&gt;");
    expect(jsonView('{"a":{"\u200bb":"\u202ec"}}').text).toContain("2 characters in it cannot be seen");
  });

  it("is dressed by the one style that the policy lets in, which cannot end before its end", () => {
    expect(STYLE).not.toContain("</");
    expect(STYLE_HASH).toMatch(/^'sha256-[A-Za-z0-9+/]{43}='$/);
  });
});

describe("a form", () => {
  const sent = (headers: Record<string, string>): HttpRequest =>
    ({ headers: { host: "agents.acme.test", ...headers } }) as unknown as HttpRequest;

  it("is of another page where a browser says so, or says nothing that a page of ours would", () => {
    const foreign: readonly Record<string, string>[] = [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: "https://agents.acme.test" },
      { "sec-fetch-site": "none" },
      { origin: "https://evil.test" },
      { origin: "https://agents.acme.test.evil.test" },
      { origin: "nonsense" },
    ];
    for (const headers of foreign) {
      for (const authentication of [true, false]) expect(isForeignForm(sent(headers), authentication)).toBe(true);
    }
    expect(isForeignForm(sent({ origin: "null" }), false)).toBe(true);
  });

  it("is the page's own where a browser says so, and a program's where nobody says anything", () => {
    const own: readonly Record<string, string>[] = [
      {},
      { "sec-fetch-site": "same-origin", origin: "null" },
      { origin: "https://agents.acme.test" },
    ];
    for (const headers of own) {
      for (const authentication of [true, false]) expect(isForeignForm(sent(headers), authentication)).toBe(false);
    }
    // Without https a browser says no more than this, and the form has a key that no other page has.
    expect(isForeignForm(sent({ origin: "null" }), true)).toBe(false);
  });
});
