// What is drawn: the one frame with its night, and the grid. Names and notes only ever become text, never markup.

export const byId = (id) => document.getElementById(id);
export const frameUrl = (name) => `frame/${encodeURIComponent(name)}`;
export const clock = (time) => time.replace("T", " ").replace("Z", " UTC");

const nights = new Map();
const prefetched = new Map();

/** Frames of a night, asked for once. */
export async function nightOf(night) {
  if (!nights.has(night)) {
    const answer = await fetch(`api/night/${encodeURIComponent(night)}`);
    nights.set(night, answer.ok ? (await answer.json()).frames : []);
  }
  return nights.get(night);
}

/** Have pictures decoded before they are asked for, so that the next frame appears at once. */
export function prefetch(names) {
  for (const name of names) {
    if (prefetched.has(name)) continue;
    const image = new Image();
    image.src = frameUrl(name);
    prefetched.set(name, image);
  }
  while (prefetched.size > 24) prefetched.delete(prefetched.keys().next().value);
}

/** Show the frame that is `offset` frames away from the one asked for; gives how many it is, or null where `stale()`. */
export async function showFrame(frame, { label, reveal, offset, stale }) {
  const picture = byId("picture");
  const frames = await nightOf(frame.night);
  if (stale()) return null; // another frame was asked for while the night was on its way
  const at = frames.findIndex((other) => other.name === frame.name);
  const shown = frames[Math.min(frames.length - 1, Math.max(0, at + offset))] ?? frame;
  picture.src = frameUrl(shown.name);
  picture.alt = `All-sky frame of ${clock(shown.time)}`;
  byId("caption").textContent = clock(shown.time);
  byId("badge").hidden = !frame.simulated;
  byId("given").textContent = label ? `your answer: ${label}` : "";
  byId("notes").textContent = [reveal, ...Object.entries(frame.notes).map(([key, value]) => `${key}: ${value}`)]
    .filter(Boolean).join(" · ");
  const away = byId("offset");
  const steps = frames.indexOf(shown) - at;
  away.textContent = steps ? `${Math.abs(steps)} ${steps < 0 ? "before" : "after"} the frame asked for` : "this frame";
  away.classList.toggle("away", steps !== 0);
  const keogram = byId("keogram-picture");
  const source = `keogram/${encodeURIComponent(frame.night)}`;
  if (keogram.getAttribute("src") !== source) keogram.src = source;
  keogram.alt = `Keogram of the night ${frame.night}`;
  const last = Math.max(0, ...frames.map((other) => other.number));
  byId("marker").style.left = `${(100 * ((shown.number ?? 0) + 0.5)) / (last + 1)}%`;
  return steps;
}

/** Draw one page of the grid. */
export function drawGrid(frames, { labels, reveal, current, selected, columns, choose }) {
  const grid = byId("grid");
  grid.style.setProperty("--columns", columns);
  grid.replaceChildren(...frames.map(({ frame, place }) => {
    const cell = document.createElement("div");
    cell.className = place === current ? "cell current" : "cell";
    cell.setAttribute("role", "option");
    cell.setAttribute("aria-selected", String(selected.has(place)));
    cell.tabIndex = place === current ? 0 : -1;
    cell.dataset.place = place;
    const image = document.createElement("img");
    image.loading = "lazy";
    image.src = frameUrl(frame.name);
    image.alt = "";
    const label = labels.get(frame.name);
    cell.setAttribute("aria-label", `${clock(frame.time)}, ${label ?? "no answer"}`);
    cell.append(image);
    if (label) {
      const tag = document.createElement("span");
      tag.className = "tag";
      tag.dataset.label = label;
      tag.textContent = label;
      cell.append(tag);
    }
    const words = [...Object.entries(frame.notes).map(([key, value]) => `${key}: ${value}`), reveal[frame.name]];
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = [clock(frame.time).slice(5, 16), ...words].filter(Boolean).join(" · ");
    cell.append(note);
    cell.addEventListener("click", (event) => choose(place, event.shiftKey));
    return cell;
  }));
}
