// A screen that is higher than the window is parted into some that are not; the keys go through all.

const [start, main] = document.body.children;
const whole = [...main.children];
const PARTED = "div, nav, ul, ol, blockquote, table, pre";
let screens = [], laid = "";

const box = (element) => element.getBoundingClientRect();
const bottom = (element) => box(element).bottom + parseFloat(getComputedStyle(element).marginBottom);
const high = () => parseFloat(getComputedStyle(start).minHeight); // that of the window
const windowed = () => `${innerWidth} ${high()}`; // on a phone not what a scroll changes

function like(element, ...inside) {
  const made = element.cloneNode(false);
  made.removeAttribute("id");
  made.append(...inside);
  return made;
}

// What an element has below a limit, taken out of it; null where nothing can stay above.
function below(element, limit, room) {
  if (element.matches("table")) return rowsBelow(element, limit);
  if (element.matches("pre")) return linesBelow(element, limit);
  const parts = [...element.children];
  let at = parts.findIndex((part) => bottom(part) > limit + 1);
  if (at < 0) return null;
  const { top, height } = box(parts[at]);
  const isAlone = parts[at].matches("pre") && top - box(parts[0]).top < room / 4;
  let inner = null;
  if (parts[at].matches(PARTED) && (at === 0 || height > room || isAlone)) {
    inner = below(parts[at], limit, room);
  }
  while (!inner && at > 1 && leadsTo(parts[at - 1])) at -= 1;
  if (at === 0 && !inner) return null;
  const rest = like(element, ...(inner ? [inner] : []), ...parts.slice(inner ? at + 1 : at));
  if (element.matches("ol")) rest.start = element.start + at;
  return rest;
}

// A heading goes with what comes below it, and so does a text that ends as "It shows:" does.
const leadsTo = (part) => part.matches("h3") || (part.matches("p") && /[:?]\s*$/.test(part.textContent));

// As many parts as it needs, each as long as the others.
function evenly(fit, total) {
  return Math.ceil(total / Math.ceil(total / fit));
}

function rowsBelow(table, limit) {
  const body = table.tBodies[0], rows = [...body.rows];
  const fit = rows.findIndex((row) => box(row).bottom > limit + 1);
  if (fit < 1) return null;
  for (const cell of table.tHead?.rows[0].cells ?? []) cell.style.width = `${box(cell).width}px`;
  const heads = [table.caption, table.tHead].filter(Boolean).map((head) => head.cloneNode(true));
  return like(table, ...heads, like(body, ...rows.slice(evenly(fit, rows.length))));
}

// Parted at the blank line that is nearest to the middle, where that leaves half of a screen above.
function linesBelow(pre, limit) {
  const code = pre.querySelector("code") ?? pre, text = code.textContent, lines = text.split("\n");
  let fit = lines.length;
  do {
    fit -= 1;
    code.textContent = lines.slice(0, fit).join("\n");
  } while (fit > 0 && bottom(pre) > limit + 1);
  const even = fit && evenly(fit, lines.length), far = (line) => Math.abs(line - even);
  const blank = [...lines.keys()].filter((n) => !lines[n] && n >= fit / 2 && n <= fit);
  const end = blank.sort((one, other) => far(one) - far(other))[0] ?? even;
  code.textContent = end ? lines.slice(0, end).join("\n") : text;
  const rest = lines.slice(end).join("\n").replace(/^\n+/, "");
  return end ? like(pre, code === pre ? rest : like(code, rest)) : null;
}

function name(screen, number, all) {
  const part = ` (${number + 1} of ${all.length})`;
  screen.firstElementChild.append(part);
  screen.lastElementChild.ariaLabel += part;
}

function parts(screen) {
  main.replaceChildren(screen); // alone, which is laid out ten times as fast
  const [heading, , links] = screen.children, parts = [screen];
  const room = high() - box(links).height - box(heading).height;
  for (let last = screen, rest; box(last).height > high() + 1; last = parts.at(-1)) {
    const limit = box(last).top + high() - box(links).height;
    if (!(rest = below(last.children[1], limit, room))) break;
    const next = like(screen, heading.cloneNode(true), rest, links.cloneNode(true));
    next.id = `${screen.id}-${parts.length + 1}`;
    next.firstChild.removeAttribute("id");
    last.after(next);
    parts.push(next);
  }
  if (parts.length > 1) parts.forEach(name);
  return parts;
}

function link(screen, number) {
  const [back, on] = screen.querySelectorAll(".turn a");
  back.href = `#${screens[number - 1].id}`;
  on.href = `#${(screens[number + 1] ?? screens[0]).id}`;
}

function lay() {
  const at = location.hash.slice(1).split("-")[0];
  screens = [start, ...whole.flatMap((screen) => parts(screen.cloneNode(true)))];
  main.replaceChildren(...screens.slice(1));
  screens.slice(1).forEach((screen, number) => link(screen, number + 1));
  laid = windowed();
  if (at) document.getElementById(at)?.scrollIntoView();
}

const seen = () => Math.max(0, screens.findLastIndex((screen) => box(screen).top <= 1));

function show(number, end = 0) {
  const screen = screens[number];
  location.hash = number ? screen.id : "";
  screen.scrollIntoView();
  screen.focus({ preventScroll: true });
  if (end) scrollBy(0, Math.max(0, box(screen).bottom - innerHeight));
}

// A picture in a window that is very low may go on below it: it scrolls, and its number has a ↓.
function turn(key) {
  const number = seen(), last = screens.length - 1;
  const { top, bottom: end, height } = box(screens[number]);
  const step = innerHeight * 0.7;
  if (key === "Home") show(0);
  else if (key === "End") show(last);
  else if (key === "ArrowRight" || key === "PageDown") {
    if (end - innerHeight > 1) scrollBy(0, Math.min(step, end - innerHeight));
    else if (number < last) show(number + 1);
  } else if (key === "ArrowLeft" || key === "PageUp") {
    if (top < -1) scrollBy(0, Math.max(-step, top));
    else if (number) show(number - 1, 1);
  } else return false;
  return true;
}

function mark() {
  const now = screens[seen()];
  const goesOn = box(now).bottom - innerHeight > 1;
  for (const screen of screens) screen.classList.toggle("goes-on", screen === now && goesOn);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (turn(event.key)) event.preventDefault();
});
addEventListener("scroll", mark);
addEventListener("resize", () => {
  if (windowed() !== laid) lay();
  mark();
});
addEventListener("load", () => {
  lay();
  mark();
});
