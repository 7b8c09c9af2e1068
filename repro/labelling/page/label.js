// The page's behaviour: which frame is asked for, keys, and answers, each of which is on disk before the next frame appears.

import { byId, clock, drawGrid, prefetch, showFrame } from "./views.js";

const SPEED_OVER = 20; // answers
const ROWS = 8; // of a page of the grid
const UNSURE = { label: "unsure", key: "u" };
const SKIP = { label: "skip", key: "s" };

const state = {
  frames: [], labels: new Map(), reveal: {}, classes: [], purpose: "label",
  at: 0, offset: 0, view: "single", columns: innerWidth < 768 ? 4 : 6, selected: new Set(), anchor: 0,
  history: [], times: [], busy: false, waiting: null, turn: 0, zoom: 1, brightness: 1,
};
const shows = () => state.purpose === "show";
const done = (name) => state.labels.has(name) && state.labels.get(name) !== "skip";

async function begin() {
  const answer = await fetch("api/state");
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const given = await answer.json();
  Object.assign(state, given, { labels: new Map(Object.entries(given.labels)) });
  document.title = `${given.title} – ${given.corpus}`;
  byId("question").textContent = shows() ? "Frames" : given.title;
  byId("corpus").textContent = given.corpus + (given.purpose === "review" ? ", second look" : "");
  byId("who").textContent = shows() ? "" : `${given.labeller} → ${given.file}`;
  byId("progress-line").hidden = shows();
  if (!shows()) drawButtons();
  drawKeys();
  byId("columns").value = state.columns;
  state.at = Math.max(0, nextOpen(-1));
  if (shows()) state.view = "grid";
  await draw();
}

/** Place of the next frame without an answer after a place, going round; skipped ones come last; -1 if there is none. */
function nextOpen(after) {
  const order = [...state.frames.keys()].map((k) => (after + 1 + k) % state.frames.length);
  const open = order.find((place) => !state.labels.has(state.frames[place].name));
  return open ?? order.find((place) => state.labels.get(state.frames[place].name) === "skip") ?? -1;
}

function drawButtons() {
  const kinds = [...state.classes, UNSURE, SKIP];
  const buttons = kinds.map(({ label, key }) => button(label, key, () => answer(label)));
  buttons.push(button("back", "b", back));
  byId("answers").replaceChildren(...buttons);
}

function button(label, key, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.label = label;
  made.setAttribute("aria-keyshortcuts", key);
  const hint = document.createElement("kbd");
  hint.textContent = key;
  hint.setAttribute("aria-hidden", "true");
  made.append(label, hint);
  made.addEventListener("click", act);
  return made;
}

async function draw() {
  const turn = state.turn += 1;
  const frame = state.frames[state.at];
  const counted = state.frames.filter(({ name }) => done(name)).length;
  const finished = !shows() && counted === state.frames.length;
  byId("progress").max = state.frames.length || 1;
  byId("progress").value = counted;
  byId("counts").textContent = `${counted} of ${state.frames.length}${speed(state.frames.length - counted)}`;
  const single = state.view === "single";
  byId("single").hidden = !single || !frame;
  byId("grid-section").hidden = single;
  byId("end").hidden = !finished;
  byId("end-text").textContent = `${state.file} holds ${counted} answers, without those that are unsure. Go on with: make report`;
  byId("to-single").setAttribute("aria-pressed", String(single));
  byId("to-grid").setAttribute("aria-pressed", String(!single));
  for (const part of document.querySelectorAll(".grid-only")) part.hidden = single;
  for (const part of document.querySelectorAll(".single-only")) part.hidden = !single;
  if (!frame) return;
  if (single) {
    const coming = [];
    for (let place = state.at, k = 0; k < 4 && place >= 0; k += 1) {
      place = nextOpen(place);
      if (place >= 0) coming.push(state.frames[place].name);
    }
    const label = state.labels.get(frame.name);
    const stale = () => turn !== state.turn;
    const steps = await showFrame(frame, { label, reveal: state.reveal[frame.name], offset: state.offset, stale });
    if (steps === null) return;
    state.offset = steps;
    prefetch(coming);
  } else {
    drawPage();
  }
  applyLook();
}

function drawPage() {
  const size = state.columns * ROWS;
  const page = Math.floor(state.at / size);
  const part = state.frames.slice(page * size, (page + 1) * size).map((frame, k) => ({ frame, place: page * size + k }));
  const inGrid = byId("grid").contains(document.activeElement);
  drawGrid(part, { ...state, current: state.at, choose });
  byId("page-number").textContent = `page ${page + 1} of ${Math.ceil(state.frames.length / size)}`;
  const cell = byId("grid").querySelector(".current");
  if (inGrid || document.activeElement === document.body) cell?.focus({ preventScroll: true });
  cell?.scrollIntoView({ block: "nearest" });
}

function speed(left) {
  const times = state.times.slice(-SPEED_OVER);
  if (times.length < 3) return "";
  const perMinute = (60000 * (times.length - 1)) / (times.at(-1) - times[0]);
  const minutes = left / perMinute;
  const rest = minutes < 1 ? "less than a minute" : `${Math.round(minutes)} min`;
  return ` · ${Math.round(perMinute)} a minute · ${rest} left`;
}

/** Give an answer for the frame asked for, or for all selected ones. */
async function answer(label) {
  if (state.busy || shows() || !state.frames.length) return;
  const single = state.view === "single";
  const places = single || !state.selected.size ? [state.at] : [...state.selected].sort((a, b) => a - b);
  state.busy = true;
  try {
    for (const place of places) if (!(await send(place, label))) return;
    const last = places.at(-1);
    if (single) {
      const next = nextOpen(last);
      if (next >= 0) state.at = next;
    } else {
      state.at = Math.min(last + 1, state.frames.length - 1);
      state.anchor = state.at;
    }
    state.selected.clear();
    state.offset = 0;
    say(places.length > 1 ? `${places.length} frames: ${label}` : `${label}. Now ${clock(state.frames[state.at].time)}`);
  } finally {
    state.busy = false;
  }
  await draw();
}

/** Send one answer; true when it is on disk. */
async function send(place, label) {
  const { name } = state.frames[place];
  const known = state.labels.get(name) ?? null;
  if (known === label && label !== "skip") return true;
  // The same number is sent again on a retry, so that an answer whose confirmation was lost is not written twice.
  const identity = state.waiting?.name === name && state.waiting.label === label ? state.waiting.id : newId();
  state.waiting = { id: identity, name, label, known };
  let response;
  try {
    response = await fetch("api/label", {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(state.waiting),
    });
  } catch {
    trouble("The server does not answer, and your last answer is not saved. Start repro label again and open its new address; what was confirmed is kept.");
    return false;
  }
  if (response.status !== 200 && response.status !== 409) {
    trouble(`Your last answer is not saved. ${await response.text()}`);
    return false;
  }
  state.waiting = null;
  byId("trouble").hidden = true;
  const stands = await response.json();
  if (stands.label === null) state.labels.delete(name);
  else state.labels.set(name, stands.label);
  if (stands.reveal) state.reveal[name] = stands.reveal;
  if (response.status === 409) {
    say(`Another tab has answered ${stands.label ?? "nothing"} for this frame; that was kept.`);
  } else {
    state.history.push(place);
    state.times.push(performance.now());
  }
  return true;
}

/** A number that no other answer has; crypto.randomUUID is there on 127.0.0.1, a secure context. */
const newId = () => crypto.randomUUID();

function trouble(text) {
  byId("trouble-text").textContent = text;
  byId("trouble").hidden = false;
}

function say(text) {
  byId("live").textContent = text;
}

async function back() {
  const place = state.history.pop() ?? Math.max(0, state.at - 1);
  state.at = place;
  state.offset = 0;
  const label = state.labels.get(state.frames[place]?.name);
  say(`Back at ${clock(state.frames[place].time)}, your answer was ${label ?? "none"}`);
  await draw();
}

async function choose(place, extend) {
  if (extend) select(state.anchor, place);
  else {
    state.selected.clear();
    state.anchor = place;
  }
  state.at = place;
  await draw();
  byId("grid").querySelector(".current")?.focus({ preventScroll: true });
}

function select(from, to) {
  state.selected.clear();
  for (let place = Math.min(from, to); place <= Math.max(from, to); place += 1) state.selected.add(place);
}

async function step(by, extend) {
  const to = Math.min(state.frames.length - 1, Math.max(0, state.at + by));
  if (state.view === "grid") return choose(to, extend);
  state.at = to;
  state.offset = 0;
  say(clock(state.frames[to].time));
  return draw();
}

async function look(by) {
  if (state.view !== "single") return;
  state.offset = by === 0 ? 0 : state.offset + by;
  await draw();
}

async function setView(view) {
  state.view = view;
  state.offset = 0;
  await draw();
}

function applyLook() {
  const filter = state.brightness === 1 ? "none" : `brightness(${state.brightness})`;
  for (const image of document.querySelectorAll("#picture, #grid img")) image.style.filter = filter;
  byId("picture").style.transform = state.zoom === 1 ? "none" : `translate(${pan.x}px, ${pan.y}px) scale(${state.zoom})`;
  byId("brightness").value = state.brightness;
}

const pan = { x: 0, y: 0, from: null };
function setZoom(zoom) {
  state.zoom = Math.min(8, Math.max(1, zoom));
  if (state.zoom === 1) Object.assign(pan, { x: 0, y: 0 });
  applyLook();
}
function setBrightness(value) {
  state.brightness = Math.min(4, Math.max(0.5, Number(value)));
  applyLook();
}

const ACTIONS = [
  [["b", "Backspace"], "back to the last answer", back],
  [["ArrowRight"], "next frame", (event) => step(1, event.shiftKey)],
  [["ArrowLeft"], "frame before", (event) => step(-1, event.shiftKey)],
  [["ArrowDown"], "in the grid: a row down", (event) => step(state.view === "grid" ? state.columns : 1, event.shiftKey)],
  [["ArrowUp"], "in the grid: a row up", (event) => step(state.view === "grid" ? -state.columns : -1, event.shiftKey)],
  [["PageDown"], "in the grid: a page on", (event) => step(state.columns * ROWS, event.shiftKey)],
  [["PageUp"], "in the grid: a page back", (event) => step(-state.columns * ROWS, event.shiftKey)],
  [["Enter"], "from the grid to one frame", () => setView("single")],
  [["g"], "one frame or grid", () => setView(state.view === "grid" ? "single" : "grid")],
  [[","], "the frame before, without leaving this one", () => look(-1)],
  [["."], "the frame after, without leaving this one", () => look(1)],
  [["Escape"], "back to the frame asked for; select nothing", () => { state.selected.clear(); return look(0).then(draw); }],
  [["]"], "brighter", () => setBrightness(state.brightness + 0.25)],
  [["["], "darker", () => setBrightness(state.brightness - 0.25)],
  [["+", "="], "zoom in", () => setZoom(state.zoom * 1.5)],
  [["-"], "zoom out", () => setZoom(state.zoom / 1.5)],
  [["0"], "whole frame, plain brightness", () => { setZoom(1); setBrightness(1); }],
  [["?"], "this list", () => byId("help").showModal()],
];

function drawKeys() {
  const answers = shows() ? [] : [...state.classes, UNSURE, SKIP].map(({ label, key }) => [[key], label]);
  const rows = [...answers, [["Shift + arrows"], "in the grid: select a range"], ...ACTIONS];
  byId("keys").replaceChildren(...rows.map(([keys, text]) => {
    const row = document.createElement("tr");
    const [left, right] = [document.createElement("td"), document.createElement("td")];
    left.append(...keys.flatMap((key) => {
      const shown = document.createElement("kbd");
      shown.textContent = key;
      return [shown, " "];
    }));
    right.textContent = text;
    row.append(left, right);
    return row;
  }));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const field = event.target.matches?.("select, input");
  const pressed = event.target.matches?.("button") && ["Enter", " "].includes(event.key);
  if (pressed || (field && /^(Arrow|Page|Home|End|\d)/.test(event.key))) return;
  const kind = [...state.classes, UNSURE, SKIP].find(({ key }) => key === event.key.toLowerCase());
  const action = ACTIONS.find(([keys]) => keys.includes(event.key) || keys.includes(event.key.toLowerCase()));
  if (!(kind && !shows()) && !action) return;
  event.preventDefault();
  if (kind && !shows()) {
    if (!event.repeat) answer(kind.label); // a key that is held down gives one answer
  } else action[2](event);
}

document.addEventListener("keydown", onKey);
byId("to-single").addEventListener("click", () => setView("single"));
byId("to-grid").addEventListener("click", () => setView("grid"));
byId("columns").addEventListener("change", (event) => { state.columns = Number(event.target.value); draw(); });
byId("brightness").addEventListener("input", (event) => setBrightness(event.target.value));
byId("zoom-in").addEventListener("click", () => setZoom(state.zoom * 1.5));
byId("zoom-out").addEventListener("click", () => setZoom(state.zoom / 1.5));
byId("before").addEventListener("click", () => look(-1));
byId("after").addEventListener("click", () => look(1));
byId("page-back").addEventListener("click", () => step(-state.columns * ROWS, false));
byId("page-on").addEventListener("click", () => step(state.columns * ROWS, false));
byId("help-button").addEventListener("click", () => byId("help").showModal());
byId("retry").addEventListener("click", () => (state.waiting ? answer(state.waiting.label) : location.reload()));
byId("stage").addEventListener("wheel", (event) => { event.preventDefault(); setZoom(state.zoom * (event.deltaY < 0 ? 1.2 : 1 / 1.2)); }, { passive: false });
byId("stage").addEventListener("pointerdown", (event) => { pan.from = { x: event.clientX - pan.x, y: event.clientY - pan.y }; });
addEventListener("pointermove", (event) => {
  if (!pan.from || state.zoom === 1) return;
  Object.assign(pan, { x: event.clientX - pan.from.x, y: event.clientY - pan.from.y });
  applyLook();
});
addEventListener("pointerup", () => { pan.from = null; });

begin()
  .catch((error) => trouble(`The page could not begin: ${error.message}.`))
  .finally(() => { document.body.dataset.ready = "yes"; });
