"""What the command line says, in French and in English: one code, one sentence a language."""

import json
from collections.abc import Mapping

from challenges.client import reasons
from challenges.scoring.answer import ContractFault, UsageFault
from challenges.scoring.arrays.blob import BlobFault
from challenges.scoring.truth import TruthFault

LANGUAGES = ("fr", "en")
UNREADABLE = (
    ContractFault,
    TruthFault,
    BlobFault,
    OSError,
    KeyError,
    ValueError,
    ModuleNotFoundError,
)
# {detail} is the name at fault.
USAGE: Mapping[str, tuple[str, str]] = {
    "U_FILE": ("Fichier illisible : {detail}.", "Unreadable file: {detail}."),
    "U_FILES": (
        "Deux fichiers sont attendus : la vérité, puis les prédictions.",
        "Two files are expected: the truth, then the predictions.",
    ),
    "U_ONE_FILE": (
        "Un seul fichier est attendu avec --challenge.",
        "One file only is expected with --challenge.",
    ),
    "U_HOW": (
        "Dites comment noter : --metric, --spec ou --contract.",
        "Say how to score: --metric, --spec or --contract.",
    ),
    "U_PACKAGE": (
        "Ce n’est ni un dossier ni une archive zip lisible : {detail}.",
        "This is neither a folder nor a readable zip: {detail}.",
    ),
    "U_CODE_KIT": (
        "Il faut la trousse d’un challenge de code : lancez openemploi.pyz depuis son dossier, où "
        "se trouve code.json.",
        "The kit of a challenge of code is needed: run openemploi.pyz from its folder, where "
        "code.json is.",
    ),
    "U_TEMPLATE": (
        "Dites quel format est attendu : un exemple de soumission, ou le format.json d’une "
        "trousse.",
        "Say which format is expected: a sample submission, or the format.json of a kit.",
    ),
    "U_JSON": ("Ce n’est pas du JSON : {detail}.", "This is no JSON: {detail}."),
    "U_ENCODING": (
        "Le fichier n’est pas en UTF-8 : {detail}.",
        "The file is not in UTF-8: {detail}.",
    ),
    "U_KEY": (
        "Il manque « {detail} » dans la spécification.",
        "“{detail}” is missing from the specification.",
    ),
    "U_LIBRARY": (
        "Ce fichier demande la bibliothèque {detail} : python -m pip install {detail}",
        "This file needs the library {detail}: python -m pip install {detail}",
    ),
    "U_CHALLENGE": (
        "Le dossier du challenge est refusé : {detail}",
        "The folder of the challenge is refused: {detail}",
    ),
    "U_CONTRACT": (
        "Le contrat de notation ne peut pas être appliqué : {detail}.",
        "The scoring contract cannot be applied: {detail}.",
    ),
    "U_METRIC": (
        "Mesure inconnue : {detail}. La liste est dans docs/metriques.md.",
        "Unknown metric: {detail}. The list is in docs/metriques.md.",
    ),
    "U_METRIC_NUMBER": (
        "La mesure {detail} ne prend pas de nombre après « @ ».",
        "The metric {detail} takes no number after “@”.",
    ),
    "U_METRIC_FOLDER": (
        "La mesure {detail} a besoin d’un contrat : --contract, ou --challenge sur le portail.",
        "The metric {detail} needs a contract: --contract, or --challenge on the portal.",
    ),
    "U_TARGET": (
        "Aucune colonne de réponses dans la vérité : nommez-la avec --target.",
        "No column of answers in the truth: name it with --target.",
    ),
    "U_TRUTH_COLUMN": (
        "La vérité n’a pas de colonne « {detail} ».",
        "The truth has no column “{detail}”.",
    ),
    "U_ANSWER_COLUMN": (
        "La réponse n’a pas de colonne « {detail} ».",
        "The answer has no column “{detail}”.",
    ),
    "U_POSITIVE": (
        "Impossible de deviner l’étiquette positive : nommez-la avec --positive.",
        "The positive label cannot be guessed: name it with --positive.",
    ),
    "U_SAMPLE": (
        "Un exemple de soumission a deux colonnes au moins et une ligne.",
        "A sample submission has two columns at least and one row.",
    ),
    "U_SAMPLE_SHAPE": (
        "La forme de cet exemple ne se devine pas : donnez un fichier .json.",
        "The shape of this sample cannot be guessed: give a .json file.",
    ),
    "U_PRIMARY": (
        "La mesure principale « {detail} » demande des colonnes que cette vérité n’a pas.",
        "The primary metric “{detail}” needs columns that this truth does not have.",
    ),
    "U_CUT_LAYOUT": (
        "Cette découpe vaut pour une réponse par identifiant ; préparez votre vérité à la main.",
        "This cut is for one answer an identifier; prepare your truth by hand.",
    ),
    "U_CUT_COLUMN": (
        "La colonne « {detail} » n’est pas dans les données : préparez votre vérité à la main.",
        "The column “{detail}” is not in the data: prepare your truth by hand.",
    ),
    "U_CUT_EMPTY": (
        "Une des deux parties serait vide : changez --share ou --seed.",
        "One of the two parts would be empty: change --share or --seed.",
    ),
    "U_CUT_FOLDER": (
        "Choisissez un autre dossier : la découpe écrirait sur vos données ({detail}).",
        "Choose another folder: the cut would write over your data ({detail}).",
    ),
    "U_SHARE": (
        "--share est une part, entre 0 et 1 : {detail}.",
        "--share is a share, between 0 and 1: {detail}.",
    ),
    "U_LOGIN": (
        "Connectez-vous d’abord : openemploi login https://…",
        "Connect first: openemploi login https://…",
    ),
    "U_SERVER": (
        "Ce n’est pas l’adresse d’un portail (https://…) : {detail}.",
        "This is no address of a portal (https://…): {detail}.",
    ),
    "U_OFFLINE": ("Le portail ne répond pas : {detail}.", "The portal does not answer: {detail}."),
    "U_PORTAL": (
        "La réponse n’est pas celle d’un portail Open Emploi : {detail}.",
        "The answer is not that of an Open Emploi portal: {detail}.",
    ),
    "U_DIGEST": (
        "Le fichier reçu n’a pas l’empreinte annoncée : {detail}.",
        "The file received does not have the digest announced: {detail}.",
    ),
    "U_WAIT": (
        "Le score se fait attendre ; la soumission {detail} est enregistrée.",
        "The score is late; the entry {detail} is recorded.",
    ),
    "U_PHASE": (
        "Ce challenge n’a pas de phase : {detail}.",
        "This challenge has no phase: {detail}.",
    ),
    "U_BOARD": (
        "Ce challenge n’a pas de classement à lire : {detail}.",
        "This challenge has no leaderboard to read: {detail}.",
    ),
    "U_ENTRY": (
        "Votre équipe n’a pas de soumission n° {detail} dans cette phase.",
        "Your team has no entry no. {detail} in this phase.",
    ),
    "U_ANSWER": (
        "Écrivez --answer CLÉ=RÉPONSE : {detail}.",
        "Write --answer KEY=ANSWER: {detail}.",
    ),
    "U_EXISTS": ("Ce fichier existe déjà : {detail}.", "This file is already there: {detail}."),
    "U_FACT": ("Écrivez --fact CLÉ=RÉPONSE : {detail}.", "Write --fact KEY=ANSWER: {detail}."),
    "U_PUBLIC_KEY": (
        "Ce n’est pas une clé publique Ed25519 en PEM : {detail}.",
        "This is no Ed25519 public key in PEM: {detail}.",
    ),
}
TRUTH: Mapping[str, tuple[str, str]] = {
    "E_COLUMN_MISSING": (
        "La colonne « {detail} » manque dans la vérité.",
        "The column “{detail}” is missing from the truth.",
    ),
    "E_IDS": (
        "Identifiant vide ou en double dans la vérité : {detail}.",
        "Empty or repeated identifier in the truth: {detail}.",
    ),
    "E_SPLIT": (
        "La colonne des parts ne convient pas : {detail}.",
        "The column of parts is not as expected: {detail}.",
    ),
    "E_DOMAIN": (
        "La vérité sort de la nomenclature : {detail}.",
        "The truth leaves the nomenclature: {detail}.",
    ),
    "E_VALUE": (
        "Valeur illisible dans la vérité : {detail}.",
        "Unreadable value in the truth: {detail}.",
    ),
    "E_EMPTY": ("La vérité est vide.", "The truth is empty."),
    "E_ENCODING": ("La vérité n’est pas en UTF-8.", "The truth is not in UTF-8."),
    "E_FILE_MISSING": ("Fichier absent : {detail}.", "Missing file: {detail}."),
    "E_METRIC": (
        "La mesure ne peut pas être calculée sur cette vérité : {detail}.",
        "The metric cannot be computed on this truth: {detail}.",
    ),
    "E_METRIC_UNDEFINED": (
        "La mesure n’est pas définie sur cette vérité : {detail}.",
        "The metric is undefined on this truth: {detail}.",
    ),
}
FRAMES: Mapping[str, tuple[str, str]] = {
    "accepted": ("{name} : format correct, {rows} lignes.", "{name}: right format, {rows} rows."),
    "refused": ("{name} : format refusé.", "{name}: format refused."),
    "warning": ("Attention : {message}", "Warning: {message}"),
    "line": ("ligne {line} : ", "line {line}: "),
    "interval": (
        " (intervalle à {level} % de {low} à {high}, {method})",
        " ({level} % interval from {low} to {high}, {method})",
    ),
    "part": ("Partie « {part} », {n} lignes :", "Part “{part}”, {n} rows:"),
    "all": ("Toute la vérité, {n} lignes :", "The whole truth, {n} rows:"),
    "undefined": ("non calculable", "not computable"),
    "left_out": (
        "Non calculées ici, faute des colonnes que seul le portail a : {names}.",
        "Not computed here, for want of columns that only the portal has: {names}.",
    ),
    "absent": (
        "Colonnes du contrat absentes de cette vérité : {names}.",
        "Columns of the contract that this truth lacks: {names}.",
    ),
    "contract": ("Contrat {digest}", "Contract {digest}"),
    "engine": ("Moteur {version}, sources {digest}", "Engine {version}, sources {digest}"),
    "cut": (
        "Écrit dans {folder} : {train} ({kept} lignes pour apprendre), {test} ({out} lignes sans "
        "réponse), {truth} (leurs réponses).",
        "Written to {folder}: {train} ({kept} rows to learn from), {test} ({out} rows without "
        "answers), {truth} (their answers).",
    ),
    "login": ("Connecté à {server}.", "Connected to {server}."),
    "challenge": ("{slug} : {title} ({moment})", "{slug}: {title} ({moment})"),
    "moment.open": ("ouvert", "open"),
    "moment.coming": ("à venir", "coming"),
    "moment.undated": ("date à venir", "date to come"),
    "moment.closed": ("clos", "closed"),
    "closes": (", jusqu’au {at}", ", until {at}"),
    "terms": ("Règlement n° {number}", "Rules no. {number}"),
    "joined.accepted": ("Règlement accepté, inscription acceptée.", "Rules accepted, registered."),
    "joined.pending": (
        "Règlement accepté, inscription en attente de l’organisateur.",
        "Rules accepted, registration awaits the organiser.",
    ),
    "joined.other": ("Règlement accepté, inscription : {state}.", "Rules accepted: {state}."),
    "kept": ("Écrit : {name}", "Written: {name}"),
    "awaited": ("réponse attendue", "answer expected"),
    "drafted": ("Brouillon créé : {slug}", "Draft created: {slug}"),
    "import.waiting": ("En cours de lecture : {page}", "Being read: {page}"),
    "import.creating": ("Brouillon en cours de création : {page}", "Draft being made: {page}"),
    "import.read": (
        "Rapport prêt, rien n’est créé : {page}",
        "Report ready, nothing created: {page}",
    ),
    "import.refused": ("Archive refusée, rien n’est créé.", "Archive refused, nothing created."),
    "import.accepted": ("Brouillon supprimé depuis.", "Draft deleted since."),
    "import.failed": (
        "Panne du portail : déposez l’archive de nouveau plus tard.",
        "Failure of the portal: deposit the archive again later.",
    ),
    "import.expired": (
        "Archive effacée : déposez-la de nouveau.",
        "Archive deleted: deposit it again.",
    ),
    "run.bare": (
        "Lancé sur votre machine, sans isolement : ni le réseau, ni la mémoire, ni vos fichiers ne "
        "sont fermés au programme. Le portail, lui, l’isole.",
        "Run on your machine, without isolation: neither the network, nor memory, nor your files "
        "are closed to the program. The portal isolates it.",
    ),
    "run.done": (
        "{file} : format correct, {seconds} s. L’archive est prête à être essayée (try).",
        "{file}: correct format, {seconds} s. The package is ready to be tried (try).",
    ),
    "run.X_TIMEOUT": ("Temps dépassé.", "Time exceeded."),
    "run.X_PROGRAM": (
        "Le programme s’est arrêté sur une erreur.",
        "The program stopped on an error.",
    ),
    "run.X_OUTPUT": (
        "Le fichier produit manque, ou n’est pas conforme.",
        "The file to write is missing, or not as expected.",
    ),
    "run.E_PACKAGE": ("L’archive ne peut pas être lancée.", "The package cannot start."),
    "trial": ("Essai : {word}. {address}", "Trial: {word}. {address}"),
    "received": (
        "Soumission n° {number} reçue le {at}, sha256 {sha256}",
        "Entry no. {number} received on {at}, sha256 {sha256}",
    ),
    "entry": ("n° {number}, phase {phase} : {word}", "no. {number}, phase {phase}: {word}"),
    "chosen": (" [choix final]", " [final choice]"),
    "choice.yes": ("Soumission n° {number} : choix final.", "Entry no. {number}: final choice."),
    "choice.no": (
        "Soumission n° {number} : n’est plus un choix final.",
        "Entry no. {number}: no final choice any more.",
    ),
    "none": ("Aucun.", "None."),
    "receipt.valid": ("Récépissé authentique.", "Genuine receipt."),
    "receipt.altered": (
        "Récépissé modifié, incomplet, ou qui n’en est pas un.",
        "Receipt altered, incomplete, or no receipt at all.",
    ),
    "receipt.unknown_key": (
        "Clé inconnue : récépissé d’une autre installation, ou faux.",
        "Unknown key: receipt of another installation, or forged.",
    ),
    "receipt.alone": (
        "Vérifié par la seule clé donnée : un récépissé plus récent peut le remplacer.",
        "Verified by the given key alone: a later receipt may replace it.",
    ),
}


def frame(name: str, language: str, /, **facts: object) -> str:
    """Return a sentence of the command line; facts stand in its named places."""
    return FRAMES[name][LANGUAGES.index(language)].format_map(facts)


def told(fault: Exception, language: str = "fr") -> tuple[str, str]:
    """Return the code and the sentence of what stopped a command."""
    code, detail = _named(fault)
    found = USAGE.get(code) or TRUTH.get(code) or USAGE["U_CONTRACT"]
    detail = detail if code in USAGE or code in TRUTH else f"{code} {detail}".strip()
    if code == "U_CONTRACT" and language == "fr":
        detail = reasons.french(detail)
    return code, found[LANGUAGES.index(language)].replace("{detail}", detail)


def _named(fault: Exception) -> tuple[str, str]:
    match fault:
        case UsageFault() | TruthFault():
            return fault.code, fault.detail
        case ContractFault() | BlobFault():
            return "U_CONTRACT", str(fault)
        case ModuleNotFoundError():
            return "U_LIBRARY", (fault.name or "").partition(".")[0]
        case OSError():
            return "U_FILE", str(fault.filename or fault)
        case json.JSONDecodeError():
            return "U_JSON", str(fault)
        case UnicodeDecodeError():
            return "U_ENCODING", fault.reason
        case KeyError():
            return "U_KEY", str(fault.args[0] if fault.args else "")
        case _:
            return "U_CONTRACT", str(fault)
