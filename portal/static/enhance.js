/* Open Emploi — améliorations progressives. Sans ce fichier, toutes les pages fonctionnent.
   Aucune dépendance, aucun style ni script en ligne (CSP : script-src 'self'; style-src 'self'). */
(() => {
  "use strict";
  const $$ = (s, r = document) => [...r.querySelectorAll(s)], root = document.documentElement;

  // Thème : témoin de préférence lu par le serveur, qui pose data-theme sans clignotement.
  // Sans JavaScript, le même lien ouvre la page « Apparence ».
  $$("[data-theme-toggle]").forEach((b) => {
    b.addEventListener("click", (e) => {
      e.preventDefault();
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax`;
    });
  });

  // Copier un extrait de code.
  $$("[data-copy]").forEach((b) => {
    if (!navigator.clipboard) return;
    b.hidden = false;
    const label = b.lastChild, old = label.textContent;
    b.addEventListener("click", async () => {
      await navigator.clipboard.writeText(b.closest("figure").querySelector("code").textContent);
      label.textContent = b.dataset.copied || old; setTimeout(() => { label.textContent = old; }, 1600);
    });
  });

  // Résumé d'erreurs : reçoit le focus au chargement, sauf celui du guide, qui est un exemple.
  document.querySelector("#erreurs:not(.guide *)")?.focus();

  // Onglet courant toujours visible dans une barre défilante.
  $$(".tabs, .site-nav, .side-nav ul").forEach((n) => {
    const c = n.querySelector("[aria-current]");
    if (c && n.scrollWidth > n.clientWidth) n.scrollLeft = c.offsetLeft - n.clientWidth / 3;
  });

  // Facettes : envoi automatique sur grand écran seulement.
  $$("[data-autosubmit]").forEach((f) => f.addEventListener("change", () => { if (!f.matches(".facets") || matchMedia("(min-width: 62em)").matches) f.requestSubmit(); }));

  // Filtres en plein écran : Échap les referme, comme le lien « Fermer » ; en sortir aussi.
  const filters = document.getElementById("filtres");
  const leave = () => { if (location.hash === "#filtres" && matchMedia("(max-width: 61.99em)").matches) location.hash = "resultats"; };
  if (filters) addEventListener("keydown", (e) => { if (e.key === "Escape") leave(); });
  filters?.addEventListener("focusout", (e) => { if (e.relatedTarget && !filters.contains(e.relatedTarget)) leave(); });

  // Compteurs de caractères.
  $$("textarea[maxlength]").forEach((t) => {
    const out = t.parentElement.querySelector(".count");
    if (out) t.addEventListener("input", () => { out.textContent = (out.dataset.text || "{n} / {max}").replace("{n}", t.value.length.toLocaleString(root.lang)).replace("{max}", (+t.maxLength).toLocaleString(root.lang)); });
  });

  // Zone de dépôt.
  $$("[data-drop]").forEach((z) => {
    const input = z.querySelector("input");
    for (const e of ["dragover", "dragleave", "drop"]) z.addEventListener(e, (ev) => {
      ev.preventDefault(); z.classList.toggle("over", e === "dragover");
      if (e === "drop") input.files = ev.dataTransfer.files;
    });
  });

  // Fragment mis à jour par le serveur (état d'une soumission) ; s'arrête si l'onglet est masqué.
  $$("[data-poll]").forEach((el) => {
    const tick = async () => {
      if (!document.hidden) {
        const r = await fetch(el.dataset.poll, { headers: { "X-Fragment": "1" } }).catch(() => null);
        if (r && !r.ok && r.status < 500) return;
        if (r?.ok) { const html = await r.text(); if (html !== el.innerHTML) el.innerHTML = html; }
        if (el.querySelector("[data-final]")) return;
      }
      setTimeout(tick, 2000);
    };
    if (!el.querySelector("[data-final]")) setTimeout(tick, 2000);
  });

  // File de relecture : flèches, ou j et k, d'une fiche à l'autre, seulement quand l'une a le focus.
  $$("[data-walk]").forEach((list) => list.addEventListener("keydown", (e) => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[e.key], links = $$("a", list), at = links.indexOf(e.target);
    if (!step || at < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault(); links[at + step]?.focus();
  }));

  // Suggestions : motif combobox ; le serveur renvoie un fragment de [role=option].
  $$("input[data-suggest]").forEach((input) => {
    if (!input.dataset.suggest) return;
    const list = Object.assign(document.createElement("div"), { className: "suggest", id: input.id + "-liste", hidden: true });
    list.setAttribute("role", "listbox"); list.setAttribute("aria-label", input.dataset.suggestLabel || "Suggestions");
    input.form.append(list);
    Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" }).forEach(([k, v]) => input.setAttribute(k, v));
    let timer, cur = -1, ctl;
    const opts = () => $$("[role=option]", list);
    const show = (on) => { list.hidden = !on; input.setAttribute("aria-expanded", on); if (!on) { cur = -1; input.removeAttribute("aria-activedescendant"); } };
    const move = (d) => {
      const o = opts(); if (!o.length) return;
      o[cur]?.removeAttribute("aria-selected"); cur = (cur + d + o.length) % o.length;
      o[cur].setAttribute("aria-selected", "true"); o[cur].id ||= list.id + cur;
      input.setAttribute("aria-activedescendant", o[cur].id); o[cur].scrollIntoView({ block: "nearest" });
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (input.value.trim().length < 2) return show(false);
      timer = setTimeout(async () => {
        ctl?.abort(); ctl = new AbortController();
        const r = await fetch(input.dataset.suggest + encodeURIComponent(input.value), { signal: ctl.signal }).catch(() => null);
        if (!r?.ok) return show(false);
        list.innerHTML = await r.text(); cur = -1; show(opts().length > 0);
      }, 140);
    });
    input.addEventListener("keydown", (e) => {
      if (e.key === "Escape") { if (!list.hidden) e.preventDefault(); show(false); return; }
      if (list.hidden) return;
      if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); move(e.key === "ArrowDown" ? 1 : -1); }
      if (e.key === "Enter" && cur >= 0) { e.preventDefault(); opts()[cur].click(); }
    });
    list.addEventListener("mousedown", (e) => e.preventDefault());
    list.addEventListener("click", (e) => { const o = e.target.closest("[role=option]"); if (o?.dataset.href) location.href = o.dataset.href; });
    input.addEventListener("blur", () => show(false));
  });

  // Enregistrement de lui-même : dit quand il n'a pas eu lieu ; le suivant remet l'heure.
  for (const e of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) root.addEventListener(e, (ev) => {
    const said = ev.target.closest("[data-unsaved]")?.dataset.unsaved, out = document.getElementById("enregistre");
    if (said && out) out.textContent = said;
  });
})();
