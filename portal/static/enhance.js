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

  // Menus discrets : Échap, ou un clic ailleurs, les referme.
  for (const kind of ["click", "keydown"]) addEventListener(kind, (e) => $$("details.menu[open]").forEach((m) => {
    if (kind === "click" ? m.contains(e.target) : e.key !== "Escape") return;
    m.open = false; if (kind === "keydown") m.querySelector("summary").focus();
  }));

  // Résumé d'erreurs : reçoit le focus au chargement ; ce qu'il ne dit plus part aussi des champs.
  document.getElementById("erreurs")?.focus();
  root.addEventListener("htmx:oobAfterSwap", () => $$("#ecrire [aria-invalid=true]").forEach((f) => {
    if (document.querySelector(`#points :is([href="#${f.id}"],[href="#${f.id}_0"])`)) return;
    f.removeAttribute("aria-invalid"); document.getElementById(f.id + "_error")?.replaceChildren();
  }));

  // Onglet courant toujours visible dans une barre défilante.
  $$(".tabs, .site-nav, .side-nav ul").forEach((n) => {
    const c = n.querySelector("[aria-current]");
    if (c && n.scrollWidth > n.clientWidth) n.scrollLeft = c.offsetLeft - n.clientWidth / 3;
  });

  // Fiche en lecture visible dans la file, qui défile seule.
  $$(".queue-list [aria-current]").forEach((a) => {
    const list = a.closest(".queue-list");
    if (list.scrollHeight > list.clientHeight) list.scrollTop = a.offsetTop - list.clientHeight / 3;
  });

  // Facettes : envoi automatique sur grand écran seulement.
  addEventListener("change", (e) => {
    const f = e.target.closest("[data-autosubmit]");
    if (!f || f.matches(".facets") && !matchMedia("(min-width: 62em)").matches) return;
    if (window.htmx && f.matches("[hx-get]")) htmx.trigger(f, "choose"); else f.requestSubmit();
  });

  // Liste changée sur place : le focus reste, là où il est à l'écran, et les facettes comme on les a pliées.
  let kept;
  const top = (id) => document.getElementById(id)?.getBoundingClientRect().top ?? 0;
  root.addEventListener("htmx:beforeSwap", () => {
    const at = document.activeElement?.id;
    kept = { at, top: top(at), folds: $$("details.facet").map((d) => [d.id, d.open]) };
  });
  root.addEventListener("htmx:afterSwap", (e) => {
    if (!document.getElementById("liste")?.contains(e.target)) return;
    for (const [id, open] of kept.folds) document.getElementById(id)?.toggleAttribute("open", open);
    document.getElementById(kept.at)?.focus({ preventScroll: true });
    scrollBy(0, top(kept.at) - kept.top);
  });

  // Filtres en plein écran : Échap les referme, comme le lien « Fermer » ; en sortir aussi.
  const leave = () => { if (location.hash === "#filtres" && matchMedia("(max-width: 61.99em)").matches) location.hash = "resultats"; };
  addEventListener("keydown", (e) => { if (e.key === "Escape") leave(); });
  addEventListener("focusout", (e) => { const f = e.target.closest("#filtres"); if (f && e.relatedTarget && !f.contains(e.relatedTarget)) leave(); });

  // Compteurs de caractères.
  $$("textarea[maxlength]").forEach((t) => {
    const out = t.parentElement.querySelector(".count");
    if (out) t.addEventListener("input", () => { out.textContent = (out.dataset.text || "{n} / {max}").replace("{n}", t.value.length.toLocaleString(root.lang)).replace("{max}", (+t.maxLength).toLocaleString(root.lang)); });
  });

  // Repli dont un choix rend des champs nécessaires.
  $$("[data-open-for]").forEach((fold) => fold.closest("form").addEventListener("change", (e) => {
    if (`${e.target.name}=${e.target.value}` === fold.dataset.openFor) fold.open = true;
  }));

  // Zone de dépôt.
  $$("[data-drop]").forEach((z) => {
    const input = z.querySelector("input");
    for (const e of ["dragover", "dragleave", "drop"]) z.addEventListener(e, (ev) => {
      ev.preventDefault(); z.classList.toggle("over", e === "dragover");
      if (e === "drop") { input.files = ev.dataTransfer.files; input.dispatchEvent(new Event("change")); }
    });
    if (!z.dataset.most) return;
    const said = Object.assign(document.createElement("p"), { className: "error", role: "alert" });
    z.after(said);
    input.addEventListener("change", () => {
      const large = [...input.files].find((f) => f.size > z.dataset.most);
      said.textContent = large ? `${large.name} : ${z.dataset.fault}` : "";
      if (large) input.value = "";
    });
  });

  // Champ de fichier : son bouton dans la langue de la page, puis le nom de ce qui est choisi.
  $$("[data-choose]").forEach((z) => {
    const input = z.querySelector("[type=file]"), name = document.createElement("span");
    input.before(Object.assign(document.createElement("label"), { className: "btn", htmlFor: input.id, textContent: z.dataset.choose }));
    input.classList.add("vh"); input.after(name);
    input.addEventListener("change", () => { name.textContent = [...input.files].map((f) => f.name).join(", "); });
  });

  // Fichier envoyé dès qu’il est choisi : son bouton ne sert que sans script.
  $$("[data-on-choice]").forEach((b) => {
    b.hidden = true;
    document.getElementById(b.dataset.onChoice).addEventListener("change", (e) => {
      e.stopPropagation();
      if (e.target.value) b.form.requestSubmit(b);
    });
  });

  // Ce qui dépend d’un choix : de ces blocs, celui du choix qui est fait.
  addEventListener("change", (e) => $$(`[data-of^="${e.target.name}="]`).forEach((b) => {
    b.hidden = b.dataset.of !== `${e.target.name}=${e.target.value}`;
  }));

  // Fragment mis à jour par le serveur (état d'une soumission) ; s'arrête si l'onglet est masqué.
  // Quand l'attente finit, les blocs [data-renew] de la page suivent ; ce qui est saisi ailleurs reste.
  const renew = async () => {
    const blocks = $$("[data-renew]"), r = blocks.length ? await fetch(location.href).catch(() => null) : null;
    if (!r?.ok) return;
    const page = new DOMParser().parseFromString(await r.text(), "text/html");
    blocks.forEach((b) => { const now = page.getElementById(b.id); if (now && now.innerHTML !== b.innerHTML) b.innerHTML = now.innerHTML; });
  };
  $$("[data-poll]").forEach((el) => {
    const tick = async () => {
      if (!document.hidden) {
        const r = await fetch(el.dataset.poll, { headers: { "X-Fragment": "1" } }).catch(() => null);
        if (r && !r.ok && r.status < 500) return;
        if (r?.ok) { const html = await r.text(); if (html !== el.innerHTML) el.innerHTML = html; }
        const end = el.querySelector("[data-final]");
        if (end?.hasAttribute("data-reload")) location.reload();
        if (end) return renew();
      }
      setTimeout(tick, 2000);
    };
    if (!el.querySelector("[data-final]")) setTimeout(tick, 2000);
  });

  // Vérifier seulement : le résultat paraît sur place et le fichier choisi reste, prêt à partir.
  $$("form[data-check]").forEach((form) => form.addEventListener("submit", async (e) => {
    const only = form.elements.check_only;
    if (!only?.checked || !form.elements.file.value) return;
    e.preventDefault();
    const r = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    const page = r && new DOMParser().parseFromString(await r.text(), "text/html");
    const now = page?.getElementById(form.dataset.check), place = document.getElementById(form.dataset.check);
    if (!now?.childElementCount) return form.submit();
    place.innerHTML = now.innerHTML;
    only.checked = false;
    $$("[data-kept]", place).forEach((again) => { again.hidden = false; });
    place.tabIndex = -1; place.focus();
  }));

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
    ev.target.closest("[data-autosubmit]")?.submit();
  });
})();
