import { describe, expect, it } from "vitest";
import { foreign, isLoopbackHost } from "../src/loopback-rule.js";

describe("while authentication is off", () => {
  it.each(["localhost", "LOCALHOST:6767", "127.0.0.1", "127.0.0.1:1", "127.8.9.10:65535", "[::1]", "[::1]:6767"])(
    "a request to %s is taken",
    (authority) => expect(foreign({ authority, origin: undefined })).toBeUndefined(),
  );

  it.each([
    undefined,
    "",
    "example.com",
    "10.0.0.1:6767",
    "0.0.0.0:6767",
    "127.0.0.1.example.com",
    "127.0.0.1@example.com",
    "localhost.example.com:6767",
    "localhost:6767:80",
    "localhost:port",
    "127.1",
    "127.0.0.256",
    "[::1].example.com",
    "[::2]",
    "::1",
    "2130706433",
  ])("a request to %s is refused", (authority) => {
    expect(foreign({ authority, origin: undefined })?.reason).toBe("PERMISSION_DENIED");
  });

  it.each(["http://localhost", "http://localhost:3000", "https://127.0.0.1:8443", "http://[::1]:5173"])(
    "a page of %s may ask",
    (origin) => expect(foreign({ authority: "localhost", origin })).toBeUndefined(),
  );

  it.each([
    "null",
    "",
    "http://example.com",
    "https://localhost.example.com",
    "http://localhost@example.com",
    "http://example.com#localhost",
    "file://",
    "chrome-extension://localhost",
    "http://localhost, http://example.com",
  ])("a page of %j may not", (origin) => {
    expect(foreign({ authority: "localhost:6767", origin })?.reason).toBe("PERMISSION_DENIED");
  });

  it("no other address may be listened on", () => {
    expect(["127.0.0.1", "127.0.0.5", "::1", "[::1]", "localhost"].every(isLoopbackHost)).toBe(true);
    expect(["0.0.0.0", "::", "", "192.168.0.1", "myhost"].some(isLoopbackHost)).toBe(false);
  });
});
