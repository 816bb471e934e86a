"""Read a portable challenge folder: one report with every fault, and the spec if there is none."""

from collections.abc import Sequence
from pathlib import Path

from challenges.bundles import audiences, code, contents, document, spec
from challenges.bundles.contract import read_contract
from challenges.bundles.folder import Folder
from challenges.bundles.foreign.blocks import load
from challenges.scoring.contract import Attribute
from challenges.scoring.fields import Fields, Findings


def read_challenge(folder: Path) -> spec.Report:
    """Read `folder`/challenge.yaml and compare it with the files beside it.

    Writes nothing, and does not score again what is recorded: see `recorded.check`. The causes
    are those of format version 1, in the order of the checks.
    """
    findings, place = Findings(), Folder(folder)
    found = load(place, spec.CHALLENGE_FILE, findings, ours=True)
    if found is None:
        return spec.Report(tuple(findings.errors), tuple(findings.warnings), None)
    top = Fields(findings, found.values, "", file=spec.CHALLENGE_FILE)
    document.unknown(top)
    if not document.is_ours(top):
        return spec.Report(tuple(findings.errors), tuple(findings.warnings), None)
    result = _spec(top, place)
    return spec.Report(
        tuple(findings.errors), tuple(findings.warnings), None if findings.errors else result
    )


def _spec(top: Fields, folder: Folder) -> spec.PortableSpec:
    """Run every check in order; the result counts only if no fault was noted."""
    document.required(top)
    said = document.texts(top)
    page_text = audiences.page(top, "page", folder)
    terms_text = audiences.page(top, "terms", folder, inline=True)
    rules = code.rules(top)
    files = audiences.files(top, folder, code=rules is not None)
    contract = read_contract(top)
    contents.check(_tables(top, files, folder, rules), contract)
    quotas, schedule = document.quotas(top), document.schedule(top)
    caveats = document.caveats(top)
    licence = document.licence(top)
    document.prizes(top, caveats)
    expected = document.expected(top)
    if expected is not None and rules is not None:
        top.refuse(
            "E_SCORES",
            "aucun programme n’est lancé à l’import : retirez cette clé",
            key="expected",
        )
    elif expected is not None:
        audiences.present(top.mapping("expected"), "file", folder)
    return spec.PortableSpec(
        **said,  # type: ignore[arg-type] # one value a field, read just above
        files=_with_sources(files, contract.attributes),
        contract=contract,
        quotas=quotas,
        licence=licence,
        leaderboard=document.leaderboard(top),
        schedule=schedule,
        page=top.optional("page"),
        page_text=page_text,
        terms_text=terms_text,
        caveats=caveats,
        provenance=document.provenance(top),
        expected=expected,
        code=rules,
        raw=dict(top.values),
    )


def _tables(
    top: Fields, files: tuple[spec.FileEntry, ...], folder: Folder, rules: code.CodeRules | None
) -> contents.Tables:
    paths = {entry.role: entry.path for entry in files}
    return contents.Tables(
        folder=folder,
        findings=top.findings,
        test=paths.get(spec.Role.HIDDEN_INPUTS if rules else spec.Role.TEST),
        sample=paths.get(spec.Role.SAMPLE_SUBMISSION),
        truth=paths.get(spec.Role.TRUTH),
        inputs=paths.get(spec.Role.SAMPLE_INPUTS) if rules else None,
        answers=paths.get(spec.Role.SAMPLE_ANSWERS) if rules else None,
        is_code=rules is not None,
    )


def _with_sources(
    files: tuple[spec.FileEntry, ...], attributes: Sequence[Attribute]
) -> tuple[spec.FileEntry, ...]:
    """Hold out a table of attributes that no audience was declared for."""
    declared = {entry.path for entry in files} | {"truth", ""}
    more = dict.fromkeys(
        attribute.source for attribute in attributes if attribute.source not in declared
    )
    return files + tuple(
        spec.FileEntry(path, spec.Role.ATTRIBUTES, spec.Audience.HELD_OUT) for path in more
    )
