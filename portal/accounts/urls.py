"""Routes of accounts: allauth's views under French addresses, organisations, roles."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.accounts import ledger, views

RESET_KEY = r"^mot-de-passe/nouveau/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"

entrance = [
    path("connexion/", account.login, name="account_login"),
    path("deconnexion/", account.logout, name="account_logout"),
    path("ferme/", account.account_inactive, name="account_inactive"),
    path("inscription/", account.signup, name="account_signup"),
    path("identite/", account.reauthenticate, name="account_reauthenticate"),
    path("adresse/", account.email, name="account_email"),
    path("confirmation/", account.email_verification_sent, name="account_email_verification_sent"),
    re_path(
        r"^confirmation/(?P<key>[-:\w]+)/$",
        views.ConfirmAddress.as_view(),
        name="account_confirm_email",
    ),
    path("mot-de-passe/", account.password_change, name="account_change_password"),
    path("mot-de-passe/choisir/", account.password_set, name="account_set_password"),
    path("mot-de-passe/oublie/", views.AskNewPassword.as_view(), name="account_reset_password"),
    path(
        "mot-de-passe/oublie/envoye/",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(RESET_KEY, views.NewPassword.as_view(), name="account_reset_password_from_key"),
]
security = [
    path("", factors.index, name="mfa_index"),
    path("code/", factors.authenticate, name="mfa_authenticate"),
    path("confirmer/", factors.reauthenticate, name="mfa_reauthenticate"),
    path("application/", totp.activate_totp, name="mfa_activate_totp"),
    path("application/retirer/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("secours/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "secours/renouveler/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"
    ),
    path(
        "secours/telecharger/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("cles/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("cles/ajouter/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("cles/confirmer/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("cles/entrer/", login_not_required(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("cles/<int:pk>/retirer/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("cles/<int:pk>/modifier/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
]
mine = [
    path("", views.home, name="account_home"),
    path("nom/", views.rename_account, name="account_rename"),
    path("donnees/", views.take_data, name="account_data"),
    path("fermer/", views.close_account, name="account_close"),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("sessions/<int:pk>/fermer/", views.end_session, name="account_end_session"),
    path("avis/", views.notification_choices, name="notification_choices"),
    path("jetons/", views.token_list, name="account_tokens"),
    path("jetons/creer/", views.create_token, name="account_token_create"),
    path("jetons/<int:pk>/revoquer/", views.revoke_token, name="account_token_revoke"),
    path("securite/", include(security)),
]
organisation = [
    path("", views.organisation_page, name="organisation"),
    path("modifier/", views.edit_organisation, name="organisation_edit"),
    path("attestation/", views.attest_organisation, name="organisation_attest"),
    path("rejoindre/", views.ask_to_join, name="organisation_join"),
    path("quitter/", views.leave_organisation, name="organisation_leave"),
    path("paraitre/", views.show_member, name="organisation_show"),
    path("membres/", views.member_list, name="organisation_members"),
    path("membres/<uuid:person>/role/", views.change_member_role, name="organisation_role"),
    path("membres/<uuid:person>/retirer/", views.remove_member, name="organisation_remove"),
    path("inviter/", views.invite, name="organisation_invite"),
    path(
        "invitations/<uuid:invitation>/retirer/",
        views.withdraw_invitation,
        name="organisation_invitation_withdraw",
    ),
    path("demandes/<uuid:request_id>/", views.answer_join_request, name="organisation_request"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("compte/", include([*entrance, *mine])),
    path("organisations/", views.organisation_list, name="organisations"),
    path("organisations/creer/", views.create_organisation, name="organisation_create"),
    path("organisations/<slug:slug>/", include(organisation)),
    path("invitations/<str:token>/", views.invitation_page, name="invitation"),
    path("espace/avis/", views.notification_list, name="notifications"),
    path("courriels/arreter/<str:token>/", views.stop_notifications, name="notification_stop"),
    path("espace/organisations/", views.own_organisations, name="my_organisations"),
    path("espace/journal/", ledger.page, name="ledger"),
    path("espace/journal.csv", ledger.table, name="ledger_table"),
    path("espace/roles/", views.role_board, name="region_roles"),
    path("espace/roles/<uuid:proposal>/", views.answer_role_proposal, name="region_role_answer"),
]
