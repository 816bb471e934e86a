"""Which tests hold each abuse case of challenges, of the catalogue and of outgoing requests.

A case is bound to what the product does, on the surface that the case names.
"""

ACTIONS, WORKER = "tests/challenges/test_challenge_actions.py", "tests/challenges/test_worker.py"
API, PAGES = "tests/challenges/api/test_entries.py", "tests/challenges/test_entries.py"
UPLOADS, ENTER = "tests/challenges/api/test_uploads.py", "tests/challenges/test_entries.py"
TEAMS, HERE = "tests/challenges/test_teams.py", "tests/cases/test_abuse.py"
HTTP = "tests/portal/lib/test_http.py"
RACES = "tests/faults/test_races.py"
CARDS, DECIDE = (
    "tests/cases/test_abuse_catalogue.py",
    "tests/catalogue/moderation/test_decisions.py",
)
FILES = f"{CARDS}::test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread"

BINDINGS: dict[str, tuple[str, ...]] = {
    "A01": (
        f"{HERE}::test_a01_no_list_gives_the_entry_of_another_team",
        "tests/routes/test_crawl.py::test_each_role_reads_and_writes_what_the_matrix_says",
    ),
    "A02": (
        f"{API}::test_the_entry_of_another_team_is_not_there",
        "tests/routes/test_crawl.py::test_a_hidden_and_an_unused_identifier_answer_alike",
    ),
    "A06": (
        f"{DECIDE}::test_only_moderators_decide",
        "tests/routes/test_crawl.py::test_each_role_reads_and_writes_what_the_matrix_says",
    ),
    "A14": (f"{CARDS}::test_a14_who_left_an_organisation_edits_no_more_with_an_open_session",),
    "A18": (f"{HERE}::test_a18_a_visitor_of_the_api_reads_no_address",),
    "A19": (
        f"{TEAMS}::test_an_invitation_serves_once",
        f"{TEAMS}::test_an_invitation_is_bound_to_its_address",
        f"{TEAMS}::test_a_guessed_or_swapped_token_is_unknown",
        f"{TEAMS}::test_an_invitation_expires",
    ),
    "A20": (
        f"{DECIDE}::test_nobody_decides_on_their_own",
        f"{DECIDE}::test_nobody_decides_for_their_organisation",
        f"{DECIDE}::test_a_change_of_ones_own_card_is_decided_by_another",
    ),
    "A21": (f"{RACES}::test_a_hundred_entries_at_once_take_five_slots",),
    "A22": (f"{RACES}::test_one_key_twenty_times_is_one_entry",),
    "A24": (
        f"{ENTER}::test_the_close_is_exact",
        f"{API}::test_the_close_is_an_instant",
        f"{PAGES}::test_closed_phase_is_refused_with_its_date",
    ),
    "A26": (
        f"{WORKER}::test_a_wrong_file_is_refused_by_line_and_costs_nothing",
        f"{API}::test_an_empty_file_and_a_large_one_are_refused",
        f"{API}::test_a_refused_format_is_explained",
        "tests/contracts/test_verdicts.py",
    ),
    "A28": (
        f"{HERE}::test_a28_a_body_too_large_is_refused_before_it_is_read",
        f"{API}::test_an_empty_file_and_a_large_one_are_refused",
    ),
    "A29": (
        "tests/challenges/test_nothing_before_the_reveal.py"
        "::test_no_answer_of_the_site_shows_what_is_held",
        f"{WORKER}::test_nothing_private_is_readable_before_the_reveal",
        f"{API}::test_private_and_hidden_figures_are_not_told",
    ),
    "A30": (
        "tests/challenges/test_entries.py::test_many_teams_of_one_domain_are_told",
        f"{ENTER}::test_the_quota_of_the_day_is_spent",
        f"{ENTER}::test_two_members_share_the_slots",
        f"{WORKER}::test_a_file_is_checked_then_scored",
    ),
    "A33": (
        f"{ACTIONS}::test_after_the_first_entry_an_announced_close_only_moves_later",
        f"{ACTIONS}::test_the_dates_of_a_closed_challenge_stay",
        "tests/challenges/test_rescorings.py::test_what_was_announced_is_what_comes_in_force",
        "tests/challenges/test_rescorings.py::test_only_an_organiser_proposes_and_only_the_region_decides",
        "tests/challenges/test_authoring.py"
        "::test_strangers_write_nothing_and_a_published_scoring_stays",
    ),
    "A34": (FILES,),
    "A36": (FILES,),
    "A37": (FILES,),
    "A39": (FILES,),
    "A41": (
        f"{UPLOADS}::test_another_offset_is_a_conflict_that_tells_the_right_one",
        f"{UPLOADS}::test_a_part_that_arrived_damaged_is_refused",
        f"{UPLOADS}::test_a_part_past_the_length_is_refused_whole",
        f"{UPLOADS}::test_a_whole_file_takes_no_more",
        f"{UPLOADS}::test_a_length_is_one_that_the_phase_takes",
        f"{UPLOADS}::test_the_upload_of_another_team_is_not_there",
        f"{UPLOADS}::test_of_two_parts_at_one_place_one_is_kept",
    ),
    "A43": (f"{HERE}::test_a43_a_form_of_strange_parts_is_refused",),
    "A44": (f"{CARDS}::test_a44_no_text_of_a_card_acts_on_any_page",),
    "A45": (
        f"{CARDS}::test_a45_a_text_that_costs_much_is_rendered_or_refused",
        "tests/portal/lib/test_texts.py"
        "::test_a_text_that_takes_too_long_is_refused_and_the_next_is_rendered",
    ),
    "A47": (
        f"{CARDS}::test_a47_words_are_only_words",
        "tests/catalogue/search/test_search.py::test_hostile_words_are_only_words",
        "tests/catalogue/search/test_bounds.py::test_what_is_left_out_of_a_search_is_said",
    ),
    "A49": (
        f"{CARDS}::test_a49_unknown_filters_and_orders_change_nothing",
        "tests/catalogue/search/test_query.py::test_what_is_unknown_or_out_of_bounds_is_left_out",
    ),
    "A52": ("tests/catalogue/test_exports.py::test_no_cell_is_run_by_a_spreadsheet",),
    "A54": (
        f"{HTTP}::test_no_spelling_of_this_machine_is_connected_to",
        f"{HTTP}::test_a_redirect_inside_is_not_followed",
        f"{HTTP}::test_a_name_is_resolved_once",
    ),
    "A56": (
        f"{HTTP}::test_an_address_that_is_not_asked_for",
        f"{HTTP}::test_too_many_bytes",
        f"{HTTP}::test_a_site_that_drips",
        f"{HTTP}::test_redirects_end",
    ),
    "A64": (
        "tests/catalogue/moderation/test_races.py::test_two_moderators_at_once_take_one_decision",
    ),
    "A66": (
        f"{HERE}::test_a66_a_running_entry_is_not_withdrawn_and_a_close_stops_no_job",
        f"{RACES}::test_the_close_and_the_entries_agree",
        f"{WORKER}::test_a_scored_entry_that_is_withdrawn_leaves_the_board",
    ),
}
