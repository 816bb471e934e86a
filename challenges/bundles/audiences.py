"""Read the list of files: where each is, who may read it, what it is for."""

from challenges.bundles import spec
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.scoring.fields import MISSING, Fields

NEEDED = (spec.Role.TEST, spec.Role.SAMPLE_SUBMISSION, spec.Role.TRUTH)
# What a challenge needs where teams send code, and who reads it.
CODE_NEEDED = (
    spec.Role.HIDDEN_INPUTS, spec.Role.SAMPLE_INPUTS, spec.Role.SAMPLE_SUBMISSION, spec.Role.TRUTH,
)  # fmt: skip
CODE_ONLY = {
    spec.Role.HIDDEN_INPUTS: spec.Audience.HELD_OUT,
    spec.Role.SAMPLE_INPUTS: spec.Audience.PUBLIC,
    spec.Role.SAMPLE_ANSWERS: spec.Audience.PUBLIC,
}
MAX_PAGE_BYTES, MAX_PAGE_CHARS = 100_000, 20_000


def files(top: Fields, folder: Folder, *, code: bool = False) -> tuple[spec.FileEntry, ...]:
    """Read every declared file; returns those that are there, whatever else is wrong.

    code: teams send programs, whose inputs are held out.
    """
    block = top.mapping("files")
    for key in sorted(set(block.values) - {audience.value for audience in spec.Audience}):
        block.refuse(MISSING, "publics admis : public, held_out, organiser", key=key)
    found: list[spec.FileEntry] = []
    declared: set[spec.Role] = set()
    for audience in spec.Audience:
        for one in block.items(audience.value):
            entry = _entry(one, audience, declared)
            if entry is not None and present(one, "path", folder) and _fresh(one, entry, found):
                _rows(one, entry, folder)
                found.append(entry)
    for role in CODE_NEEDED if code else NEEDED:
        if block.values and role not in declared:
            block.refuse("E_FILE_ROLE", "un fichier de ce rôle est attendu", value=role.value)
    _truth_hidden(top, found, folder)
    _of_code(top, block, found, folder, code=code)
    return tuple(found)


def _of_code(
    top: Fields, block: Fields, found: list[spec.FileEntry], folder: Folder, *, code: bool
) -> None:
    """Note a file of code in a challenge of predictions, or one shown to the wrong readers."""
    for entry in found:
        audience = CODE_ONLY.get(entry.role)
        if not code and audience is not None:
            block.refuse(
                "E_FILE_ROLE",
                "ce rôle va avec la clé « code », pour un challenge où les équipes envoient "
                "un programme",
                value=entry.role.value,
            )
        elif code and entry.role is spec.Role.TEST:
            block.refuse(
                "E_FILE_ROLE",
                "avec la clé « code », la table à prédire a le rôle hidden_inputs et reste scellée",
                value=entry.role.value,
            )
        elif code and entry.role is spec.Role.BASELINE_SUBMISSION and not _is_zip(entry):
            block.refuse(
                "E_FILE_ROLE",
                "avec la clé « code », la solution de référence est une archive .zip de code",
                value=entry.path,
            )
        elif audience is not None and entry.audience is not audience:
            hidden = entry.role is spec.Role.HIDDEN_INPUTS
            block.refuse(
                "E_TRUTH_PUBLIC" if hidden else "E_FILE_ROLE",
                f"un fichier de ce rôle est sous files.{audience.value}",
                value=entry.role.value,
            )
        elif entry.role is spec.Role.HIDDEN_INPUTS:
            _not_copied(top, entry, found, folder)


def present(one: Fields, key: str, folder: Folder) -> bool:
    """Say whether the path at `key` names a file of the folder, and note it if not."""
    path = one.values.get(key)
    try:
        folder.locate(path)
    except PathRefused:
        one.refuse(
            "E_FILE_PATH",
            "chemin relatif attendu, dans le dossier, sans « .. » ni lien",
            key=key,
            value=path,
        )
    except FileAbsent:
        one.refuse("E_FILE_MISSING", "fichier absent du dossier", key=key, value=path)
    else:
        return True
    return False


def page(top: Fields, key: str, folder: Folder, *, inline: bool = False) -> str:
    """Read a Markdown file named at `key`; `inline`: a text that names no .md file is itself."""
    path = top.text(key)
    if not path or (inline and ("\n" in path or not path.endswith(".md"))):
        return path
    if not present(top, key, folder):
        return ""
    try:
        text = folder.read(path, limit_bytes=MAX_PAGE_BYTES).decode("utf-8-sig")
    except (TableRefused, UnicodeDecodeError):
        text = "\0"
    if "\0" in text or len(text) > MAX_PAGE_CHARS:
        top.refuse(
            MISSING,
            f"texte UTF-8 de {MAX_PAGE_CHARS} caractères au plus attendu",
            key=key,
            value=path,
        )
        return ""
    return text


def _is_zip(entry: spec.FileEntry) -> bool:
    return entry.path.lower().endswith(".zip")


def _entry(one: Fields, audience: spec.Audience, declared: set[spec.Role]) -> spec.FileEntry | None:
    """Read one entry and note a role that is unknown or already played."""
    roles = tuple(role.value for role in spec.Role)
    name = one.text("role", code="E_FILE_ROLE")
    if name not in roles:
        one.refuse("E_FILE_ROLE", f"rôles admis : {', '.join(roles)}", key="role", value=name)
        role = spec.Role.EXTRA
    else:
        role = spec.Role(name)
    if role in declared and role is not spec.Role.EXTRA:
        one.refuse("E_FILE_ROLE", "rôle déjà donné à un autre fichier", key="role", value=name)
        role = spec.Role.EXTRA
    declared.add(role)
    path = one.values.get("path")
    return spec.FileEntry(
        path=path if isinstance(path, str) else "",
        role=role,
        audience=audience,
        rows=one.whole("rows", code="E_FILE_ROWS"),
        args=one.texts("args"),
    )


def _fresh(one: Fields, entry: spec.FileEntry, found: list[spec.FileEntry]) -> bool:
    """Note a path listed twice; held out and public at once is the graver fault."""
    earlier = next((other for other in found if other.path == entry.path), None)
    if earlier is None:
        return True
    audiences = {earlier.audience, entry.audience}
    if audiences == {spec.Audience.PUBLIC, spec.Audience.HELD_OUT}:
        one.refuse(
            "E_TRUTH_PUBLIC",
            "fichier à la fois public et tenu à l’écart",
            key="path",
            value=entry.path,
        )
    else:
        one.refuse("E_FILE_TWICE", "fichier déclaré deux fois", key="path", value=entry.path)
    return False


def _rows(one: Fields, entry: spec.FileEntry, folder: Folder) -> None:
    """Compare the declared number of rows with the table."""
    if entry.rows is None or not entry.path.lower().endswith(".csv"):
        return
    try:
        counted = folder.rows(entry.path)
    except TableRefused as refusal:
        one.refuse("E_FILE_ROWS", str(refusal), key="rows", value=entry.path)
        return
    if counted != entry.rows:
        one.refuse(
            "E_FILE_ROWS",
            f"{entry.path} compte {counted} lignes, {entry.rows} annoncées",
            key="rows",
            value=entry.rows,
        )


def _truth_hidden(top: Fields, found: list[spec.FileEntry], folder: Folder) -> None:
    """Note a truth that teams could read: listed elsewhere than held out, or copied."""
    truth = next((entry for entry in found if entry.role is spec.Role.TRUTH), None)
    block = top.mapping("truth")
    named = block.text("file")
    if truth is None:
        named_public = any(
            entry.path == named and entry.audience is spec.Audience.PUBLIC for entry in found
        )
        if named_public:
            block.refuse("E_TRUTH_PUBLIC", "la vérité est publique", key="file", value=named)
        return
    if truth.audience is not spec.Audience.HELD_OUT:
        block.refuse(
            "E_TRUTH_PUBLIC",
            "le fichier de vérité doit être sous files.held_out",
            key="file",
            value=truth.path,
        )
    elif named and named != truth.path:
        block.refuse(
            "E_TRUTH_PUBLIC",
            f"le fichier de rôle truth est {truth.path}",
            key="file",
            value=named,
        )
    _not_copied(top, truth, found, folder)


def _not_copied(
    top: Fields, held: spec.FileEntry, found: list[spec.FileEntry], folder: Folder
) -> None:
    """Note a public file whose bytes are those of a held-out one, under another name."""
    kind = "de la vérité" if held.role is spec.Role.TRUTH else "des entrées réservées"
    size = folder.locate(held.path).stat().st_size
    for entry in found:
        same_size = (
            entry.audience is spec.Audience.PUBLIC
            and entry.path != held.path
            and folder.locate(entry.path).stat().st_size == size
        )
        if same_size and folder.sha256(entry.path) == folder.sha256(held.path):
            top.refuse(
                "E_TRUTH_PUBLIC",
                f"ce fichier public est une copie {kind}",
                key="files.public",
                value=entry.path,
            )
