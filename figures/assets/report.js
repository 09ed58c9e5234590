"use strict";
// Sorting and filtering. Without this script the page shows everything, in the papers' order.

const byText = new Intl.Collator("en", { numeric: true });

/** The value a cell sorts by: its data-sort as a number, or its text. */
function sortKey(row, column) {
  const cell = row.cells[column];
  return "sort" in cell.dataset ? Number(cell.dataset.sort) : cell.textContent.trim();
}

function compare(a, b) {
  if (typeof a === "string") return byText.compare(a, b);
  // What has no number goes to the end either way; see sortBy.
  return a - b;
}

function sortBy(table, header, descending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [sortKey(row, header.cellIndex), row]);
  const missing = ([key]) => Number.isNaN(key) || key === "";
  const known = rows.filter((entry) => !missing(entry));
  known.sort(([a], [b]) => (descending ? compare(b, a) : compare(a, b)));
  body.append(...[...known, ...rows.filter(missing)].map(([, row]) => row));
  for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

for (const header of document.querySelectorAll("th[data-sortable]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  header.append(button);
  button.addEventListener("click", () => {
    const table = header.closest("table");
    sortBy(table, header, header.getAttribute("aria-sort") === "ascending");
  });
}

/** Where rows are cards there are no headers to press: a control of the form sorts instead. */
for (const form of document.querySelectorAll("form[data-for]")) {
  const headers = [...document.querySelectorAll(`#${form.dataset.for} th[data-sortable]`)];
  if (!headers.length) continue;
  const label = document.createElement("label"), select = document.createElement("select");
  label.className = "narrow";
  label.append("Sort by", select);
  select.add(new Option("choose a column", ""));
  for (const header of headers) {
    for (const way of ["rising", "falling"]) select.add(new Option(`${header.textContent}, ${way}`));
  }
  select.addEventListener("change", () => {
    const k = select.selectedIndex - 1;
    if (k >= 0) sortBy(headers[0].closest("table"), headers[k >> 1], k % 2 === 1);
  });
  form.querySelector("button").before(label);
}

/** A form with data-for filters the [data-item] elements inside the element of that id. */
function filterBy(form) {
  const wanted = new FormData(form);
  const words = (wanted.get("text") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const items = [...document.getElementById(form.dataset.for).querySelectorAll("[data-item]")];
  let shown = 0;
  for (const item of items) {
    const matches = [...wanted].every(
      ([name, value]) => name === "text" || !value || item.dataset[name] === value,
    );
    const text = item.textContent.toLowerCase();
    item.hidden = !(matches && words.every((word) => text.includes(word)));
    shown += item.hidden ? 0 : 1;
  }
  const total = items.length;
  form.querySelector("output").value = shown === total ? `${total} shown` : `${shown} of ${total} shown`;
}

for (const form of document.querySelectorAll("form[data-for]")) {
  form.addEventListener("input", () => filterBy(form));
  form.addEventListener("reset", () => setTimeout(() => filterBy(form)));
  form.addEventListener("submit", (event) => event.preventDefault());
  filterBy(form);
}

// The tallies at the top show the claims of one verdict.
for (const button of document.querySelectorAll("button[data-show]")) {
  button.addEventListener("click", () => {
    const form = document.querySelector("form[data-for='claims-table']");
    form.reset();
    form.elements.verdict.value = button.dataset.show;
    filterBy(form);
    document.getElementById("claims").scrollIntoView();
    form.elements.verdict.focus({ preventScroll: true });
  });
}

/** An anchor that a filter hides is shown again. */
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const item = target?.closest("[data-item]");
  if (!item?.hidden) return;
  for (const form of document.querySelectorAll("form[data-for]")) {
    if (document.getElementById(form.dataset.for).contains(item)) {
      form.reset();
      filterBy(form);
    }
  }
  target.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();
