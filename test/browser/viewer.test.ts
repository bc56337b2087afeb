import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { planModel } from "@tensorplan/runtime";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { viewOf } from "../../packages/viewer/src/document/viewOf.ts";
import { page as pageOf } from "../../packages/viewer/src/page.ts";
import { chromiumPath, launch } from "./chromium.ts";
import { repeatLayer } from "./largeView.ts";

/** Bounds for a slow, busy machine; an idle one is several times faster. `docs/notes/figures.md` has measured times. */
const FIRST_PAINT_MS = 10_000;
const PAN_MS = 400;

const folder = mkdtempSync(join(tmpdir(), "tensorplan-viewer-"));

describe.skipIf(chromiumPath === undefined)("the viewer in a browser (chromium on the PATH)", () => {
  let browser: Browser;
  let small: string;
  let large: string;
  const complaints: string[] = [];

  async function open(path: string, hash = ""): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith("file:") && !request.url().startsWith("data:"))
        complaints.push(request.url());
    });
    await page.goto(`${pathToFileURL(path).href}${hash}`);
    return page;
  }

  let manyNodes = 0;

  beforeAll(async () => {
    const { plan } = await planModel({ cpuDevices: 2, placement: { overrideTensors: ["exps=cpu:1"] } });
    const view = viewOf(plan);
    small = join(folder, "small.html");
    large = join(folder, "large.html");
    writeFileSync(small, await pageOf(view));
    const nodes = view.groups.find(({ layer }) => layer === 2)?.count ?? 0;
    const many = repeatLayer(view, 2, Math.ceil(100_000 / nodes));
    manyNodes = many.rows.id.length;
    writeFileSync(large, await pageOf(many));
    browser = await launch(chromiumPath ?? "");
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const row = (page: Page, text: string) => page.locator(".row", { hasText: text });

  test("opens with layers folded, both phases and the memory of each device", async () => {
    const page = await open(small);
    expect(await page.title()).toMatch(/^Plan [0-9a-f]{12} of deepseek2$/);
    expect(await page.locator(".row.group b").allTextContents()).toContain("layer 2");
    expect(await page.locator(".row.inner").count()).toBe(0);
    expect(await page.locator(".head select").count()).toBe(2);
    expect(await page.locator("#memory .device").count()).toBe(2);
    expect(await page.locator("#memory").textContent()).toMatch(/weights.*caches.*work area/s);
    await page.close();
  });

  test("unfolds and folds by mouse and by keyboard", async () => {
    const page = await open(small);
    await row(page, "layer 2").click();
    await row(page, "attn.kv_a_norm").waitFor();
    await row(page, "layer 2").click();
    await expect.poll(() => page.locator(".row.inner").count()).toBe(0);
    await page.locator("#list").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".row.inner").count()).toBeGreaterThan(5);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await page.locator("#aside h2").textContent()).toBe("blk.0.attn.norm");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.locator(".row.inner").count()).toBe(0);
    await page.close();
  });

  test("search counts, opens what it finds and shows its provenance", async () => {
    const page = await open(small);
    await page.keyboard.press("/");
    await page.keyboard.type("cpu:1 experts");
    await expect.poll(() => page.locator("#search output").textContent()).toBe("5 found");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#aside h2").textContent()).toBe("blk.1.ffn.experts");
    expect(await page.locator("#search output").textContent()).toBe("1 of 5");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#aside h2").textContent()).toBe("blk.2.ffn.experts");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("#aside h2").first().textContent()).toContain("Where weights");
    await page.close();
  });

  test("a click on a node says which rule decided, what was tried and what each device could do", async () => {
    const page = await open(small);
    await row(page, "layer 1").click();
    await row(page, "ffn.experts").click();
    const aside = page.locator("#aside");
    await aside.getByText("compute where the weight lives").first().waitFor();
    const text = (await aside.textContent()) ?? "";
    expect(text).toContain("-ot exps=cpu:1");
    expect(text).toMatch(/cpu:0 could run it by moe\./);
    expect(text).toMatch(/reads blk\.1\.ffn\.norm cpu:0 → cpu:1/);
    expect(await aside.locator("section").count()).toBe(2);
    expect(new URL(page.url()).hash).toBe("#blk.1.ffn.experts");
    await aside.locator("[data-row]").first().click();
    await expect.poll(() => aside.locator("h2").textContent()).not.toBe("blk.1.ffn.experts");
    await page.close();
  });

  test("copies are drawn as edges between devices, with their bytes", async () => {
    const page = await open(small, "#blk.1.ffn.experts");
    await expect.poll(() => page.locator("svg.lanes .copy").count()).toBeGreaterThan(4);
    const badge = row(page, "ffn.experts").locator(".badge").first();
    expect(await badge.textContent()).toMatch(/^⇣ 3 copies, 16\.3 KiB$/);
    await page.close();
  });

  test("colours follow the system and the switch", async () => {
    const page = await open(small);
    const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.locator("#theme").click();
    expect(await background()).toBe(light);
    await page.close();
  });

  test("100,000 nodes open, unfold, pan and are searched without a wait", async () => {
    expect(manyNodes).toBeGreaterThanOrEqual(100_000);
    const page = await open(large);
    const paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime");
    expect(paint).toBeLessThan(FIRST_PAINT_MS);
    await page.locator("#unfold").click();
    await page.locator(".row.inner").first().waitFor();
    expect(await page.locator(".row").count()).toBeLessThan(100);
    const median = await page.evaluate(`(async () => {
      const list = document.querySelector("#list");
      const times = [];
      for (let i = 0; i < 25; i++) {
        const start = performance.now();
        list.scrollTop += 40_000;
        await new Promise(requestAnimationFrame);
        await new Promise((done) => setTimeout(done));
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[12];
    })()`);
    expect(median).toBeLessThan(PAN_MS);
    await page.locator("#search input").fill("blk.4999.ffn.experts");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#aside h2").textContent()).toBe("blk.4999.ffn.experts");
    await row(page, "ffn.experts").first().waitFor();
    console.info(
      `100,000 nodes: first paint ${Math.round(Number(paint))} ms, pan ${Number(median).toFixed(1)} ms`,
    );
    await page.close();
  }, 90_000);

  test("nothing was fetched and nothing complained", () => {
    expect(complaints).toEqual([]);
  });
});
