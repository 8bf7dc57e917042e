// Queries of tests to a page. Boxes are in CSS pixels.
globalThis.probe = {
  // Opens all folds: what is in a closed one has no boxes.
  unfold: () => document.querySelectorAll("details").forEach((one) => { one.open = true; }),

  // Labels of figures that overflow their figure, or overlap.
  async labels() {
    probe.unfold();
    await document.fonts.ready;
    const wrong = [];
    document.querySelectorAll("figure svg").forEach((svg, at) => {
      const frame = svg.getBoundingClientRect();
      const labels = [...svg.querySelectorAll("text")].map((text) => {
        const box = text.getBoundingClientRect();
        return { text: text.textContent, left: box.left, right: box.right, top: box.top, bottom: box.bottom };
      }).filter((one) => one.right > one.left);
      const half = 0.5;
      labels.forEach((one, i) => {
        if (one.left < frame.left - half || one.right > frame.right + half || one.top < frame.top - half || one.bottom > frame.bottom + half)
          wrong.push(`figure ${at}: "${one.text}" is clipped`);
        labels.slice(i + 1).forEach((other) => {
          const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
          // The box of a line is higher than its letters.
          const slack = 0.3 * Math.min(one.bottom - one.top, other.bottom - other.top);
          const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
          if (wide > half && high > slack) wrong.push(`figure ${at}: "${one.text}" lies on "${other.text}"`);
        });
      });
    });
    return wrong;
  },

  // Overflow of the page beyond the window, and the elements that cause it.
  width() {
    probe.unfold();
    const inner = document.documentElement.clientWidth;
    // The table of results fits without scrolling.
    const results = [...document.querySelectorAll("#verdicts")].filter((one) => one.parentElement.scrollWidth > one.parentElement.clientWidth);
    const beyond = [...document.body.querySelectorAll("*")].filter((one) => {
      if (one.closest(".scroll, .picture, pre") !== null && !one.matches(".scroll, .picture, pre")) return false;
      return one.getBoundingClientRect().right > inner + 1;
    });
    return { window: innerWidth, inner, scroll: document.documentElement.scrollWidth, beyond: [...results, ...beyond].slice(0, 5).map((one) => one.outerHTML.slice(0, 120)) };
  },

  // True if the ratios in the drawing for such screens are only visible after scrolling, and the size of its smallest
  // letters; null if the window does not show it.
  drawing(screens) {
    const svg = document.querySelector(`figure.${screens} svg`), picture = svg.closest(".picture");
    if (!svg.getClientRects().length) return null;
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const sizes = [...svg.querySelectorAll("text")].map((text) => Number(text.getAttribute("font-size")));
    return { scrolls: picture.scrollWidth > picture.clientWidth, smallest: Math.min(...sizes) * scale };
  },

  // Headings out of order, figures without a name, controls without a label.
  structure() {
    const wrong = [];
    let last = 0;
    document.querySelectorAll("h1,h2,h3,h4,h5,h6").forEach((heading) => {
      const level = Number(heading.tagName[1]);
      if (level > last + 1) wrong.push(`h${level} "${heading.textContent}" after h${last}`);
      if (!heading.textContent.trim()) wrong.push(`an empty h${level}`);
      last = level;
    });
    if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
    document.querySelectorAll("figure").forEach((figure) => {
      if (!figure.getAttribute("aria-label")) wrong.push("a figure without a name");
    });
    document.querySelectorAll("button,input,select,textarea").forEach((control) => {
      const label = control.getAttribute("aria-label") || control.labels?.[0]?.textContent || (control.matches("button") && control.textContent);
      if (!label?.trim()) wrong.push(`no label: ${control.outerHTML.slice(0, 100)}`);
    });
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => wrong.push(`two with the id ${id}`));
    if (!document.documentElement.lang || !document.title.trim()) wrong.push("no language or no title");
    return wrong;
  },

  // Text with a contrast to its background below 4.5, as computed by WCAG 2.
  contrast() {
    const parse = (text) => {
      const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
      return { r, g, b, a };
    };
    const over = (top, below) => ({
      r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1,
    });
    const light = ({ r, g, b }) => {
      const part = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = (element) => {
      const layers = [];
      for (let one = element; one; one = one.parentElement) {
        const colour = parse(getComputedStyle(one).backgroundColor);
        if (colour.a > 0) layers.push(colour);
        if (colour.a === 1) break;
      }
      return layers.reduceRight((below, top) => over(top, below), { r: 255, g: 255, b: 255, a: 1 });
    };
    const seen = new Set(), wrong = [];
    let looked = 0;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.textContent.trim() || seen.has(element) || element.closest("script,style,title,desc,[hidden]")) continue;
      seen.add(element);
      const style = getComputedStyle(element);
      const inFigure = element instanceof SVGElement;
      const back = behind(element);
      const colour = over(parse(inFigure ? style.fill : style.color), back);
      const [a, b] = [light(colour), light(back)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      looked += 1;
      if (ratio < 4.5) wrong.push(`${ratio.toFixed(2)}: "${node.textContent.trim().slice(0, 40)}"`);
    }
    return { looked, wrong };
  },

  // The cells of a column in their current order, by comparison: numbers if it is sorted by numbers.
  column(at) {
    return [...document.getElementById("verdicts").tBodies].map((body) => [...body.rows].slice(1).map((row) => {
      const cell = row.cells[at];
      return cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v === "" ? null : Number(cell.dataset.v);
    }));
  },

  // Words and numbers of the table of results that take more than a line.
  broken: () => [...document.querySelectorAll("#verdicts td, #verdicts thead th:not(.n)")].filter((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    const lines = range.getBoundingClientRect().height / parseFloat(getComputedStyle(cell).fontSize);
    return !cell.querySelector("br") && lines > 2;
  }).map((cell) => cell.textContent),

  heads: () => [...document.querySelectorAll("#verdicts thead th")].map((head) => ({
    name: head.textContent, sorted: head.getAttribute("aria-sort"),
  })),

  press: (at) => document.querySelectorAll("#verdicts thead button")[at].click(),

  // Sets a control. Returns the visible rows.
  filter(at, value) {
    const control = document.querySelectorAll(".controls input, .controls select")[at];
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    return probe.rows();
  },

  // The visible rows of the table.
  rows: () => [...document.querySelectorAll("#verdicts tbody tr:not(.group)")].filter((row) => row.offsetParent !== null)
    .map((row) => ({
      name: row.cells[0].textContent, result: row.cells[1].textContent, verdict: row.dataset.verdict,
      block: row.parentElement.dataset.block, text: [...row.cells].map((cell) => cell.textContent.trim()).join(" | "),
    })),

  // Chooses the baseline of the first comparison that has a choice; an index into its list. Returns the notes.
  baseline(index) {
    const select = document.querySelector(".baselines select");
    select.selectedIndex = index;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    return {
      choices: [...select.options].map((option) => option.textContent),
      note: select.closest("th").querySelector(".post-hoc").textContent, block: select.closest("tbody").dataset.block,
    };
  },

  // Position of the middle of a figure's nth tooltip area in the window, and all of its texts.
  tips(figure, nth) {
    const one = document.querySelectorAll("figure[data-tips]")[figure];
    const told = JSON.parse(document.getElementById(one.dataset.tips).textContent);
    if (!told.parts.length) return null;
    // A point has one position, an area two corners.
    const tips = told.parts.map((part) => {
      const [name, text] = part.slice(-2), [x0, y0, x1 = x0, y1 = y0] = part.slice(0, -2);
      return [x0, y0, x1, y1, `${told.names[name]}: ${text}`];
    });
    const svg = one.querySelector("svg");
    // The window shows only one of two drawings of the same data.
    if (!svg.getClientRects().length) return null;
    svg.scrollIntoView({ block: "center", behavior: "instant" });
    const box = svg.getBoundingClientRect(), scale = box.width / Number(svg.getAttribute("viewBox").split(" ")[2]);
    const [x0, y0, x1, y1] = tips[nth];
    return { x: box.left + (x0 + x1) / 2 * scale, y: box.top + (y0 + y1) / 2 * scale, texts: tips.map((tip) => tip[4]) };
  },

  // The current tooltip of a figure, and whether it is in the window.
  told(figure) {
    const tip = document.querySelectorAll("figure[data-tips]")[figure].querySelector(".tip");
    if (!tip || tip.hidden) return null;
    const box = tip.getBoundingClientRect();
    return { text: tip.textContent, inside: box.left >= -1 && box.right <= document.documentElement.clientWidth + 1 };
  },

  focus: (figure) => document.querySelectorAll("figure[data-tips]")[figure].focus(),

  // The middle of the first copy button that this selects.
  copier(selector) {
    const button = document.querySelector(selector);
    button.scrollIntoView({ block: "center", behavior: "instant" });
    const box = button.getBoundingClientRect();
    return { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2, lines: document.getElementById(button.dataset.copies).textContent };
  },

  async copied(selector) {
    const says = document.querySelector(selector).textContent;
    return { says, text: says === "Copied" ? await navigator.clipboard.readText() : getSelection().toString() };
  },
};
