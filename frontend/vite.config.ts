import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const django = process.env["STICKERLOOP_SERVER"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/static/",
  plugins: [svelte()],
  // Tests run what the browser runs, not what a server would render.
  ...(process.env["VITEST"] ? { resolve: { conditions: ["browser"] } } : {}),
  build: { target: "es2022", cssTarget: ["chrome123", "firefox120", "safari17.5"], assetsInlineLimit: 2048 },
  server: { proxy: { "/api": django, "/media": django } },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"], testTimeout: 30_000 },
});
