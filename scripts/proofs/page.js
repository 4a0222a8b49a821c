// Opens HTML reports in a real browser and says what is wrong with them: `node page.js FOLDER FILE...`, where FOLDER
// gets the screenshots. playwright-core and axe-core are looked for in NODE_PATH, the browser in CHROMIUM.
const fs = require("fs");
const path = require("path");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const looks = {
  light: { viewport: { width: 1200, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1200, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 780 }, colorScheme: "light", isMobile: true, hasTouch: true },
  plain: { viewport: { width: 1200, height: 900 }, javaScriptEnabled: false },
};

async function look(browser, file, name, options, folder) {
  const problems = [];
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", (message) => problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  const url = `file://${path.resolve(file)}`;
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) problems.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  await page.screenshot({ path: path.join(folder, `${path.basename(file, ".html")}-${name}.png`), fullPage: true });
  if (options.javaScriptEnabled !== false) {
    // Everything unfolded: what is hidden is not checked for contrast and names.
    await page.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    if (width[0] > width[1]) problems.push(`wider than the window: ${width}`);
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
    for (const violation of found.violations) {
      const where = violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
      problems.push(`axe ${violation.id} (${violation.impact}, ${violation.nodes.length} times): ${where}`);
    }
    if (!found.passes.length) problems.push("axe checked nothing");
    if (name === "light") problems.push(...(await filters(page)));
  }
  if (name === "light") {
    await page.emulateMedia({ media: "print" });
    const hidden = await page.evaluate(() => {
      document.querySelectorAll("details").forEach((d) => { d.open = false; });
      const parts = document.querySelectorAll("details:not(.rationale) > :not(summary, .rationale)");
      return [...parts].filter((part) => !part.checkVisibility()).length;
    });
    if (hidden) problems.push(`${hidden} parts are not printed`);
    const pdf = path.join(folder, `${path.basename(file, ".html")}.pdf`);
    await page.pdf({ path: pdf, format: "A4", printBackground: true });
  }
  await context.close();
  return problems.map((problem) => `${path.basename(file)} (${name}): ${problem}`);
}

async function filters(page) {
  const problems = [];
  const shown = () => page.evaluate(() => [...document.querySelectorAll(".group")].filter((g) => g.checkVisibility()).map((g) => g.className));
  const all = await shown();
  for (const severity of ["critical", "major", "minor", "info"]) {
    const box = page.locator(`#show-${severity}`);
    if (!(await box.count())) continue;
    await box.uncheck();
    const left = await shown();
    if (left.length !== all.filter((c) => !c.includes(`sev-${severity}`)).length) problems.push(`filter ${severity} fails`);
    await box.check();
  }
  for (const radio of await page.locator("input[name=category]").all()) {
    const id = (await radio.getAttribute("id")).replace("only-", "");
    await radio.check();
    const left = await shown();
    const wanted = id === "all" ? all : all.filter((c) => c.includes(`cat-${id}`));
    if (left.length !== wanted.length || (all.length && !left.length)) problems.push(`filter ${id} fails`);
  }
  if (await page.locator("#only-all").count()) await page.locator("#only-all").check();
  return problems;
}

(async () => {
  const [folder, ...files] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  const problems = [];
  for (const file of files) {
    for (const [name, options] of Object.entries(looks)) problems.push(...(await look(browser, file, name, options, folder)));
  }
  await browser.close();
  problems.forEach((problem) => console.log(problem));
  process.exit(problems.length ? 1 : 0);
})();
