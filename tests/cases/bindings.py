"""Which tests hold each abuse case of challenges, of the catalogue and of outgoing requests.

A case is bound to what the product does, on the surface that the case names. A test is named
wherever it stands.
"""

BINDINGS: dict[str, tuple[str, ...]] = {
    "A01": (
        "test_a01_no_list_gives_the_entry_of_another_team",
        "test_each_role_reads_and_writes_what_the_matrix_says",
    ),
    "A02": (
        "test_the_entry_of_another_team_is_not_there",
        "test_a_hidden_and_an_unused_identifier_answer_alike",
    ),
    "A06": (
        "test_only_a_moderator_whom_nothing_touches_decides",
        "test_each_role_reads_and_writes_what_the_matrix_says",
    ),
    "A14": ("test_a14_who_left_an_organisation_edits_no_more_with_an_open_session",),
    "A18": ("test_a18_a_visitor_of_the_api_reads_no_address",),
    "A19": (
        "test_an_invitation_that_does_not_hold_is_unknown",
        "test_a_guessed_or_swapped_token_is_unknown",
    ),
    "A20": ("test_only_a_moderator_whom_nothing_touches_decides",),
    "A21": ("test_a_hundred_entries_at_once_take_five_slots",),
    "A22": ("test_one_key_twenty_times_is_one_entry",),
    "A24": (
        "test_the_close_is_exact",
        "test_the_close_is_an_instant",
    ),
    "A26": (
        "test_a_wrong_file_is_refused_by_line_and_costs_nothing",
        "test_an_empty_file_and_a_large_one_are_refused",
        "test_a_refused_format_is_explained",
        "test_our_files_have_one_verdict",
        "test_the_corpus_has_one_verdict",
    ),
    "A28": (
        "test_a28_a_body_too_large_is_refused_before_it_is_read",
        "test_an_empty_file_and_a_large_one_are_refused",
    ),
    "A29": (
        "test_no_answer_of_the_site_shows_what_is_held",
        "test_private_and_hidden_figures_are_not_told",
    ),
    "A30": (
        "test_many_teams_of_one_domain_are_told",
        "test_a_quota_is_spent",
        "test_a_file_is_checked_then_scored",
    ),
    "A33": (
        "test_after_the_first_entry_an_announced_close_only_moves_later",
        "test_the_dates_of_a_closed_challenge_stay",
        "test_what_was_announced_is_what_comes_in_force",
        "test_a_change_takes_two_people",
        "test_a_published_scoring_stays",
        "test_no_act_is_open_to_a_stranger_or_a_jury",
    ),
    "A34": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A36": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A37": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A39": ("test_a34_a36_a37_a39_a_file_that_is_no_description_is_refused_unread",),
    "A41": (
        "test_another_offset_is_a_conflict_that_tells_the_right_one",
        "test_a_part_that_arrived_damaged_is_refused",
        "test_a_part_past_the_length_is_refused_whole",
        "test_a_whole_file_takes_no_more",
        "test_a_length_is_one_that_the_phase_takes",
        "test_the_upload_of_another_team_is_not_there",
        "test_of_two_parts_at_one_place_one_is_kept",
    ),
    "A43": ("test_a43_a_form_of_strange_parts_is_refused",),
    "A44": ("test_a44_no_text_of_a_card_acts_on_any_page",),
    "A45": (
        "test_a45_a_text_that_costs_much_is_rendered_or_refused",
        "test_a_text_that_takes_too_long_is_refused_and_the_next_is_rendered",
    ),
    "A47": (
        "test_a47_words_are_only_words",
        "test_hostile_words_are_only_words",
        "test_what_is_left_out_of_a_search_is_said",
    ),
    "A49": ("test_what_is_unknown_or_out_of_bounds_is_left_out",),
    "A52": ("test_no_cell_is_run_by_a_spreadsheet",),
    "A54": (
        "test_no_spelling_of_this_machine_is_connected_to",
        "test_a_redirect_inside_is_not_followed",
        "test_a_name_is_resolved_once",
    ),
    "A56": (
        "test_an_address_that_is_not_asked_for",
        "test_too_many_bytes",
        "test_a_site_that_drips",
        "test_redirects_end",
    ),
    "A64": ("test_two_moderators_at_once_take_one_decision",),
    "A66": (
        "test_a66_a_running_entry_is_not_withdrawn_and_a_close_stops_no_job",
        "test_the_close_and_the_entries_agree",
        "test_a_scored_entry_that_is_withdrawn_leaves_the_board",
    ),
}
