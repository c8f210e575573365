"""Every route with the role it requires: the one table, and the one place to look."""

from webui import live
from webui.access import Access, Route
from webui.pages import (
    account,
    audit,
    campaigns,
    desk,
    dialling,
    history,
    lead,
    lead_bulk,
    lead_changes,
    lead_contacts,
    lead_fields,
    leads,
    login,
    preferences,
    prohibition_files,
    prohibitions,
    user,
    users,
    welcome,
    why,
    workgroups,
)
from webui.scopes import Scope

_LEAD = r"/leads/{lead_id:\d{1,19}}"
_CONTACT = rf"{_LEAD}/contacts/{{contact_id:\d{{1,18}}}}"
_FIELD = r"{field:[a-z0-9_-]{1,40}}"
_CALL_ID = r"{call_id:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}}"
_USER = r"/users/{user_id:\d{1,18}}"
_WORKGROUP = r"/workgroups/{workgroup_id:\d{1,18}}"
_CAMPAIGN = r"/campaigns/{campaign:[A-Za-z0-9_-]+}"

ROUTES: tuple[Route, ...] = (
    # login and preferences
    Route("GET", "/", login.home, Access.SIGNED_IN),
    Route("GET", "/login", login.page, Access.ANYONE),
    Route("POST", "/login", login.log_in, Access.ANYONE),
    Route("GET", "/login/code", login.code_page, Access.ANYONE),
    Route("POST", "/login/code", login.check_code, Access.ANYONE),
    Route("GET", r"/welcome/{token:[A-Za-z0-9_-]{1,100}}", welcome.exchange, Access.ANYONE),
    Route("GET", "/welcome", welcome.page, Access.ANYONE),
    Route("POST", "/welcome", welcome.set_password, Access.ANYONE),
    Route("POST", "/logout", login.log_out, Access.SIGNED_IN),
    Route("POST", "/preferences/language", preferences.language, Access.ANYONE),
    Route("POST", "/preferences/theme", preferences.theme, Access.ANYONE),
    Route("POST", "/preferences/role", preferences.role, Access.SIGNED_IN),
    # 自分の設定
    Route("GET", "/account", account.page, Access.SIGNED_IN),
    Route("POST", "/account", account.save, Access.SIGNED_IN),
    Route("POST", "/account/password", account.set_password, Access.SIGNED_IN),
    Route("POST", "/account/sign-out", account.sign_out_everywhere, Access.SIGNED_IN),
    Route("POST", "/account/second-factor", account.begin_second_factor, Access.SIGNED_IN),
    Route(
        "POST", "/account/second-factor/confirm", account.confirm_second_factor, Access.SIGNED_IN
    ),
    Route("POST", "/account/second-factor/off", account.end_second_factor, Access.SIGNED_IN),
    Route("POST", "/account/recovery-codes", account.renew_recovery_codes, Access.SIGNED_IN),
    # ワークグループ
    Route("GET", "/workgroups", workgroups.page, Access.ADMIN),
    Route("GET", "/workgroups/rows", workgroups.rows, Access.ADMIN),
    Route("POST", "/workgroups", workgroups.add, Access.ADMIN),
    Route("GET", _WORKGROUP, workgroups.one, Access.ADMIN),
    Route("POST", _WORKGROUP, workgroups.rename, Access.ADMIN),
    Route("POST", f"{_WORKGROUP}/users", workgroups.add_members, Access.ADMIN),
    Route("POST", f"{_WORKGROUP}/users/remove", workgroups.remove_member, Access.ADMIN),
    Route("POST", f"{_WORKGROUP}/delete", workgroups.delete, Access.ADMIN),
    # ユーザー
    Route("GET", "/users", users.page, Access.ADMIN),
    Route("GET", "/users/rows", users.rows, Access.ADMIN),
    Route("POST", "/users", users.invite, Access.ADMIN),
    Route("GET", _USER, user.page, Access.ADMIN),
    Route("POST", _USER, user.save, Access.ADMIN),
    Route("POST", f"{_USER}/link", user.make_link, Access.ADMIN),
    Route("POST", f"{_USER}/sign-out", user.end_sessions, Access.ADMIN),
    Route("POST", f"{_USER}/second-factor/remove", user.remove_second_factor, Access.ADMIN),
    Route("POST", f"{_USER}/phone", user.set_phone, Access.ADMIN),
    Route("POST", f"{_USER}/phone/password", user.new_phone_password, Access.ADMIN),
    Route("POST", f"{_USER}/deactivate", user.deactivate, Access.ADMIN),
    Route("POST", f"{_USER}/activate", user.activate, Access.ADMIN),
    # what open pages are told
    Route("GET", "/live", live.stream, Access.SIGNED_IN),
    # デスク
    Route("GET", "/desk", desk.page, Access.AGENT),
    Route("GET", "/desk/update", desk.update, Access.AGENT),
    Route("POST", "/desk/ready", desk.ready, Access.AGENT),
    Route("POST", "/desk/away", desk.away, Access.AGENT),
    Route("POST", "/desk/offline", desk.offline, Access.AGENT),
    Route("POST", "/desk/hang-up", desk.hang_up, Access.AGENT),
    Route("POST", f"/desk/calls/{_CALL_ID}/result", desk.save_result, Access.AGENT, Scope.CALL),
    Route("POST", f"/desk/calls/{_CALL_ID}/memo", desk.save_memo, Access.AGENT, Scope.CALL),
    # リード
    Route("GET", "/leads", leads.page, Access.SIGNED_IN),
    Route("GET", "/leads/rows", leads.rows, Access.SIGNED_IN),
    Route("POST", "/leads/bulk/mybox", lead_bulk.put_in_box, Access.SIGNED_IN),
    Route("POST", "/leads/bulk/give", lead_bulk.give, Access.SIGNED_IN),
    Route("POST", "/leads/bulk/release", lead_bulk.release, Access.SIGNED_IN),
    Route("POST", "/leads/bulk/prohibit", lead_bulk.prohibit, Access.SIGNED_IN),
    Route("GET", _LEAD, lead.page, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/mybox", lead_changes.put_in_box, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/mybox/release", lead_changes.release_box, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/mybox/give", lead_changes.give_box, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/mybox/end", lead_changes.set_box_end, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/prohibit", lead_changes.prohibit, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/lift", lead_changes.lift, Access.ADMIN, Scope.LEAD),
    Route("POST", f"{_LEAD}/dial", dialling.dial, Access.AGENT, Scope.LEAD),
    Route("POST", f"{_LEAD}/memo", lead_changes.add_memo, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/delete", lead_changes.delete, Access.ADMIN, Scope.LEAD),
    Route("POST", f"{_LEAD}/restore", lead_changes.restore, Access.ADMIN, Scope.LEAD),
    Route("GET", f"{_LEAD}/timeline", lead.timeline, Access.SIGNED_IN, Scope.LEAD),
    Route("GET", f"{_LEAD}/fields/{_FIELD}", lead_fields.show, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/fields/{_FIELD}", lead_fields.save, Access.SIGNED_IN, Scope.LEAD),
    Route("GET", f"{_LEAD}/contacts", lead_contacts.show, Access.SIGNED_IN, Scope.LEAD),
    Route("GET", f"{_LEAD}/contacts/new", lead_contacts.new, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_LEAD}/contacts", lead_contacts.add, Access.SIGNED_IN, Scope.LEAD),
    Route("GET", _CONTACT, lead_contacts.edit, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", _CONTACT, lead_contacts.save, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_CONTACT}/move", lead_contacts.move, Access.SIGNED_IN, Scope.LEAD),
    Route("POST", f"{_CONTACT}/remove", lead_contacts.remove, Access.SIGNED_IN, Scope.LEAD),
    # why a lead is called, or not
    Route("GET", f"{_LEAD}/why", why.panel, Access.SIGNED_IN, Scope.LEAD),
    Route("GET", f"{_LEAD}/why/past", why.past, Access.SIGNED_IN, Scope.LEAD),
    Route("GET", "/api/why", why.api, Access.SIGNED_IN),
    # 禁止リスト
    Route("GET", "/prohibitions", prohibitions.page, Access.SIGNED_IN),
    Route("GET", "/prohibitions/rows", prohibitions.rows, Access.SIGNED_IN),
    Route("GET", "/prohibitions.csv", prohibitions.download, Access.ADMIN),
    Route("POST", "/prohibitions", prohibitions.add, Access.SIGNED_IN),
    Route("POST", "/prohibitions/lift", prohibitions.lift, Access.ADMIN),
    Route("POST", "/prohibitions/list", prohibition_files.bring, Access.SIGNED_IN),
    Route("POST", "/prohibitions/list/lift", prohibition_files.lift, Access.ADMIN),
    Route("GET", "/prohibitions/report.csv", prohibition_files.download, Access.SIGNED_IN),
    # 監査ログ
    Route("GET", "/audit", audit.page, Access.ADMIN),
    Route("GET", "/audit/rows", audit.rows, Access.ADMIN),
    Route("GET", "/audit.csv", audit.download, Access.ADMIN),
    # キャンペーン
    Route("GET", "/campaigns", campaigns.page, Access.SIGNED_IN),
    Route("GET", _CAMPAIGN, campaigns.card, Access.SIGNED_IN, Scope.CAMPAIGN),
    Route("POST", f"{_CAMPAIGN}/start", campaigns.start, Access.ADMIN, Scope.CAMPAIGN),
    Route("POST", f"{_CAMPAIGN}/pause", campaigns.pause, Access.ADMIN, Scope.CAMPAIGN),
    Route("POST", f"{_CAMPAIGN}/stop", campaigns.stop, Access.ADMIN, Scope.CAMPAIGN),
    Route("GET", "/floor", campaigns.agents, Access.ADMIN),
    # ヒストリー
    Route("GET", "/history", history.page, Access.SIGNED_IN),
    Route("GET", "/history/rows", history.rows, Access.SIGNED_IN),
    Route("GET", f"/history/{_CALL_ID}", history.detail, Access.SIGNED_IN, Scope.CALL),
    Route("GET", f"/recordings/{_CALL_ID}", history.recording, Access.SIGNED_IN, Scope.CALL),
)
