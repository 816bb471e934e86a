-- d2680a950cf82cfb
BEGIN;
CREATE TABLE "account_emailaddress" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "verified" bool NOT NULL, "primary" bool NOT NULL, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "email" varchar(254) NOT NULL);
CREATE TABLE "account_emailconfirmation" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "created" datetime NOT NULL, "sent" datetime NULL, "key" varchar(64) NOT NULL UNIQUE, "email_address_id" integer NOT NULL REFERENCES "account_emailaddress" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "accounts_apitoken" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "name" varchar(80) NOT NULL, "sha256" varchar(64) NOT NULL UNIQUE, "scopes" text NOT NULL CHECK ((JSON_VALID("scopes") OR "scopes" IS NULL)), "created_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "last_used_at" datetime NULL, "revoked_at" datetime NULL, "minute" datetime NULL, "minute_used" integer unsigned NOT NULL CHECK ("minute_used" >= 0));
CREATE TABLE "accounts_formeraddress" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "slug" varchar(80) NOT NULL UNIQUE, "organisation_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "accounts_invitation" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "email" varchar(254) NOT NULL, "state" varchar(10) NOT NULL, "sent_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "sent_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "organisation_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(20) NOT NULL, CONSTRAINT "invitation_state_known" CHECK ("state" IN ('accepted', 'refused', 'revoked', 'sent')));
CREATE TABLE "accounts_joinrequest" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "organisation_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "message" varchar(500) NOT NULL, "created_at" datetime NOT NULL, "answer" varchar(10) NOT NULL, "answered_at" datetime NULL, "answered_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "join_request_answer_dated" CHECK ((("answered_at" IS NULL AND "answer" = '') OR ("answered_at" IS NOT NULL AND NOT ("answer" = '')))));
CREATE TABLE "accounts_membership" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(20) NOT NULL, "joined_at" datetime NOT NULL, "left_at" datetime NULL, "is_shown" bool NOT NULL);
CREATE TABLE "accounts_notification" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "letter" varchar(40) NOT NULL, "event" varchar(120) NOT NULL, "facts" text NOT NULL CHECK ((JSON_VALID("facts") OR "facts" IS NULL)), "path" varchar(200) NOT NULL, "delivery" varchar(8) NOT NULL, "created_at" datetime NOT NULL, "read_at" datetime NULL, "gathered_at" datetime NULL, CONSTRAINT "notified_once" UNIQUE ("user_id", "letter", "event"), CONSTRAINT "notification_delivery_known" CHECK ("delivery" IN ('now', 'daily', 'space')));
CREATE TABLE "accounts_organisation" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "slug" varchar(80) NOT NULL UNIQUE, "name" varchar(160) NOT NULL, "acronym" varchar(40) NOT NULL, "former_names" text NOT NULL CHECK ((JSON_VALID("former_names") OR "former_names" IS NULL)), "kind" varchar(20) NOT NULL, "siret" varchar(14) NOT NULL, "homepage_url" varchar(300) NOT NULL, "description" text NOT NULL, "badges" text NOT NULL CHECK ((JSON_VALID("badges") OR "badges" IS NULL)), "is_region" bool NOT NULL, "verified_at" datetime NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL);
CREATE TABLE "accounts_regionappointment" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(20) NOT NULL, "given_by" varchar(40) NOT NULL, "confirmed_by" varchar(40) NOT NULL, "given_at" datetime NOT NULL, "ended_at" datetime NULL, CONSTRAINT "appointment_by_two" CHECK (NOT ("given_by" = ("confirmed_by"))));
CREATE TABLE "accounts_roleproposal" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "proposed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "public_id" char(32) NOT NULL UNIQUE, "answer" varchar(10) NOT NULL, "kind" varchar(10) NOT NULL, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(20) NOT NULL, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" varchar(300) NOT NULL, CONSTRAINT "roleproposal_decided_has_author" CHECK ((("decided_at" IS NULL AND "decided_by_id" IS NULL) OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL))), CONSTRAINT "roleproposal_takes_two_people" CHECK (("answer" = 'withdrawn' OR "decided_by_id" IS NULL OR NOT ("decided_by_id" = ("proposed_by_id") AND "decided_by_id" IS NOT NULL))), CONSTRAINT "roleproposal_answered_has_its_date" CHECK (((NOT ("answer" = '') AND "decided_at" IS NOT NULL) OR ("answer" = '' AND "decided_at" IS NULL))), CONSTRAINT "proposal_role_of_its_place" CHECK ((("organisation_id" IS NULL AND "role" IN ('administrator', 'moderator', 'officer', 'approver', 'dpo', 'auditor')) OR ("organisation_id" IS NOT NULL AND "role" IN ('referent', 'editor', 'contributor')))));
CREATE TABLE "accounts_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE, "first_name" varchar(150) NOT NULL, "last_name" varchar(150) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "public_id" char(32) NOT NULL UNIQUE, "person_key" varchar(40) NOT NULL UNIQUE, "email" varchar(254) NOT NULL UNIQUE, "display_name" varchar(80) NOT NULL, "closed_at" datetime NULL, "is_demonstration" bool NOT NULL, "session_epoch" integer unsigned NOT NULL CHECK ("session_epoch" >= 0), "notification_choices" text NOT NULL CHECK ((JSON_VALID("notification_choices") OR "notification_choices" IS NULL)), "inactive_since" datetime NULL, "inactivity_warnings" smallint unsigned NOT NULL CHECK ("inactivity_warnings" >= 0), "warned_at" datetime NULL, "erased_from" datetime NULL, CONSTRAINT "user_is_no_superuser" CHECK (NOT "is_superuser"), CONSTRAINT "user_warned_of_a_day_ahead" CHECK ((("erased_from" IS NULL AND "inactive_since" IS NULL AND "inactivity_warnings" = 0 AND "warned_at" IS NULL) OR ("erased_from" > ("warned_at") AND "erased_from" IS NOT NULL AND "inactive_since" IS NOT NULL AND "inactivity_warnings" IN (1, 2) AND "warned_at" IS NOT NULL))));
CREATE TABLE "accounts_user_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "accounts_user_user_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "audit_auditbody" ("event_id" bigint NOT NULL PRIMARY KEY REFERENCES "audit_auditevent" ("seq") DEFERRABLE INITIALLY DEFERRED, "body" text NOT NULL);
CREATE TABLE "audit_auditevent" ("seq" bigint unsigned NOT NULL PRIMARY KEY CHECK ("seq" >= 0), "at" datetime NOT NULL, "action" varchar(80) NOT NULL, "object_ref" varchar(120) NOT NULL, "body_sha256" varchar(64) NOT NULL, "prev" varchar(64) NOT NULL, "hash" varchar(64) NOT NULL UNIQUE);
CREATE TABLE "audit_audithead" ("id" smallint unsigned NOT NULL PRIMARY KEY CHECK ("id" >= 0), "seq" bigint unsigned NOT NULL CHECK ("seq" >= 0), "hash" varchar(64) NOT NULL);
CREATE TABLE "audit_denial" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "actor" varchar(40) NOT NULL, "object_ref" varchar(120) NOT NULL, "hour" datetime NOT NULL, "count" integer unsigned NOT NULL CHECK ("count" >= 0), CONSTRAINT "denial_once" UNIQUE ("actor", "hour", "object_ref"));
CREATE TABLE "audit_heartbeat" ("name" varchar(80) NOT NULL PRIMARY KEY, "at" datetime NOT NULL, "last_claim_at" datetime NULL, "facts" text NOT NULL CHECK ((JSON_VALID("facts") OR "facts" IS NULL)));
CREATE TABLE "audit_outbox" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "topic" varchar(80) NOT NULL, "key" varchar(160) NOT NULL, "ids" text NOT NULL CHECK ((JSON_VALID("ids") OR "ids" IS NULL)), "run_after" datetime NOT NULL, "attempts" smallint unsigned NOT NULL CHECK ("attempts" >= 0), "done_at" datetime NULL, "last_error" varchar(200) NOT NULL, CONSTRAINT "outbox_once" UNIQUE ("topic", "key"));
CREATE TABLE "audit_scheduledrun" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(80) NOT NULL, "slot" datetime NOT NULL, CONSTRAINT "scheduled_once" UNIQUE ("name", "slot"));
CREATE TABLE "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);
CREATE TABLE "auth_group_permissions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "codename" varchar(100) NOT NULL, "name" varchar(255) NOT NULL);
CREATE TABLE "cache" (
    "cache_key" varchar(255) NOT NULL PRIMARY KEY,
    "value" text NOT NULL,
    "expires" datetime NOT NULL
);
CREATE TABLE "catalogue_alertmatch" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "search_id" bigint NOT NULL REFERENCES "catalogue_savedsearch" ("id") DEFERRABLE INITIALLY DEFERRED, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "first_published_at" datetime NOT NULL, "found_at" datetime NOT NULL, "told_on" date NULL, CONSTRAINT "alert_once" UNIQUE ("search_id", "resource_id", "first_published_at"));
CREATE TABLE "catalogue_cardfile" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "added_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "name" varchar(200) NOT NULL, "sha256" varchar(64) NOT NULL, "size" bigint unsigned NOT NULL CHECK ("size" >= 0), "kind" varchar(20) NOT NULL, "media_type" varchar(120) NOT NULL, "state" varchar(10) NOT NULL, "signs" text NOT NULL CHECK ((JSON_VALID("signs") OR "signs" IS NULL)), "has_preview" bool NOT NULL, "preview" text NOT NULL CHECK ((JSON_VALID("preview") OR "preview" IS NULL)), "added_at" datetime NOT NULL, "examined_at" datetime NULL, "attempts" smallint unsigned NOT NULL CHECK ("attempts" >= 0), "missed" smallint unsigned NOT NULL CHECK ("missed" >= 0), "unnamed_at" datetime NULL, CONSTRAINT "card_file_state_known" CHECK ("state" IN ('refused', 'sound', 'waiting')), CONSTRAINT "card_file_examined_dated" CHECK (((NOT ("state" = 'waiting') AND "examined_at" IS NOT NULL) OR ("state" = 'waiting' AND "examined_at" IS NULL))), CONSTRAINT "card_file_not_empty" CHECK ("size" > 0));
CREATE TABLE "catalogue_cardtransfer" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "kind" varchar(10) NOT NULL, "source_name" varchar(200) NOT NULL, "target_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "message" varchar(500) NOT NULL, "asked_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "at" datetime NOT NULL, "approved_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "answer" varchar(10) NOT NULL, "answered_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "answered_at" datetime NULL, CONSTRAINT "card_transfer_answer_dated" CHECK ((("answered_at" IS NULL AND "answered_by_id" IS NULL AND "answer" = '') OR ("answered_at" IS NOT NULL AND "answered_by_id" IS NOT NULL AND NOT ("answer" = '')))), CONSTRAINT "card_transfer_by_two" CHECK ((NOT ("answer" = 'accepted') OR "approved_by_id" IS NULL OR NOT ("answered_by_id" = ("approved_by_id") AND "answered_by_id" IS NOT NULL AND "approved_by_id" IS NOT NULL))));
CREATE TABLE "catalogue_cardupload" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(200) NOT NULL, "length" bigint unsigned NOT NULL CHECK ("length" >= 0), "offset" bigint unsigned NOT NULL CHECK ("offset" >= 0), "parts" text NOT NULL CHECK ((JSON_VALID("parts") OR "parts" IS NULL)), "begun_at" datetime NOT NULL, "first_byte_at" datetime NULL, "expires_at" datetime NOT NULL, "contribution_id" bigint NULL REFERENCES "catalogue_contribution" ("id") DEFERRABLE INITIALLY DEFERRED, "begun_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "file_id" bigint NULL REFERENCES "catalogue_cardfile" ("id") DEFERRABLE INITIALLY DEFERRED, "attempts" smallint unsigned NOT NULL CHECK ("attempts" >= 0), "retry_at" datetime NULL, "assembling_until" datetime NULL, CONSTRAINT "cardupload_within_its_length" CHECK (("length" > 0 AND "offset" <= ("length"))), CONSTRAINT "cardupload_first_byte_dated" CHECK ((("first_byte_at" IS NULL AND "offset" = 0) OR ("first_byte_at" IS NOT NULL AND "offset" > 0))));
CREATE TABLE "catalogue_cardversion" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "number" integer unsigned NOT NULL CHECK ("number" >= 0), "revision_id" integer NOT NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "origin" varchar(12) NOT NULL, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "fields" text NOT NULL CHECK ((JSON_VALID("fields") OR "fields" IS NULL)), "published_at" datetime NOT NULL, "withheld_at" datetime NULL, "withheld_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "withheld_reason" varchar(300) NOT NULL, CONSTRAINT "card_version_once" UNIQUE ("resource_id", "number"), CONSTRAINT "card_version_revision_once" UNIQUE ("revision_id"), CONSTRAINT "card_version_origin_known" CHECK ("origin" IN ('harvested', 'opened', 'reviewed', 'transferred')), CONSTRAINT "card_version_withheld_says_why" CHECK (("withheld_at" IS NULL OR NOT ("withheld_reason" = ''))));
CREATE TABLE "catalogue_collection" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "slug" varchar(140) NOT NULL UNIQUE, "title" varchar(120) NOT NULL, "summary" varchar(400) NOT NULL, "organisation_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "made_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "created_at" datetime NOT NULL, "changed_at" datetime NOT NULL, "published_at" datetime NULL, "hidden_at" datetime NULL, "hidden_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "hidden_reason" varchar(300) NOT NULL, CONSTRAINT "collection_hidden_for_a_reason" CHECK ((("hidden_at" IS NULL AND "hidden_reason" = '') OR ("hidden_at" IS NOT NULL AND NOT ("hidden_reason" = '')))));
CREATE TABLE "catalogue_collectionitem" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "collection_id" bigint NOT NULL REFERENCES "catalogue_collection" ("id") DEFERRABLE INITIALLY DEFERRED, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "position" integer unsigned NOT NULL CHECK ("position" >= 0), "comment" varchar(300) NOT NULL, CONSTRAINT "collected_once" UNIQUE ("collection_id", "resource_id"));
CREATE TABLE "catalogue_contribution" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "revision_id" integer NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "base_revision_id" integer NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "status" varchar(20) NOT NULL, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "author_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "batch_id" bigint NULL REFERENCES "catalogue_contributionbatch" ("id") DEFERRABLE INITIALLY DEFERRED, "keeps_files" bool NOT NULL, "note" text NOT NULL, "checks" text NOT NULL CHECK ((JSON_VALID("checks") OR "checks" IS NULL)), "reading" text NOT NULL CHECK ((JSON_VALID("reading") OR "reading" IS NULL)), "request_key" varchar(64) NOT NULL, "request_sha256" varchar(64) NOT NULL, "charter_version" varchar(20) NOT NULL, "created_at" datetime NOT NULL, "edited_at" datetime NULL, "first_submitted_at" datetime NULL, "submitted_at" datetime NULL, "decided_at" datetime NULL, "claimed_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "claimed_at" datetime NULL, "assignee_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "expiry_told_at" datetime NULL, "offered_at" datetime NULL, "owner_answer" varchar(10) NOT NULL, "owner_answered_at" datetime NULL, "owner_answered_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "owner_reason" text NOT NULL, CONSTRAINT "contribution_status_known" CHECK ("status" IN ('archived', 'changes_requested', 'draft', 'offered', 'published', 'refused', 'submitted', 'withdrawn')), CONSTRAINT "contribution_submitted_dates" CHECK ((("first_submitted_at" IS NULL AND "submitted_at" IS NULL) OR ("first_submitted_at" IS NOT NULL AND "submitted_at" IS NOT NULL))), CONSTRAINT "contribution_review_has_date" CHECK (("status" IN ('draft', 'offered', 'withdrawn') OR "submitted_at" IS NOT NULL)), CONSTRAINT "contribution_owner_answer_dated" CHECK ((("owner_answer" = '' AND "owner_answered_at" IS NULL) OR (NOT ("owner_answer" = '') AND "offered_at" IS NOT NULL AND "owner_answered_at" IS NOT NULL))), CONSTRAINT "contribution_owner_says_why" CHECK ((NOT ("owner_answer" = 'declined') OR NOT ("owner_reason" = ''))), CONSTRAINT "contribution_owner_and_status" CHECK (("status" = 'withdrawn' OR ("offered_at" IS NOT NULL AND "owner_answer" = '' AND "status" = 'offered') OR (NOT ("status" = 'offered') AND ("offered_at" IS NULL OR NOT ("owner_answer" = ''))))));
CREATE TABLE "catalogue_contributionbatch" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "organisation_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "author_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "asked_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "name" varchar(200) NOT NULL, "state" varchar(10) NOT NULL, "sends" bool NOT NULL, "charter_version" varchar(20) NOT NULL, "columns" text NOT NULL CHECK ((JSON_VALID("columns") OR "columns" IS NULL)), "rows" text NOT NULL CHECK ((JSON_VALID("rows") OR "rows" IS NULL)), "row_count" integer unsigned NOT NULL CHECK ("row_count" >= 0), "cursor" integer unsigned NOT NULL CHECK ("cursor" >= 0), "counts" text NOT NULL CHECK ((JSON_VALID("counts") OR "counts" IS NULL)), "failures" text NOT NULL CHECK ((JSON_VALID("failures") OR "failures" IS NULL)), "message" varchar(400) NOT NULL, "read_at" datetime NOT NULL, "asked_at" datetime NULL, "beat_at" datetime NULL, "finished_at" datetime NULL, CONSTRAINT "batch_state_known" CHECK ("state" IN ('done', 'read', 'running', 'waiting')), CONSTRAINT "batch_done_has_date" CHECK ((NOT ("state" = 'done') OR "finished_at" IS NOT NULL)));
CREATE TABLE "catalogue_decision" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "contribution_id" bigint NOT NULL REFERENCES "catalogue_contribution" ("id") DEFERRABLE INITIALLY DEFERRED, "revision_id" integer NOT NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "outcome" varchar(20) NOT NULL, "reason" varchar(20) NOT NULL, "message" text NOT NULL, "fields" text NOT NULL CHECK ((JSON_VALID("fields") OR "fields" IS NULL)), "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NOT NULL, CONSTRAINT "decision_once_per_revision" UNIQUE ("contribution_id", "revision_id"), CONSTRAINT "decision_says_why" CHECK (("outcome" = 'published' OR (NOT ("message" = '') AND NOT ("reason" = '')))));
CREATE TABLE "catalogue_follow" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "resource_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "use_case" varchar(40) NOT NULL, "tag" varchar(120) NOT NULL, "at" datetime NOT NULL, CONSTRAINT "follow_of_one_thing" CHECK ((("organisation_id" IS NULL AND "resource_id" IS NOT NULL AND "tag" = '' AND "use_case" = '') OR ("organisation_id" IS NOT NULL AND "resource_id" IS NULL AND "tag" = '' AND "use_case" = '') OR ("organisation_id" IS NULL AND "resource_id" IS NULL AND "tag" = '' AND NOT ("use_case" = '')) OR ("organisation_id" IS NULL AND "resource_id" IS NULL AND "use_case" = '' AND NOT ("tag" = '')))));
CREATE TABLE "catalogue_formerslug" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "slug" varchar(140) NOT NULL UNIQUE);
CREATE VIRTUAL TABLE catalogue_fulltext USING fts5(
        title, acronym, organisation, tags, files, description, names, tokenize='ascii'
    );
CREATE TABLE "catalogue_harvestedrecord" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "source_id" bigint NOT NULL REFERENCES "catalogue_source" ("id") DEFERRABLE INITIALLY DEFERRED, "remote_id" varchar(500) NOT NULL, "canonical_uri" varchar(500) NOT NULL, "resource_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "digest" varchar(64) NOT NULL, "fields" text NOT NULL CHECK ((JSON_VALID("fields") OR "fields" IS NULL)), "not_transmitted" text NOT NULL CHECK ((JSON_VALID("not_transmitted") OR "not_transmitted" IS NULL)), "metrics" text NOT NULL CHECK ((JSON_VALID("metrics") OR "metrics" IS NULL)), "held_back" text NOT NULL CHECK ((JSON_VALID("held_back") OR "held_back" IS NULL)), "proposal_id" bigint NULL REFERENCES "catalogue_contribution" ("id") DEFERRABLE INITIALLY DEFERRED, "changed_at" datetime NOT NULL, "missing_since" datetime NULL, "missing_runs" integer unsigned NOT NULL CHECK ("missing_runs" >= 0), "archived_at" datetime NULL, CONSTRAINT "record_once" UNIQUE ("source_id", "remote_id"), CONSTRAINT "record_missing_paired" CHECK ((("missing_runs" = 0 AND "missing_since" IS NULL) OR ("missing_runs" >= 1 AND "missing_since" IS NOT NULL))));
CREATE TABLE "catalogue_harvestrun" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "source_id" bigint NOT NULL REFERENCES "catalogue_source" ("id") DEFERRABLE INITIALLY DEFERRED, "is_preview" bool NOT NULL, "state" varchar(20) NOT NULL, "reason" varchar(40) NOT NULL, "message" varchar(400) NOT NULL, "asked_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "asked_at" datetime NOT NULL, "started_at" datetime NULL, "beat_at" datetime NULL, "finished_at" datetime NULL, "read_count" integer unsigned NOT NULL CHECK ("read_count" >= 0), "page_count" integer unsigned NOT NULL CHECK ("page_count" >= 0), "byte_count" bigint unsigned NOT NULL CHECK ("byte_count" >= 0), "counts" text NOT NULL CHECK ((JSON_VALID("counts") OR "counts" IS NULL)), "lines" text NOT NULL CHECK ((JSON_VALID("lines") OR "lines" IS NULL)), CONSTRAINT "run_state_known" CHECK ("state" IN ('complete', 'failed', 'running', 'suspicious', 'waiting')), CONSTRAINT "run_finished_dated" CHECK (((NOT ("state" IN ('waiting', 'running')) AND "finished_at" IS NOT NULL) OR ("state" IN ('waiting', 'running') AND "finished_at" IS NULL))));
CREATE TABLE "catalogue_indexedfacet" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "resource_id" bigint NOT NULL REFERENCES "catalogue_indexedresource" ("resource_id") DEFERRABLE INITIALLY DEFERRED, "facet" varchar(20) NOT NULL, "value" varchar(160) NOT NULL, "label" varchar(160) NOT NULL, CONSTRAINT "facet_once" UNIQUE ("facet", "value", "resource_id"));
CREATE TABLE "catalogue_indexedname" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "facet" varchar(20) NOT NULL, "value" varchar(160) NOT NULL, "label" varchar(200) NOT NULL, "folded" varchar(220) NOT NULL, CONSTRAINT "name_once" UNIQUE ("facet", "value"));
CREATE TABLE "catalogue_indexedresource" ("resource_id" bigint NOT NULL PRIMARY KEY REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "boost" real NOT NULL, "verified" bool NOT NULL, "quality" smallint unsigned NOT NULL CHECK ("quality" >= 0), "reuses" integer unsigned NOT NULL CHECK ("reuses" >= 0), "updated_on" date NOT NULL, "title_key" varchar(200) NOT NULL);
CREATE TABLE "catalogue_linkcheck" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "url" varchar(2000) NOT NULL, "host" varchar(255) NOT NULL, "state" varchar(10) NOT NULL, "code" varchar(40) NOT NULL, "status" smallint unsigned NULL CHECK ("status" >= 0), "moved_to" varchar(2000) NOT NULL, "successes" smallint unsigned NOT NULL CHECK ("successes" >= 0), "failures" smallint unsigned NOT NULL CHECK ("failures" >= 0), "first_failed_at" datetime NULL, "checked_at" datetime NULL, "next_check_at" datetime NOT NULL, "dead_since" datetime NULL, "told_at" datetime NULL, CONSTRAINT "link_check_once" UNIQUE ("resource_id", "url"), CONSTRAINT "link_check_state_known" CHECK ("state" IN ('blocked', 'error', 'gone', 'moved', 'ok', 'unknown')), CONSTRAINT "link_check_failures_dated" CHECK ((("failures" = 0 AND "first_failed_at" IS NULL) OR ("failures" >= 1 AND "first_failed_at" IS NOT NULL))));
CREATE TABLE "catalogue_masking" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "report_id" bigint NULL REFERENCES "catalogue_report" ("id") DEFERRABLE INITIALLY DEFERRED, "category" varchar(20) NOT NULL, "explanation" varchar(300) NOT NULL, "masked_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "masked_at" datetime NOT NULL, "confirmed_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "confirmed_at" datetime NULL, "lift_asked_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "lift_asked_at" datetime NULL, "ended_at" datetime NULL, "end" varchar(10) NOT NULL, CONSTRAINT "masking_confirmed_by_another" CHECK (("confirmed_by_id" IS NULL OR NOT ("confirmed_by_id" = ("masked_by_id") AND "confirmed_by_id" IS NOT NULL))), CONSTRAINT "masking_lift_paired" CHECK ((("lift_asked_at" IS NULL AND "lift_asked_by_id" IS NULL) OR ("lift_asked_at" IS NOT NULL AND "lift_asked_by_id" IS NOT NULL))), CONSTRAINT "masking_end_said" CHECK ((("ended_at" IS NULL AND "end" = '') OR ("ended_at" IS NOT NULL AND NOT ("end" = '')))));
CREATE TABLE "catalogue_measurement" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "task" varchar(120) NOT NULL, "metric" varchar(80) NOT NULL, "value" real NOT NULL, "low" real NULL, "high" real NULL, "n" integer unsigned NULL CHECK ("n" >= 0), "reference" real NULL, "group" varchar(120) NOT NULL, "held_out_version" varchar(120) NOT NULL, "evaluated_on" date NOT NULL, "source_url" varchar(500) NOT NULL, "from_challenge" bool NOT NULL, "recorded_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "measurement_interval_paired" CHECK ((("high" IS NULL AND "low" IS NULL) OR ("high" IS NOT NULL AND "low" IS NOT NULL AND "low" <= ("high")))), CONSTRAINT "measurement_group_not_small" CHECK (("group" = '' OR "n" IS NULL OR "n" >= 11)), CONSTRAINT "measurement_once" UNIQUE ("resource_id", "task", "metric", "group", "evaluated_on", "source_url"));
CREATE TABLE "catalogue_qualityscore" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "score" smallint unsigned NOT NULL CHECK ("score" >= 0), "criteria" text NOT NULL CHECK ((JSON_VALID("criteria") OR "criteria" IS NULL)), "recorded_at" datetime NOT NULL);
CREATE TABLE "catalogue_removal" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "proposed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "public_id" char(32) NOT NULL UNIQUE, "answer" varchar(10) NOT NULL, "resource_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "slug" varchar(140) NOT NULL, "author_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" varchar(20) NOT NULL, "keep_title" bool NOT NULL, "explanation" varchar(300) NOT NULL, CONSTRAINT "removal_decided_has_author" CHECK ((("decided_at" IS NULL AND "decided_by_id" IS NULL) OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL))), CONSTRAINT "removal_takes_two_people" CHECK (("answer" = 'withdrawn' OR "decided_by_id" IS NULL OR NOT ("decided_by_id" = ("proposed_by_id") AND "decided_by_id" IS NOT NULL))), CONSTRAINT "removal_answered_has_its_date" CHECK (((NOT ("answer" = '') AND "decided_at" IS NOT NULL) OR ("answer" = '' AND "decided_at" IS NULL))));
CREATE TABLE "catalogue_report" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "url" varchar(500) NOT NULL, "field" varchar(200) NOT NULL, "title" varchar(200) NOT NULL, "resource_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "message_id" bigint NULL REFERENCES "discussions_message" ("id") DEFERRABLE INITIALLY DEFERRED, "reuse_id" bigint NULL REFERENCES "catalogue_reuse" ("id") DEFERRABLE INITIALLY DEFERRED, "collection_id" bigint NULL REFERENCES "catalogue_collection" ("id") DEFERRABLE INITIALLY DEFERRED, "concerned_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "category" varchar(20) NOT NULL, "explanation" text NOT NULL, "by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "name" varchar(160) NOT NULL, "email" varchar(254) NOT NULL, "at" datetime NOT NULL, "status" varchar(12) NOT NULL, "assessor_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "contested_at" datetime NULL, "contest_words" text NOT NULL, "ended_at" datetime NULL, CONSTRAINT "report_status_known" CHECK ("status" IN ('assessed', 'contested', 'dismissed', 'final', 'received', 'upheld')), CONSTRAINT "report_contest_has_words" CHECK ((("contested_at" IS NULL AND "contest_words" = '') OR ("contested_at" IS NOT NULL AND NOT ("contest_words" = '')))), CONSTRAINT "report_end_dated" CHECK ((("status" = 'final' AND "ended_at" IS NOT NULL) OR (NOT ("status" = 'final') AND "ended_at" IS NULL))));
CREATE TABLE "catalogue_reportdecision" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "report_id" bigint NOT NULL REFERENCES "catalogue_report" ("id") DEFERRABLE INITIALLY DEFERRED, "stage" varchar(10) NOT NULL, "outcome" varchar(10) NOT NULL, "measure" varchar(10) NOT NULL, "facts" text NOT NULL, "ground" varchar(10) NOT NULL, "ground_text" varchar(500) NOT NULL, "duration" varchar(200) NOT NULL, "automated" bool NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NOT NULL, CONSTRAINT "report_decision_once" UNIQUE ("report_id", "stage"), CONSTRAINT "report_decision_grounded" CHECK ((("measure" = 'none' AND "outcome" = 'dismissed') OR ("outcome" = 'upheld' AND NOT ("ground" = '') AND NOT ("ground_text" = '')))));
CREATE TABLE "catalogue_resource" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "latest_revision_id" integer NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "live" bool NOT NULL, "has_unpublished_changes" bool NOT NULL, "first_published_at" datetime NULL, "last_published_at" datetime NULL, "live_revision_id" integer NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "go_live_at" datetime NULL, "expire_at" datetime NULL, "expired" bool NOT NULL, "public_id" char(32) NOT NULL UNIQUE, "slug" varchar(140) NOT NULL UNIQUE, "kind" varchar(20) NOT NULL, "subtype" varchar(40) NOT NULL, "title" varchar(120) NOT NULL, "title_en" varchar(120) NOT NULL, "acronym" varchar(20) NOT NULL, "alternate_titles" text NOT NULL CHECK ((JSON_VALID("alternate_titles") OR "alternate_titles" IS NULL)), "summary" varchar(280) NOT NULL, "description" text NOT NULL, "description_html" text NOT NULL, "deposit" varchar(20) NOT NULL, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "author_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "producer_name" varchar(160) NOT NULL, "authors" text NOT NULL CHECK ((JSON_VALID("authors") OR "authors" IS NULL)), "contact" varchar(200) NOT NULL, "homepage_url" varchar(500) NOT NULL, "homepage_key" varchar(64) NOT NULL, "repository_key" varchar(64) NOT NULL, "repository_url" varchar(500) NOT NULL, "documentation_url" varchar(500) NOT NULL, "licences" text NOT NULL CHECK ((JSON_VALID("licences") OR "licences" IS NULL)), "licence_status" varchar(20) NOT NULL, "licence_note" varchar(300) NOT NULL, "scope" varchar(20) NOT NULL, "scope_note" varchar(120) NOT NULL, "territories" text NOT NULL CHECK ((JSON_VALID("territories") OR "territories" IS NULL)), "access" varchar(20) NOT NULL, "languages" text NOT NULL CHECK ((JSON_VALID("languages") OR "languages" IS NULL)), "use_cases" text NOT NULL CHECK ((JSON_VALID("use_cases") OR "use_cases" IS NULL)), "barriers" text NOT NULL CHECK ((JSON_VALID("barriers") OR "barriers" IS NULL)), "beneficiaries" text NOT NULL CHECK ((JSON_VALID("beneficiaries") OR "beneficiaries" IS NULL)), "publics" text NOT NULL CHECK ((JSON_VALID("publics") OR "publics" IS NULL)), "tasks" text NOT NULL CHECK ((JSON_VALID("tasks") OR "tasks" IS NULL)), "rome_codes" text NOT NULL CHECK ((JSON_VALID("rome_codes") OR "rome_codes" IS NULL)), "tags" text NOT NULL CHECK ((JSON_VALID("tags") OR "tags" IS NULL)), "lifecycle" varchar(20) NOT NULL, "lifecycle_note" text NOT NULL, "details" text NOT NULL CHECK ((JSON_VALID("details") OR "details" IS NULL)), "provenance" text NOT NULL CHECK ((JSON_VALID("provenance") OR "provenance" IS NULL)), "source" varchar(60) NOT NULL, "source_id" varchar(200) NOT NULL, "created_at" datetime NOT NULL, "content_modified_at" datetime NULL, "last_reviewed_at" datetime NULL, "next_review_at" datetime NULL, "archived_at" datetime NULL, "archive_reason" varchar(300) NOT NULL, "masked_at" datetime NULL, "restored_at" datetime NULL, "expired_at" datetime NULL, "views" integer unsigned NOT NULL CHECK ("views" >= 0), "downloads" integer unsigned NOT NULL CHECK ("downloads" >= 0), "used_since_indexed" bool NOT NULL, "followers" integer unsigned NOT NULL CHECK ("followers" >= 0), "reuses" integer unsigned NOT NULL CHECK ("reuses" >= 0), "dead_links" smallint unsigned NULL CHECK ("dead_links" >= 0), CONSTRAINT "resource_kind_known" CHECK ("kind" IN ('algorithm', 'dataset', 'idea', 'model', 'need', 'news', 'programme', 'solution', 'technology')), CONSTRAINT "resource_scope_known" CHECK ("scope" IN ('european', 'local', 'national', 'regional', 'unknown')), CONSTRAINT "resource_access_known" CHECK ("access" IN ('on_request', 'open', 'registered', 'restricted')), CONSTRAINT "resource_live_has_date" CHECK ((NOT "live" OR "first_published_at" IS NOT NULL)), CONSTRAINT "resource_masked_not_live" CHECK (("masked_at" IS NULL OR NOT "live")));
CREATE TABLE "catalogue_resource_producers" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "catalogue_resourcelink" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "source_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "source_title" varchar(120) NOT NULL, "target_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "target_title" varchar(120) NOT NULL, "type" varchar(20) NOT NULL, "note" varchar(200) NOT NULL, "created_at" datetime NOT NULL, CONSTRAINT "link_once" UNIQUE ("source_id", "target_id", "type"), CONSTRAINT "link_two_ends" CHECK (("source_id" IS NULL OR "target_id" IS NULL OR NOT ("source_id" = ("target_id") AND "source_id" IS NOT NULL AND "target_id" IS NOT NULL))), CONSTRAINT "link_type_known" CHECK ("type" IN ('answers', 'derived_from', 'documents', 'part_of', 'replaces', 'trained_on', 'uses')));
CREATE TABLE "catalogue_reuse" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "title" varchar(120) NOT NULL, "url" varchar(500) NOT NULL, "kind" varchar(20) NOT NULL, "description" text NOT NULL, "place" varchar(120) NOT NULL, "used_on" date NULL, "persons" integer unsigned NULL CHECK ("persons" >= 0), "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_name" varchar(160) NOT NULL, "by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "at" datetime NOT NULL, "state" varchar(10) NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "message" varchar(500) NOT NULL, CONSTRAINT "reuse_decision_dated" CHECK (("state" = 'withdrawn' OR ("decided_at" IS NULL AND "decided_by_id" IS NULL AND "state" = 'waiting') OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL AND "state" IN ('published', 'refused')))), CONSTRAINT "reuse_refused_with_words" CHECK ((NOT ("state" = 'refused') OR NOT ("message" = ''))));
CREATE TABLE "catalogue_reuse_resources" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "reuse_id" bigint NOT NULL REFERENCES "catalogue_reuse" ("id") DEFERRABLE INITIALLY DEFERRED, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "catalogue_savedsearch" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "user_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "email" varchar(254) NOT NULL, "title" varchar(120) NOT NULL, "query" text NOT NULL, "query_sha256" varchar(64) NOT NULL, "frequency" varchar(8) NOT NULL, "created_at" datetime NOT NULL, "confirmed_at" datetime NULL, "since" datetime NOT NULL, "looked_at" datetime NULL, "last_letter_on" date NULL, "feed_number" integer unsigned NOT NULL CHECK ("feed_number" >= 0), CONSTRAINT "search_of_person_or_address" CHECK ((("email" = '' AND "user_id" IS NOT NULL) OR ("user_id" IS NULL AND NOT ("email" = '')))), CONSTRAINT "search_frequency_known" CHECK ("frequency" IN ('daily', 'feed', 'weekly')));
CREATE TABLE "catalogue_source" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "key" varchar(50) NOT NULL UNIQUE, "title" varchar(120) NOT NULL, "kind" varchar(20) NOT NULL, "url" varchar(500) NOT NULL, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "status" varchar(20) NOT NULL, "publishes" bool NOT NULL, "completes" bool NOT NULL, "priority" smallint unsigned NOT NULL CHECK ("priority" >= 0), "priorities" text NOT NULL CHECK ((JSON_VALID("priorities") OR "priorities" IS NULL)), "frequency" varchar(10) NOT NULL, "next_run_at" datetime NULL, "proposed_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "message" text NOT NULL, CONSTRAINT "source_status_known" CHECK ("status" IN ('approved', 'paused', 'proposed', 'refused')), CONSTRAINT "source_decided_dated" CHECK (("status" = 'proposed' OR "decided_at" IS NOT NULL)));
CREATE TABLE "catalogue_synonym" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "phrases" text NOT NULL UNIQUE, "active" bool NOT NULL);
CREATE TABLE "catalogue_tombstone" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "slug" varchar(140) NOT NULL UNIQUE, "former_slugs" text NOT NULL CHECK ((JSON_VALID("former_slugs") OR "former_slugs" IS NULL)), "kind" varchar(20) NOT NULL, "title" varchar(120) NOT NULL, "reason" varchar(20) NOT NULL, "removed_at" datetime NOT NULL, "set_names" text NOT NULL);
CREATE TABLE "challenges_baselinecheck" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "evaluation_id" char(32) NOT NULL REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "day" date NOT NULL, "state" varchar(24) NOT NULL, "figure" varchar(160) NOT NULL, "difference" real NULL, "tolerance" real NULL, "runs" smallint unsigned NOT NULL CHECK ("runs" >= 0), "reason_code" varchar(40) NOT NULL, "rang" bool NOT NULL, "checked_at" datetime NOT NULL, CONSTRAINT "baseline_check_state_known" CHECK ("state" IN ('drifted', 'failed', 'same')), CONSTRAINT "baseline_check_once_a_day" UNIQUE ("evaluation_id", "day"), CONSTRAINT "baseline_check_rings_for_a_drift" CHECK ((NOT "rang" OR NOT ("state" = 'same'))));
CREATE TABLE "challenges_bundleimport" ("id" char(32) NOT NULL PRIMARY KEY, "by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "filename" varchar(200) NOT NULL, "sha256" varchar(64) NOT NULL, "size" bigint unsigned NOT NULL CHECK ("size" >= 0), "format" varchar(24) NOT NULL, "state" varchar(24) NOT NULL, "report" text NOT NULL CHECK ((JSON_VALID("report") OR "report" IS NULL)), "answers" text NOT NULL CHECK ((JSON_VALID("answers") OR "answers" IS NULL)), "refusals" text NOT NULL CHECK ((JSON_VALID("refusals") OR "refusals" IS NULL)), "sealed" varchar(64) NOT NULL, "keys" text NOT NULL CHECK ((JSON_VALID("keys") OR "keys" IS NULL)), "challenge_id" bigint NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "created_at" datetime NOT NULL, "state_since" datetime NOT NULL, "expires_at" datetime NOT NULL, CONSTRAINT "bundle_import_state_known" CHECK ("state" IN ('accepted', 'creating', 'expired', 'failed', 'read', 'refused', 'waiting')), CONSTRAINT "bundle_import_bytes_forgotten" CHECK (("state" IN ('waiting', 'read', 'creating') OR "sealed" = '')));
CREATE TABLE "challenges_certificate" ("id" char(32) NOT NULL PRIMARY KEY, "team_id" bigint NOT NULL REFERENCES "challenges_team" ("id") DEFERRABLE INITIALLY DEFERRED, "phase_id" bigint NOT NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "entry_id" char(32) NOT NULL REFERENCES "challenges_entry" ("id") DEFERRABLE INITIALLY DEFERRED, "serial" integer unsigned NOT NULL CHECK ("serial" >= 0), "text" text NOT NULL, "sha256" varchar(64) NOT NULL UNIQUE, "replaces_id" char(32) NULL UNIQUE REFERENCES "challenges_certificate" ("id") DEFERRABLE INITIALLY DEFERRED, "issued_at" datetime NOT NULL, CONSTRAINT "certificate_serial_once" UNIQUE ("team_id", "phase_id", "serial"), CONSTRAINT "certificate_names_the_former" CHECK ((("replaces_id" IS NULL AND "serial" = 1) OR ("replaces_id" IS NOT NULL AND "serial" > 1))));
CREATE TABLE "challenges_challenge" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "slug" varchar(80) NOT NULL UNIQUE, "title" varchar(200) NOT NULL, "summary" text NOT NULL, "body_md" text NOT NULL, "body_html" text NOT NULL, "language" varchar(8) NOT NULL, "task" varchar(24) NOT NULL, "tags" text NOT NULL CHECK ((JSON_VALID("tags") OR "tags" IS NULL)), "use_cases" text NOT NULL CHECK ((JSON_VALID("use_cases") OR "use_cases" IS NULL)), "caveats" text NOT NULL CHECK ((JSON_VALID("caveats") OR "caveats" IS NULL)), "licence" text NOT NULL CHECK ((JSON_VALID("licence") OR "licence" IS NULL)), "provenance" text NOT NULL CHECK ((JSON_VALID("provenance") OR "provenance" IS NULL)), "incompatible_with" text NOT NULL CHECK ((JSON_VALID("incompatible_with") OR "incompatible_with" IS NULL)), "organiser_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "kind" varchar(24) NOT NULL, "status" varchar(24) NOT NULL, "status_since" datetime NOT NULL, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "published_at" datetime NULL, "corrections" text NOT NULL, "team_min" smallint unsigned NOT NULL CHECK ("team_min" >= 0), "team_max" smallint unsigned NOT NULL CHECK ("team_max" >= 0), "registration" varchar(24) NOT NULL, "allowed_domains" text NOT NULL CHECK ((JSON_VALID("allowed_domains") OR "allowed_domains" IS NULL)), "blocked_domains" text NOT NULL CHECK ((JSON_VALID("blocked_domains") OR "blocked_domains" IS NULL)), "has_prizes" bool NOT NULL, "prizes_md" text NOT NULL, "prize_rule_md" text NOT NULL, "contact" varchar(254) NOT NULL, "forum_url" varchar(200) NOT NULL, "fact_sheet" text NOT NULL CHECK ((JSON_VALID("fact_sheet") OR "fact_sheet" IS NULL)), "n_min_group" integer unsigned NOT NULL CHECK ("n_min_group" >= 0), "restricted" bool NOT NULL, "grant_id" bigint NULL REFERENCES "datasets_grant" ("id") DEFERRABLE INITIALLY DEFERRED, "bundle" text NOT NULL CHECK ((JSON_VALID("bundle") OR "bundle" IS NULL)), "bundle_fingerprint" varchar(64) NOT NULL, "held_out_fingerprint" varchar(64) NOT NULL, "source_id" bigint NULL REFERENCES "datasets_holdoutversion" ("id") DEFERRABLE INITIALLY DEFERRED, "detailed_results" varchar(24) NOT NULL, "created_at" datetime NOT NULL, CONSTRAINT "challenge_status_known" CHECK ("status" IN ('archived', 'closed', 'draft', 'in_review', 'published', 'revealed', 'suspended')), CONSTRAINT "challenge_kind_known" CHECK ("kind" IN ('benchmark', 'competition')), CONSTRAINT "challenge_registration_known" CHECK ("registration" IN ('approval', 'invited', 'open')), CONSTRAINT "challenge_detailed_results_known" CHECK ("detailed_results" IN ('none', 'organiser', 'team')), CONSTRAINT "challenge_n_min_group_only_raised" CHECK ("n_min_group" >= 11), CONSTRAINT "challenge_team_sizes_in_order" CHECK (("team_max" >= ("team_min") AND "team_min" >= 1)), CONSTRAINT "challenge_granted_is_restricted" CHECK (("grant_id" IS NULL OR "restricted")), CONSTRAINT "challenge_published_has_its_date" CHECK (((NOT ("status" IN ('draft', 'in_review')) AND "published_at" IS NOT NULL) OR ("status" IN ('draft', 'in_review') AND "published_at" IS NULL))));
CREATE TABLE "challenges_challenge_origins" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "challenges_challengedraft" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL UNIQUE REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "kept" text NOT NULL CHECK ((JSON_VALID("kept") OR "kept" IS NULL)), "scorings" text NOT NULL CHECK ((JSON_VALID("scorings") OR "scorings" IS NULL)), "number" integer unsigned NOT NULL CHECK ("number" >= 0), "state" varchar(24) NOT NULL, "asked_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "asked_at" datetime NULL, "done_at" datetime NULL, "errors" text NOT NULL CHECK ((JSON_VALID("errors") OR "errors" IS NULL)), "warnings" text NOT NULL CHECK ((JSON_VALID("warnings") OR "warnings" IS NULL)), "trial" text NOT NULL CHECK ((JSON_VALID("trial") OR "trial" IS NULL)), CONSTRAINT "challenge_draft_state_known" CHECK ("state" IN ('done', 'idle', 'queued', 'refused')), CONSTRAINT "challenge_draft_asked_has_author" CHECK ((("asked_at" IS NULL AND "asked_by_id" IS NULL) OR ("asked_at" IS NOT NULL AND "asked_by_id" IS NOT NULL))));
CREATE TABLE "challenges_challengeorganiser" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(24) NOT NULL, CONSTRAINT "challenge_organiser_role_known" CHECK ("role" IN ('jury', 'organiser', 'owner')), CONSTRAINT "challenge_organiser_once" UNIQUE ("challenge_id", "user_id"));
CREATE TABLE "challenges_challengepage" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "index" smallint unsigned NOT NULL CHECK ("index" >= 0), "title" varchar(120) NOT NULL, "body_md" text NOT NULL, "body_html" text NOT NULL, CONSTRAINT "challenge_page_index_once" UNIQUE ("challenge_id", "index"));
CREATE TABLE "challenges_coderun" ("id" char(32) NOT NULL PRIMARY KEY, "entry_id" char(32) NOT NULL REFERENCES "challenges_entry" ("id") DEFERRABLE INITIALLY DEFERRED, "plan_id" bigint NOT NULL REFERENCES "challenges_runplan" ("id") DEFERRABLE INITIALLY DEFERRED, "state" varchar(24) NOT NULL, "reason_code" varchar(40) NOT NULL, "seed" bigint NOT NULL, "environment_digest" varchar(64) NOT NULL, "inputs_digest" varchar(64) NOT NULL, "minutes" smallint unsigned NULL CHECK ("minutes" >= 0), "half_gib" smallint unsigned NULL CHECK ("half_gib" >= 0), "measures" text NOT NULL CHECK ((JSON_VALID("measures") OR "measures" IS NULL)), "detail" text NOT NULL, "log" text NOT NULL, "log_forgotten" bool NOT NULL, "started_at" datetime NULL, "finished_at" datetime NULL, CONSTRAINT "code_run_state_known" CHECK ("state" IN ('done', 'failed', 'queued', 'running')), CONSTRAINT "code_run_once" UNIQUE ("entry_id", "plan_id"), CONSTRAINT "code_run_end_has_its_date" CHECK ((("state" IN ('done', 'failed') AND "finished_at" IS NOT NULL) OR (NOT ("state" IN ('done', 'failed')) AND "finished_at" IS NULL))), CONSTRAINT "code_run_failed_has_its_reason" CHECK ((NOT ("state" = 'failed') OR NOT ("reason_code" = ''))));
CREATE TABLE "challenges_codetrial" ("id" char(32) NOT NULL PRIMARY KEY, "phase_id" bigint NOT NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "team_id" bigint NOT NULL REFERENCES "challenges_team" ("id") DEFERRABLE INITIALLY DEFERRED, "plan_id" bigint NOT NULL REFERENCES "challenges_runplan" ("id") DEFERRABLE INITIALLY DEFERRED, "asked_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "sha256" varchar(64) NOT NULL, "size" bigint unsigned NOT NULL CHECK ("size" >= 0), "original_name" varchar(200) NOT NULL, "sealed" varchar(64) NOT NULL, "keys" text NOT NULL CHECK ((JSON_VALID("keys") OR "keys" IS NULL)), "state" varchar(24) NOT NULL, "reason_code" varchar(40) NOT NULL, "detail" text NOT NULL, "verdict" text NOT NULL CHECK ((JSON_VALID("verdict") OR "verdict" IS NULL)), "log" text NOT NULL, "log_cut" bool NOT NULL, "log_forgotten" bool NOT NULL, "measures" text NOT NULL CHECK ((JSON_VALID("measures") OR "measures" IS NULL)), "created_at" datetime NOT NULL, "started_at" datetime NULL, "finished_at" datetime NULL, CONSTRAINT "code_trial_state_known" CHECK ("state" IN ('done', 'failed', 'queued', 'running')), CONSTRAINT "code_trial_end_has_its_date" CHECK ((("state" IN ('done', 'failed') AND "finished_at" IS NOT NULL) OR (NOT ("state" IN ('done', 'failed')) AND "finished_at" IS NULL))), CONSTRAINT "code_trial_bytes_forgotten" CHECK (("state" IN ('queued', 'running') OR "sealed" = '')));
CREATE TABLE "challenges_column" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "leaderboard_id" bigint NOT NULL REFERENCES "challenges_leaderboard" ("id") DEFERRABLE INITIALLY DEFERRED, "index" smallint unsigned NOT NULL CHECK ("index" >= 0), "key" varchar(36) NOT NULL, "title" varchar(120) NOT NULL, "kind" varchar(24) NOT NULL, "direction" varchar(24) NOT NULL, "decimals" smallint unsigned NOT NULL CHECK ("decimals" >= 0), "grouped" bool NOT NULL, "hidden" bool NOT NULL, "operation" varchar(8) NOT NULL, "operands" text NOT NULL CHECK ((JSON_VALID("operands") OR "operands" IS NULL)), "valid_min" real NULL, "valid_max" real NULL, "sentinels" text NOT NULL CHECK ((JSON_VALID("sentinels") OR "sentinels" IS NULL)), "groups" text NOT NULL CHECK ((JSON_VALID("groups") OR "groups" IS NULL)), CONSTRAINT "column_kind_known" CHECK ("kind" IN ('computed', 'fact', 'fairness', 'metric')), CONSTRAINT "column_direction_known" CHECK ("direction" IN ('max', 'min', 'none')), CONSTRAINT "column_key_once" UNIQUE ("leaderboard_id", "key"), CONSTRAINT "column_index_once" UNIQUE ("leaderboard_id", "index"), CONSTRAINT "column_decimals_bounded" CHECK ("decimals" <= 12));
CREATE TABLE "challenges_disqualification" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "proposed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "public_id" char(32) NOT NULL UNIQUE, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "team_id" bigint NOT NULL REFERENCES "challenges_team" ("id") DEFERRABLE INITIALLY DEFERRED, "entry_id" char(32) NULL REFERENCES "challenges_entry" ("id") DEFERRABLE INITIALLY DEFERRED, "status" varchar(24) NOT NULL, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "reason" text NOT NULL, "reply_by" datetime NOT NULL, "reply" text NOT NULL, "replied_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "replied_at" datetime NULL, "decision" text NOT NULL, "lifted_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "lifted_at" datetime NULL, "lifted_reason" text NOT NULL, CONSTRAINT "disqualification_status_known" CHECK ("status" IN ('dismissed', 'in_force', 'lifted', 'proposed', 'withdrawn')), CONSTRAINT "disqualification_reply_has_author" CHECK ((("replied_at" IS NULL AND "replied_by_id" IS NULL) OR ("replied_at" IS NOT NULL AND "replied_by_id" IS NOT NULL))), CONSTRAINT "disqualification_decided_has_author" CHECK ((("decided_at" IS NULL AND "decided_by_id" IS NULL) OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL))), CONSTRAINT "disqualification_takes_two_people" CHECK (("status" = 'withdrawn' OR "decided_by_id" IS NULL OR NOT ("decided_by_id" = ("proposed_by_id") AND "decided_by_id" IS NOT NULL))), CONSTRAINT "disqualification_decided_has_its_date" CHECK (((NOT ("status" = 'proposed') AND "decided_at" IS NOT NULL) OR ("status" = 'proposed' AND "decided_at" IS NULL))), CONSTRAINT "disqualification_lifted_has_author" CHECK ((("status" = 'lifted' AND "lifted_at" IS NOT NULL AND "lifted_by_id" IS NOT NULL) OR (NOT ("status" = 'lifted') AND "lifted_at" IS NULL AND "lifted_by_id" IS NULL))), CONSTRAINT "disqualification_lifted_by_another" CHECK (NOT ("lifted_by_id" = ("proposed_by_id") AND "lifted_by_id" IS NOT NULL)));
CREATE TABLE "challenges_enrolment" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "phase_id" bigint NOT NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "team_id" bigint NOT NULL REFERENCES "challenges_team" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "enrolment_once" UNIQUE ("phase_id", "team_id"));
CREATE TABLE "challenges_entry" ("id" char(32) NOT NULL PRIMARY KEY, "enrolment_id" bigint NOT NULL REFERENCES "challenges_enrolment" ("id") DEFERRABLE INITIALLY DEFERRED, "number" integer unsigned NOT NULL CHECK ("number" >= 0), "submitted_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "idempotency_key" varchar(64) NOT NULL, "sha256" varchar(64) NOT NULL, "size" bigint unsigned NOT NULL CHECK ("size" >= 0), "original_name" varchar(200) NOT NULL, "received_at" datetime NOT NULL, "first_byte_at" datetime NOT NULL, "closes_at_snapshot" datetime NULL, "grace" bool NOT NULL, "quota_day" date NOT NULL, "day_slot" integer unsigned NULL CHECK ("day_slot" >= 0), "total_slot" integer unsigned NULL CHECK ("total_slot" >= 0), "status" varchar(24) NOT NULL, "status_since" datetime NOT NULL, "reason_code" varchar(40) NOT NULL, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "fact_sheet" text NOT NULL CHECK ((JSON_VALID("fact_sheet") OR "fact_sheet" IS NULL)), "note" varchar(200) NOT NULL, "verdict" text NOT NULL CHECK ((JSON_VALID("verdict") OR "verdict" IS NULL)), "canonical_sha256" varchar(64) NOT NULL, "counts" bool NOT NULL, "final_choice" bool NOT NULL, "file_deleted_at" datetime NULL, "disqualified_at" datetime NULL, "disqualified_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "disqualified_reason" text NOT NULL, "migrated_from_id" char(32) NULL REFERENCES "challenges_entry" ("id") DEFERRABLE INITIALLY DEFERRED, "card_id" bigint NULL UNIQUE REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "receipt" text NOT NULL, CONSTRAINT "entry_status_known" CHECK ("status" IN ('checking', 'failed', 'needs_attention', 'queued', 'received', 'rejected', 'scored', 'scoring', 'withdrawn')), CONSTRAINT "entry_has_bytes" CHECK ("size" > 0), CONSTRAINT "entry_idempotency_key_once" UNIQUE ("enrolment_id", "idempotency_key"), CONSTRAINT "entry_day_slot_once" UNIQUE ("enrolment_id", "quota_day", "day_slot"), CONSTRAINT "entry_total_slot_once" UNIQUE ("enrolment_id", "total_slot"), CONSTRAINT "entry_number_once" UNIQUE ("enrolment_id", "number"), CONSTRAINT "entry_received_before_the_close" CHECK (("grace" OR "closes_at_snapshot" IS NULL OR "received_at" < ("closes_at_snapshot"))), CONSTRAINT "entry_disqualified_has_author" CHECK ((("disqualified_at" IS NULL AND "disqualified_by_id" IS NULL) OR ("disqualified_at" IS NOT NULL AND "disqualified_by_id" IS NOT NULL))), CONSTRAINT "entry_rejected_gives_slots_back" CHECK ((NOT ("status" = 'rejected') OR ("day_slot" IS NULL AND "total_slot" IS NULL))));
CREATE TABLE "challenges_evaluation" ("id" char(32) NOT NULL PRIMARY KEY, "entry_id" char(32) NOT NULL REFERENCES "challenges_entry" ("id") DEFERRABLE INITIALLY DEFERRED, "scorer_version_id" bigint NOT NULL REFERENCES "challenges_scorerversion" ("id") DEFERRABLE INITIALLY DEFERRED, "holdout_id" bigint NOT NULL REFERENCES "datasets_holdoutversion" ("id") DEFERRABLE INITIALLY DEFERRED, "run_id" char(32) NULL REFERENCES "challenges_coderun" ("id") DEFERRABLE INITIALLY DEFERRED, "state" varchar(24) NOT NULL, "reason_code" varchar(40) NOT NULL, "to_examine" bool NOT NULL, "input_sha256" varchar(64) NOT NULL, "environment_digest" varchar(64) NOT NULL, "seconds" real NULL, "cpu_seconds" real NULL, "peak_mb" real NULL, "started_at" datetime NULL, "finished_at" datetime NULL, CONSTRAINT "evaluation_state_known" CHECK ("state" IN ('done', 'failed', 'pending', 'running')), CONSTRAINT "evaluation_once" UNIQUE ("entry_id", "scorer_version_id", "holdout_id"), CONSTRAINT "evaluation_end_has_its_date" CHECK ((("state" IN ('done', 'failed') AND "finished_at" IS NOT NULL) OR (NOT ("state" IN ('done', 'failed')) AND "finished_at" IS NULL))));
CREATE TABLE "challenges_fairnessaudit" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "evaluation_id" char(32) NOT NULL UNIQUE REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "record" text NOT NULL CHECK ((JSON_VALID("record") OR "record" IS NULL)), "released_at" datetime NOT NULL);
CREATE TABLE "challenges_formerorganiser" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(24) NOT NULL, "left_at" datetime NOT NULL, CONSTRAINT "former_organiser_role_known" CHECK ("role" IN ('jury', 'organiser', 'owner')), CONSTRAINT "former_organiser_once" UNIQUE ("challenge_id", "user_id"));
CREATE TABLE "challenges_guest" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "email" varchar(254) NOT NULL, "state" varchar(10) NOT NULL, "sent_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "sent_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "guest_state_known" CHECK ("state" IN ('accepted', 'refused', 'revoked', 'sent')));
CREATE TABLE "challenges_job" ("id" char(32) NOT NULL PRIMARY KEY, "kind" varchar(24) NOT NULL, "phase_id" bigint NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "subject_id" varchar(64) NOT NULL, "dedup_key" varchar(160) NOT NULL, "priority" smallint NOT NULL, "fair_rank" integer unsigned NOT NULL CHECK ("fair_rank" >= 0), "run_after" datetime NOT NULL, "attempt" smallint unsigned NOT NULL CHECK ("attempt" >= 0), "max_attempts" smallint unsigned NOT NULL CHECK ("max_attempts" >= 0), "state" varchar(24) NOT NULL, "lease_owner" varchar(80) NOT NULL, "lease_token" char(32) NULL, "lease_until" datetime NULL, "beat_at" datetime NULL, "error_code" varchar(40) NOT NULL, "created_at" datetime NOT NULL, "finished_at" datetime NULL, CONSTRAINT "job_kind_known" CHECK ("kind" IN ('check', 'compare', 'compile', 'dry_run', 'import', 'reveal', 'run', 'score', 'standings', 'swap', 'trial', 'watch')), CONSTRAINT "job_state_known" CHECK ("state" IN ('dead', 'done', 'failed', 'leased', 'ready')), CONSTRAINT "job_once" UNIQUE ("kind", "dedup_key"), CONSTRAINT "job_leased_has_its_token" CHECK ((("state" = 'leased' AND "lease_token" IS NOT NULL) OR (NOT ("state" = 'leased') AND "lease_token" IS NULL))), CONSTRAINT "job_leased_has_its_end" CHECK ((("state" = 'leased' AND "lease_until" IS NOT NULL) OR (NOT ("state" = 'leased') AND "lease_until" IS NULL))));
CREATE TABLE "challenges_leaderboard" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "phase_id" bigint NOT NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "key" varchar(36) NOT NULL, "title" varchar(64) NOT NULL, "rule" varchar(24) NOT NULL, "primary_id" bigint NULL REFERENCES "challenges_column" ("id") DEFERRABLE INITIALLY DEFERRED, "hidden" bool NOT NULL, "anonymous" bool NOT NULL, "facts" text NOT NULL CHECK ((JSON_VALID("facts") OR "facts" IS NULL)), CONSTRAINT "leaderboard_rule_known" CHECK ("rule" IN ('all', 'best', 'chosen', 'last')), CONSTRAINT "leaderboard_key_once" UNIQUE ("challenge_id", "key"));
CREATE TABLE "challenges_notice" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "kind" varchar(24) NOT NULL, "text" text NOT NULL, "at" datetime NOT NULL, CONSTRAINT "notice_kind_known" CHECK ("kind" IN ('dates', 'scoring', 'terms', 'text')));
CREATE TABLE "challenges_organiserinvitation" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "email" varchar(254) NOT NULL, "state" varchar(10) NOT NULL, "sent_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "sent_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(24) NOT NULL, CONSTRAINT "organiserinvitation_state_known" CHECK ("state" IN ('accepted', 'refused', 'revoked', 'sent')), CONSTRAINT "organiser_invitation_role_known" CHECK ("role" IN ('jury', 'organiser', 'owner')));
CREATE TABLE "challenges_phase" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "index" smallint unsigned NOT NULL CHECK ("index" >= 0), "name" varchar(120) NOT NULL, "kind" varchar(24) NOT NULL, "opens_at" datetime NULL, "closes_at" datetime NULL, "closed_by_hand" bool NOT NULL, "max_per_day" integer unsigned NULL CHECK ("max_per_day" >= 0), "max_total" integer unsigned NULL CHECK ("max_total" >= 0), "max_parallel" integer unsigned NULL CHECK ("max_parallel" >= 0), "max_refused_per_day" integer unsigned NOT NULL CHECK ("max_refused_per_day" >= 0), "max_bytes" bigint unsigned NOT NULL CHECK ("max_bytes" >= 0), "time_limit_s" integer unsigned NOT NULL CHECK ("time_limit_s" >= 0), "memory_mb" integer unsigned NOT NULL CHECK ("memory_mb" >= 0), "migrate_from_id" bigint NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "migrated_at" datetime NULL, "answer_spec" text NOT NULL CHECK ((JSON_VALID("answer_spec") OR "answer_spec" IS NULL)), "public_share" real NOT NULL, "public_units" integer unsigned NULL CHECK ("public_units" >= 0), "ladder" bool NOT NULL, "final_choices" smallint unsigned NOT NULL CHECK ("final_choices" >= 0), "logs" varchar(24) NOT NULL, "benchmark_after_close" bool NOT NULL, "paused_at" datetime NULL, "paused_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "pause_reason" text NOT NULL, CONSTRAINT "phase_kind_known" CHECK ("kind" IN ('code', 'final', 'public', 'trial')), CONSTRAINT "phase_logs_known" CHECK ("logs" IN ('none', 'organiser', 'team_trial')), CONSTRAINT "phase_index_once" UNIQUE ("challenge_id", "index"), CONSTRAINT "phase_closes_after_it_opens" CHECK (("closes_at" IS NULL OR "opens_at" IS NULL OR "closes_at" > ("opens_at"))), CONSTRAINT "phase_migrated_comes_from_another" CHECK (("migrated_at" IS NULL OR "migrate_from_id" IS NOT NULL)), CONSTRAINT "phase_pause_has_reason" CHECK ((("paused_at" IS NULL AND "pause_reason" = '') OR ("paused_at" IS NOT NULL AND NOT ("pause_reason" = '')))), CONSTRAINT "phase_paused_by_while_paused" CHECK (("paused_by_id" IS NULL OR "paused_at" IS NOT NULL)));
CREATE TABLE "challenges_phasetask" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "phase_id" bigint NOT NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "index" smallint unsigned NOT NULL CHECK ("index" >= 0), "key" char(32) NOT NULL UNIQUE, "name" varchar(120) NOT NULL, "scorer_version_id" bigint NOT NULL REFERENCES "challenges_scorerversion" ("id") DEFERRABLE INITIALLY DEFERRED, "holdout_id" bigint NOT NULL REFERENCES "datasets_holdoutversion" ("id") DEFERRABLE INITIALLY DEFERRED, "current" bool NOT NULL, "plan_id" bigint NULL REFERENCES "challenges_runplan" ("id") DEFERRABLE INITIALLY DEFERRED, "form" text NOT NULL CHECK ((JSON_VALID("form") OR "form" IS NULL)));
CREATE TABLE "challenges_programreport" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "evaluation_id" char(32) NOT NULL UNIQUE REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "undeclared" text NOT NULL CHECK ((JSON_VALID("undeclared") OR "undeclared" IS NULL)), "faults" text NOT NULL CHECK ((JSON_VALID("faults") OR "faults" IS NULL)), "detail" text NOT NULL, "log" text NOT NULL, "html" text NOT NULL, "written_at" datetime NOT NULL, "log_forgotten" bool NOT NULL);
CREATE TABLE "challenges_publicfile" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "index" smallint unsigned NOT NULL CHECK ("index" >= 0), "name" varchar(120) NOT NULL, "role" varchar(32) NOT NULL, "sha256" varchar(64) NOT NULL, "size" bigint unsigned NOT NULL CHECK ("size" >= 0), "rows" bigint unsigned NULL CHECK ("rows" >= 0), "columns" text NOT NULL CHECK ((JSON_VALID("columns") OR "columns" IS NULL)), "args" text NOT NULL CHECK ((JSON_VALID("args") OR "args" IS NULL)), CONSTRAINT "public_file_name_once" UNIQUE ("challenge_id", "name"), CONSTRAINT "public_file_index_once" UNIQUE ("challenge_id", "index"));
CREATE TABLE "challenges_receiptkey" ("key_id" varchar(16) NOT NULL PRIMARY KEY, "public" varchar(44) NOT NULL UNIQUE, "first_used_at" datetime NOT NULL);
CREATE TABLE "challenges_registration" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "terms_id" bigint NULL REFERENCES "challenges_terms" ("id") DEFERRABLE INITIALLY DEFERRED, "terms_accepted_at" datetime NULL, "grant_id" bigint NULL REFERENCES "datasets_grant" ("id") DEFERRABLE INITIALLY DEFERRED, "uses_signed_at" datetime NULL, "state" varchar(24) NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" varchar(500) NOT NULL, "at" datetime NOT NULL, CONSTRAINT "registration_state_known" CHECK ("state" IN ('accepted', 'pending', 'refused', 'withdrawn')), CONSTRAINT "registration_terms_accepted_dated" CHECK ((("terms_id" IS NULL AND "terms_accepted_at" IS NULL) OR ("terms_id" IS NOT NULL AND "terms_accepted_at" IS NOT NULL))), CONSTRAINT "registration_uses_signed_dated" CHECK ((("grant_id" IS NULL AND "uses_signed_at" IS NULL) OR ("grant_id" IS NOT NULL AND "uses_signed_at" IS NOT NULL))), CONSTRAINT "registration_once" UNIQUE ("challenge_id", "user_id"));
CREATE TABLE "challenges_rescoring" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "proposed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "public_id" char(32) NOT NULL UNIQUE, "phase_id" bigint NOT NULL REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "task_id" bigint NOT NULL UNIQUE REFERENCES "challenges_phasetask" ("id") DEFERRABLE INITIALLY DEFERRED, "former_id" bigint NOT NULL REFERENCES "challenges_phasetask" ("id") DEFERRABLE INITIALLY DEFERRED, "state" varchar(24) NOT NULL, "reason" text NOT NULL, "started_at" datetime NULL, "facts" text NOT NULL CHECK ((JSON_VALID("facts") OR "facts" IS NULL)), "note" text NOT NULL, "executed_at" datetime NULL, CONSTRAINT "rescoring_state_known" CHECK ("state" IN ('accepted', 'in_force', 'proposed', 'ready', 'refused', 'running', 'withdrawn')), CONSTRAINT "rescoring_decided_has_author" CHECK ((("decided_at" IS NULL AND "decided_by_id" IS NULL) OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL))), CONSTRAINT "rescoring_takes_two_people" CHECK (("decided_by_id" IS NULL OR NOT ("decided_by_id" = ("proposed_by_id") AND "decided_by_id" IS NOT NULL))), CONSTRAINT "rescoring_in_force_has_its_date" CHECK ((("state" = 'in_force' AND "executed_at" IS NOT NULL) OR (NOT ("state" = 'in_force') AND "executed_at" IS NULL))));
CREATE TABLE "challenges_reveal" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "proposed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "public_id" char(32) NOT NULL UNIQUE, "phase_id" bigint NOT NULL UNIQUE REFERENCES "challenges_phase" ("id") DEFERRABLE INITIALLY DEFERRED, "inputs_digest" varchar(64) NOT NULL, "executed_at" datetime NULL, "set_back" varchar(16) NOT NULL, CONSTRAINT "reveal_decided_has_author" CHECK ((("decided_at" IS NULL AND "decided_by_id" IS NULL) OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL))), CONSTRAINT "reveal_takes_two_people" CHECK (("decided_by_id" IS NULL OR NOT ("decided_by_id" = ("proposed_by_id") AND "decided_by_id" IS NOT NULL))), CONSTRAINT "reveal_executed_was_confirmed" CHECK (("executed_at" IS NULL OR "decided_at" IS NOT NULL)));
CREATE TABLE "challenges_rung" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "evaluation_id" char(32) NOT NULL UNIQUE REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "improved" bool NOT NULL, "leader_id" char(32) NULL REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "settled_at" datetime NOT NULL, "own" text NOT NULL CHECK ((JSON_VALID("own") OR "own" IS NULL)), CONSTRAINT "rung_improved_leads" CHECK ((NOT "improved" OR "leader_id" = ("evaluation_id"))));
CREATE TABLE "challenges_runplan" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "inputs_id" bigint NOT NULL REFERENCES "datasets_holdoutversion" ("id") DEFERRABLE INITIALLY DEFERRED, "data_file_id" bigint NULL REFERENCES "datasets_datafile" ("id") DEFERRABLE INITIALLY DEFERRED, "ids" varchar(120) NOT NULL, "sample_sha256" varchar(64) NOT NULL, "sample_size" bigint unsigned NOT NULL CHECK ("sample_size" >= 0), "sample_rows" integer unsigned NOT NULL CHECK ("sample_rows" >= 0), "sample_files" text NOT NULL CHECK ((JSON_VALID("sample_files") OR "sample_files" IS NULL)), "created_at" datetime NOT NULL, "checked_at" datetime NULL, "problem" varchar(300) NOT NULL, "problem_facts" text NOT NULL CHECK ((JSON_VALID("problem_facts") OR "problem_facts" IS NULL)), CONSTRAINT "run_plan_sample_has_rows" CHECK ("sample_rows" >= 1));
CREATE TABLE "challenges_score" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "evaluation_id" char(32) NOT NULL REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "split" varchar(24) NOT NULL, "metric" varchar(36) NOT NULL, "group" varchar(120) NOT NULL, "value" real NOT NULL, "value_text" varchar(32) NOT NULL, "low" real NULL, "high" real NULL, "units" integer unsigned NULL CHECK ("units" >= 0), "released_at" datetime NOT NULL, CONSTRAINT "score_split_known" CHECK ("split" IN ('private', 'public')), CONSTRAINT "score_once" UNIQUE ("evaluation_id", "split", "metric", "group"), CONSTRAINT "score_is_finite" CHECK (("value" > -1e+308 AND "value" < 1e+308)), CONSTRAINT "score_interval_is_whole" CHECK ((("high" IS NULL AND "low" IS NULL) OR ("high" IS NOT NULL AND "low" IS NOT NULL AND "high" < 1e+308 AND "low" > -1e+308 AND "low" <= ("high")))));
CREATE TABLE "challenges_scorer" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "key" varchar(64) NOT NULL, "kind" varchar(24) NOT NULL, CONSTRAINT "scorer_kind_known" CHECK ("kind" IN ('metric', 'program')), CONSTRAINT "scorer_key_once" UNIQUE ("challenge_id", "key"));
CREATE TABLE "challenges_scorereceipt" ("id" char(32) NOT NULL PRIMARY KEY, "entry_id" char(32) NOT NULL REFERENCES "challenges_entry" ("id") DEFERRABLE INITIALLY DEFERRED, "evaluation_id" char(32) NOT NULL REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "task" smallint unsigned NOT NULL CHECK ("task" >= 0), "serial" integer unsigned NOT NULL CHECK ("serial" >= 0), "reason" varchar(24) NOT NULL, "text" text NOT NULL, "sha256" varchar(64) NOT NULL UNIQUE, "replaces_id" char(32) NULL UNIQUE REFERENCES "challenges_scorereceipt" ("id") DEFERRABLE INITIALLY DEFERRED, "issued_at" datetime NOT NULL, CONSTRAINT "score_receipt_reason_known" CHECK ("reason" IN ('rescored', 'revealed', 'scored')), CONSTRAINT "score_receipt_serial_once" UNIQUE ("entry_id", "task", "serial"), CONSTRAINT "score_receipt_names_the_former" CHECK ((("replaces_id" IS NULL AND "serial" = 1) OR ("replaces_id" IS NOT NULL AND "serial" > 1))));
CREATE TABLE "challenges_scorerversion" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "scorer_id" bigint NOT NULL REFERENCES "challenges_scorer" ("id") DEFERRABLE INITIALLY DEFERRED, "number" smallint unsigned NOT NULL CHECK ("number" >= 0), "spec" text NOT NULL CHECK ((JSON_VALID("spec") OR "spec" IS NULL)), "program_sha256" varchar(64) NOT NULL, "programs_id" bigint NULL REFERENCES "datasets_holdoutversion" ("id") DEFERRABLE INITIALLY DEFERRED, "seed" bigint NOT NULL, "digest" varchar(64) NOT NULL, "created_at" datetime NOT NULL, CONSTRAINT "scorer_version_number_once" UNIQUE ("scorer_id", "number"), CONSTRAINT "scorer_version_program_has_its_digest" CHECK ((("programs_id" IS NULL AND "program_sha256" = '') OR ("programs_id" IS NOT NULL AND NOT ("program_sha256" = '')))));
CREATE TABLE "challenges_sealedpredictions" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "run_id" char(32) NOT NULL UNIQUE REFERENCES "challenges_coderun" ("id") DEFERRABLE INITIALLY DEFERRED, "ciphertext_sha256" varchar(64) NOT NULL, "ciphertext_size" bigint unsigned NOT NULL CHECK ("ciphertext_size" >= 0), "keys" text NOT NULL CHECK ((JSON_VALID("keys") OR "keys" IS NULL)), "suffix" varchar(12) NOT NULL);
CREATE TABLE "challenges_sealedresult" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "evaluation_id" char(32) NOT NULL UNIQUE REFERENCES "challenges_evaluation" ("id") DEFERRABLE INITIALLY DEFERRED, "payload" BLOB NOT NULL, "sha256" varchar(64) NOT NULL, "key_id" varchar(64) NOT NULL);
CREATE TABLE "challenges_standing" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "leaderboard_id" bigint NOT NULL REFERENCES "challenges_leaderboard" ("id") DEFERRABLE INITIALLY DEFERRED, "split" varchar(24) NOT NULL, "team_id" bigint NOT NULL REFERENCES "challenges_team" ("id") DEFERRABLE INITIALLY DEFERRED, "entry_id" char(32) NOT NULL REFERENCES "challenges_entry" ("id") DEFERRABLE INITIALLY DEFERRED, "position" integer unsigned NOT NULL CHECK ("position" >= 0), "competes" bool NOT NULL, "rank" integer unsigned NULL CHECK ("rank" >= 0), "tier" integer unsigned NULL CHECK ("tier" >= 0), "rank_low" integer unsigned NULL CHECK ("rank_low" >= 0), "rank_high" integer unsigned NULL CHECK ("rank_high" >= 0), "cells" text NOT NULL CHECK ((JSON_VALID("cells") OR "cells" IS NULL)), "interval_low" real NULL, "interval_high" real NULL, "entries_count" integer unsigned NOT NULL CHECK ("entries_count" >= 0), "computed_at" datetime NOT NULL, "source_digest" varchar(64) NOT NULL, CONSTRAINT "standing_split_known" CHECK ("split" IN ('private', 'public')), CONSTRAINT "standing_once" UNIQUE ("leaderboard_id", "split", "team_id", "entry_id"), CONSTRAINT "standing_position_once" UNIQUE ("leaderboard_id", "split", "position"));
CREATE TABLE "challenges_team" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "name" varchar(80) NOT NULL, "slug" varchar(96) NOT NULL, "state" varchar(24) NOT NULL, "join_code" varchar(16) NOT NULL, "show_members" bool NOT NULL, "show_method" bool NOT NULL, "allow_card" bool NOT NULL, "created_at" datetime NOT NULL, "checks_hour" datetime NULL, "checks_used" integer unsigned NOT NULL CHECK ("checks_used" >= 0), CONSTRAINT "team_state_known" CHECK ("state" IN ('disqualified', 'full', 'open', 'reference', 'withdrawn')), CONSTRAINT "team_slug_once" UNIQUE ("challenge_id", "slug"));
CREATE TABLE "challenges_teaminvitation" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "email" varchar(254) NOT NULL, "state" varchar(10) NOT NULL, "sent_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "sent_at" datetime NOT NULL, "expires_at" datetime NOT NULL, "team_id" bigint NOT NULL REFERENCES "challenges_team" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "teaminvitation_state_known" CHECK ("state" IN ('accepted', 'refused', 'revoked', 'sent')));
CREATE TABLE "challenges_teammember" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "team_id" bigint NOT NULL REFERENCES "challenges_team" ("id") DEFERRABLE INITIALLY DEFERRED, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "role" varchar(24) NOT NULL, "joined_at" datetime NOT NULL, "left_at" datetime NULL, CONSTRAINT "team_member_role_known" CHECK ("role" IN ('captain', 'member')), CONSTRAINT "team_member_leaves_after_joining" CHECK (("left_at" IS NULL OR "left_at" >= ("joined_at"))));
CREATE TABLE "challenges_terms" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "challenge_id" bigint NOT NULL REFERENCES "challenges_challenge" ("id") DEFERRABLE INITIALLY DEFERRED, "number" smallint unsigned NOT NULL CHECK ("number" >= 0), "text" text NOT NULL, "html" text NOT NULL, "sha256" varchar(64) NOT NULL, "created_at" datetime NOT NULL, CONSTRAINT "terms_number_once" UNIQUE ("challenge_id", "number"));
CREATE TABLE "challenges_upload" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(200) NOT NULL, "length" bigint unsigned NOT NULL CHECK ("length" >= 0), "offset" bigint unsigned NOT NULL CHECK ("offset" >= 0), "parts" text NOT NULL CHECK ((JSON_VALID("parts") OR "parts" IS NULL)), "begun_at" datetime NOT NULL, "first_byte_at" datetime NULL, "expires_at" datetime NOT NULL, "enrolment_id" bigint NOT NULL REFERENCES "challenges_enrolment" ("id") DEFERRABLE INITIALLY DEFERRED, "begun_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "state" varchar(24) NOT NULL, "sha256" varchar(64) NOT NULL, CONSTRAINT "upload_within_its_length" CHECK (("length" > 0 AND "offset" <= ("length"))), CONSTRAINT "upload_first_byte_dated" CHECK ((("first_byte_at" IS NULL AND "offset" = 0) OR ("first_byte_at" IS NOT NULL AND "offset" > 0))), CONSTRAINT "upload_state_known" CHECK ("state" IN ('expired', 'open', 'stored')), CONSTRAINT "upload_stored_whole" CHECK ((("offset" = ("length") AND "state" = 'stored' AND NOT ("sha256" = '')) OR (NOT ("state" = 'stored') AND "sha256" = ''))));
CREATE TABLE "datasets_accessrequest" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "status" varchar(24) NOT NULL, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "edits" integer unsigned NOT NULL CHECK ("edits" >= 0), "requester_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "title" varchar(120) NOT NULL, "summary" text NOT NULL, "purpose" varchar(24) NOT NULL, "service" text NOT NULL, "use_cases" text NOT NULL, "organises_challenge" bool NOT NULL, "beneficiaries" varchar(300) NOT NULL, "legal_basis" varchar(300) NOT NULL, "impact_assessment" varchar(300) NOT NULL, "security" text NOT NULL, "hosting" varchar(24) NOT NULL, "months" smallint unsigned NOT NULL CHECK ("months" >= 0), "pledges" text NOT NULL CHECK ((JSON_VALID("pledges") OR "pledges" IS NULL)), "created_at" datetime NOT NULL, "edited_at" datetime NOT NULL, "expiry_told_at" datetime NULL, "submitted_at" datetime NULL, "admitted_at" datetime NULL, "changes_asked_at" datetime NULL, "changes_asked" text NOT NULL, "changes_fields" text NOT NULL CHECK ((JSON_VALID("changes_fields") OR "changes_fields" IS NULL)), "answer" text NOT NULL, "stopped_days" smallint unsigned NOT NULL CHECK ("stopped_days" >= 0), "decided_at" datetime NULL, "officer_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "preparers" text NOT NULL CHECK ((JSON_VALID("preparers") OR "preparers" IS NULL)), "approver_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" varchar(24) NOT NULL, "decision" text NOT NULL, "override" text NOT NULL, "review_asked_at" datetime NULL, "first_approver_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "first_decided_at" datetime NULL, "first_reason" varchar(24) NOT NULL, "first_decision" text NOT NULL, "review_argument" text NOT NULL, CONSTRAINT "access_request_status_known" CHECK ("status" IN ('approved', 'changes_requested', 'draft', 'in_review', 'lapsed', 'refused', 'submitted', 'withdrawn')), CONSTRAINT "access_request_decided_by_someone" CHECK ((("approver_id" IS NULL AND "decided_at" IS NULL) OR ("approver_id" IS NOT NULL AND "decided_at" IS NOT NULL))), CONSTRAINT "access_request_first_refusal_kept" CHECK ((("first_approver_id" IS NULL AND "first_decided_at" IS NULL AND "review_asked_at" IS NULL AND "first_decision" = '') OR ("first_approver_id" IS NOT NULL AND "first_decided_at" IS NOT NULL AND "review_asked_at" IS NOT NULL AND NOT ("first_decision" = '')))), CONSTRAINT "access_request_two_people" CHECK (("approver_id" IS NULL OR "officer_id" IS NULL OR NOT ("approver_id" = ("officer_id") AND "approver_id" IS NOT NULL AND "officer_id" IS NOT NULL))), CONSTRAINT "access_request_decided_once_admitted" CHECK ((NOT ("status" IN ('approved', 'in_review', 'refused')) OR ("admitted_at" IS NOT NULL AND "officer_id" IS NOT NULL))), CONSTRAINT "access_request_not_by_requester" CHECK ((NOT ("approver_id" = ("requester_id") AND "approver_id" IS NOT NULL) AND NOT ("officer_id" = ("requester_id") AND "officer_id" IS NOT NULL))), CONSTRAINT "access_request_refused_with_reason" CHECK ((NOT ("status" = 'refused') OR (NOT ("reason" = '') AND NOT ("decision" = '')))), CONSTRAINT "access_request_changes_with_reason" CHECK ((NOT ("status" = 'changes_requested') OR NOT ("changes_asked" = ''))), CONSTRAINT "access_request_sent_dated" CHECK (("status" = 'draft' OR "submitted_at" IS NOT NULL)));
CREATE TABLE "datasets_datafile" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "release_id" bigint NOT NULL REFERENCES "datasets_release" ("id") DEFERRABLE INITIALLY DEFERRED, "index" smallint unsigned NOT NULL CHECK ("index" >= 0), "name" varchar(200) NOT NULL, "role" varchar(20) NOT NULL, "level" varchar(20) NOT NULL, "sha256" varchar(64) NOT NULL, "keys" text NOT NULL CHECK ((JSON_VALID("keys") OR "keys" IS NULL)), "size" bigint unsigned NOT NULL CHECK ("size" >= 0), "media_type" varchar(100) NOT NULL, "rows" bigint unsigned NULL CHECK ("rows" >= 0), "schema" text NOT NULL CHECK ((JSON_VALID("schema") OR "schema" IS NULL)), "preview" text NOT NULL CHECK ((JSON_VALID("preview") OR "preview" IS NULL)), CONSTRAINT "data_file_name_once" UNIQUE ("release_id", "name"), CONSTRAINT "data_file_level_known" CHECK ("level" IN ('open', 'registered', 'restricted_business', 'restricted_personal')), CONSTRAINT "data_file_preview_open" CHECK (("level" = 'open' OR "preview" = '{}')));
CREATE TABLE "datasets_dataset" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "resource_id" bigint NOT NULL UNIQUE REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "level" varchar(20) NOT NULL, "in_directory" bool NOT NULL, "of_personal_origin" bool NOT NULL, "is_synthetic" bool NOT NULL, "legal_basis" varchar(200) NOT NULL, "disclosure_threshold" smallint unsigned NULL CHECK ("disclosure_threshold" >= 0), "retention" varchar(120) NOT NULL, "created_at" datetime NOT NULL, "released_at" datetime NULL, CONSTRAINT "dataset_level_known" CHECK ("level" IN ('open', 'registered', 'restricted_business', 'restricted_personal')));
CREATE TABLE "datasets_download" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "data_file_id" bigint NOT NULL REFERENCES "datasets_datafile" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "at" datetime NOT NULL, "licences" varchar(200) NOT NULL, "grant_id" bigint NULL REFERENCES "datasets_grant" ("id") DEFERRABLE INITIALLY DEFERRED, "bytes" bigint unsigned NOT NULL CHECK ("bytes" >= 0));
CREATE TABLE "datasets_extract" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "granted_id" bigint NOT NULL REFERENCES "datasets_granteddataset" ("id") DEFERRABLE INITIALLY DEFERRED, "data_file_id" bigint NOT NULL REFERENCES "datasets_datafile" ("id") DEFERRABLE INITIALLY DEFERRED, "claimed_until" datetime NULL, "attempts" smallint unsigned NOT NULL CHECK ("attempts" >= 0), "fault" varchar(40) NOT NULL, "sha256" varchar(64) NOT NULL, "keys" text NOT NULL CHECK ((JSON_VALID("keys") OR "keys" IS NULL)), "columns" text NOT NULL CHECK ((JSON_VALID("columns") OR "columns" IS NULL)), "clear_size" bigint unsigned NULL CHECK ("clear_size" >= 0), "rows" bigint unsigned NULL CHECK ("rows" >= 0), "built_at" datetime NULL, "removed_at" datetime NULL, CONSTRAINT "extract_once" UNIQUE ("granted_id", "data_file_id"), CONSTRAINT "extract_built_whole" CHECK ((("built_at" IS NULL AND "clear_size" IS NULL) OR ("built_at" IS NOT NULL AND "clear_size" IS NOT NULL))), CONSTRAINT "extract_sealed_while_kept" CHECK ((("built_at" IS NULL AND "sha256" = '') OR ("removed_at" IS NOT NULL AND "sha256" = '') OR (NOT ("sha256" = '') AND "built_at" IS NOT NULL AND "removed_at" IS NULL))));
CREATE TABLE "datasets_grant" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "request_id" bigint NOT NULL UNIQUE REFERENCES "datasets_accessrequest" ("id") DEFERRABLE INITIALLY DEFERRED, "content" text NOT NULL CHECK ((JSON_VALID("content") OR "content" IS NULL)), "months" smallint unsigned NOT NULL CHECK ("months" >= 0), "agreement_sha256" varchar(64) NOT NULL, "approved_at" datetime NOT NULL, "approved_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "starts_at" datetime NULL, "ends_at" datetime NULL, "suspended_at" datetime NULL, "suspended_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "suspension" text NOT NULL, "revoked_at" datetime NULL, "revoked_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "revocation" text NOT NULL, "closed_at" datetime NULL, "closed_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "destruction" text NOT NULL, CONSTRAINT "grant_dated" CHECK ((("ends_at" IS NULL AND "starts_at" IS NULL) OR ("ends_at" IS NOT NULL AND "starts_at" IS NOT NULL))), CONSTRAINT "grant_suspended_why" CHECK ((("suspended_at" IS NULL AND "suspended_by_id" IS NULL AND "suspension" = '') OR ("suspended_at" IS NOT NULL AND "suspended_by_id" IS NOT NULL AND NOT ("suspension" = '')))), CONSTRAINT "grant_revoked_why" CHECK ((("revoked_at" IS NULL AND "revoked_by_id" IS NULL AND "revocation" = '') OR ("revoked_at" IS NOT NULL AND "revoked_by_id" IS NOT NULL AND NOT ("revocation" = '')))), CONSTRAINT "grant_closed_why" CHECK ((("closed_at" IS NULL AND "closed_by_id" IS NULL AND "destruction" = '') OR ("closed_at" IS NOT NULL AND "closed_by_id" IS NOT NULL AND NOT ("destruction" = '')))));
CREATE TABLE "datasets_granteddataset" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "grant_id" bigint NOT NULL REFERENCES "datasets_grant" ("id") DEFERRABLE INITIALLY DEFERRED, "dataset_id" bigint NOT NULL REFERENCES "datasets_dataset" ("id") DEFERRABLE INITIALLY DEFERRED, "level" varchar(24) NOT NULL, "columns" text NOT NULL CHECK ((JSON_VALID("columns") OR "columns" IS NULL)), CONSTRAINT "granted_dataset_once" UNIQUE ("grant_id", "dataset_id"), CONSTRAINT "granted_dataset_level_known" CHECK ("level" IN ('open', 'registered', 'restricted_business', 'restricted_personal')));
CREATE TABLE "datasets_holdout" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "name" varchar(200) NOT NULL, "owner_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "created_at" datetime NOT NULL, CONSTRAINT "holdout_name_once" UNIQUE ("owner_id", "name"));
CREATE TABLE "datasets_holdoutversion" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "holdout_id" bigint NOT NULL REFERENCES "datasets_holdout" ("id") DEFERRABLE INITIALLY DEFERRED, "number" integer unsigned NOT NULL CHECK ("number" >= 0), "ciphertext_sha256" varchar(64) NOT NULL, "compiled_keys_sha256" varchar(64) NULL, "compiled_at" datetime NULL, "registered_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "registered_at" datetime NOT NULL, CONSTRAINT "holdout_number_once" UNIQUE ("holdout_id", "number"), CONSTRAINT "holdout_compiled_dated" CHECK ((("compiled_at" IS NULL AND "compiled_keys_sha256" IS NULL) OR ("compiled_at" IS NOT NULL AND "compiled_keys_sha256" IS NOT NULL))));
CREATE TABLE "datasets_nameduser" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "request_id" bigint NOT NULL REFERENCES "datasets_accessrequest" ("id") DEFERRABLE INITIALLY DEFERRED, "email" varchar(254) NOT NULL, "user_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "signed_at" datetime NULL, "removed_at" datetime NULL, CONSTRAINT "named_user_signed_by_someone" CHECK ((("signed_at" IS NULL AND "user_id" IS NULL) OR ("signed_at" IS NOT NULL AND "user_id" IS NOT NULL))), CONSTRAINT "named_user_has_an_address" CHECK ((NOT ("email" = '') OR "removed_at" IS NOT NULL)));
CREATE TABLE "datasets_opening" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "status" varchar(24) NOT NULL, "producer_id" bigint NOT NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "card_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "restricted_id" bigint NULL REFERENCES "datasets_dataset" ("id") DEFERRABLE INITIALLY DEFERRED, "title" varchar(160) NOT NULL, "interest" text NOT NULL, "legal_basis" varchar(200) NOT NULL, "licence" varchar(24) NOT NULL, "of_personal_origin" bool NOT NULL, "declared" text NOT NULL CHECK ((JSON_VALID("declared") OR "declared" IS NULL)), "dictionary" text NOT NULL CHECK ((JSON_VALID("dictionary") OR "dictionary" IS NULL)), "removed" text NOT NULL, "file_name" varchar(200) NOT NULL, "file_size" bigint unsigned NULL CHECK ("file_size" >= 0), "file_sha256" varchar(64) NOT NULL, "deposit_sha256" varchar(64) NOT NULL, "deposit_keys" text NOT NULL CHECK ((JSON_VALID("deposit_keys") OR "deposit_keys" IS NULL)), "columns" text NOT NULL CHECK ((JSON_VALID("columns") OR "columns" IS NULL)), "attempt" integer unsigned NOT NULL CHECK ("attempt" >= 0), "proposed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "agreed_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "agreed_at" datetime NULL, "officer_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "admitted_at" datetime NULL, "changes_asked" text NOT NULL, "approver_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "approved_at" datetime NULL, "second_approver_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "second_approved_at" datetime NULL, "reason" varchar(24) NOT NULL, "decision" text NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "release_id" bigint NULL UNIQUE REFERENCES "datasets_release" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "opening_status_known" CHECK ("status" IN ('approved', 'changes_requested', 'checking', 'in_review', 'proposed', 'published', 'ready', 'refused', 'withdrawn')), CONSTRAINT "opening_agreed_by_someone" CHECK ((("agreed_at" IS NULL AND "agreed_by_id" IS NULL) OR ("agreed_at" IS NOT NULL AND "agreed_by_id" IS NOT NULL))), CONSTRAINT "opening_admitted_by_someone" CHECK ((("admitted_at" IS NULL AND "officer_id" IS NULL) OR ("admitted_at" IS NOT NULL AND "officer_id" IS NOT NULL))), CONSTRAINT "opening_approved_by_someone" CHECK ((("approved_at" IS NULL AND "approver_id" IS NULL) OR ("approved_at" IS NOT NULL AND "approver_id" IS NOT NULL))), CONSTRAINT "opening_approved_again" CHECK ((("second_approved_at" IS NULL AND "second_approver_id" IS NULL) OR ("second_approved_at" IS NOT NULL AND "second_approver_id" IS NOT NULL))), CONSTRAINT "opening_refused_by" CHECK ((("decided_at" IS NULL AND "decided_by_id" IS NULL AND "decision" = '') OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL AND NOT ("decision" = '')))), CONSTRAINT "opening_takes_two_people" CHECK ((NOT ("status" IN ('approved', 'published')) OR ("approver_id" IS NOT NULL AND "second_approver_id" IS NOT NULL))), CONSTRAINT "opening_approved_by_others" CHECK (("approver_id" IS NULL OR "second_approver_id" IS NULL OR NOT ("approver_id" = ("second_approver_id") AND "approver_id" IS NOT NULL AND "second_approver_id" IS NOT NULL))), CONSTRAINT "opening_not_approved_by_its_author" CHECK ((("approver_id" IS NULL OR NOT ("approver_id" = ("proposed_by_id") AND "approver_id" IS NOT NULL)) AND ("second_approver_id" IS NULL OR NOT ("second_approver_id" = ("proposed_by_id") AND "second_approver_id" IS NOT NULL)))), CONSTRAINT "opening_published_has_release" CHECK ((("release_id" IS NOT NULL AND "status" = 'published') OR (NOT ("status" = 'published') AND "release_id" IS NULL))));
CREATE TABLE "datasets_openingreport" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "opening_id" bigint NOT NULL REFERENCES "datasets_opening" ("id") DEFERRABLE INITIALLY DEFERRED, "attempt" integer unsigned NOT NULL CHECK ("attempt" >= 0), "content" text NOT NULL CHECK ((JSON_VALID("content") OR "content" IS NULL)), "digest" varchar(64) NOT NULL, "signature" varchar(128) NOT NULL, "sample" text NOT NULL, "passed" bool NOT NULL, "made_at" datetime NOT NULL, CONSTRAINT "opening_report_once" UNIQUE ("opening_id", "attempt"));
CREATE TABLE "datasets_openingwithdrawal" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "proposed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "proposed_at" datetime NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "public_id" char(32) NOT NULL UNIQUE, "answer" varchar(10) NOT NULL, "opening_id" bigint NOT NULL REFERENCES "datasets_opening" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" text NOT NULL, CONSTRAINT "openingwithdrawal_decided_has_author" CHECK ((("decided_at" IS NULL AND "decided_by_id" IS NULL) OR ("decided_at" IS NOT NULL AND "decided_by_id" IS NOT NULL))), CONSTRAINT "openingwithdrawal_takes_two_people" CHECK (("answer" = 'withdrawn' OR "decided_by_id" IS NULL OR NOT ("decided_by_id" = ("proposed_by_id") AND "decided_by_id" IS NOT NULL))), CONSTRAINT "openingwithdrawal_answered_has_its_date" CHECK (((NOT ("answer" = '') AND "decided_at" IS NOT NULL) OR ("answer" = '' AND "decided_at" IS NULL))));
CREATE TABLE "datasets_opinion" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "request_id" bigint NOT NULL REFERENCES "datasets_accessrequest" ("id") DEFERRABLE INITIALLY DEFERRED, "dataset_id" bigint NULL REFERENCES "datasets_dataset" ("id") DEFERRABLE INITIALLY DEFERRED, "organisation_id" bigint NULL REFERENCES "accounts_organisation" ("id") DEFERRABLE INITIALLY DEFERRED, "version" integer unsigned NOT NULL CHECK ("version" >= 0), "asked_at" datetime NOT NULL, "verdict" varchar(24) NOT NULL, "text" text NOT NULL, "months" smallint unsigned NULL CHECK ("months" >= 0), "given_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "given_at" datetime NULL, CONSTRAINT "opinion_of_a_producer_or_not" CHECK ((("dataset_id" IS NULL AND "organisation_id" IS NULL) OR ("dataset_id" IS NOT NULL AND "organisation_id" IS NOT NULL))), CONSTRAINT "opinion_given_by_someone" CHECK ((("given_at" IS NULL AND "given_by_id" IS NULL AND "verdict" = '') OR ("given_at" IS NOT NULL AND "given_by_id" IS NOT NULL AND NOT ("verdict" = '')))), CONSTRAINT "opinion_unfavourable_says_why" CHECK ((NOT ("verdict" = 'unfavourable') OR NOT ("text" = ''))), CONSTRAINT "opinion_of_a_producer_once" UNIQUE ("request_id", "dataset_id", "version"));
CREATE TABLE "datasets_pendingrelease" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "dataset_id" bigint NOT NULL REFERENCES "datasets_dataset" ("id") DEFERRABLE INITIALLY DEFERRED, "asked_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "asked_at" datetime NOT NULL, "files" text NOT NULL CHECK ((JSON_VALID("files") OR "files" IS NULL)), "notes" varchar(500) NOT NULL, "personal_checked" bool NOT NULL, "state" varchar(10) NOT NULL, "faults" text NOT NULL CHECK ((JSON_VALID("faults") OR "faults" IS NULL)), "release_id" bigint NULL UNIQUE REFERENCES "datasets_release" ("id") DEFERRABLE INITIALLY DEFERRED, "claimed_until" datetime NULL, "attempts" smallint unsigned NOT NULL CHECK ("attempts" >= 0), CONSTRAINT "pending_release_settled" CHECK ((("release_id" IS NOT NULL AND "state" = 'published') OR ("release_id" IS NULL AND "state" IN ('pending', 'refused')))));
CREATE TABLE "datasets_promisedreturn" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "request_id" bigint NOT NULL REFERENCES "datasets_accessrequest" ("id") DEFERRABLE INITIALLY DEFERRED, "text" varchar(200) NOT NULL, "months" smallint unsigned NOT NULL CHECK ("months" >= 0), "due_at" datetime NULL, "delivered_at" datetime NULL, "delivered_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "link" varchar(500) NOT NULL, CONSTRAINT "return_delivered_by_someone" CHECK ((("delivered_at" IS NULL AND "delivered_by_id" IS NULL AND "link" = '') OR ("delivered_at" IS NOT NULL AND "delivered_by_id" IS NOT NULL AND NOT ("link" = '')))));
CREATE TABLE "datasets_release" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "dataset_id" bigint NOT NULL REFERENCES "datasets_dataset" ("id") DEFERRABLE INITIALLY DEFERRED, "number" integer unsigned NOT NULL CHECK ("number" >= 0), "notes" varchar(500) NOT NULL, "published_at" datetime NOT NULL, "published_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "withdrawn_at" datetime NULL, "withdrawal" varchar(500) NOT NULL, CONSTRAINT "release_number_once" UNIQUE ("dataset_id", "number"));
CREATE TABLE "datasets_releaseupload" ("id" char(32) NOT NULL PRIMARY KEY, "name" varchar(200) NOT NULL, "length" bigint unsigned NOT NULL CHECK ("length" >= 0), "offset" bigint unsigned NOT NULL CHECK ("offset" >= 0), "parts" text NOT NULL CHECK ((JSON_VALID("parts") OR "parts" IS NULL)), "begun_at" datetime NOT NULL, "first_byte_at" datetime NULL, "expires_at" datetime NOT NULL, "dataset_id" bigint NOT NULL REFERENCES "datasets_dataset" ("id") DEFERRABLE INITIALLY DEFERRED, "begun_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "releaseupload_within_its_length" CHECK (("length" > 0 AND "offset" <= ("length"))), CONSTRAINT "releaseupload_first_byte_dated" CHECK ((("first_byte_at" IS NULL AND "offset" = 0) OR ("first_byte_at" IS NOT NULL AND "offset" > 0))));
CREATE TABLE "datasets_requesteddataset" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "request_id" bigint NOT NULL REFERENCES "datasets_accessrequest" ("id") DEFERRABLE INITIALLY DEFERRED, "dataset_id" bigint NOT NULL REFERENCES "datasets_dataset" ("id") DEFERRABLE INITIALLY DEFERRED, "columns" text NOT NULL CHECK ((JSON_VALID("columns") OR "columns" IS NULL)), CONSTRAINT "requested_dataset_once" UNIQUE ("request_id", "dataset_id"));
CREATE TABLE "datasets_requestversion" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "request_id" bigint NOT NULL REFERENCES "datasets_accessrequest" ("id") DEFERRABLE INITIALLY DEFERRED, "number" integer unsigned NOT NULL CHECK ("number" >= 0), "content" text NOT NULL CHECK ((JSON_VALID("content") OR "content" IS NULL)), "changes_asked_at" datetime NULL, "changes_asked" text NOT NULL, "answer" text NOT NULL, "sent_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "sent_at" datetime NOT NULL, CONSTRAINT "request_version_asked" CHECK ((("changes_asked_at" IS NULL AND "changes_asked" = '') OR ("changes_asked_at" IS NOT NULL AND NOT ("changes_asked" = '')))), CONSTRAINT "request_version_once" UNIQUE ("request_id", "number"));
CREATE TABLE "datasets_sealedfile" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "version_id" bigint NOT NULL REFERENCES "datasets_holdoutversion" ("id") DEFERRABLE INITIALLY DEFERRED, "kind" varchar(10) NOT NULL, "name" varchar(200) NOT NULL, "ciphertext_sha256" varchar(64) NOT NULL, "ciphertext_size" bigint unsigned NOT NULL CHECK ("ciphertext_size" >= 0), CONSTRAINT "sealed_file_once" UNIQUE ("version_id", "kind", "name"));
CREATE TABLE "datasets_suspension" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "grant_id" bigint NOT NULL REFERENCES "datasets_grant" ("id") DEFERRABLE INITIALLY DEFERRED, "suspended_at" datetime NOT NULL, "suspended_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "suspension" text NOT NULL, "resumed_at" datetime NOT NULL, "resumed_by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "resumption" text NOT NULL);
CREATE TABLE "datasets_wrappedkey" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "file_id" bigint NOT NULL REFERENCES "datasets_sealedfile" ("id") DEFERRABLE INITIALLY DEFERRED, "key_id" varchar(32) NOT NULL, "ephemeral" varchar(64) NOT NULL, "wrapped" varchar(96) NOT NULL, CONSTRAINT "wrapped_key_once" UNIQUE ("file_id", "key_id"));
CREATE TABLE "demonstrator_build" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "engine" varchar(24) NOT NULL, "occupations_sha256" varchar(64) NOT NULL, "data_sha256" varchar(64) NOT NULL, "data" text NOT NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)), "arrays_sha256" varchar(64) NOT NULL, "is_trial" bool NOT NULL, "is_public" bool NOT NULL, "figures" text NOT NULL CHECK ((JSON_VALID("figures") OR "figures" IS NULL)), "built_at" datetime NOT NULL, CONSTRAINT "build_engine" CHECK ("engine" IN ('moves', 'tension', 'text')), CONSTRAINT "built_once" UNIQUE ("engine", "data_sha256", "arrays_sha256"));
CREATE TABLE "demonstrator_fundingrule" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(120) NOT NULL UNIQUE, "text" text NOT NULL, "needs_longer_training" bool NOT NULL, "for_contract" varchar(12) NOT NULL, "source" varchar(500) NOT NULL, "verified_on" date NULL);
CREATE TABLE "demonstrator_loadeddata" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "kind" varchar(24) NOT NULL, "origin" varchar(500) NOT NULL, "licence" varchar(100) NOT NULL, "is_public" bool NOT NULL, "version" varchar(60) NOT NULL, "rows" integer unsigned NOT NULL CHECK ("rows" >= 0), "content_sha256" varchar(64) NOT NULL, "loaded_at" datetime NOT NULL, CONSTRAINT "referential_kind" CHECK ("kind" IN ('mobilities', 'rome', 'tension')));
CREATE TABLE "demonstrator_milestone" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "prototype_id" bigint NOT NULL REFERENCES "demonstrator_prototype" ("id") DEFERRABLE INITIALLY DEFERRED, "on" date NOT NULL, "state" varchar(24) NOT NULL, "partner" varchar(200) NOT NULL, "persons" integer unsigned NULL CHECK ("persons" >= 0), "text" text NOT NULL, "evidence" varchar(500) NOT NULL, CONSTRAINT "milestone_state" CHECK (("state" = '' OR "state" IN ('idea', 'scoping', 'prototype', 'trial', 'taken_over', 'transferred', 'stopped'))), CONSTRAINT "taken_over_by_somebody" CHECK ((NOT ("state" = 'taken_over') OR NOT ("partner" = ''))));
CREATE TABLE "demonstrator_prototype" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "use_case" varchar(40) NOT NULL UNIQUE, "need_id" bigint NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED, "useful_count" integer unsigned NOT NULL CHECK ("useful_count" >= 0), "useless_count" integer unsigned NOT NULL CHECK ("useless_count" >= 0), "corrected_count" integer unsigned NOT NULL CHECK ("corrected_count" >= 0), CONSTRAINT "prototype_use_case" CHECK ("use_case" IN ('employee_transition', 'mobility_self_assessment', 'school_guidance', 'sme_needs', 'training_procurement', 'youth_advisor')));
CREATE TABLE "demonstrator_prototype_components" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "prototype_id" bigint NOT NULL REFERENCES "demonstrator_prototype" ("id") DEFERRABLE INITIALLY DEFERRED, "resource_id" bigint NOT NULL REFERENCES "catalogue_resource" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "discussions_block" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "subject_kind" varchar(16) NOT NULL, "subject_id" char(32) NOT NULL, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" varchar(300) NOT NULL, "at" datetime NOT NULL, CONSTRAINT "blocked_once" UNIQUE ("subject_kind", "subject_id", "user_id"));
CREATE TABLE "discussions_discussion" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "subject_kind" varchar(16) NOT NULL, "subject_id" char(32) NOT NULL, "public_id" char(32) NOT NULL UNIQUE, "title" varchar(160) NOT NULL, "by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "at" datetime NOT NULL, "moved_at" datetime NOT NULL, "state" varchar(8) NOT NULL, "pinned" bool NOT NULL, "closed_at" datetime NULL, "closed_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "close_reason" varchar(300) NOT NULL, CONSTRAINT "discussion_closed_with_reason" CHECK ((("closed_at" IS NULL AND "closed_by_id" IS NULL AND "close_reason" = '') OR ("closed_at" IS NOT NULL AND "closed_by_id" IS NOT NULL AND NOT ("close_reason" = '')))));
CREATE TABLE "discussions_flag" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "message_id" bigint NOT NULL REFERENCES "discussions_message" ("id") DEFERRABLE INITIALLY DEFERRED, "by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "reason" varchar(300) NOT NULL, "at" datetime NOT NULL, "settled_at" datetime NULL, CONSTRAINT "message_flagged_once_by_person" UNIQUE ("message_id", "by_id"));
CREATE TABLE "discussions_message" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "public_id" char(32) NOT NULL UNIQUE, "discussion_id" bigint NOT NULL REFERENCES "discussions_discussion" ("id") DEFERRABLE INITIALLY DEFERRED, "by_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "at" datetime NOT NULL, "body_md" text NOT NULL, "body_html" text NOT NULL, "from_owner" bool NOT NULL, "state" varchar(8) NOT NULL, "decided_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "decided_at" datetime NULL, "hidden_reason" varchar(300) NOT NULL, CONSTRAINT "message_hidden_with_reason" CHECK (((NOT ("state" = 'hidden') AND "hidden_reason" = '') OR ("decided_by_id" IS NOT NULL AND "state" = 'hidden' AND NOT ("hidden_reason" = '')))));
CREATE TABLE "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);
CREATE TABLE "django_migrations" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app" varchar(255) NOT NULL, "name" varchar(255) NOT NULL, "applied" datetime NOT NULL);
CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" datetime NOT NULL);
CREATE TABLE "mfa_authenticator" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "type" varchar(20) NOT NULL, "data" text NOT NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)), "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "created_at" datetime NOT NULL, "last_used_at" datetime NULL);
CREATE TABLE "pages_contentpage" ("page_ptr_id" integer NOT NULL PRIMARY KEY REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "lede" text NOT NULL, "workstream" varchar(20) NOT NULL, "reviewed_on" date NULL, "body" text NOT NULL CHECK ((JSON_VALID("body") OR "body" IS NULL)));
CREATE TABLE "pages_homepage" ("page_ptr_id" integer NOT NULL PRIMARY KEY REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "lede" text NOT NULL, "headline" varchar(120) NOT NULL, "frequent_searches" text NOT NULL, "pledges" text NOT NULL CHECK ((JSON_VALID("pledges") OR "pledges" IS NULL)));
CREATE TABLE "pages_newsindexpage" ("page_ptr_id" integer NOT NULL PRIMARY KEY REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "lede" text NOT NULL);
CREATE TABLE "pages_newspage" ("page_ptr_id" integer NOT NULL PRIMARY KEY REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "lede" text NOT NULL, "published_on" date NOT NULL, "kind" varchar(20) NOT NULL, "body" text NOT NULL CHECK ((JSON_VALID("body") OR "body" IS NULL)));
CREATE TABLE "pages_pagetext" ("page_id" integer NOT NULL PRIMARY KEY REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "folded" text NOT NULL, "title_words" text NOT NULL, "words" text NOT NULL, "summary" varchar(210) NOT NULL, "published_at" datetime NULL);
CREATE TABLE "taggit_tag" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(100) NOT NULL UNIQUE, "slug" varchar(100) NOT NULL UNIQUE);
CREATE TABLE "taggit_taggeditem" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "object_id" integer NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "tag_id" integer NOT NULL REFERENCES "taggit_tag" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "taggit_taggeditem_content_type_id_object_id_tag_id_4bb97a8e_uniq" UNIQUE ("content_type_id", "object_id", "tag_id"));
CREATE TABLE "usersessions_usersession" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "created_at" datetime NOT NULL, "ip" char(39) NOT NULL, "last_seen_at" datetime NOT NULL, "session_key" varchar(40) NOT NULL UNIQUE, "user_agent" varchar(200) NOT NULL, "data" text NOT NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)), "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailadmin_admin" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
CREATE TABLE "wagtailadmin_editingsession" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "object_id" varchar(255) NOT NULL, "last_seen_at" datetime NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "is_editing" bool NOT NULL);
CREATE TABLE "wagtailadmin_formstate" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "data" text NOT NULL, "object_id" varchar(255) NOT NULL, "parent_object_id" varchar(255) NOT NULL, "last_updated_at" datetime NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_apitoken" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(255) NOT NULL, "key_hash" varchar(64) NOT NULL UNIQUE, "prefix" varchar(16) NOT NULL, "created" datetime NOT NULL, "revoked_at" datetime NULL, "last_used_at" datetime NULL, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_collection" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "path" varchar(255) NOT NULL UNIQUE, "depth" integer unsigned NOT NULL CHECK ("depth" >= 0), "numchild" integer unsigned NOT NULL CHECK ("numchild" >= 0), "name" varchar(255) NOT NULL);
CREATE TABLE "wagtailcore_collectionviewrestriction" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "restriction_type" varchar(20) NOT NULL, "password" varchar(255) NOT NULL, "collection_id" integer NOT NULL REFERENCES "wagtailcore_collection" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_collectionviewrestriction_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "collectionviewrestriction_id" integer NOT NULL REFERENCES "wagtailcore_collectionviewrestriction" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_comment" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "text" text NOT NULL, "contentpath" text NOT NULL, "position" text NOT NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL, "resolved_at" datetime NULL, "page_id" integer NOT NULL REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "resolved_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "revision_created_id" integer NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_commentreply" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "text" text NOT NULL, "created_at" datetime NOT NULL, "updated_at" datetime NOT NULL, "comment_id" integer NOT NULL REFERENCES "wagtailcore_comment" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_groupapprovaltask" ("task_ptr_id" integer NOT NULL PRIMARY KEY REFERENCES "wagtailcore_task" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_groupapprovaltask_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "groupapprovaltask_id" integer NOT NULL REFERENCES "wagtailcore_groupapprovaltask" ("task_ptr_id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_groupcollectionpermission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "collection_id" integer NOT NULL REFERENCES "wagtailcore_collection" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_grouppagepermission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "page_id" integer NOT NULL REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED, CONSTRAINT "unique_permission" UNIQUE ("group_id", "page_id", "permission_id"));
CREATE TABLE "wagtailcore_groupsitepermission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED, "permission_id" integer NOT NULL REFERENCES "auth_permission" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" integer NOT NULL REFERENCES "wagtailcore_site" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_locale" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "language_code" varchar(100) NOT NULL UNIQUE);
CREATE TABLE "wagtailcore_modellogentry" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "label" text NOT NULL, "action" varchar(255) NOT NULL, "timestamp" datetime NOT NULL, "content_changed" bool NOT NULL, "deleted" bool NOT NULL, "object_id" varchar(255) NOT NULL, "content_type_id" integer NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NULL, "uuid" char(32) NULL, "revision_id" integer NULL, "data" text NOT NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)));
CREATE TABLE "wagtailcore_page" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "path" varchar(255) NOT NULL UNIQUE, "depth" integer unsigned NOT NULL CHECK ("depth" >= 0), "numchild" integer unsigned NOT NULL CHECK ("numchild" >= 0), "title" varchar(255) NOT NULL, "slug" varchar(255) NOT NULL, "live" bool NOT NULL, "has_unpublished_changes" bool NOT NULL, "url_path" text NOT NULL, "seo_title" varchar(255) NOT NULL, "show_in_menus" bool NOT NULL, "search_description" text NOT NULL, "go_live_at" datetime NULL, "expire_at" datetime NULL, "expired" bool NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "owner_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "locked" bool NOT NULL, "latest_revision_created_at" datetime NULL, "first_published_at" datetime NULL, "live_revision_id" integer NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED, "last_published_at" datetime NULL, "draft_title" varchar(255) NOT NULL, "locked_at" datetime NULL, "locked_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "locale_id" integer NOT NULL REFERENCES "wagtailcore_locale" ("id") DEFERRABLE INITIALLY DEFERRED, "translation_key" char(32) NOT NULL, "alias_of_id" integer NULL REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "latest_revision_id" integer NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_pagelogentry" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "label" text NOT NULL, "action" varchar(255) NOT NULL, "timestamp" datetime NOT NULL, "content_changed" bool NOT NULL, "deleted" bool NOT NULL, "content_type_id" integer NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "page_id" integer NOT NULL, "revision_id" integer NULL, "user_id" bigint NULL, "uuid" char(32) NULL, "data" text NOT NULL CHECK ((JSON_VALID("data") OR "data" IS NULL)));
CREATE TABLE "wagtailcore_pagesubscription" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "comment_notifications" bool NOT NULL, "page_id" integer NOT NULL REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "user_id" bigint NOT NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_pageviewrestriction" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(255) NOT NULL, "page_id" integer NOT NULL REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "restriction_type" varchar(20) NOT NULL);
CREATE TABLE "wagtailcore_pageviewrestriction_groups" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "pageviewrestriction_id" integer NOT NULL REFERENCES "wagtailcore_pageviewrestriction" ("id") DEFERRABLE INITIALLY DEFERRED, "group_id" integer NOT NULL REFERENCES "auth_group" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_referenceindex" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "object_id" varchar(255) NOT NULL, "to_object_id" varchar(255) NOT NULL, "model_path" text NOT NULL, "content_path" text NOT NULL, "content_path_hash" char(32) NOT NULL, "base_content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "to_content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_revision" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "created_at" datetime NOT NULL, "approved_go_live_at" datetime NULL, "user_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "content" text NOT NULL CHECK ((JSON_VALID("content") OR "content" IS NULL)), "object_id" varchar(255) NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "base_content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "object_str" text NOT NULL);
CREATE TABLE "wagtailcore_site" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "hostname" varchar(255) NOT NULL, "port" integer NOT NULL, "is_default_site" bool NOT NULL, "root_page_id" integer NOT NULL REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "site_name" varchar(255) NOT NULL);
CREATE TABLE "wagtailcore_task" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(255) NOT NULL, "active" bool NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_taskstate" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "status" varchar(50) NOT NULL, "started_at" datetime NOT NULL, "finished_at" datetime NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "task_id" integer NOT NULL REFERENCES "wagtailcore_task" ("id") DEFERRABLE INITIALLY DEFERRED, "workflow_state_id" integer NOT NULL REFERENCES "wagtailcore_workflowstate" ("id") DEFERRABLE INITIALLY DEFERRED, "finished_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "comment" text NOT NULL, "revision_id" integer NOT NULL REFERENCES "wagtailcore_revision" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_uploadedfile" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "file" varchar(200) NOT NULL, "for_content_type_id" integer NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "uploaded_by_user_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_workflow" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(255) NOT NULL, "active" bool NOT NULL);
CREATE TABLE "wagtailcore_workflowcontenttype" ("content_type_id" integer NOT NULL PRIMARY KEY REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "workflow_id" integer NOT NULL REFERENCES "wagtailcore_workflow" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_workflowpage" ("page_id" integer NOT NULL PRIMARY KEY REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "workflow_id" integer NOT NULL REFERENCES "wagtailcore_workflow" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_workflowstate" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "status" varchar(50) NOT NULL, "created_at" datetime NOT NULL, "current_task_state_id" integer NULL UNIQUE REFERENCES "wagtailcore_taskstate" ("id") DEFERRABLE INITIALLY DEFERRED, "requested_by_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "workflow_id" integer NOT NULL REFERENCES "wagtailcore_workflow" ("id") DEFERRABLE INITIALLY DEFERRED, "object_id" varchar(255) NOT NULL, "base_content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtailcore_workflowtask" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "sort_order" integer NULL, "task_id" integer NOT NULL REFERENCES "wagtailcore_task" ("id") DEFERRABLE INITIALLY DEFERRED, "workflow_id" integer NOT NULL REFERENCES "wagtailcore_workflow" ("id") DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "wagtaildocs_document" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(255) NOT NULL, "file" varchar(100) NOT NULL, "created_at" datetime NOT NULL, "uploaded_by_user_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "collection_id" integer NOT NULL REFERENCES "wagtailcore_collection" ("id") DEFERRABLE INITIALLY DEFERRED, "file_hash" varchar(40) NOT NULL, "file_size" bigint unsigned NULL CHECK ("file_size" >= 0));
CREATE TABLE "wagtailembeds_embed" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "url" text NOT NULL, "max_width" smallint NULL, "type" varchar(10) NOT NULL, "html" text NOT NULL, "title" text NOT NULL, "author_name" text NOT NULL, "provider_name" text NOT NULL, "width" integer NULL, "height" integer NULL, "last_updated" datetime NOT NULL, "hash" varchar(32) NOT NULL UNIQUE, "thumbnail_url" text NOT NULL, "cache_until" datetime NULL);
CREATE TABLE "wagtailimages_image" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(255) NOT NULL, "file" varchar(100) NOT NULL, "width" integer NOT NULL, "height" integer NOT NULL, "created_at" datetime NOT NULL, "focal_point_x" integer unsigned NULL CHECK ("focal_point_x" >= 0), "focal_point_y" integer unsigned NULL CHECK ("focal_point_y" >= 0), "focal_point_width" integer unsigned NULL CHECK ("focal_point_width" >= 0), "focal_point_height" integer unsigned NULL CHECK ("focal_point_height" >= 0), "uploaded_by_user_id" bigint NULL REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "file_size" integer unsigned NULL CHECK ("file_size" >= 0), "collection_id" integer NOT NULL REFERENCES "wagtailcore_collection" ("id") DEFERRABLE INITIALLY DEFERRED, "file_hash" varchar(40) NOT NULL, "description" varchar(255) NOT NULL);
CREATE TABLE "wagtailimages_rendition" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "width" integer NOT NULL, "height" integer NOT NULL, "focal_point_key" varchar(16) NOT NULL, "filter_spec" varchar(255) NOT NULL, "image_id" integer NOT NULL REFERENCES "wagtailimages_image" ("id") DEFERRABLE INITIALLY DEFERRED, "file" varchar(100) NOT NULL);
CREATE TABLE "wagtailredirects_redirect" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "old_path" varchar(255) NOT NULL, "is_permanent" bool NOT NULL, "redirect_link" varchar(255) NOT NULL, "redirect_page_id" integer NULL REFERENCES "wagtailcore_page" ("id") DEFERRABLE INITIALLY DEFERRED, "site_id" integer NULL REFERENCES "wagtailcore_site" ("id") DEFERRABLE INITIALLY DEFERRED, "automatically_created" bool NOT NULL, "created_at" datetime NULL, "redirect_page_route_path" varchar(255) NOT NULL);
CREATE TABLE "wagtailsearch_indexentry" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "object_id" varchar(50) NOT NULL, "title_norm" real NOT NULL, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "autocomplete" text NULL, "body" text NULL, "title" text NOT NULL);
CREATE VIRTUAL TABLE wagtailsearch_indexentry_fts USING fts5(autocomplete, body, title);
CREATE TABLE "wagtailusers_userprofile" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "submitted_notifications" bool NOT NULL, "approved_notifications" bool NOT NULL, "rejected_notifications" bool NOT NULL, "user_id" bigint NOT NULL UNIQUE REFERENCES "accounts_user" ("id") DEFERRABLE INITIALLY DEFERRED, "preferred_language" varchar(10) NOT NULL, "current_time_zone" varchar(40) NOT NULL, "avatar" varchar(100) NOT NULL, "updated_comments_notifications" bool NOT NULL, "dismissibles" text NOT NULL CHECK ((JSON_VALID("dismissibles") OR "dismissibles" IS NULL)), "theme" varchar(40) NOT NULL, "density" varchar(40) NOT NULL, "contrast" varchar(40) NOT NULL, "keyboard_shortcuts" bool NOT NULL);
INSERT INTO audit_audithead VALUES
(1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO auth_group VALUES
(1, 'Moderators'),
(2, 'Editors');
INSERT INTO auth_group_permissions VALUES
(1, 2, 1),
(2, 2, 2),
(3, 2, 3),
(4, 1, 1),
(5, 1, 2),
(6, 1, 3),
(7, 2, 4),
(8, 1, 4),
(9, 2, 5),
(10, 1, 5),
(11, 2, 8),
(12, 2, 6),
(13, 2, 7),
(14, 1, 8),
(15, 1, 6),
(16, 1, 7),
(17, 2, 9),
(18, 1, 9);
INSERT INTO auth_permission VALUES
(1, 2, 'add_image', 'Can add image'),
(2, 2, 'change_image', 'Can change image'),
(3, 2, 'delete_image', 'Can delete image'),
(4, 3, 'access_admin', 'Can access Wagtail admin'),
(5, 2, 'choose_image', 'Can choose image'),
(6, 4, 'add_document', 'Can add document'),
(7, 4, 'change_document', 'Can change document'),
(8, 4, 'delete_document', 'Can delete document'),
(9, 4, 'choose_document', 'Can choose document'),
(10, 6, 'add_locale', 'Can add locale'),
(11, 6, 'change_locale', 'Can change locale'),
(12, 6, 'delete_locale', 'Can delete locale'),
(13, 6, 'view_locale', 'Can view locale'),
(14, 7, 'add_site', 'Can add site'),
(15, 7, 'change_site', 'Can change site'),
(16, 7, 'delete_site', 'Can delete site'),
(17, 7, 'view_site', 'Can view site'),
(18, 8, 'add_groupsitepermission', 'Can add group site permission'),
(19, 8, 'change_groupsitepermission', 'Can change group site permission'),
(20, 8, 'delete_groupsitepermission', 'Can delete group site permission'),
(21, 8, 'view_groupsitepermission', 'Can view group site permission'),
(22, 9, 'add_apitoken', 'Can add API token'),
(23, 9, 'change_apitoken', 'Can change API token'),
(24, 9, 'delete_apitoken', 'Can delete API token'),
(25, 9, 'view_apitoken', 'Can view API token'),
(26, 10, 'add_modellogentry', 'Can add model log entry'),
(27, 10, 'change_modellogentry', 'Can change model log entry'),
(28, 10, 'delete_modellogentry', 'Can delete model log entry'),
(29, 10, 'view_modellogentry', 'Can view model log entry'),
(30, 11, 'add_revision', 'Can add revision'),
(31, 11, 'change_revision', 'Can change revision'),
(32, 11, 'delete_revision', 'Can delete revision'),
(33, 11, 'view_revision', 'Can view revision'),
(34, 12, 'add_collectionviewrestriction', 'Can add collection view restriction'),
(35, 12, 'change_collectionviewrestriction', 'Can change collection view restriction'),
(36, 12, 'delete_collectionviewrestriction', 'Can delete collection view restriction'),
(37, 12, 'view_collectionviewrestriction', 'Can view collection view restriction'),
(38, 13, 'add_collection', 'Can add collection'),
(39, 13, 'change_collection', 'Can change collection'),
(40, 13, 'delete_collection', 'Can delete collection'),
(41, 13, 'view_collection', 'Can view collection'),
(42, 14, 'add_groupcollectionpermission', 'Can add group collection permission'),
(43, 14, 'change_groupcollectionpermission', 'Can change group collection permission'),
(44, 14, 'delete_groupcollectionpermission', 'Can delete group collection permission'),
(45, 14, 'view_groupcollectionpermission', 'Can view group collection permission'),
(46, 15, 'add_uploadedfile', 'Can add uploaded file'),
(47, 15, 'change_uploadedfile', 'Can change uploaded file'),
(48, 15, 'delete_uploadedfile', 'Can delete uploaded file'),
(49, 15, 'view_uploadedfile', 'Can view uploaded file'),
(50, 16, 'add_workflowcontenttype', 'Can add workflow content type'),
(51, 16, 'change_workflowcontenttype', 'Can change workflow content type'),
(52, 16, 'delete_workflowcontenttype', 'Can delete workflow content type'),
(53, 16, 'view_workflowcontenttype', 'Can view workflow content type'),
(54, 17, 'add_workflowstate', 'Can add Workflow state'),
(55, 17, 'change_workflowstate', 'Can change Workflow state'),
(56, 17, 'delete_workflowstate', 'Can delete Workflow state'),
(57, 17, 'view_workflowstate', 'Can view Workflow state'),
(58, 18, 'add_workflow', 'Can add workflow'),
(59, 18, 'change_workflow', 'Can change workflow'),
(60, 18, 'delete_workflow', 'Can delete workflow'),
(61, 18, 'view_workflow', 'Can view workflow'),
(62, 19, 'add_workflowtask', 'Can add workflow task order'),
(63, 19, 'change_workflowtask', 'Can change workflow task order'),
(64, 19, 'delete_workflowtask', 'Can delete workflow task order'),
(65, 19, 'view_workflowtask', 'Can view workflow task order'),
(66, 20, 'add_task', 'Can add task'),
(67, 20, 'change_task', 'Can change task'),
(68, 20, 'delete_task', 'Can delete task'),
(69, 20, 'view_task', 'Can view task'),
(70, 5, 'add_groupapprovaltask', 'Can add Group approval task'),
(71, 5, 'change_groupapprovaltask', 'Can change Group approval task'),
(72, 5, 'delete_groupapprovaltask', 'Can delete Group approval task'),
(73, 5, 'view_groupapprovaltask', 'Can view Group approval task'),
(74, 21, 'add_taskstate', 'Can add Task state'),
(75, 21, 'change_taskstate', 'Can change Task state'),
(76, 21, 'delete_taskstate', 'Can delete Task state'),
(77, 21, 'view_taskstate', 'Can view Task state'),
(78, 1, 'add_page', 'Can add page'),
(79, 1, 'change_page', 'Can change page'),
(80, 1, 'delete_page', 'Can delete page'),
(81, 1, 'view_page', 'Can view page'),
(82, 1, 'bulk_delete_page', 'Delete pages with children'),
(83, 1, 'lock_page', 'Lock/unlock pages you''ve locked'),
(84, 1, 'publish_page', 'Publish any page'),
(85, 1, 'unlock_page', 'Unlock any page'),
(86, 22, 'add_grouppagepermission', 'Can add group page permission'),
(87, 22, 'change_grouppagepermission', 'Can change group page permission'),
(88, 22, 'delete_grouppagepermission', 'Can delete group page permission'),
(89, 22, 'view_grouppagepermission', 'Can view group page permission'),
(90, 23, 'add_pageviewrestriction', 'Can add page view restriction'),
(91, 23, 'change_pageviewrestriction', 'Can change page view restriction'),
(92, 23, 'delete_pageviewrestriction', 'Can delete page view restriction'),
(93, 23, 'view_pageviewrestriction', 'Can view page view restriction'),
(94, 24, 'add_workflowpage', 'Can add workflow page'),
(95, 24, 'change_workflowpage', 'Can change workflow page'),
(96, 24, 'delete_workflowpage', 'Can delete workflow page'),
(97, 24, 'view_workflowpage', 'Can view workflow page'),
(98, 25, 'add_pagelogentry', 'Can add page log entry'),
(99, 25, 'change_pagelogentry', 'Can change page log entry'),
(100, 25, 'delete_pagelogentry', 'Can delete page log entry'),
(101, 25, 'view_pagelogentry', 'Can view page log entry'),
(102, 26, 'add_comment', 'Can add comment'),
(103, 26, 'change_comment', 'Can change comment'),
(104, 26, 'delete_comment', 'Can delete comment'),
(105, 26, 'view_comment', 'Can view comment'),
(106, 27, 'add_commentreply', 'Can add comment reply'),
(107, 27, 'change_commentreply', 'Can change comment reply'),
(108, 27, 'delete_commentreply', 'Can delete comment reply'),
(109, 27, 'view_commentreply', 'Can view comment reply'),
(110, 28, 'add_pagesubscription', 'Can add page subscription'),
(111, 28, 'change_pagesubscription', 'Can change page subscription'),
(112, 28, 'delete_pagesubscription', 'Can delete page subscription'),
(113, 28, 'view_pagesubscription', 'Can view page subscription'),
(114, 29, 'add_referenceindex', 'Can add reference index'),
(115, 29, 'change_referenceindex', 'Can change reference index'),
(116, 29, 'delete_referenceindex', 'Can delete reference index'),
(117, 29, 'view_referenceindex', 'Can view reference index'),
(118, 31, 'add_auditbody', 'Can add audit body'),
(119, 31, 'change_auditbody', 'Can change audit body'),
(120, 31, 'delete_auditbody', 'Can delete audit body'),
(121, 31, 'view_auditbody', 'Can view audit body'),
(122, 32, 'add_auditevent', 'Can add audit event'),
(123, 32, 'change_auditevent', 'Can change audit event'),
(124, 32, 'delete_auditevent', 'Can delete audit event'),
(125, 32, 'view_auditevent', 'Can view audit event'),
(126, 33, 'add_audithead', 'Can add audit head'),
(127, 33, 'change_audithead', 'Can change audit head'),
(128, 33, 'delete_audithead', 'Can delete audit head'),
(129, 33, 'view_audithead', 'Can view audit head'),
(130, 34, 'add_denial', 'Can add denial'),
(131, 34, 'change_denial', 'Can change denial'),
(132, 34, 'delete_denial', 'Can delete denial'),
(133, 34, 'view_denial', 'Can view denial'),
(134, 35, 'add_heartbeat', 'Can add heartbeat'),
(135, 35, 'change_heartbeat', 'Can change heartbeat'),
(136, 35, 'delete_heartbeat', 'Can delete heartbeat'),
(137, 35, 'view_heartbeat', 'Can view heartbeat'),
(138, 36, 'add_outbox', 'Can add outbox'),
(139, 36, 'change_outbox', 'Can change outbox'),
(140, 36, 'delete_outbox', 'Can delete outbox'),
(141, 36, 'view_outbox', 'Can view outbox'),
(142, 37, 'add_scheduledrun', 'Can add scheduled run'),
(143, 37, 'change_scheduledrun', 'Can change scheduled run'),
(144, 37, 'delete_scheduledrun', 'Can delete scheduled run'),
(145, 37, 'view_scheduledrun', 'Can view scheduled run'),
(146, 38, 'add_apitoken', 'Can add api token'),
(147, 38, 'change_apitoken', 'Can change api token'),
(148, 38, 'delete_apitoken', 'Can delete api token'),
(149, 38, 'view_apitoken', 'Can view api token'),
(150, 39, 'add_formeraddress', 'Can add former address'),
(151, 39, 'change_formeraddress', 'Can change former address'),
(152, 39, 'delete_formeraddress', 'Can delete former address'),
(153, 39, 'view_formeraddress', 'Can view former address'),
(154, 40, 'add_invitation', 'Can add invitation'),
(155, 40, 'change_invitation', 'Can change invitation'),
(156, 40, 'delete_invitation', 'Can delete invitation'),
(157, 40, 'view_invitation', 'Can view invitation'),
(158, 41, 'add_joinrequest', 'Can add join request'),
(159, 41, 'change_joinrequest', 'Can change join request'),
(160, 41, 'delete_joinrequest', 'Can delete join request'),
(161, 41, 'view_joinrequest', 'Can view join request'),
(162, 42, 'add_membership', 'Can add membership'),
(163, 42, 'change_membership', 'Can change membership'),
(164, 42, 'delete_membership', 'Can delete membership'),
(165, 42, 'view_membership', 'Can view membership'),
(166, 43, 'add_notification', 'Can add notification'),
(167, 43, 'change_notification', 'Can change notification'),
(168, 43, 'delete_notification', 'Can delete notification'),
(169, 43, 'view_notification', 'Can view notification'),
(170, 44, 'add_organisation', 'Can add organisation'),
(171, 44, 'change_organisation', 'Can change organisation'),
(172, 44, 'delete_organisation', 'Can delete organisation'),
(173, 44, 'view_organisation', 'Can view organisation'),
(174, 45, 'add_regionappointment', 'Can add region appointment'),
(175, 45, 'change_regionappointment', 'Can change region appointment'),
(176, 45, 'delete_regionappointment', 'Can delete region appointment'),
(177, 45, 'view_regionappointment', 'Can view region appointment'),
(178, 46, 'add_roleproposal', 'Can add role proposal'),
(179, 46, 'change_roleproposal', 'Can change role proposal'),
(180, 46, 'delete_roleproposal', 'Can delete role proposal'),
(181, 46, 'view_roleproposal', 'Can view role proposal'),
(182, 47, 'add_user', 'Can add personne'),
(183, 47, 'change_user', 'Can change personne'),
(184, 47, 'delete_user', 'Can delete personne'),
(185, 47, 'view_user', 'Can view personne'),
(186, 48, 'add_block', 'Can add block'),
(187, 48, 'change_block', 'Can change block'),
(188, 48, 'delete_block', 'Can delete block'),
(189, 48, 'view_block', 'Can view block'),
(190, 49, 'add_discussion', 'Can add discussion'),
(191, 49, 'change_discussion', 'Can change discussion'),
(192, 49, 'delete_discussion', 'Can delete discussion'),
(193, 49, 'view_discussion', 'Can view discussion'),
(194, 50, 'add_flag', 'Can add flag'),
(195, 50, 'change_flag', 'Can change flag'),
(196, 50, 'delete_flag', 'Can delete flag'),
(197, 50, 'view_flag', 'Can view flag'),
(198, 51, 'add_message', 'Can add message'),
(199, 51, 'change_message', 'Can change message'),
(200, 51, 'delete_message', 'Can delete message'),
(201, 51, 'view_message', 'Can view message'),
(202, 52, 'add_alertmatch', 'Can add alert match'),
(203, 52, 'change_alertmatch', 'Can change alert match'),
(204, 52, 'delete_alertmatch', 'Can delete alert match'),
(205, 52, 'view_alertmatch', 'Can view alert match'),
(206, 53, 'add_cardfile', 'Can add card file'),
(207, 53, 'change_cardfile', 'Can change card file'),
(208, 53, 'delete_cardfile', 'Can delete card file'),
(209, 53, 'view_cardfile', 'Can view card file'),
(210, 54, 'add_cardtransfer', 'Can add card transfer'),
(211, 54, 'change_cardtransfer', 'Can change card transfer'),
(212, 54, 'delete_cardtransfer', 'Can delete card transfer'),
(213, 54, 'view_cardtransfer', 'Can view card transfer'),
(214, 55, 'add_cardupload', 'Can add card upload'),
(215, 55, 'change_cardupload', 'Can change card upload'),
(216, 55, 'delete_cardupload', 'Can delete card upload'),
(217, 55, 'view_cardupload', 'Can view card upload'),
(218, 56, 'add_cardversion', 'Can add card version'),
(219, 56, 'change_cardversion', 'Can change card version'),
(220, 56, 'delete_cardversion', 'Can delete card version'),
(221, 56, 'view_cardversion', 'Can view card version'),
(222, 57, 'add_collection', 'Can add collection'),
(223, 57, 'change_collection', 'Can change collection'),
(224, 57, 'delete_collection', 'Can delete collection'),
(225, 57, 'view_collection', 'Can view collection'),
(226, 58, 'add_collectionitem', 'Can add collection item'),
(227, 58, 'change_collectionitem', 'Can change collection item'),
(228, 58, 'delete_collectionitem', 'Can delete collection item'),
(229, 58, 'view_collectionitem', 'Can view collection item'),
(230, 59, 'add_contribution', 'Can add contribution'),
(231, 59, 'change_contribution', 'Can change contribution'),
(232, 59, 'delete_contribution', 'Can delete contribution'),
(233, 59, 'view_contribution', 'Can view contribution'),
(234, 60, 'add_contributionbatch', 'Can add contribution batch'),
(235, 60, 'change_contributionbatch', 'Can change contribution batch'),
(236, 60, 'delete_contributionbatch', 'Can delete contribution batch'),
(237, 60, 'view_contributionbatch', 'Can view contribution batch'),
(238, 61, 'add_decision', 'Can add decision'),
(239, 61, 'change_decision', 'Can change decision'),
(240, 61, 'delete_decision', 'Can delete decision'),
(241, 61, 'view_decision', 'Can view decision'),
(242, 62, 'add_follow', 'Can add follow'),
(243, 62, 'change_follow', 'Can change follow'),
(244, 62, 'delete_follow', 'Can delete follow'),
(245, 62, 'view_follow', 'Can view follow'),
(246, 63, 'add_formerslug', 'Can add former slug'),
(247, 63, 'change_formerslug', 'Can change former slug'),
(248, 63, 'delete_formerslug', 'Can delete former slug'),
(249, 63, 'view_formerslug', 'Can view former slug'),
(250, 64, 'add_harvestrun', 'Can add harvest run'),
(251, 64, 'change_harvestrun', 'Can change harvest run'),
(252, 64, 'delete_harvestrun', 'Can delete harvest run'),
(253, 64, 'view_harvestrun', 'Can view harvest run'),
(254, 65, 'add_harvestedrecord', 'Can add harvested record'),
(255, 65, 'change_harvestedrecord', 'Can change harvested record'),
(256, 65, 'delete_harvestedrecord', 'Can delete harvested record'),
(257, 65, 'view_harvestedrecord', 'Can view harvested record'),
(258, 66, 'add_indexedfacet', 'Can add indexed facet'),
(259, 66, 'change_indexedfacet', 'Can change indexed facet'),
(260, 66, 'delete_indexedfacet', 'Can delete indexed facet'),
(261, 66, 'view_indexedfacet', 'Can view indexed facet'),
(262, 67, 'add_indexedname', 'Can add indexed name'),
(263, 67, 'change_indexedname', 'Can change indexed name'),
(264, 67, 'delete_indexedname', 'Can delete indexed name'),
(265, 67, 'view_indexedname', 'Can view indexed name'),
(266, 68, 'add_indexedresource', 'Can add indexed resource'),
(267, 68, 'change_indexedresource', 'Can change indexed resource'),
(268, 68, 'delete_indexedresource', 'Can delete indexed resource'),
(269, 68, 'view_indexedresource', 'Can view indexed resource'),
(270, 69, 'add_linkcheck', 'Can add link check'),
(271, 69, 'change_linkcheck', 'Can change link check'),
(272, 69, 'delete_linkcheck', 'Can delete link check'),
(273, 69, 'view_linkcheck', 'Can view link check'),
(274, 70, 'add_masking', 'Can add masking'),
(275, 70, 'change_masking', 'Can change masking'),
(276, 70, 'delete_masking', 'Can delete masking'),
(277, 70, 'view_masking', 'Can view masking'),
(278, 71, 'add_measurement', 'Can add measurement'),
(279, 71, 'change_measurement', 'Can change measurement'),
(280, 71, 'delete_measurement', 'Can delete measurement'),
(281, 71, 'view_measurement', 'Can view measurement'),
(282, 72, 'add_qualityscore', 'Can add quality score'),
(283, 72, 'change_qualityscore', 'Can change quality score'),
(284, 72, 'delete_qualityscore', 'Can delete quality score'),
(285, 72, 'view_qualityscore', 'Can view quality score'),
(286, 73, 'add_removal', 'Can add removal'),
(287, 73, 'change_removal', 'Can change removal'),
(288, 73, 'delete_removal', 'Can delete removal'),
(289, 73, 'view_removal', 'Can view removal'),
(290, 74, 'add_report', 'Can add report'),
(291, 74, 'change_report', 'Can change report'),
(292, 74, 'delete_report', 'Can delete report'),
(293, 74, 'view_report', 'Can view report'),
(294, 75, 'add_reportdecision', 'Can add report decision'),
(295, 75, 'change_reportdecision', 'Can change report decision'),
(296, 75, 'delete_reportdecision', 'Can delete report decision'),
(297, 75, 'view_reportdecision', 'Can view report decision'),
(298, 76, 'add_resource', 'Can add resource'),
(299, 76, 'change_resource', 'Can change resource'),
(300, 76, 'delete_resource', 'Can delete resource'),
(301, 76, 'view_resource', 'Can view resource'),
(302, 77, 'add_resourcelink', 'Can add resource link'),
(303, 77, 'change_resourcelink', 'Can change resource link'),
(304, 77, 'delete_resourcelink', 'Can delete resource link'),
(305, 77, 'view_resourcelink', 'Can view resource link'),
(306, 78, 'add_reuse', 'Can add reuse'),
(307, 78, 'change_reuse', 'Can change reuse'),
(308, 78, 'delete_reuse', 'Can delete reuse'),
(309, 78, 'view_reuse', 'Can view reuse'),
(310, 79, 'add_savedsearch', 'Can add saved search'),
(311, 79, 'change_savedsearch', 'Can change saved search'),
(312, 79, 'delete_savedsearch', 'Can delete saved search'),
(313, 79, 'view_savedsearch', 'Can view saved search'),
(314, 80, 'add_source', 'Can add source'),
(315, 80, 'change_source', 'Can change source'),
(316, 80, 'delete_source', 'Can delete source'),
(317, 80, 'view_source', 'Can view source'),
(318, 81, 'add_synonym', 'Can add groupe de synonymes'),
(319, 81, 'change_synonym', 'Can change groupe de synonymes'),
(320, 81, 'delete_synonym', 'Can delete groupe de synonymes'),
(321, 81, 'view_synonym', 'Can view groupe de synonymes'),
(322, 82, 'add_tombstone', 'Can add tombstone'),
(323, 82, 'change_tombstone', 'Can change tombstone'),
(324, 82, 'delete_tombstone', 'Can delete tombstone'),
(325, 82, 'view_tombstone', 'Can view tombstone'),
(326, 83, 'add_accessrequest', 'Can add access request'),
(327, 83, 'change_accessrequest', 'Can change access request'),
(328, 83, 'delete_accessrequest', 'Can delete access request'),
(329, 83, 'view_accessrequest', 'Can view access request'),
(330, 84, 'add_datafile', 'Can add data file'),
(331, 84, 'change_datafile', 'Can change data file'),
(332, 84, 'delete_datafile', 'Can delete data file'),
(333, 84, 'view_datafile', 'Can view data file'),
(334, 85, 'add_dataset', 'Can add jeu de données'),
(335, 85, 'change_dataset', 'Can change jeu de données'),
(336, 85, 'delete_dataset', 'Can delete jeu de données'),
(337, 85, 'view_dataset', 'Can view jeu de données'),
(338, 86, 'add_download', 'Can add download'),
(339, 86, 'change_download', 'Can change download'),
(340, 86, 'delete_download', 'Can delete download'),
(341, 86, 'view_download', 'Can view download'),
(342, 87, 'add_extract', 'Can add extract'),
(343, 87, 'change_extract', 'Can change extract'),
(344, 87, 'delete_extract', 'Can delete extract'),
(345, 87, 'view_extract', 'Can view extract'),
(346, 88, 'add_grant', 'Can add grant'),
(347, 88, 'change_grant', 'Can change grant'),
(348, 88, 'delete_grant', 'Can delete grant'),
(349, 88, 'view_grant', 'Can view grant'),
(350, 89, 'add_granteddataset', 'Can add granted dataset'),
(351, 89, 'change_granteddataset', 'Can change granted dataset'),
(352, 89, 'delete_granteddataset', 'Can delete granted dataset'),
(353, 89, 'view_granteddataset', 'Can view granted dataset'),
(354, 90, 'add_holdout', 'Can add jeu tenu à l’écart'),
(355, 90, 'change_holdout', 'Can change jeu tenu à l’écart'),
(356, 90, 'delete_holdout', 'Can delete jeu tenu à l’écart'),
(357, 90, 'view_holdout', 'Can view jeu tenu à l’écart'),
(358, 91, 'add_holdoutversion', 'Can add holdout version'),
(359, 91, 'change_holdoutversion', 'Can change holdout version'),
(360, 91, 'delete_holdoutversion', 'Can delete holdout version'),
(361, 91, 'view_holdoutversion', 'Can view holdout version'),
(362, 92, 'add_nameduser', 'Can add named user'),
(363, 92, 'change_nameduser', 'Can change named user'),
(364, 92, 'delete_nameduser', 'Can delete named user'),
(365, 92, 'view_nameduser', 'Can view named user'),
(366, 93, 'add_opening', 'Can add opening'),
(367, 93, 'change_opening', 'Can change opening'),
(368, 93, 'delete_opening', 'Can delete opening'),
(369, 93, 'view_opening', 'Can view opening'),
(370, 94, 'add_openingreport', 'Can add opening report'),
(371, 94, 'change_openingreport', 'Can change opening report'),
(372, 94, 'delete_openingreport', 'Can delete opening report'),
(373, 94, 'view_openingreport', 'Can view opening report'),
(374, 95, 'add_openingwithdrawal', 'Can add opening withdrawal'),
(375, 95, 'change_openingwithdrawal', 'Can change opening withdrawal'),
(376, 95, 'delete_openingwithdrawal', 'Can delete opening withdrawal'),
(377, 95, 'view_openingwithdrawal', 'Can view opening withdrawal'),
(378, 96, 'add_opinion', 'Can add opinion'),
(379, 96, 'change_opinion', 'Can change opinion'),
(380, 96, 'delete_opinion', 'Can delete opinion'),
(381, 96, 'view_opinion', 'Can view opinion'),
(382, 97, 'add_pendingrelease', 'Can add pending release'),
(383, 97, 'change_pendingrelease', 'Can change pending release'),
(384, 97, 'delete_pendingrelease', 'Can delete pending release'),
(385, 97, 'view_pendingrelease', 'Can view pending release'),
(386, 98, 'add_promisedreturn', 'Can add promised return'),
(387, 98, 'change_promisedreturn', 'Can change promised return'),
(388, 98, 'delete_promisedreturn', 'Can delete promised return'),
(389, 98, 'view_promisedreturn', 'Can view promised return'),
(390, 99, 'add_release', 'Can add release'),
(391, 99, 'change_release', 'Can change release'),
(392, 99, 'delete_release', 'Can delete release'),
(393, 99, 'view_release', 'Can view release'),
(394, 100, 'add_releaseupload', 'Can add release upload'),
(395, 100, 'change_releaseupload', 'Can change release upload'),
(396, 100, 'delete_releaseupload', 'Can delete release upload'),
(397, 100, 'view_releaseupload', 'Can view release upload'),
(398, 101, 'add_requestversion', 'Can add request version'),
(399, 101, 'change_requestversion', 'Can change request version'),
(400, 101, 'delete_requestversion', 'Can delete request version'),
(401, 101, 'view_requestversion', 'Can view request version'),
(402, 102, 'add_requesteddataset', 'Can add requested dataset'),
(403, 102, 'change_requesteddataset', 'Can change requested dataset'),
(404, 102, 'delete_requesteddataset', 'Can delete requested dataset'),
(405, 102, 'view_requesteddataset', 'Can view requested dataset'),
(406, 103, 'add_sealedfile', 'Can add sealed file'),
(407, 103, 'change_sealedfile', 'Can change sealed file'),
(408, 103, 'delete_sealedfile', 'Can delete sealed file'),
(409, 103, 'view_sealedfile', 'Can view sealed file'),
(410, 104, 'add_suspension', 'Can add suspension'),
(411, 104, 'change_suspension', 'Can change suspension'),
(412, 104, 'delete_suspension', 'Can delete suspension'),
(413, 104, 'view_suspension', 'Can view suspension'),
(414, 105, 'add_wrappedkey', 'Can add wrapped key'),
(415, 105, 'change_wrappedkey', 'Can change wrapped key'),
(416, 105, 'delete_wrappedkey', 'Can delete wrapped key'),
(417, 105, 'view_wrappedkey', 'Can view wrapped key'),
(418, 106, 'add_baselinecheck', 'Can add baseline check'),
(419, 106, 'change_baselinecheck', 'Can change baseline check'),
(420, 106, 'delete_baselinecheck', 'Can delete baseline check'),
(421, 106, 'view_baselinecheck', 'Can view baseline check'),
(422, 107, 'add_bundleimport', 'Can add bundle import'),
(423, 107, 'change_bundleimport', 'Can change bundle import'),
(424, 107, 'delete_bundleimport', 'Can delete bundle import'),
(425, 107, 'view_bundleimport', 'Can view bundle import'),
(426, 108, 'add_certificate', 'Can add certificate'),
(427, 108, 'change_certificate', 'Can change certificate'),
(428, 108, 'delete_certificate', 'Can delete certificate'),
(429, 108, 'view_certificate', 'Can view certificate'),
(430, 109, 'add_challenge', 'Can add challenge'),
(431, 109, 'change_challenge', 'Can change challenge'),
(432, 109, 'delete_challenge', 'Can delete challenge'),
(433, 109, 'view_challenge', 'Can view challenge'),
(434, 110, 'add_challengedraft', 'Can add challenge draft'),
(435, 110, 'change_challengedraft', 'Can change challenge draft'),
(436, 110, 'delete_challengedraft', 'Can delete challenge draft'),
(437, 110, 'view_challengedraft', 'Can view challenge draft'),
(438, 111, 'add_challengeorganiser', 'Can add challenge organiser'),
(439, 111, 'change_challengeorganiser', 'Can change challenge organiser'),
(440, 111, 'delete_challengeorganiser', 'Can delete challenge organiser'),
(441, 111, 'view_challengeorganiser', 'Can view challenge organiser'),
(442, 112, 'add_challengepage', 'Can add challenge page'),
(443, 112, 'change_challengepage', 'Can change challenge page'),
(444, 112, 'delete_challengepage', 'Can delete challenge page'),
(445, 112, 'view_challengepage', 'Can view challenge page'),
(446, 113, 'add_coderun', 'Can add code run'),
(447, 113, 'change_coderun', 'Can change code run'),
(448, 113, 'delete_coderun', 'Can delete code run'),
(449, 113, 'view_coderun', 'Can view code run'),
(450, 114, 'add_codetrial', 'Can add code trial'),
(451, 114, 'change_codetrial', 'Can change code trial'),
(452, 114, 'delete_codetrial', 'Can delete code trial'),
(453, 114, 'view_codetrial', 'Can view code trial'),
(454, 115, 'add_column', 'Can add column'),
(455, 115, 'change_column', 'Can change column'),
(456, 115, 'delete_column', 'Can delete column'),
(457, 115, 'view_column', 'Can view column'),
(458, 116, 'add_disqualification', 'Can add disqualification'),
(459, 116, 'change_disqualification', 'Can change disqualification'),
(460, 116, 'delete_disqualification', 'Can delete disqualification'),
(461, 116, 'view_disqualification', 'Can view disqualification'),
(462, 117, 'add_enrolment', 'Can add enrolment'),
(463, 117, 'change_enrolment', 'Can change enrolment'),
(464, 117, 'delete_enrolment', 'Can delete enrolment'),
(465, 117, 'view_enrolment', 'Can view enrolment'),
(466, 118, 'add_entry', 'Can add entry'),
(467, 118, 'change_entry', 'Can change entry'),
(468, 118, 'delete_entry', 'Can delete entry'),
(469, 118, 'view_entry', 'Can view entry'),
(470, 119, 'add_evaluation', 'Can add evaluation'),
(471, 119, 'change_evaluation', 'Can change evaluation'),
(472, 119, 'delete_evaluation', 'Can delete evaluation'),
(473, 119, 'view_evaluation', 'Can view evaluation'),
(474, 120, 'add_fairnessaudit', 'Can add fairness audit'),
(475, 120, 'change_fairnessaudit', 'Can change fairness audit'),
(476, 120, 'delete_fairnessaudit', 'Can delete fairness audit'),
(477, 120, 'view_fairnessaudit', 'Can view fairness audit'),
(478, 121, 'add_formerorganiser', 'Can add former organiser'),
(479, 121, 'change_formerorganiser', 'Can change former organiser'),
(480, 121, 'delete_formerorganiser', 'Can delete former organiser'),
(481, 121, 'view_formerorganiser', 'Can view former organiser'),
(482, 122, 'add_guest', 'Can add guest'),
(483, 122, 'change_guest', 'Can change guest'),
(484, 122, 'delete_guest', 'Can delete guest'),
(485, 122, 'view_guest', 'Can view guest'),
(486, 123, 'add_job', 'Can add job'),
(487, 123, 'change_job', 'Can change job'),
(488, 123, 'delete_job', 'Can delete job'),
(489, 123, 'view_job', 'Can view job'),
(490, 124, 'add_leaderboard', 'Can add leaderboard'),
(491, 124, 'change_leaderboard', 'Can change leaderboard'),
(492, 124, 'delete_leaderboard', 'Can delete leaderboard'),
(493, 124, 'view_leaderboard', 'Can view leaderboard'),
(494, 125, 'add_notice', 'Can add notice'),
(495, 125, 'change_notice', 'Can change notice'),
(496, 125, 'delete_notice', 'Can delete notice'),
(497, 125, 'view_notice', 'Can view notice'),
(498, 126, 'add_organiserinvitation', 'Can add organiser invitation'),
(499, 126, 'change_organiserinvitation', 'Can change organiser invitation'),
(500, 126, 'delete_organiserinvitation', 'Can delete organiser invitation'),
(501, 126, 'view_organiserinvitation', 'Can view organiser invitation'),
(502, 127, 'add_phase', 'Can add phase'),
(503, 127, 'change_phase', 'Can change phase'),
(504, 127, 'delete_phase', 'Can delete phase'),
(505, 127, 'view_phase', 'Can view phase'),
(506, 128, 'add_phasetask', 'Can add phase task'),
(507, 128, 'change_phasetask', 'Can change phase task'),
(508, 128, 'delete_phasetask', 'Can delete phase task'),
(509, 128, 'view_phasetask', 'Can view phase task'),
(510, 129, 'add_programreport', 'Can add program report'),
(511, 129, 'change_programreport', 'Can change program report'),
(512, 129, 'delete_programreport', 'Can delete program report'),
(513, 129, 'view_programreport', 'Can view program report'),
(514, 130, 'add_publicfile', 'Can add public file'),
(515, 130, 'change_publicfile', 'Can change public file'),
(516, 130, 'delete_publicfile', 'Can delete public file'),
(517, 130, 'view_publicfile', 'Can view public file'),
(518, 131, 'add_receiptkey', 'Can add receipt key'),
(519, 131, 'change_receiptkey', 'Can change receipt key'),
(520, 131, 'delete_receiptkey', 'Can delete receipt key'),
(521, 131, 'view_receiptkey', 'Can view receipt key'),
(522, 132, 'add_registration', 'Can add registration'),
(523, 132, 'change_registration', 'Can change registration'),
(524, 132, 'delete_registration', 'Can delete registration'),
(525, 132, 'view_registration', 'Can view registration'),
(526, 133, 'add_rescoring', 'Can add rescoring'),
(527, 133, 'change_rescoring', 'Can change rescoring'),
(528, 133, 'delete_rescoring', 'Can delete rescoring'),
(529, 133, 'view_rescoring', 'Can view rescoring'),
(530, 134, 'add_reveal', 'Can add reveal'),
(531, 134, 'change_reveal', 'Can change reveal'),
(532, 134, 'delete_reveal', 'Can delete reveal'),
(533, 134, 'view_reveal', 'Can view reveal'),
(534, 135, 'add_runplan', 'Can add run plan'),
(535, 135, 'change_runplan', 'Can change run plan'),
(536, 135, 'delete_runplan', 'Can delete run plan'),
(537, 135, 'view_runplan', 'Can view run plan'),
(538, 136, 'add_rung', 'Can add rung'),
(539, 136, 'change_rung', 'Can change rung'),
(540, 136, 'delete_rung', 'Can delete rung'),
(541, 136, 'view_rung', 'Can view rung'),
(542, 137, 'add_score', 'Can add score'),
(543, 137, 'change_score', 'Can change score'),
(544, 137, 'delete_score', 'Can delete score'),
(545, 137, 'view_score', 'Can view score'),
(546, 138, 'add_scorereceipt', 'Can add score receipt'),
(547, 138, 'change_scorereceipt', 'Can change score receipt'),
(548, 138, 'delete_scorereceipt', 'Can delete score receipt'),
(549, 138, 'view_scorereceipt', 'Can view score receipt'),
(550, 139, 'add_scorer', 'Can add scorer'),
(551, 139, 'change_scorer', 'Can change scorer'),
(552, 139, 'delete_scorer', 'Can delete scorer'),
(553, 139, 'view_scorer', 'Can view scorer'),
(554, 140, 'add_scorerversion', 'Can add scorer version'),
(555, 140, 'change_scorerversion', 'Can change scorer version'),
(556, 140, 'delete_scorerversion', 'Can delete scorer version'),
(557, 140, 'view_scorerversion', 'Can view scorer version'),
(558, 141, 'add_sealedpredictions', 'Can add sealed predictions'),
(559, 141, 'change_sealedpredictions', 'Can change sealed predictions'),
(560, 141, 'delete_sealedpredictions', 'Can delete sealed predictions'),
(561, 141, 'view_sealedpredictions', 'Can view sealed predictions'),
(562, 142, 'add_sealedresult', 'Can add sealed result'),
(563, 142, 'change_sealedresult', 'Can change sealed result'),
(564, 142, 'delete_sealedresult', 'Can delete sealed result'),
(565, 142, 'view_sealedresult', 'Can view sealed result'),
(566, 143, 'add_standing', 'Can add standing'),
(567, 143, 'change_standing', 'Can change standing'),
(568, 143, 'delete_standing', 'Can delete standing'),
(569, 143, 'view_standing', 'Can view standing'),
(570, 144, 'add_team', 'Can add team'),
(571, 144, 'change_team', 'Can change team'),
(572, 144, 'delete_team', 'Can delete team'),
(573, 144, 'view_team', 'Can view team'),
(574, 145, 'add_teaminvitation', 'Can add team invitation'),
(575, 145, 'change_teaminvitation', 'Can change team invitation'),
(576, 145, 'delete_teaminvitation', 'Can delete team invitation'),
(577, 145, 'view_teaminvitation', 'Can view team invitation'),
(578, 146, 'add_teammember', 'Can add team member'),
(579, 146, 'change_teammember', 'Can change team member'),
(580, 146, 'delete_teammember', 'Can delete team member'),
(581, 146, 'view_teammember', 'Can view team member'),
(582, 147, 'add_terms', 'Can add terms'),
(583, 147, 'change_terms', 'Can change terms'),
(584, 147, 'delete_terms', 'Can delete terms'),
(585, 147, 'view_terms', 'Can view terms'),
(586, 148, 'add_upload', 'Can add upload'),
(587, 148, 'change_upload', 'Can change upload'),
(588, 148, 'delete_upload', 'Can delete upload'),
(589, 148, 'view_upload', 'Can view upload'),
(590, 149, 'add_build', 'Can add build'),
(591, 149, 'change_build', 'Can change build'),
(592, 149, 'delete_build', 'Can delete build'),
(593, 149, 'view_build', 'Can view build'),
(594, 150, 'add_fundingrule', 'Can add règle de financement'),
(595, 150, 'change_fundingrule', 'Can change règle de financement'),
(596, 150, 'delete_fundingrule', 'Can delete règle de financement'),
(597, 150, 'view_fundingrule', 'Can view règle de financement'),
(598, 151, 'add_loadeddata', 'Can add loaded data'),
(599, 151, 'change_loadeddata', 'Can change loaded data'),
(600, 151, 'delete_loadeddata', 'Can delete loaded data'),
(601, 151, 'view_loadeddata', 'Can view loaded data'),
(602, 152, 'add_milestone', 'Can add étape'),
(603, 152, 'change_milestone', 'Can change étape'),
(604, 152, 'delete_milestone', 'Can delete étape'),
(605, 152, 'view_milestone', 'Can view étape'),
(606, 153, 'add_prototype', 'Can add prototype'),
(607, 153, 'change_prototype', 'Can change prototype'),
(608, 153, 'delete_prototype', 'Can delete prototype'),
(609, 153, 'view_prototype', 'Can view prototype'),
(610, 154, 'add_contentpage', 'Can add page de texte'),
(611, 154, 'change_contentpage', 'Can change page de texte'),
(612, 154, 'delete_contentpage', 'Can delete page de texte'),
(613, 154, 'view_contentpage', 'Can view page de texte'),
(614, 30, 'add_homepage', 'Can add page d’accueil'),
(615, 30, 'change_homepage', 'Can change page d’accueil'),
(616, 30, 'delete_homepage', 'Can delete page d’accueil'),
(617, 30, 'view_homepage', 'Can view page d’accueil'),
(618, 155, 'add_newsindexpage', 'Can add liste des actualités'),
(619, 155, 'change_newsindexpage', 'Can change liste des actualités'),
(620, 155, 'delete_newsindexpage', 'Can delete liste des actualités'),
(621, 155, 'view_newsindexpage', 'Can view liste des actualités'),
(622, 156, 'add_newspage', 'Can add actualité'),
(623, 156, 'change_newspage', 'Can change actualité'),
(624, 156, 'delete_newspage', 'Can delete actualité'),
(625, 156, 'view_newspage', 'Can view actualité'),
(626, 157, 'add_pagetext', 'Can add page text'),
(627, 157, 'change_pagetext', 'Can change page text'),
(628, 157, 'delete_pagetext', 'Can delete page text'),
(629, 157, 'view_pagetext', 'Can view page text'),
(630, 158, 'add_emailaddress', 'Can add email address'),
(631, 158, 'change_emailaddress', 'Can change email address'),
(632, 158, 'delete_emailaddress', 'Can delete email address'),
(633, 158, 'view_emailaddress', 'Can view email address'),
(634, 159, 'add_emailconfirmation', 'Can add email confirmation'),
(635, 159, 'change_emailconfirmation', 'Can change email confirmation'),
(636, 159, 'delete_emailconfirmation', 'Can delete email confirmation'),
(637, 159, 'view_emailconfirmation', 'Can view email confirmation'),
(638, 160, 'add_authenticator', 'Can add authenticator'),
(639, 160, 'change_authenticator', 'Can change authenticator'),
(640, 160, 'delete_authenticator', 'Can delete authenticator'),
(641, 160, 'view_authenticator', 'Can view authenticator'),
(642, 161, 'add_usersession', 'Can add user session'),
(643, 161, 'change_usersession', 'Can change user session'),
(644, 161, 'delete_usersession', 'Can delete user session'),
(645, 161, 'view_usersession', 'Can view user session'),
(646, 162, 'add_redirect', 'Can add redirect'),
(647, 162, 'change_redirect', 'Can change redirect'),
(648, 162, 'delete_redirect', 'Can delete redirect'),
(649, 162, 'view_redirect', 'Can view redirect'),
(650, 163, 'add_embed', 'Can add embed'),
(651, 163, 'change_embed', 'Can change embed'),
(652, 163, 'delete_embed', 'Can delete embed'),
(653, 163, 'view_embed', 'Can view embed'),
(654, 164, 'add_userprofile', 'Can add user profile'),
(655, 164, 'change_userprofile', 'Can change user profile'),
(656, 164, 'delete_userprofile', 'Can delete user profile'),
(657, 164, 'view_userprofile', 'Can view user profile'),
(658, 4, 'view_document', 'Can view document'),
(659, 2, 'view_image', 'Can view image'),
(660, 165, 'add_rendition', 'Can add rendition'),
(661, 165, 'change_rendition', 'Can change rendition'),
(662, 165, 'delete_rendition', 'Can delete rendition'),
(663, 165, 'view_rendition', 'Can view rendition'),
(664, 166, 'add_indexentry', 'Can add index entry'),
(665, 166, 'change_indexentry', 'Can change index entry'),
(666, 166, 'delete_indexentry', 'Can delete index entry'),
(667, 166, 'view_indexentry', 'Can view index entry'),
(668, 167, 'add_sqliteftsindexentry', 'Can add sqliteftsindexentry'),
(669, 167, 'change_sqliteftsindexentry', 'Can change sqliteftsindexentry'),
(670, 167, 'delete_sqliteftsindexentry', 'Can delete sqliteftsindexentry'),
(671, 167, 'view_sqliteftsindexentry', 'Can view sqliteftsindexentry'),
(672, 168, 'add_editingsession', 'Can add editing session'),
(673, 168, 'change_editingsession', 'Can change editing session'),
(674, 168, 'delete_editingsession', 'Can delete editing session'),
(675, 168, 'view_editingsession', 'Can view editing session'),
(676, 169, 'add_formstate', 'Can add form state'),
(677, 169, 'change_formstate', 'Can change form state'),
(678, 169, 'delete_formstate', 'Can delete form state'),
(679, 169, 'view_formstate', 'Can view form state'),
(680, 170, 'add_tag', 'Can add tag'),
(681, 170, 'change_tag', 'Can change tag'),
(682, 170, 'delete_tag', 'Can delete tag'),
(683, 170, 'view_tag', 'Can view tag'),
(684, 171, 'add_taggeditem', 'Can add tagged item'),
(685, 171, 'change_taggeditem', 'Can change tagged item'),
(686, 171, 'delete_taggeditem', 'Can delete tagged item'),
(687, 171, 'view_taggeditem', 'Can view tagged item'),
(688, 172, 'add_permission', 'Can add permission'),
(689, 172, 'change_permission', 'Can change permission'),
(690, 172, 'delete_permission', 'Can delete permission'),
(691, 172, 'view_permission', 'Can view permission'),
(692, 173, 'add_group', 'Can add group'),
(693, 173, 'change_group', 'Can change group'),
(694, 173, 'delete_group', 'Can delete group'),
(695, 173, 'view_group', 'Can view group'),
(696, 174, 'add_contenttype', 'Can add content type'),
(697, 174, 'change_contenttype', 'Can change content type'),
(698, 174, 'delete_contenttype', 'Can delete content type'),
(699, 174, 'view_contenttype', 'Can view content type'),
(700, 175, 'add_session', 'Can add session'),
(701, 175, 'change_session', 'Can change session'),
(702, 175, 'delete_session', 'Can delete session'),
(703, 175, 'view_session', 'Can view session');
INSERT INTO django_content_type VALUES
(1, 'wagtailcore', 'page'),
(2, 'wagtailimages', 'image'),
(3, 'wagtailadmin', 'admin'),
(4, 'wagtaildocs', 'document'),
(5, 'wagtailcore', 'groupapprovaltask'),
(6, 'wagtailcore', 'locale'),
(7, 'wagtailcore', 'site'),
(8, 'wagtailcore', 'groupsitepermission'),
(9, 'wagtailcore', 'apitoken'),
(10, 'wagtailcore', 'modellogentry'),
(11, 'wagtailcore', 'revision'),
(12, 'wagtailcore', 'collectionviewrestriction'),
(13, 'wagtailcore', 'collection'),
(14, 'wagtailcore', 'groupcollectionpermission'),
(15, 'wagtailcore', 'uploadedfile'),
(16, 'wagtailcore', 'workflowcontenttype'),
(17, 'wagtailcore', 'workflowstate'),
(18, 'wagtailcore', 'workflow'),
(19, 'wagtailcore', 'workflowtask'),
(20, 'wagtailcore', 'task'),
(21, 'wagtailcore', 'taskstate'),
(22, 'wagtailcore', 'grouppagepermission'),
(23, 'wagtailcore', 'pageviewrestriction'),
(24, 'wagtailcore', 'workflowpage'),
(25, 'wagtailcore', 'pagelogentry'),
(26, 'wagtailcore', 'comment'),
(27, 'wagtailcore', 'commentreply'),
(28, 'wagtailcore', 'pagesubscription'),
(29, 'wagtailcore', 'referenceindex'),
(30, 'pages', 'homepage'),
(31, 'audit', 'auditbody'),
(32, 'audit', 'auditevent'),
(33, 'audit', 'audithead'),
(34, 'audit', 'denial'),
(35, 'audit', 'heartbeat'),
(36, 'audit', 'outbox'),
(37, 'audit', 'scheduledrun'),
(38, 'accounts', 'apitoken'),
(39, 'accounts', 'formeraddress'),
(40, 'accounts', 'invitation'),
(41, 'accounts', 'joinrequest'),
(42, 'accounts', 'membership'),
(43, 'accounts', 'notification'),
(44, 'accounts', 'organisation'),
(45, 'accounts', 'regionappointment'),
(46, 'accounts', 'roleproposal'),
(47, 'accounts', 'user'),
(48, 'discussions', 'block'),
(49, 'discussions', 'discussion'),
(50, 'discussions', 'flag'),
(51, 'discussions', 'message'),
(52, 'catalogue', 'alertmatch'),
(53, 'catalogue', 'cardfile'),
(54, 'catalogue', 'cardtransfer'),
(55, 'catalogue', 'cardupload'),
(56, 'catalogue', 'cardversion'),
(57, 'catalogue', 'collection'),
(58, 'catalogue', 'collectionitem'),
(59, 'catalogue', 'contribution'),
(60, 'catalogue', 'contributionbatch'),
(61, 'catalogue', 'decision'),
(62, 'catalogue', 'follow'),
(63, 'catalogue', 'formerslug'),
(64, 'catalogue', 'harvestrun'),
(65, 'catalogue', 'harvestedrecord'),
(66, 'catalogue', 'indexedfacet'),
(67, 'catalogue', 'indexedname'),
(68, 'catalogue', 'indexedresource'),
(69, 'catalogue', 'linkcheck'),
(70, 'catalogue', 'masking'),
(71, 'catalogue', 'measurement'),
(72, 'catalogue', 'qualityscore'),
(73, 'catalogue', 'removal'),
(74, 'catalogue', 'report'),
(75, 'catalogue', 'reportdecision'),
(76, 'catalogue', 'resource'),
(77, 'catalogue', 'resourcelink'),
(78, 'catalogue', 'reuse'),
(79, 'catalogue', 'savedsearch'),
(80, 'catalogue', 'source'),
(81, 'catalogue', 'synonym'),
(82, 'catalogue', 'tombstone'),
(83, 'datasets', 'accessrequest'),
(84, 'datasets', 'datafile'),
(85, 'datasets', 'dataset'),
(86, 'datasets', 'download'),
(87, 'datasets', 'extract'),
(88, 'datasets', 'grant'),
(89, 'datasets', 'granteddataset'),
(90, 'datasets', 'holdout'),
(91, 'datasets', 'holdoutversion'),
(92, 'datasets', 'nameduser'),
(93, 'datasets', 'opening'),
(94, 'datasets', 'openingreport'),
(95, 'datasets', 'openingwithdrawal'),
(96, 'datasets', 'opinion'),
(97, 'datasets', 'pendingrelease'),
(98, 'datasets', 'promisedreturn'),
(99, 'datasets', 'release'),
(100, 'datasets', 'releaseupload'),
(101, 'datasets', 'requestversion'),
(102, 'datasets', 'requesteddataset'),
(103, 'datasets', 'sealedfile'),
(104, 'datasets', 'suspension'),
(105, 'datasets', 'wrappedkey'),
(106, 'challenges', 'baselinecheck'),
(107, 'challenges', 'bundleimport'),
(108, 'challenges', 'certificate'),
(109, 'challenges', 'challenge'),
(110, 'challenges', 'challengedraft'),
(111, 'challenges', 'challengeorganiser'),
(112, 'challenges', 'challengepage'),
(113, 'challenges', 'coderun'),
(114, 'challenges', 'codetrial'),
(115, 'challenges', 'column'),
(116, 'challenges', 'disqualification'),
(117, 'challenges', 'enrolment'),
(118, 'challenges', 'entry'),
(119, 'challenges', 'evaluation'),
(120, 'challenges', 'fairnessaudit'),
(121, 'challenges', 'formerorganiser'),
(122, 'challenges', 'guest'),
(123, 'challenges', 'job'),
(124, 'challenges', 'leaderboard'),
(125, 'challenges', 'notice'),
(126, 'challenges', 'organiserinvitation'),
(127, 'challenges', 'phase'),
(128, 'challenges', 'phasetask'),
(129, 'challenges', 'programreport'),
(130, 'challenges', 'publicfile'),
(131, 'challenges', 'receiptkey'),
(132, 'challenges', 'registration'),
(133, 'challenges', 'rescoring'),
(134, 'challenges', 'reveal'),
(135, 'challenges', 'runplan'),
(136, 'challenges', 'rung'),
(137, 'challenges', 'score'),
(138, 'challenges', 'scorereceipt'),
(139, 'challenges', 'scorer'),
(140, 'challenges', 'scorerversion'),
(141, 'challenges', 'sealedpredictions'),
(142, 'challenges', 'sealedresult'),
(143, 'challenges', 'standing'),
(144, 'challenges', 'team'),
(145, 'challenges', 'teaminvitation'),
(146, 'challenges', 'teammember'),
(147, 'challenges', 'terms'),
(148, 'challenges', 'upload'),
(149, 'demonstrator', 'build'),
(150, 'demonstrator', 'fundingrule'),
(151, 'demonstrator', 'loadeddata'),
(152, 'demonstrator', 'milestone'),
(153, 'demonstrator', 'prototype'),
(154, 'pages', 'contentpage'),
(155, 'pages', 'newsindexpage'),
(156, 'pages', 'newspage'),
(157, 'pages', 'pagetext'),
(158, 'account', 'emailaddress'),
(159, 'account', 'emailconfirmation'),
(160, 'mfa', 'authenticator'),
(161, 'usersessions', 'usersession'),
(162, 'wagtailredirects', 'redirect'),
(163, 'wagtailembeds', 'embed'),
(164, 'wagtailusers', 'userprofile'),
(165, 'wagtailimages', 'rendition'),
(166, 'wagtailsearch', 'indexentry'),
(167, 'wagtailsearch', 'sqliteftsindexentry'),
(168, 'wagtailadmin', 'editingsession'),
(169, 'wagtailadmin', 'formstate'),
(170, 'taggit', 'tag'),
(171, 'taggit', 'taggeditem'),
(172, 'auth', 'permission'),
(173, 'auth', 'group'),
(174, 'contenttypes', 'contenttype'),
(175, 'sessions', 'session');
INSERT INTO django_migrations VALUES
(1, 'contenttypes', '0001_initial', CURRENT_TIMESTAMP),
(2, 'contenttypes', '0002_remove_content_type_name', CURRENT_TIMESTAMP),
(3, 'auth', '0001_initial', CURRENT_TIMESTAMP),
(4, 'auth', '0002_alter_permission_name_max_length', CURRENT_TIMESTAMP),
(5, 'auth', '0003_alter_user_email_max_length', CURRENT_TIMESTAMP),
(6, 'auth', '0004_alter_user_username_opts', CURRENT_TIMESTAMP),
(7, 'auth', '0005_alter_user_last_login_null', CURRENT_TIMESTAMP),
(8, 'auth', '0006_require_contenttypes_0002', CURRENT_TIMESTAMP),
(9, 'auth', '0007_alter_validators_add_error_messages', CURRENT_TIMESTAMP),
(10, 'auth', '0008_alter_user_username_max_length', CURRENT_TIMESTAMP),
(11, 'auth', '0009_alter_user_last_name_max_length', CURRENT_TIMESTAMP),
(12, 'auth', '0010_alter_group_name_max_length', CURRENT_TIMESTAMP),
(13, 'auth', '0011_update_proxy_permissions', CURRENT_TIMESTAMP),
(14, 'auth', '0012_alter_user_first_name_max_length', CURRENT_TIMESTAMP),
(15, 'accounts', '0001_initial', CURRENT_TIMESTAMP),
(16, 'account', '0001_initial', CURRENT_TIMESTAMP),
(17, 'account', '0002_email_max_length', CURRENT_TIMESTAMP),
(18, 'account', '0003_alter_emailaddress_create_unique_verified_email', CURRENT_TIMESTAMP),
(19, 'account', '0004_alter_emailaddress_drop_unique_email', CURRENT_TIMESTAMP),
(20, 'account', '0005_emailaddress_idx_upper_email', CURRENT_TIMESTAMP),
(21, 'account', '0006_emailaddress_lower', CURRENT_TIMESTAMP),
(22, 'account', '0007_emailaddress_idx_email', CURRENT_TIMESTAMP),
(23, 'account', '0008_emailaddress_unique_primary_email_fixup', CURRENT_TIMESTAMP),
(24, 'account', '0009_emailaddress_unique_primary_email', CURRENT_TIMESTAMP),
(25, 'wagtailusers', '0001_initial', CURRENT_TIMESTAMP),
(26, 'wagtailusers', '0002_add_verbose_name_on_userprofile', CURRENT_TIMESTAMP),
(27, 'wagtailusers', '0003_add_verbose_names', CURRENT_TIMESTAMP),
(28, 'wagtailusers', '0004_capitalizeverbose', CURRENT_TIMESTAMP),
(29, 'wagtailusers', '0005_make_related_name_wagtail_specific', CURRENT_TIMESTAMP),
(30, 'wagtailusers', '0006_userprofile_prefered_language', CURRENT_TIMESTAMP),
(31, 'wagtailusers', '0007_userprofile_current_time_zone', CURRENT_TIMESTAMP),
(32, 'wagtailusers', '0008_userprofile_avatar', CURRENT_TIMESTAMP),
(33, 'wagtailusers', '0009_userprofile_verbose_name_plural', CURRENT_TIMESTAMP),
(34, 'wagtailusers', '0010_userprofile_updated_comments_notifications', CURRENT_TIMESTAMP),
(35, 'wagtailusers', '0011_userprofile_dismissibles', CURRENT_TIMESTAMP),
(36, 'wagtailusers', '0012_userprofile_theme', CURRENT_TIMESTAMP),
(37, 'wagtailusers', '0013_userprofile_density', CURRENT_TIMESTAMP),
(38, 'wagtailusers', '0014_userprofile_contrast', CURRENT_TIMESTAMP),
(39, 'wagtailusers', '0015_userprofile_keyboard_shortcuts', CURRENT_TIMESTAMP),
(40, 'wagtailcore', '0001_initial', CURRENT_TIMESTAMP),
(41, 'wagtailcore', '0002_initial_data', CURRENT_TIMESTAMP),
(42, 'wagtailcore', '0003_add_uniqueness_constraint_on_group_page_permission', CURRENT_TIMESTAMP),
(43, 'wagtailcore', '0004_page_locked', CURRENT_TIMESTAMP),
(44, 'wagtailcore', '0005_add_page_lock_permission_to_moderators', CURRENT_TIMESTAMP),
(45, 'wagtailcore', '0006_add_lock_page_permission', CURRENT_TIMESTAMP),
(46, 'wagtailcore', '0007_page_latest_revision_created_at', CURRENT_TIMESTAMP),
(47, 'wagtailcore', '0008_populate_latest_revision_created_at', CURRENT_TIMESTAMP),
(48, 'wagtailcore', '0009_remove_auto_now_add_from_pagerevision_created_at', CURRENT_TIMESTAMP),
(49, 'wagtailcore', '0010_change_page_owner_to_null_on_delete', CURRENT_TIMESTAMP),
(50, 'wagtailcore', '0011_page_first_published_at', CURRENT_TIMESTAMP),
(51, 'wagtailcore', '0012_extend_page_slug_field', CURRENT_TIMESTAMP),
(52, 'wagtailcore', '0013_update_golive_expire_help_text', CURRENT_TIMESTAMP),
(53, 'wagtailcore', '0014_add_verbose_name', CURRENT_TIMESTAMP),
(54, 'wagtailcore', '0015_add_more_verbose_names', CURRENT_TIMESTAMP),
(55, 'wagtailcore', '0016_change_page_url_path_to_text_field', CURRENT_TIMESTAMP),
(56, 'wagtailsearch', '0001_initial', CURRENT_TIMESTAMP),
(57, 'wagtailsearch', '0002_add_verbose_names', CURRENT_TIMESTAMP),
(58, 'wagtailsearch', '0003_remove_editors_pick', CURRENT_TIMESTAMP),
(59, 'wagtailsearch', '0004_querydailyhits_verbose_name_plural', CURRENT_TIMESTAMP),
(60, 'wagtailsearch', '0005_create_indexentry', CURRENT_TIMESTAMP),
(61, 'wagtailsearch', '0006_customise_indexentry', CURRENT_TIMESTAMP),
(62, 'wagtailsearch', '0007_delete_editorspick', CURRENT_TIMESTAMP),
(63, 'wagtailsearch', '0008_remove_query_and_querydailyhits_models', CURRENT_TIMESTAMP),
(64, 'wagtailsearch', '0009_remove_ngram_autocomplete', CURRENT_TIMESTAMP),
(65, 'wagtailsearch', '0010_add_text_fields', CURRENT_TIMESTAMP),
(66, 'wagtailredirects', '0001_initial', CURRENT_TIMESTAMP),
(67, 'wagtailredirects', '0002_add_verbose_names', CURRENT_TIMESTAMP),
(68, 'wagtailredirects', '0003_make_site_field_editable', CURRENT_TIMESTAMP),
(69, 'wagtailredirects', '0004_set_unique_on_path_and_site', CURRENT_TIMESTAMP),
(70, 'wagtailredirects', '0005_capitalizeverbose', CURRENT_TIMESTAMP),
(71, 'wagtailredirects', '0006_redirect_increase_max_length', CURRENT_TIMESTAMP),
(72, 'wagtailredirects', '0007_add_autocreate_fields', CURRENT_TIMESTAMP),
(73, 'wagtailredirects', '0008_add_verbose_name_plural', CURRENT_TIMESTAMP),
(74, 'wagtailcore', '0017_change_edit_page_permission_description', CURRENT_TIMESTAMP),
(75, 'wagtailcore', '0018_pagerevision_submitted_for_moderation_index', CURRENT_TIMESTAMP),
(76, 'wagtailcore', '0019_verbose_names_cleanup', CURRENT_TIMESTAMP),
(77, 'wagtailcore', '0020_add_index_on_page_first_published_at', CURRENT_TIMESTAMP),
(78, 'wagtailcore', '0021_capitalizeverbose', CURRENT_TIMESTAMP),
(79, 'wagtailcore', '0022_add_site_name', CURRENT_TIMESTAMP),
(80, 'wagtailcore', '0023_alter_page_revision_on_delete_behaviour', CURRENT_TIMESTAMP),
(81, 'wagtailcore', '0024_collection', CURRENT_TIMESTAMP),
(82, 'wagtailcore', '0025_collection_initial_data', CURRENT_TIMESTAMP),
(83, 'wagtailcore', '0026_group_collection_permission', CURRENT_TIMESTAMP),
(84, 'taggit', '0001_initial', CURRENT_TIMESTAMP),
(85, 'wagtailimages', '0001_initial', CURRENT_TIMESTAMP),
(86, 'wagtailimages', '0002_initial_data', CURRENT_TIMESTAMP),
(87, 'wagtailimages', '0003_fix_focal_point_fields', CURRENT_TIMESTAMP),
(88, 'wagtailimages', '0004_make_focal_point_key_not_nullable', CURRENT_TIMESTAMP),
(89, 'wagtailimages', '0005_make_filter_spec_unique', CURRENT_TIMESTAMP),
(90, 'wagtailimages', '0006_add_verbose_names', CURRENT_TIMESTAMP),
(91, 'wagtailimages', '0007_image_file_size', CURRENT_TIMESTAMP),
(92, 'wagtailimages', '0008_image_created_at_index', CURRENT_TIMESTAMP),
(93, 'wagtailimages', '0009_capitalizeverbose', CURRENT_TIMESTAMP),
(94, 'wagtailimages', '0010_change_on_delete_behaviour', CURRENT_TIMESTAMP),
(95, 'wagtailimages', '0011_image_collection', CURRENT_TIMESTAMP),
(96, 'wagtailimages', '0012_copy_image_permissions_to_collections', CURRENT_TIMESTAMP),
(97, 'wagtailimages', '0013_make_rendition_upload_callable', CURRENT_TIMESTAMP),
(98, 'wagtailimages', '0014_add_filter_spec_field', CURRENT_TIMESTAMP),
(99, 'wagtailimages', '0015_fill_filter_spec_field', CURRENT_TIMESTAMP),
(100, 'wagtailimages', '0016_deprecate_rendition_filter_relation', CURRENT_TIMESTAMP),
(101, 'wagtailimages', '0017_reduce_focal_point_key_max_length', CURRENT_TIMESTAMP),
(102, 'wagtailimages', '0018_remove_rendition_filter', CURRENT_TIMESTAMP),
(103, 'wagtailimages', '0019_delete_filter', CURRENT_TIMESTAMP),
(104, 'wagtailimages', '0020_add-verbose-name', CURRENT_TIMESTAMP),
(105, 'wagtailimages', '0021_image_file_hash', CURRENT_TIMESTAMP),
(106, 'wagtailimages', '0022_uploadedimage', CURRENT_TIMESTAMP),
(107, 'wagtailadmin', '0001_create_admin_access_permissions', CURRENT_TIMESTAMP),
(108, 'wagtailimages', '0023_add_choose_permissions', CURRENT_TIMESTAMP),
(109, 'wagtailimages', '0024_index_image_file_hash', CURRENT_TIMESTAMP),
(110, 'wagtailimages', '0025_alter_image_file_alter_rendition_file', CURRENT_TIMESTAMP),
(111, 'wagtailimages', '0026_delete_uploadedimage', CURRENT_TIMESTAMP),
(112, 'wagtailimages', '0027_image_description', CURRENT_TIMESTAMP),
(113, 'wagtailembeds', '0001_initial', CURRENT_TIMESTAMP),
(114, 'wagtailembeds', '0002_add_verbose_names', CURRENT_TIMESTAMP),
(115, 'wagtailembeds', '0003_capitalizeverbose', CURRENT_TIMESTAMP),
(116, 'wagtailembeds', '0004_embed_verbose_name_plural', CURRENT_TIMESTAMP),
(117, 'wagtailembeds', '0005_specify_thumbnail_url_max_length', CURRENT_TIMESTAMP),
(118, 'wagtailembeds', '0006_add_embed_hash', CURRENT_TIMESTAMP),
(119, 'wagtailembeds', '0007_populate_hash', CURRENT_TIMESTAMP),
(120, 'wagtailembeds', '0008_allow_long_urls', CURRENT_TIMESTAMP),
(121, 'wagtailembeds', '0009_embed_cache_until', CURRENT_TIMESTAMP),
(122, 'wagtaildocs', '0001_initial', CURRENT_TIMESTAMP),
(123, 'wagtaildocs', '0002_initial_data', CURRENT_TIMESTAMP),
(124, 'wagtaildocs', '0003_add_verbose_names', CURRENT_TIMESTAMP),
(125, 'wagtaildocs', '0004_capitalizeverbose', CURRENT_TIMESTAMP),
(126, 'wagtaildocs', '0005_document_collection', CURRENT_TIMESTAMP),
(127, 'wagtaildocs', '0006_copy_document_permissions_to_collections', CURRENT_TIMESTAMP),
(128, 'wagtaildocs', '0005_alter_uploaded_by_user_on_delete_action', CURRENT_TIMESTAMP),
(129, 'wagtaildocs', '0007_merge', CURRENT_TIMESTAMP),
(130, 'wagtaildocs', '0008_document_file_size', CURRENT_TIMESTAMP),
(131, 'wagtaildocs', '0009_document_verbose_name_plural', CURRENT_TIMESTAMP),
(132, 'wagtaildocs', '0010_document_file_hash', CURRENT_TIMESTAMP),
(133, 'wagtaildocs', '0011_add_choose_permissions', CURRENT_TIMESTAMP),
(134, 'wagtaildocs', '0012_uploadeddocument', CURRENT_TIMESTAMP),
(135, 'wagtaildocs', '0013_delete_uploadeddocument', CURRENT_TIMESTAMP),
(136, 'wagtaildocs', '0014_alter_document_file_size', CURRENT_TIMESTAMP),
(137, 'wagtailcore', '0027_fix_collection_path_collation', CURRENT_TIMESTAMP),
(138, 'wagtailcore', '0024_alter_page_content_type_on_delete_behaviour', CURRENT_TIMESTAMP),
(139, 'wagtailcore', '0028_merge', CURRENT_TIMESTAMP),
(140, 'wagtailcore', '0029_unicode_slugfield_dj19', CURRENT_TIMESTAMP),
(141, 'wagtailcore', '0030_index_on_pagerevision_created_at', CURRENT_TIMESTAMP),
(142, 'wagtailcore', '0031_add_page_view_restriction_types', CURRENT_TIMESTAMP),
(143, 'wagtailcore', '0032_add_bulk_delete_page_permission', CURRENT_TIMESTAMP),
(144, 'wagtailcore', '0033_remove_golive_expiry_help_text', CURRENT_TIMESTAMP),
(145, 'wagtailcore', '0034_page_live_revision', CURRENT_TIMESTAMP),
(146, 'wagtailcore', '0035_page_last_published_at', CURRENT_TIMESTAMP),
(147, 'wagtailcore', '0036_populate_page_last_published_at', CURRENT_TIMESTAMP),
(148, 'wagtailcore', '0037_set_page_owner_editable', CURRENT_TIMESTAMP),
(149, 'wagtailcore', '0038_make_first_published_at_editable', CURRENT_TIMESTAMP),
(150, 'wagtailcore', '0039_collectionviewrestriction', CURRENT_TIMESTAMP),
(151, 'wagtailcore', '0040_page_draft_title', CURRENT_TIMESTAMP),
(152, 'wagtailcore', '0041_group_collection_permissions_verbose_name_plural', CURRENT_TIMESTAMP),
(153, 'wagtailcore', '0042_index_on_pagerevision_approved_go_live_at', CURRENT_TIMESTAMP),
(154, 'wagtailcore', '0043_lock_fields', CURRENT_TIMESTAMP),
(155, 'wagtailcore', '0044_add_unlock_grouppagepermission', CURRENT_TIMESTAMP),
(156, 'wagtailcore', '0045_assign_unlock_grouppagepermission', CURRENT_TIMESTAMP),
(157, 'wagtailcore', '0046_site_name_remove_null', CURRENT_TIMESTAMP),
(158, 'wagtailcore', '0047_add_workflow_models', CURRENT_TIMESTAMP),
(159, 'wagtailcore', '0048_add_default_workflows', CURRENT_TIMESTAMP),
(160, 'wagtailcore', '0049_taskstate_finished_by', CURRENT_TIMESTAMP),
(161, 'wagtailcore', '0050_workflow_rejected_to_needs_changes', CURRENT_TIMESTAMP),
(162, 'wagtailcore', '0051_taskstate_comment', CURRENT_TIMESTAMP),
(163, 'wagtailcore', '0052_pagelogentry', CURRENT_TIMESTAMP),
(164, 'wagtailcore', '0053_locale_model', CURRENT_TIMESTAMP),
(165, 'wagtailcore', '0054_initial_locale', CURRENT_TIMESTAMP),
(166, 'wagtailcore', '0055_page_locale_fields', CURRENT_TIMESTAMP),
(167, 'wagtailcore', '0056_page_locale_fields_populate', CURRENT_TIMESTAMP),
(168, 'wagtailcore', '0057_page_locale_fields_notnull', CURRENT_TIMESTAMP),
(169, 'wagtailcore', '0058_page_alias_of', CURRENT_TIMESTAMP),
(170, 'wagtailcore', '0059_apply_collection_ordering', CURRENT_TIMESTAMP),
(171, 'wagtailcore', '0060_fix_workflow_unique_constraint', CURRENT_TIMESTAMP),
(172, 'wagtailcore', '0061_change_promote_tab_helpt_text_and_verbose_names', CURRENT_TIMESTAMP),
(173, 'wagtailcore', '0062_comment_models_and_pagesubscription', CURRENT_TIMESTAMP),
(174, 'wagtailcore', '0063_modellogentry', CURRENT_TIMESTAMP),
(175, 'wagtailcore', '0064_log_timestamp_indexes', CURRENT_TIMESTAMP),
(176, 'wagtailcore', '0065_log_entry_uuid', CURRENT_TIMESTAMP),
(177, 'wagtailcore', '0066_collection_management_permissions', CURRENT_TIMESTAMP),
(178, 'wagtailcore', '0067_alter_pagerevision_content_json', CURRENT_TIMESTAMP),
(179, 'wagtailcore', '0068_log_entry_empty_object', CURRENT_TIMESTAMP),
(180, 'wagtailcore', '0069_log_entry_jsonfield', CURRENT_TIMESTAMP),
(181, 'wagtailcore', '0070_rename_pagerevision_revision', CURRENT_TIMESTAMP),
(182, 'wagtailcore', '0071_populate_revision_content_type', CURRENT_TIMESTAMP),
(183, 'wagtailcore', '0072_alter_revision_content_type_notnull', CURRENT_TIMESTAMP),
(184, 'wagtailcore', '0073_page_latest_revision', CURRENT_TIMESTAMP),
(185, 'wagtailcore', '0074_revision_object_str', CURRENT_TIMESTAMP),
(186, 'wagtailcore', '0075_populate_latest_revision_and_revision_object_str', CURRENT_TIMESTAMP),
(187, 'wagtailcore', '0076_modellogentry_revision', CURRENT_TIMESTAMP),
(188, 'wagtailcore', '0077_alter_revision_user', CURRENT_TIMESTAMP),
(189, 'wagtailcore', '0078_referenceindex', CURRENT_TIMESTAMP),
(190, 'wagtailcore', '0079_rename_taskstate_page_revision', CURRENT_TIMESTAMP),
(191, 'wagtailcore', '0080_generic_workflowstate', CURRENT_TIMESTAMP),
(192, 'wagtailcore', '0081_populate_workflowstate_content_type', CURRENT_TIMESTAMP),
(193, 'wagtailcore', '0082_alter_workflowstate_content_type_notnull', CURRENT_TIMESTAMP),
(194, 'wagtailcore', '0083_workflowcontenttype', CURRENT_TIMESTAMP),
(195, 'wagtailcore', '0084_add_default_page_permissions', CURRENT_TIMESTAMP),
(196, 'wagtailcore', '0085_add_grouppagepermission_permission', CURRENT_TIMESTAMP),
(197, 'wagtailcore', '0086_populate_grouppagepermission_permission', CURRENT_TIMESTAMP),
(198, 'wagtailcore', '0087_alter_grouppagepermission_unique_together_and_more', CURRENT_TIMESTAMP),
(199, 'wagtailcore', '0088_fix_log_entry_json_timestamps', CURRENT_TIMESTAMP),
(200, 'wagtailcore', '0089_log_entry_data_json_null_to_object', CURRENT_TIMESTAMP),
(201, 'wagtailcore', '0090_remove_grouppagepermission_permission_type', CURRENT_TIMESTAMP),
(202, 'wagtailcore', '0091_remove_revision_submitted_for_moderation', CURRENT_TIMESTAMP),
(203, 'wagtailcore', '0092_alter_collectionviewrestriction_password_and_more', CURRENT_TIMESTAMP),
(204, 'wagtailcore', '0093_uploadedfile', CURRENT_TIMESTAMP),
(205, 'wagtailcore', '0094_alter_page_locale', CURRENT_TIMESTAMP),
(206, 'wagtailcore', '0095_groupsitepermission', CURRENT_TIMESTAMP),
(207, 'wagtailcore', '0096_referenceindex_referenceindex_source_object_and_more', CURRENT_TIMESTAMP),
(208, 'wagtailcore', '0097_baselogentry_uuid_action_timestamp_indexes', CURRENT_TIMESTAMP),
(209, 'wagtailcore', '0098_apitoken', CURRENT_TIMESTAMP),
(210, 'wagtailadmin', '0002_admin', CURRENT_TIMESTAMP),
(211, 'wagtailadmin', '0003_admin_managed', CURRENT_TIMESTAMP),
(212, 'wagtailadmin', '0004_editingsession', CURRENT_TIMESTAMP),
(213, 'wagtailadmin', '0005_editingsession_is_editing', CURRENT_TIMESTAMP),
(214, 'wagtailadmin', '0006_formstate', CURRENT_TIMESTAMP),
(215, 'usersessions', '0001_initial', CURRENT_TIMESTAMP),
(216, 'taggit', '0002_auto_20150616_2121', CURRENT_TIMESTAMP),
(217, 'taggit', '0003_taggeditem_add_unique_index', CURRENT_TIMESTAMP),
(218, 'taggit', '0004_alter_taggeditem_content_type_alter_taggeditem_tag', CURRENT_TIMESTAMP),
(219, 'taggit', '0005_auto_20220424_2025', CURRENT_TIMESTAMP),
(220, 'taggit', '0006_rename_taggeditem_content_type_object_id_taggit_tagg_content_8fc721_idx', CURRENT_TIMESTAMP),
(221, 'sessions', '0001_initial', CURRENT_TIMESTAMP),
(222, 'mfa', '0001_initial', CURRENT_TIMESTAMP),
(223, 'mfa', '0002_authenticator_timestamps', CURRENT_TIMESTAMP),
(224, 'mfa', '0003_authenticator_type_uniq', CURRENT_TIMESTAMP),
(225, 'audit', '0001_initial', CURRENT_TIMESTAMP),
(226, 'audit', '0002_append_only', CURRENT_TIMESTAMP),
(227, 'discussions', '0001_initial', CURRENT_TIMESTAMP),
(228, 'catalogue', '0001_initial', CURRENT_TIMESTAMP),
(229, 'catalogue', '0002_full_text', CURRENT_TIMESTAMP),
(230, 'datasets', '0001_initial', CURRENT_TIMESTAMP),
(231, 'challenges', '0001_initial', CURRENT_TIMESTAMP),
(232, 'challenges', '0002_append_only', CURRENT_TIMESTAMP),
(233, 'demonstrator', '0001_initial', CURRENT_TIMESTAMP),
(234, 'pages', '0001_initial', CURRENT_TIMESTAMP),
(235, 'pages', '0002_home_pages', CURRENT_TIMESTAMP),
(236, 'wagtailimages', '0001_squashed_0021', CURRENT_TIMESTAMP),
(237, 'wagtailcore', '0001_squashed_0016_change_page_url_path_to_text_field', CURRENT_TIMESTAMP);
INSERT INTO pages_homepage VALUES
(3, 'Modèles, algorithmes, jeux de données et challenges partagés par celles et ceux qui font l’emploi, la formation et l’orientation en Provence-Alpes-Côte d’Azur.', 'L’intelligence artificielle pour l’emploi, en bien commun', '', '[]'),
(4, 'Models, algorithms, datasets and challenges shared by the people who work on employment, training and guidance in Provence-Alpes-Côte d’Azur.', 'Artificial intelligence for employment, held in common', '', '[]');
INSERT INTO wagtailcore_collection VALUES
(1, '0001', 1, 0, 'Root');
INSERT INTO wagtailcore_groupapprovaltask VALUES
(1);
INSERT INTO wagtailcore_groupapprovaltask_groups VALUES
(1, 1, 1);
INSERT INTO wagtailcore_groupcollectionpermission VALUES
(1, 1, 2, 1),
(2, 1, 1, 1),
(3, 1, 2, 2),
(4, 1, 1, 2),
(5, 1, 2, 5),
(6, 1, 1, 5),
(7, 1, 2, 6),
(8, 1, 1, 6),
(9, 1, 2, 7),
(10, 1, 1, 7),
(11, 1, 2, 9),
(12, 1, 1, 9);
INSERT INTO wagtailcore_grouppagepermission VALUES
(1, 1, 1, 78),
(2, 1, 1, 79),
(3, 1, 1, 84),
(4, 2, 1, 78),
(5, 2, 1, 79),
(6, 1, 1, 83),
(7, 1, 1, 85);
INSERT INTO wagtailcore_locale VALUES
(1, 'fr'),
(2, 'en');
INSERT INTO wagtailcore_page VALUES
(1, '0001', 1, 2, 'Root', 'root', 1, 0, '/', '', 0, '', NULL, NULL, 0, 1, NULL, 0, NULL, NULL, NULL, NULL, 'Root', NULL, NULL, 1, '15577c201d0953629851409df82d459c', NULL, NULL),
(3, '00010001', 2, 0, 'Accueil', 'home', 1, 0, '/home/', '', 0, '', NULL, NULL, 0, 30, NULL, 0, NULL, NULL, NULL, NULL, 'Accueil', NULL, NULL, 1, 'aa7b5f33f196576a807b6017c4896d7f', NULL, NULL),
(4, '00010002', 2, 0, 'Home', 'home-en', 1, 0, '/home-en/', '', 0, '', NULL, NULL, 0, 30, NULL, 0, NULL, NULL, NULL, NULL, 'Home', NULL, NULL, 2, 'aa7b5f33f196576a807b6017c4896d7f', NULL, NULL);
INSERT INTO wagtailcore_site VALUES
(2, 'localhost', 80, 1, 3, 'Open Emploi');
INSERT INTO wagtailcore_task VALUES
(1, 'Moderators approval', 1, 5);
INSERT INTO wagtailcore_workflow VALUES
(1, 'Moderators approval', 1);
INSERT INTO wagtailcore_workflowpage VALUES
(1, 1);
INSERT INTO wagtailcore_workflowtask VALUES
(1, 0, 1, 1);
CREATE INDEX "access_request_queue" ON "datasets_accessrequest" ("status", "submitted_at");
CREATE INDEX "account_emailaddress_email_03be32b2" ON "account_emailaddress" ("email");
CREATE INDEX "account_emailaddress_user_id_2c513194" ON "account_emailaddress" ("user_id");
CREATE UNIQUE INDEX "account_emailaddress_user_id_email_987c8728_uniq" ON "account_emailaddress" ("user_id", "email");
CREATE INDEX "account_emailconfirmation_email_address_id_5b7f8c58" ON "account_emailconfirmation" ("email_address_id");
CREATE INDEX "accounts_apitoken_user_id_bbee13e0" ON "accounts_apitoken" ("user_id");
CREATE INDEX "accounts_formeraddress_organisation_id_33b2ba84" ON "accounts_formeraddress" ("organisation_id");
CREATE INDEX "accounts_invitation_organisation_id_b7f9480b" ON "accounts_invitation" ("organisation_id");
CREATE INDEX "accounts_invitation_sent_by_id_ab52d946" ON "accounts_invitation" ("sent_by_id");
CREATE INDEX "accounts_joinrequest_answered_by_id_192600f0" ON "accounts_joinrequest" ("answered_by_id");
CREATE INDEX "accounts_joinrequest_organisation_id_39e16b45" ON "accounts_joinrequest" ("organisation_id");
CREATE INDEX "accounts_joinrequest_user_id_923d4a27" ON "accounts_joinrequest" ("user_id");
CREATE INDEX "accounts_membership_organisation_id_98e5c22b" ON "accounts_membership" ("organisation_id");
CREATE INDEX "accounts_membership_user_id_487fb39e" ON "accounts_membership" ("user_id");
CREATE INDEX "accounts_notification_user_id_30e6cfc5" ON "accounts_notification" ("user_id");
CREATE INDEX "accounts_regionappointment_user_id_788b4c9e" ON "accounts_regionappointment" ("user_id");
CREATE INDEX "accounts_roleproposal_decided_by_id_df384efa" ON "accounts_roleproposal" ("decided_by_id");
CREATE INDEX "accounts_roleproposal_organisation_id_231244ec" ON "accounts_roleproposal" ("organisation_id");
CREATE INDEX "accounts_roleproposal_proposed_by_id_57ab2eac" ON "accounts_roleproposal" ("proposed_by_id");
CREATE INDEX "accounts_roleproposal_user_id_574b4dd4" ON "accounts_roleproposal" ("user_id");
CREATE INDEX "accounts_user_groups_group_id_bd11a704" ON "accounts_user_groups" ("group_id");
CREATE INDEX "accounts_user_groups_user_id_52b62117" ON "accounts_user_groups" ("user_id");
CREATE UNIQUE INDEX "accounts_user_groups_user_id_group_id_59c0b32f_uniq" ON "accounts_user_groups" ("user_id", "group_id");
CREATE INDEX "accounts_user_user_permissions_permission_id_113bb443" ON "accounts_user_user_permissions" ("permission_id");
CREATE INDEX "accounts_user_user_permissions_user_id_e4f0a161" ON "accounts_user_user_permissions" ("user_id");
CREATE UNIQUE INDEX "accounts_user_user_permissions_user_id_permission_id_2ab516c2_uniq" ON "accounts_user_user_permissions" ("user_id", "permission_id");
CREATE INDEX "alert_found" ON "catalogue_alertmatch" ("found_at");
CREATE TRIGGER audit_auditbody_update BEFORE UPDATE ON audit_auditbody BEGIN SELECT RAISE(ABORT, 'audit_auditbody is append-only'); END;
CREATE TRIGGER audit_auditevent_delete BEFORE DELETE ON audit_auditevent BEGIN SELECT RAISE(ABORT, 'audit_auditevent is append-only'); END;
CREATE TRIGGER audit_auditevent_update BEFORE UPDATE ON audit_auditevent BEGIN SELECT RAISE(ABORT, 'audit_auditevent is append-only'); END;
CREATE INDEX "audit_event_action" ON "audit_auditevent" ("action", "seq");
CREATE INDEX "audit_event_object" ON "audit_auditevent" ("object_ref", "seq");
CREATE INDEX "auth_group_permissions_group_id_b120cbf9" ON "auth_group_permissions" ("group_id");
CREATE UNIQUE INDEX "auth_group_permissions_group_id_permission_id_0cd325b0_uniq" ON "auth_group_permissions" ("group_id", "permission_id");
CREATE INDEX "auth_group_permissions_permission_id_84c5c92e" ON "auth_group_permissions" ("permission_id");
CREATE INDEX "auth_permission_content_type_id_2f476e4b" ON "auth_permission" ("content_type_id");
CREATE UNIQUE INDEX "auth_permission_content_type_id_codename_01ab375a_uniq" ON "auth_permission" ("content_type_id", "codename");
CREATE INDEX "base_content_object_idx" ON "wagtailcore_revision" ("base_content_type_id", "object_id");
CREATE INDEX "bundle_import_expiry" ON "challenges_bundleimport" ("state", "expires_at");
CREATE UNIQUE INDEX "bundle_import_live_once" ON "challenges_bundleimport" ("by_id", "sha256") WHERE "state" IN ('waiting', 'read', 'creating');
CREATE INDEX "cache_expires" ON "cache" ("expires");
CREATE INDEX "card_file_state" ON "catalogue_cardfile" ("state", "added_at");
CREATE INDEX "card_upload_expiry" ON "catalogue_cardupload" ("expires_at");
CREATE INDEX "catalogue_alertmatch_resource_id_bb9df698" ON "catalogue_alertmatch" ("resource_id");
CREATE INDEX "catalogue_alertmatch_search_id_3f7e8b3c" ON "catalogue_alertmatch" ("search_id");
CREATE INDEX "catalogue_cardfile_added_by_id_8ca816b0" ON "catalogue_cardfile" ("added_by_id");
CREATE INDEX "catalogue_cardfile_organisation_id_b8285742" ON "catalogue_cardfile" ("organisation_id");
CREATE INDEX "catalogue_cardfile_resource_id_fde7bf2f" ON "catalogue_cardfile" ("resource_id");
CREATE INDEX "catalogue_cardtransfer_answered_by_id_4d862588" ON "catalogue_cardtransfer" ("answered_by_id");
CREATE INDEX "catalogue_cardtransfer_approved_by_id_12c84b03" ON "catalogue_cardtransfer" ("approved_by_id");
CREATE INDEX "catalogue_cardtransfer_asked_by_id_597c6b2f" ON "catalogue_cardtransfer" ("asked_by_id");
CREATE INDEX "catalogue_cardtransfer_resource_id_d2349d4b" ON "catalogue_cardtransfer" ("resource_id");
CREATE INDEX "catalogue_cardtransfer_target_id_9b02be2f" ON "catalogue_cardtransfer" ("target_id");
CREATE INDEX "catalogue_cardupload_begun_by_id_08249113" ON "catalogue_cardupload" ("begun_by_id");
CREATE INDEX "catalogue_cardupload_contribution_id_cd80cb63" ON "catalogue_cardupload" ("contribution_id");
CREATE INDEX "catalogue_cardupload_file_id_af50c1bf" ON "catalogue_cardupload" ("file_id");
CREATE INDEX "catalogue_cardversion_organisation_id_eb15849d" ON "catalogue_cardversion" ("organisation_id");
CREATE INDEX "catalogue_cardversion_resource_id_f0a2f771" ON "catalogue_cardversion" ("resource_id");
CREATE INDEX "catalogue_cardversion_revision_id_756b327e" ON "catalogue_cardversion" ("revision_id");
CREATE INDEX "catalogue_cardversion_withheld_by_id_be4351ac" ON "catalogue_cardversion" ("withheld_by_id");
CREATE INDEX "catalogue_collection_hidden_by_id_78ee381c" ON "catalogue_collection" ("hidden_by_id");
CREATE INDEX "catalogue_collection_made_by_id_fdf51fb2" ON "catalogue_collection" ("made_by_id");
CREATE INDEX "catalogue_collection_organisation_id_f67de734" ON "catalogue_collection" ("organisation_id");
CREATE INDEX "catalogue_collectionitem_collection_id_1e2b3e22" ON "catalogue_collectionitem" ("collection_id");
CREATE INDEX "catalogue_collectionitem_resource_id_941ec84a" ON "catalogue_collectionitem" ("resource_id");
CREATE INDEX "catalogue_contribution_assignee_id_7243c62a" ON "catalogue_contribution" ("assignee_id");
CREATE INDEX "catalogue_contribution_author_id_9b1df3ce" ON "catalogue_contribution" ("author_id");
CREATE INDEX "catalogue_contribution_base_revision_id_9df13522" ON "catalogue_contribution" ("base_revision_id");
CREATE INDEX "catalogue_contribution_batch_id_c1d7297c" ON "catalogue_contribution" ("batch_id");
CREATE INDEX "catalogue_contribution_claimed_by_id_1236f66c" ON "catalogue_contribution" ("claimed_by_id");
CREATE INDEX "catalogue_contribution_organisation_id_65cc80de" ON "catalogue_contribution" ("organisation_id");
CREATE INDEX "catalogue_contribution_owner_answered_by_id_1a70ad61" ON "catalogue_contribution" ("owner_answered_by_id");
CREATE INDEX "catalogue_contribution_resource_id_3bea9891" ON "catalogue_contribution" ("resource_id");
CREATE INDEX "catalogue_contribution_revision_id_75b65be8" ON "catalogue_contribution" ("revision_id");
CREATE INDEX "catalogue_contributionbatch_asked_by_id_cba3502e" ON "catalogue_contributionbatch" ("asked_by_id");
CREATE INDEX "catalogue_contributionbatch_author_id_c64eb655" ON "catalogue_contributionbatch" ("author_id");
CREATE INDEX "catalogue_contributionbatch_organisation_id_ce2537f5" ON "catalogue_contributionbatch" ("organisation_id");
CREATE INDEX "catalogue_decision_contribution_id_90da4894" ON "catalogue_decision" ("contribution_id");
CREATE INDEX "catalogue_decision_decided_by_id_eba95e26" ON "catalogue_decision" ("decided_by_id");
CREATE INDEX "catalogue_decision_revision_id_ece901a7" ON "catalogue_decision" ("revision_id");
CREATE INDEX "catalogue_follow_organisation_id_8f78c79b" ON "catalogue_follow" ("organisation_id");
CREATE INDEX "catalogue_follow_resource_id_69bfc8c8" ON "catalogue_follow" ("resource_id");
CREATE INDEX "catalogue_follow_user_id_0046ba4c" ON "catalogue_follow" ("user_id");
CREATE INDEX "catalogue_formerslug_resource_id_0d7c260f" ON "catalogue_formerslug" ("resource_id");
CREATE TRIGGER catalogue_fulltext_delete AFTER DELETE ON catalogue_indexedresource BEGIN
        DELETE FROM catalogue_fulltext WHERE rowid = old.resource_id;
    END;
CREATE INDEX "catalogue_harvestedrecord_canonical_uri_7decbc08" ON "catalogue_harvestedrecord" ("canonical_uri");
CREATE INDEX "catalogue_harvestedrecord_proposal_id_38dac62b" ON "catalogue_harvestedrecord" ("proposal_id");
CREATE INDEX "catalogue_harvestedrecord_resource_id_455826c2" ON "catalogue_harvestedrecord" ("resource_id");
CREATE INDEX "catalogue_harvestedrecord_source_id_af34229f" ON "catalogue_harvestedrecord" ("source_id");
CREATE INDEX "catalogue_harvestrun_asked_by_id_51f796b6" ON "catalogue_harvestrun" ("asked_by_id");
CREATE INDEX "catalogue_harvestrun_source_id_9d32aa8e" ON "catalogue_harvestrun" ("source_id");
CREATE INDEX "catalogue_indexedresource_updated_on_8ecdf14f" ON "catalogue_indexedresource" ("updated_on");
CREATE INDEX "catalogue_linkcheck_host_a329aad0" ON "catalogue_linkcheck" ("host");
CREATE INDEX "catalogue_linkcheck_next_check_at_49cbb49e" ON "catalogue_linkcheck" ("next_check_at");
CREATE INDEX "catalogue_linkcheck_resource_id_50a8ea35" ON "catalogue_linkcheck" ("resource_id");
CREATE INDEX "catalogue_masking_confirmed_by_id_9f42945f" ON "catalogue_masking" ("confirmed_by_id");
CREATE INDEX "catalogue_masking_lift_asked_by_id_24819d8e" ON "catalogue_masking" ("lift_asked_by_id");
CREATE INDEX "catalogue_masking_masked_by_id_8595a819" ON "catalogue_masking" ("masked_by_id");
CREATE INDEX "catalogue_masking_report_id_cca64dd2" ON "catalogue_masking" ("report_id");
CREATE INDEX "catalogue_masking_resource_id_5b399482" ON "catalogue_masking" ("resource_id");
CREATE INDEX "catalogue_measurement_recorded_by_id_5363dd35" ON "catalogue_measurement" ("recorded_by_id");
CREATE INDEX "catalogue_measurement_resource_id_c8a70992" ON "catalogue_measurement" ("resource_id");
CREATE INDEX "catalogue_qualityscore_resource_id_73817939" ON "catalogue_qualityscore" ("resource_id");
CREATE INDEX "catalogue_removal_author_id_a520fa58" ON "catalogue_removal" ("author_id");
CREATE INDEX "catalogue_removal_decided_by_id_d8800c28" ON "catalogue_removal" ("decided_by_id");
CREATE INDEX "catalogue_removal_proposed_by_id_3da528a1" ON "catalogue_removal" ("proposed_by_id");
CREATE INDEX "catalogue_removal_resource_id_413c0ee1" ON "catalogue_removal" ("resource_id");
CREATE INDEX "catalogue_removal_slug_1c568c8d" ON "catalogue_removal" ("slug");
CREATE INDEX "catalogue_report_assessor_id_093037f9" ON "catalogue_report" ("assessor_id");
CREATE INDEX "catalogue_report_by_id_93d34b23" ON "catalogue_report" ("by_id");
CREATE INDEX "catalogue_report_collection_id_b052affd" ON "catalogue_report" ("collection_id");
CREATE INDEX "catalogue_report_concerned_id_5beee80f" ON "catalogue_report" ("concerned_id");
CREATE INDEX "catalogue_report_message_id_621398c7" ON "catalogue_report" ("message_id");
CREATE INDEX "catalogue_report_organisation_id_a37aef03" ON "catalogue_report" ("organisation_id");
CREATE INDEX "catalogue_report_resource_id_e22da9f1" ON "catalogue_report" ("resource_id");
CREATE INDEX "catalogue_report_reuse_id_06ca87a5" ON "catalogue_report" ("reuse_id");
CREATE INDEX "catalogue_reportdecision_decided_by_id_2aa2b52a" ON "catalogue_reportdecision" ("decided_by_id");
CREATE INDEX "catalogue_reportdecision_report_id_d7faaeca" ON "catalogue_reportdecision" ("report_id");
CREATE INDEX "catalogue_resource_author_id_7b698671" ON "catalogue_resource" ("author_id");
CREATE INDEX "catalogue_resource_first_published_at_e5a0d0c3" ON "catalogue_resource" ("first_published_at");
CREATE INDEX "catalogue_resource_latest_revision_id_d4ce203b" ON "catalogue_resource" ("latest_revision_id");
CREATE INDEX "catalogue_resource_live_revision_id_24ef2787" ON "catalogue_resource" ("live_revision_id");
CREATE INDEX "catalogue_resource_organisation_id_7b3ab178" ON "catalogue_resource" ("organisation_id");
CREATE INDEX "catalogue_resource_producers_organisation_id_20960de0" ON "catalogue_resource_producers" ("organisation_id");
CREATE INDEX "catalogue_resource_producers_resource_id_0d7f4eb9" ON "catalogue_resource_producers" ("resource_id");
CREATE UNIQUE INDEX "catalogue_resource_producers_resource_id_organisation_id_598426e7_uniq" ON "catalogue_resource_producers" ("resource_id", "organisation_id");
CREATE INDEX "catalogue_resourcelink_source_id_36a19244" ON "catalogue_resourcelink" ("source_id");
CREATE INDEX "catalogue_resourcelink_target_id_95f3b37c" ON "catalogue_resourcelink" ("target_id");
CREATE INDEX "catalogue_reuse_by_id_2acf7d96" ON "catalogue_reuse" ("by_id");
CREATE INDEX "catalogue_reuse_decided_by_id_1af45d7f" ON "catalogue_reuse" ("decided_by_id");
CREATE INDEX "catalogue_reuse_organisation_id_d7463806" ON "catalogue_reuse" ("organisation_id");
CREATE INDEX "catalogue_reuse_resources_resource_id_0b40452e" ON "catalogue_reuse_resources" ("resource_id");
CREATE INDEX "catalogue_reuse_resources_reuse_id_5593fbd9" ON "catalogue_reuse_resources" ("reuse_id");
CREATE UNIQUE INDEX "catalogue_reuse_resources_reuse_id_resource_id_97503394_uniq" ON "catalogue_reuse_resources" ("reuse_id", "resource_id");
CREATE INDEX "catalogue_savedsearch_user_id_041d1002" ON "catalogue_savedsearch" ("user_id");
CREATE INDEX "catalogue_source_decided_by_id_7e531b9f" ON "catalogue_source" ("decided_by_id");
CREATE INDEX "catalogue_source_organisation_id_6a817b32" ON "catalogue_source" ("organisation_id");
CREATE INDEX "catalogue_source_proposed_by_id_6cf088e0" ON "catalogue_source" ("proposed_by_id");
CREATE INDEX "challenges_baselinecheck_evaluation_id_d7a6d7cc" ON "challenges_baselinecheck" ("evaluation_id");
CREATE INDEX "challenges_bundleimport_by_id_64ecc516" ON "challenges_bundleimport" ("by_id");
CREATE INDEX "challenges_bundleimport_challenge_id_9b0940db" ON "challenges_bundleimport" ("challenge_id");
CREATE TRIGGER challenges_certificate_delete BEFORE DELETE ON challenges_certificate BEGIN SELECT RAISE(ABORT, 'challenges_certificate is append-only'); END;
CREATE INDEX "challenges_certificate_entry_id_9c871629" ON "challenges_certificate" ("entry_id");
CREATE INDEX "challenges_certificate_phase_id_90edcbac" ON "challenges_certificate" ("phase_id");
CREATE INDEX "challenges_certificate_team_id_96d3b243" ON "challenges_certificate" ("team_id");
CREATE TRIGGER challenges_certificate_update BEFORE UPDATE ON challenges_certificate BEGIN SELECT RAISE(ABORT, 'challenges_certificate is append-only'); END;
CREATE INDEX "challenges_challenge_grant_id_c2a365e7" ON "challenges_challenge" ("grant_id");
CREATE INDEX "challenges_challenge_organiser_id_f546acf9" ON "challenges_challenge" ("organiser_id");
CREATE INDEX "challenges_challenge_origins_challenge_id_d8aac2bc" ON "challenges_challenge_origins" ("challenge_id");
CREATE UNIQUE INDEX "challenges_challenge_origins_challenge_id_resource_id_65e159cf_uniq" ON "challenges_challenge_origins" ("challenge_id", "resource_id");
CREATE INDEX "challenges_challenge_origins_resource_id_ac5034c2" ON "challenges_challenge_origins" ("resource_id");
CREATE INDEX "challenges_challenge_source_id_05755c6e" ON "challenges_challenge" ("source_id");
CREATE INDEX "challenges_challengedraft_asked_by_id_d15101a9" ON "challenges_challengedraft" ("asked_by_id");
CREATE INDEX "challenges_challengeorganiser_challenge_id_2db6fee0" ON "challenges_challengeorganiser" ("challenge_id");
CREATE INDEX "challenges_challengeorganiser_user_id_7b54b113" ON "challenges_challengeorganiser" ("user_id");
CREATE INDEX "challenges_challengepage_challenge_id_cb55a759" ON "challenges_challengepage" ("challenge_id");
CREATE INDEX "challenges_coderun_entry_id_de15089d" ON "challenges_coderun" ("entry_id");
CREATE INDEX "challenges_coderun_plan_id_bb78b0d6" ON "challenges_coderun" ("plan_id");
CREATE INDEX "challenges_codetrial_asked_by_id_c2d0ddf2" ON "challenges_codetrial" ("asked_by_id");
CREATE INDEX "challenges_codetrial_phase_id_054b627c" ON "challenges_codetrial" ("phase_id");
CREATE INDEX "challenges_codetrial_plan_id_b50c67c3" ON "challenges_codetrial" ("plan_id");
CREATE INDEX "challenges_codetrial_team_id_b5b81485" ON "challenges_codetrial" ("team_id");
CREATE INDEX "challenges_column_leaderboard_id_1be2e626" ON "challenges_column" ("leaderboard_id");
CREATE INDEX "challenges_disqualification_challenge_id_3bb57ed0" ON "challenges_disqualification" ("challenge_id");
CREATE INDEX "challenges_disqualification_decided_by_id_3805f4f3" ON "challenges_disqualification" ("decided_by_id");
CREATE INDEX "challenges_disqualification_entry_id_5166a64e" ON "challenges_disqualification" ("entry_id");
CREATE INDEX "challenges_disqualification_lifted_by_id_cae3e138" ON "challenges_disqualification" ("lifted_by_id");
CREATE INDEX "challenges_disqualification_proposed_by_id_e3764c14" ON "challenges_disqualification" ("proposed_by_id");
CREATE INDEX "challenges_disqualification_replied_by_id_3fbf4804" ON "challenges_disqualification" ("replied_by_id");
CREATE INDEX "challenges_disqualification_team_id_38ac2af7" ON "challenges_disqualification" ("team_id");
CREATE INDEX "challenges_enrolment_phase_id_fadb2c6b" ON "challenges_enrolment" ("phase_id");
CREATE INDEX "challenges_enrolment_team_id_0091b0c8" ON "challenges_enrolment" ("team_id");
CREATE INDEX "challenges_entry_disqualified_by_id_b2412937" ON "challenges_entry" ("disqualified_by_id");
CREATE INDEX "challenges_entry_enrolment_id_a6e99b43" ON "challenges_entry" ("enrolment_id");
CREATE INDEX "challenges_entry_migrated_from_id_8bc73f9f" ON "challenges_entry" ("migrated_from_id");
CREATE INDEX "challenges_entry_sha256_aec3466d" ON "challenges_entry" ("sha256");
CREATE INDEX "challenges_entry_submitted_by_id_574d483f" ON "challenges_entry" ("submitted_by_id");
CREATE INDEX "challenges_evaluation_entry_id_760e9c82" ON "challenges_evaluation" ("entry_id");
CREATE INDEX "challenges_evaluation_holdout_id_7a70f91a" ON "challenges_evaluation" ("holdout_id");
CREATE INDEX "challenges_evaluation_run_id_c3a793d6" ON "challenges_evaluation" ("run_id");
CREATE INDEX "challenges_evaluation_scorer_version_id_d67971a3" ON "challenges_evaluation" ("scorer_version_id");
CREATE TRIGGER challenges_fairnessaudit_delete BEFORE DELETE ON challenges_fairnessaudit BEGIN SELECT RAISE(ABORT, 'challenges_fairnessaudit is append-only'); END;
CREATE TRIGGER challenges_fairnessaudit_update BEFORE UPDATE ON challenges_fairnessaudit BEGIN SELECT RAISE(ABORT, 'challenges_fairnessaudit is append-only'); END;
CREATE INDEX "challenges_formerorganiser_challenge_id_6837d4c7" ON "challenges_formerorganiser" ("challenge_id");
CREATE INDEX "challenges_formerorganiser_user_id_8d43452d" ON "challenges_formerorganiser" ("user_id");
CREATE INDEX "challenges_guest_challenge_id_4982913d" ON "challenges_guest" ("challenge_id");
CREATE INDEX "challenges_guest_sent_by_id_2391ad7f" ON "challenges_guest" ("sent_by_id");
CREATE INDEX "challenges_job_phase_id_5c8f11aa" ON "challenges_job" ("phase_id");
CREATE INDEX "challenges_leaderboard_challenge_id_111743f7" ON "challenges_leaderboard" ("challenge_id");
CREATE INDEX "challenges_leaderboard_phase_id_e4e2b5ea" ON "challenges_leaderboard" ("phase_id");
CREATE INDEX "challenges_leaderboard_primary_id_a0df3693" ON "challenges_leaderboard" ("primary_id");
CREATE INDEX "challenges_notice_challenge_id_ce7895c0" ON "challenges_notice" ("challenge_id");
CREATE INDEX "challenges_organiserinvitation_challenge_id_df014706" ON "challenges_organiserinvitation" ("challenge_id");
CREATE INDEX "challenges_organiserinvitation_sent_by_id_63fc2788" ON "challenges_organiserinvitation" ("sent_by_id");
CREATE INDEX "challenges_phase_challenge_id_10abdd28" ON "challenges_phase" ("challenge_id");
CREATE INDEX "challenges_phase_migrate_from_id_417a4ffc" ON "challenges_phase" ("migrate_from_id");
CREATE INDEX "challenges_phase_paused_by_id_6382aa4c" ON "challenges_phase" ("paused_by_id");
CREATE INDEX "challenges_phasetask_holdout_id_8a3ffc3f" ON "challenges_phasetask" ("holdout_id");
CREATE INDEX "challenges_phasetask_phase_id_6b6051e5" ON "challenges_phasetask" ("phase_id");
CREATE INDEX "challenges_phasetask_plan_id_f2a55bba" ON "challenges_phasetask" ("plan_id");
CREATE INDEX "challenges_phasetask_scorer_version_id_bc3d685c" ON "challenges_phasetask" ("scorer_version_id");
CREATE INDEX "challenges_publicfile_challenge_id_8fe27770" ON "challenges_publicfile" ("challenge_id");
CREATE TRIGGER challenges_receiptkey_delete BEFORE DELETE ON challenges_receiptkey BEGIN SELECT RAISE(ABORT, 'challenges_receiptkey is append-only'); END;
CREATE TRIGGER challenges_receiptkey_update BEFORE UPDATE ON challenges_receiptkey BEGIN SELECT RAISE(ABORT, 'challenges_receiptkey is append-only'); END;
CREATE INDEX "challenges_registration_challenge_id_468d5ee2" ON "challenges_registration" ("challenge_id");
CREATE INDEX "challenges_registration_decided_by_id_b1d29627" ON "challenges_registration" ("decided_by_id");
CREATE INDEX "challenges_registration_grant_id_84f09c4e" ON "challenges_registration" ("grant_id");
CREATE INDEX "challenges_registration_terms_id_8b44d2b2" ON "challenges_registration" ("terms_id");
CREATE INDEX "challenges_registration_user_id_cf8f06ef" ON "challenges_registration" ("user_id");
CREATE INDEX "challenges_rescoring_decided_by_id_530fb5d6" ON "challenges_rescoring" ("decided_by_id");
CREATE INDEX "challenges_rescoring_former_id_71174083" ON "challenges_rescoring" ("former_id");
CREATE INDEX "challenges_rescoring_phase_id_7f2d090f" ON "challenges_rescoring" ("phase_id");
CREATE INDEX "challenges_rescoring_proposed_by_id_e3c6cc62" ON "challenges_rescoring" ("proposed_by_id");
CREATE INDEX "challenges_reveal_decided_by_id_c14d7f73" ON "challenges_reveal" ("decided_by_id");
CREATE INDEX "challenges_reveal_proposed_by_id_92f4ccbc" ON "challenges_reveal" ("proposed_by_id");
CREATE INDEX "challenges_rung_leader_id_5ea71b55" ON "challenges_rung" ("leader_id");
CREATE INDEX "challenges_runplan_challenge_id_994d7123" ON "challenges_runplan" ("challenge_id");
CREATE INDEX "challenges_runplan_data_file_id_09cafb44" ON "challenges_runplan" ("data_file_id");
CREATE INDEX "challenges_runplan_inputs_id_a6cedce7" ON "challenges_runplan" ("inputs_id");
CREATE TRIGGER challenges_score_delete BEFORE DELETE ON challenges_score BEGIN SELECT RAISE(ABORT, 'challenges_score is append-only'); END;
CREATE INDEX "challenges_score_evaluation_id_d5b77722" ON "challenges_score" ("evaluation_id");
CREATE TRIGGER challenges_score_update BEFORE UPDATE ON challenges_score BEGIN SELECT RAISE(ABORT, 'challenges_score is append-only'); END;
CREATE INDEX "challenges_scorer_challenge_id_f22da8a6" ON "challenges_scorer" ("challenge_id");
CREATE INDEX "challenges_scorer_key_e1ef34cc" ON "challenges_scorer" ("key");
CREATE TRIGGER challenges_scorereceipt_delete BEFORE DELETE ON challenges_scorereceipt BEGIN SELECT RAISE(ABORT, 'challenges_scorereceipt is append-only'); END;
CREATE INDEX "challenges_scorereceipt_entry_id_a5141fab" ON "challenges_scorereceipt" ("entry_id");
CREATE INDEX "challenges_scorereceipt_evaluation_id_89ea5edf" ON "challenges_scorereceipt" ("evaluation_id");
CREATE TRIGGER challenges_scorereceipt_update BEFORE UPDATE ON challenges_scorereceipt BEGIN SELECT RAISE(ABORT, 'challenges_scorereceipt is append-only'); END;
CREATE INDEX "challenges_scorerversion_programs_id_081c4b2f" ON "challenges_scorerversion" ("programs_id");
CREATE INDEX "challenges_scorerversion_scorer_id_188a8adf" ON "challenges_scorerversion" ("scorer_id");
CREATE TRIGGER challenges_sealedresult_delete BEFORE DELETE ON challenges_sealedresult BEGIN SELECT RAISE(ABORT, 'challenges_sealedresult is append-only'); END;
CREATE TRIGGER challenges_sealedresult_update BEFORE UPDATE ON challenges_sealedresult BEGIN SELECT RAISE(ABORT, 'challenges_sealedresult is append-only'); END;
CREATE INDEX "challenges_standing_entry_id_0a407016" ON "challenges_standing" ("entry_id");
CREATE INDEX "challenges_standing_leaderboard_id_fc4e7445" ON "challenges_standing" ("leaderboard_id");
CREATE INDEX "challenges_standing_team_id_ba9009a3" ON "challenges_standing" ("team_id");
CREATE INDEX "challenges_team_challenge_id_a490ffca" ON "challenges_team" ("challenge_id");
CREATE INDEX "challenges_team_slug_168d8a76" ON "challenges_team" ("slug");
CREATE INDEX "challenges_teaminvitation_sent_by_id_48a8f148" ON "challenges_teaminvitation" ("sent_by_id");
CREATE INDEX "challenges_teaminvitation_team_id_b8567792" ON "challenges_teaminvitation" ("team_id");
CREATE INDEX "challenges_teammember_challenge_id_70eba85c" ON "challenges_teammember" ("challenge_id");
CREATE INDEX "challenges_teammember_team_id_f649761c" ON "challenges_teammember" ("team_id");
CREATE INDEX "challenges_teammember_user_id_ddc9eb0a" ON "challenges_teammember" ("user_id");
CREATE INDEX "challenges_terms_challenge_id_031d487d" ON "challenges_terms" ("challenge_id");
CREATE INDEX "challenges_upload_begun_by_id_c437ddb8" ON "challenges_upload" ("begun_by_id");
CREATE INDEX "challenges_upload_enrolment_id_086788c1" ON "challenges_upload" ("enrolment_id");
CREATE INDEX "code_trial_recent" ON "challenges_codetrial" ("team_id", "created_at");
CREATE INDEX "content_object_idx" ON "wagtailcore_revision" ("content_type_id", "object_id");
CREATE INDEX "contribution_queue" ON "catalogue_contribution" ("status", "first_submitted_at");
CREATE UNIQUE INDEX "contribution_request_once" ON "catalogue_contribution" ("author_id", "request_key") WHERE NOT ("request_key" = '');
CREATE INDEX "dataset_level_released" ON "datasets_dataset" ("level", "released_at");
CREATE INDEX "datasets_accessrequest_approver_id_83af42cf" ON "datasets_accessrequest" ("approver_id");
CREATE INDEX "datasets_accessrequest_first_approver_id_298654db" ON "datasets_accessrequest" ("first_approver_id");
CREATE INDEX "datasets_accessrequest_officer_id_d5efda25" ON "datasets_accessrequest" ("officer_id");
CREATE INDEX "datasets_accessrequest_organisation_id_ee987384" ON "datasets_accessrequest" ("organisation_id");
CREATE INDEX "datasets_accessrequest_requester_id_68b77fad" ON "datasets_accessrequest" ("requester_id");
CREATE INDEX "datasets_datafile_release_id_43559085" ON "datasets_datafile" ("release_id");
CREATE INDEX "datasets_download_data_file_id_64e0843f" ON "datasets_download" ("data_file_id");
CREATE INDEX "datasets_download_grant_id_1173d519" ON "datasets_download" ("grant_id");
CREATE INDEX "datasets_download_user_id_96e49b0a" ON "datasets_download" ("user_id");
CREATE INDEX "datasets_extract_data_file_id_6e5b2090" ON "datasets_extract" ("data_file_id");
CREATE INDEX "datasets_extract_granted_id_059567e3" ON "datasets_extract" ("granted_id");
CREATE INDEX "datasets_grant_approved_by_id_b49c61ca" ON "datasets_grant" ("approved_by_id");
CREATE INDEX "datasets_grant_closed_by_id_dc1c8326" ON "datasets_grant" ("closed_by_id");
CREATE INDEX "datasets_grant_revoked_by_id_138338dd" ON "datasets_grant" ("revoked_by_id");
CREATE INDEX "datasets_grant_suspended_by_id_13b17f3a" ON "datasets_grant" ("suspended_by_id");
CREATE INDEX "datasets_granteddataset_dataset_id_c87e70b9" ON "datasets_granteddataset" ("dataset_id");
CREATE INDEX "datasets_granteddataset_grant_id_adef6228" ON "datasets_granteddataset" ("grant_id");
CREATE INDEX "datasets_holdout_owner_id_4be866aa" ON "datasets_holdout" ("owner_id");
CREATE INDEX "datasets_holdoutversion_holdout_id_be4221bc" ON "datasets_holdoutversion" ("holdout_id");
CREATE INDEX "datasets_holdoutversion_registered_by_id_aadd8f20" ON "datasets_holdoutversion" ("registered_by_id");
CREATE INDEX "datasets_nameduser_request_id_6b3ff35c" ON "datasets_nameduser" ("request_id");
CREATE INDEX "datasets_nameduser_user_id_4eae6c32" ON "datasets_nameduser" ("user_id");
CREATE INDEX "datasets_opening_agreed_by_id_3d76982a" ON "datasets_opening" ("agreed_by_id");
CREATE INDEX "datasets_opening_approver_id_79e20ac6" ON "datasets_opening" ("approver_id");
CREATE INDEX "datasets_opening_card_id_3c23132d" ON "datasets_opening" ("card_id");
CREATE INDEX "datasets_opening_decided_by_id_5f37cf5d" ON "datasets_opening" ("decided_by_id");
CREATE INDEX "datasets_opening_officer_id_3e36eeb4" ON "datasets_opening" ("officer_id");
CREATE INDEX "datasets_opening_producer_id_b1f9109e" ON "datasets_opening" ("producer_id");
CREATE INDEX "datasets_opening_proposed_by_id_d862ecb9" ON "datasets_opening" ("proposed_by_id");
CREATE INDEX "datasets_opening_restricted_id_fb780158" ON "datasets_opening" ("restricted_id");
CREATE INDEX "datasets_opening_second_approver_id_399d6802" ON "datasets_opening" ("second_approver_id");
CREATE INDEX "datasets_openingreport_opening_id_60456f14" ON "datasets_openingreport" ("opening_id");
CREATE INDEX "datasets_openingwithdrawal_decided_by_id_cbce3b61" ON "datasets_openingwithdrawal" ("decided_by_id");
CREATE INDEX "datasets_openingwithdrawal_opening_id_83ccf0c0" ON "datasets_openingwithdrawal" ("opening_id");
CREATE INDEX "datasets_openingwithdrawal_proposed_by_id_bd485f20" ON "datasets_openingwithdrawal" ("proposed_by_id");
CREATE INDEX "datasets_opinion_dataset_id_4d4063dd" ON "datasets_opinion" ("dataset_id");
CREATE INDEX "datasets_opinion_given_by_id_a0afb85b" ON "datasets_opinion" ("given_by_id");
CREATE INDEX "datasets_opinion_organisation_id_6c3a0422" ON "datasets_opinion" ("organisation_id");
CREATE INDEX "datasets_opinion_request_id_2cd92ee7" ON "datasets_opinion" ("request_id");
CREATE INDEX "datasets_pendingrelease_asked_by_id_6f71bf84" ON "datasets_pendingrelease" ("asked_by_id");
CREATE INDEX "datasets_pendingrelease_dataset_id_8a80dfc5" ON "datasets_pendingrelease" ("dataset_id");
CREATE INDEX "datasets_promisedreturn_delivered_by_id_5f57b534" ON "datasets_promisedreturn" ("delivered_by_id");
CREATE INDEX "datasets_promisedreturn_request_id_3ba9f534" ON "datasets_promisedreturn" ("request_id");
CREATE INDEX "datasets_release_dataset_id_42390fbd" ON "datasets_release" ("dataset_id");
CREATE INDEX "datasets_release_published_by_id_01d14510" ON "datasets_release" ("published_by_id");
CREATE INDEX "datasets_releaseupload_begun_by_id_6973efcb" ON "datasets_releaseupload" ("begun_by_id");
CREATE INDEX "datasets_releaseupload_dataset_id_d0c2f46d" ON "datasets_releaseupload" ("dataset_id");
CREATE INDEX "datasets_requesteddataset_dataset_id_65bab867" ON "datasets_requesteddataset" ("dataset_id");
CREATE INDEX "datasets_requesteddataset_request_id_236d5291" ON "datasets_requesteddataset" ("request_id");
CREATE INDEX "datasets_requestversion_request_id_3c36cdad" ON "datasets_requestversion" ("request_id");
CREATE INDEX "datasets_requestversion_sent_by_id_f2b3bee5" ON "datasets_requestversion" ("sent_by_id");
CREATE INDEX "datasets_sealedfile_version_id_551e4865" ON "datasets_sealedfile" ("version_id");
CREATE INDEX "datasets_suspension_grant_id_b7888a05" ON "datasets_suspension" ("grant_id");
CREATE INDEX "datasets_suspension_resumed_by_id_253a518b" ON "datasets_suspension" ("resumed_by_id");
CREATE INDEX "datasets_suspension_suspended_by_id_a49cc2c4" ON "datasets_suspension" ("suspended_by_id");
CREATE INDEX "datasets_wrappedkey_file_id_a2dc093e" ON "datasets_wrappedkey" ("file_id");
CREATE TRIGGER delete_wagtailsearch_indexentry_fts AFTER DELETE ON wagtailsearch_indexentry BEGIN DELETE FROM wagtailsearch_indexentry_fts WHERE rowid=OLD.id; END;
CREATE INDEX "demonstrator_milestone_prototype_id_f37f2c2c" ON "demonstrator_milestone" ("prototype_id");
CREATE INDEX "demonstrator_prototype_components_prototype_id_e73679fb" ON "demonstrator_prototype_components" ("prototype_id");
CREATE UNIQUE INDEX "demonstrator_prototype_components_prototype_id_resource_id_d700e31e_uniq" ON "demonstrator_prototype_components" ("prototype_id", "resource_id");
CREATE INDEX "demonstrator_prototype_components_resource_id_4ce3fe2f" ON "demonstrator_prototype_components" ("resource_id");
CREATE INDEX "demonstrator_prototype_need_id_13560201" ON "demonstrator_prototype" ("need_id");
CREATE INDEX "discussion_last_moved" ON "discussions_discussion" ("subject_kind", "subject_id", "moved_at" DESC);
CREATE INDEX "discussions_block_by_id_a4f15ed3" ON "discussions_block" ("by_id");
CREATE INDEX "discussions_block_user_id_d3d187fa" ON "discussions_block" ("user_id");
CREATE INDEX "discussions_discussion_by_id_9140db2f" ON "discussions_discussion" ("by_id");
CREATE INDEX "discussions_discussion_closed_by_id_0e0186b4" ON "discussions_discussion" ("closed_by_id");
CREATE INDEX "discussions_flag_by_id_f1f06170" ON "discussions_flag" ("by_id");
CREATE INDEX "discussions_flag_message_id_4b847c5a" ON "discussions_flag" ("message_id");
CREATE INDEX "discussions_message_by_id_98e40873" ON "discussions_message" ("by_id");
CREATE INDEX "discussions_message_decided_by_id_6f4998b2" ON "discussions_message" ("decided_by_id");
CREATE INDEX "discussions_message_discussion_id_398a2411" ON "discussions_message" ("discussion_id");
CREATE UNIQUE INDEX "disqualification_of_a_team_once" ON "challenges_disqualification" ("team_id") WHERE ("entry_id" IS NULL AND "status" IN ('in_force', 'proposed'));
CREATE UNIQUE INDEX "disqualification_of_an_entry_once" ON "challenges_disqualification" ("team_id", "entry_id") WHERE ("entry_id" IS NOT NULL AND "status" IN ('in_force', 'proposed'));
CREATE UNIQUE INDEX "django_content_type_app_label_model_76bd3d3b_uniq" ON "django_content_type" ("app_label", "model");
CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date");
CREATE INDEX "download_file_at" ON "datasets_download" ("data_file_id", "at");
CREATE INDEX "download_grant_at" ON "datasets_download" ("grant_id", "at");
CREATE UNIQUE INDEX "entry_card_once" ON "challenges_entry" ("enrolment_id") WHERE "card_id" IS NOT NULL;
CREATE UNIQUE INDEX "entry_migrated_once" ON "challenges_entry" ("enrolment_id", "migrated_from_id") WHERE "migrated_from_id" IS NOT NULL;
CREATE INDEX "entry_status_since" ON "challenges_entry" ("status", "status_since");
CREATE INDEX "evaluation_left" ON "challenges_evaluation" ("scorer_version_id", "holdout_id", "state");
CREATE INDEX "facet_of_resource" ON "catalogue_indexedfacet" ("resource_id", "facet", "value");
CREATE INDEX "follow_by_tag" ON "catalogue_follow" ("tag") WHERE NOT ("tag" = '');
CREATE INDEX "follow_by_use_case" ON "catalogue_follow" ("use_case") WHERE NOT ("use_case" = '');
CREATE UNIQUE INDEX "follow_organisation_once" ON "catalogue_follow" ("user_id", "organisation_id") WHERE "organisation_id" IS NOT NULL;
CREATE UNIQUE INDEX "follow_resource_once" ON "catalogue_follow" ("user_id", "resource_id") WHERE "resource_id" IS NOT NULL;
CREATE UNIQUE INDEX "follow_tag_once" ON "catalogue_follow" ("user_id", "tag") WHERE NOT ("tag" = '');
CREATE UNIQUE INDEX "follow_use_case_once" ON "catalogue_follow" ("user_id", "use_case") WHERE NOT ("use_case" = '');
CREATE INDEX "formstate_user_object" ON "wagtailadmin_formstate" ("user_id", "content_type_id", "object_id", "parent_object_id");
CREATE UNIQUE INDEX "guest_address_once" ON "challenges_guest" ("challenge_id", "email") WHERE "state" = 'sent';
CREATE TRIGGER insert_wagtailsearch_indexentry_fts AFTER INSERT ON wagtailsearch_indexentry BEGIN INSERT INTO wagtailsearch_indexentry_fts(title, body, autocomplete, rowid) VALUES (NEW.title, NEW.body, NEW.autocomplete, NEW.id); END;
CREATE INDEX "job_leased" ON "challenges_job" ("lease_until") WHERE "state" = 'leased';
CREATE INDEX "job_ready" ON "challenges_job" ("priority", "fair_rank", "run_after") WHERE "state" = 'ready';
CREATE INDEX "job_subject" ON "challenges_job" ("kind", "subject_id");
CREATE INDEX "mfa_authenticator_user_id_0c3a50c0" ON "mfa_authenticator" ("user_id");
CREATE UNIQUE INDEX "named_user_once" ON "datasets_nameduser" ("request_id", "email") WHERE NOT ("email" = '');
CREATE INDEX "notification_age" ON "accounts_notification" ("created_at");
CREATE INDEX "notification_to_gather" ON "accounts_notification" ("user_id") WHERE ("delivery" = 'daily' AND "gathered_at" IS NULL);
CREATE UNIQUE INDEX "one_batch_under_way" ON "catalogue_contributionbatch" ("organisation_id") WHERE "state" IN ('waiting', 'running');
CREATE UNIQUE INDEX "one_live_appointment" ON "accounts_regionappointment" ("user_id", "role") WHERE "ended_at" IS NULL;
CREATE UNIQUE INDEX "one_live_membership" ON "accounts_membership" ("user_id", "organisation_id") WHERE "left_at" IS NULL;
CREATE UNIQUE INDEX "one_open_card_transfer" ON "catalogue_cardtransfer" ("resource_id") WHERE "answer" = '';
CREATE UNIQUE INDEX "one_open_invitation" ON "accounts_invitation" ("organisation_id", "email") WHERE "state" = 'sent';
CREATE UNIQUE INDEX "one_open_join_request" ON "accounts_joinrequest" ("organisation_id", "user_id") WHERE "answer" = '';
CREATE UNIQUE INDEX "one_open_masking" ON "catalogue_masking" ("resource_id") WHERE "ended_at" IS NULL;
CREATE UNIQUE INDEX "one_open_proposal" ON "accounts_roleproposal" ("user_id", "role") WHERE ("answer" = '' AND "organisation_id" IS NULL);
CREATE UNIQUE INDEX "one_open_proposal_in_a_place" ON "accounts_roleproposal" ("user_id", "organisation_id") WHERE ("answer" = '' AND "organisation_id" IS NOT NULL);
CREATE UNIQUE INDEX "one_open_removal" ON "catalogue_removal" ("resource_id") WHERE "answer" = '';
CREATE UNIQUE INDEX "one_team_per_person_per_challenge" ON "challenges_teammember" ("challenge_id", "user_id") WHERE "left_at" IS NULL;
CREATE INDEX "opening_queue" ON "datasets_opening" ("status", "proposed_at");
CREATE UNIQUE INDEX "opening_withdrawal_waits_once" ON "datasets_openingwithdrawal" ("opening_id") WHERE "answer" = '';
CREATE UNIQUE INDEX "opinion_of_the_officer_once" ON "datasets_opinion" ("request_id", "version") WHERE "dataset_id" IS NULL;
CREATE UNIQUE INDEX "organisation_siret_once" ON "accounts_organisation" ("siret") WHERE NOT ("siret" = '');
CREATE UNIQUE INDEX "organiser_invited_once" ON "challenges_organiserinvitation" ("challenge_id", "email") WHERE "state" = 'sent';
CREATE INDEX "outbox_due" ON "audit_outbox" ("run_after") WHERE "done_at" IS NULL;
CREATE UNIQUE INDEX "phase_task_current_once" ON "challenges_phasetask" ("phase_id", "index") WHERE "current";
CREATE INDEX "quality_of_resource" ON "catalogue_qualityscore" ("resource_id", "recorded_at");
CREATE INDEX "referenceindex_source_object" ON "wagtailcore_referenceindex" ("base_content_type_id", "object_id");
CREATE INDEX "referenceindex_target_object" ON "wagtailcore_referenceindex" ("to_content_type_id", "to_object_id");
CREATE INDEX "release_upload_expiry" ON "datasets_releaseupload" ("expires_at");
CREATE INDEX "report_queue" ON "catalogue_report" ("status", "at");
CREATE UNIQUE INDEX "rescoring_open_once" ON "challenges_rescoring" ("phase_id") WHERE "state" IN ('proposed', 'running', 'ready', 'accepted');
CREATE INDEX "resource_homepage" ON "catalogue_resource" ("homepage_key");
CREATE INDEX "resource_live_published" ON "catalogue_resource" ("live", "first_published_at");
CREATE INDEX "resource_repository" ON "catalogue_resource" ("repository_key");
CREATE UNIQUE INDEX "resource_source_once" ON "catalogue_resource" ("source", "source_id") WHERE NOT ("source_id" = '');
CREATE INDEX "resource_used" ON "catalogue_resource" ("id") WHERE "used_since_indexed";
CREATE INDEX "run_of_source" ON "catalogue_harvestrun" ("source_id", "asked_at" DESC);
CREATE UNIQUE INDEX "run_one_at_a_time" ON "catalogue_harvestrun" ("source_id") WHERE "state" IN ('waiting', 'running');
CREATE UNIQUE INDEX "search_once_by_address" ON "catalogue_savedsearch" ("email", "query_sha256") WHERE NOT ("email" = '');
CREATE UNIQUE INDEX "search_once_by_person" ON "catalogue_savedsearch" ("user_id", "query_sha256") WHERE "user_id" IS NOT NULL;
CREATE INDEX "taggit_tagg_content_8fc721_idx" ON "taggit_taggeditem" ("content_type_id", "object_id");
CREATE INDEX "taggit_taggeditem_content_type_id_9957a03c" ON "taggit_taggeditem" ("content_type_id");
CREATE INDEX "taggit_taggeditem_object_id_e2d7d1df" ON "taggit_taggeditem" ("object_id");
CREATE INDEX "taggit_taggeditem_tag_id_f4f5b767" ON "taggit_taggeditem" ("tag_id");
CREATE UNIQUE INDEX "unique_authenticator_type" ON "mfa_authenticator" ("user_id", "type") WHERE "type" IN ('totp', 'recovery_codes');
CREATE UNIQUE INDEX "unique_in_progress_workflow" ON "wagtailcore_workflowstate" ("base_content_type_id", "object_id") WHERE "status" IN ('in_progress', 'needs_changes');
CREATE UNIQUE INDEX "unique_primary_email" ON "account_emailaddress" ("user_id", "primary") WHERE "primary";
CREATE UNIQUE INDEX "unique_verified_email" ON "account_emailaddress" ("email") WHERE "verified";
CREATE TRIGGER update_wagtailsearch_indexentry_fts AFTER UPDATE ON wagtailsearch_indexentry BEGIN UPDATE wagtailsearch_indexentry_fts SET title=NEW.title, body=NEW.body, autocomplete=NEW.autocomplete WHERE rowid=NEW.id; END;
CREATE INDEX "upload_state_expiry" ON "challenges_upload" ("state", "expires_at");
CREATE INDEX "usersessions_usersession_user_id_af5e0a6d" ON "usersessions_usersession" ("user_id");
CREATE INDEX "wagtailadmi_content_717955_idx" ON "wagtailadmin_editingsession" ("content_type_id", "object_id");
CREATE INDEX "wagtailadmin_editingsession_content_type_id_4df7730e" ON "wagtailadmin_editingsession" ("content_type_id");
CREATE INDEX "wagtailadmin_editingsession_user_id_6e1a9b70" ON "wagtailadmin_editingsession" ("user_id");
CREATE INDEX "wagtailadmin_formstate_content_type_id_e32438b3" ON "wagtailadmin_formstate" ("content_type_id");
CREATE INDEX "wagtailadmin_formstate_user_id_b910adc2" ON "wagtailadmin_formstate" ("user_id");
CREATE INDEX "wagtailcore_apitoken_user_id_49b1141b" ON "wagtailcore_apitoken" ("user_id");
CREATE INDEX "wagtailcore_collectionviewrestriction_collection_id_761908ec" ON "wagtailcore_collectionviewrestriction" ("collection_id");
CREATE INDEX "wagtailcore_collectionviewrestriction_groups_collectionviewrestriction_id_47320efd" ON "wagtailcore_collectionviewrestriction_groups" ("collectionviewrestriction_id");
CREATE UNIQUE INDEX "wagtailcore_collectionviewrestriction_groups_collectionviewrestriction_id_group_id_988995ae_uniq" ON "wagtailcore_collectionviewrestriction_groups" ("collectionviewrestriction_id", "group_id");
CREATE INDEX "wagtailcore_collectionviewrestriction_groups_group_id_1823f2a3" ON "wagtailcore_collectionviewrestriction_groups" ("group_id");
CREATE INDEX "wagtailcore_comment_page_id_108444b5" ON "wagtailcore_comment" ("page_id");
CREATE INDEX "wagtailcore_comment_resolved_by_id_a282aa0e" ON "wagtailcore_comment" ("resolved_by_id");
CREATE INDEX "wagtailcore_comment_revision_created_id_1d058279" ON "wagtailcore_comment" ("revision_created_id");
CREATE INDEX "wagtailcore_comment_user_id_0c577ca6" ON "wagtailcore_comment" ("user_id");
CREATE INDEX "wagtailcore_commentreply_comment_id_afc7e027" ON "wagtailcore_commentreply" ("comment_id");
CREATE INDEX "wagtailcore_commentreply_user_id_d0b3b9c3" ON "wagtailcore_commentreply" ("user_id");
CREATE INDEX "wagtailcore_groupapprovaltask_groups_group_id_2e64b61f" ON "wagtailcore_groupapprovaltask_groups" ("group_id");
CREATE INDEX "wagtailcore_groupapprovaltask_groups_groupapprovaltask_id_9a9255ea" ON "wagtailcore_groupapprovaltask_groups" ("groupapprovaltask_id");
CREATE UNIQUE INDEX "wagtailcore_groupapprovaltask_groups_groupapprovaltask_id_group_id_bb5ee7eb_uniq" ON "wagtailcore_groupapprovaltask_groups" ("groupapprovaltask_id", "group_id");
CREATE INDEX "wagtailcore_groupcollectionpermission_collection_id_5423575a" ON "wagtailcore_groupcollectionpermission" ("collection_id");
CREATE INDEX "wagtailcore_groupcollectionpermission_group_id_05d61460" ON "wagtailcore_groupcollectionpermission" ("group_id");
CREATE UNIQUE INDEX "wagtailcore_groupcollectionpermission_group_id_collection_id_permission_id_a21cefe9_uniq" ON "wagtailcore_groupcollectionpermission" ("group_id", "collection_id", "permission_id");
CREATE INDEX "wagtailcore_groupcollectionpermission_permission_id_1b626275" ON "wagtailcore_groupcollectionpermission" ("permission_id");
CREATE INDEX "wagtailcore_grouppagepermission_group_id_fc07e671" ON "wagtailcore_grouppagepermission" ("group_id");
CREATE INDEX "wagtailcore_grouppagepermission_page_id_710b114a" ON "wagtailcore_grouppagepermission" ("page_id");
CREATE INDEX "wagtailcore_grouppagepermission_permission_id_05acb22e" ON "wagtailcore_grouppagepermission" ("permission_id");
CREATE INDEX "wagtailcore_groupsitepermission_group_id_e5cdbee4" ON "wagtailcore_groupsitepermission" ("group_id");
CREATE UNIQUE INDEX "wagtailcore_groupsitepermission_group_id_site_id_permission_id_a58ee30d_uniq" ON "wagtailcore_groupsitepermission" ("group_id", "site_id", "permission_id");
CREATE INDEX "wagtailcore_groupsitepermission_permission_id_459b1f38" ON "wagtailcore_groupsitepermission" ("permission_id");
CREATE INDEX "wagtailcore_groupsitepermission_site_id_245de488" ON "wagtailcore_groupsitepermission" ("site_id");
CREATE INDEX "wagtailcore_modellogentry_action_d2d856ee" ON "wagtailcore_modellogentry" ("action");
CREATE INDEX "wagtailcore_modellogentry_content_changed_8bc39742" ON "wagtailcore_modellogentry" ("content_changed");
CREATE INDEX "wagtailcore_modellogentry_content_type_id_68849e77" ON "wagtailcore_modellogentry" ("content_type_id");
CREATE INDEX "wagtailcore_modellogentry_object_id_e0e7d4ef" ON "wagtailcore_modellogentry" ("object_id");
CREATE INDEX "wagtailcore_modellogentry_revision_id_df6ca33a" ON "wagtailcore_modellogentry" ("revision_id");
CREATE INDEX "wagtailcore_modellogentry_timestamp_9694521b" ON "wagtailcore_modellogentry" ("timestamp");
CREATE INDEX "wagtailcore_modellogentry_user_id_0278d1bf" ON "wagtailcore_modellogentry" ("user_id");
CREATE INDEX "wagtailcore_page_alias_of_id_12945502" ON "wagtailcore_page" ("alias_of_id");
CREATE INDEX "wagtailcore_page_content_type_id_c28424df" ON "wagtailcore_page" ("content_type_id");
CREATE INDEX "wagtailcore_page_first_published_at_2b5dd637" ON "wagtailcore_page" ("first_published_at");
CREATE INDEX "wagtailcore_page_latest_revision_id_e60fef51" ON "wagtailcore_page" ("latest_revision_id");
CREATE INDEX "wagtailcore_page_live_revision_id_930bd822" ON "wagtailcore_page" ("live_revision_id");
CREATE INDEX "wagtailcore_page_locale_id_3c7e30a6" ON "wagtailcore_page" ("locale_id");
CREATE INDEX "wagtailcore_page_locked_by_id_bcb86245" ON "wagtailcore_page" ("locked_by_id");
CREATE INDEX "wagtailcore_page_owner_id_fbf7c332" ON "wagtailcore_page" ("owner_id");
CREATE INDEX "wagtailcore_page_slug_e7c11b8f" ON "wagtailcore_page" ("slug");
CREATE UNIQUE INDEX "wagtailcore_page_translation_key_locale_id_9b041bad_uniq" ON "wagtailcore_page" ("translation_key", "locale_id");
CREATE INDEX "wagtailcore_pagelogentry_action_c2408198" ON "wagtailcore_pagelogentry" ("action");
CREATE INDEX "wagtailcore_pagelogentry_content_changed_99f27ade" ON "wagtailcore_pagelogentry" ("content_changed");
CREATE INDEX "wagtailcore_pagelogentry_content_type_id_74e7708a" ON "wagtailcore_pagelogentry" ("content_type_id");
CREATE INDEX "wagtailcore_pagelogentry_page_id_8464e327" ON "wagtailcore_pagelogentry" ("page_id");
CREATE INDEX "wagtailcore_pagelogentry_revision_id_8043d103" ON "wagtailcore_pagelogentry" ("revision_id");
CREATE INDEX "wagtailcore_pagelogentry_timestamp_deb774c4" ON "wagtailcore_pagelogentry" ("timestamp");
CREATE INDEX "wagtailcore_pagelogentry_user_id_604ccfd8" ON "wagtailcore_pagelogentry" ("user_id");
CREATE INDEX "wagtailcore_pagesubscription_page_id_a085e7a6" ON "wagtailcore_pagesubscription" ("page_id");
CREATE UNIQUE INDEX "wagtailcore_pagesubscription_page_id_user_id_0cef73ed_uniq" ON "wagtailcore_pagesubscription" ("page_id", "user_id");
CREATE INDEX "wagtailcore_pagesubscription_user_id_89d7def9" ON "wagtailcore_pagesubscription" ("user_id");
CREATE INDEX "wagtailcore_pageviewrestriction_groups_group_id_6460f223" ON "wagtailcore_pageviewrestriction_groups" ("group_id");
CREATE INDEX "wagtailcore_pageviewrestriction_groups_pageviewrestriction_id_f147a99a" ON "wagtailcore_pageviewrestriction_groups" ("pageviewrestriction_id");
CREATE UNIQUE INDEX "wagtailcore_pageviewrestriction_groups_pageviewrestriction_id_group_id_d23f80bb_uniq" ON "wagtailcore_pageviewrestriction_groups" ("pageviewrestriction_id", "group_id");
CREATE INDEX "wagtailcore_pageviewrestriction_page_id_15a8bea6" ON "wagtailcore_pageviewrestriction" ("page_id");
CREATE INDEX "wagtailcore_referenceindex_base_content_type_id_313cf40f" ON "wagtailcore_referenceindex" ("base_content_type_id");
CREATE UNIQUE INDEX "wagtailcore_referenceindex_base_content_type_id_object_id_to_content_type_id_to_object_id_content_path_hash_9e6ccd6a_uniq" ON "wagtailcore_referenceindex" ("base_content_type_id", "object_id", "to_content_type_id", "to_object_id", "content_path_hash");
CREATE INDEX "wagtailcore_referenceindex_content_type_id_766e0336" ON "wagtailcore_referenceindex" ("content_type_id");
CREATE INDEX "wagtailcore_referenceindex_to_content_type_id_93690bbd" ON "wagtailcore_referenceindex" ("to_content_type_id");
CREATE INDEX "wagtailcore_revision_approved_go_live_at_88d3dee5" ON "wagtailcore_revision" ("approved_go_live_at");
CREATE INDEX "wagtailcore_revision_base_content_type_id_5b4ef7bd" ON "wagtailcore_revision" ("base_content_type_id");
CREATE INDEX "wagtailcore_revision_content_type_id_c8cb69c0" ON "wagtailcore_revision" ("content_type_id");
CREATE INDEX "wagtailcore_revision_created_at_81450aa6" ON "wagtailcore_revision" ("created_at");
CREATE INDEX "wagtailcore_revision_user_id_03df83b0" ON "wagtailcore_revision" ("user_id");
CREATE INDEX "wagtailcore_site_hostname_96b20b46" ON "wagtailcore_site" ("hostname");
CREATE UNIQUE INDEX "wagtailcore_site_hostname_port_2c626d70_uniq" ON "wagtailcore_site" ("hostname", "port");
CREATE INDEX "wagtailcore_site_root_page_id_e02fb95c" ON "wagtailcore_site" ("root_page_id");
CREATE INDEX "wagtailcore_task_content_type_id_249ab8ba" ON "wagtailcore_task" ("content_type_id");
CREATE INDEX "wagtailcore_taskstate_content_type_id_0a758fdc" ON "wagtailcore_taskstate" ("content_type_id");
CREATE INDEX "wagtailcore_taskstate_finished_by_id_13f98229" ON "wagtailcore_taskstate" ("finished_by_id");
CREATE INDEX "wagtailcore_taskstate_revision_id_df25a499" ON "wagtailcore_taskstate" ("revision_id");
CREATE INDEX "wagtailcore_taskstate_task_id_c3677c34" ON "wagtailcore_taskstate" ("task_id");
CREATE INDEX "wagtailcore_taskstate_workflow_state_id_9239a775" ON "wagtailcore_taskstate" ("workflow_state_id");
CREATE INDEX "wagtailcore_uploadedfile_for_content_type_id_b0fc87b2" ON "wagtailcore_uploadedfile" ("for_content_type_id");
CREATE INDEX "wagtailcore_uploadedfile_uploaded_by_user_id_c7580fe8" ON "wagtailcore_uploadedfile" ("uploaded_by_user_id");
CREATE INDEX "wagtailcore_uuid_06a44d_idx" ON "wagtailcore_pagelogentry" ("uuid", "action", "timestamp" DESC);
CREATE INDEX "wagtailcore_uuid_d6363b_idx" ON "wagtailcore_modellogentry" ("uuid", "action", "timestamp" DESC);
CREATE INDEX "wagtailcore_workflowcontenttype_workflow_id_9aad7cd2" ON "wagtailcore_workflowcontenttype" ("workflow_id");
CREATE INDEX "wagtailcore_workflowpage_workflow_id_56f56ff6" ON "wagtailcore_workflowpage" ("workflow_id");
CREATE INDEX "wagtailcore_workflowstate_base_content_type_id_a30dc576" ON "wagtailcore_workflowstate" ("base_content_type_id");
CREATE INDEX "wagtailcore_workflowstate_content_type_id_2bb78ce1" ON "wagtailcore_workflowstate" ("content_type_id");
CREATE INDEX "wagtailcore_workflowstate_requested_by_id_4090bca3" ON "wagtailcore_workflowstate" ("requested_by_id");
CREATE INDEX "wagtailcore_workflowstate_workflow_id_1f18378f" ON "wagtailcore_workflowstate" ("workflow_id");
CREATE INDEX "wagtailcore_workflowtask_task_id_ce7716fe" ON "wagtailcore_workflowtask" ("task_id");
CREATE INDEX "wagtailcore_workflowtask_workflow_id_b9717175" ON "wagtailcore_workflowtask" ("workflow_id");
CREATE UNIQUE INDEX "wagtailcore_workflowtask_workflow_id_task_id_4ec7a62b_uniq" ON "wagtailcore_workflowtask" ("workflow_id", "task_id");
CREATE INDEX "wagtaildocs_document_collection_id_23881625" ON "wagtaildocs_document" ("collection_id");
CREATE INDEX "wagtaildocs_document_uploaded_by_user_id_17258b41" ON "wagtaildocs_document" ("uploaded_by_user_id");
CREATE INDEX "wagtailembeds_embed_cache_until_26c94bb0" ON "wagtailembeds_embed" ("cache_until");
CREATE INDEX "wagtailimages_image_collection_id_c2f8af7e" ON "wagtailimages_image" ("collection_id");
CREATE INDEX "wagtailimages_image_created_at_86fa6cd4" ON "wagtailimages_image" ("created_at");
CREATE INDEX "wagtailimages_image_file_hash_fb5bbb23" ON "wagtailimages_image" ("file_hash");
CREATE INDEX "wagtailimages_image_uploaded_by_user_id_5d73dc75" ON "wagtailimages_image" ("uploaded_by_user_id");
CREATE INDEX "wagtailimages_rendition_filter_spec_1cba3201" ON "wagtailimages_rendition" ("filter_spec");
CREATE INDEX "wagtailimages_rendition_image_id_3e1fd774" ON "wagtailimages_rendition" ("image_id");
CREATE UNIQUE INDEX "wagtailimages_rendition_image_id_filter_spec_focal_point_key_323c8fe0_uniq" ON "wagtailimages_rendition" ("image_id", "filter_spec", "focal_point_key");
CREATE INDEX "wagtailredirects_redirect_old_path_bb35247b" ON "wagtailredirects_redirect" ("old_path");
CREATE UNIQUE INDEX "wagtailredirects_redirect_old_path_site_id_783622d7_uniq" ON "wagtailredirects_redirect" ("old_path", "site_id");
CREATE INDEX "wagtailredirects_redirect_redirect_page_id_b5728a8f" ON "wagtailredirects_redirect" ("redirect_page_id");
CREATE INDEX "wagtailredirects_redirect_site_id_780a0e1e" ON "wagtailredirects_redirect" ("site_id");
CREATE INDEX "wagtailsearch_indexentry_content_type_id_62ed694f" ON "wagtailsearch_indexentry" ("content_type_id");
CREATE UNIQUE INDEX "wagtailsearch_indexentry_content_type_id_object_id_bcd7ba73_uniq" ON "wagtailsearch_indexentry" ("content_type_id", "object_id");
CREATE INDEX "workflowstate_base_ct_id_idx" ON "wagtailcore_workflowstate" ("base_content_type_id", "object_id");
CREATE INDEX "workflowstate_ct_id_idx" ON "wagtailcore_workflowstate" ("content_type_id", "object_id");
COMMIT;
