// The arrows go on from the screen that is seen, and first to its end.

const screens = [document.querySelector("header"), ...document.querySelectorAll("main > section")];
const PARTS = ["table, figure, pre, p, li, h3", "tr"];
const box = (element) => element.getBoundingClientRect();

const seen = () => Math.max(0, screens.findLastIndex((screen) => box(screen).top <= 1));
const above = (screen) => -box(screen).top;
const below = (screen) => box(screen).bottom - innerHeight;

// What lies between the heading and the links, which both stay in the window.
function room(screen) {
  const [heading, links] = [screen.querySelector("h2"), screen.querySelector(".turn")];
  const top = heading ? box(heading).height : 0;
  return { top, bottom: innerHeight - (links ? box(links).height : 0) };
}

// Down to the first part that is cut, so that it's seen whole; through a long one by a window.
function down(screen) {
  const { top, bottom } = room(screen);
  for (const parts of PARTS) {
    const cut = [...screen.querySelectorAll(parts)].find((part) => box(part).bottom > bottom + 1);
    if (cut && box(cut).top - top > (bottom - top) / 3) return box(cut).top - top;
  }
  return (bottom - top) * 0.9;
}

function show(number, end = 0) {
  const screen = screens[number];
  location.hash = number ? screen.id : "";
  screen.scrollIntoView();
  screen.focus({ preventScroll: true });
  if (end) scrollBy(0, Math.max(0, below(screen)));
}

function turn(key) {
  const number = seen(), screen = screens[number], last = screens.length - 1;
  if (key === "Home") show(0);
  else if (key === "End") show(last);
  else if (key === "ArrowRight" || key === "PageDown") {
    if (below(screen) > 1) scrollBy(0, Math.min(down(screen), below(screen)));
    else if (number < last) show(number + 1);
  } else if (key === "ArrowLeft" || key === "PageUp") {
    const { top, bottom } = room(screen);
    if (above(screen) > 1) scrollBy(0, -Math.min((bottom - top) * 0.9, above(screen)));
    else if (number) show(number - 1, 1);
  } else return false;
  return true;
}

function mark() {
  const now = screens[seen()];
  for (const screen of screens) screen.classList.toggle("goes-on", screen === now && below(now) > 1);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (turn(event.key)) event.preventDefault();
});
addEventListener("scroll", mark);
addEventListener("resize", mark);
mark();
