// Draws the PNG icons of the manifest from public/favicon.svg with Chromium, by hand when the icon
// changes: node scripts/icons.mjs [chromium]
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const chromium = process.argv[2] ?? "chromium";
const publicDir = new URL("../public/", import.meta.url).pathname;
const svg = readFileSync(join(publicDir, "favicon.svg"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "icons-"));

/** `inset`: the share of the edge left free on each side, in the icon's own ground (a mask may cut there). */
function draw(name, size, inset) {
  const picture = size * (1 - 2 * inset);
  const page = join(folder, "icon.html");
  const ground = inset > 0 ? "#0f1521" : "transparent";
  writeFileSync(
    page,
    `<body style="margin:0;background:${ground};display:grid;place-items:center;height:${size}px">` +
      svg.replace("<svg ", `<svg width="${picture}" height="${picture}" style="display:block" `),
  );
  execFileSync(chromium, [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--default-background-color=00000000",
    `--user-data-dir=${join(folder, "profile")}`, `--window-size=${size},${size}`,
    `--screenshot=${join(publicDir, name)}`, `file://${page}`,
  ]);
}

draw("icon-192.png", 192, 0);
draw("icon-512.png", 512, 0);
draw("icon-maskable-512.png", 512, 0.12);
rmSync(folder, { recursive: true });
