"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  document.documentElement.classList.add("js");

  // The table: the rows of each comparison are sorted by what their cells have as data-v, and hidden where they do not match.
  const table = document.getElementById("verdicts");
  if (table) {
    const bodies = [...table.tBodies];
    const rowsOf = (body) => [...body.rows].filter((row) => !row.classList.contains("group"));
    const value = (row, column) => {
      const cell = row.cells[column];
      return cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v === "" ? null : Number(cell.dataset.v);
    };
    const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    const sort = () => {
      const heads = all("thead th", table);
      const column = heads.findIndex((head) => head.hasAttribute("aria-sort"));
      if (column < 0) return;
      const down = heads[column].getAttribute("aria-sort") === "descending";
      bodies.forEach((body) => body.append(...rowsOf(body).sort((one, other) => {
        const [a, b] = [value(one, column), value(other, column)];
        // Cells without a value come last in both directions.
        if (a === null || b === null) return (a === null) - (b === null);
        return down ? compare(b, a) : compare(a, b);
      })));
    };
    const heads = all("thead th", table).map((head) => head.textContent);
    all("thead th", table).forEach((head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Sort the rows of each comparison";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort();
      });
    });

    // Another baseline: its rows come from the table of all pairs, and the planned ones are kept to return to.
    all("table[data-others]").forEach((others) => {
      const body = table.querySelector(`tbody[data-block="${others.dataset.others}"]`);
      const own = rowsOf(body).map((row) => ({ row, cells: [...row.cells].map((cell) => cell.cloneNode(true)), verdict: row.dataset.verdict }));
      const names = new Map(own.map(({ row, cells }) => [row.dataset.arm, cells[0].querySelector("a").textContent]));
      const label = document.createElement("label");
      const select = document.createElement("select");
      const note = document.createElement("div");
      label.className = "baselines";
      note.className = "conditions post-hoc";
      note.setAttribute("role", "status");
      const option = (text, of) => select.append(new Option(text, of));
      option(`${names.get(others.dataset.baseline)} (as shown)`, "");
      [...others.tBodies].forEach((other) => option(`${names.get(other.dataset.baseline)} (post hoc)`, other.dataset.baseline));
      label.append("Compare with ", select);
      const group = body.rows[0].cells[0];
      group.querySelector(".title").append(label);
      group.append(note);
      const columns = [...others.tHead.rows[0].cells].map((head) => heads.indexOf(head.textContent));
      const fill = (cell, from) => {
        cell.replaceChildren(...[...from.childNodes].map((node) => node.cloneNode(true)));
        cell.className = from.className;
        if (from.dataset.v === undefined) delete cell.dataset.v;
        else cell.dataset.v = from.dataset.v;
      };
      select.addEventListener("change", () => {
        own.forEach(({ row, cells, verdict }) => {
          cells.forEach((cell, at) => fill(row.cells[at], cell));
          row.dataset.verdict = verdict;
        });
        const chosen = [...others.tBodies].find((other) => other.dataset.baseline === select.value);
        note.textContent = chosen ? "Post hoc: this baseline was chosen after the run. The planned baseline keeps its planned verdict, and the control is its control." : "";
        if (chosen) own.forEach(({ row }) => {
          if (row.dataset.verdict === "control") return;
          const from = rowsOf(chosen).find((other) => other.dataset.arm === row.dataset.arm);
          const isBaseline = row.dataset.arm === chosen.dataset.baseline;
          columns.slice(1).forEach((column, at) => {
            const cell = row.cells[column];
            if (from) fill(cell, from.cells[at + 1]);
            else {
              cell.textContent = at === 0 && isBaseline ? "baseline" : "";
              cell.className = at === 0 ? "baseline" : "n";
              if (at > 0) cell.dataset.v = "";
            }
          });
          row.dataset.verdict = row.cells[columns[1]].firstChild?.textContent ?? "none";
        });
        sort();
        filter();
      });
    });

    const controls = document.querySelector(".controls");
    const [text, verdict, block] = controls ? all("input,select", controls) : [];
    const filter = () => {
      if (!controls) return;
      const wanted = text.value.trim().toLowerCase();
      let shown = 0, count = 0;
      bodies.forEach((body) => {
        const rows = rowsOf(body);
        const fitting = rows.filter((row) => {
          const fits = (!wanted || row.cells[0].textContent.toLowerCase().includes(wanted))
            && (!verdict.value || row.dataset.verdict === verdict.value)
            && (!block.value || body.dataset.block === block.value);
          row.hidden = !fits;
          return fits;
        });
        body.hidden = fitting.length === 0;
        shown += fitting.length;
        count += rows.length;
      });
      document.getElementById("shown").textContent = shown === count ? "" : `${shown} of ${count} rows shown`;
    };
    if (controls) {
      [text, verdict, block].forEach((control) => control.addEventListener("input", filter));
      controls.hidden = false;
    }
  }

  // A link to a fold, or to something within one, opens it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let one = target; one; one = one.parentElement) if (one.matches("details")) one.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

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
        const fold = source.closest("details");
        if (fold) fold.open = true;
        source.scrollIntoView({ block: "nearest" });
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
