"use strict";
// What each panel shows for the values of its controls. All numbers come from `theory`.

const steps = (low, high, count) => Array.from({ length: count }, (_, k) => low + ((high - low) * k) / (count - 1));
const decades = (low, high, count) => steps(Math.log10(low), Math.log10(high), count).map((x) => 10 ** x);
const at = (id) => document.getElementById(id);

/** Tells screen readers the outcome once the controls are at rest. */
const waits = {};
function say(panel, text) {
  clearTimeout(waits[panel]);
  waits[panel] = setTimeout(() => { at(`${panel}-status`).textContent = text; }, 600);
}

/** Values of a form's controls: numbers for sliders, text for choices. */
function settings(form) {
  const values = {};
  for (const control of form.elements) {
    if (control.tagName === "SELECT") values[control.name] = control.value;
    if (control.type !== "range") continue;
    const number = Number(control.value);
    values[control.name] = "log" in control.dataset ? 10 ** number : number;
    const text = shown(values[control.name]);
    control.previousElementSibling.value = text;
    control.setAttribute("aria-valuetext", text);
  }
  return values;
}

const panels = {
  ridge(v) {
    const d = theory.eigenvalues(v.spectrum, v.size, v.condition);
    const energy = theory.energies(v.signal, v.size);
    const omega = theory.metric(v.metric, d);
    const risk = (lam, xi, noise = v.noise) => theory.risk(d, energy, omega, noise, lam, xi);
    const best = (lam, noise = v.noise) => theory.optimal_xi(d, energy, omega, noise, lam);
    const xi = best(v.lam);
    const [zero, one, quiet, loud] = theory.noise_thresholds(d, energy, omega, v.lam);
    const teacher = risk(v.lam, 0), student = risk(v.lam, xi), pure = risk(v.lam, 1);
    numbersTable(at("ridge-numbers"), "At this penalty and noise", ["Quantity", "Value"], [
      ["Best weight xi", xi],
      ["Risk of the teacher, xi = 0", teacher],
      ["Risk of the pure student, xi = 1", pure],
      ["Risk of the best student", student],
      ["Share of the teacher's risk removed", 1 - student / teacher],
      ["Noise above which xi > 0", zero],
      ["Noise above which xi > 1", one],
      ["Best weight without noise", quiet],
      ["Best weight for noise alone", loud],
    ]);
    say("ridge", `Best weight ${shown(xi)}, risk ${shown(student)}, teacher ${shown(teacher)}.`);
    const reach = Math.max(1.2, Math.abs(xi - 0.5) * 1.4);
    lineChart(at("ridge-weights"), {
      title: "Risk against the weight", summary: `A parabola, smallest at xi = ${shown(xi)}.`,
      xlabel: "weight xi on the teacher", ylabel: "risk",
      curves: [{ label: "risk", points: steps(0.5 - reach, 0.5 + reach, 121).map((x) => [x, risk(v.lam, x)]) }],
      marks: [{ label: "xi = 0, the teacher", x: 0, kind: "mark m0" }, { label: "xi = 1, the pure student", x: 1, kind: "mark m1" }],
      dots: [{ x: xi, y: student }],
    });
    const lams = decades(1e-6, 1e2, 121);
    lineChart(at("ridge-penalties"), {
      title: "Risk against the penalty", summary: "The best student is never worse than the teacher.",
      xlabel: "penalty lam", ylabel: "risk", xlog: true, ylog: true,
      curves: [
        { label: "teacher", points: lams.map((lam) => [lam, risk(lam, 0)]) },
        { label: "pure student", points: lams.map((lam) => [lam, risk(lam, 1)]) },
        { label: "best student", points: lams.map((lam) => [lam, risk(lam, best(lam))]) },
      ],
      marks: [{ label: "chosen penalty", x: v.lam, kind: "mark m0" }],
      dots: [{ x: v.lam, y: student }],
    });
    lineChart(at("ridge-noise"), {
      title: "Best weight against the noise", summary: `It passes 0 at ${shown(zero)} and 1 at ${shown(one)}.`,
      xlabel: "noise variance", ylabel: "best weight xi", xlog: true,
      curves: [{ label: "best weight", points: decades(1e-6, 1e2, 161).map((noise) => [noise, best(v.lam, noise)]) }],
      marks: [{ label: "xi passes 0", x: zero, kind: "mark m0" }, { label: "xi passes 1", x: one, kind: "mark m1" }],
      levels: [0, 1],
      dots: [{ x: v.noise, y: xi }],
    });
  },

  jepa(v) {
    const high = Math.max(v.high, v.low + 0.01);
    const rho = steps(v.low, high, v.features).reverse();
    const covariance = rho.map((r) => r ** v.power);
    const times = (objective, depth = v.depth, scale = v.scale) =>
      rho.map((r, k) => theory.critical_time(covariance[k], r, depth, scale, v.fraction, objective));
    const jepa = times("jepa"), mae = times("mae");
    const place = (list, k) => (list[k] === Infinity ? "\u2013" : 1 + list.filter((t) => t < list[k]).length);
    numbersTable(at("jepa-numbers"), `Learned at ${shown(v.fraction)} of the final size`,
      ["rho", "Covariance", "Time, JEPA", "Place", "Time, MAE", "Place"],
      rho.map((r, k) => [shown(r), covariance[k], jepa[k], place(jepa, k), mae[k], place(mae, k)]));
    const first = (list) => (list.some(Number.isFinite) ? `rho ${shown(rho[list.indexOf(Math.min(...list))])}` : "none");
    say("jepa", `Learned first: by JEPA ${first(jepa)}, by MAE ${first(mae)}.`);
    const horizon = (list) => Math.max(...list.filter(Number.isFinite)) * 1.25;
    const curve = (r, k) => {
      const start = theory.layer_share(r, v.depth, v.scale, "jepa");
      if (start >= 1) return [];
      const end = 1 - 1e-4;
      const points = steps(start, end, 120).map((x) => [x ** v.depth, theory.time_between(covariance[k], r, v.depth, start, x, "jepa")]);
      return [[v.scale / r ** v.depth, 0], ...points.slice(1)].map(([size, time]) => [time, size]);
    };
    const last = horizon(jepa);
    const curves = rho.map((r, k) => ({ label: `rho ${shown(r)}`, points: curve(r, k).filter(([t]) => t <= last) }));
    const learned = curves.filter((c) => c.points.length > 1);
    if (learned.length) {
      lineChart(at("jepa-curves"), {
        title: "Learning curves of JEPA", summary: "Size of each feature over its final size, against time.",
        xlabel: "time", ylabel: "size over final size", yrange: [0, 1], levels: [v.fraction],
        curves: curves.map((c) => (c.points.length > 1 ? c : { label: `${c.label}: never`, points: [] })),
      });
    } else at("jepa-curves").textContent = "No feature is learned from a start this large in an encoder this deep.";
    lineChart(at("jepa-times"), {
      title: "Learning time against rho", summary: "Rising curves: the feature with smaller rho comes first.",
      xlabel: "rho", ylabel: "time", ylog: true,
      curves: [{ label: "JEPA", points: rho.map((r, k) => [r, jepa[k] || NaN]) }, { label: "MAE", points: rho.map((r, k) => [r, mae[k] || NaN]) }],
    });
    const depths = Array.from({ length: 12 }, (_, k) => k + 1);
    mapChart(at("jepa-order"), {
      title: "Order in which JEPA learns, by depth and start", summary: "Where deep encoders and larger starts learn by rho.",
      xlabel: "layers of the encoder", ylabel: "size at the start",
      columns: depths, rows: decades(1e-6, 1e-1, 21), here: [v.depth, v.scale],
      value: (scale, depth) => {
        const list = times("jepa", depth, scale);
        const decided = new Set(list.filter((time) => time > 0)).size > 1;
        return decided ? theory.rank_agreement(list, rho) : null;
      },
      legend: [["largest rho first", 1], ["mixed", 0], ["smallest rho first", -1], ["no order", null]],
    });
  },

  logistic(v) {
    // What leaves the matrix of inner products positive semi-definite.
    const cross = Math.max(Math.min(v.cross, v.same), -v.same);
    const gains = (penalty) => [(1 - v.same) / (2 * v.n * penalty), (v.same - cross) / (2 * penalty)];
    const names = ["Teacher", "Student, 1 round", "Student, 2 rounds", "Student, 3 rounds"];
    const here = names.map((_, rounds) => theory.repaired_below(...gains(v.penalty), rounds));
    numbersTable(at("logistic-numbers"), "At this penalty", ["Model", "Repairs all flips below", `At ${shown(v.flipped)} flipped`],
      names.map((name, k) => [name, here[k], v.flipped < here[k] ? "all repaired" : "not all"]));
    say("logistic", `All flips repaired below ${shown(here[0])} by the teacher, below ${shown(here[1])} by its student.`);
    const penalties = decades(1e-4, 1, 41);
    const curves = names.slice(0, 3).map((label, rounds) => ({
      label, points: penalties.map((penalty) => [penalty, theory.repaired_below(...gains(penalty), rounds)]),
    }));
    lineChart(at("logistic-thresholds"), {
      title: "Fraction of flips that is repaired, against the penalty",
      summary: `Teacher below ${shown(here[0])}, student below ${shown(here[1])}.`,
      xlabel: "penalty", ylabel: "fraction of flipped labels", xlog: true, yrange: [0, 0.5], curves,
      band: { label: "the student repairs, the teacher does not", lower: curves[0].points, upper: curves[1].points },
      dots: [{ x: v.penalty, y: v.flipped }],
    });
  },
};

for (const [name, draw] of Object.entries(panels)) {
  const form = at(name).querySelector("form");
  let waiting = false;
  const update = () => { waiting = false; draw(settings(form)); };
  form.addEventListener("input", () => {
    if (!waiting) { waiting = true; requestAnimationFrame(update); }
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  update();
}
