// Filters the claims; the page is complete without it.
(() => {
  const form = document.getElementById("filter");
  const [text, outcome, evidence] = ["text", "outcome", "evidence"].map((name) => document.getElementById("filter-" + name));
  const claims = [...document.querySelectorAll(".claim")].map((node) => ({
    node,
    words: node.textContent.toLowerCase(),
    verdicts: node.dataset.verdicts.trim().split(/\s+/).map((pair) => pair.split(":")),
  }));
  const apply = () => {
    const wanted = text.value.trim().toLowerCase().split(/\s+/);
    const active = Boolean(text.value.trim() || outcome.value || evidence.value);
    let shown = 0;
    for (const claim of claims) {
      const fits =
        wanted.every((word) => claim.words.includes(word)) &&
        claim.verdicts.some(([kind, result]) => (!evidence.value || kind === evidence.value) && (!outcome.value || result === outcome.value));
      claim.node.hidden = !fits;
      shown += fits;
    }
    for (const chapter of document.querySelectorAll(".chapter")) {
      const any = chapter.querySelector(".claim:not([hidden])") !== null;
      chapter.hidden = !any;
      chapter.open = active && any;
    }
    document.getElementById("filter-count").textContent = shown.toLocaleString("en") + " of " + claims.length.toLocaleString("en") + " claims";
  };
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const chapter = target && target.closest(".chapter");
    if (!chapter) return;
    chapter.hidden = target.hidden = false;
    chapter.open = true;
    target.scrollIntoView();
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", reveal);
  form.hidden = false;
  apply();
  reveal();
})();
