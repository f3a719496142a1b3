"use strict";
// Lays two cells side by side (#pair=A,B), finds cells by name, and brings a cell that is linked to into view.
(() => {
  const byId = (id) => document.getElementById(id);
  const articles = [...document.querySelectorAll("article.cell")];
  const form = byId("pairing");
  const end = byId("pair-end");
  let unlink;

  function pairOf(hash) {
    const match = /^#pair=([^,]+),([^,]+)$/.exec(hash);
    const pair = match?.slice(1).map((id) => articles.find((article) => article.id === decodeURIComponent(id)));
    return pair?.every(Boolean) && pair[0] !== pair[1] ? pair : null;
  }

  // Marks the properties in which two cells are unlike.
  function contrast(pair) {
    for (const row of document.querySelectorAll(".facts tr.unlike")) row.classList.remove("unlike");
    if (!pair) return;
    const tables = pair.map((article) => new Map([...article.querySelectorAll(".facts tbody tr")].map((row) => [row.cells[0].textContent, row])));
    for (const name of new Set(tables.flatMap((table) => [...table.keys()]))) {
      const rows = tables.map((table) => table.get(name));
      if (rows[0]?.textContent !== rows[1]?.textContent) for (const row of rows) row?.classList.add("unlike");
    }
  }

  // Brings what is linked to to the top, and keeps it there until the reader goes elsewhere: cells that were never in view
  // have only a guessed height, and plots are drawn as they come into view.
  let landed = null;
  function land(target) {
    landed = target;
    landed?.scrollIntoView({block: "start", behavior: "instant"});
  }
  const resized = new ResizeObserver(() => land(landed));
  for (const each of [document.body, ...articles]) resized.observe(each);
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) addEventListener(kind, () => { landed = null; }, {passive: true});

  function linked() {
    return location.hash.length > 1 ? byId(decodeURIComponent(location.hash.slice(1))) : null;
  }

  async function route() {
    const pair = pairOf(location.hash);
    unlink?.();
    unlink = undefined;
    const was = document.body.classList.contains("paired");
    document.body.classList.toggle("paired", Boolean(pair));
    end.hidden = !pair;
    contrast(pair);
    for (const article of articles) {
      article.hidden = Boolean(pair) && !pair.includes(article);
      article.classList.toggle("pair-a", pair?.[0] === article);
      article.classList.toggle("pair-b", pair?.[1] === article);
    }
    if (pair) {
      byId("pair-a").value = pair[0].id;
      byId("pair-b").value = pair[1].id;
      await Promise.all(pair.flatMap((article) => [...article.querySelectorAll("figure.plot")].map(plots.draw)));
      dispatchEvent(new Event("resize")); // Vega measures its container anew
      const wires = pair.map((article) => article.querySelector('figure.plot[data-kind="wire"]'));
      if (wires.every(Boolean)) unlink = await plots.link(...wires);
      scrollTo(0, 0);
      byId("cells-title").tabIndex = -1;
      byId("cells-title").focus({preventScroll: true});
    } else if (was) {
      dispatchEvent(new Event("resize"));
    }
    land(pair ? null : linked());
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `pair=${byId("pair-a").value},${byId("pair-b").value}`;
  });
  end.addEventListener("click", () => { location.hash = "cells"; });
  form.hidden = articles.length < 2;
  addEventListener("hashchange", route);
  // A link to where one is already changes no address.
  addEventListener("click", ({target}) => {
    const link = target instanceof Element ? target.closest('a[href^="#"]') : null;
    if (link && link.getAttribute("href") === location.hash && linked()) land(linked());
  });
  if (location.hash) route();

  byId("filter").addEventListener("input", ({target}) => {
    const wanted = target.value.trim().toLowerCase();
    for (const item of document.querySelectorAll("[data-cell]")) {
      const found = item.textContent.toLowerCase().includes(wanted);
      item.hidden = !found;
      byId(item.dataset.cell).hidden = !found;
    }
  });
})();
