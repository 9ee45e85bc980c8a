// The page of a violation in a real browser, wide and narrow, light and dark: nothing is asked of the
// network, nothing sticks out, every text stays in its card and can be read.
//
// node page.mjs CHROMIUM PAGE.html

import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

const [program, file] = process.argv.slice(2);
const wrong = [];
const expect = (holds, what) => holds || wrong.push(what);

const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox"] });
const backgrounds = new Set();
for (const colorScheme of ["light", "dark"]) {
  for (const [name, width] of [["wide", 1280], ["narrow", 390]]) {
    const where = `${name}, ${colorScheme}`;
    const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme });
    const page = await context.newPage();
    page.on("console", (message) => wrong.push(`${where}: the browser says ${message.text()}`));
    page.on("pageerror", (error) => wrong.push(`${where}: ${error}`));
    page.on("request", (request) => {
      expect(request.url().startsWith("file:"), `${where}: asks for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    const seen = await page.evaluate(look);
    backgrounds.add(seen.background);
    expect(seen.overhang <= 0, `${where}: the page is ${seen.overhang} px too wide`);
    expect(seen.figures.join() === name, `${where}: the drawings that are seen: ${seen.figures}`);
    expect(seen.cards >= 2 && seen.cards <= 12, `${where}: ${seen.cards} moments`);
    expect(seen.letters >= 11, `${where}: letters of ${seen.letters} px`);
    for (const text of seen.outside) expect(false, `${where}: sticks out of its card: ${text}`);
    await context.close();
  }
}
await browser.close();
expect(backgrounds.size === 2, "dark is not darker than light");

for (const what of wrong) console.error(what);
if (wrong.length === 0) console.log("the page is right in a browser");
process.exit(wrong.length === 0 ? 0 : 1);

// Runs in the page.
function look() {
  const isSeen = (element) => element.getClientRects().length > 0;
  const figures = [...document.querySelectorAll("figure")].filter(isSeen);
  const cards = figures.flatMap((figure) => [...figure.querySelectorAll("g.card")]);
  const sticksOut = (card) => {
    const frame = card.querySelector("rect").getBoundingClientRect();
    const holds = (text) => {
      const box = text.getBoundingClientRect();
      return box.left >= frame.left && box.right <= frame.right && box.top >= frame.top - 1 &&
        box.bottom <= frame.bottom + 1;
    };
    return ![...card.querySelectorAll("text")].every(holds);
  };
  const drawing = figures[0].querySelector("svg");
  const scale = drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width;
  return {
    overhang: document.documentElement.scrollWidth - window.innerWidth,
    figures: figures.map((figure) => figure.className),
    cards: cards.length,
    letters: 13 * scale,
    outside: cards.filter(sticksOut).map((card) => card.textContent),
    background: getComputedStyle(document.body).backgroundColor,
  };
}
