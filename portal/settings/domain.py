"""Programme limits, with their units in the name."""

from portal.settings import mode

# Jobs (challenges)
LEASE_SECONDS = 30
BEAT_SECONDS = 10
REAP_SECONDS = 10
JOB_MAX_ATTEMPTS = 3
JOB_BACKOFF_SECONDS = (5, 15)
# An antivirus that fails on every file (its signatures being reloaded, its disk full) is mended by
# people: three tries within seconds would send every entry to examination.
SCANNER_BACKOFF_SECONDS = (120, 1800)
# How long one attempt lasts at most: beyond it its worker stops beating and kills what runs.
JOB_MARGIN_SECONDS = 60
SCORE_LEAST_SECONDS = 600
CHECK_MOST_SECONDS = 5 * 60
JOB_MOST_SECONDS = 6 * 3600
JOB_STOP_SECONDS = 60  # then a worker that still has not stopped leaves
# How long an entry stays in a state at most.
RECEIVED_MOST_MINUTES = 10
CHECKING_MOST_MINUTES = 15
QUEUED_MOST_HOURS = 24
WORKER_POLL_SECONDS = 1.0
STANDINGS_GATHER_SECONDS = 2

# Entries
ENTRY_MAX_BYTES = 50 * 1024 * 1024
CHECKS_PER_HOUR = int(mode.optional("CHECKS_PER_HOUR", "30"))
CODE_TRIALS_PER_HOUR = int(mode.optional("CODE_TRIALS_PER_HOUR", "10"))
RECEIPT_CHECKS_PER_MINUTE = 20
GRACE_MINUTES = 15
UPLOAD_HOURS = 24
UPLOADS_PER_TEAM = 5
UPLOAD_MAX_PARTS = 1_000
UPLOADS_EXPIRED_AT_ONCE = 200
# An object that no row names: taken aside after this long, removed after as long again.
OBJECTS_UNNAMED_HOURS = 24
PARSE_CHILD_SECONDS = 30
# The checks of a table before it is opened: all its values, several times.
OPENING_CHECK_SECONDS = 300
# Bytes of files that a team may have in a phase; what is kept of them, and for how long.
TEAM_PHASE_MAX_BYTES = int(mode.optional("TEAM_PHASE_MAX_BYTES", "5000000000"))
ENTRY_FILES_KEPT_MONTHS = int(mode.optional("ENTRY_FILES_KEPT_MONTHS", "12"))
LOGS_KEPT_DAYS = int(mode.optional("LOGS_KEPT_DAYS", "90"))

# Bundles: what the page and the API take, how many at once, how long one that waits is kept
BUNDLE_MAX_BYTES = 500_000_000
BUNDLES_PER_PERSON = 10
BUNDLE_DAYS = 14

# Access to restricted data: promises in working days, delays in days, loans in months
ACCESS_DRAFT_KEPT_DAYS = 30
ACCESS_ADMISSIBLE_DAYS = 5
ACCESS_DECISION_DAYS = 15
ACCESS_LAPSE_DAYS = 60
ACCESS_REVIEW_DAYS = 61
ACCESS_MOST_MONTHS = 36
ACCESS_DESTRUCTION_DAYS = 30
# An extract: how long a child may cut it, how often it is tried, how long a try is believed.
EXTRACT_SECONDS = 600
EXTRACT_ATTEMPTS = 3
EXTRACT_CLAIM_MINUTES = 30
ACCESS_DAILY_BYTES = int(mode.optional("ACCESS_DAILY_BYTES", "2000000000"))

# People
DISQUALIFICATION_REPLY_DAYS = 7
ALARM_SILENT_SECONDS = 60
ALARM_QUEUED_MINUTES = 15
NOTIFICATIONS_KEPT_DAYS = 180
INVITATION_DAYS = 7
GUEST_DAYS = 30  # an invitation to take part in a challenge
GUESTS_KEPT_DAYS = 30  # an address that did not answer, once its invitation ended
SIGNUPS_PER_NETWORK = 20
SESSION_MAX_DAYS = 7
STAFF_SESSION_HOURS = 8
# An account nobody uses: warned, warned again, then erased.
INACTIVE_WARNED_MONTHS = 23
INACTIVE_ERASED_MONTHS = 24

# API: what one token may ask, and how many wrong ones an address may show
API_REQUESTS_PER_MINUTE = 120
API_WRONG_TOKENS_PER_MINUTE = 20
TOKENS_PER_PERSON = 20
TOKEN_DAYS = (30, 90, 365)

# Ledger: events of denial an actor can cause within an hour
DENIALS_PER_HOUR = 60

# Catalogue
REVIEW_WORKING_DAYS = 5
PENDING_CONTRIBUTIONS_PER_ACCOUNT = 5
CLAIM_MINUTES = 30
# How long a draft is kept after its last edit; told before its end
DRAFT_KEPT_DAYS = 180
DRAFT_NOTICE_DAYS = 15
# How long the owner of a card may answer a change that somebody proposes
OWNER_ANSWER_DAYS = 15
# The month in which the text of /charte/ last changed; stored with each proposal sent.
PASTES_PER_MINUTE = 20
PASTES_AT_A_TIME = 3  # of everybody together: each holds a thread of the web server
CHARTER_VERSION = "2026-11"
# An import that stopped beating is resumed.
BATCH_STALE_MINUTES = 5

# Reports: how many a network, an address and a person may send; how long a decision may be
# contested; how long the identity of who reported is kept once it is closed; how soon a second
# moderator confirms a masking
REPORTS_PER_HOUR_AND_NETWORK = 5
REPORTS_PER_DAY_AND_PERSON = 20
REPORT_CONTEST_DAYS = 62
REPORT_IDENTITY_KEPT_DAYS = 183
MASKING_CONFIRM_HOURS = 48

# Saved searches: how many, how many requests by link an address may get in a day and a network
# send in a minute, how long a link confirms, from which hour of Paris letters leave
SAVED_SEARCHES_PER_PERSON = 50
SAVED_SEARCHES_PER_ADDRESS = 10
SAVED_SEARCH_REQUESTS_PER_DAY = 3
SAVED_SEARCH_REQUESTS_PER_MINUTE = 5
SAVED_SEARCH_REQUESTS_PER_DAY_AND_NETWORK = 50
SAVED_SEARCH_CONFIRM_HOURS = 48
SAVED_SEARCH_LETTER_HOUR = 6
# Public searches, suggestions and exports: what one network may ask. An export holds a thread of
# the web server until it is read: fewer at a time than the threads of one process (4 in `up`),
# and cut past so many seconds
SEARCHES_PER_MINUTE_AND_NETWORK = int(mode.optional("SEARCHES_PER_MINUTE_AND_NETWORK", "300"))
EXPORTS_PER_MINUTE_AND_NETWORK = 10
EXPORTS_AT_A_TIME = 2
EXPORTS_AT_A_TIME_AND_NETWORK = 1
EXPORT_MOST_SECONDS = 600
# What one person follows
FOLLOWS_PER_PERSON = 500
COLLECTIONS_PER_ORGANISATION = 100
RESOURCES_PER_COLLECTION = 100

# Other sites: what the outgoing client waits for and brings back at most
HTTP_PORTS = (80, 443)
HTTP_PERMITTED_NETWORKS: tuple[str, ...] = ()  # private networks opened on purpose: none
HTTP_CONNECT_SECONDS = 3
HTTP_SECONDS = 10
HTTP_REDIRECTS = 5
HTTP_MAX_BYTES = 5_000_000
HTTP_RUN_MAX_BYTES = 50_000_000
HTTP_PAUSE_SECONDS = 1  # between two questions to one host

# Harvests
HARVEST_MOST_SECONDS = 900
HARVEST_MOST_PAGES = 500
HARVEST_MOST_ITEMS = 20_000
HARVEST_RUNS_KEPT_DAYS = 365
SOURCES_PER_ORGANISATION = 10

# Links
LINK_CHECKS_PER_HOST = 180  # in a pass of six minutes

# Markdown
MARKDOWN_MAX_CHARACTERS = 20_000
MARKDOWN_SECONDS = 2

# Files of cards: the largest (an antivirus reads nothing beyond two gigabytes); the room of an
# organisation, and of a person who writes for none; how long one stays that no text names any
# more; what is examined while its sender waits
CARD_FILE_MAX_BYTES = int(
    mode.optional("CARD_FILE_MAX_BYTES")
    or ("2000000000" if mode.optional("SCANNER_URL") else "5000000000")
)
ORGANISATION_FILES_MAX_BYTES = int(mode.optional("ORGANISATION_FILES_MAX_BYTES", "50000000000"))
PERSON_FILES_MAX_BYTES = int(mode.optional("PERSON_FILES_MAX_BYTES", "5000000000"))
CARD_UPLOADS_PER_PERSON = 5
CARD_FILES_UNNAMED_DAYS = 30
CARD_FILE_EXAMINED_AT_ONCE_BYTES = 20_000_000
# What nginx keeps of an answer for a slow reader (proxy_max_temp_file_size, 1 GB by default)
PROXY_READS_AHEAD_BYTES = 1_000_000_000
# For each piece of an export, or mebibyte of a file, that somebody reads slowly
PIECE_SECONDS = 60
