// How the desk is built, and served while somebody works on it: `npm run dev` in this folder beside a server that runs.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const SERVER = process.env.AGENTSPAN_SERVER_URL ?? "http://127.0.0.1:6767";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  build: {
    outDir: "bundle",
    // The gateway allows no script or style inside of a page: nothing is put into it, however small.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: {
      onwarn: (warning, warn) => {
        // "use client" at the top of a module is for servers that render pages; here is none.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
  esbuild: { jsx: "automatic" },
  server: { host: "127.0.0.1", proxy: { "/agentspan.v1.": SERVER, "/desk/": SERVER } },
});
