"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // The table: rows are sorted by what their cells have as data-v, and hidden where they do not match.
  const table = document.getElementById("verdicts");
  if (table) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const value = (row, column) => {
      const cell = row.cells[column];
      return cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v === "" ? null : Number(cell.dataset.v);
    };
    const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    all("thead th", table).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        // What has no value comes last, whichever way the others go.
        rows.sort((one, other) => {
          const [a, b] = [value(one, column), value(other, column)];
          if (a === null || b === null) return (a === null) - (b === null);
          return down ? compare(b, a) : compare(a, b);
        });
        body.append(...rows);
      });
    });
    const controls = document.querySelector(".controls");
    const [text, verdict, block] = all("input,select", controls);
    const count = document.getElementById("shown");
    const filter = () => {
      const wanted = text.value.trim().toLowerCase();
      let shown = 0;
      rows.forEach((row) => {
        const fits = (!wanted || row.textContent.toLowerCase().includes(wanted))
          && (!verdict.value || row.dataset.verdict === verdict.value)
          && (!block.value || row.dataset.block === block.value);
        row.hidden = !fits;
        shown += fits;
      });
      count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} rows shown`;
    };
    [text, verdict, block].forEach((control) => control.addEventListener("input", filter));
    controls.hidden = false;
  }

  // Figures: what lies nearest to the pointer is told; with the arrow keys, one after another.
  all("figure[data-tips]").forEach((figure) => {
    const told = JSON.parse(document.getElementById(figure.dataset.tips).textContent);
    // A point has one place, an area two corners.
    const tips = told.parts.map((part) => {
      const [name, text] = part.slice(-2), [x0, y0, x1 = x0, y1 = y0] = part.slice(0, -2);
      return [x0, y0, x1, y1, `${told.names[name]}: ${text}`];
    });
    const svg = figure.querySelector("svg");
    if (!tips.length || !svg) return;
    const [, , wide] = svg.getAttribute("viewBox").split(" ").map(Number);
    const tip = document.createElement("div");
    const dot = document.createElement("div");
    tip.className = "tip";
    tip.setAttribute("role", "status");
    dot.className = "dot";
    tip.hidden = dot.hidden = true;
    figure.append(dot, tip);
    let current = -1;
    const hide = () => { tip.hidden = dot.hidden = true; };
    const show = (index, px, py) => {
      const [x0, y0, x1, y1, text] = tips[index];
      const box = svg.getBoundingClientRect(), frame = figure.getBoundingClientRect();
      const scale = box.width / wide;
      const x = (px ?? (x0 + x1) / 2) * scale + box.left - frame.left;
      const y = (py ?? (y0 + y1) / 2) * scale + box.top - frame.top;
      current = index;
      tip.textContent = text;
      tip.hidden = false;
      dot.hidden = x1 - x0 > 0;
      dot.style.left = `${x}px`;
      dot.style.top = `${y}px`;
      tip.style.left = `${Math.max(4, Math.min(x + 12, frame.width - tip.offsetWidth - 4))}px`;
      tip.style.top = `${y - tip.offsetHeight - 10 < 0 ? y + 14 : y - tip.offsetHeight - 10}px`;
    };
    const nearest = (x, y) => {
      let best = -1, distance = 24 * 24;
      tips.forEach(([x0, y0, x1, y1], index) => {
        const dx = Math.max(x0 - x, 0, x - x1), dy = Math.max(y0 - y, 0, y - y1);
        const d = dx * dx + dy * dy;
        if (d < distance) { best = index; distance = d; }
      });
      return best;
    };
    const point = (event) => {
      const box = svg.getBoundingClientRect(), scale = wide / box.width;
      const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
      const index = nearest(x, y);
      if (index < 0) return hide();
      const isArea = tips[index][2] > tips[index][0];
      show(index, isArea ? x : undefined, undefined);
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    figure.addEventListener("pointerleave", hide);
    figure.addEventListener("blur", hide);
    figure.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") return hide();
      if (event.key === "Home") current = -1;
      else if (event.key === "End") current = tips.length - 2;
      else if (!step) return;
      event.preventDefault();
      show((current + (step ?? 1) + tips.length) % tips.length);
    });
    figure.tabIndex = 0;
  });

  // What is copied is the text beside the button.
  all("button.copy").forEach((button) => {
    button.hidden = false;
    const said = button.textContent;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copies);
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        // Some browsers give pages from disk no clipboard: the text is selected, so that a key copies it.
        getSelection().selectAllChildren(source);
        button.textContent = "Selected: copy with Ctrl+C";
      }
      setTimeout(() => { button.textContent = said; }, 3000);
    });
  });

  // Paper has no folds.
  addEventListener("beforeprint", () => all("details").forEach((one) => { one.dataset.was = one.open; one.open = true; }));
  addEventListener("afterprint", () => all("details").forEach((one) => { one.open = one.dataset.was === "true"; }));
})();
